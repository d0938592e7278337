"""Writes that end replies: exactly one end each, by one conditional UPDATE.

Each function is one hop through the database door.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction

from assistant import considering, fixed_replies, stored_answers, unasked
from assistant.frames import used_answer
from assistant.languages import note_language
from assistant.limits import allowance
from assistant.models import Reply
from assistant.spent import KEY
from assistant.words.notices import in_language
from common.clock import now
from routing import publishing, recorder
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config
from routing.evidence import Verdict

NOTHING_AGAINST = Verdict()


@dataclass(frozen=True)
class ReplyEnd:
    """How a running reply ended; `last` is the attempt that is still to be settled.

    `budget` is the record of one that could not pay the next attempt.
    """

    state: str
    ended_by: str
    text: str
    seq: int
    tier: str = "none"
    label: str = ""
    answering_model: str = ""
    notice: str = ""
    sources: tuple[dict[str, Any], ...] = ()
    first_text_ms: int | None = None
    total_ms: int = 0
    attempts: int = 0
    fallbacks: int = 0
    continued: bool = False
    last: tuple[AttemptStart, AttemptResult] | None = None
    budget: dict[str, Any] | None = None
    verdict: Verdict = NOTHING_AGAINST


def with_seq(end: ReplyEnd, seq: int) -> ReplyEnd:
    """Return `end` with the number of its `done` record."""
    return replace(end, seq=seq)


def label_of(config: Config, tier: str, route_kind: str) -> str:
    """Return the chip under an answer: the tier that really answered, in the team's words."""
    if route_kind == "faq":
        return str(config.settings.get("label_faq") or "Approved answer")
    if route_kind != "model" or tier == "none":
        return ""
    key = "label_heavy" if tier == "heavy" else "label_lite"
    return str(config.settings.get(key) or "AI answer")


def queue_ms(reply: Reply) -> int:
    """Return how long a reply waited for its turn, in ms."""
    if reply.started_at is None or reply._state.adding:
        return 0
    return max(0, round((reply.started_at - reply.created_at).total_seconds() * 1000))


def outcome_of(
    reply: Reply,
    attempts: int,
    fallbacks: int,
    queue_ms: int,
    estimated: tuple[int | None, int | None] = (None, None),
) -> recorder.OutcomeFacts:
    """Return what the ledger is told about an ended reply; `estimated` tokens are of one without a model."""
    return recorder.OutcomeFacts(
        reply_id=reply.pk,
        turn_id=reply.turn_id,
        conversation_id=reply.conversation_id,
        plan=str(reply.decision.get("signals", {}).get("plan_name") or ""),
        purpose=reply.purpose,
        route=reply.route,
        tier=reply.tier,
        config_number=reply.config_number,
        state=reply.state,
        ended_by=reply.ended_by,
        ended_at=reply.ended_at or now(),
        cause=reply.cause,
        answering_model=reply.answering_model,
        prompt_version=reply.prompt_version,
        matcher_version=reply.matcher_version,
        queue_ms=queue_ms,
        match_ms=reply.decision.get("faq", {}).get("took_ms"),
        first_text_ms=reply.first_text_ms,
        total_ms=reply.total_ms,
        attempts=attempts,
        fallbacks=fallbacks,
        continued=reply.continued,
        truncated=reply.state == Reply.State.TRUNCATED,
        support=reply.decision.get("verdict", {}).get("support"),
        cached=used_answer(reply.decision) is not None,
        estimated_input_tokens=estimated[0],
        estimated_output_tokens=estimated[1],
    )


def language_of(reply: Reply) -> str:
    """Return the language of a notice under a reply."""
    signals = reply.decision.get("signals", {})
    return note_language(reply.turn.text, str(signals.get("language") or ""))


def finish_reply(reply: Reply, end: ReplyEnd, config: Config) -> bool:
    """Write the one end of a running reply with its outcome; False when it is no longer ours.

    On success `reply` holds the stored values.
    """
    html = ""
    if end.text:
        html = considering.as_html(reply, end.text, end.state, considering.link_hosts(config))
    notice = fixed_replies.closing_notice(
        end.notice, end.state, end.ended_by, config.settings, language_of(reply), now()
    )
    with transaction.atomic():
        values: dict[str, Any] = {
            "state": end.state,
            "ended_by": end.ended_by,
            "ended_at": now(),
            "text": end.text,
            "html": html,
            "seq": end.seq,
            "tier": end.tier,
            "label": end.label,
            "answering_model": end.answering_model,
            "notice": notice,
            "sources": list(end.sources),
            "first_text_ms": end.first_text_ms,
            "total_ms": end.total_ms,
            "continued": end.continued,
            "decision": {**reply.decision, **_found(end.verdict), **_beside(reply, end.text)},
        }
        if end.budget:
            values["decision"] = {**values["decision"], KEY: end.budget}
        ours = Reply.objects.filter(pk=reply.pk, state=Reply.State.STREAMING, epoch=reply.epoch)
        if not ours.update(**values):
            return False
        for name, value in values.items():
            setattr(reply, name, value)
        # With those that a lost database kept from being settled in their turn, or they stay reserved.
        recorder.settle_calls(reply.pk, now(), end.last)
        cost = recorder.record_outcome(
            outcome_of(reply, end.attempts, end.fallbacks, queue_ms(reply)), config
        )
        stored_answers.keep(reply, config, end.fallbacks)
    allowance().settle(reply.pk, cost)
    return True


def _found(verdict: Verdict) -> dict[str, Any]:
    """Return what the receipt keeps of what was found of an answer."""
    return {} if verdict == NOTHING_AGAINST else {"verdict": asdict(verdict)}


def _beside(reply: Reply, text: str) -> dict[str, Any]:
    """Return what the record keeps of a reply that nobody asked for, beside the answer that it is under."""
    if not unasked.is_unasked(reply):
        return {}
    above = Reply.objects.filter(pk=reply.decision.get("from")).values_list("text", flat=True).first()
    return unasked.beside(above or "", text)


def cancel_queued(reply_id: UUID) -> bool:
    """End a queued reply that its visitor stopped before it began; False when it already runs."""
    reply = Reply.objects.filter(pk=reply_id, state=Reply.State.QUEUED).first()
    if reply is None:
        return False
    values = {
        "state": Reply.State.CANCELLED,
        "ended_by": "stop",
        "ended_at": now(),
        "notice": in_language(fixed_replies.STOPPED_NOTICE, language_of(reply)),
        "seq": 1,
        "total_ms": max(0, round((now() - reply.created_at).total_seconds() * 1000)),
    }
    with transaction.atomic():
        if not Reply.objects.filter(pk=reply_id, state=Reply.State.QUEUED).update(**values):
            return False
        for name, value in values.items():
            setattr(reply, name, value)
        waited = reply.total_ms or 0
        recorder.record_outcome(outcome_of(reply, 0, 0, waited), publishing.current())
    return True


def request_stop(reply_id: UUID) -> None:
    """Leave a note that a running reply is to stop: its owner polls for it, wherever it runs."""
    Reply.objects.filter(pk=reply_id, state=Reply.State.STREAMING).update(stop_requested=True)
