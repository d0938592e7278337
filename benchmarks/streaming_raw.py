"""The base of all ratios: a hand-written relay, one WebSocket frame a token, nothing stored, nothing checked.

    python -m benchmarks.streaming_raw --port P --upstream PORT [--uvloop]

asyncio protocols on both sides and nothing else: no framework, no HTTP or WebSocket library. It reads the
upstream's chunks as JSON and writes each token as the chat's JSON, which is the least that any relay does.
"""

import argparse
import asyncio
import base64
import hashlib
import json
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
ID = "00000000-0000-4000-8000-000000000000"


def text_frame(payload: bytes) -> bytes:
    """Return a server's text frame."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    return bytes((0x81, 126)) + length.to_bytes(2, "big") + payload


def read_frame(data: bytearray) -> tuple[int, bytes] | None:
    """Take one whole masked frame from the front of `data`: its opcode and payload."""
    if len(data) < 6:
        return None
    length, at = data[1] & 0x7F, 2
    if length == 126:
        length, at = int.from_bytes(data[2:4], "big"), 4
    if len(data) < at + 4 + length:
        return None
    mask = data[at : at + 4]
    payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data[at + 4 : at + 4 + length]))
    opcode = data[0] & 0x0F
    del data[: at + 4 + length]
    return opcode, payload


class FromUpstream(asyncio.Protocol):
    """One streamed answer: chunks in, frames out."""

    def __init__(self, browser: "ToBrowser", request: bytes) -> None:
        self.browser, self.request, self.seq = browser, request, 0
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            if line.startswith(b"data: "):
                self.event(line[6:])

    def event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.browser.say({"type": "done", "reply_id": ID, "epoch": 1, "seq": self.seq + 1})
            self.transport.close()
            return
        for choice in json.loads(data)["choices"]:
            text = choice["delta"].get("content")
            if text:
                self.seq += 1
                self.browser.say({"type": "delta", "reply_id": ID, "seq": self.seq, "text": text})


class ToBrowser(asyncio.Protocol):
    """One socket."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.data, self.upgraded = bytearray(), False
        self.tasks: set[asyncio.Task[Any]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def say(self, frame: dict[str, Any]) -> None:
        payload = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
        self.transport.write(text_frame(payload))

    def data_received(self, data: bytes) -> None:
        self.data += data
        if not self.upgraded and b"\r\n\r\n" in self.data:
            self.upgrade()
        while self.upgraded and (frame := read_frame(self.data)):
            opcode, payload = frame
            if opcode == 8:
                self.transport.close()
            elif opcode == 1:
                self.answer(json.loads(payload))

    def upgrade(self) -> None:
        head, _, rest = bytes(self.data).partition(b"\r\n\r\n")
        lines = (line.partition(b":") for line in head.split(b"\r\n"))
        key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.data, self.upgraded = bytearray(rest), True

    def answer(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "open":
            self.say({"type": "opened", "conversation_id": ID})
        elif frame["type"] == "send":
            message_id = frame["client_message_id"]
            self.say({"type": "ack", "client_message_id": message_id, "reply_id": ID, "epoch": 1})
            body = {
                "model": "rig-1",
                "stream": True,
                "messages": [{"role": "user", "content": frame["text"]}],
            }
            content = json.dumps(body).encode()
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.upstream_port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            loop = asyncio.get_running_loop()
            made = loop.create_connection(
                lambda: FromUpstream(self, head.encode() + content), "127.0.0.1", self.upstream_port
            )
            task = loop.create_task(made)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)


async def serve(port: int, upstream_port: int) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ToBrowser(upstream_port), "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming_raw", description="Relay tokens.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", type=int, required=True, metavar="PORT")
    parser.add_argument("--uvloop", action="store_true", help="on uvloop instead of asyncio's own loop")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop

        uvloop.run(serve(options.port, options.upstream))
    else:
        asyncio.run(serve(options.port, options.upstream))


if __name__ == "__main__":
    main()
