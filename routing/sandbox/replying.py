"""One answer on the wire: its pace, its tokens, its end, and the fault that was ordered for it."""

import asyncio
import re
from collections.abc import Callable

from routing.sandbox import answering
from routing.sandbox.asking import Ask, tokens
from routing.sandbox.billing import Bill
from routing.sandbox.channel import Channel
from routing.sandbox.control import Fault, Pace
from routing.sandbox.faults import KINDS, strikes_at
from routing.sandbox.speaking import speaker
from routing.sandbox.striking import Strike

# What a light and a heavy model feel like, fast enough to be pleasant and slow enough to be seen.
LIGHT_PACE_MS = (120, 12)
HEAVY_PACE_MS = (450, 12)
_LIGHT = re.compile(r"lite|mini|nano|haiku|small|tiny", re.I)

# A model name that no catalogue row has, so that the desk must notice.
OTHER_MODEL = "some-other-model-1"
LATE_TEXT = " And one more thing, too late."
PAGES = {"html_200", "json_200"}
TOO_HIGH = 3  # how many times too high the first of two usage reports is


def is_heavy(model: str) -> bool:
    """Return whether a model's answers are the longer, slower kind."""
    return not _LIGHT.search(model)


class Reply:
    """Streams one answer. `settle` is called when its bill is final, before its last bytes go out."""

    def __init__(
        self,
        ask: Ask,
        bill: Bill,
        fault: Fault | None,
        pace: Pace,
        channel: Channel,
        settle: Callable[[], None],
    ) -> None:
        self.sent = 0
        self.ended = ""
        self.usage_sent = False
        self.bill = bill
        self.channel = channel
        self._ask = ask
        self._settle = settle
        self._delay_s = fault.delay_ms / 1000 if fault else 0.0
        self._name = fault.fault if fault else ""
        first, gap = HEAVY_PACE_MS if is_heavy(ask.model) else LIGHT_PACE_MS
        self._first_s = (first if pace.first_text_ms is None else pace.first_text_ms) / 1000
        self._gap_s = (gap if pace.gap_ms is None else pace.gap_ms) / 1000
        self._pieces = self._answer(pace.tokens)
        self._strikes_at = strikes_at(self._name, fault.after_tokens if fault else 0, len(self._pieces))
        if self._name == "length" and not self._strikes_at:
            self.bill.thinking_tokens = ask.max_tokens  # thoughts have eaten the whole room
        self._reports = self._name != "usage_missing" and ask.report_usage
        model = OTHER_MODEL if self._name == "other_model" else ask.model
        self._speaker = speaker(ask, model, bill, self._reports)

    def _answer(self, count: int | None) -> list[str]:
        if self._name == "obey":
            return tokens(answering.obey(self._ask))
        if count is not None:
            return answering.filler(count)
        full = answering.compose(self._ask, is_heavy(self._ask.model))
        return tokens(answering.go_on(full, self._ask) if self._ask.partial else full)

    @property
    def gave_page(self) -> bool:
        """Return whether a page or a plain object came instead of an answer: nobody bills that."""
        return self._name in PAGES and not self.bill.text_tokens

    async def run(self) -> None:
        """Send the whole answer, or as much of it as the fault allows."""
        if self._strikes_at == -1:
            await self._strike()
            return
        await self.channel.start()
        kind = KINDS.get(self._name)
        if kind is None or not kind.silent:
            await self.channel.write(self._speaker.begin())
        await self.channel.pause(self._first_s)
        limit = min(len(self._pieces), max(0, self._ask.max_tokens - self.bill.thinking_tokens))
        if await self._told(limit):
            await self._finish("length" if limit < len(self._pieces) else "complete")

    async def _told(self, limit: int) -> bool:
        """Send the text up to `limit` tokens; return whether its end is still to be said."""
        clock = asyncio.get_running_loop().time
        due = clock()  # a gap is from text to text, so that a busy machine does not slow the answer down
        while True:
            if self.channel.gone.is_set():
                self.ended = self.ended or "client left"
                return False
            if self.sent == self._strikes_at or (self._strikes_at is not None and self.sent == limit):
                self._strikes_at = None
                if not await self._strike():
                    return False
            if self.sent >= limit:
                return True
            await self.channel.write(self._speaker.token(self._pieces[self.sent]))
            self.sent += 1
            self.bill.text_tokens += 1
            due += self._gap_s
            await self.channel.pause(due - clock())

    async def _strike(self) -> bool:
        """Let the fault strike; return whether the answer goes on after it."""
        await self.channel.pause(self._delay_s)
        self.ended = self._name
        if self._name in {"length", "refusal"}:
            await self._finish(self._name)
            return False
        await Strike(self.channel, self._speaker, self.bill, self._pieces[self.sent :]).run(self._name)
        return KINDS[self._name].goes_on and not self.channel.gone.is_set()

    async def _finish(self, how: str) -> None:
        end = self._end(how)
        self.ended = how
        self.usage_sent = self._reports
        self._settle()
        if self._name == "slow_close":
            await self.channel.write(end)
            await self.channel.gone.wait()
        else:
            await self.channel.write(end, last=True)

    def _end(self, how: str) -> bytes:
        """Return the wire's end marker and what follows it, as the faults of the end want it."""
        speak = self._speaker
        match self._name:
            case "dup_finish":
                return speak.finish(how) + speak.finish("length") + speak.close()
            case "after_finish":
                return speak.finish(how) + speak.token(LATE_TEXT) + speak.close()
            case "usage_twice":
                return speak.usage(TOO_HIGH) + speak.finish(how) + speak.close()
        return speak.finish(how) + speak.close()
