"""The books of a desk that has seen faults equal those of its provider, and a changed row is found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, running_desk, running_sandbox

COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
TEXTS = "Does it send texts too?"
CHANGE = """
from django.core.management import call_command
from routing.models import ModelCall
ModelCall.objects.filter(usage_estimated=False, cost_pico__gt=0).update(cost_pico=1)
call_command("ledger_check")
"""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[tuple[DeskServer, Control]]:
    """Run a desk on a sandbox that answers nobody else."""
    with running_sandbox(tmp_path) as sandbox, running_desk(tmp_path / "var", sandbox) as desk:
        control = Control(sandbox)
        control.pace(first_text_ms=0, gap_ms=2)
        yield desk, control


@pytest.mark.slow
async def test_both_books_agree_after_faults_until_a_row_is_changed(
    books: tuple[DeskServer, Control],
) -> None:
    desk, control = books
    for question, fault, claims in (
        (COMPARE, "", {"cached_tokens": 40, "cache_write_tokens": 20, "thinking_tokens": 9}),
        (TEXTS, "status", {"cached_tokens": 5}),  # another model steps in
        (TEXTS, "cut", {}),  # cut after some words, and gone on with
        (COMPARE, "usage_missing", {}),
        (TEXTS, "", {"input_tokens": 150_000}),  # the price of large prompts
    ):
        control.usage(**claims)
        if fault:
            control.fault(fault)
        async with Chat(desk.url, new_cookie()) as chat:
            assert ((await chat.ask(question)).done or {})["state"] == "completed"
    said = desk.manage("ledger_check")
    assert "7 calls since" in said and "7 requests in the sandbox's books" in said
    assert "estimated in the ledger" in said and "claude-sonnet-5-5" in said
    assert said.endswith("No difference beside the estimates.\n")
    with pytest.raises(
        AssertionError,
        match=r"cost .* USD in the ledger, .* on the bill(.|\n)*differences beside the estimates\.",
    ):
        desk.manage("shell", "-v", "0", "-c", CHANGE)
