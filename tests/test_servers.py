"""The servers that other tests lean on are what they say: real, private and gone afterwards."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from common.redis import sync_client
from tests import postgres, servers, warm
from tests.environment import ROOT


def test_redis_is_ours_alone_and_gone_afterwards(tmp_path: Path) -> None:
    with servers.running_redis(tmp_path) as first, servers.running_redis(tmp_path) as second:
        one, other = sync_client(first), sync_client(second)
        one.set("question", "how do I reset my password?")
        assert one.get("question") == "how do I reset my password?"
        assert other.get("question") is None
        one.close()
        other.close()
        port = int(first.rsplit(":", 1)[-1].split("/")[0])
        assert servers.listens(port)
    assert not servers.listens(port)


LEADER = "import subprocess, time; print(subprocess.Popen(['sleep', '90']).pid, flush=True); time.sleep(90)"


def child_of(server: servers.Server) -> int:
    servers.wait_until(lambda: server.log().endswith("\n"), server, "the number of its child")
    return int(server.log())


def test_a_server_takes_its_children_with_it_also_when_it_died_first(tmp_path: Path) -> None:
    server = servers.start([sys.executable, "-c", LEADER], tmp_path / "log")
    child = child_of(server)
    os.kill(server.pid, signal.SIGKILL)
    server.popen.wait()
    assert servers.lives(child)
    server.kill()
    servers.wait_until(lambda: not servers.lives(child), what="the end of the child")


SPEAKER = "import os, sys; print(os.environ['MARK'], sys.argv[1:]); sys.exit(3)"


def test_a_forked_program_has_its_own_environment_streams_and_end(tmp_path: Path) -> None:
    said = warm.run("-c", SPEAKER, "one", "two", env={"MARK": "mine"})
    assert (said.returncode, said.stdout, said.stderr) == (3, "mine ['one', 'two']\n", "")
    failed = warm.run("-c", SPEAKER, env={})
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.endswith("KeyError: 'MARK'\n")
    server = servers.start_warm(["-c", LEADER], tmp_path / "log")
    child = child_of(server)
    with pytest.raises(subprocess.TimeoutExpired):
        server.popen.wait(0.01)
    server.kill()
    assert server.popen.returncode == -signal.SIGKILL
    servers.wait_until(lambda: not servers.lives(child), what="the end of the child")


KILLED_TEST_RUN = """
import sys, time
from pathlib import Path
from tests import servers

servers.start([sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]))
time.sleep(90)
"""


def test_a_killed_test_run_leaves_no_server_behind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    command = [sys.executable, "-c", KILLED_TEST_RUN, LEADER, str(log)]
    with subprocess.Popen(command, cwd=ROOT) as run:
        child = child_of(servers.Server(run, log))
        assert servers.lives(child)
        run.kill()
    servers.wait_until(lambda: not servers.lives(child), what="the end of the child")


@pytest.mark.postgres
def test_postgres_holds_several_databases(postgres_url: str) -> None:
    url = postgres.new_database(postgres_url, "a_second_one")
    with psycopg.connect(url) as connection:
        name = connection.execute("SELECT current_database()").fetchone()
    assert name == ("a_second_one",)


def test_a_missing_program_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="Chromium is not installed"):
        servers.missing("Chromium")
    monkeypatch.setenv("REQUIRE_SERVERS", "")
    with pytest.raises(pytest.skip.Exception, match="Chromium is not installed"):
        servers.missing("Chromium")


def test_the_tests_see_no_key_and_no_running_desk() -> None:
    from django.conf import settings

    assert settings.ENV.providers == ()
    assert settings.ENV.debug
    assert str(settings.ENV.data_dir) == os.environ["DATA_DIR"]
    assert "desk-test-" in os.environ["DATA_DIR"]


def test_two_web_processes_share_one_postgres(desk_pair: servers.DeskServer) -> None:
    assert [servers.http_status(port, "/readyz") for port in desk_pair.ports] == [200, 200]
    assert desk_pair.manage("shell", "--no-imports", "-c", WHICH_DATABASE).strip() == "postgresql 3"


WHICH_DATABASE = (
    "from django.contrib.auth.models import User; from django.db import connection;"
    "print(connection.vendor, User.objects.count())"
)


def test_a_desk_with_everything(desk: servers.DeskServer) -> None:
    assert desk.manage("shell", "--no-imports", "-c", WHICH_DATABASE).strip() == "sqlite 3"
    assert desk.worker
    assert desk.worker.popen.poll() is None
    assert "=" in desk.visitor_cookie("free")
    desk.webs[0].kill()
    assert servers.http_status(desk.ports[0], "/healthz") == 0
    desk.start_web(0)
    assert servers.http_status(desk.ports[0], "/healthz") == 200
