"""A company's proxy between a browser and the desk: it passes requests on and lets no WebSocket through."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class CompanyProxy:
    """A forward proxy on loopback; browsers ask it for a tunnel (CONNECT) for each WebSocket."""

    def __init__(self) -> None:
        self.blocked = True
        self.refused = 0
        self._lines: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: BaseException | type[BaseException] | TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every line that is open at this moment."""
        for line in tuple(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with browser, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                part = browser.recv(65536)
                if not part:
                    return
                head += part
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            if method == "CONNECT" and self.blocked:
                self.refused += target.startswith("127.0.0.1:")  # the browser calls home as well
                browser.sendall(REFUSAL)
                return
            where = urlsplit(f"//{target}" if method == "CONNECT" else target)
            with socket.create_connection((where.hostname or "", where.port or 80)) as desk:
                if method == "CONNECT":
                    browser.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    desk.sendall(_passed_on(head, f"{method} {where.path}?{where.query}"))
                self._join(browser, desk)

    def _join(self, browser: socket.socket, desk: socket.socket) -> None:
        self._lines |= {browser, desk}
        back = threading.Thread(target=_pump, args=(desk, browser), daemon=True)
        back.start()
        _pump(browser, desk)
        back.join()
        self._lines -= {browser, desk}


def _passed_on(head: bytes, request: str) -> bytes:
    """Return a request as the desk gets it; each has a connection of its own."""
    lines, body = head.split(b"\r\n\r\n", 1)
    kept = [line for line in lines.split(b"\r\n")[1:] if b"connection:" not in line.lower()]
    first = f"{request.removesuffix('?')} HTTP/1.1".encode()
    return b"\r\n".join([first, *kept, b"Connection: close", b"", body])


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
