"""What the page that publishes a draft says of its backtests."""

from typing import Any

from django import template

from assistant.backtested import Counts
from assistant.trials import backtests
from assistant.trials.backtest_words import percent
from routing import publishing, snapshot

register = template.Library()


@register.inclusion_tag("admin/desk/_draft_backtest.html", takes_context=True)
def newest_backtest(context: dict[str, Any]) -> dict[str, Any]:
    """Tell of the newest backtest of exactly the draft as it stands, and offer another one."""
    request = context["request"]
    if not request.user.has_perm("assistant.view_backtestrun"):
        return {"shown": False}
    run = backtests.newest_of(snapshot.sha_of(publishing.draft_content()))
    counts = Counts.load(run.counts) if run else Counts()
    return {
        "shown": True,
        "run": run,
        "counts": counts,
        "share": percent(counts.changed / counts.n) if counts.n else "",
        "n": backtests.DEFAULT,
        "may_start": request.user.has_perm("assistant.add_backtestrun"),
        "csrf_token": context.get("csrf_token"),
    }
