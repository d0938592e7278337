"""What a visitor's next message says of the answer before it."""

from assistant import stored_answers
from assistant.models import Reply, Turn
from assistant.pipeline import Consideration
from routing import recorder
from routing.config import Config
from routing.evidence import Kind, climbs


def note(turn: Turn, consideration: Consideration, config: Config) -> None:
    """Note on the last answer that it did not do, where the new message says so, and what follows from it.

    The larger model is asked in the new turn, so this is no escalation under an answer; it counts for the
    route whose answer did not do. Whatever the new message goes to: that the matter came again is noted, and
    nobody else is given that answer again.
    """
    kind = _said(consideration)
    if not kind:
        return
    before = Reply.objects.filter(conversation_id=turn.conversation_id, turn__ordinal__lt=turn.ordinal)
    last = before.order_by("-turn__ordinal", "-ordinal").first()
    if last is None:
        return
    stored_answers.disown(last)
    route, asked = config.routes.get(last.route), consideration.route
    climbed = asked.kind == "model" and route is not None and climbs(route.tier, asked.tier)
    recorder.amend_outcome(
        last.pk, escalated_by=kind if climbed else "", re_asked=kind in ("re_ask", "did_not_help")
    )


def _said(consideration: Consideration) -> Kind:
    signals = consideration.signals
    if signals.thumbs_down:
        return "thumbs_down"
    if signals.did_not_help:
        return "did_not_help"
    return "re_ask" if signals.re_ask else ""
