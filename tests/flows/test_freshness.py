"""What staff change is what the next message gets, in every process, without a restart."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
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
