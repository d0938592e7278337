"""Staff's prompts come through each wire whole, and the sandbox answers them on each alike."""

from dataclasses import replace

import pytest

from faq import paraphrases, rewriting
from routing.config import ModelSpec
from routing.events import ChatMessage, ModelRequest
from tests.control import Control
from tests.routing.conftest import MemoryLedger, control, ledger  # noqa: F401 - fixtures
from tests.routing.jobs import WIRES, job, play

QUESTION = "How do I polish hull & mast of my zeppelin?"


async def said(model: ModelSpec, books: MemoryLedger, system: str, user: str) -> str:
    request = ModelRequest(system, (ChatMessage("user", user),), 400)
    told = await play(replace(job(model), purpose="staff_draft", request=request), books)
    assert told.ended.state == "completed"
    assert told.ended.last is not None and told.ended.last[1].cost_pico
    return told.text


@pytest.mark.parametrize("model", WIRES.values(), ids=WIRES)
async def test_phrasings_and_edits_on_every_wire(
    control: Control,  # noqa: F811
    ledger: MemoryLedger,  # noqa: F811
    model: ModelSpec,
) -> None:
    system, user = paraphrases.system_prompt("en"), paraphrases.user_prompt(QUESTION, "Gently.", [])
    lines = paraphrases.read_lines(await said(model, ledger, system, user), [QUESTION], "en")
    assert len(lines) >= 3
    assert "I want to polish hull & mast of my zeppelin" in lines
    text = "Use *soap* & water. Then wait.\n\n- dry it\n- rub it"
    system, user = rewriting.system_prompt("final", "en"), rewriting.user_prompt("final", QUESTION, text)
    assert rewriting.read_answer(await said(model, ledger, system, user)) == text
