"""`make run` on one machine with DEBUG=0: production settings, collected files, passwords left alone."""

import http.client
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.environment import ROOT, free_port

pytestmark = pytest.mark.timeout(240)


def start_desk(folder: Path, log: str) -> tuple[servers.Server, int, dict[str, str]]:
    port = free_port()
    env = {
        "DEBUG": "0",
        "ORIGINS": "https://support.example.com",
        "DATA_DIR": str(folder / "var"),
        "STATIC_DIR": str(folder / "static"),
        "PORT": str(port),
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX": "1",  # with a provider's key it is not wanted; here there is none
        "REDIS_URL": "",
        "SECRET_KEY": "",  # DATA_DIR keeps one
    }
    return servers.start([sys.executable, "-m", "assistant.supervisor"], folder / log, env), port, env


def page_of(port: int, path: str) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": "support.example.com", "X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    body, policy = answer.read().decode(), answer.headers.get("Content-Security-Policy", "")
    connection.close()
    return answer.status, body, policy


def shell(env: dict[str, str], code: str) -> str:
    # As a command beside `make run`: what was not given there is found in DATA_DIR/run.json.
    given = {name: value for name, value in env.items() if value}
    return servers.manage("shell", "--no-imports", "-c", code, env=given).strip()


CHANGE = (
    "from django.contrib.auth.models import User as U; u = U.objects.get(username='admin');"
    "u.set_password('my-own-choice-4711'); u.save()"
)
CHECK = (
    "from django.contrib.auth.models import User as U; u = U.objects.get(username='admin');"
    "print(u.check_password('my-own-choice-4711'))"
)


def test_it_serves_visitors_and_keeps_the_passwords_that_people_chose(tmp_path: Path) -> None:
    for log in ("first.log", "second.log"):
        server, port, env = start_desk(tmp_path, log)
        try:
            servers.wait_until(lambda at=server: "first password" in at.log(), server, "ready")  # type: ignore[misc]
            said = server.log()
            assert f"ready: http://127.0.0.1:{port}/" in said
            assert "ERROR" not in said, "asking whether it is ready is no fault"
            assert "System check identified" not in said, "there is nothing that a newcomer could mend"
            first = (tmp_path / "var/admin-password").read_text().strip()
            assert first not in said
            status, page, policy = page_of(port, "/")
            assert status == 200
            assert "script-src 'self'" in policy
            (script, *_) = re.findall(r'src="(/static/[^"]+\.[0-9a-f]{8}\.js)"', page)
            assert page_of(port, script)[0] == 200
            assert page_of(port, "/nothing")[0] == 404, "and no traceback page"
            if log == "first.log":
                shell(env, CHANGE)
            assert shell(env, CHECK) == "True"
        finally:
            server.stop()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"ORIGINS": ""}, "ORIGINS is not set"),
        (
            {"ORIGINS": "https://a.example", "SECRET_KEY": secrets.token_urlsafe(8)},
            "SECRET_KEY can be guessed",
        ),
        ({"ORIGINS": "https://a.example", "DEBUG": "1"}, "set DEBUG=0"),
    ],
)
def test_what_is_unsafe_is_refused_in_one_line(tmp_path: Path, values: dict[str, str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant.supervisor"],
        cwd=ROOT, check=False, capture_output=True, text=True,
        env={**os.environ, "DEBUG": "0", "DATA_DIR": str(tmp_path / "var"), "SECRET_KEY": "", **values},
    )  # fmt: skip
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
