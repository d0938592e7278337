"""docs/deployment.md is followed to the letter, as far as one machine can do it twice at the same time.

Blocks marked `sh tested` are run in order in a copy of the checkout; only folders, ports and the provider's
address are others. Then the programs are started by the lines of the units, nginx by its shipped file.
"""

import asyncio
import contextlib
import csv
import http.client
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import get_commands

from assistant.supervisor.redis_server import find_redis
from common.redis import sync_client
from tests import servers
from tests.deploy.edge import Edge, running_edge
from tests.environment import ROOT, free_port
from tests.postgres import postgres_programs, unprivileged_user

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]

PAGE = ROOT / "docs/deployment.md"
LEFT_OUT = shutil.ignore_patterns(
    ".venv*", ".git", "var*", "staticfiles", "__pycache__", ".*_cache", ".hypothesis", ".env"
)
PASSWORD = "walk-through-password"


def blocks(kind: str) -> list[str]:
    """Return the fenced blocks of the page whose info string is `kind`."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def write_faq(path: Path) -> None:
    """Write a file as a shop would export it: 200 rows, headings of its own, separated by semicolons."""
    things = ("lamp", "chair", "table", "rug", "shelf", "sofa", "mirror", "clock", "desk", "bench")
    rooms = (
        "kitchen",
        "garden",
        "office",
        "nursery",
        "hallway",
        "attic",
        "cellar",
        "bath",
        "porch",
        "studio",
    )
    texts = (
        (
            "How do I clean the {room} {thing}?",
            "Wipe the {room} {thing} with a damp cloth, never with solvent.",
        ),
        (
            "How long is the warranty on the {room} {thing}?",
            "The {room} {thing} has a warranty of **four years**.",
        ),
    )
    rows = [
        (question.format(thing=thing, room=room), answer.format(thing=thing, room=room))
        for question, answer in texts
        for thing in things
        for room in rooms
    ]
    with path.open("w", newline="", encoding="cp1252") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("Question", "Answer"))
        writer.writerows(rows)
    assert len(rows) == 200


class Machine:
    """The bare machine of the page, squeezed into one folder."""

    def __init__(self, folder: Path, postgres_url: str, redis_port: int, sandbox_url: str) -> None:
        self.folder = folder
        self.checkout = folder / "opt"
        self.ports = [free_port(), free_port()]
        self.account = self._account()
        database = postgres_url.rsplit("/", 1)[0].replace("postgresql://desk@", "")
        self.elsewhere = [
            ("/opt/desk", str(self.checkout)),
            ("/var/lib/desk", str(folder / "lib")),
            ("/var/backups/desk", str(folder / "backups")),
            ("/var/www/desk", str(folder / "www")),
            ("/tmp/faq.csv", str(folder / "faq.csv")),
            # The private PostgreSQL has an owner of that name already.
            ("ROLE desk ", "ROLE walker "),
            ("OWNER desk ", "OWNER walker "),
            ("desk@%2Fvar%2Frun%2Fpostgresql/desk", f"walker@{database}/desk"),
            ("redis://127.0.0.1:6379/0", f"redis://127.0.0.1:{redis_port}/0"),
            ("GEMINI_API_KEY=your-key", f"GEMINI_API_KEY=a-key\nGEMINI_BASE_URL={sandbox_url}"),
            ("sudo -u postgres psql", f"psql {shlex.quote(postgres_url)}"),
        ]
        self.env = {
            "PATH": f"{postgres_programs()}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }

    def _account(self) -> str:
        """Return an account without rights that can run this Python; nothing when there is none."""
        user = unprivileged_user()
        if user:
            command = [sys.executable, "-c", "import django"]
            with contextlib.suppress(OSError):
                if (
                    subprocess.run(command, check=False, user=user, capture_output=True, cwd="/").returncode
                    == 0
                ):
                    return user
        return ""

    def prepare(self) -> None:
        """Do what steps 1 and 2 do: folders, checkout, environment, and the file to import."""
        shutil.copytree(ROOT, self.checkout, ignore=LEFT_OUT)
        (self.checkout / ".venv").symlink_to(Path(sys.executable).parent.parent)
        for name in ("lib", "backups", "www"):
            (self.folder / name).mkdir()
        write_faq(self.folder / "faq.csv")
        if self.account:
            for path in (self.folder, *self.folder.rglob("*")):
                if not path.is_symlink():
                    shutil.chown(path, self.account)

    @property
    def settings(self) -> str:
        return (self.checkout / ".env").read_text()

    def here(self, text: str) -> str:
        """Return a command of the page or of a unit as it is run here."""
        for there, here in self.elsewhere:
            text = text.replace(there, here)
        return text

    def run(self, script: str, typed: str = "") -> str:
        """Run commands as one shell, which ends at the first that fails; return what it printed."""
        done = subprocess.run(
            ["bash", "-euc", self.here(script)], cwd=self.checkout, env=self.env, input=typed,
            user=self.account or None, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, unit: str, port: int = 0) -> servers.Server:
        """Start a service by its unit: the same command, folder and environment file."""
        text = (ROOT / "deploy/systemd" / unit).read_text()
        (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        command = self.here(command).replace("%i", str(port))
        values = dict(line.split("=", 1) for line in self.settings.splitlines())
        # Nothing of this test process's environment; an empty name of the settings would count as a name.
        clean = {**dict.fromkeys(os.environ, ""), "DJANGO_SETTINGS_MODULE": "assistant.settings"}
        clean |= {**self.env, **values}
        return servers.start(
            shlex.split(command), self.folder / f"{unit}{port}.log", clean, self.account, self.checkout
        )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, sandbox: str) -> Iterator[Machine]:
    """Follow the page up to step 8."""
    if shutil.which("psql", path=f"{postgres_programs()}:{os.environ['PATH']}") is None:
        servers.missing("psql")
    redis_port, folder = free_port(), Path(tempfile.mkdtemp(prefix="desk-walk-"))
    redis_folder = tmp_path_factory.mktemp("walk-redis")
    program = find_redis()
    redis = servers.start(
        [
            program, str(ROOT / "deploy/redis/desk.conf"), "--port", str(redis_port), "--bind", "127.0.0.1",
            "--dir", str(redis_folder),
        ],
        redis_folder / "redis.log",
    )  # fmt: skip
    try:
        servers.wait_until(lambda: servers.listens(redis_port), redis, "Redis with deploy/redis/desk.conf")
        made = Machine(folder, postgres_url, redis_port, sandbox)
        made.prepare()
        for block in blocks("sh tested"):
            made.run(block, typed=f"{PASSWORD}\n")
        yield made
    finally:
        redis.stop()
        shutil.rmtree(folder)
        # A worker that comes back to this module walks the page again, on the same server.
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute("DROP DATABASE IF EXISTS desk WITH (FORCE)")
            server.execute("DROP ROLE IF EXISTS walker")


def ready(port: int) -> bool:
    return servers.http_status(port, "/readyz") == http.client.OK


@pytest.fixture(scope="module")
def edge(machine: Machine) -> Iterator[Edge]:
    """Follow steps 9 and 10."""
    started = [machine.start("desk-web@.service", port) for port in machine.ports]
    started += [machine.start("desk-worker.service"), machine.start("desk-beat.service")]
    try:
        for port, web in zip(machine.ports, started, strict=False):
            servers.wait_until(partial(ready, port), web, f"the web process on {port}")
        with running_edge("nginx", machine.ports) as running:
            yield running
        assert [server.log() for server in started if server.popen.poll() is not None] == []
    finally:
        for server in started:
            server.stop()


def test_the_settings_are_private_and_redis_is_as_the_page_says(machine: Machine) -> None:
    assert stat.S_IMODE((machine.checkout / ".env").stat().st_mode) == 0o600
    url = re.findall(r"REDIS_URL=(.*)", machine.settings)[0]
    client: Any = sync_client(url)
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()
    assert "mailto:help@example.com" in (machine.folder / "www/unavailable.html").read_text()


def wait_for_figures(machine: Machine) -> None:
    """Wait until beat and worker have rolled up the first minute of the desk's life."""
    with psycopg.connect(re.findall(r"DATABASE_URL=(.*)", machine.settings)[0], autocommit=True) as database:

        def rolled_up() -> bool:
            row = database.execute("SELECT count(*) FROM routing_minuterow").fetchone()
            return bool(row and row[0])

        servers.wait_until(rolled_up, what="the figures of the conversation, by beat and worker")


async def test_it_ends_in_a_conversation_from_the_imported_file(edge: Edge, machine: Machine) -> None:
    page = edge.get("/")
    assert page.status == 200
    assert "Acme help" in page.text
    assert "Larkfield" not in page.text
    async with edge.chat() as chat:
        assert chat.opened["sandbox"] is False
        approved = await chat.ask("how long is the warranty on the attic sofa")
        written = await chat.ask("My cat sleeps on the hallway rug; will that hurt it, what do you think?")
    assert approved.done
    assert written.done
    assert approved.done["route"] == "faq"
    assert "The attic sofa has a warranty of" in approved.text
    assert (written.done["state"], written.done["route"] != "faq") == ("completed", True)
    await asyncio.to_thread(wait_for_figures, machine)


def test_staff_can_sign_in_and_find_their_entries(machine: Machine) -> None:
    said = machine.run(
        '.venv/bin/python manage.py shell --no-imports -c "from django.contrib.auth import authenticate as a;'
        "from django.test import RequestFactory as R; from faq.models import Entry;"
        f"print(bool(a(R().get('/'), username='admin', password='{PASSWORD}')), Entry.objects.count())\""
    )
    assert said.split() == ["True", "200"]


def test_what_cannot_be_run_here_names_what_there_is() -> None:
    text = "\n".join([*blocks("sh"), *blocks("sh tested")])
    units = {path.name for path in (ROOT / "deploy/systemd").iterdir()}
    for name in re.findall(
        r"\b(desk(?:-[a-z]+)?(?:@\d+)?\.(?:service|timer|target|slice))", PAGE.read_text()
    ):
        assert re.sub(r"@\d+", "@", name) in units, name
    for pattern in re.findall(r"/opt/desk/(deploy/\S+)", text):
        assert list(ROOT.glob(pattern)), pattern
    for name in re.findall(r"^cp (\S+) ", text, re.MULTILINE):
        assert (ROOT / "deploy/container" / name).exists(), name
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|desk )make (?:-C \S+ )?([a-z]+)", text, re.MULTILINE)) <= targets
    for unit in units:
        for path in re.findall(
            r"/opt/desk/(deploy/\S+|manage\.py)", (ROOT / "deploy/systemd" / unit).read_text()
        ):
            assert (ROOT / path).exists(), path


def test_the_folders_of_the_units_are_made_by_the_page() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("install -d")]
    made = set(re.findall(r"/(?:opt|var)/\S+", "\n".join(lines)))
    for unit in (ROOT / "deploy/systemd").glob("*.service"):
        (paths,) = re.findall(r"^ReadWritePaths=(.*)$", unit.read_text(), re.MULTILINE)
        assert set(paths.split()) <= made, unit.name
