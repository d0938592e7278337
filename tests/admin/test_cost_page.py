"""The cost page: what the ledger says it cost, by day, route, model and plan, and who may see it."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from common import clock
from routing import cost_days, desk, recorder, rollup
from routing.models import ConversationDay, ModelCall, PlanDay, Route, RouteOutcome
from routing.recorder import record_outcome, settle_call, start_call
from tests.admin.conftest import SignIn
from tests.routing.ledger import USD, attempt, config, outcome_facts, result

pytestmark = pytest.mark.usefixtures("seeded")


def answered(
    cost: int, route: str = "common", plan: str = "", purpose: str = "visitor", **outcome: object
) -> None:
    now = clock.now()
    start = attempt(started_at=now, route=route, plan=plan, purpose=purpose, asked_model=f"of-{route}")
    start_call(start)
    settle_call(start, result(ended_at=now, cost_pico=cost))
    values = {"conversation_id": uuid4(), **outcome}
    if purpose == "visitor":
        record_outcome(
            outcome_facts(reply_id=start.reply_id, ended_at=now, route=route, plan=plan, first_text_ms=100,
                          total_ms=1000 if route == "common" else 8000, **values),
            config(),
        )  # fmt: skip


def shown(client: Client, query: str = "") -> str:
    answer = client.get(reverse("admin:cost") + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def figure(html: str, name: str) -> str:
    found = re.search(rf'data-figure="{name}"[^>]*>([^<]*)<', html)
    assert found, name
    return found[1]


def test_every_dollar_of_the_ledger_stands_under_its_day_route_model_and_plan(sign_in: SignIn) -> None:
    for _ in range(3):
        answered(USD // 10, plan="free")
    answered(USD, "complex", "pro")
    answered(USD // 4, purpose="probe")
    rollup.roll_up(clock.now())
    cost_days.run(clock.now())
    html = shown(sign_in("manager"))
    assert figure(html, "spent") == "$1.55"
    common, heavy = (Route.objects.get(slug=slug).name for slug in ("common", "complex"))
    for mark in (
        f'data-route="{heavy}"><th scope="row">{heavy}</th><td data-value="1"',
        f'data-route="{common}"><th scope="row">{common}</th><td data-value="0.55"',
        'data-model="of-complex"><th scope="row">of-complex</th><td data-value="1"',
        'data-plan="pro"><th scope="row">pro</th><td data-value="1"',
        'data-plan="free"><th scope="row">free</th><td data-value="0.3"',
        'data-purpose="Probe"><th scope="row">Probe</th><td data-value="0.25"',
    ):
        assert mark in html, mark
    assert "<rect" in html and "too few days" in html
    assert "Nothing was spent" in shown(sign_in("manager"), "?month=last")


def test_a_resolved_conversation_pays_for_those_that_were_not(sign_in: SignIn) -> None:
    solved, asked_again, handed = uuid4(), uuid4(), uuid4()
    facts = [(solved, None), (solved, True), (asked_again, None), (handed, True)]
    for conversation, _ in facts:
        answered(USD // 4, conversation_id=conversation)
    last = {row.conversation_id: row for row in RouteOutcome.objects.order_by("ended_at")}
    recorder.amend_outcome(last[solved].pk, resolved=True)
    recorder.amend_outcome(last[handed].pk, resolved=True, handed_off=True)
    cost_days.run(clock.now())
    cost_days.run(clock.now())  # again: the same
    row = ConversationDay.objects.get()
    assert (row.conversations, row.confirmed, row.assumed, row.handed_off) == (3, 1, 0, 1)
    rollup.roll_up(clock.now())
    html = shown(sign_in("manager"))
    assert (figure(html, "conversations"), figure(html, "each-confirmed")) == ("3", "$1.00")


def test_a_day_whose_ledger_is_gone_keeps_its_counts() -> None:
    answered(USD)
    cost_days.run(clock.now())
    kept = list(PlanDay.objects.values()), list(ConversationDay.objects.values())
    RouteOutcome.objects.all().delete()
    ModelCall.objects.all().delete()
    cost_days.count(desk.day_of(clock.now(), desk.caps().tz))
    assert (list(PlanDay.objects.values()), list(ConversationDay.objects.values())) == kept
    recorder.remove_purpose("visitor")
    assert not PlanDay.objects.exists() and not ConversationDay.objects.exists()


def test_days_that_were_never_counted_are_caught_up() -> None:
    past = clock.now() - timedelta(days=9)
    start = attempt(started_at=past)
    start_call(start)
    settle_call(start, result(ended_at=past, cost_pico=7))
    while cost_days.run(clock.now()) and not PlanDay.objects.exists():
        pass
    assert PlanDay.objects.get().cost_pico == 7


def test_what_if_and_the_verdict_come_from_the_desks_own_replies(sign_in: SignIn) -> None:
    client = sign_in("manager")
    assert 'data-verdict="too_few"' in shown(client)
    for index in range(100):
        answered(USD // 1000) if index < 75 else answered(USD // 100, "complex")
    rollup.roll_up(clock.now())
    html = shown(client, "?rate=50")
    table = html[html.index('id="what-if"') :]
    rates = re.findall(r'<tr[^>]*><th scope="row">([^<]*)</th>', table)
    assert rates[:6] == ["5 %", "10 %", "20 %", "30 %", "50 %", "25 % (yours)"]
    # 100 replies in the desk's first day are 3,000 a month: 3,000 x (0.001 + 0.1 x 0.01) USD, 9 s of waiting.
    row = re.search(r'<th scope="row">10 %</th>(.*?)</tr>', table)
    assert row and re.findall(r"<td>([^<]*)</td>", row[1])[0] == "$6.00"
    assert re.findall(r"<td>([^<]*)</td>", row[1])[1].startswith(("8.9", "9.0"))
    # At the team's own rate, "at once" is what the comparison below says of it as it is.
    own = re.search(r'<th scope="row">25 % \(yours\)</th>(.*?)</tr>', table)
    assert own and re.findall(r"<td>([^<]*)</td>", own[1])[2] == "$9.75"
    assert re.search(r'<th scope="row">As it is</th><td[^>]*>\$9\.75<', table)
    assert "12.5 %" in shown(client, "?rate=12.5")
    assert "<strong>90 %</strong>" in html  # 1 - 0.001 / 0.01
    # 0.0045 USD each on the heavy model alone against 0.00325: 3.75 USD a month.
    assert 'data-verdict="tiers"' in shown(client, "?worth=3.7")
    assert 'data-verdict="no_matter"' in shown(client, "?worth=3.8")


def test_nonsense_in_the_fields_is_left_aside(sign_in: SignIn) -> None:
    for query in ("?rate=abc&worth=-5", "?rate=1e400&worth=nan", "?month=%00"):
        shown(sign_in("manager"), query)


def test_support_may_not_see_what_it_costs(sign_in: SignIn) -> None:
    assert sign_in("support").get(reverse("admin:cost")).status_code == 403
