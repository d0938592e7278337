"""The questions of the README land where it says, on the seeded desk, by the production path."""

import pytest
from django.core.management import call_command

from assistant.pipeline import ConversationFacts, consider
from faq import index
from routing import publishing
from tests.environment import ROOT


def try_these() -> list[tuple[str, str, str]]:
    """Return question, plan and route of each row of the README's table."""
    section = (ROOT / "README.md").read_text().split("## Try these\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return [(row[0].strip(), row[1].strip(), row[2].strip(" `")) for row in rows]


@pytest.mark.django_db
def test_the_questions_to_try_land_where_the_readme_says() -> None:
    call_command("seed", verbosity=0)
    publishing.refresh(force=True)
    index.refresh(force=True)
    config = publishing.current()
    plans = {"guest": "", "free": "free"}
    landed = [
        (text, plan, consider(text, ConversationFacts(plan=plans[plan]), config).decision.route)
        for text, plan, _ in try_these()
    ]
    assert landed == try_these()
    assert {route for _, _, route in landed} >= {"faq", "common", "complex", "draft", "person", "small_talk"}


@pytest.mark.django_db
def test_a_pasted_calendar_file_is_long() -> None:
    call_command("seed", verbosity=0)
    publishing.refresh(force=True)
    event = (
        "BEGIN:VEVENT\nUID:{0}@larkfield.example\nDTSTART:20261124T{0:02}0000Z\nSUMMARY:Haircut\nEND:VEVENT\n"
    )
    text = ("BEGIN:VCALENDAR\nVERSION:2.0\n" + "".join(event.format(hour % 24) for hour in range(90)))[:7000]
    assert consider(text, ConversationFacts(), publishing.current()).decision.route == "long"
