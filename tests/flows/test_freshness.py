"""What staff change is what the next message gets, in every process, without a restart."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import BRISK, new_cookie
from tests.servers import DeskServer, running_desk

# A version is polled every half second; a loaded machine may be late, so the test asks a few times.
TRIES = 20


@pytest.fixture(scope="module")
def own_desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[DeskServer]:
    """Run a desk of two processes that a test may change."""
    with running_desk(tmp_path_factory.mktemp("fresh") / "var", sandbox, webs=2) as desk:
        yield desk


async def ask(desk: DeskServer, web: int, text: str, plan: str = "") -> tuple[str, dict[str, object]]:
    async with Chat(desk.urls[web], new_cookie(plan)) as chat:
        shown = await chat.ask(text)
    return shown.text, shown.done or {}


def run(desk: DeskServer, code: str) -> None:
    desk.manage("shell", "-v", "0", "-c", code)


async def until(desk: DeskServer, web: int, text: str, wanted: object, key: str) -> None:
    """Ask until `done[key]` is what is wanted."""
    for _ in range(TRIES):
        _, done = await ask(desk, web, text)
        if done[key] == wanted:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"{key} is {done[key]!r} and not {wanted!r}")


async def test_a_word_in_an_approved_answer_appears_in_the_lite_reply_and_goes_again(
    own_desk: DeskServer,
) -> None:
    word = "zq" + secrets.token_hex(4)
    question = "What placeholders does the wording of a reminder message know, and must the link stay?"
    add = (
        "from faq.models import Entry\nfrom faq.services import save_entry\n"
        "entry = Entry.objects.get(question='Can I change the wording of reminders?')\n"
        "before = entry.answer\n"
        f"entry.answer = before.replace('{{manage_link}}', '{{manage_link}} {word}')\n"
        "assert entry.answer != before\nsave_entry(entry)\n"
    )
    run(own_desk, add)
    for web in (0, 1):
        for _ in range(TRIES):
            text, done = await ask(own_desk, web, question)
            if word in text:
                break
            await asyncio.sleep(0.3)
        assert word in text, (web, text, done)
        assert done["route"] != "faq"
    run(own_desk, add.replace(f"'{{manage_link}}', '{{manage_link}} {word}'", f"' {word}', ''"))
    for _ in range(TRIES):
        text, done = await ask(own_desk, 0, question)
        if word not in text:
            break
        await asyncio.sleep(0.3)
    assert word not in text


async def test_an_archived_entry_is_not_answered_any_more(own_desk: DeskServer) -> None:
    question = "How do I reset my password?"
    await until(own_desk, 1, question, "faq", "route")
    change = (
        "from faq.models import Entry; from faq import services; "
        "services.{}(Entry.objects.get(question='{}'))"
    )
    run(own_desk, change.format("archive", question))
    for _ in range(TRIES):
        _, done = await ask(own_desk, 1, question)
        if done["route"] != "faq":
            break
        await asyncio.sleep(0.3)
    assert done["route"] != "faq"
    run(own_desk, change.format("publish", question))
    await until(own_desk, 1, question, "faq", "route")


EDIT = """
import pathlib, time
from django.db import transaction
from faq import services
from faq.models import Entry
from routing.models import Condition, LadderStep, Rule
from routing.publishing import publish
entry = Entry.objects.get(question="What do SMS reminders cost?")
pathlib.Path("{folder}/ready").touch()
while not pathlib.Path("{folder}/go").exists():
    time.sleep(0.02)
with transaction.atomic():
    rule = Rule.objects.create(position=0, name="Pinned", route_id="complex", reason="About SMS")
    Condition.objects.create(rule=rule, signal="words", operator="contains", value="texts")
    steps = list(LadderStep.objects.filter(route_id="common").values_list("position", "model_id"))
    LadderStep.objects.filter(route_id="common").delete()
    LadderStep.objects.create(route_id="common", position=1, model_id="claude-opus-5-5")
    services.archive(entry)
    print("NUMBER", publish(by="test").number)
pathlib.Path("{folder}/done").touch()
while not pathlib.Path("{folder}/undo").exists():
    time.sleep(0.02)
with transaction.atomic():
    rule.delete()
    LadderStep.objects.filter(route_id="common").delete()
    for position, model_id in steps:
        LadderStep.objects.create(route_id="common", position=position, model_id=model_id)
    services.publish(entry)
    publish(by="test")
"""
CALLS = """
from routing.models import ModelCall
for call in ModelCall.objects.filter(reply_id="{reply}").order_by("attempt"):
    print("CALL", call.config_number, call.asked_model, call.cause, call.finish_reason)
"""


async def exists(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(0.02)


async def test_f28_a_running_reply_finishes_under_the_configuration_that_it_began_with(
    own_desk: DeskServer, control: Control, tmp_path: Path
) -> None:
    edit = asyncio.create_task(
        asyncio.to_thread(own_desk.manage, "shell", "-v", "0", "-c", EDIT.format(folder=tmp_path))
    )
    await exists(tmp_path / "ready")
    control.pace(first_text_ms=0, gap_ms=40, tokens=200)
    control.fault("cut", "gemini-3.5-flash-lite", after_tokens=100)
    try:
        async with Chat(own_desk.urls[0], new_cookie()) as chat:
            reply_id = await chat.send("Does it send texts too?")
            await chat.until(lambda frame: frame["type"] == "delta")
            (tmp_path / "go").touch()
            await exists(tmp_path / "done")
            assert control.requests()[-1]["ended"] == "", "all of it was edited while the model still wrote"
            control.pace(**BRISK)
            shown = await chat.finished(reply_id)
    finally:
        control.pace(**BRISK)
        (tmp_path / "undo").touch()
        printed = await edit
    assert (shown.done or {})["state"] == "completed"
    assert (shown.done or {})["route"] == "common"
    edited = int(printed.partition("NUMBER ")[2].split()[0])
    rows = own_desk.manage("shell", "-v", "0", "-c", CALLS.format(reply=reply_id)).splitlines()
    calls = [row.split()[1:] for row in rows if row.startswith("CALL")]
    assert calls == [
        [str(edited - 1), "gemini-3.5-flash-lite", "first", "unknown_end"],
        [str(edited - 1), "claude-haiku-5-5", "continuation", "complete"],
    ], "the ladder of its own number, although that one is gone"
    await until(own_desk, 0, "Does it send texts too?", "common", "route")


async def test_a_rule_and_a_ladder_change_the_next_answer(own_desk: DeskServer, control: Control) -> None:
    question = "Does it send texts too?"
    await until(own_desk, 1, question, "common", "route")
    run(
        own_desk,
        "from django.db import transaction\nfrom routing.models import Rule, Route, Condition\n"
        "from routing.publishing import publish\n"
        "with transaction.atomic():\n"
        "    rule = Rule.objects.create(position=0, name='Texts', route_id='complex', reason='About SMS')\n"
        "    Condition.objects.create(rule=rule, signal='words', operator='contains', value='texts')\n"
        "    publish(by='test')\n",
    )
    await until(own_desk, 1, question, "complex", "route")
    run(
        own_desk,
        "from django.db import transaction\nfrom routing.models import Rule, LadderStep\n"
        "from routing.publishing import publish\n"
        "with transaction.atomic():\n"
        "    Rule.objects.filter(name='Texts').delete()\n"
        "    LadderStep.objects.filter(route_id='common').delete()\n"
        "    LadderStep.objects.create(route_id='common', position=1, model_id='claude-opus-5-5')\n"
        "    publish(by='test')\n",
    )
    await until(own_desk, 0, question, "heavy", "tier")
    await until(own_desk, 0, question, "common", "route")
