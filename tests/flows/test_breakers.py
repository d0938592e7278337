"""A model that fails is left alone by the whole desk, and comes back by itself or by hand."""

import asyncio
import json
import time
from collections import Counter

import pytest

from routing import breaker
from routing.breakers import MIN_CALLS
from routing.keycheck import PROMPT
from tests.control import Control
from tests.flows.conftest import NewChat
from tests.flows.test_faults import COMMON, LITE, SECOND
from tests.servers import DeskServer


@pytest.fixture(autouse=True)
def nothing_known(desk: DeskServer) -> None:
    """Let no answer of an earlier test count: half of a minute's calls have to fail."""
    desk.manage("breakers", "--reset")
    time.sleep(4 * breaker.IN_STEP_S)  # the processes read each other's news that often


class Upstream:
    """The models that were asked since the last look, by visitors and by the desk's own probes."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._seen = len(control.requests())

    def asked(self) -> tuple[list[str], list[str]]:
        """Return the models that visitors' questions went to, and those that probes went to."""
        every = self._control.requests()
        news, self._seen = every[self._seen :], len(every)
        probes = [request for request in news if PROMPT in json.dumps(request["body"])]
        return (
            [request["model"] for request in news if request not in probes],
            [request["model"] for request in probes],
        )


async def ask(new_chat: NewChat) -> str:
    async with new_chat() as chat:
        return str(((await chat.ask(COMMON)).done or {})["state"])


async def back_on_the_first(new_chat: NewChat, upstream: Upstream) -> None:
    """Ask until the news has reached the desk that the first model may be asked again."""
    upstream.asked()
    async with asyncio.timeout(30):
        asked: list[str] = []
        while asked != [LITE]:
            assert await ask(new_chat) == "completed"
            asked = upstream.asked()[0]
            assert asked in ([LITE], [SECOND])


async def test_the_next_visitor_does_not_wait_for_a_model_that_failed(
    desk: DeskServer, control: Control, new_chat: NewChat
) -> None:
    control.fault("status", LITE, status=503, after_tokens=-1, times=MIN_CALLS + 20)
    upstream = Upstream(control)
    # All at once: what was longer ago than a minute would not count.
    assert await asyncio.gather(*(ask(new_chat) for _ in range(MIN_CALLS))) == ["completed"] * MIN_CALLS
    assert Counter(upstream.asked()[0]) == {LITE: MIN_CALLS, SECOND: MIN_CALLS}
    assert await ask(new_chat) == "completed"
    assert upstream.asked()[0] == [SECOND], "not one request to the model that fails"

    control.clear()
    said = desk.manage("breakers", "--reset", LITE)
    assert f"gemini/{LITE}: 5 of 5 calls within 60 s failed, last: provider error (status 503)" in said
    assert f"Reset: {LITE}." in said
    await back_on_the_first(new_chat, upstream)


async def test_a_synthetic_request_finds_out_that_a_model_answers_again(
    desk: DeskServer, control: Control, new_chat: NewChat
) -> None:
    control.fault("status", LITE, status=429, after_tokens=-1, retry_after=3)
    upstream = Upstream(control)
    assert await ask(new_chat) == "completed"
    visitors, probes = upstream.asked()
    assert visitors == [LITE, SECOND]
    async with asyncio.timeout(30):
        while not probes:
            await asyncio.sleep(0.2)
            probes += upstream.asked()[1]
    assert probes == [LITE]
    await back_on_the_first(new_chat, upstream)
