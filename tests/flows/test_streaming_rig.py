"""The compiled rig of the streaming benchmark, played against its own upstream and against a desk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import streaming_rig
from benchmarks.streaming_contenders import QUESTION
from benchmarks.streaming_measures import ENDLESS
from benchmarks.streaming_rig import Load, Rig, Upstream
from tests.environment import free_port
from tests.flows.conftest import new_cookie
from tests.servers import missing, running_desk

TOKENS = 60  # with a paragraph and bold words among them
STREAMS = 3


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    try:
        return streaming_rig.build(tmp_path_factory.mktemp("rig"))
    except streaming_rig.NoCompiler:
        missing("A C compiler")


@pytest.fixture(scope="module")
def upstream(rig: Rig) -> Iterator[Upstream]:
    with streaming_rig.running_upstream(rig) as running:
        running.order(pace=200, first_ms=20, tokens=TOKENS)
        yield running


def test_the_load_reads_every_token_of_the_upstream_and_says_when_nobody_answers(
    rig: Rig, upstream: Upstream
) -> None:
    options: dict[str, Any] = {
        "mode": "direct",
        "n": STREAMS,
        "rate": 0,
        "seconds": 0,
        "warm": 0,
        "finish": 1,
    }
    found = streaming_rig.run_load(rig, port=upstream.port, **options)
    assert (found["done"], found["failed"], found["repeated"]) == (STREAMS, 0, 0)
    assert found["least_tokens"] == found["most_tokens"] == TOKENS
    assert found["first_text_ms"]["count"] == STREAMS
    told = upstream.stats()
    assert (told["requests"], told["ended"], told["tokens"]) == (STREAMS, STREAMS, found["read"])
    nobody = streaming_rig.run_load(rig, port=free_port(), **options)
    assert (nobody["done"], nobody["failed"]) == (0, STREAMS)
    assert "refused" in nobody["trouble"]


def test_streams_come_through_a_desk_whole_also_to_sockets_that_are_cut_and_come_back(
    rig: Rig, upstream: Upstream, tmp_path: Path
) -> None:
    env = {
        "PROVIDER_RIG_WIRE": "openai", "PROVIDER_RIG_BASE_URL": upstream.url, "PROVIDER_RIG_KEY": "rig",
        "PROVIDER_RIG_MODELS": "rig-1",
    }  # fmt: skip
    cookies = tmp_path / "cookies"
    cookies.write_text("\n".join(new_cookie() for _ in range(STREAMS)), encoding="utf-8")
    upstream.order(pace=50, tokens=ENDLESS)
    with running_desk(tmp_path / "var", env=env, server="uvicorn") as desk:
        options: dict[str, Any] = {"port": desk.ports[0], "origin": desk.url, "cookies": cookies, "rate": 0}
        options |= {"text": QUESTION, "n": STREAMS, "warm": 0, "seconds": 0.7, "pids": desk.webs[0].pid}
        with Load(rig, mode="streams", resumes=1, finish=1, patience=60, **options) as load:
            assert load.phase()["opened"] == STREAMS
            load.go_on()
            found = load.phase()
            assert found["with_text"] == STREAMS
            assert found["tokens"] and found["delay_ms"]["count"] == found["tokens"]
            upstream.end_all()
            load.go_on()
            found = load.phase()
        assert (found["acked"], found["completed"], found["trouble"]) == (STREAMS, STREAMS, "")
        assert (found["resumed"], found["repeated"]) == (1, 0)
        assert found["read"] == upstream.stats()["tokens"] > 0
        stranger = {**options, "origin": "http://elsewhere.example", "mode": "idle", "n": 1, "seconds": 0}
        refused = streaming_rig.run_load(rig, **stranger)
    assert (refused["opened"], refused["failed"]) == (0, 1)
    assert "refused" in refused["trouble"]
