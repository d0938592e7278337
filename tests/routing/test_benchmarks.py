"""The pure parts of the benchmarks of routing: what they ask, how they count, and what they say of it."""

from urllib.parse import urlsplit

import pytest

from benchmarks import code_requests, faults, faults_latency, faults_outcome, routing, routing_cases
from benchmarks.code_requests import Count
from benchmarks.faults_outcome import CUT, Outcome, Told
from benchmarks.faults_sandbox import Control
from routing.policy import decide
from routing.sandbox.faults import KINDS
from routing.signals import estimate_tokens, read_signals


def test_the_messages_have_the_length_that_is_named_and_differ() -> None:
    made = routing_cases.messages(300, 20)
    assert made == routing_cases.messages(300, 20)
    assert len(set(made)) == 20
    assert all(300 <= estimate_tokens(text) <= 330 for text in made)
    assert {len(text) for name, text in routing_cases.nasty().items() if "20,000 char" in name} == {20_000}


def test_each_of_the_many_rules_is_tried_on_an_ordinary_message() -> None:
    rules = routing_cases.many_rules(50)
    decision = decide(read_signals(routing_cases.messages(300, 1)[0]), rules)
    assert len(decision.tried) == len(rules) == 50
    assert [trial.matched for trial in decision.tried] == [False] * 49 + [True]
    assert all("needs" not in trial.why and "cannot" not in trial.why for trial in decision.tried)


def test_requests_for_code_are_heard_in_the_half_that_was_never_looked_at() -> None:
    requests = code_requests.read_requests()
    explicit = [each for each in requests if each.explicit]
    assert len({each.text for each in requests}) == len(requests)
    assert all(sum(each.language == name for each in explicit) >= 50 for name in code_requests.LANGUAGES)
    counts = {each.what: each for each in code_requests.recall(requests)}
    assert counts["half: look"].of + counts["half: final"].of == counts["all"].of == len(explicit)
    assert counts["half: final"].share >= routing.RECALL
    (near,) = code_requests.false_alarms(requests, [])
    assert near.of == len(requests) - len(explicit)
    assert near.seen <= 1


def test_a_goal_that_was_missed_is_said_to_be() -> None:
    row = routing.Timing("300 tokens of prose", 200, 10, 0.2, 1.5, 0.2, 1.1, 0.1)
    said = routing.verdicts([row], [Count("half: final", 95, 100)], [Count("clinc150", 1, 100)])
    assert [each.rsplit(": ", 1)[1] for each in said] == ["met", "NOT MET", "met", "NOT MET"]
    assert "not measured" in routing.verdicts([row], [Count("half: final", 95, 100)], [])[-1]


WHOLE = "Open Sign in."


@pytest.mark.parametrize(
    ("told", "text", "error", "words"),
    [
        ("completed", WHOLE, "", "completed"),
        ("ended", WHOLE, "", "completed"),
        ("ended", "Open", "", CUT),
        ("completed", "", "", CUT),
        ("completed", "Close it.", "", "completed, other text"),
        ("error", "", "Gone", "error: Gone"),
        ("error", "Open", "Gone", "error, after text: Gone"),
        ("truncated", "Open", "Cut", "truncated, said so"),
        ("writing", "Open", "", "still writing"),
        ("hang", "", "", "hang"),
    ],
)
def test_a_cut_answer_without_an_error_is_never_called_completed(
    told: Told, text: str, error: str, words: str
) -> None:
    assert faults_outcome.in_words(Outcome("x", told, text, error), WHOLE) == words


def test_the_sums_count_what_the_table_shows() -> None:
    rows = [Outcome("", "completed", WHOLE), Outcome("eof", "ended", "Open"), Outcome("stall", "hang", "")]
    found = faults.Measured(["eof", "stall"], {"peer": rows}, [], [])
    assert [cell.strip() for cell in faults.sums(found).splitlines()[-1].strip("|").split("|")] == [
        *("peer", "2", "0", "1", "1")
    ]
    assert [cell.strip() for cell in faults.grid(found).splitlines()[-2].strip("|").split("|")] == [
        "eof",
        CUT,
    ]


def test_what_a_failover_adds_is_counted_against_the_undisturbed_rounds() -> None:
    calm: list[float | None] = [0.1] * 100
    times: dict[str, list[float | None]] = {faults_latency.UNDISTURBED: calm, "lost": [*calm, None]}
    times |= {"500": [0.3] * 100, "429": [0.4] * 100}
    rows = {row.scene: row for row in faults_latency._compared(times)}
    assert rows["500"].added_p99_ms == pytest.approx(200)
    assert [rows[name].met for name in ("500", "429", "lost")] == [True, False, False]
    assert faults_latency.Storm("none", 10, 11, 11).each == pytest.approx(faults_latency.ASKED)


def test_the_sandbox_is_asked_which_faults_it_knows(sandbox: str) -> None:
    assert set(Control(urlsplit(sandbox).port or 0).faults()) == set(KINDS)
