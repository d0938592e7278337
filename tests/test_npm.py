"""What tests take from npm is the pinned file or nothing."""

import base64
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import npm
from tests.environment import free_port

SCRIPT = b"window.looked = true;"


def tarball_of(content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/look.js")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


TARBALL = tarball_of(SCRIPT)
LOOK = npm.Package("look", "1.2.3", "sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode())


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry with one package."""

    asked: list[str]
    gives: bytes

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.gives)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the requests out of the test output."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Registry]]:
    handler = type("Handler", (Registry,), {"asked": [], "gives": TARBALL})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/mirror/")
    yield handler
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once_from_the_machines_own_registry(
    registry: type[Registry], tmp_path: Path
) -> None:
    for _ in range(2):
        assert npm.file_of(LOOK, "look.js", tmp_path).read_bytes() == SCRIPT
    assert registry.asked == ["/mirror/look/-/look-1.2.3.tgz"]


def test_another_file_than_the_pinned_one_is_refused_and_not_kept(
    registry: type[Registry], tmp_path: Path
) -> None:
    registry.gives = tarball_of(b"steal();")
    with pytest.raises(npm.WrongPackageError, match="not the pinned file"):
        npm.file_of(LOOK, "look.js", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_registry_a_test_is_skipped_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{free_port()}")
    for name in ("CI", "REQUIRE_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"look 1\.2\.3"):
        npm.file_of(LOOK, "look.js", tmp_path)
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match=r"look 1\.2\.3"):
        npm.file_of(LOOK, "look.js", tmp_path)
