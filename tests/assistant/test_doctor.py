"""`manage.py doctor`: what it says of a desk that is well, and of one on which something is broken."""

import http.server
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pytest_django import Settings

from assistant.doctor import stores
from assistant.doctor.findings import Finding, fail, failed, ok, skip, warn
from assistant.doctor.keys import worth_a_look
from assistant.doctor.report import as_json, lines
from routing.config import ModelSpec, Price
from routing.offers import ProviderOffer
from tests import postgres
from tests.control import Control
from tests.environment import free_port
from tests.servers import DeskServer, managed, running_desk, running_sandbox, wait_until

KEY = "sk-a-key-that-nobody-may-see"


@dataclass
class Said:
    """What one run of the doctor said."""

    code: int
    findings: list[dict[str, str]]
    text: str

    def states(self, check: str) -> set[str]:
        return {found["state"] for found in self.findings if found["check"].startswith(check)}

    def about(self, check: str) -> str:
        found = [found for found in self.findings if found["check"].startswith(check)]
        assert found, f"nothing about {check}: {self.text}"
        return "\n".join(f"{one['text']} -> {one['mend']}" for one in found)


def doctor(env: Mapping[str, str], *arguments: str) -> Said:
    """Run the command as an operator would, and read its JSON."""
    done = managed("doctor", "--json", *arguments, env=env)
    assert "Traceback" not in done.stderr, done.stderr
    assert KEY not in done.stdout + done.stderr
    body = json.loads(done.stdout)
    assert body["ok"] == (done.returncode == 0)
    return Said(done.returncode, body["findings"], done.stdout)


# ---- the pure part --------------------------------------------------------------------------------

FOUND = [ok("database", "answers"), warn("FAQ", "empty", "import"), skip("beat", "needs the database")]


def test_the_report_names_the_mending_line_and_counts() -> None:
    said = list(lines([*FOUND, fail("Redis", "gone", "start it")]))
    assert said[0].split() == ["ok", "database", "answers"]
    assert said[2].strip() == "-> import"
    assert said[-1] == "1 ok, 1 to look at, 1 failed, 1 not looked at"
    assert not failed(FOUND)
    assert failed([*FOUND, Finding("x", "fail", "y")])
    assert json.loads(as_json(FOUND))["ok"] is True
    assert list(lines([])) == ["0 ok, 0 to look at, 0 failed, 0 not looked at"]


# ---- a desk that is well ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """Run a second sandbox that plays the real vendors."""
    with running_sandbox(tmp_path_factory.mktemp("vendor"), free_port()) as url:
        control = Control(url)
        control.pace(first_text_ms=20, gap_ms=1)
        control.url = url  # type: ignore[attr-defined]
        yield control


@pytest.fixture(autouse=True)
def no_faults(vendor: Control) -> Iterator[None]:
    vendor.clear()
    yield
    vendor.clear()


def vendors(control: Control) -> dict[str, str]:
    url = control.url  # type: ignore[attr-defined]
    return {
        "GEMINI_API_KEY": KEY,
        "GEMINI_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": "my-mini",
    }


def beaten(desk: DeskServer) -> None:
    """Wait until the worker has rolled up for the first time."""
    query = (
        "from routing.models import RollUpState as R; "
        "print('RAN', R.objects.filter(ran_at__isnull=False).count())"
    )
    wait_until(lambda: "RAN 1" in desk.manage("shell", "-v", "0", "-c", query), what="beat")


def test_a_desk_that_is_well(desk: DeskServer) -> None:
    beaten(desk)
    said = doctor(desk.env)
    assert said.code == 0, said.text
    for check in (
        "database",
        "migrations",
        "Redis",
        "disk",
        "web processes",
        "worker",
        "beat",
        "socket",
        "FAQ",
        "semantic half",
    ):
        assert said.states(check) == {"ok"}, said.about(check)
    assert "answered pong" in said.about("socket")
    assert said.states("models") == {"warn"}, "the sandbox plays them"


def test_every_key_is_called_once_and_booked(desk: DeskServer, vendor: Control) -> None:
    before = len(vendor.requests())
    said = doctor({**desk.env, **vendors(vendor)})
    for name, model in (
        ("gemini", "gemini-3.5-flash-lite"),
        ("anthropic", "claude-haiku-5-5"),
        ("openai", "my-mini"),
    ):
        assert said.states(f"key {name}") == {"ok"}, said.about(f"key {name}")
        assert f"{model}: first text" in said.about(f"key {name}")
    assert "unknown" in said.about("key openai"), "no price"
    assert "$0.0" in said.about("key gemini")
    calls = vendor.requests()[before:]
    assert len(calls) == 3
    assert all("ok" in json.dumps(call["body"]) for call in calls)
    query = (
        "from routing.models import ModelCall; "
        "calls = ModelCall.objects.filter(purpose='probe', prompt_version='one word'); "
        "print('BOOKED', calls.filter(ended_at__isnull=False).count())"
    )
    assert "BOOKED 3" in desk.manage("shell", "-v", "0", "-c", query)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"fault": "status", "status": 401}, "wrong key", "API_KEY="),
    ({"fault": "status", "status": 403}, "wrong key", "API_KEY="),
    ({"fault": "status", "status": 404}, "unknown model", "setup_models"),
    ({"fault": "status", "status": 402, "reason": "no_credit"}, "no credit", "add credit"),
    ({"fault": "status", "status": 429, "reason": "no_credit"}, "no credit", "add credit"),
    ({"fault": "status", "status": 503}, "down", "wait for the provider"),
    ({"fault": "status", "status": 400}, "refuses the request", "How it is asked"),
]


@pytest.mark.parametrize(("fault", "words", "line"), FAULTS, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_key_is_told_apart_on_every_wire(
    desk: DeskServer, vendor: Control, fault: dict[str, Any], words: str, line: str
) -> None:
    vendor.fault(model="*", times=9, after_tokens=-1, **fault)
    said = doctor({**desk.env, **vendors(vendor)})
    assert said.code == 1
    for name in ("gemini", "anthropic", "openai"):
        assert said.states(f"key {name}") == {"fail"}
        assert said.about(f"key {name}").startswith(words), said.about(f"key {name}")
        assert line in said.about(f"key {name}")


def test_another_model_a_rate_limit_and_a_dead_host_are_told_apart(desk: DeskServer, vendor: Control) -> None:
    vendor.fault("other_model", "claude-haiku-5-5")
    vendor.fault("status", "my-mini", status=429, after_tokens=-1)
    dead = {"GEMINI_BASE_URL": f"http://127.0.0.1:{free_port()}"}
    said = doctor({**desk.env, **vendors(vendor), **dead})
    assert said.states("key anthropic") == {"warn"}
    assert "was answered by" in said.about("key anthropic")
    assert said.states("key openai") == {"warn"}
    assert "too many requests" in said.about("key openai")
    assert said.states("key gemini") == {"fail"}
    assert "unreachable" in said.about("key gemini")
    assert "GEMINI_BASE_URL" in said.about("key gemini")


def test_one_key_leaves_no_route_without_a_model(desk: DeskServer, vendor: Control) -> None:
    only = {name: value for name, value in vendors(vendor).items() if name.startswith("ANTHROPIC")}
    said = doctor({**desk.env, **only})
    assert said.states("ladders") == {"ok"}, said.about("ladders")


def test_a_model_without_a_price_on_a_ladder_is_named() -> None:
    """The cap, shown as fine beside it, would be a promise that nobody keeps."""
    price = Price(date(2026, 1, 1), 0, Decimal("0.000001"), Decimal("0.000004"))
    priced = ModelSpec("mini", "openai", "openai", "Mini", "lite", 100_000, 8_000, (price,))
    offer, soon = ProviderOffer("openai", "openai", "http://127.0.0.1"), date(2027, 1, 1)
    assert not list(worth_a_look(priced, offer, soon))
    (found,) = worth_a_look(replace(priced, prices=()), offer, soon)
    assert (found.state, found.check) == ("warn", "ladders")
    assert "the daily cap cannot hold it" in found.text
    assert "admin, Models, mini" in found.mend


def test_a_mail_server_whose_name_is_misspelt(desk: DeskServer) -> None:
    said = doctor({**desk.env, "EMAIL_URL": "smtp://mail.invalid:25?tls=none"})
    assert said.states("e-mail") == {"fail"}
    assert "the name mail.invalid of EMAIL_URL is not known in the DNS" in said.about("e-mail")


# ---- things that are gone ---------------------------------------------------------------------------


def test_nothing_runs_and_nothing_is_there(tmp_path: Path) -> None:
    port = str(free_port())
    env = {
        "DATA_DIR": str(tmp_path / "none"),
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "PORT": port,
    }
    said = doctor({**env, "ORIGINS": f"http://127.0.0.1:{port}"})
    assert said.code == 1
    for check in ("database", "Redis", "disk", "worker", "socket"):
        assert said.states(check) == {"fail"}, said.about(check)
    assert "make run" in said.about("database")
    assert "connection refused" in said.about("socket").lower()
    assert said.states("beat") == said.states("FAQ") == {"skip"}


def test_keys_are_tried_on_their_lists_when_the_database_is_gone(tmp_path: Path, vendor: Control) -> None:
    vendor.fault("status", "(list)", status=401, times=1)
    only = {name: value for name, value in vendors(vendor).items() if name.startswith("GEMINI")}
    gone = f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/desk"
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": gone, **only}
    refused = doctor(env)
    assert refused.states("database") == {"fail"}
    assert "DATABASE_URL=" in refused.about("database")
    assert "nothing@" not in refused.text
    assert "answered 401" in refused.about("key gemini")
    assert "not called" in doctor(env).about("key gemini")


@contextmanager
def silent() -> Iterator[int]:
    """Listen and never say a word, as a firewall that swallows looks from here."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield int(listener.getsockname()[1])


def test_hosts_that_never_answer_do_not_hold_it_up(tmp_path: Path) -> None:
    with silent() as port:
        env = {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"postgresql://me:secret@127.0.0.1:{port}/desk",
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}?tls=none",
            "GEMINI_API_KEY": KEY,
            "GEMINI_BASE_URL": f"http://127.0.0.1:{port}",
            "ORIGINS": f"http://127.0.0.1:{port}",
        }
        said = doctor(env)  # its own deadlines end it; the sixty seconds of `doctor` only bound a failure
    for check in ("database", "Redis", "worker", "e-mail", "socket", "key gemini"):
        assert said.states(check) == {"fail"}, said.about(check)
    assert "secret" not in said.text


@contextmanager
def web_page(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer every request 404, as a proxy without the WebSocket lines does."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        server.daemon_threads = True
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        """Pass requests on, as far as this test needs it: a ping is answered as the desk does."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.passes_requests or asked["frames"] != [{"type": "ping"}] or not self.headers["Origin"]:
            self.send_error(502)
            return
        self.send_response(200)
        self.send_header("Content-Length", "17")
        self.end_headers()
        self.wfile.write(b'[{"type":"pong"}]')

    passes_requests = False

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_a_proxy_that_passes_no_upgrade_and_a_bad_certificate_are_told_apart(tmp_path: Path) -> None:
    with web_page() as port:
        said = doctor({"DATA_DIR": str(tmp_path), "ORIGINS": f"http://127.0.0.1:{port}"})
        assert "the upgrade was answered 404" in said.about("socket")
        assert "Upgrade and Connection" in said.about("socket")
        assert said.states("socket") == {"fail"}
        Quiet.passes_requests = True
        said = doctor({"DATA_DIR": str(tmp_path), "ORIGINS": f"http://127.0.0.1:{port}"})
        Quiet.passes_requests = False
        assert said.states("socket") == {"warn"}
        assert "visitors reach the desk by plain requests" in said.about("socket")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with web_page(context) as port:
        said = doctor({"DATA_DIR": str(tmp_path), "ORIGINS": f"https://localhost:{port}"})
        assert "TLS failed: unable to get local issuer certificate" in said.about("socket")


@pytest.mark.postgres
def test_postgresql_is_named_with_its_version_and_its_clock(tmp_path: Path, postgres_url: str) -> None:
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": postgres.new_database(postgres_url, "doctor")}
    empty = doctor(env)
    assert "manage.py migrate" in empty.about("migrations")
    assert empty.states("database clock") == {"ok"}
    assert empty.about("database").startswith("PostgreSQL 1")


def test_a_stopped_worker_and_a_dead_redis_are_seen(tmp_path: Path) -> None:
    with running_desk(tmp_path / "var") as desk:
        said = doctor(desk.env)
        assert said.states("worker") == said.states("beat") == {"fail"}
        assert said.states("web processes") == said.states("socket") == {"ok"}, said.text
        assert "make run" in said.about("worker")

        other = {**desk.env, "REDIS_URL": f"redis://:hidden@127.0.0.1:{free_port()}/0"}
        broken = doctor(other)
        assert broken.states("Redis") == {"fail"}
        assert "REDIS_URL=" in broken.about("Redis")
        assert "hidden" not in broken.text

        elsewhere = doctor({**desk.env, "SECRET_KEY": "another-key-than-the-running-desk-has-0123456789"})
        assert "another SECRET_KEY" in elsewhere.about("socket")

        folder = tmp_path / "weights"
        without = doctor({**desk.env, "EMBEDDER_DIR": str(folder)})
        assert without.states("semantic half") == {"warn"}
        assert f"{folder}/model.safetensors cannot be read" in without.about("semantic half")
        assert "put its model.safetensors and vocab.txt into EMBEDDER_DIR" in without.about("semantic half")
        foreign = doctor({**desk.env, "ORIGINS": f"http://localtest.localhost:{desk.ports[0]}"})
        assert foreign.states("socket") == {"fail"}


# ---- mail -------------------------------------------------------------------------------------------


class Letters:
    """Keeps what a real SMTP server takes."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.arrived = threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(envelope)
        self.arrived.set()
        return "250 OK"


@contextmanager
def smtp(letters: Letters, password: str = "") -> Iterator[str]:
    def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == password.encode(), handled=False)

    options: dict[str, Any] = {"auth_require_tls": False}
    if password:
        options |= {"authenticator": sign_in, "auth_required": True}
    controller = Controller(letters, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


# On loopback the password may be asked for without encryption.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_mail_is_greeted_signed_in_and_sent_only_when_asked(tmp_path: Path) -> None:
    letters = Letters()
    with smtp(letters, "right") as where:
        env = {"DATA_DIR": str(tmp_path), "EMAIL_URL": f"smtp://me:right@{where}?tls=none"}
        said = doctor(env)
        assert "takes the password" in said.about("e-mail")
        assert said.states("sender") == {"warn"}
        assert letters.taken == []
        sent = doctor({**env, "EMAIL_FROM": "Desk <desk@example.com>"}, "--mail-to", "ann@example.org")
        assert sent.states("test mail") == sent.states("sender") == {"ok"}
        assert letters.arrived.wait(10)
        assert letters.taken[0].rcpt_tos == ["ann@example.org"]

        wrong = doctor(
            {**env, "EMAIL_URL": f"smtp://me:wrong@{where}?tls=none"}, "--mail-to", "ann@example.org"
        )
        assert "refuses user or password" in wrong.about("e-mail")
        assert "wrong@" not in wrong.text
        plain = doctor({**env, "EMAIL_URL": f"smtp://me:right@{where}"})
        assert "does not offer encryption" in plain.about("e-mail")
    assert len(letters.taken) == 1
    gone = doctor({**env, "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}?tls=none"})
    assert gone.states("e-mail") == {"fail"}
    assert "EMAIL_URL=" in gone.about("e-mail")


def test_a_backup_that_is_missing_or_old_is_told_in_production(tmp_path: Path, settings: Settings) -> None:
    settings.ENV = replace(settings.ENV, backup_dir=tmp_path / "backups")
    settings.DEBUG = False
    (none,) = stores.check_backups()
    assert (none.state, "none in" in none.text) == ("warn", True)
    (tmp_path / "backups").mkdir()
    file = tmp_path / "backups" / "20261124T031500Z.desk.tar.gz"
    file.write_bytes(b"")
    assert [found.state for found in stores.check_backups()] == ["ok"]
    old = time.time() - 3 * 24 * 3600
    os.utime(file, (old, old))
    (late,) = stores.check_backups()
    assert (late.state, "72 h old" in late.text) == ("warn", True)
    assert "make backup" in late.mend
