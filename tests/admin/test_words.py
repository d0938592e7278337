"""The pure helpers that put stored values into words."""

from assistant.admin.decision import decision_view
from routing.admin.calls import milliseconds, tokens
from routing.admin.differences import Difference, differences
from routing.probe_words import lines


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


def test_a_probe_is_told_on_the_page_as_the_command_tells_it() -> None:
    figures = {
        "prompts": 12,
        "first_text_p50_ms": 1312,
        "first_text_p95_ms": None,
        "cost_pico": 10**12,
        "unpriced": 2,
        "answered_by": {"small": 11, "nobody": 1},
        "problems": {"no answer in time": 1},
    }
    rows = dict(lines(figures))
    assert rows["first text p50"] == "1,312 ms"
    assert rows["first text p95"] == "too few (20 needed)"
    assert rows["tokens/s while writing"] == "unknown"
    assert rows["cost"] == "$1.00"
    assert rows["calls without a price"] == "2"
    assert rows["answered by"] == "small 11, nobody 1"
    assert rows["1 x"] == "no answer in time"


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
