"""From a figure to the replies behind it: lists, receipts in figures, CSV and JSON, and who may see what."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils.html import escape

from common import clock
from routing import publishing, reply_list, rollup
from routing.models import ModelCall, RouteOutcome
from routing.recorder import settle_call, start_call
from routing.reply_rows import COLUMNS
from tests.routing.ledger import attempt, outcome, result

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Know nothing of a configuration that another test has published."""
    publishing.forget()


def person(name: str, *rights: str) -> User:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(person("mara", "view_metrics"))
    return client


def shown(client: Client, name: str, query: str = "") -> str:
    answer = client.get(reverse(f"admin:{name}") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def listed(html: str) -> list[str]:
    return re.findall(r'data-reply="([^"]+)"', html)


def address(html: str, metric: str, route: str = "all") -> str:
    cell = re.search(rf'<td data-route="{route}" data-metric="{metric}"[^>]*>(.*?)</td>', html, re.S)
    assert cell
    found = re.search(r'href="[^"]*?(\?[^"]+)"', cell.group(1))
    return found.group(1).replace("&amp;", "&") if found else ""


def test_every_count_and_time_leads_to_its_replies(manager: Client) -> None:
    now = clock.now()
    for index in range(40):
        outcome(
            ended_at=now,
            route="common" if index % 2 else "complex",
            state="failed" if index < 3 else "completed",
            feedback=-1 if index in (5, 6) else None,
            handoff_failed=index in (7, 8, 9),
            first_text_ms=100 if index < 38 else 5000,
            support=1.0 if index < 25 else 0.5,
            judged_by="vectors" if index < 25 else "",
        )
    outcome(ended_at=now - timedelta(days=3), state="failed")
    rollup.roll_up(now)
    html = shown(manager, "metrics", "?period=hour")
    for metric, count in {
        "requests": 40,
        "errors": 3,
        "thumbs_down": 2,
        "handoffs_failed": 3,
        "grounded": 25,
        "first_text_p95": 2,
    }.items():
        found = shown(manager, "metrics_replies", address(html, metric))
        assert len(listed(found)) == count, metric
    assert len(listed(shown(manager, "metrics_replies", address(html, "errors", "common")))) == 1
    assert address(html, "truncations") == ""
    stands = re.search(r'data-resolution="no_answer" data-value="3"[^>]*><a[^>]*href="[^"]*(\?[^"]+)"', html)
    assert stands
    assert len(listed(shown(manager, "metrics_replies", stands.group(1).replace("&amp;", "&")))) == 3


def test_a_list_goes_on_by_pages_and_says_where_it_ends(manager: Client) -> None:
    now = clock.now()
    for _ in range(60):
        outcome(ended_at=now)
    html = shown(manager, "metrics_replies", "?period=hour")
    first = listed(html)
    assert len(first) == 50
    older = re.search(r'href="(\?[^"]*after=[^"]*)"', html)
    assert older
    second = shown(manager, "metrics_replies", older.group(1).replace("&amp;", "&"))
    assert len({*first, *listed(second)}) == 60
    assert "These are the oldest of them." in second
    assert "Nothing in this period" in shown(manager, "metrics_replies", "?period=hour&kind=errors")


def test_nonsense_in_an_address_asks_for_nothing(manager: Client) -> None:
    outcome(ended_at=clock.now())
    query = "?period=hour&kind=x&state=y&slow=z&over=-1&start=soon&end=2026&after=1"
    assert len(listed(shown(manager, "metrics_replies", query))) == 1
    assert len(listed(shown(manager, "metrics_replies", "?period=hour&slow=total&over=99999999999999"))) == 0
    assert "Choose both dates" in shown(manager, "metrics_replies", "?from=2026-03-01")


@pytest.mark.parametrize(
    "query",
    [
        "?from=0001-01-01&to=0001-01-02",
        "?from=9999-12-30&to=9999-12-31",
        "?start=0001-01-01T00:00:00%2B14:00&end=9999-12-31T23:59:59-12:00",
        "?after=0001-01-01T00:00:00%2B14:00_00000000-0000-4000-8000-000000000000",
        "?slow=total&over=%C2%B2",
        f"?slow=total&over={'9' * 5000}",
        "?route=%00&model=%00&plan=%00",
    ],
    ids=["first-year", "last-year", "moments", "page", "superscript", "long", "nul"],
)
def test_the_ends_of_the_calendar_and_numbers_that_are_none_break_no_page(
    manager: Client, query: str
) -> None:
    outcome(ended_at=clock.now())
    for name in ("metrics", "metrics_json", "metrics_replies", "metrics_csv"):
        assert manager.get(reverse(f"admin:{name}") + query).status_code == 200, name
    assert len(listed(shown(manager, "metrics_replies", query))) == 1


def test_a_list_of_several_days_says_on_which_it_ends(manager: Client) -> None:
    day = "start=2026-11-20T00:00:00Z&end=2026-11-21T00:00:00Z"
    assert "Fri 20 Nov 2026, 00:00 to 00:00" in shown(manager, "metrics_replies", f"?{day}")
    two = "start=2026-11-20T06:00:00Z&end=2026-11-22T06:00:00Z"
    assert "Fri 20 Nov 2026, 06:00 to Sun 22 Nov 2026, 06:00" in shown(manager, "metrics_replies", f"?{two}")


def test_who_may_read_conversations_is_led_there_and_others_to_figures(client: Client) -> None:
    reply = outcome(ended_at=clock.now())
    client.force_login(person("mara", "view_metrics"))
    html = shown(client, "metrics_replies", "?period=hour")
    assert reverse("admin:metrics_reply", args=[reply.pk]) in html
    assert reverse("admin:reply", args=[reply.pk]) not in html
    client.force_login(person("ada", "view_metrics", "view_conversation"))
    html = shown(client, "metrics_replies", "?period=hour")
    assert reverse("admin:reply", args=[reply.pk]) in html
    client.force_login(person("sue", "view_conversation"))
    for name in ("metrics_replies", "metrics_csv", "metrics_json"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403
    assert client.get(reverse("admin:metrics_reply", args=[reply.pk])).status_code == 403


def test_a_receipt_holds_figures_and_no_words(manager: Client) -> None:
    now = clock.now()
    start = attempt(started_at=now, asked_model="small")
    start_call(start)
    settle_call(start, result(ended_at=now))
    ModelCall.objects.update(
        error_class="RateLimited", error_detail="My invoice is wrong", partial_output="Dear Anna"
    )
    reply = outcome(ended_at=now, reply_id=start.reply_id)
    html = manager.get(reverse("admin:metrics_reply", args=[reply.pk])).content.decode()
    assert "small" in html
    assert "RateLimited" in html
    assert "$0.0003" in html
    for words in ("invoice", "Anna"):
        assert words not in html
    assert manager.get(reverse("admin:metrics_reply", args=[uuid4()])).status_code == 404


def rows_of(body: bytes) -> list[dict[str, str]]:
    text = body.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def streamed(client: Client, query: str) -> bytes:
    answer = client.get(reverse("admin:metrics_csv") + query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_the_csv_has_one_row_a_reply_and_nothing_that_a_spreadsheet_runs(manager: Client) -> None:
    now = clock.now()
    reply = outcome(ended_at=now, plan="=1+1", feedback=-1, cost_pico=1_500_000, support=0.25, resolved=False)
    outcome(ended_at=now, route="complex", cost_pico=None, state="failed")
    body = streamed(manager, "?period=hour&route=common")
    assert body.startswith(b"\xef\xbb\xbf")
    (row,) = rows_of(body)
    assert list(row) == list(COLUMNS)
    assert row["reply_id"] == str(reply.pk)
    assert row["plan"] == "'=1+1"
    told = ("feedback", "cost_usd", "support", "resolved", "resolution", "cached", "first_text_ms")
    assert [row[name] for name in told] == ["down", "0.0000015", "0.25", "no", "unsolved", "no", "200"]
    assert len(rows_of(streamed(manager, "?period=hour"))) == 2
    (failed,) = rows_of(streamed(manager, "?period=hour&kind=errors"))
    assert failed["cost_usd"] == ""


@pytest.mark.django_db(transaction=True)
async def test_the_csv_leaves_an_asynchronous_server_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(reply_list, "CHUNK", 10)
    await RouteOutcome.objects.abulk_create(
        RouteOutcome(
            reply_id=uuid4(),
            turn_id=uuid4(),
            route="common",
            tier="lite",
            state="completed",
            ended_by="finish",
            ended_at=now,
        )
        for _ in range(25)
    )
    user = await User.objects.acreate(username="root", is_staff=True, is_superuser=True)
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(reverse("admin:metrics_csv") + "?period=hour")
    parts = [part async for part in answer.streaming_content]  # type: ignore[attr-defined]
    assert [part.count(b"\r\n") for part in parts] == [1, 10, 10, 5]
    assert len(rows_of(b"".join(parts))) == 25


def test_every_column_of_the_csv_is_documented_and_no_fact_is_left_out() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, meaning in COLUMNS.items():
        assert f"| `{name}` | {meaning} |" in text
    stored = {field.name for field in RouteOutcome._meta.get_fields()}
    unwritten = stored - set(COLUMNS) - {"cost_pico", "heavy_cost_pico", "rolled_up"}
    assert not unwritten


def test_the_json_says_what_the_page_says_under_the_same_names(manager: Client) -> None:
    now = clock.now()
    for index in range(30):
        outcome(ended_at=now, state="failed" if index < 3 else "completed", support=1.0)
    outcome(ended_at=now - timedelta(minutes=70), route="complex")
    outcome(ended_at=now, purpose="demo")
    rollup.roll_up(now)
    query = "?period=hour&example=0"
    found = manager.get(reverse("admin:metrics_json") + query).json()
    html = shown(manager, "metrics", query)
    cells = re.findall(r'data-route="all" data-metric="(\w+)" data-value="([^"]*)"', html)
    assert cells
    for name, value in cells:
        said = found["all"][name]
        assert value == ("" if said is None else str(said)), name
    assert found["all"]["resolutions"]["no_answer"] == 3
    assert found["before"]["routes"]["complex"]["requests"] == 1
    assert found["example_counted"] is False
    assert found["models"]["small"]["requests"] == 30
    assert manager.get(reverse("admin:metrics_json") + query + "&model=other").json()["all"]["requests"] == 0


def test_the_page_is_of_one_route_or_one_model_when_asked(manager: Client) -> None:
    now = clock.now()
    outcome(ended_at=now)
    outcome(ended_at=now, answering_model="big")
    outcome(ended_at=now, route="complex", answering_model="big")
    rollup.roll_up(now)

    def requests(query: str) -> dict[str, str]:
        html = shown(manager, "metrics", f"?period=hour{query}")
        return dict(re.findall(r'data-route="(\w+)" data-metric="requests" data-value="([1-9]\d*)"', html))

    assert requests("") == {"common": "2", "complex": "1", "all": "3"}
    assert requests("&route=common") == {"common": "2", "all": "2"}
    assert requests("&model=big") == {"common": "1", "complex": "1", "all": "2"}
    assert requests("&model=big&route=complex") == {"complex": "1", "all": "1"}
    odd = "<script>odd"
    html = shown(manager, "metrics", f"?period=hour&route={odd}")
    assert (
        odd
        not in html.replace("<script src", "").replace('<script id="mx-drawn"', "").split('id="metrics"')[1]
    )
    assert escape(odd) in html


def test_a_change_is_marked_where_it_is_one_and_where_it_is_not(manager: Client) -> None:
    now = clock.now()
    earlier = now - timedelta(minutes=65)
    for index in range(200):
        outcome(ended_at=earlier, first_text_ms=200 + index, state="failed" if index < 4 else "completed")
        outcome(
            ended_at=now,
            first_text_ms=1200 + index,
            state="failed" if index < 40 else "completed",
            truncated=index < 1,
        )
    rollup.roll_up(now)
    html = shown(manager, "metrics", "?period=hour")

    def verdict(metric: str) -> str:
        found = re.search(rf'data-route="common" data-metric="{metric}"[^>]*data-verdict="(\w*)"', html)
        assert found
        return found.group(1)

    told = {name: verdict(name) for name in ("first_text_p50", "errors", "truncations", "requests")}
    assert told == {"first_text_p50": "worse", "errors": "worse", "truncations": "same", "requests": ""}
    assert 'data-before="4"' in html
    assert "+18.0 points" in html
    assert 'id="compared"' in html
    assert 'id="compared"' not in shown(manager, "metrics", "?period=hour&compare=0")


def test_the_busiest_hour_is_found_and_its_figures_are_its_own(manager: Client) -> None:
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    for hour, count in ((9, 30), (14, 4)):
        for index in range(count):
            outcome(
                ended_at=day + timedelta(hours=hour, minutes=index),
                first_text_ms=700 if hour == 9 else 9000,
                state="failed" if index == 0 else "completed",
            )
    rollup.roll_up(clock.now())
    html = shown(manager, "metrics", f"?from={day:%Y-%m-%d}&to={day:%Y-%m-%d}")
    assert "09:00 to 10:00" in html
    own = dict(re.findall(r'data-busiest-metric="(\w+)" data-value="([^"]*)"', html))
    assert (own["requests"], own["errors"]) == ("30", "1")
    assert float(own["first_text_p95"]) == pytest.approx(700, rel=0.02)
    hours = html.split('id="hours"')[1].split("</table>")[0]
    counted = dict(re.findall(r'<th scope="row">(\d\d:\d\d)</th><td data-value="(\d+)">', hours))
    assert len(counted) == 24
    assert {hour: count for hour, count in counted.items() if count != "0"} == {"09:00": "30", "14:00": "4"}
    link = re.search(r'data-busiest>.*?href="[^"]*(\?[^"]+)"', html, re.S)
    assert link
    assert len(listed(shown(manager, "metrics_replies", link.group(1).replace("&amp;", "&")))) == 30


def test_beside_a_period_without_replies_nothing_is_compared(manager: Client) -> None:
    outcome(ended_at=clock.now())
    rollup.roll_up(clock.now())
    html = shown(manager, "metrics", "?period=hour")
    assert "which has no replies" in html
    assert "too few replies to compare" not in html and "mx-compared" not in html
    outcome(ended_at=clock.now() - timedelta(minutes=65))
    rollup.roll_up(clock.now())
    html = shown(manager, "metrics", "?period=hour")
    assert "which has too few replies" in html and "too few replies to compare" in html
