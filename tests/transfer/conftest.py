"""A seeded desk in this process, with the shipped sandbox behind its models."""

from collections.abc import Callable
from typing import Any

import pytest

from assistant.trials import transfer_plans, transferring
from routing import transfer_runs
from routing.models import TransferCase, TransferRun
from tests.drafts.conftest import upstream as upstream  # noqa: PLC0414 - pytest finds it by this name

LITE, OTHER = "gemini-3.5-flash-lite", "claude-haiku-5-5"
QUESTION = "Do I get my money back for a yearly plan after two weeks?"

Run = Callable[..., TransferRun]


@pytest.fixture
def only(upstream: Any) -> Callable[..., TransferCase]:
    """Return a function that makes the one case that is in use."""

    def made(**fields: Any) -> TransferCase:
        TransferCase.objects.update(active=False)
        told = {"title": "Refund", "question": QUESTION, "must_route": "common", "must_say": "30 days"}
        return TransferCase.objects.create(**{**told, **fields})

    return made


@pytest.fixture
def run() -> Run:
    """Return a function that orders a run and works it off, in steps as a worker does."""

    def worked(kind: str = "desk", cap_pico: int = 10**12, n: int = 1, **more: Any) -> TransferRun:
        order = transfer_plans.build(kind, n=n, cap_pico=cap_pico, **more)
        ordered = transfer_runs.order(order, "support")
        while transferring.step(str(ordered.uuid)):
            pass
        ordered.refresh_from_db()
        return ordered

    return worked
