"""The checker finds every kind of breach in a doctored log or row, and none in an honest one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults import checker
from tests.faults.checker import check, tally
from tests.faults.record import Acked, Ended, Entry, Grown, Line, PageLog, Refused, Replaced, Sent
from tests.faults.rows import CallRow, OutcomeRow, ReplyRow, Rows, TurnRow

WHOLE = "This is text."
TURN = TurnRow("t1", "c1", "v1", "m1", "Does it?")
REPLY = ReplyRow("r1", "t1", "c1", "first", "completed", "finish", 1, 5, WHOLE)
CALL = CallRow("k1", "r1", 1, settled=True, cost=70, reserved=90)
ROWS = Rows((TURN,), (REPLY,), (CALL,), (OutcomeRow("r1", "completed", "finish"),), booked=1)
ENTRIES: tuple[Entry, ...] = (
    Line(0.0, True, 0),
    Sent(0.1, "m1", "Does it?"),
    Line(0.2, False, 0, "ConnectionResetError"),
    Sent(0.4, "m1", "Does it?"),
    Acked(0.5, "m1", "r1"),
    Grown(0.6, "r1", 1, 2, 2, "This is"),
    Replaced(0.8, "r1", 1, 3, "This is tex"),
    Grown(0.9, "r1", 1, 4, 4, "t."),
    Ended(1.0, "r1", 1, "completed", "finish"),
)


def page(*entries: Entry, shown: str = WHOLE, name: str = "p1") -> PageLog:
    return PageLog(name, "v1", "c1", list(entries), {"r1": shown})


HONEST = page(*ENTRIES)


def found(log: PageLog = HONEST, rows: Rows = ROWS, asked: int = 1) -> set[str]:
    return {breach.rule for breach in check([log], rows, asked, WHOLE)}


def without(kind: type) -> PageLog:
    return page(*(entry for entry in ENTRIES if not isinstance(entry, kind)))


def changed(at: int, **change: object) -> PageLog:
    entries = list(ENTRIES)
    entries[at] = replace(entries[at], **change)  # type: ignore[arg-type]  # any field of any entry
    return page(*entries)


def rows(**change: object) -> Rows:
    """Return the honest rows with a change of its one reply, and the outcome that goes with it."""
    reply = replace(REPLY, **change)  # type: ignore[arg-type]
    return replace(ROWS, replies=(reply,), outcomes=(OutcomeRow("r1", reply.state, reply.ended_by),))


def test_an_honest_log_breaks_no_rule() -> None:
    assert check([HONEST], ROWS, 1, WHOLE) == []
    assert check([HONEST, replace(HONEST, page="p2")], ROWS, 1, WHOLE) == []


DOCTORED: dict[str, tuple[str, Callable[[], set[str]]]] = {
    "no row for an acknowledged message": (
        checker.LOST, lambda: found(rows=replace(ROWS, turns=(replace(TURN, message_id="other"),)))
    ),
    "acknowledged and stored with another text": (
        checker.LOST, lambda: found(rows=replace(ROWS, turns=(replace(TURN, text="Does"),)))
    ),
    "stored and never answered": (
        checker.LOST, lambda: found(rows=replace(ROWS, turns=(TURN, TurnRow("t2", "c1", "v1", "m2", "And?"))))
    ),
    "the same text under two ids": (
        checker.TWICE,
        lambda: found(rows=replace(ROWS, turns=(TURN, replace(TURN, id="t2", message_id="m2")))),
    ),
    "two first replies of one turn": (
        checker.TWICE, lambda: found(rows=replace(ROWS, replies=(REPLY, replace(REPLY, id="r2"))))
    ),
    "a reply that still streams": (
        checker.LEFT, lambda: found(rows=replace(rows(state="streaming", ended_by=""), outcomes=()))
    ),
    "a message that nobody takes": (checker.UNTAKEN, lambda: found(without(Acked))),
    "the same records twice": (checker.CHARACTERS, lambda: found(changed(7, first=3))),
    "a screen that goes back": (checker.CHARACTERS, lambda: found(changed(6, text="This", seq=1))),
    "a snapshot of another text": (checker.CHARACTERS, lambda: found(changed(6, text="That is tex"))),
    "an older epoch after a newer": (checker.CHARACTERS, lambda: found(changed(5, epoch=2))),
    "a screen that lacks the end": (checker.SCREEN, lambda: found(page(*ENTRIES, shown=WHOLE[:-1]))),
    "a screen with a character twice": (checker.SCREEN, lambda: found(page(*ENTRIES, shown=WHOLE + "."))),
    "a reply that is not shown": (
        checker.SCREEN, lambda: found(PageLog("p1", "v1", "c1", list(ENTRIES), {}))
    ),
    "told another state": (checker.STATE, lambda: found(changed(8, state="failed"))),
    "told another reason": (checker.STATE, lambda: found(changed(8, ended_by="stop"))),
    "told the end of an unknown reply": (checker.STATE, lambda: found(changed(8, reply_id="r9"))),
    "never told the end": (checker.STATE, lambda: found(without(Ended))),
    "an attempt with two rows": (
        checker.LEDGER, lambda: found(rows=replace(ROWS, calls=(CALL, replace(CALL, id="k2"))))
    ),
    "an attempt that is not settled": (
        checker.LEDGER, lambda: found(rows=replace(ROWS, calls=(replace(CALL, settled=False),)))
    ),
    "an attempt without a cost": (
        checker.LEDGER, lambda: found(rows=replace(ROWS, calls=(replace(CALL, cost=None),)))
    ),
    "a request without a row": (checker.LEDGER, lambda: found(asked=2)),
    "no outcome": (checker.LEDGER, lambda: found(rows=replace(ROWS, outcomes=()))),
    "two outcomes": (checker.LEDGER, lambda: found(rows=replace(ROWS, outcomes=ROWS.outcomes * 2))),
    "another outcome than end": (
        checker.LEDGER, lambda: found(rows=replace(ROWS, outcomes=(OutcomeRow("r1", "failed", "orphan"),)))
    ),
    "money held for nothing": (checker.LEDGER, lambda: found(rows=replace(ROWS, reserved=5))),
    "completed with less than the model said": (checker.SOURCE, lambda: found(rows=rows(text="This is"))),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCTORED)
def test_a_doctored_log_or_row_breaks_its_rule(name: str) -> None:
    rule, doctored = DOCTORED[name]
    assert rule in doctored()


def test_every_rule_is_doctored_once() -> None:
    assert {rule for rule, _ in DOCTORED.values()} == set(checker.RULES)


def test_what_is_no_breach() -> None:
    refused = page(*ENTRIES, Sent(2.0, "m2", "x"), Refused(2.1, "m2", "conflict", final=True))
    assert found(refused) == set(), "refused for good is an answer"
    took_over = rows(epoch=2, text="This is other.")
    onward = page(
        *ENTRIES[:6],
        Replaced(1.0, "r1", 2, 1, "This"),
        Grown(1.1, "r1", 2, 2, 2, " is other."),
        Ended(1.2, "r1", 2, "completed", "finish"),
        shown="This is other.",
    )
    calls = (CALL, replace(CALL, id="k2", attempt=2))
    assert found(onward, replace(took_over, calls=calls, booked=2), 2) == set(), "a new epoch replaces"
    ended = rows(state="failed", ended_by="orphan", text="This is", epoch=2)
    failed = page(*ENTRIES[:6], Replaced(1.0, "r1", 2, 1, "This is"), Ended(1.2, "r1", 2, "failed", "orphan"))
    assert found(replace(failed, shown={"r1": "This is"}), ended) == set(), "so is failed with its text"
    assert tally(took_over) == {"continued by another process": 1}
    assert tally(ended) == {"failed with text (orphan)": 1}


def test_ids_are_compared_whatever_their_dashes() -> None:
    dashed = "0190aaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    log = PageLog("p1", "v1", "c1", [Ended(1.0, dashed, 1, "completed", "finish")], {dashed: WHOLE})
    for stored, missed in ((dashed.replace("-", ""), set()), ("r1", {checker.SCREEN, checker.STATE})):
        rules = {breach.rule for breach in check([log], Rows(replies=(replace(REPLY, id=stored),)))}
        assert rules & {checker.SCREEN, checker.STATE} == missed


def test_rows_of_some_visitors_leave_out_the_others() -> None:
    other = TurnRow("t2", "c2", "v2", "m1", "Does it?")
    both = replace(
        ROWS,
        turns=(TURN, other),
        replies=(REPLY, replace(REPLY, id="r2", turn="t2", conversation="c2")),
        calls=(CALL, replace(CALL, id="k2", reply="r2")),
        reserved=7,
        booked=9,
    )
    assert both.of({"v1"}, Rows(reserved=7, booked=8)) == ROWS
