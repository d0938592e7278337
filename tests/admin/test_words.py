"""The pure helpers that put stored values into words."""

from assistant.admin.decision import decision_view
from routing.admin.calls import milliseconds, tokens
from routing.admin.differences import Difference, differences
from routing.admin.trail import figure_rows


def test_differences_name_the_place_and_both_values() -> None:
    before = {
        "routes": [{"slug": "common", "ladder": ["a", "b"], "enabled": True}],
        "settings": {"name": "A", "cap": None},
    }
    after = {
        "routes": [
            {"slug": "common", "ladder": ["b", "a"], "enabled": False},
            {"slug": "new_one", "ladder": []},
        ],
        "settings": {"name": "A", "cap": 5},
    }
    assert differences(before, after) == [
        Difference("routes › common › enabled", "yes", "no"),
        Difference("routes › common › ladder", "a > b", "b > a"),
        Difference("routes › new one › ladder", "", ""),
        Difference("routes › new one › slug", "", "new_one"),
        Difference("settings › cap", "", "5"),
    ]
    assert differences(after, after) == []


def test_figures_are_told_in_words_and_money_in_dollars() -> None:
    rows = figure_rows(
        {"first_text": {"p50_ms": 12, "p99_ms": None}, "cost_pico": 10**12, "errors": ["a", "b"]}
    )
    assert rows == [
        ("first text, p50 ms", "12"),
        ("first text, p99 ms", "unknown"),
        ("cost", "$1.00"),
        ("errors", "a, b"),
    ]


def test_unknown_times_and_tokens_are_never_nought() -> None:
    assert (milliseconds(None), milliseconds(0), milliseconds(12_345)) == ("–", "0 ms", "12.3 s")
    assert (tokens(None), tokens(0), tokens(12_345)) == ("unknown", "0", "12,345")


def test_a_record_of_an_older_release_still_makes_a_receipt() -> None:
    view = decision_view({}, {}, link_entries=False)
    assert (view.route, view.tried, view.candidates, view.ladder, view.versions) == ("", (), (), (), ())
    record = {"ladder": [{"model": "gone", "tier": "odd", "status": "no key for x"}, {"model": "b"}]}
    steps = decision_view(record, {}, link_entries=False).ladder
    assert [(step.label, step.tier, step.chosen) for step in steps] == [
        ("gone", "odd", False),
        ("b", "", True),
    ]
