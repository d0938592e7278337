"""Times of the week: read from what staff type, and asked at a moment of the desk's clock."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from routing.config import ConditionSpec, RuleSpec
from routing.policy import decide, flaw, holds, try_rule
from routing.schedule import BadSchedule, minute, moment, parse, within
from routing.signals import Context, read_signals

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("Mon-Fri 09:00-17:30", ["Mon 09:00", "Fri 17:29"], ["Mon 08:59", "Fri 17:30", "Sat 10:00"]),
        ("Mon-Fri 9-17; Sat 10.30-13", ["Sat 10:30", "Tue 16:59"], ["Sat 13:00", "Sun 11:00"]),
        ("Sat, Sun", ["Sat 00:00", "Sun 23:59"], ["Fri 23:59", "Mon 00:00"]),
        ("Fri – Mon", ["Fri 12:00", "Sun 12:00", "Mon 23:59"], ["Tue 00:00", "Thu 23:59"]),
        ("22:00-06:00", ["Mon 22:00", "Tue 05:59", "Mon 05:59"], ["Mon 06:00", "Mon 21:59"]),
        ("Sun 22:00-06:00", ["Sun 23:00", "Mon 05:59"], ["Mon 06:00", "Sun 05:00"]),
        ("daily 12:00-13:00, 15-16", ["Wed 12:30", "Sun 15:00"], ["Wed 13:00"]),
        ("Monday: 00:00-24:00", ["Mon 23:59"], ["Tue 00:00"]),
    ],
)
def test_times_are_read_as_they_are_meant(text: str, inside: list[str], outside: list[str]) -> None:
    assert [at for at in inside if not within(minute(at), parse(text))] == []
    assert [at for at in outside if within(minute(at), parse(text))] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write days, times or both"),
        (" ; ", "write days, times or both"),
        ("Someday", "“someday” is no day"),
        ("T 9-17", "is no day"),
        ("Mon 9", "has no time like"),
        ("Mon 9-25", "no clock shows"),
        ("Mon 9:75-10", "no clock shows"),
        ("9:00-9:00", "begins and ends at the same time"),
    ],
)
def test_what_cannot_be_read_is_quoted(text: str, says: str) -> None:
    with pytest.raises(BadSchedule, match=says):
        parse(text)
    assert says in (flaw(ConditionSpec("time", "during", text)) or "")


def test_a_rule_asks_the_desks_clock_and_nothing_where_it_is_not_known() -> None:
    late = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("UTC")).astimezone(BERLIN)
    assert moment(late) == "Sun 02:30"
    seen = read_signals("hello there", Context(at=late, open_now=True))
    night, day = ConditionSpec("time", "during", "Sun 2-3"), ConditionSpec("time", "not_during", "Sun 2-3")
    assert (holds(seen, night), holds(seen, day)) == (True, False)
    assert holds(seen, ConditionSpec("open_now", "is_true"))
    rule = RuleSpec(1, 1, "night", "a", "", ((night,),))
    assert try_rule(seen, rule) == (True, "time at the desk: is within Sun 2-3")
    unknown = replace(seen, time="")
    assert not holds(unknown, night) and not holds(unknown, day)
    rules = (rule, RuleSpec(2, 2, "day", "b", "", ((day,),)), RuleSpec(3, 3, "rest", "c", ""))
    assert [decide(each, rules).route for each in (seen, unknown)] == ["a", "c"]
