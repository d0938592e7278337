"""A visitor who cannot be helped leaves with a next step, whatever is down, and staff see what failed."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from tests.control import Control
from tests.environment import free_port
from tests.flows.client import Chat, Shown
from tests.flows.conftest import NewChat, new_cookie
from tests.flows.test_person import COMMON, hand_over, handoff
from tests.mail_server import Mailbox, running_mail_server, text_of
from tests.servers import DeskServer, running_desk, wait_until

STAFF = "support@larkfield.example"

ROW = """
import json
from assistant import mail_queue
from assistant.models import Request
from common.clock import now
row = Request.objects.get(number={number})
receipt = row.messages.filter(author="system").get()
print("ROW" + json.dumps({{
    "state": row.state, "text": row.text, "mail": row.mail_state, "said": mail_queue.said(row, now()),
    "receipt": receipt.mail_state, "reply": str(row.reply_id),
}}))
"""

SEND = """
from assistant.tasks import send_due_mails
send_due_mails()
"""

ANSWER = """
from django.contrib.auth.models import User
from assistant.person import requests
from assistant.models import Request
row = Request.objects.get(number={number})
requests.answer(row.pk, User.objects.get(username="support"), "We have mended it.", row.answers)
"""


def shell(desk: DeskServer, code: str) -> str:
    return desk.manage("shell", "-v", "0", "-c", code)


def stored(desk: DeskServer, number: int) -> dict[str, Any]:
    """Return a request as the database has it."""
    row: dict[str, Any] = json.loads(shell(desk, ROW.format(number=number)).split("ROW", 1)[1])
    return row


def named_step(shown: Shown) -> bool:
    """Return whether a reply tells its visitor what to do next, by when, and shows the form."""
    done = shown.done or {}
    said = f"{shown.text} {done['notice']}"
    promised = re.search(r"a person answers by \w+day \d+ \w+, \d\d:\d\d \(London\)", said)
    return bool(promised) and done["offer_person"] is True


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mail_server() as box:
        yield box


@pytest.fixture(scope="module")
def mailing_desk(
    tmp_path_factory: pytest.TempPathFactory, sandbox: str, mailbox: Mailbox
) -> Iterator[DeskServer]:
    """Run a desk with its worker and a mail server."""
    folder = tmp_path_factory.mktemp("mailing")
    env = {"EMAIL_URL": mailbox.url, "EMAIL_FROM": "Larkfield <desk@larkfield.example>"}
    with running_desk(folder / "var", sandbox, worker=True, env=env) as running:
        yield running


# ---- models ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"), [("status", 401), ("status", 500), ("status", 429), ("error_first", 0)], ids=str
)
async def test_with_every_model_failing_the_form_is_the_next_step(
    desk: DeskServer, control: Control, new_chat: NewChat, fault: str, status: int
) -> None:
    more: dict[str, Any] = {"status": status} if status else {}
    control.fault(fault, after_tokens=-1, times=20, **more)
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
        control.clear()
        assert named_step(shown), (shown.text, shown.done)
        assert (shown.done or {})["person_reason"] == "failed"
        receipt = await hand_over(chat, **handoff(reason="failed", text="", reply_id=shown.reply_id))
    row = await asyncio.to_thread(stored, desk, receipt["request"]["number"])
    assert (row["text"], row["state"], row["reply"]) == (COMMON, "new", shown.reply_id)


async def test_a_budget_of_nothing_names_the_form_and_no_time(tmp_path: Path, sandbox: str) -> None:
    spend = """
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from routing.publishing import publish
AssistantSettings.objects.update(daily_cost_cap_usd=0)
publish(by="test", settings=as_snapshot(AssistantSettings.objects.get()))
"""
    with running_desk(tmp_path / "var", sandbox) as desk:
        await asyncio.to_thread(shell, desk, spend)
        async with Chat(desk.url, new_cookie()) as chat:
            shown = await chat.ask(COMMON)
            while (shown.done or {})["state"] == "completed":  # until the process has seen the new settings
                shown = await chat.ask(COMMON)
            assert named_step(shown)
            assert (shown.done or {})["person_reason"] == "budget"
            assert "No AI model can be asked about this." in (shown.done or {})["notice"]


async def test_a_refused_message_leads_to_a_person(control: Control, new_chat: NewChat) -> None:
    control.fault("refusal", "gemini-3.5-flash-lite")
    async with new_chat() as chat:
        shown = await chat.ask(COMMON)
    assert (shown.done or {})["state"] == "refused"
    assert named_step(shown)


# ---- everything else -------------------------------------------------------------------------------


async def test_with_models_redis_mail_and_worker_down_the_request_is_stored_and_staff_see_why(
    tmp_path: Path,
) -> None:
    env = {"EMAIL_URL": f"smtp://127.0.0.1:{free_port()}?tls=none"}
    with running_desk(tmp_path / "var", env=env) as desk:
        async with Chat(desk.url, new_cookie()) as chat:
            await asyncio.to_thread(shut_down_redis, desk)
            shown = await chat.ask(COMMON)
            assert named_step(shown), (shown.text, shown.done)
            receipt = await hand_over(chat, **handoff(reason="failed", text="", reply_id=shown.reply_id))
            assert "has reached us" in receipt["text"]
        async with Chat(desk.url, chat.cookie, chat.conversation_id) as later:
            assert later.opened["messages"][0]["message_id"] == receipt["message_id"]
        number = receipt["request"]["number"]
        row = await asyncio.to_thread(stored, desk, number)
        assert (row["state"], row["mail"], row["said"]) == ("new", "pending", "About to be sent.")
        await asyncio.to_thread(shell, desk, SEND)
        row = await asyncio.to_thread(stored, desk, number)
        assert "ConnectionRefused" in row["said"]
        assert "the next try comes in 1 min" in row["said"]


def shut_down_redis(desk: DeskServer) -> None:
    """End this desk's own Redis by its own command."""
    try:
        redis.Redis.from_url(desk.redis_url).shutdown(nosave=True)
    except redis.ConnectionError:
        return  # as it should be: it is gone before it can answer


# ---- with a mail server ----------------------------------------------------------------------------


async def test_a_request_goes_round_visitor_staff_visitor(mailing_desk: DeskServer, mailbox: Mailbox) -> None:
    visitor = f"{uuid4().hex[:8]}@visitor.example"
    async with Chat(mailing_desk.url, new_cookie()) as chat:
        asked = await chat.ask("Where is invoice 4711?")
        frame = handoff(reason="account", email=visitor, text="", reply_id=asked.reply_id)
        receipt = await hand_over(chat, **frame)
        number = receipt["request"]["number"]
        (confirmation,) = await asyncio.to_thread(mailbox.wait_for, visitor)
        assert receipt["text"] in text_of(confirmation)
        await asyncio.to_thread(
            wait_until, lambda: any(f"[Request {number}]" in mail["Subject"] for mail in mailbox.to(STAFF))
        )
        (mail,) = [mail for mail in mailbox.to(STAFF) if f"[Request {number}]" in mail["Subject"]]
        assert mail["Reply-To"] == visitor
        assert f"{mailing_desk.url}/admin/assistant/request/" in text_of(mail)
        assert "Where is invoice 4711?" in text_of(mail)

        await asyncio.to_thread(shell, mailing_desk, ANSWER.format(number=number))
        answer = await chat.until(lambda frame: frame["type"] == "message" and frame["author"] == "staff")
        assert answer["text"] == "We have mended it."
        mails = await asyncio.to_thread(mailbox.wait_for, visitor, 2)
        assert mails[1]["In-Reply-To"] == confirmation["Message-ID"]
        assert text_of(mails[1]).startswith("We have mended it.")


async def test_a_mail_server_that_was_away_gets_the_mail_when_staff_send_it_again(
    mailing_desk: DeskServer, mailbox: Mailbox
) -> None:
    mailbox.refuses = "554 not today"
    visitor = f"{uuid4().hex[:8]}@visitor.example"
    try:
        async with Chat(mailing_desk.url, new_cookie()) as chat:
            number = (await hand_over(chat, **handoff(email=visitor)))["request"]["number"]

        def refused() -> bool:
            return "not today" in stored(mailing_desk, number)["said"]

        await asyncio.to_thread(wait_until, refused)
    finally:
        mailbox.refuses = ""
    again = f"""
from assistant import mail_queue
from assistant.models import Request
row = Request.objects.get(number={number})
mail_queue.send_again(row)
for message in row.messages.all():
    mail_queue.send_again(message)
"""
    await asyncio.to_thread(shell, mailing_desk, again)
    await asyncio.to_thread(mailbox.wait_for, visitor)
    await asyncio.to_thread(wait_until, lambda: stored(mailing_desk, number)["mail"] == "sent")
    assert [mail for mail in mailbox.to(STAFF) if f"[Request {number}]" in mail["Subject"]]
