"""Work begun ahead: who gets it, how often it is done, and what becomes of one that fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from faq import ahead
from faq.ahead import Ahead


class Work:
    """Counts how often it is done; waits for `go` where that is given."""

    def __init__(self, go: threading.Event | None = None) -> None:
        self.done: list[str] = []
        self.started = threading.Event()
        self._go = go

    def __call__(self) -> str:
        self.started.set()
        if self._go is not None:
            assert self._go.wait(10)
        self.done.append(threading.current_thread().name)
        return f"done {len(self.done)}"


def test_what_was_begun_is_handed_out_once_to_each_for_whom_it_was() -> None:
    work, kept = Work(), Ahead[str]()
    kept.begin("a", work)
    kept.begin("a", work)
    kept.begin("b", work)
    assert [kept.take("a", work), kept.take("a", work)] == ["done 1", "done 1"]
    assert len(work.done) == 2
    assert kept.take("a", work) == "done 3", "who had nothing begun does it anew"
    assert kept.take("b", work) == "done 2"


def test_who_comes_while_it_is_done_waits_for_its_end_instead_of_doing_it_again() -> None:
    go = threading.Event()
    work, other, kept = Work(go), Work(), Ahead[str]()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(kept.begin, "a", work)
        assert work.started.wait(10)
        second = pool.submit(kept.begin, "a", other)
        taken = pool.submit(kept.take, "a", other)
        assert not first.done()
        go.set()
        assert (first.result(10), second.result(10), taken.result(10)) == (None, None, "done 1")
    assert (len(work.done), other.done) == (1, [])


def test_what_fails_is_told_and_left_to_whoever_asks() -> None:
    def fails() -> str:
        raise ValueError("no vector")

    work, kept = Work(), Ahead[str]()
    with pytest.raises(ValueError, match="no vector"):
        kept.begin("a", fails)
    assert kept.take("a", work) == "done 1"


def test_what_nobody_asks_for_is_forgotten_in_time() -> None:
    work, kept = Work(), Ahead[str]()
    for number in range(ahead.MOST + 1):
        kept.begin(number, work)
    assert kept.take(ahead.MOST, work) == f"done {ahead.MOST + 1}"
    assert kept.take(1, work) == "done 2"
    assert kept.take(0, work) == f"done {ahead.MOST + 2}", "the oldest had to go"
