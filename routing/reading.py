"""One stream of a provider as it is read: its text, its tokens, its end, and what that end means.

Pure: bytes go in, the text for the visitor comes out. `Attempt` brings the bytes and watches the clock.
"""

import json
import math

from common.text import clean
from routing import errors
from routing.config import ModelSpec
from routing.delta_text import DeltaText, Gathered
from routing.errors import CallFailed
from routing.events import AnsweringModel, Finish, FinishReason, TextDelta, UsageReport
from routing.providers.failures import from_event
from routing.providers.sse import LineTooLong, SseDecoder, SseEvent
from routing.providers.wire import Mapper
from routing.signals import estimate_tokens

HEAD_BYTES = 4096  # kept of a stream in which no text was found, so that staff can see what came instead
NAME_CHARS = 120  # what the ledger's column holds of a model's name

# The seed's own words; staff search the ledger for them.
TRUNCATED = "truncated_output: token_stream ended prematurely at token {n}"


class Reading:
    """Reads one stream of `model`; keeps at most `room` characters of its text.

    `failure` is what the stream itself said is wrong; nothing is read after it.
    """

    def __init__(self, mapper: Mapper, model: ModelSpec, room: int) -> None:
        self.failure: CallFailed | None = None
        self.finish: Finish | None = None
        self.usage: UsageReport | None = None
        self.usage_final = False
        self.answering = ""
        self._mapper = mapper
        self._model = model
        self._room = room
        self._decoder = SseDecoder()
        self._delta = DeltaText()
        self._head = b""
        self._text = Gathered()
        self._left_out = 0

    @property
    def finished(self) -> bool:
        """Return whether the provider's own end marker was seen."""
        return self._mapper.finished

    @property
    def closed(self) -> bool:
        """Return whether nothing that matters can follow."""
        return self._mapper.closed or self.failure is not None

    @property
    def text(self) -> str:
        """Return the exact text so far."""
        return self._text.text

    @property
    def length(self) -> int:
        """Return how many characters the text has so far."""
        return self._text.length

    @property
    def head(self) -> str:
        """Return the beginning of what came before any text."""
        return self._head.decode("utf-8", "replace")

    @property
    def late_text(self) -> int:
        """Return how many characters came after the end marker and were left out."""
        return self._mapper.late_text

    @property
    def estimated_output(self) -> int | None:
        """Return our estimate of the tokens of all text that came, kept or not; None without text."""
        if not self.length:
            return None
        came = 1 + self._left_out / self.length  # what was left out beyond the cap is billed as well
        return math.ceil(estimate_tokens(self.text) * self._model.token_factor * came)

    def feed(self, chunk: bytes) -> str:
        """Return the text that `chunk` adds; an error in it is kept until its text has gone out."""
        if not self._text.length and len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        try:
            return self._shown(self._said(self._decoder.feed(chunk)))
        except LineTooLong as error:
            self.failure = errors.NotAStream(str(error))
            return ""

    def end(self) -> str:
        """Return the text that was held back, at the end of the stream; afterwards nothing is fed."""
        return self._shown(self._said(self._decoder.end()) + self._delta.flush())

    def _said(self, events: list[SseEvent]) -> str:
        found: list[str] = []
        try:
            for event in events:
                for said in self._mapper.feed(event):
                    if isinstance(said, TextDelta):
                        found.append(self._delta.feed(said.text))
                    else:
                        self._note(said)
        except CallFailed as failure:
            self.failure = self.failure or failure
        return "".join(found)

    def _note(self, said: UsageReport | AnsweringModel | Finish) -> None:
        match said:
            case UsageReport():
                self.usage = said
                self.usage_final = self.finished
            case AnsweringModel():
                self.answering = clean(said.model)[:NAME_CHARS]
            case Finish():
                self.finish = self.finish or said

    def _shown(self, text: str) -> str:
        if not text:
            return ""
        if self.length + len(text) > self._room:
            kept = text[: self._room - self.length]
            self._left_out += len(text) - len(kept)
            text = kept
            self.failure = errors.ReplyTooLong(f"the reply passed its cap of {self._room} characters")
        self._text.add(text)
        return text

    def verdict(self, broken: CallFailed | None = None, *, may_be_empty: bool = False) -> CallFailed | None:
        """Return what the end of the stream means, by the protocol's state; None for a proper end.

        `broken` is what went wrong outside of the stream: its connection, its deadline.
        """
        failure = broken or self.failure
        if isinstance(failure, errors.ReplyTooLong):
            return failure
        if self.finished:
            silent = not self.text.strip() and self.reason(None) is FinishReason.COMPLETE
            mute = silent and not may_be_empty
            return errors.NoText(f"{self._model.id} finished without a word") if mute else None
        if failure is None and not self.length:
            failure = _error_in(self.head)
        if failure is None or type(failure) is errors.TruncatedOutput:
            return errors.TruncatedOutput(self.cut_words())
        return failure

    def cut_words(self) -> str:
        """Return the words for a stream that ended without its end marker."""
        said = self.usage.output_tokens if self.usage else None
        return TRUNCATED.format(n=max(said or 0, self.estimated_output or 0))

    def reason(self, failure: CallFailed | None) -> FinishReason:
        """Return how the stream ended, for the ledger; without end marker and failure it was left.

        An answer past the cap was left by us, also where its end marker came in the same piece.
        """
        if self.finish is not None and not isinstance(failure, errors.ReplyTooLong):
            return self.finish.reason
        if failure is None:
            return FinishReason.CANCELLED
        lost = (errors.TruncatedOutput, errors.FirstTextTimeout, errors.TotalTimeout, errors.ReplyTooLong)
        return FinishReason.UNKNOWN_END if isinstance(failure, lost) else FinishReason.PROVIDER_ERROR

    def notes(self) -> list[str]:
        """Return what staff should know of a stream besides its failure."""
        notes = []
        if self.late_text:
            notes.append(f"late_text: {self.late_text} characters after the end marker were left out")
        if self.finish is not None and self.finish.reason is FinishReason.LENGTH and not self.text.strip():
            notes.append(f"no_text: {self._spent_words()}")
        return notes

    def _spent_words(self) -> str:
        thought = self.usage.thinking_tokens if self.usage else None
        return (
            f"all {thought} tokens of output went into thinking" if thought else "the output cap is used up"
        )


def _error_in(head: str) -> CallFailed | None:
    """Return the error that a whole body is, when a server put it under an event stream's headers."""
    try:
        return from_event(json.loads(head))
    except (ValueError, RecursionError):
        return None
