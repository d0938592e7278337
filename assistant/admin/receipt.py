"""The route receipt: beside each reply, why it took its route, what was tried and what it cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.safestring import SafeString

from assistant import considering
from assistant.admin.decision import DecisionView, decision_view, entry_ids, entry_titles, route_names
from assistant.admin.store_part import StoreView, sources_of, store_view
from assistant.models import Reply, Turn
from common.money import usd
from routing.admin.calls import ending, milliseconds, tokens
from routing.models import ModelCall

STATE_BADGES = {
    "completed": "good",
    "truncated": "warn",
    "failed": "bad",
    "refused": "warn",
    "cancelled": "plain",
    "streaming": "info",
    "queued": "info",
}


@dataclass(frozen=True)
class AttemptView:
    """One model call of a reply."""

    call: ModelCall
    ended: SafeString
    cost: str
    first_text: str
    took: str
    tokens_in: str
    tokens_out: str
    other_model: str


@dataclass(frozen=True)
class ReplyView:
    """A reply with its receipt. `html` went through the sanitiser just now."""

    reply: Reply
    route_name: str
    html: SafeString
    badge: str
    decision: DecisionView
    attempts: tuple[AttemptView, ...]
    cost: str
    first_text: str
    total: str
    tokens_in: str
    tokens_out: str
    store: StoreView | None


@dataclass(frozen=True)
class TurnView:
    turn: Turn
    replies: tuple[ReplyView, ...]


def transcript(turns: Sequence[Turn], link_hosts: Sequence[str], link_entries: bool) -> list[TurnView]:
    """Return turns (with their replies prefetched) as views; a few queries, however many they are."""
    replies = [reply for turn in turns for reply in turn.replies.all()]
    calls = _calls([reply.pk for reply in replies])
    titles = entry_titles(entry_ids(reply.decision for reply in replies))
    names = route_names()
    stored = sources_of(reply.decision for reply in replies)
    return [
        TurnView(
            turn,
            tuple(
                _reply_view(reply, calls[reply.pk], titles, names, stored, link_hosts, link_entries)
                for reply in turn.replies.all()
            ),
        )
        for turn in turns
    ]


def _calls(reply_ids: Sequence[UUID]) -> Mapping[UUID, list[ModelCall]]:
    found: dict[UUID, list[ModelCall]] = defaultdict(list)
    for call in ModelCall.objects.filter(reply_id__in=reply_ids).order_by("attempt", "started_at"):
        if call.reply_id is not None:
            found[call.reply_id].append(call)
    return found


def _reply_view(
    reply: Reply,
    calls: Sequence[ModelCall],
    titles: Mapping[str, str],
    names: Mapping[str, str],
    stored: Mapping[str, UUID],
    link_hosts: Sequence[str],
    link_entries: bool,
) -> ReplyView:
    costs = [call.cost_pico for call in calls if call.cost_pico is not None]
    return ReplyView(
        reply=reply,
        route_name=names.get(reply.route, reply.route),
        html=SafeString(considering.as_html(reply, reply.text, reply.state, link_hosts)),
        badge=STATE_BADGES.get(reply.state, "plain"),
        decision=decision_view(reply.decision, titles, link_entries, names),
        attempts=tuple(_attempt(call) for call in calls),
        cost=_total_cost(calls, costs),
        first_text=milliseconds(reply.first_text_ms),
        total=milliseconds(reply.total_ms),
        tokens_in=_sum([call.input_tokens for call in calls]),
        tokens_out=_sum([call.output_tokens for call in calls]),
        store=store_view(reply.decision, stored),
    )


def _total_cost(calls: Sequence[ModelCall], costs: Sequence[int]) -> str:
    """Return the cost of all attempts; an unknown one is said, never counted as nothing."""
    if not calls:
        return "no model asked"
    if not costs:
        return "unknown"
    missing = len(calls) - len(costs)
    return usd(sum(costs)) + (f" + {missing} unknown" if missing else "")


def _sum(values: Sequence[int | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known):,}" if known else "–"


def _attempt(call: ModelCall) -> AttemptView:
    other = call.answering_model if call.answering_model != call.asked_model else ""
    return AttemptView(
        call=call,
        ended=ending(call),
        cost=usd(call.cost_pico),
        first_text=milliseconds(call.first_text_ms),
        took=milliseconds(call.duration_ms),
        tokens_in=tokens(call.input_tokens),
        tokens_out=tokens(call.output_tokens),
        other_model=other,
    )
