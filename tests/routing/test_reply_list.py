"""The replies behind a figure are those that it counts, in pages without a gap or a repetition."""

from datetime import timedelta
from random import Random

import pytest

from routing import reply_list, tally
from routing.evidence import KINDS
from routing.models import RouteOutcome
from routing.reply_list import KINDS_OF_REPLIES, Key, Wanted, chunks, page, replies
from tests.routing.ledger import NOON, outcome

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ALL = Wanted(NOON - HOUR, NOON + HOUR, ("visitor",))


def any_reply(chance: Random) -> RouteOutcome:
    def yes() -> bool:
        return chance.random() < 0.3

    return outcome(
        ended_at=NOON + timedelta(seconds=chance.randrange(20)),
        state=chance.choice(reply_list.STATES),
        ended_by=chance.choice(("finish", "budget", "stop", "abandoned", "upstream")),
        truncated=yes(),
        fallbacks=chance.choice((0, 0, 2)),
        cached=yes(),
        escalated_before=yes(),
        escalated_after=yes(),
        escalated_by=chance.choice(("", "", *KINDS)),
        feedback=chance.choice((None, None, 1, -1)),
        resolved=chance.choice((None, None, None, True, False)),
        handed_off=yes(),
        handoff_failed=yes(),
        assumed=yes(),
        support=chance.choice((None, 0.2, 0.8, 1.0)),
        judged_by=chance.choice(("", "words", "vectors")),
        re_asked=yes(),
        first_text_ms=chance.choice((None, 100, 900)),
        total_ms=chance.choice((50, 800, 3000)),
    )


def test_every_list_holds_exactly_what_its_figure_counts() -> None:
    chance = Random(7)
    rows = [any_reply(chance) for _ in range(600)]
    for name, condition in KINDS_OF_REPLIES.items():
        listed = set(RouteOutcome.objects.filter(condition).values_list("pk", flat=True))
        counted = {row.pk for row in rows if tally.of_replies([row])[name]}
        assert listed == counted, name
        assert counted, name
    slow = Wanted(ALL.start, ALL.end, ALL.purposes, slow="first_text", over_ms=700)
    assert set(replies(slow)) == {row for row in rows if (tally.felt_first_text(row) or 0) > 700}


def test_pages_hold_each_reply_once_also_those_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_list, "PAGE", 7)
    chance = Random(1)
    for _ in range(40):
        any_reply(chance)
    outcome(ended_at=NOON + HOUR)  # the end is not part of the span
    seen: list[RouteOutcome] = []
    key: Key | None = None
    while True:
        rows, key = page(ALL, key)
        seen += rows
        if key is None:
            break
        assert len(rows) == 7
        key = Key.read(str(key))
    assert len(seen) == len(set(seen)) == 40
    assert [row.ended_at for row in seen] == sorted((row.ended_at for row in seen), reverse=True)
    monkeypatch.setattr(reply_list, "CHUNK", 9)
    assert [row for chunk in chunks(ALL) for row in chunk] == seen
    assert [len(chunk) for chunk in chunks(ALL)] == [9, 9, 9, 9, 4]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2026-11-23_x",
        "2026-11-23T12:00:00_" + "0" * 32,
        "0001-01-01T00:00:00+14:00_" + "0" * 32,
        "9999-12-31T23:59:59-12:00_" + "0" * 32,
    ],
)
def test_a_page_that_was_made_up_is_the_first(text: str) -> None:
    assert Key.read(text) is None
