"""Renders an approved answer for staff exactly as visitors will see it; `faq` reaches it by settings."""

from assistant.rendering import render
from routing import desk


def render_answer(text: str) -> str:
    """Return Markdown as sanitised HTML, with links to the hosts that the desk allows."""
    return render(text, desk.settings().get("link_hosts") or ())
