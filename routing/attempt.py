"""One request to one provider, from its sending to the result that the ledger settles.

The clock that counts is text progress: pings, headers and half lines do not move a deadline.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from common.clock import ms_since, now, ticks
from routing import errors
from routing.attempts import AttemptResult, AttemptStart
from routing.config import Deadlines, ModelSpec
from routing.cost import price_of
from routing.delta_text import DeltaText
from routing.errors import CallFailed
from routing.events import (
    AnsweringModel,
    Finish,
    FinishReason,
    ModelRequest,
    ProviderEvent,
    TextDelta,
    UsageReport,
)
from routing.ladder import answers_for
from routing.providers.registry import WIRES
from routing.providers.sse import LineTooLong, SseDecoder
from routing.providers.transport import DeadlinePassed, Target, Transport
from routing.signals import estimate_tokens

# After the end marker only usage can follow; a server that does not close is not waited for.
AFTER_FINISH_S = 0.5
HEAD_BYTES = 4096  # kept of a stream in which no text was found, so that staff can see what came instead

# The seed's own words; staff search the ledger for them.
TRUNCATED = "truncated_output: token_stream ended prematurely at token {n}"


class Attempt:
    """Runs one attempt; `texts` streams it, `result` says how it ended, at any time."""

    def __init__(
        self,
        start: AttemptStart,
        model: ModelSpec,
        request: ModelRequest,
        deadlines: Deadlines,
        *,
        ends_at: float,
        room: int,
        prompt_tokens: int,
        may_be_empty: bool = False,
    ) -> None:
        self.start = start
        self.model = model
        self.failure: CallFailed | None = None
        self.over = False
        self._sent = False
        self._request = request
        self._deadlines = deadlines
        self._ends_at = ends_at
        self._room = room
        self._prompt_tokens = prompt_tokens
        self._may_be_empty = may_be_empty
        self._decoder = SseDecoder()
        self._mapper = WIRES[model.wire].mapper()
        self._delta = DeltaText()
        self._text: list[str] = []
        self._length = 0
        self._head = b""
        self._usage: UsageReport | None = None
        self._answering = ""
        self._finish: Finish | None = None
        self._began = self._moved = ticks()
        self._first_text_ms: int | None = None
        self._status: int | None = None

    @property
    def answering(self) -> str:
        """Return the model that the provider says is answering, empty while unsaid."""
        return self._answering

    @property
    def finish(self) -> FinishReason:
        """Return how the attempt ended as far as the reply goes: a failure is never complete."""
        if self.failure is not None and self._finish is not None:
            return FinishReason.OTHER
        return self._recorded_finish()

    @property
    def text(self) -> str:
        """Return the exact text so far."""
        return "".join(self._text)

    async def texts(
        self, http: Transport, target: Callable[[ModelSpec], Target]
    ) -> AsyncGenerator[str, None]:
        """Send the request and give out its text; afterwards `failure` and `finish` are set.

        Closing the generator or cancelling its task closes the connection at once.
        """
        self._began = self._moved = ticks()
        with self._failures():
            call = WIRES[self.model.wire].build(self._request, self.model)
            where = target(self.model)
            self._sent = True
            connect_s = self._deadlines.connect_s
            async with http.open(where, call, self.model.id, connect_s, self._deadline()) as upstream:
                self._status = 200
                while not self._mapper.closed and self.failure is None:
                    chunk = await upstream.read(self._deadline())
                    if not chunk:
                        break
                    text = self._take(chunk)
                    if text:
                        yield text
                rest = self._moved_by(self._delta.flush())
                if rest:
                    yield rest
        self._judge()
        self.over = True

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Keep what went wrong as `failure`; being closed or cancelled is not a failure and passes."""
        try:
            yield
        except DeadlinePassed:
            self.failure = self._late()
        except CallFailed as failure:
            self.failure = failure
            self._status = failure.status or self._status
        except LookupError as error:
            self.failure = errors.KeyRefused(str(error))

    def _take(self, chunk: bytes) -> str:
        """Return the text that `chunk` adds; an error in it is kept until its text has gone out."""
        found: list[str] = []
        if self._first_text_ms is None and len(self._head) < HEAD_BYTES:
            self._head += chunk[:HEAD_BYTES]
        try:
            for event in self._decoder.feed(chunk):
                for said in self._mapper.feed(event):
                    self._note(said, found)
        except CallFailed as failure:
            self.failure = failure
        except LineTooLong as error:
            self.failure = errors.NotAStream(str(error))
        return self._moved_by("".join(found))

    def _note(self, said: ProviderEvent, found: list[str]) -> None:
        match said:
            case TextDelta():
                found.append(self._delta.feed(said.text))
            case UsageReport():
                self._usage = said
            case AnsweringModel():
                self._answering = said.model
            case Finish():
                self._finish = self._finish or said

    def _moved_by(self, text: str) -> str:
        if not text:
            return ""
        self._moved = ticks()
        if self._first_text_ms is None:
            self._first_text_ms = ms_since(self._began)
        if self._length + len(text) > self._room:
            text = text[: self._room - self._length]
            self.failure = errors.ReplyTooLong(f"the reply passed its cap of {self._room} characters")
        self._length += len(text)
        self._text.append(text)
        return text

    def _deadline(self) -> float:
        """Return until when, on the loop's clock, the next text must have come."""
        if self._mapper.finished:
            limit = ticks() + AFTER_FINISH_S
        elif self._first_text_ms is None:
            limit = self._began + self._deadlines.first_text_s
        else:
            limit = self._moved + self._deadlines.stall_s
        # The loop may count from another zero than our monotonic clock (uvloop does).
        return asyncio.get_running_loop().time() + min(limit, self._ends_at) - ticks()

    def _late(self) -> CallFailed | None:
        who = f"{self.model.provider}/{self.model.id}"
        if self._mapper.finished:
            return None
        if ticks() >= self._ends_at:
            return errors.TotalTimeout(f"{who} was still writing at the route's total deadline")
        if self._first_text_ms is None:
            return errors.FirstTextTimeout(f"{who} gave no text within {self._deadlines.first_text_s:g} s")
        return errors.Stalled(f"{self._cut_words()} (no new text for {self._deadlines.stall_s:g} s)")

    def _judge(self) -> None:
        """Decide by the protocol's state what the end of the stream means."""
        if isinstance(self.failure, errors.ReplyTooLong):
            return
        if self._mapper.finished:
            self.failure = None
            silent = not self.text.strip() and self._recorded_finish() is FinishReason.COMPLETE
            if silent and not self._may_be_empty:
                self.failure = errors.NoText(f"{self.model.id} finished without a word")
        elif self.failure is None or type(self.failure) is errors.TruncatedOutput:
            self.failure = errors.TruncatedOutput(self._cut_words())

    def _cut_words(self) -> str:
        said = self._usage.output_tokens if self._usage else None
        return TRUNCATED.format(n=max(said or 0, self._estimated_output() or 0))

    def _recorded_finish(self) -> FinishReason:
        if self._finish is not None:
            return self._finish.reason
        if self.failure is None:
            return FinishReason.CANCELLED
        lost = (errors.TruncatedOutput, errors.FirstTextTimeout, errors.TotalTimeout, errors.ReplyTooLong)
        return FinishReason.UNKNOWN_END if isinstance(self.failure, lost) else FinishReason.PROVIDER_ERROR

    def _estimated_output(self) -> int | None:
        return self._scaled(estimate_tokens(self.text)) if self._text else None

    def _scaled(self, tokens: int) -> int:
        return math.ceil(tokens * self.model.token_factor)

    def _tokens(self) -> tuple[UsageReport | None, bool]:
        """Return the usage and whether any of it is our estimate; None when nothing was used."""
        # No vendor bills an answer that is an HTTP error instead of a stream.
        answered_no = self.failure is not None and (self.failure.status or 0) >= HTTPStatus.BAD_REQUEST
        refused = self.failure is not None and (answered_no or not self.failure.sent) and not self._text
        if refused or not self._sent:
            return None, False
        report = self._usage or UsageReport()
        if self._finish and report.input_tokens is not None and report.output_tokens is not None:
            return report, False
        estimated = self._estimated_output()
        known = [tokens for tokens in (report.output_tokens, estimated) if tokens is not None]
        given = self._scaled(self._prompt_tokens) if report.input_tokens is None else report.input_tokens
        return replace(report, input_tokens=given, output_tokens=max(known, default=None)), True

    def _cost(self, usage: UsageReport | None) -> int | None:
        if usage is None:
            return 0
        billed = replace(usage, output_tokens=usage.output_tokens or 0)
        return price_of(self.model, billed, self.start.started_at.date())

    def result(self, ended_at: datetime | None = None) -> AttemptResult:
        """Return the attempt for the ledger; before its end it counts as cancelled."""
        usage, estimated = self._tokens()
        finish = self._recorded_finish()
        incomplete = finish in {FinishReason.LENGTH, FinishReason.CONTEXT_EXCEEDED}
        cut = isinstance(self.failure, errors.TruncatedOutput)
        silent = isinstance(self.failure, errors.NoText)
        broken = self.failure is not None and not silent and (cut or bool(self._text))
        whole = finish is FinishReason.COMPLETE and self.failure is None
        return AttemptResult(
            ended_at=ended_at or now(),
            first_text_ms=self._first_text_ms,
            duration_ms=ms_since(self._began),
            answering_model=self._answering,
            usage=usage,
            usage_estimated=estimated,
            cost_pico=self._cost(usage),
            finish=finish,
            finish_raw=self._finish.raw if self._finish else "",
            error_class=type(self.failure).__name__ if self.failure else "",
            error_detail=self.failure.detail if self.failure else self._mismatch(),
            http_status=self._status,
            truncated=incomplete or broken,
            partial_output="" if whole else self._partial(),
        )

    def _mismatch(self) -> str:
        if answers_for(self.model, self._answering):
            return ""
        return f"model_mismatch: asked for {self.model.id}, answered by {self._answering}"

    def _partial(self) -> str:
        if self._text or self.failure is None:
            return self.text
        return self.failure.output or self._head.decode("utf-8", "replace")
