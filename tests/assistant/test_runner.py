"""What a stop does to a reply whose end is just being stored."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

from assistant.ending import ReplyEnd
from assistant.runner import Run, Runner
from assistant.turn_log import TurnLog


class Storing(Runner):
    """Runs whose text has come, and whose end is stored once the database lets it."""

    def __init__(self, ended: list[Run]) -> None:
        async def told(run: Run) -> None:
            ended.append(run)

        super().__init__(TurnLog(), told)
        self.text, self.database = asyncio.Event(), asyncio.Event()

    async def _generate(self, run: Run) -> ReplyEnd:
        await self.text.wait()
        return ReplyEnd(state="truncated", ended_by="upstream", text="All of it.", seq=0)

    def _cut_end(self, run: Run) -> ReplyEnd | None:
        return ReplyEnd(state="cancelled", ended_by=run.reason, text="", seq=0)

    async def _store(self, run: Run, end: ReplyEnd) -> None:
        await self.database.wait()


def begun(runner: Runner) -> Run:
    job = SimpleNamespace(begun=0, stands="")
    reply: Any = SimpleNamespace(pk=uuid4(), first_text_ms=None)
    generation: Any = SimpleNamespace(job=job, fallbacks=0)
    run = Run(reply, generation, cast(Any, None), 0.0)
    runner.runs[run.reply_id] = run
    run.task = asyncio.create_task(runner._guard(run))
    return run


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_stop_ends_a_reply_that_is_written_and_leaves_one_that_is_being_stored() -> None:
    ended: list[Run] = []
    runner = Storing(ended)
    written, stored = begun(runner), begun(runner)
    await settled()
    assert runner.stop(written.reply_id)
    await settled()
    assert (written.reason, written.storing) == ("stop", True)
    runner.text.set()
    await settled()
    assert stored.storing
    assert runner.stop(stored.reply_id), "it is a reply of this process, and ends by itself"
    await settled()
    assert stored.reply_id in runner.runs, "it is ours until its end is stored"
    runner.database.set()
    await settled()
    assert (stored.reason, runner.runs) == ("", {})
    assert set(map(id, ended)) == {id(written), id(stored)}, "what follows a reply follows both"
