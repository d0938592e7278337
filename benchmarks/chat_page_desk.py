"""A desk for the benchmark of the chat page: production settings, the shipped sandbox, a long talk."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.supervisor.redis_server import find_redis, redis_command
from benchmarks import faults_sandbox
from benchmarks.faults_sandbox import ROOT, Control, end
from benchmarks.streaming_contenders import clean_environment
from benchmarks.streaming_rig import free_port, listens

START_S = 600.0  # bounds a failure, on a busy machine too
WORDS, TURNS = 10_000, 30  # of the long conversation: as many turns as come with the page

PREPARE = """
from django.core.management import call_command
for command in ("migrate", "seed", "accounts", "collectstatic"):
    call_command(command, verbosity=0, **({"interactive": False} if command == "collectstatic" else {}))
from assistant.models import Conversation, Reply, Turn, Visitor
from assistant.rendering import render
from assistant.reserved import reserve
from assistant.visitors import issue_cookie, new_visitor
from common.clock import now
from django.conf import settings
visitor = Visitor.objects.create(id=new_visitor().id)
talk = Conversation.objects.create(id=reserve(visitor.id), visitor=visitor, title="A long one")
sentence = "Every **studio** keeps its calendar, and `plan=pro` shows them beside each other in one view. "
parts = [sentence * 4, "- one place for all\\n- another for some\\n- a third for none", sentence * 5]
while sum(len(part.split()) for part in parts) < WORDS // TURNS:
    parts += [sentence * 3, "```sh\\ncurl https://example.com/calendars?plan=pro\\n```"]
text = "\\n\\n".join(parts)
html = render(text, ())
for number in range(1, TURNS + 1):
    turn = Turn.objects.create(
        conversation=talk, visitor=visitor, ordinal=number, client_message_id=f"m{number}", text="And then?"
    )
    Reply.objects.create(
        turn=turn, conversation=talk, state="completed", ended_by="stop", ended_at=now(), seq=3, text=text,
        html=html, route="common", tier="lite", label="AI answer",
    )
with open(FILE, "w", encoding="utf-8") as file:
    print(settings.VISITOR_COOKIE, issue_cookie(visitor.id), talk.id, TURNS * len(text.split()), file=file)
"""


@dataclass(frozen=True)
class Page:
    """A running desk, its sandbox, and the visitor who has a long conversation there."""

    url: str
    sandbox: Control
    cookie: tuple[str, str]
    conversation: str
    words: int


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Page]:
    """Run Redis, the sandbox and one web process, and yield where they are; all end with the block."""
    data, port, redis_port = folder / "desk", free_port(), free_port()
    data.mkdir()
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(faults_sandbox.running(folder))
        env = {
            **clean_environment(),
            "DJANGO_SETTINGS_MODULE": "assistant.settings", "DEBUG": "0", "HTTPS": "0", "RATE_LIMITS": "off",
            "SECRET_KEY": "of-a-benchmark-and-long-enough-to-be-taken", "HOST": "127.0.0.1",
            "PORT": str(port), "ORIGINS": url, "DATA_DIR": str(data), "DATABASE_URL": "",
            "STATIC_DIR": str(folder / "static"),
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "LOG_LEVEL": "WARNING", "SANDBOX": "1",
            "ADMIN_PASSWORD": "of-a-benchmark-1", "SANDBOX_PORT": str(sandbox.port), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        redis = redis_command(find_redis(), redis_port, folder)
        _start(stack, list(redis), folder / "redis.log", env, redis_port)
        told = folder / "told"
        _prepare(env, told, folder / "prepare.log")
        name, cookie, conversation, words = told.read_text(encoding="utf-8").split()
        _start(stack, [sys.executable, "manage.py", "serve"], folder / "web.log", env, port)
        yield Page(url, sandbox, (name, cookie), conversation, int(words))
        shutil.rmtree(data, ignore_errors=True)


def _prepare(env: Mapping[str, str], told: Path, log: Path) -> None:
    script = f"WORDS, TURNS, FILE = {WORDS}, {TURNS}, {str(told)!r}\n{PREPARE}"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "--no-imports", "-c", script]
    with log.open("wb") as file:
        done = subprocess.run(
            command, cwd=ROOT, env=dict(env), stdout=file, stderr=file, check=False, timeout=START_S
        )
    if done.returncode:
        raise SystemExit(f"The desk could not be prepared:\n{log.read_text(errors='replace')[-2000:]}")


def _start(
    stack: contextlib.ExitStack, command: list[str], log: Path, env: Mapping[str, str], port: int
) -> None:
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    stack.callback(end, process)
    until = time.monotonic() + START_S
    while not listens(port):
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{log.name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
