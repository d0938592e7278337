"""Walk a route's ladder: reserve, call, watch, fall back, continue, settle.

`run` is the whole story of one reply's model calls. What it must have done (ledger rows) goes through
the `Ledger` it is given, what it shows comes out as events; it stores and prints nothing itself.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol
from uuid import UUID, uuid4

from common.clock import now, ticks
from routing import errors
from routing.attempt import Attempt
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Config, ModelSpec, RouteSpec
from routing.cooldown import COOLDOWNS
from routing.cost import reserve_of
from routing.delta_text import QUOTE_CHARS, RepeatFilter
from routing.errors import BudgetExhausted
from routing.events import ChatMessage, FinishReason, ModelRequest
from routing.ladder import Ending, Next, Standing, Tried, answers_for, next_attempt, output_cap
from routing.providers import registry
from routing.providers.transport import Transport
from routing.signals import estimate_tokens

log = logging.getLogger(__name__)

REPLY_CHARS = 256 * 1024  # more than any honest answer; bounds memory, storage and the visitor's patience

REFUSED_NOTICE = (
    "The assistant may not answer this. If you think it should, ask it in other words or talk to a person."
)
LENGTH_NOTICE = "The answer ran out of room. You can let it continue."

CONTINUE_PROMPT = (
    "Your answer was cut off after: «{quote}» Go on exactly there, without repeating it and without a remark."
)

EndedBy = Literal["finish", "upstream", "deadline", "budget", "reply_cap"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text to show, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What the reply waits for: `waiting` for a model's first words, `continuing` after a cut."""

    stage: Literal["waiting", "continuing"]
    model: ModelSpec


@dataclass(frozen=True, slots=True)
class Seam:
    """From here on another attempt goes on with the answer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the reply ended. `last` is still to be settled, together with the reply.

    `notice` is for the visitor and empty when completed; `detail` is for staff.
    """

    state: Ending
    ended_by: EndedBy
    last: tuple[AttemptStart, AttemptResult] | None
    answering_model: str
    asked_model: str
    attempts: int
    fallbacks: int
    continued: bool
    notice: str = ""
    detail: str = ""


Event = Text | Stage | Seam | Ended


class Ledger(Protocol):
    """The effects of a run, committed by whoever owns the database."""

    async def start(self, attempt: AttemptStart) -> None:
        """Commit the attempt with its reservation. Raises BudgetExhausted."""

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        """Commit how the attempt ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """One reply to be written by the models `steps`, in order.

    `first` is the attempt that the caller has committed with the reply; without it `run` starts it.
    `prompt_tokens` is the estimate for the whole request.
    """

    reply_id: UUID
    turn_id: UUID
    purpose: str
    route: RouteSpec
    config: Config
    steps: tuple[ModelSpec, ...]
    request: ModelRequest
    prompt_tokens: int
    prompt_version: str
    first: AttemptStart | None = None
    may_continue: bool = True


def first_attempt(job: Job) -> AttemptStart:
    """Return the first attempt of `job`, for the transaction that stores the reply."""
    return _start(job, Next(job.steps[0], "first", job.request.max_output_tokens), 1, job.prompt_tokens)


def unsent(start: AttemptStart) -> AttemptResult:
    """Return the result of an attempt that was committed and then never sent."""
    return AttemptResult(
        ended_at=now(),
        first_text_ms=None,
        duration_ms=0,
        answering_model="",
        usage=None,
        usage_estimated=False,
        cost_pico=0,
        finish=FinishReason.CANCELLED,
    )


def _start(job: Job, step: Next, number: int, prompt_tokens: int) -> AttemptStart:
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
    )


@dataclass
class _Walk:
    """What is known between the attempts of one reply."""

    job: Job
    began: float
    shown: list[str] = field(default_factory=list)
    length: int = 0
    tried: list[Tried] = field(default_factory=list)
    failures: list[errors.CallFailed] = field(default_factory=list)
    answering: str = ""
    asked: str = ""

    @property
    def text(self) -> str:
        return "".join(self.shown)

    def begin(self, step: Next, committed: AttemptStart | None) -> Attempt:
        """Return the attempt for `step`, with the request that it needs."""
        job, request = self.job, replace(self.job.request, max_output_tokens=output_cap(step.model, step.cap))
        tokens = job.prompt_tokens
        if step.cause == "continuation":
            request = continuation(request, self.text, step.model)
            tokens += estimate_tokens(self.text)
        return Attempt(
            committed or _start(job, step, len(self.tried) + 1, tokens),
            step.model,
            request,
            job.route.deadlines,
            ends_at=self.began + job.route.deadlines.total_s,
            room=REPLY_CHARS - self.length,
            prompt_tokens=tokens,
            may_be_empty=step.cause == "continuation",
        )

    def show(self, text: str, attempt: Attempt) -> Text:
        """Remember what the visitor sees and by whom."""
        self.shown.append(text)
        self.length += len(text)
        self.asked = attempt.model.id
        self.answering = attempt.answering or self.asked
        return Text(text)

    def close(self, step: Next, attempt: Attempt) -> Next | Ending:
        """Note how an attempt ended; return what follows."""
        failure = attempt.failure
        if failure is not None:
            self.failures.append(failure)
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
        if isinstance(failure, errors.RateLimited):
            COOLDOWNS.rest(step.model.provider, step.model.id, failure.retry_after, ticks())
        if not answers_for(step.model, attempt.answering):
            log.warning("asked for %s, answered by %s", step.model.id, attempt.answering)
        self.tried.append(
            Tried(
                step.model,
                step.cause,
                step.cap,
                attempt.finish,
                failure.action if failure else None,
                failure.retry_after if failure else None,
            )
        )
        return next_attempt(self._standing())

    def _standing(self) -> Standing:
        job = self.job
        return Standing(
            steps=job.steps,
            tried=tuple(self.tried),
            shown=bool(self.text.strip()),
            may_continue=job.may_continue,
            elapsed_s=ticks() - self.began,
            first_text_s=job.route.deadlines.first_text_s,
            total_s=job.route.deadlines.total_s,
            resting=COOLDOWNS.among(((step.provider, step.id) for step in job.steps), ticks()),
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
        return self._end(state, "budget", None, error.notice, str(error))

    def _end(
        self,
        state: Ending,
        ended_by: EndedBy,
        last: tuple[AttemptStart, AttemptResult] | None,
        notice: str,
        more: str = "",
    ) -> Ended:
        tried = self.tried[-1].model.id if self.tried else self.job.steps[0].id
        details = [failure.detail for failure in self.failures]
        return Ended(
            state=state,
            ended_by=ended_by,
            last=last,
            answering_model=self.answering or tried,
            asked_model=self.asked or tried,
            attempts=len(self.tried),
            fallbacks=sum(tried.cause == "fallback" for tried in self.tried),
            continued=any(tried.cause == "continuation" for tried in self.tried),
            notice=notice,
            detail=" | ".join([*details, *([more] if more else [])]),
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


async def run(job: Job, ledger: Ledger, http: Transport) -> AsyncGenerator[Event, None]:
    """Answer `job` and give out what the visitor sees, ending in exactly one Ended.

    Before the first text a failure is invisible; after it the answer is continued once. Closing the
    generator or cancelling its task closes the upstream at once and settles the attempt as cancelled.
    """
    walk = _Walk(job, ticks())
    step = Next(job.steps[0], "first", job.request.max_output_tokens)
    committed = job.first
    while True:
        attempt = walk.begin(step, committed)
        if committed is None:
            try:
                await ledger.start(attempt.start)
            except BudgetExhausted as error:
                yield walk.out_of_budget(error)
                return
        committed = None
        try:
            async with aclosing(_attempted(walk, step, attempt, http)) as events:
                async for event in events:
                    yield event
        finally:
            if not attempt.over:
                await _surely(ledger.settle(attempt.start, attempt.result()))
        following = walk.close(step, attempt)
        if not isinstance(following, Next):
            yield walk.ended(following, attempt)
            return
        await _surely(ledger.settle(attempt.start, attempt.result()))
        await asyncio.sleep(following.wait_s)
        step = following


async def _attempted(
    walk: _Walk, step: Next, attempt: Attempt, http: Transport
) -> AsyncGenerator[Event, None]:
    """Give out one attempt; a continuation's repeat of the text before it is taken away."""
    goes_on = step.cause == "continuation"
    yield Stage("continuing" if goes_on else "waiting", step.model)
    repeats = RepeatFilter(walk.text) if goes_on else None
    marked = not goes_on
    async with aclosing(attempt.texts(http, registry.target)) as texts:
        async for text in texts:
            text = repeats.feed(text) if repeats else text
            if text and not marked:
                marked = True
                yield Seam()
            if text:
                yield walk.show(text, attempt)
    rest = repeats.flush() if repeats else ""
    if rest:
        if not marked:
            yield Seam()
        yield walk.show(rest, attempt)


def continuation(request: ModelRequest, shown: str, model: ModelSpec) -> ModelRequest:
    """Return `request` with the answer so far, for `model` to go on with.

    A model that allows it gets the text as its own unfinished turn (without the trailing blanks that
    the Anthropic wire refuses), any other one is asked to go on, with the last words quoted.
    """
    text = shown.rstrip()
    messages = (*request.messages, ChatMessage("assistant", text))
    if not model.allows_prefill:
        quote = CONTINUE_PROMPT.format(quote=text[-QUOTE_CHARS:])
        messages = (*messages, ChatMessage("user", quote))
    return replace(request, messages=messages)


async def _surely(settling: Awaitable[None]) -> None:
    """Await `settling` to its end although this task may be cancelled meanwhile."""
    task = asyncio.ensure_future(settling)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
