"""The managers' page as a browser gets it: its figures, its warnings, and who may see it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from common import clock
from routing import budget, example, prometheus, publishing, rollup
from routing.admin.cells import target_lines
from routing.definitions import DEFINITIONS, ESCALATIONS
from routing.evidence import KINDS
from routing.metrics import TargetCheck
from routing.models import ExampleRun, MinuteRow, RollUpState, Route
from routing.recorder import record_outcome, settle_call, start_call
from tests.routing.ledger import attempt, config, outcome, outcome_facts, publish_routes, result

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


class Figures(HTMLParser):
    """Reads the cells of the page: (route, metric) to the bare value."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[tuple[str, str], str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "td" and given.get("data-route") and given.get("data-metric"):
            self.found[str(given["data-route"]), str(given["data-metric"])] = given.get("data-value") or ""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Leave no configuration behind in this process."""
    publishing.forget()
    yield
    publishing.forget()


@pytest.fixture
def manager(client: Client) -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_metrics"))
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    answer = client.get(reverse("admin:metrics") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def route(slug: str, name: str, **values: object) -> None:
    Route.objects.update_or_create(
        slug=slug, defaults={"name": name, "meaning": "", "kind": "model", "tier": "lite", **values}
    )


def test_sixty_scripted_replies_are_on_the_page_as_scripted(manager: Client) -> None:
    Route.objects.all().delete()
    route("common", "Everyday", target_first_text_p95_ms=1000)
    route("faq", "Approved", kind="faq")
    publish_routes()
    now = clock.now()
    for index in range(40):
        start = attempt(started_at=now, asked_model="small")
        start_call(start)
        settle_call(start, result(ended_at=now, cost_pico=250_000_000))
        record_outcome(
            outcome_facts(
                reply_id=start.reply_id,
                ended_at=now,
                answering_model="small",
                first_text_ms=50 * (index + 1),
                total_ms=100 * (index + 1),
                state="failed" if index < 2 else "completed",
                fallbacks=int(index < 3),
                truncated=index < 4,
            ),
            config(),
        )
    for _ in range(20):
        record_outcome(
            outcome_facts(
                route="faq",
                tier="none",
                ended_at=now,
                first_text_ms=10,
                total_ms=20,
                estimated_input_tokens=1000,
                estimated_output_tokens=100,
            ),
            config(),
        )
    rollup.roll_up(clock.now())
    seen = Figures(page(manager, "?period=hour")).found

    exact = {
        ("common", "requests"): "40",
        ("common", "errors"): "2",
        ("common", "fallbacks"): "3",
        ("common", "truncations"): "4",
        ("common", "input_tokens"): "40000",
        ("common", "output_tokens"): "4000",
        ("common", "target"): "missed",
        ("common", "first_text_p99"): "",
        ("faq", "requests"): "20",
        ("faq", "target"): "",
        ("all", "requests"): "60",
        ("all", "input_tokens"): "40000",
    }
    assert {key: seen[key] for key in exact} == exact
    money = {
        ("common", "cost"): "0.01",
        ("common", "cost_per_1000"): "0.25",
        ("faq", "cost"): "0",
        ("faq", "heavy_cost"): "0.09",
        ("all", "heavy_cost"): "0.27",
    }
    assert {key: Decimal(seen[key]) for key in money} == {key: Decimal(usd) for key, usd in money.items()}
    for key, ms in {
        ("common", "first_text_p50"): 1000,
        ("common", "first_text_p95"): 1900,
        ("common", "total_p95"): 3800,
        ("faq", "first_text_p95"): 10,
    }.items():
        assert float(seen[key]) == pytest.approx(ms, rel=0.02), key
    assert float(seen["common", "share"]) == pytest.approx(2 / 3, abs=0.0001)
    assert {metric for slug, metric in seen if slug == "all"} == set(DEFINITIONS)


def test_too_few_is_said_and_not_drawn(manager: Client) -> None:
    for _ in range(3):
        outcome(ended_at=clock.now())
    rollup.roll_up(clock.now())
    html = page(manager, "?period=hour")
    assert Figures(html).found["common", "first_text_p95"] == ""
    assert "too few" in html
    assert 'data-plot="first_text_p95"' not in html


def test_the_charts_carry_the_same_numbers_as_their_table(manager: Client) -> None:
    for _ in range(25):
        outcome(ended_at=clock.now())
    rollup.roll_up(clock.now())
    html = page(manager, "?period=hour")
    found = re.search(r'<script id="mx-drawn" type="application/json">(.*?)</script>', html, re.S)
    assert found
    drawn = json.loads(found.group(1))
    assert sum(sum(item["requests"]) for item in drawn["routes"]) == 25
    assert [value for value in drawn["first_text_p95"] if value] == [pytest.approx(200, rel=0.02)]
    assert len(re.findall(r"<canvas[^>]*aria-label=", html)) == 3
    assert "The charts as a table" in html


def test_an_empty_desk_offers_example_traffic_and_no_empty_charts(manager: Client) -> None:
    html = page(manager)
    assert "Play example traffic" in html
    assert "<canvas" not in html

    outcome(ended_at=clock.now() - timedelta(days=60))
    assert "No replies in this period" in page(manager)


def test_example_traffic_is_marked_left_out_and_removed(manager: Client) -> None:
    for purpose in ("demo", "demo", "visitor"):
        outcome(purpose=purpose, ended_at=clock.now())
    rollup.roll_up(clock.now())
    html = page(manager, "?period=hour")
    assert 'data-example="2"' in html
    assert Figures(html).found["all", "requests"] == "3"
    assert Figures(page(manager, "?period=hour&example=0")).found["all", "requests"] == "1"

    assert manager.get(reverse("admin:metrics_remove")).status_code == 405
    assert "Yes, remove it" in html
    manager.post(reverse("admin:metrics_remove"))
    html = page(manager, "?period=hour")
    assert Figures(html).found["all", "requests"] == "1"
    assert "example traffic</strong>" not in html


def test_without_the_example_an_empty_page_waits_for_visitors(manager: Client) -> None:
    outcome(purpose="demo", ended_at=clock.now())
    rollup.roll_up(clock.now())
    html = page(manager, "?example=0")
    assert "No visitor has asked yet" in html
    assert "Play example traffic" not in html
    assert "No visitor has asked yet" not in page(manager)


def test_dates_without_a_period_are_custom_dates(manager: Client) -> None:
    html = page(manager, "?from=2026-03-01&to=2026-03-02")
    assert 'data-period="custom"' in html
    assert "1 Mar 2026 to 2 Mar 2026" in html
    assert "Choose both dates" in page(manager, "?from=2026-03-01")
    assert 'data-period="today"' in page(manager)


def test_targets_that_cannot_be_judged_are_named_in_one_line() -> None:
    checks = [
        TargetCheck("first text p95", 1500, 1200.0, True),
        TargetCheck("total p95", 8000, None, None),
        TargetCheck("error rate", 0.02, None, None),
        TargetCheck("availability", 0.995, 0.9949, False, at_least=True),
    ]
    assert target_lines(checks) == (
        "first text p95: 1.20 s, target at most 1.50 s, met",
        "availability: 99.49 %, target at least 99.5 %, missed",
        "Too few replies to say: total p95 at most 8.00 s, error rate at most 2.0 %",
    )


def test_the_page_says_that_the_worker_is_down_and_since_when(manager: Client) -> None:
    outcome(ended_at=clock.now())
    rollup.roll_up(clock.now())
    assert "data-warning" not in page(manager)

    then = clock.now() - timedelta(minutes=7)
    RollUpState.objects.update(as_of=then, ran_at=then)
    html = page(manager)
    assert "data-warning" in html
    assert "has not run since" in html
    assert f"{then:%M:%S}" in html

    RollUpState.objects.update(ran_at=clock.now())
    assert "catching up" in page(manager)


def test_progress_of_the_example_is_shown_and_a_silent_run_is_given_up(manager: Client) -> None:
    assert example.begin(300, clock.now())
    assert not example.begin(300, clock.now())
    example.moved(120, clock.now())
    assert 'value="120"' in page(manager)
    assert manager.get(reverse("admin:metrics_example")).json() == {
        "running": True,
        "played": 120,
        "wanted": 300,
        "note": "",
    }
    ExampleRun.objects.update(moved_at=clock.now() - timedelta(minutes=5))
    assert manager.get(reverse("admin:metrics_example")).json()["running"] is False
    assert example.begin(300, clock.now())


def test_wrong_dates_are_explained(manager: Client) -> None:
    html = page(manager, "?period=custom&from=2026-03-02&to=2026-03-01")
    assert "The first date lies after the last one." in html
    assert "No replies" in page(manager, "?period=custom&from=2026-03-01&to=2026-03-02")


def test_only_those_with_the_permission_see_it(client: Client) -> None:
    assert client.get(reverse("admin:metrics")).status_code == 302
    client.force_login(User.objects.create_user("sue", password="x", is_staff=True))
    for name in ("metrics", "metrics_example"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403
    for name in ("metrics_play", "metrics_remove"):
        assert client.post(reverse(f"admin:{name}")).status_code == 403
    assert not ExampleRun.objects.exists()


def test_every_figure_and_every_exported_metric_is_documented(client: Client) -> None:
    text = DOCS.read_text(encoding="utf-8")
    for item in DEFINITIONS.values():
        assert f"| `{item.name}` | {item.label} | {item.unit or '-'} | {item.text} |" in text, item.name
    page = client.get(reverse("metrics")).content.decode()
    exported = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    documented = set(re.findall(r"^\| `(support_\w+)`", text, re.M))
    assert exported == documented
    assert all(name.startswith("support_") for name in exported)


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "192.0.2.7", 403),
        ("", {"X-Forwarded-For": "192.0.2.7"}, "127.0.0.1", 403),
        ("", {}, "", 403),
        ("secret", {}, "127.0.0.1", 403),
        ("secret", {"Authorization": "Bearer wrong"}, "127.0.0.1", 403),
        ("secret", {"Authorization": "Bearer secret"}, "192.0.2.7", 200),
    ],
)
def test_prometheus_is_for_the_token_or_for_this_machine(
    client: Client,
    settings: object,
    token: str,
    headers: dict[str, str],
    address: str,
    status: int,
) -> None:
    settings.ENV = replace(settings.ENV, metrics_token=token)  # type: ignore[attr-defined]
    answer = client.get(reverse("metrics"), headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == status
    assert (b"support_replies_total" in answer.content) is (status == 200)


def budget_lines() -> list[str]:
    page = prometheus.render(clock.now()).decode().splitlines()
    return [line for line in page if line.startswith("support_budget_usd{")]


def test_prometheus_has_the_budget_before_the_first_call_of_the_day() -> None:
    of_the_desk = 'support_budget_usd{{part="{}",period="day",scope="all"}} {}'
    assert budget_lines()[:3] == [
        of_the_desk.format("cap", "5.0"),
        of_the_desk.format("spent", "0.0"),
        of_the_desk.format("reserved", "0.0"),
    ]
    budget.reserve("visitor", clock.now(), 10**12)
    assert budget_lines()[1:3] == [of_the_desk.format("spent", "0.0"), of_the_desk.format("reserved", "1.0")]
    used = 'support_budget_used_ratio{period="day",scope="all"} 0.2'
    assert used in prometheus.render(clock.now()).decode().splitlines()


def test_prometheus_counts_what_the_page_counts(client: Client) -> None:
    outcome(ended_at=clock.now(), state="truncated", ended_by="upstream", first_text_ms=90)
    outcome(ended_at=clock.now(), feedback=-1, first_text_ms=400)
    outcome(ended_at=clock.now(), purpose="probe")
    rollup.roll_up(clock.now())
    assert MinuteRow.objects.exists()
    lines = prometheus.render(clock.now()).decode().splitlines()
    for line in (
        'support_replies_total{purpose="visitor",route="common",state="truncated"} 1.0',
        'support_replies_total{purpose="visitor",route="common",state="completed"} 1.0',
        'support_feedback_total{purpose="visitor",rating="down",route="common"} 1.0',
        'support_first_text_seconds_bucket{le="0.1",purpose="visitor",route="common"} 1.0',
        'support_first_text_seconds_count{purpose="visitor",route="common"} 2.0',
        'support_replies_total{purpose="probe",route="common",state="completed"} 1.0',
        'support_cost_usd_total{purpose="visitor",route="common"} 0.0006',
    ):
        assert line in lines


def test_what_spoke_against_answers_is_counted_by_kind_and_route(manager: Client) -> None:
    assert 'id="escalations"' not in page(manager)
    at = clock.now()
    outcome(ended_at=at, escalated_after=True, escalated_by="cannot_help")
    outcome(ended_at=at, escalated_after=True, escalated_by="cannot_help")
    outcome(ended_at=at, escalated_after=True)  # of a release that kept no kind: only visitors could ask
    outcome(ended_at=at, escalated_by="re_ask")
    outcome(ended_at=at, route="complex")
    rollup.roll_up(at)
    html = page(manager, "?period=hour")
    row = html.split('<table class="mx-table" id="escalations">')[1].split('<tr data-route="common">')[1]
    counts = dict(re.findall(r'data-kind="([a-z_]+)" data-value="(\d+)"', row.split("</tr>")[0]))
    assert counts == dict.fromkeys(ESCALATIONS, "0") | {
        "visitor": "1",
        "cannot_help": "2",
        "re_ask": "1",
    }
    assert Figures(html).found["common", "escalated_after"] == "3"
    assert 'data-route="complex"' not in html.split('id="escalations">')[1].split("</table>")[0]


def test_every_kind_is_documented_as_it_is_shown() -> None:
    text = " ".join(DOCS.read_text().split())
    for kind, meaning in ESCALATIONS.items():
        assert f"| `{kind}` | {meaning.label} | {meaning.text} |" in text
    assert tuple(ESCALATIONS) == KINDS
