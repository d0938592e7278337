"""Which provider a desk asks follows from its environment alone; faults of the set-up are named."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.control import Control
from tests.environment import free_port
from tests.flows.client import Chat, Shown
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, running_desk, running_sandbox

ONE_OF_EACH = [
    ("", "Does it send texts too?", "common"),
    ("", "Compare Pro and Studio for 3 locations and 12 staff; what if we downgrade?", "complex"),
    ("", "Write a Python function that verifies your webhook signature", "scaffold"),
    ("free", "Draft a message to my clients about new opening hours", "draft"),
]

CALLS = """
import asyncio
import json
from routing.models import ModelCall
names = ["asked_model", "provider", "error_class", "error_detail", "http_status"]
calls = ModelCall.objects.order_by("started_at")
print("ROW" + json.dumps([{name: getattr(call, name) for name in names} for call in calls]))
"""


def calls(desk: DeskServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(desk.manage("shell", "-v", "0", "-c", CALLS).split("ROW", 1)[1])
    return found


async def ask(desk: DeskServer, text: str, plan: str = "") -> Shown:
    async with Chat(desk.url, new_cookie(plan)) as chat:
        assert chat.opened["sandbox"] is False
        return await chat.ask(text)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a second sandbox that plays a real vendor's host."""
    with running_sandbox(tmp_path_factory.mktemp("vendor"), free_port()) as url:
        Control(url).pace(first_text_ms=20, gap_ms=1)
        yield url


@pytest.mark.parametrize(
    "env",
    [
        {"GEMINI_API_KEY": "g-key", "GEMINI_BASE_URL": "{vendor}"},
        {"ANTHROPIC_API_KEY": "a-key", "ANTHROPIC_BASE_URL": "{vendor}"},
        {"OPENAI_API_KEY": "o-key", "OPENAI_BASE_URL": "{vendor}/v1"},
    ],
    ids=["gemini", "anthropic", "openai"],
)
async def test_one_provider_serves_every_route_and_the_sandbox_none(
    tmp_path: Path, vendor: str, sandbox: str, env: dict[str, str]
) -> None:
    sandbox_before = len(Control(sandbox).requests())
    before = len(Control(vendor).requests())
    filled = {name: value.format(vendor=vendor) for name, value in env.items()}
    with running_desk(tmp_path / "var", sandbox, env=filled) as desk:
        for plan, text, route in ONE_OF_EACH:
            shown = await ask(desk, text, plan)
            done = shown.done or {}
            assert (done["route"], done["state"]) == (route, "completed"), (done, calls(desk))
    assert len(Control(sandbox).requests()) == sandbox_before
    assert len(Control(vendor).requests()) == before + len(ONE_OF_EACH)


@pytest.mark.parametrize(
    ("fault", "staff_words"),
    [("wrong key", "key"), ("unknown model", "model"), ("dead host", "")],
)
async def test_a_wrong_set_up_is_precise_for_staff_and_polite_for_visitors(
    tmp_path: Path, vendor: str, sandbox: str, fault: str, staff_words: str
) -> None:
    base = f"http://127.0.0.1:{free_port()}" if fault == "dead host" else vendor
    env = {"OPENAI_API_KEY": "wrong", "OPENAI_BASE_URL": f"{base}/v1", "OPENAI_MODEL": "my-model"}
    control = Control(vendor)
    with running_desk(tmp_path / "var", sandbox, env=env) as desk:
        if fault != "dead host":
            status = 401 if fault == "wrong key" else 404
            control.fault("status", status=status, after_tokens=-1, times=5)
        shown = await ask(desk, "Does it send texts too?")
        rows = calls(desk)
    control.clear()
    done = shown.done or {}
    assert done["state"] == "failed"
    assert done["retryable"]
    assert done["notice"]
    assert "401" not in done["notice"]
    assert "http" not in done["notice"]
    detail = rows[-1]["error_detail"].lower()
    assert staff_words in detail
    assert rows[-1]["error_class"]
    assert "openai" in detail or "127.0.0.1" in detail, detail
    assert "wrong" not in detail.replace("wrong key", "")


async def test_own_models_are_set_up_beside_a_running_desk_and_answer_the_next_question(
    tmp_path: Path, vendor: str, sandbox: str
) -> None:
    # A gateway offers models under ids that the vendors' own rows have in the catalogue.
    env = {"OPENAI_API_KEY": "o-key", "OPENAI_BASE_URL": f"{vendor}/v1"}
    with running_desk(tmp_path / "var", sandbox, env=env) as desk:
        said = desk.manage(
            "setup_models", "--preset", "two", "--yes", "--price-in", "0.3", "--price-out", "2.5"
        )
        assert "openai/gemini-3.5-flash-lite, openai/claude-sonnet-5-5" in said
        await asyncio.sleep(1.5)  # processes poll for a new configuration twice a second
        shown = await ask(desk, "Does it send texts too?")
        row = calls(desk)[-1]
    assert (shown.done or {})["state"] == "completed"
    assert (row["asked_model"], row["provider"]) == ("openai/gemini-3.5-flash-lite", "openai")
    assert row["error_detail"] == "", "the plain id that answers is no other model"
    assert Control(vendor).requests()[-1]["body"]["model"] == "gemini-3.5-flash-lite"
