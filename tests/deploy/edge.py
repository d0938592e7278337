"""The shipped proxy files in front of a running desk: only ports, folders and the certificate replaced."""

import contextlib
import http.client
import os
import re
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import trustme

from tests.environment import ROOT, free_port
from tests.flows.client import Chat
from tests.flows.events import EventChat
from tests.postgres import unprivileged_user
from tests.servers import Server, listens, missing, start, wait_until

HOST = "support.example.com"
ORIGIN = f"https://{HOST}"
# For tests of the proxy's own limits: a socket that says nothing for longer than this is cut.
SHORT_TIMEOUT = "20s"


@dataclass
class Answer:
    """What came back over TLS."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Edge:
    """A proxy that terminates TLS in front of a desk, as a browser reaches it."""

    port: int
    tls: ssl.SSLContext
    folder: Path
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def ask(
        self, method: str, path: str, body: bytes | None = None, source: str = "127.0.0.1", **headers: str
    ) -> Answer:
        """Send one request from the address `source`; header names take _ for -."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, context=self.tls, source_address=(source, 0)
        )
        sent = {"Host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, "127.0.0.1", **headers)

    def visitor(self) -> str:
        """Open the page as a new browser and return the Cookie header that it sends from then on."""
        cookies: SimpleCookie = SimpleCookie()
        for line in self.get("/").headers.get_all("Set-Cookie") or []:
            cookies.load(line)
        return "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items())

    def chat(self, cookie: str = "", conversation_id: str | None = None, origin: str = ORIGIN) -> Chat:
        """Return a chat through this proxy, of a new visitor unless a cookie is given."""
        dial: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "ssl": self.tls}
        return Chat(ORIGIN, cookie or self.visitor(), conversation_id, origin, **dial)

    def events(self) -> EventChat:
        """Return a chat through this proxy for which no socket is needed."""
        here = f"https://127.0.0.1:{self.port}"
        chat = EventChat(here, self.visitor(), origin=ORIGIN)
        chat.tls, chat.more = self.tls, {"Host": HOST}
        return chat


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Replace each pair of pattern and text; a pattern that fits nothing is a fault of the test."""
    for pattern, new in pairs:
        text, count = re.subn(pattern, new, text)
        assert count, f"{pattern} is not in the file any more"
    return text


def nginx_files(folder: Path, port: int, webs: Sequence[int], certificate: Path) -> list[str]:
    """Write nginx's main file around the shipped site and return the command that runs it."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or missing("nginx")
    site = replaced(
        (ROOT / "deploy/nginx/desk.conf").read_text(),
        (r" +listen \[::\].*\n", ""),
        (r"listen 443 ", f"listen 127.0.0.1:{port} "),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("127.0.0.1:8001", f"127.0.0.1:{webs[0]}"),
        ("127.0.0.1:8002", f"127.0.0.1:{webs[1]}"),
        (r"(ssl_certificate(?:_key)?) .*;", rf"\1 {certificate};"),
        ("/var/log/nginx", str(folder)),
        ("/var/www/(desk|html)", str(folder)),
        ("75s;", f"{SHORT_TIMEOUT};"),
    )
    (folder / "desk.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid;\nevents {{}}\nhttp {{\n{temporary}\n    access_log off;\n"
        f"    include /etc/nginx/mime.types;\n    include {folder}/desk.conf;\n}}\n"
    )
    return [program, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]


def strict_nginx_files(folder: Path, port: int, webs: Sequence[int], certificate: Path) -> list[str]:
    """As `nginx_files`, by somebody who buffers answers, cuts what is silent for 5 s and allows no socket."""
    command = nginx_files(folder, port, webs, certificate)
    site = replaced(
        (folder / "desk.conf").read_text(),
        ("proxy_buffering off;", "proxy_buffering on;"),
        (rf"_timeout {SHORT_TIMEOUT};", "_timeout 5s;"),
        (r"proxy_set_header Upgrade .*;", 'proxy_set_header Upgrade "";'),
        (r"proxy_set_header Connection .*;", 'proxy_set_header Connection "";'),
    )
    (folder / "desk.conf").write_text(site)
    return command


def caddy_files(folder: Path, port: int, webs: Sequence[int], certificate: Path) -> list[str]:
    """Write the shipped Caddyfile with a certificate of its own and return the command that runs it."""
    program = shutil.which("caddy") or missing("Caddy")
    site = replaced(
        (ROOT / "deploy/caddy/Caddyfile").read_text(),
        (
            r"\{\$DESK_ADDRESS:support.example.com\} \{",
            f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\nhttps://{HOST}:{port} {{\n"
            f"\tbind 127.0.0.1\n\ttls {certificate} {certificate}",
        ),
        ("127.0.0.1:8001 127.0.0.1:8002", " ".join(f"127.0.0.1:{web}" for web in webs)),
        ("/var/www/desk", str(folder)),
    )
    (folder / "Caddyfile").write_text(site)
    return [program, "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]


FILES: dict[str, Callable[[Path, int, Sequence[int], Path], list[str]]] = {
    "nginx": nginx_files,
    "strict nginx": strict_nginx_files,
    "caddy": caddy_files,
}


@contextlib.contextmanager
def running_edge(
    kind: str, webs: Sequence[int], *changes: tuple[str, str], until: datetime | None = None
) -> Iterator[Edge]:
    """Run a proxy as an account without rights in front of web processes, and yield it.

    `changes` are made to the site's file, of which directives may be broken. Its certificate ends at `until`,
    if that is given; who signed it stands in `authority.pem`.
    """
    folder, user = Path(tempfile.mkdtemp(prefix=f"desk-{kind.split(maxsplit=1)[0]}-")), unprivileged_user()
    authority, port = trustme.CA(), free_port()
    certificate = folder / "certificate.pem"
    issued = authority.issue_cert(HOST, "127.0.0.1", "localhost", not_after=until)
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    command = FILES[kind](folder, port, webs, certificate)
    if changes:
        site = folder / ("Caddyfile" if kind == "caddy" else "desk.conf")
        site.write_text(replaced(site.read_text(), *changes))
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    server: Server = start(command, folder / "proxy.log", {"HOME": str(folder)}, user=user, cwd=folder)
    try:
        wait_until(lambda: listens(port), server, kind)
        yield Edge(port, tls, folder)
    finally:
        server.stop()
        shutil.rmtree(folder)
