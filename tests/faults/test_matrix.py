"""Every fault on every wire, before the first text and behind it, over a real socket.

All cases are played once and side by side, each with models of its own; the tests then read the books.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from routing.attempts import AttemptResult, AttemptStart
from routing.config import Deadlines, ModelSpec
from routing.events import FinishReason
from routing.sandbox.asking import tokens
from routing.sandbox.faults import KINDS
from routing.walk import REPLY_CHARS
from tests.control import Control
from tests.environment import ROOT
from tests.faults.table import AFTER, END, TABLE, WHOLE, WIRES, Goes, Money, Row
from tests.routing.conftest import MemoryLedger
from tests.routing.jobs import Told, job, model, play

# A fault's silence is the only thing that is waited for; a healthy model has to speak within it too.
SHORT = Deadlines(connect_s=5.0, first_text_s=2.0, stall_s=2.0, total_s=60.0)
LONG = Deadlines(connect_s=30.0, first_text_s=60.0, stall_s=60.0, total_s=90.0)
BUSY_AT_ONCE = 8  # of those that wait for nothing; the silent ones wait all together
SECOND = {"openai": "gemini", "gemini": "anthropic", "anthropic": "openai"}
LIST = [{"effective_from": "2026-01-01", "input": "0.30", "output": "2.50"}]  # that of tests/routing/jobs.py


@dataclass(frozen=True, eq=False)
class Case:
    """One row on one wire."""

    row: Row
    wire: str

    @property
    def name(self) -> str:
        return f"{self.row.name}-{self.wire}"

    @property
    def silent(self) -> bool:
        """Return whether the case waits for a deadline to pass."""
        return self.row.error in {"FirstTextTimeout", "Stalled"}

    @property
    def asked(self) -> ModelSpec:
        return model(self.wire, f"{self.name}-lite", provider=self.name)

    @property
    def other(self) -> ModelSpec:
        """Return the second step: another wire, a larger window, room for a longer answer."""
        other = model(SECOND[self.wire], f"{self.name}-second-lite", provider=f"{self.name}-second")
        return replace(other, context_tokens=400_000, max_output_tokens=16_384)


@dataclass
class Played:
    """What came of a case: what the visitor saw, our books, and the sandbox's."""

    told: Told
    calls: list[tuple[AttemptStart, AttemptResult]]
    records: dict[str, dict[str, Any]]

    @property
    def first(self) -> AttemptResult:
        return self.calls[0][1]


CASES = [Case(row, wire) for row in TABLE for wire in WIRES]
PLAIN = Case(Row("", "", 0, "", FinishReason.COMPLETE, Goes.WHOLE, Money.TOLD), "openai")


async def _play(case: Case, control: Control, gate: asyncio.Semaphore) -> tuple[Told, MemoryLedger]:
    async with gate:
        row, books = case.row, MemoryLedger()
        if row.fault:
            at = {} if isinstance(row.at, str) else {"after_tokens": row.at}
            await asyncio.to_thread(control.fault, row.fault, case.asked.id, **at, **row.order)
        deadlines = SHORT if case.silent else LONG
        return await play(job(case.asked, case.other, deadlines=deadlines), books), books


async def play_all(control: Control) -> dict[str, Played]:
    """Play all cases and join our books with the sandbox's."""
    cases = [PLAIN, *CASES]
    control.prices([{"id": spec.id, "prices": LIST} for case in cases for spec in (case.asked, case.other)])
    ended: dict[Case, tuple[Told, MemoryLedger]] = {}
    for some, at_once in (
        ([case for case in cases if case.silent], len(cases)),
        ([case for case in cases if not case.silent], BUSY_AT_ONCE),
    ):
        gate = asyncio.Semaphore(at_once)
        told = await asyncio.gather(*(_play(case, control, gate) for case in some))
        ended.update(zip(some, told, strict=True))
    records = {record["call_id"]: record for record in control.requests()}
    return {
        case.name: Played(told, _calls(told, books), _of(books, records))
        for case, (told, books) in ended.items()
    }


def _calls(told: Told, books: MemoryLedger) -> list[tuple[AttemptStart, AttemptResult]]:
    """Return every attempt once, in order, each settled: the last one comes with the end."""
    assert told.ended.last is not None
    calls = [*books.settled, told.ended.last]
    assert [start.call_id for start, _ in calls] == [start.call_id for start in books.started]
    return calls


def _of(books: MemoryLedger, records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(start.call_id): records[str(start.call_id)] for start in books.started}


_PLAYED: dict[str, Played] = {}


@pytest.fixture
def played(request: pytest.FixtureRequest) -> dict[str, Played]:
    """Return what came of every case; the first test that asks has them played."""
    if not _PLAYED:
        _PLAYED.update(asyncio.run(play_all(request.getfixturevalue("control"))))
    return _PLAYED


def expected_text(row: Row, whole: str) -> str:
    """Return the text that the visitor must have in the end."""
    pieces = tokens(whole)
    before = "".join(pieces[: row.at]) if isinstance(row.at, int) else whole
    match row.goes:
        case Goes.REFUSED:
            return before
        case Goes.CAPPED:
            return (before + row.inserted)[:REPLY_CHARS]
    if row.inserted:
        return before + row.inserted + whole[len(before) :]
    return row.text or whole


def assert_money(result: AttemptResult, record: dict[str, Any], money: Money) -> None:
    """Check one attempt's books against the sandbox's."""
    if money is Money.NOTHING:
        assert (result.usage, result.cost_pico, result.usage_estimated) == (None, 0, False)
        assert record["cost_pico"] == 0
        return
    assert result.usage is not None
    assert result.usage_estimated is (money is Money.GUESSED)
    assert result.cost_pico
    if money is Money.TOLD:
        assert record["usage_sent"]
        counted = (result.usage.input_tokens, result.usage.output_tokens, result.cost_pico)
        assert counted == (record["input_tokens"], record["output_tokens"], record["cost_pico"])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_fault_leads_where_the_table_says(played: dict[str, Played], case: Case) -> None:
    row, it = case.row, played[case.name]
    whole = played[PLAIN.name].told.text
    state, ended_by, causes = row.goes.value
    ended = it.told.ended
    assert (ended.state, ended.ended_by, ended.attempts) == (state, ended_by, len(causes))
    assert tuple(start.cause for start, _ in it.calls) == causes
    first = it.first
    assert (first.error_class, first.finish, first.http_status) == (row.error, row.finish, row.status)
    assert it.told.text == expected_text(row, whole)
    assert it.told.seams == (row.goes is Goes.ON)
    assert bool(ended.notice) is (state != "completed")
    assert row.note in first.error_detail
    assert bool(first.error_detail) is bool(row.error or row.note)

    start, result = it.calls[0]
    # Behind the cap nothing is waited for, but the usage may have come in the same piece as the text.
    in_time = row.goes is Goes.CAPPED and result.usage is not None and not result.usage_estimated
    assert_money(result, it.records[str(start.call_id)], Money.TOLD if in_time else row.money)
    for start, result in it.calls[1:]:
        assert_money(result, it.records[str(start.call_id)], Money.TOLD)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_came_is_stored_with_an_attempt_that_did_not_end_well(
    played: dict[str, Played], case: Case
) -> None:
    row, first = case.row, played[case.name].first
    shown = row.at if isinstance(row.at, int) and row.at > 0 else 0
    text = "".join(tokens(played[PLAIN.name].told.text)[:shown])
    if row.finish is FinishReason.COMPLETE:
        assert (first.partial_output, first.truncated) == ("", False)
    elif row.goes is Goes.CAPPED:
        assert first.partial_output == played[case.name].told.text
    elif shown:
        assert first.partial_output == text
        assert first.truncated is (row.goes is Goes.ON)
    elif row.fault == "html_200":
        assert "<!doctype html>" in first.partial_output
    elif row.fault in {"json_200", "unframed_error", "error_first", "cut_json", "endless_line"}:
        assert "{" in first.partial_output
    assert len(first.partial_output) <= REPLY_CHARS


def test_f17_none_is_counted_completed_without_the_finish_of_its_wire(played: dict[str, Played]) -> None:
    completed = 0
    for it in played.values():
        for start, result in it.calls:
            good = result.finish is FinishReason.COMPLETE and not result.error_class
            said = it.records[str(start.call_id)]["ended"] == "complete"
            assert said or not good, (start.asked_model, result)
            assert good or result.error_class or result.finish in {FinishReason.LENGTH, FinishReason.BLOCKED}
        last = it.calls[-1][1]
        assert (it.told.ended.state == "completed") is (last.finish is FinishReason.COMPLETE)
        completed += it.told.ended.state == "completed"
    assert completed > len(CASES) / 2


def test_every_attempt_is_in_both_books_once(played: dict[str, Played]) -> None:
    ours = [str(start.call_id) for it in played.values() for start, _ in it.calls]
    theirs = [call_id for it in played.values() for call_id in it.records]
    assert len(set(ours)) == len(ours)
    assert sorted(ours) == sorted(theirs)
    ended = {record["ended"] for it in played.values() for record in it.records.values()}
    assert "" not in ended


def _places(rows: Iterable[Row]) -> dict[str, set[int | str]]:
    places: dict[str, set[int | str]] = {}
    for row in rows:
        places.setdefault(row.fault, set()).add(row.at)
    return places


def test_every_fault_of_the_sandbox_stands_in_the_table_at_every_place_it_has() -> None:
    places = _places(TABLE)
    assert set(places) == set(KINDS)
    needed: dict[str, set[int | str]] = {
        "head": {-1},
        "anywhere": {-1, 0, AFTER},
        "stream": {0, AFTER},
        "start": {0},
        "end": {END},
        "whole": {WHOLE},
    }
    for fault, kind in KINDS.items():
        assert needed[kind.place] - {AFTER if fault == "error_first" else None} <= places[fault], fault
    promised = {f"F{number}" for number in (*range(9, 23), 30)}
    assert {row.promise for row in TABLE} == promised


def test_every_fault_is_explained_to_its_users() -> None:
    page = (ROOT / "docs" / "providers.md").read_text().partition("### Faults")[2]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(KINDS)
    promises = set(re.findall(r"\bF\d+\b", page))
    assert {row.promise for row in TABLE} <= promises | {"F13"}, "F12 to F14 are one row"
