"""Somebody of the team at work on a running desk: one process that does what the inbox does, line by line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.environment import ROOT
from tests.servers import DeskServer

CHILD = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils.timezone import now
from assistant.person import live
from assistant.models import *
from assistant.settings_snapshot import as_snapshot
from faq import index
from routing import publishing
from routing.models import ModelCall, RouteOutcome

def change_settings(**values):
    before = {name: getattr(AssistantSettings.objects.get(), name) for name in values}
    AssistantSettings.objects.update(**values)
    publishing.publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))
    return before

made = set()

def member(name, first_name=""):
    defaults = {"first_name": first_name, "is_staff": True}
    user, new = User.objects.get_or_create(username=name, defaults=defaults)
    if new:
        made.add(user.pk)
    return user

for line in sys.stdin:
    publishing.refresh()
    try:
        said = [eval(json.loads(line)), None]
    except Exception as error:
        said = [None, f"{type(error).__name__}: {error}"]
    print("SAID", json.dumps(said, default=str), flush=True)
"""


class Team:
    """Anna, and colleagues by name; everything goes through assistant.person.live in a process of its own."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.child = child

    def does(self, code: str) -> Any:
        """Return what an expression gives in the desk's own code. Raises RuntimeError with what it raised."""
        assert self.child.stdin is not None and self.child.stdout is not None
        print(json.dumps(code), file=self.child.stdin, flush=True)
        for line in self.child.stdout:
            if line.startswith("SAID "):
                value, error = json.loads(line.removeprefix("SAID "))
                if error:
                    raise RuntimeError(error)
                return value
        raise RuntimeError("the team's process has ended")

    def present(self, name: str = "anna") -> None:
        self.does(f"live.present(member({name!r}, {name.title()!r}))")

    def gone(self, minutes: float, name: str = "anna") -> None:
        """Have closed the inbox so many minutes ago."""
        self.does(
            f"StaffPresence.objects.filter(user__username={name!r})"
            f".update(seen_at=now() - timedelta(minutes={minutes}))"
        )

    def take(self, request_id: str, name: str = "anna") -> str:
        return str(self.does(f"live.take({request_id!r}, member({name!r})).live"))

    def say(self, request_id: str, text: str, key: str = "", name: str = "anna") -> None:
        self.does(f"live.say({request_id!r}, member({name!r}), {text!r}, {key or text!r}).pk")

    def row(self, request_id: str, *names: str) -> list[Any]:
        return list(self.does(f"Request.objects.values_list(*{names!r}).get(pk={request_id!r})"))


@contextmanager
def working(desk: DeskServer) -> Iterator[Team]:
    """Have a team at a desk that is always open; both are as they were afterwards."""
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **desk.env, "DJANGO_SETTINGS_MODULE": "assistant.settings"},
    )
    team = Team(child)
    before = team.does('change_settings(opening_hours="", closed_on="")')
    try:
        team.present()
        yield team
    finally:
        team.does("StaffPresence.objects.all().delete()[0] + User.objects.filter(pk__in=made).delete()[0]")
        team.does(f"change_settings(**{before!r})")
        assert child.stdin is not None
        child.stdin.close()
        child.wait(20)
