"""Another company's web site for tests: pages on a port of their own, under the policy that each is given."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# As strict as a careful site has it; {desk} is what docs/widget.md tells it to add.
STRICT = (
    "default-src 'none'; script-src 'self' {desk}; style-src 'self'; frame-src {desk}; connect-src {desk};"
    " base-uri 'none'; form-action 'none'"
)
# Rules that would hide or spoil every button, frame and box that they reach.
ROUGH = """
* { font-size: 3px !important; letter-spacing: 1em !important; }
button, iframe, div, span, svg, support-desk { display: none !important; opacity: 0 !important; }
body { margin: 0; height: 2000px; }
h1 { font-size: 30px !important; letter-spacing: 0 !important; }
"""

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


@dataclass
class Host:
    """A web site: path to (content type, policy, body)."""

    port: int
    files: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)  # further ones, by path

    @property
    def far(self) -> str:
        """By this name it is another site than the desk, which tests know as 127.0.0.1.

        Playwright's contexts are private windows, in which Chromium keeps no cookies and no storage for the
        frames of other sites.
        """
        return f"http://localhost:{self.port}"

    @property
    def near(self) -> str:
        """By this name it is another origin of the desk's own site, as help.example.com is of example.com."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stranger(self) -> str:
        """And a name that the desk does not list."""
        return f"http://stranger.localhost:{self.port}"

    def page(self, path: str, head: str, policy: str, script: str = "") -> None:
        """Put a page there; its script and its rough style sheet are files, as a strict policy wants them."""
        own = f'<script src="{path}.js"></script>' if script else ""
        style = '<link rel="stylesheet" href="/rough.css">'
        start = f'<!doctype html><html lang="en"><title>Shop</title>{VIEWPORT}{style}{own}{head}'
        body = f'{start}<h1>Shop</h1><a href="#">Plans</a>'
        self.files[path] = ("text/html", policy, body)
        self.files[f"{path}.js"] = ("text/javascript", "", script)
        self.files["/rough.css"] = ("text/css", "", ROUGH)


@contextmanager
def running_host() -> Iterator[Host]:
    """Run a web site without pages."""
    host = Host(0)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, policy, body = host.files.get(self.path.split("?")[0], ("", "", ""))
            self.send_response(200 if kind or self.path == "/favicon.ico" else 404)
            self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            for name, value in host.headers.get(self.path, {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep the requests out of the test output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield host
    server.shutdown()
    server.server_close()
