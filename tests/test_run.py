"""`make run` as an operator sees it: ready, one log, one Ctrl-C, nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.environment import ROOT, free_port

pytestmark = pytest.mark.timeout(240)

PROGRAMS = ("redis-server", "manage.py sandbox", "manage.py serve", "celery", "warden.py")


class Run:
    """One supervisor on its own DATA_DIR and ports."""

    def __init__(self, data_dir: Path, log: Path) -> None:
        self.data_dir = data_dir
        self.redis = "not known yet"
        self.env = {
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
            "REDIS_URL": "",
            "DEBUG": "",
        }
        # An empty DEBUG in the shell means "not set": make run develops.
        self.server = servers.start([sys.executable, "-m", "assistant.supervisor"], log, self.env)

    @property
    def port(self) -> int:
        return int(self.env["PORT"])

    def log(self) -> str:
        return self.server.log_file.read_text(errors="replace")

    def info(self) -> dict[str, Any]:
        return dict(json.loads((self.data_dir / "run.json").read_text()))

    def wait_for(self, text: str, times: int = 1) -> None:
        servers.wait_until(lambda: self.log().count(text) >= times, self.server, f"the line {text!r}")

    def processes(self) -> dict[int, str]:
        """Return the living processes of this run: by DATA_DIR in their environment, or Redis by its port.

        Redis writes its title over its environment.
        """
        if (self.data_dir / "run.json").exists():
            self.redis = f"redis-server 127.0.0.1:{self.info()['ports']['redis']}"
        mark = f"DATA_DIR={self.data_dir}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                ours = mark in (folder / "environ").read_bytes().split(b"\0") or command.endswith(self.redis)
            except OSError:  # it ended while it was being looked at
                continue
            if command and ours:
                found[int(folder.name)] = command
        return found

    def pid_of(self, program: str) -> int:
        return min(pid for pid, command in self.processes().items() if program in command)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    if not Path("/proc/self/environ").exists():
        servers.missing("/proc")
    folder = tmp_path_factory.mktemp("run")
    running = Run(folder / "var", folder / "run.log")
    try:
        running.wait_for("password: ")
        yield running
    finally:
        running.server.stop()


def test_it_says_ready_once_and_the_password_last(run: Run) -> None:
    lines = run.log().splitlines()
    ready = [line for line in lines if line.startswith("ready: ")]
    assert ready == [f"ready: http://127.0.0.1:{run.port}/"]
    told = [line for line in lines if " | " not in line]
    assert told[-1] == "password: " + (run.data_dir / "admin-password").read_text().strip()
    assert servers.http_status(run.port, "/") == servers.http_status(run.port, "/healthz") == 200


def test_everything_runs_and_run_json_says_where(run: Run) -> None:
    commands = " ".join(run.processes().values())
    assert [program for program in PROGRAMS if program not in commands] == []
    info = run.info()
    assert info["pid"] == run.server.pid
    assert info["urls"]["desk"] == f"http://127.0.0.1:{run.port}/"
    assert all(servers.listens(port) for port in info["ports"].values())
    assert set(info["ports"]) == {"web", "sandbox", "redis"}


def test_no_child_knows_the_password(run: Run) -> None:
    for pid, command in run.processes().items():
        if pid != run.server.pid:
            assert b"ADMIN_PASSWORD=" not in Path(f"/proc/{pid}/environ").read_bytes(), command


def test_a_command_beside_it_finds_the_same_database_and_redis(run: Run) -> None:
    code = (
        "from django.conf import settings; print(settings.REDIS_URL, settings.ENV.port, settings.SECRET_KEY)"
    )
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT, env={**kept, "DATA_DIR": str(run.data_dir)}, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    secret = (run.data_dir / "secret-key").read_text().strip()
    assert said == [run.info()["urls"]["redis"], str(run.port), secret]


def test_a_second_one_on_the_same_folder_says_so_and_stops(run: Run) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "assistant.supervisor"],
        cwd=ROOT, env={**os.environ, **run.env}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.startswith(
        f"A desk already runs on the data folder {run.data_dir} (process {run.server.pid}"
    )
    assert second.stderr.count("\n") == 1


def test_a_taken_port_is_named(run: Run, tmp_path: Path) -> None:
    other = {**run.env, "DATA_DIR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "assistant.supervisor"],
        cwd=ROOT, env={**os.environ, **other}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {run.port} on 127.0.0.1 cannot be used (address already in use)")


@pytest.mark.parametrize("program", ["manage.py serve", "redis-server", "manage.py sandbox", "celery"])
def test_a_program_that_dies_is_started_again(run: Run, program: str) -> None:
    before = {pid for pid, command in run.processes().items() if program in command}
    os.kill(min(before), signal.SIGKILL)

    def replaced() -> bool:
        """Return whether it runs again and nothing of the first one does, a worker's pool included."""
        now = {pid for pid, command in run.processes().items() if program in command}
        return bool(now) and not now & before

    servers.wait_until(replaced, run.server, program)
    servers.wait_until(lambda: servers.http_status(run.port, "/readyz") == 200, run.server, "/readyz")


def end(run: Run, number: signal.Signals) -> None:
    """End a whole desk by a signal; nothing of it may be left."""
    assert len(run.processes()) >= len(PROGRAMS)
    os.kill(run.server.pid, number)
    code = run.server.popen.wait(30)
    servers.wait_until(lambda: not run.processes(), what=f"the end of {sorted(run.processes().values())}")
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    assert (run.data_dir / "run.json").exists() == (number == signal.SIGKILL)


def test_nothing_is_left_behind_by_ctrl_c(run: Run) -> None:
    """The last that asks the run above: it ends it."""
    end(run, signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    # A desk that was started before: what a first start does is asked of the one above.
    (tmp_path / "var").mkdir()
    shutil.copy(servers.seeded_sqlite("1"), tmp_path / "var" / "desk.sqlite3")
    servers.lend_graph(tmp_path / "var")
    run = Run(tmp_path / "var", tmp_path / "run.log")
    try:
        run.wait_for("password: ")
        end(run, number)
    finally:
        run.server.stop()


def test_ctrl_c_while_it_is_still_starting_ends_it_as_well(tmp_path: Path) -> None:
    run = Run(tmp_path / "var", tmp_path / "run.log")
    try:
        run.wait_for("redis ")
        os.kill(run.server.pid, signal.SIGINT)
        assert run.server.popen.wait(30) == 0
        servers.wait_until(lambda: not run.processes(), what="the end of all programs")
        assert "ready:" not in run.log()
    finally:
        run.server.stop()
