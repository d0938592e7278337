"""What each fault does to an answer where it strikes."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from routing.sandbox.asking import count_tokens, tokens
from routing.sandbox.billing import Bill
from routing.sandbox.channel import Channel
from routing.sandbox.speaking import Speaker

PAGE = (
    b"<!doctype html>\n<html><head><title>Sign in</title></head><body><h1>Guest network</h1></body></html>\n"
)
HALF_A_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/eve"
RESET_AFTER_S = 0.02  # so that half a head is on its way before the reset overtakes it
# A parser that finds headers and nonsense in one read cannot tell a broken answer from none.
BAD_CHUNK_AFTER_S = 0.25
PING_S = 0.05
DRIP_S = 0.1  # an event of some 150 bytes takes longer than the ten seconds that a route waits for text
SPLIT_S = 0.001  # between the bytes of one character, so that they come in pieces

GIANT = "giant " * 50_000  # 300,000 characters: below a line's cap of 1 MiB, above a reply's of 64 Ki
LINE_PIECE = b"a" * 65_536
LINE_PIECES = 256  # 16 MiB; whoever reads so far has no cap
ENDLESS_PIECE = "and so on " * 8
ENDLESS_BATCH = 16
ENDLESS_BATCHES = 4096  # 5 million characters

# What a wire can carry and no text should: put where the mark stands, past the JSON encoder.
_MARK = "\ue000"
BAD_BYTES = b"\xff\xfe|\xe4\xb8|\\ud83c|\\u0000|\x00|\xe2\x80\xae|\xe2\x80\xa8|"
BAD_TEXT = "\ufffd\ufffd|\ufffd|\ufffd||||\u2028|"  # what is left when it is made storable
SPLIT_TEXT = " Grüße, 世界 🎈🎈 "
_TORN = (b"\\ud83c", b"\\udf88")  # 🎈 as two halves of a surrogate pair, in two events


@dataclass
class Strike:
    """One fault in one answer: the way to the client, the wire's words, the bill, the text still to come."""

    channel: Channel
    speaker: Speaker
    bill: Bill
    rest: Sequence[str]

    async def run(self, name: str) -> None:
        """Do what the fault's name says."""
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "refuse": self._refuse,
            "rst_headers": self._rst_headers,
            "eof_headers": self._eof_headers,
            "no_headers": self._silence,
            "no_text": self._silence,
            "stall": self._silence,
            "cut": self._cut,
            "eof": self._eof,
            "empty": self._eof,
            "role_only": self._eof,
            "drip": self._drip,
            "pings": self._pings,
            "html_200": self._html_200,
            "json_200": self._json_200,
            "error_first": self._error,
            "error_mid": self._error,
            "unframed_error": self._unframed_error,
            "bad_chunk": self._bad_chunk,
            "cut_json": self._cut_json,
            "endless_line": self._endless_line,
            "endless": self._endless,
            "bad_json": self._bad_json,
            "giant_token": self._giant_token,
            "null_delta": self._null_delta,
            "bad_utf8": self._bad_utf8,
            "split_utf8": self._split_utf8,
        }
        await acts[name]()

    async def _silence(self) -> None:
        await self.channel.gone.wait()

    async def _refuse(self) -> None:
        self.channel.reset()
        await self.channel.gone.wait()

    async def _rst_headers(self) -> None:
        self.channel.raw(HALF_A_HEAD)
        await self.channel.pause(RESET_AFTER_S)
        await self._refuse()

    async def _eof_headers(self) -> None:
        self.channel.raw(HALF_A_HEAD)
        self.channel.hang_up()
        await self.channel.gone.wait()

    async def _cut(self) -> None:
        self.channel.drop()
        # The server must see that its connection is gone before it looks for an unfinished answer.
        await self.channel.gone.wait()

    async def _eof(self) -> None:
        if self.channel.begun:
            await self.channel.write(b"", last=True)
            return
        self.channel.hang_up()
        await self.channel.gone.wait()

    async def _drip(self) -> None:
        if not self.channel.begun:
            await self._drop_by_drop(HALF_A_HEAD + LINE_PIECE)
        for piece in self.rest:
            await self._drop_by_drop(self.speaker.token(piece))
            self.bill.text_tokens += 1
        await self.channel.gone.wait()

    async def _drop_by_drop(self, data: bytes) -> None:
        for at in range(len(data)):
            if self.channel.gone.is_set():
                return
            drop = data[at : at + 1]
            if self.channel.begun:
                await self.channel.write(drop)
            else:
                self.channel.raw(drop)
            await self.channel.pause(DRIP_S)

    async def _pings(self) -> None:
        while not self.channel.gone.is_set():
            await self.channel.write(self.speaker.ping())
            await self.channel.pause(PING_S)

    async def _html_200(self) -> None:
        if not self.channel.begun:
            await self.channel.start("text/html; charset=utf-8")
        await self.channel.write(PAGE, last=True)

    async def _json_200(self) -> None:
        if not self.channel.begun:
            await self.channel.start("application/json")
        body = json.dumps(self.speaker.whole("".join(self.rest)), ensure_ascii=False)
        await self.channel.write(f"{body}\n".encode(), last=True)

    async def _error(self) -> None:
        await self.channel.write(self.speaker.error(), last=True)

    async def _unframed_error(self) -> None:
        framed = self.speaker.error().decode()
        body = next(line for line in framed.splitlines() if line.startswith("data: "))
        await self.channel.write(body.removeprefix("data: ").encode() + b"\n", last=True)

    async def _bad_chunk(self) -> None:
        await self.channel.pause(BAD_CHUNK_AFTER_S)
        self.channel.raw(b"zz\r\n")
        await self.channel.gone.wait()

    async def _cut_json(self) -> None:
        event = self.speaker.token("".join(self.rest[:1]))
        await self.channel.write(event[: len(event) * 3 // 4], last=True)

    async def _endless_line(self) -> None:
        await self.channel.write(b'data: {"x": "')
        for _ in range(LINE_PIECES):
            if not self.channel.gone.is_set():
                await self.channel.write(LINE_PIECE)
        await self.channel.gone.wait()

    async def _endless(self) -> None:
        for _ in range(ENDLESS_BATCHES):
            if self.channel.gone.is_set():
                break
            self.bill.text_tokens += ENDLESS_BATCH * count_tokens(ENDLESS_PIECE)
            await self.channel.write(self.speaker.token(ENDLESS_PIECE) * ENDLESS_BATCH)
        await self.channel.gone.wait()

    async def _bad_json(self) -> None:
        await self.channel.write(b'data: {"half":\n\n')

    async def _giant_token(self) -> None:
        await self._say(GIANT)

    async def _null_delta(self) -> None:
        await self.channel.write(self.speaker.nulls())

    async def _bad_utf8(self) -> None:
        self.bill.text_tokens += 1
        await self.channel.write(self._marked(BAD_BYTES))

    async def _split_utf8(self) -> None:
        for piece in tokens(SPLIT_TEXT[:-2]):
            self.bill.text_tokens += 1
            for byte in self.speaker.token(piece):
                await self.channel.write(bytes([byte]))
                if byte >= 0x80:
                    await self.channel.pause(SPLIT_S)
        for half in _TORN:
            await self.channel.write(self._marked(half))
        await self._say(SPLIT_TEXT[-1])

    async def _say(self, text: str) -> None:
        self.bill.text_tokens += count_tokens(text)
        await self.channel.write(self.speaker.token(text))

    def _marked(self, raw: bytes) -> bytes:
        return self.speaker.token(_MARK).replace(_MARK.encode(), raw)
