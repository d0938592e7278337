"""What the tests of this folder post and read."""

from html import unescape
from typing import Any

from faq import services
from faq.models import Entry

LIST = "/admin/faq/entry/"


def form(question: str, answer: str, *phrasings: str, **more: Any) -> dict[str, Any]:
    """Return the form of a new entry as a browser sends it."""
    return {
        "question": question,
        "answer": answer,
        "kind": "answer",
        "status": "published",
        "category": "",
        "language": "en",
        "phrasings-TOTAL_FORMS": len(phrasings),
        "phrasings-INITIAL_FORMS": 0,
        "negatives-TOTAL_FORMS": 0,
        "negatives-INITIAL_FORMS": 0,
        **{f"phrasings-{i}-text": text for i, text in enumerate(phrasings)},
        **more,
    }


def page(response: Any) -> str:
    """Return a page's text with single spaces."""
    text: str = response.content.decode()
    return " ".join(unescape(text).split())


def publish(question: str, answer: str, *phrasings: str, status: str = "published") -> Entry:
    """Store an entry without the admin."""
    return services.save_entry(Entry(question=question, answer=answer, status=status), phrasings)
