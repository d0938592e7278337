"""The tasks of a process end when it does."""

import asyncio

import pytest

from assistant import background
from assistant.background import Background


async def test_what_swallows_its_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AGAIN_S", 0.01)
    swallowed: list[BaseException] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as word:
            if len(swallowed) == 2:
                raise
            swallowed.append(word)

    tasks = Background()
    tasks.every(0, work)
    tasks.spawn(asyncio.sleep(0))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await tasks.stop()
    assert len(swallowed) == 2
    assert len(asyncio.all_tasks()) == 1, "this test's own"
