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
from routing.errors import CallFailed
from routing.events import FinishReason, ModelRequest, UsageReport
from routing.ladder import answers_for
from routing.providers.registry import WIRES
from routing.providers.transport import DeadlinePassed, Target, Transport
from routing.providers.wire import WireCall
from routing.reading import Reading

# After the end marker only usage can follow; a server that does not close is not waited for.
AFTER_FINISH_S = 0.5
# Once usage is there as well, only the end of the body is left, which lets the connection be used again.
AFTER_USAGE_S = 0.1
# A caller's own number for a request, as OpenAI takes and logs it; the others pass over unknown headers.
CALL_ID_HEADER = "x-client-request-id"


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
        self._reading = Reading(WIRES[model.wire].mapper(), model, room)
        self._began = self._moved = ticks()
        self._finished_at: float | None = None
        self._first_text_ms: int | None = None
        self._status: int | None = None

    @property
    def answering(self) -> str:
        """Return the model that the provider says is answering, empty while unsaid."""
        return self._reading.answering

    @property
    def finish(self) -> FinishReason:
        """Return how the attempt ended as far as the reply goes: a failure is never complete."""
        if self.failure is not None and self._reading.finish is not None:
            return FinishReason.OTHER
        return self._recorded_finish()

    @property
    def text(self) -> str:
        """Return the exact text so far."""
        return self._reading.text

    async def texts(
        self, http: Transport, target: Callable[[ModelSpec], Target]
    ) -> AsyncGenerator[str, None]:
        """Send the request and give out its text; afterwards `failure` and `finish` are set.

        Closing the generator or cancelling its task closes the connection at once.
        """
        self._began = self._moved = ticks()
        reading = self._reading
        with self._failures():
            call = self._call()
            where = target(self.model)
            self._sent = True
            connect_s = self._deadlines.connect_s
            async with http.open(where, call, self.model.id, connect_s, self._deadline()) as upstream:
                self._status = 200
                while not reading.closed:
                    chunk = await upstream.read(self._deadline())
                    if not chunk:
                        break
                    text = self._moved_by(reading.feed(chunk))
                    if text:
                        yield text
                if reading.finished and reading.failure is None:
                    await upstream.read_rest(self._deadline())
        rest = self._moved_by(reading.end())
        if rest:
            yield rest
        self.failure = reading.verdict(self.failure, may_be_empty=self._may_be_empty)
        self.over = True

    def _call(self) -> WireCall:
        call = WIRES[self.model.wire].build(self._request, self.model)
        return replace(call, headers={**call.headers, CALL_ID_HEADER: str(self.start.call_id)})

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

    def _moved_by(self, text: str) -> str:
        """Note the time of a progress: of text alone, or of the end marker."""
        if text:
            self._moved = ticks()
            if self._first_text_ms is None:
                self._first_text_ms = ms_since(self._began)
        if self._finished_at is None and self._reading.finished:
            self._finished_at = ticks()
        return text

    def _deadline(self) -> float:
        """Return until when, on the loop's clock, the next text must have come."""
        if self._finished_at is not None:
            limit = self._finished_at + (AFTER_USAGE_S if self._reading.usage_final else AFTER_FINISH_S)
        elif self._first_text_ms is None:
            limit = self._began + self._deadlines.first_text_s
        else:
            limit = self._moved + self._deadlines.stall_s
        # The loop may count from another zero than our monotonic clock (uvloop does).
        return asyncio.get_running_loop().time() + min(limit, self._ends_at) - ticks()

    def _late(self) -> CallFailed | None:
        who = f"{self.model.provider}/{self.model.id}"
        if self._finished_at is not None:
            return None
        if ticks() >= self._ends_at:
            return errors.TotalTimeout(f"{who} was still writing at the route's total deadline")
        if self._first_text_ms is None:
            return errors.FirstTextTimeout(f"{who} gave no text within {self._deadlines.first_text_s:g} s")
        return errors.Stalled(f"{self._reading.cut_words()} (no new text for {self._deadlines.stall_s:g} s)")

    def _recorded_finish(self) -> FinishReason:
        return self._reading.reason(self.failure)

    def _scaled(self, tokens: int) -> int:
        return math.ceil(tokens * self.model.token_factor)

    def _tokens(self) -> tuple[UsageReport | None, bool]:
        """Return the usage and whether any of it is our estimate; None when nothing was used."""
        # No vendor bills an answer that is an HTTP error instead of a stream.
        answered_no = self.failure is not None and (self.failure.status or 0) >= HTTPStatus.BAD_REQUEST
        refused = self.failure is not None and (answered_no or not self.failure.sent) and not self.text
        if refused or not self._sent:
            return None, False
        # No prompt has 0 tokens, and no text: servers that say so do not count.
        report = self._reading.usage or UsageReport()
        given, written = report.input_tokens or None, report.output_tokens
        written = (written or None) if self.text else written
        if self._reading.finish and given is not None and written is not None:
            return report, False
        known = [tokens for tokens in (written, self._reading.estimated_output) if tokens is not None]
        given = self._scaled(self._prompt_tokens) if given is None else given
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
        broken = self.failure is not None and not silent and (cut or bool(self.text))
        whole = finish is FinishReason.COMPLETE and self.failure is None
        return AttemptResult(
            ended_at=ended_at or now(),
            first_text_ms=self._first_text_ms,
            duration_ms=ms_since(self._began),
            answering_model=self.answering,
            usage=usage,
            usage_estimated=estimated,
            cost_pico=self._cost(usage),
            finish=finish,
            finish_raw=self._reading.finish.raw if self._reading.finish else "",
            error_class=type(self.failure).__name__ if self.failure else "",
            error_detail=" | ".join(self._details())[: errors.DETAIL_LIMIT],
            http_status=self._status,
            truncated=incomplete or broken,
            partial_output="" if whole else self._partial(),
        )

    def _details(self) -> list[str]:
        """Return what staff should know: what failed, another model's name, what was left out."""
        details = [self.failure.detail] if self.failure else []
        if not answers_for(self.model, self.answering):
            details.append(f"model_mismatch: asked for {self.model.id}, answered by {self.answering}")
        return details + self._reading.notes()

    def _partial(self) -> str:
        if self.text or self.failure is None:
            return self.text
        return self.failure.output or self._reading.head
