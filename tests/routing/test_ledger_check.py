"""The ledger adds up, or the command says where it does not and ends with 1."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from common.clock import now
from routing import publishing
from routing.books import Booked, Sums, compare, estimates_apart, invoice_apart, unseen
from routing.catalogue import seed_routing
from routing.events import UsageReport
from routing.models import Budget, ModelCall, RouteOutcome
from routing.recorder import record_outcome, remove_purpose, settle_call, settle_calls, start_call
from tests.routing.ledger import attempt, config, outcome_facts, result

LONG_AGO = now() - timedelta(hours=1)


def checked(*arguments: str) -> str:
    """Return what the command prints; its error is printed as well."""
    said = StringIO()
    try:
        call_command("ledger_check", *arguments, stdout=said)
    except CommandError as error:
        return f"{said.getvalue()}{error}"
    return said.getvalue()


@pytest.fixture
def reply(db: None) -> Any:
    """Book a reply of two calls, one of them failed, and one call that runs."""
    began = now() - timedelta(seconds=5)
    first, second = attempt(started_at=began), attempt(started_at=began, attempt=2, cause="fallback")
    second = replace(second, reply_id=first.reply_id)
    for start in (first, second, attempt(started_at=began), attempt(started_at=began, purpose="demo")):
        start_call(start)
    settle_call(first, result(cost_pico=0, usage=None, first_text_ms=None, error_class="ConnectFailed"))
    settle_call(second, result())
    record_outcome(outcome_facts(reply_id=first.reply_id, ended_at=now(), attempts=2), config())
    return first.reply_id


CALLS, BOOKS = ModelCall.objects, Budget.objects
BREAKS: list[tuple[str, Callable[[], object], str]] = [
    ("lost", lambda: CALLS.filter(ended_at=None).update(started_at=LONG_AGO), "is open since"),
    ("settled twice", lambda: BOOKS.update(spent_pico=F("spent_pico") * 2), "budget all, day of"),
    ("not returned", lambda: BOOKS.filter(scope="all").update(reserved_pico=9), "reserved $0.000000000009"),
    ("a cost changed", lambda: CALLS.filter(attempt=2).update(cost_pico=1), "its calls"),
    (
        "an outcome changed",
        lambda: RouteOutcome.objects.update(output_tokens=7),
        "output tokens 7, its",
    ),
    ("booked twice", lambda: CALLS.filter(attempt=2).update(attempt=1), "attempt 1 is booked 2 times"),
]


@pytest.mark.parametrize(("broken", "words"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS])
def test_books_that_agree_and_books_that_do_not(reply: Any, broken: Callable[[], object], words: str) -> None:
    said = checked()
    assert "4 calls since" in said and said.endswith("No difference.\n"), said
    broken()
    said = checked()
    assert words in said
    assert said.endswith(("1 difference.", "2 differences.")), said
    assert checked("--since", f"{now() + timedelta(days=40):%Y-%m-%d}").endswith("No difference.\n")


def test_calls_of_a_dead_process_and_the_end_of_the_example_leave_the_books_right(reply: Any) -> None:
    running = ModelCall.objects.get(ended_at=None, purpose="visitor")
    assert running.reply_id is not None
    settle_calls(running.reply_id, now())
    assert remove_purpose("demo") == 0
    assert Budget.objects.get(scope="example").reserved_pico == 0
    assert checked().endswith("No difference.\n")


def test_a_moment_that_is_none_and_a_sandbox_that_is_none_are_said(db: None) -> None:
    assert "--since takes a day such as" in checked("--since", "yesterday")
    assert "does not answer" in checked("--sandbox", "http://127.0.0.1:9")


# ---- beside the sandbox's books --------------------------------------------------------------------

RECORD: dict[str, Any] = {
    "call_id": "a", "model": "small", "ended": "complete", "usage_sent": True, "cost_pico": 300,
    "input_tokens": 1000, "cached_tokens": 10, "cache_write_tokens": 0, "output_tokens": 100,
}  # fmt: skip
BOOKED = Booked("small", True, False, 1000, 10, None, 100, 300)

PAIRS: list[tuple[dict[str, Any], Booked | None, str]] = [
    ({}, BOOKED, ""),
    ({"output_tokens": 101}, BOOKED, "output tokens 100 in the ledger, 101 on the bill"),
    ({"cached_tokens": 0}, BOOKED, "cached tokens 10 in the ledger, 0 on the bill"),
    ({"cost_pico": 301}, BOOKED, "cost 3.00E-10 USD in the ledger"),
    ({}, None, "the ledger has no such call"),
    ({"usage_sent": False}, BOOKED, "does not mark the row as estimated"),
    ({"usage_sent": False}, replace(BOOKED, estimated=True, output_tokens=90, cost_pico=290), ""),
    ({}, replace(BOOKED, cost_pico=None), ""),  # the desk knows no price
    ({"ended": ""}, replace(BOOKED, ended=False), ""),
    ({"ended": "rejected", "usage_sent": False, "cost_pico": 0, "input_tokens": 0, "cached_tokens": 0,
      "output_tokens": 0}, Booked("small", True, False, None, None, None, None, 0), ""),
]  # fmt: skip


@pytest.mark.parametrize(("record", "booked", "words"), PAIRS)
def test_a_request_beside_its_row(record: dict[str, Any], booked: Booked | None, words: str) -> None:
    found = compare({"a": booked} if booked else {}, [{**RECORD, **record}]).differences
    assert len(found) == bool(words)
    assert words.replace("3.00E-10", "0.0000000003") in "".join(found)


def test_sums_by_model_and_what_is_left_out() -> None:
    records = [RECORD, {**RECORD, "call_id": ""}, {**RECORD, "call_id": "b", "ended": ""}]
    found = compare({"a": BOOKED}, records)
    assert found.ours == found.theirs == {"small": Sums(1, 1000, 100, 300)}
    assert (found.nameless, found.running, found.estimated, found.differences) == (1, 1, 0, ())
    assert compare({"a": BOOKED}, [RECORD, RECORD]).differences == ("call a was sent 2 times",)
    assert list(unseen({"a": BOOKED}, [RECORD])) == []
    assert "no such request" in "".join(unseen({"a": BOOKED}, []))
    invoice = {"small": {"requests": 1, "input_tokens": 1000, "output_tokens": 100, "cost_pico": 300}}
    assert invoice_apart(invoice, [RECORD]) == []
    assert invoice_apart(invoice, [RECORD, RECORD]) != []


def test_estimates_are_said_with_how_far_they_are_from_the_bill() -> None:
    guess = replace(BOOKED, estimated=True, output_tokens=50, cost_pico=100)
    records = [
        {**RECORD, "usage_sent": False},
        {**RECORD, "call_id": "b", "usage_sent": False, "cost_pico": 840},
    ]
    assert estimates_apart(compare({"a": BOOKED}, [RECORD])) == ""
    both = compare({"a": guess, "b": guess}, records)
    assert both.differences == () and both.estimated == 2
    assert estimates_apart(both) == (
        "2 rows are estimates: in all 0.0000000002 USD and 100 output tokens in the ledger, 0.00000000114 "
        "USD and 200 on the bill, 5.7 times."
    )
    equal = compare({"a": replace(BOOKED, estimated=True)}, records[:1])
    assert estimates_apart(equal) == "1 row is an estimate, equal to the bill in all."


def test_a_price_is_checked_again_with_the_catalogue_of_the_call(db: None) -> None:
    seed_routing()
    publishing.forget()
    published = publishing.publish(settings={})
    facts = {"asked_model": "claude-haiku-5-5", "config_number": published.number, "started_at": now()}
    usage = UsageReport(100_001, 100)
    right, wrong = attempt(**facts), attempt(**facts, call_id=uuid4())
    for start, cost in ((right, 100_001 * 500_000 + 100 * 2_500_000), (wrong, 7)):
        start_call(start)
        settle_call(start, result(cost_pico=cost, usage=usage))
    said = checked()
    publishing.forget()
    assert f"call {wrong.call_id} (claude-haiku-5-5) costs $0.000000000007, its tokens" in said
    assert str(right.call_id) not in said
