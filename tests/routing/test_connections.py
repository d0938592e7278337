"""How many connections a provider sees: an answer that ended properly leaves its own to the next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from common.clock import ticks
from routing import dispatch
from routing.attempt import Attempt
from routing.config import ModelSpec
from routing.events import FinishReason
from routing.providers.transport import Target, Transport
from tests.routing.jobs import ANTHROPIC, GEMINI, OPENAI, ORDINARY, job

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
SAYS_HI = {
    "openai": b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n'
    b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}\n\ndata: [DONE]\n\n',
    "anthropic": b'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}\n\n'
    b'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}'
    b"\n\n"
    b'data: {"type": "message_stop"}\n\n',
    "gemini": b'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}], '
    b'"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}}\n\n',
}


class Provider:
    """Answers each request with the same stream; its last chunk comes a moment later, or never."""

    def __init__(self, body: bytes, ends: bool) -> None:
        self.connections, self.body, self.ends = 0, body, ends

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(int(size.partition(b":")[2]))
                writer.write(HEAD + b"%x\r\n%s\r\n" % (len(self.body), self.body))
                await asyncio.sleep(0.01)
                if self.ends:
                    writer.write(LAST_CHUNK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def provider(wire: str, ends: bool) -> AsyncIterator[tuple[Provider, Target]]:
    serving = Provider(SAYS_HI[wire], ends)
    listener = await asyncio.start_server(serving.serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        yield serving, Target(wire, wire, f"http://127.0.0.1:{port}/v1", "key")


@pytest.mark.parametrize(("ends", "connections"), [(True, 1), (False, 3)])
@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI], ids=lambda model: model.wire)
async def test_a_connection_is_used_again_when_its_answer_has_ended(
    model: ModelSpec, ends: bool, connections: int
) -> None:
    http = Transport()
    async with provider(model.wire, ends) as (serving, target):
        for _ in range(3):
            it = job(model)
            attempt = Attempt(
                dispatch.first_attempt(it), model, it.request, ORDINARY,
                ends_at=ticks() + 20, room=1000, prompt_tokens=9,
            )  # fmt: skip
            said = [text async for text in attempt.texts(http, lambda _: target)]
            assert (said, attempt.failure, attempt.finish) == (["Hi"], None, FinishReason.COMPLETE)
        assert serving.connections == connections
        await http.aclose()
