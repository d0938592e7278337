"""What is known of a reply between its attempts, and what the next one is sent."""

import logging
import math
from dataclasses import dataclass, field, replace
from uuid import uuid4

from common.clock import now, ticks
from routing import breaker, errors
from routing.attempt import Attempt
from routing.attempts import AttemptResult, AttemptStart
from routing.config import ModelSpec
from routing.continuing import continuation
from routing.cost import reserve_of
from routing.delta_text import Gathered
from routing.errors import BudgetExhausted
from routing.events import FinishReason
from routing.job import Ended, EndedBy, Job, Text
from routing.ladder import Ending, Next, Standing, Tried, answers_for, next_attempt, output_cap
from routing.retry_budget import HEDGES, RETRIES
from routing.signals import estimate_tokens

log = logging.getLogger(__name__)

# 256 KiB at the four bytes that a code point may take: more than any honest answer; bounds memory,
# storage and the visitor's patience.
REPLY_CHARS = 64 * 1024

REFUSED_NOTICE = (
    "The assistant may not answer this. If you think it should, ask it in other words or talk to a person."
)
LENGTH_NOTICE = "The answer ran out of room. You can let it continue."

# The provider does not take this request, this key or this model: asking again cannot help.
REJECTED = (errors.KeyRefused, errors.UnknownModel, errors.RequestRejected, errors.ContextTooLong)


def tokens_of(job: Job, step: Next, shown: str) -> int:
    """Return the estimate for the request of `step`, with the answer so far where it goes on with that."""
    return job.prompt_tokens + (estimate_tokens(shown) if step.cause == "continuation" else 0)


def start_of(job: Job, step: Next, number: int, prompt_tokens: int) -> AttemptStart:
    """Return an attempt that starts now, with the most that it can cost reserved."""
    started_at = now()
    tokens = math.ceil(prompt_tokens * step.model.token_factor)
    cap = output_cap(step.model, step.cap)
    return AttemptStart(
        call_id=uuid4(),
        reply_id=job.reply_id,
        turn_id=job.turn_id,
        purpose=job.purpose,
        route=job.route.slug,
        tier=step.model.tier,
        provider=step.model.provider,
        asked_model=step.model.id,
        config_number=job.config.number,
        attempt=number,
        cause=step.cause,
        started_at=started_at,
        reserved_pico=reserve_of(step.model, tokens, cap, started_at.date()) or 0,
        prompt_version=job.prompt_version,
        plan=job.plan,
        paid_by=job.paid_by,
    )


@dataclass
class Walk:
    """What is known between the attempts of one reply."""

    job: Job
    began: float
    shown: Gathered = field(default_factory=Gathered)
    begun: int = 0
    tried: list[Tried] = field(default_factory=list)
    failures: list[errors.CallFailed] = field(default_factory=list)
    answering: str = ""
    writer: ModelSpec | None = None

    def __post_init__(self) -> None:
        self.begun = self.job.begun
        if self.job.stands:
            self.shown.add(self.job.stands)

    @property
    def text(self) -> str:
        return self.shown.text

    @property
    def before(self) -> str:
        """Return what the visitor has read of the answer, the reply that this one continues included."""
        return self.job.continues_text + self.text

    def begin(self, step: Next, committed: AttemptStart | None) -> Attempt:
        """Return the attempt for `step`, with the request that it needs."""
        self.begun += 1
        self._count(step)
        job, request = self.job, replace(self.job.request, max_output_tokens=output_cap(step.model, step.cap))
        tokens = tokens_of(job, step, self.text)
        if step.cause == "continuation":
            request = continuation(request, self.text, step.model)
        return Attempt(
            committed or start_of(job, step, self.begun, tokens),
            step.model,
            request,
            job.route.deadlines,
            ends_at=self.began + job.route.deadlines.total_s,
            room=REPLY_CHARS - self.shown.length,
            prompt_tokens=tokens,
            may_be_empty=step.cause == "continuation",
        )

    def show(self, text: str, attempt: Attempt) -> Text:
        """Remember what the visitor sees and by whom."""
        self.shown.add(text)
        self.writer = attempt.model
        self.answering = attempt.answering or attempt.model.id
        return Text(text, attempt.model)

    def require_news(self, attempt: Attempt) -> None:
        """Count an attempt as silent that only repeated the reply which this one is to continue."""
        whole = attempt.finish is FinishReason.COMPLETE
        if whole and attempt.text.strip() and not self.text.strip():
            attempt.failure = errors.NoText(f"{attempt.model.id} only repeated what was there")

    def _count(self, step: Next) -> None:
        """Count the traffic that retries and hedges are a share of; these have paid when decided on."""
        if step.cause == "first":
            HEDGES.first(self.job.route.slug, ticks())
        if step.cause != "hedge" and not step.extra:
            RETRIES.first(step.model.provider, ticks())

    def close(self, step: Next, attempt: Attempt) -> Next | Ending:
        """Note how an attempt ended; return what follows."""
        self.note(step, attempt)
        following = next_attempt(self.standing())
        if isinstance(following, Next) and following.extra:
            # Now and not when it is sent: many replies that wait together must not all see the same room.
            RETRIES.take(following.model.provider, ticks())
        return following

    def note(self, step: Next, attempt: Attempt) -> None:
        """Note how an attempt ended, for this reply and for the breaker of its model."""
        failure = attempt.failure
        finish = attempt.finish if attempt.over else FinishReason.CANCELLED
        if failure is not None:
            self.failures.append(failure)
            self._say(step, attempt, failure)
        breaker.note(step.model, failure, finish)
        if not answers_for(step.model, attempt.answering):
            log.warning("asked for %s, answered by %s", step.model.id, attempt.answering)
        self.tried.append(
            Tried(
                step.model,
                step.cause,
                step.cap,
                finish,
                failure.action if failure else None,
                failure.retry_after if failure else None,
                isinstance(failure, REJECTED),
            )
        )

    def _say(self, step: Next, attempt: Attempt, failure: errors.CallFailed) -> None:
        log.log(
            failure.level,
            "reply %s attempt %d: %s/%s failed: %s: %s",
            self.job.reply_id,
            attempt.start.attempt,
            step.model.provider,
            step.model.id,
            type(failure).__name__,
            failure.detail if not failure.sent else f"status {failure.status}",
        )

    def standing(self) -> Standing:
        """Return where the reply stands now."""
        job = self.job
        return Standing(
            steps=job.steps,
            tried=tuple(self.tried),
            shown=bool(self.text.strip()),
            may_continue=job.may_continue,
            resumed=bool(job.stands),
            elapsed_s=ticks() - self.began,
            first_text_s=job.route.deadlines.first_text_s,
            total_s=job.route.deadlines.total_s,
            resting=breaker.open_among(job.steps),
            paid=frozenset(step.id for step in job.steps if RETRIES.allows(step.provider, ticks())),
        )

    def ended(self, state: Ending, attempt: Attempt) -> Ended:
        """Return how the reply ended with its last attempt."""
        failure = attempt.failure
        ended_by: EndedBy = "finish"
        if isinstance(failure, errors.ReplyTooLong):
            state, ended_by = "truncated", "reply_cap"
        elif isinstance(failure, errors.TotalTimeout):
            state, ended_by = "truncated" if self.text.strip() else "failed", "deadline"
        elif failure is not None or state == "failed":
            ended_by = "upstream"
        return self._end(state, ended_by, (attempt.start, attempt.result()), self._notice(state, failure))

    def out_of_budget(self, error: BudgetExhausted) -> Ended:
        """Return the end of a reply whose next attempt cannot be paid."""
        state: Ending = "truncated" if self.text.strip() else "failed"
        return replace(self._end(state, "budget", None, error.notice, str(error)), spent=error)

    def _end(
        self,
        state: Ending,
        ended_by: EndedBy,
        last: tuple[AttemptStart, AttemptResult] | None,
        notice: str,
        more: str = "",
    ) -> Ended:
        asked = self.writer or (self.tried[-1].model if self.tried else self.job.steps[0])
        details = [failure.detail for failure in self.failures]
        return Ended(
            state=state,
            ended_by=ended_by,
            last=last,
            answering_model=self.answering or asked.id,
            asked_model=asked.id,
            attempts=self.job.begun + len(self.tried),
            fallbacks=sum(tried.cause == "fallback" for tried in self.tried),
            continued=bool(self.job.stands) or any(tried.cause == "continuation" for tried in self.tried),
            notice=notice,
            detail=" | ".join([*details, *([more] if more else [])]),
            tier=asked.tier,
        )

    def _notice(self, state: Ending, failure: errors.CallFailed | None) -> str:
        if state == "completed":
            return ""
        if state == "refused":
            return REFUSED_NOTICE
        if failure is None:
            return LENGTH_NOTICE if state == "truncated" else errors.BUSY_NOTICE
        if self.text.strip() and not isinstance(failure, errors.ReplyTooLong):
            return errors.CUT_NOTICE
        return failure.notice
