"""Make the database that a desk of a release leaves behind, for test_upgrade.py to bring to this one.

    DEBUG=1 .venv/bin/python -m tests.upgrade.make_release_database v0.1.0 0.1.0

takes the code of a git commit or tag, runs its migrate, seed, sandbox and web server, talks to it over its
own socket, edits as its staff would, and writes NAME.sql.xz and NAME.json into this folder.
"""

import asyncio
import json
import lzma
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from tests import environment

environment.set_up()

import django  # noqa: E402 - as in tests/conftest.py

django.setup()

from tests import servers  # noqa: E402
from tests.control import Control  # noqa: E402
from tests.environment import ROOT, free_port  # noqa: E402
from tests.flows.client import Chat  # noqa: E402
from tests.flows.conftest import new_cookie  # noqa: E402
from tests.upgrade import facts  # noqa: E402

FOLDER = Path(__file__).parent
ASKED = (
    "How do I reset my password?",
    "Does it send texts too?",
    "Compare Pro and Studio for 3 locations, 12 staff and SMS; what happens if we downgrade mid-month?",
)

# Runs inside the old release, after it was talked to: what its staff would have changed by then.
EDITS = """
from datetime import timedelta
from django.db import transaction
from django.db.models import F
from assistant.models import AssistantSettings, Reply
from assistant.settings_snapshot import as_snapshot
from common.clock import now
from faq import services
from faq.models import AskedQuestion, Entry
from routing import rollup
from routing.models import CatalogueModel, Condition, LadderStep, ModelPrice, Route, Rule
from routing.models import HourRow, MinuteRow, ModelCall, RollUpState, RouteOutcome
from routing.publishing import publish

def edit_models():
    row = CatalogueModel.objects.get(pk="gemini-3.8-flash")
    row.label, row.context_tokens, row.note = "Our agreed Flash", 123456, "Price from our contract"
    row.staff_edited = ["context_tokens", "label", "note", "prices"]
    row.save()
    row.prices.all().delete()
    ModelPrice.objects.create(model=row, effective_from="2026-01-01", input="0.111", output="0.999")
    own = CatalogueModel.objects.create(
        id="our-own-model", provider="openai", wire="openai", label="Our own", tier="lite",
        context_tokens=32000, max_output_tokens=2000, staff_edited=["label"],
    )
    ModelPrice.objects.create(
        model=own, effective_from="2026-01-01", input="0.05", output="0.2", cached_input="0.01"
    )

def edit_routing():
    rules = list(Rule.objects.order_by("position"))
    rules[1], rules[2] = rules[2], rules[1]
    for position, rule in enumerate(rules, start=1):
        Rule.objects.filter(pk=rule.pk).update(position=position)
    Rule.objects.filter(pk=rules[1].pk).update(name="Second now, renamed by staff", reason="Staff said so")
    made = Rule.objects.create(
        position=len(rules), name="Refund words go up", route_id="complex", reason="Refunds are complex"
    )
    Rule.objects.filter(pk=rules[-1].pk).update(position=len(rules) + 1)
    copied = Condition.objects.filter(rule=rules[1]).first()
    Condition.objects.create(
        rule=made, group=1, signal=copied.signal, operator=copied.operator, value=copied.value
    )
    ladder = list(LadderStep.objects.filter(route_id="common").order_by("position"))
    models = [step.model_id for step in ladder]
    LadderStep.objects.filter(route_id="common").delete()
    for position, model in enumerate([*reversed(models), "our-own-model"]):
        LadderStep.objects.create(route_id="common", position=position, model_id=model)
    Route.objects.filter(pk="complex").update(instructions="Say what it costs per month.")

def edit_content():
    entry = Entry.objects.filter(status="published", kind="answer").order_by("pk")[3]
    entry.answer = "Edited by staff: **this** must outlive every upgrade."
    services.save_entry(entry, [*(p.text for p in entry.phrasings.all()), "a phrasing that staff added"])
    own = Entry(question="Do you ship to Mars?", answer="Not yet.", category="Own", status="published")
    services.save_entry(own, ["mars delivery", "shipping to mars"])
    asked = list(AskedQuestion.objects.order_by("created_at")[:2])
    services.label_asked(asked[0].pk, "right")
    services.label_asked(asked[1].pk, "wrong")

edit_content()
with transaction.atomic():
    edit_models()
    edit_routing()
    AssistantSettings.objects.update(name="Acme help", contact="help@acme.example", time_zone="Europe/London")
    publish(by="manager", note="Our own order", settings=as_snapshot(AssistantSettings.objects.get()))
# The example's figures are two days old, so that there are hours that are over as well.
for model, moments in ((RouteOutcome, ("ended_at",)), (ModelCall, ("started_at", "ended_at"))):
    ago = {name: F(name) - timedelta(days=2) for name in moments}
    model.objects.filter(purpose="demo").update(rolled_up=False, **ago)
MinuteRow.objects.all().delete()
HourRow.objects.all().delete()
RollUpState.objects.all().delete()
RouteOutcome.objects.update(rolled_up=False)
ModelCall.objects.update(rolled_up=False)
for _ in range(3):
    rollup.roll_up(now())
"""


def run(code: Path, env: Mapping[str, str], *arguments: str) -> None:
    """Run the old release's Python to its end, in its own folder."""
    full = {**os.environ, **env, "DJANGO_SETTINGS_MODULE": "assistant.settings"}
    subprocess.run([sys.executable, *arguments], cwd=code, env=full, check=True, stdout=sys.stderr)


def unpack(commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x", "-C", str(folder)], input=packed, check=True)


async def talk(base: str) -> dict[str, str]:
    """Have a conversation of several turns, a thumb under one answer; return what names the visitor."""
    cookie = new_cookie()
    async with Chat(base, cookie) as chat:
        shown = [await chat.ask(question) for question in ASKED]
        await chat.put(type="feedback", reply_id=shown[0].reply_id, rating="up")
        await chat.put(
            type="feedback",
            reply_id=shown[1].reply_id,
            rating="down",
            reason="wrong",
            comment="Only for one.",
        )
        await chat.put(type="ping")
        await chat.until(lambda frame: frame["type"] == "pong")
        assert all(reply.done and reply.done["state"] == "completed" for reply in shown)
        return {"conversation_id": str(chat.conversation_id), "last_text": shown[-1].text}


def live(code: Path, data: Path, started: ExitStack) -> dict[str, str]:
    """Run the old desk for its day of work; return what the test has to find again."""
    port, sandbox = free_port(), free_port()
    env = {
        "DATA_DIR": str(data), "DATABASE_URL": "", "DEBUG": "1", "PORT": str(port), "EXAMPLE": "1",
        "SANDBOX_PORT": str(sandbox), "ADMIN_PASSWORD": servers.PASSWORD,
        "ORIGINS": f"http://127.0.0.1:{port}",
        "REDIS_URL": started.enter_context(servers.running_redis(data)),
    }  # fmt: skip
    for step in ("migrate", "seed", "accounts"):
        run(code, env, "manage.py", step)
    for name, arguments in (("sandbox", ["--port", str(sandbox)]), ("serve", [])):
        command = [sys.executable, "manage.py", name, *arguments]
        program = servers.start(command, data / f"{name}.log", env, cwd=code)
        started.callback(program.stop)
        at = sandbox if name == "sandbox" else port
        servers.wait_until(lambda at=at: servers.listens(at), program, name)  # type: ignore[misc]
    Control(f"http://127.0.0.1:{sandbox}").pace(first_text_ms=40, gap_ms=2)
    servers.wait_until(lambda: servers.http_status(port, "/readyz") == 200, what="the old desk")
    told = asyncio.run(talk(f"http://127.0.0.1:{port}"))
    run(code, env, "manage.py", "demo_traffic", "--n", "40", "--seed", "7")
    run(code, env, "-c", f"import django\ndjango.setup()\n{EDITS}")
    return told


def _lines(content: Mapping[str, Any]) -> str:
    """Return JSON with one line a fact, so that a change of one can be seen."""
    told = {key: value for key, value in content.items() if key != "facts"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content["facts"].items()]
    return json.dumps(told, indent=1)[:-2] + ',\n "facts": {\n' + ",\n".join(lines) + "\n }\n}\n"


def main(commit: str, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        code, data = Path(temporary) / "code", Path(temporary) / "var"
        code.mkdir()
        data.mkdir()
        unpack(commit, code)
        with ExitStack() as started:
            told = live(code, data, started)
        with closing(sqlite3.connect(data / "desk.sqlite3")) as database:
            dump = "\n".join(database.iterdump()) + "\n"
            found = facts.read(database.execute)
    packed = lzma.compress(dump.encode(), preset=9 | lzma.PRESET_EXTREME)
    (FOLDER / f"{name}.sql.xz").write_bytes(packed)
    content: dict[str, Any] = {"made_from": commit, **told, "facts": found}
    (FOLDER / f"{name}.json").write_text(_lines(content))
    rows = {key: len(value) for key, value in found.items()}
    print(f"{len(dump):,} characters of SQL, {len(packed):,} bytes packed: {rows}")


if __name__ == "__main__":
    main(*sys.argv[1:])
