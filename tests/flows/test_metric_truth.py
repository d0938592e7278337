"""A schedule through the socket: page, scrape and database say what it says, and the cost of the invoice."""

import asyncio
import csv
import http.cookiejar
import io
import json
import math
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from routing.tally import RESOLUTIONS
from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.flows.schedule import SCHEDULE, Step, expected
from tests.servers import DeskServer, running_desk, running_sandbox

PICO = Decimal(10) ** 12

# The rows, and the figures made of them, once what was left in silence is two hours old.
READ = """
import json
from dataclasses import asdict
from datetime import timedelta
from common.clock import now
from assistant import grounding
from routing import assuming, metrics, rollup
from routing.models import RouteOutcome
grounding.judge(now() + timedelta(seconds=5))
assuming.assume(now() + timedelta(hours=2, minutes=1))
rollup.roll_up(now())
report = metrics.figures(now() - timedelta(hours=2), now() + timedelta(minutes=1))
rows = RouteOutcome.objects.values("route", "first_text_ms", "total_ms", "queue_ms", "match_ms", "cost_pico",
    "input_tokens", "output_tokens")
print("ROW" + json.dumps({"rows": list(rows), "total": asdict(report.total),
    "routes": {each.route: asdict(each) for each in report.routes},
    "models": [asdict(each) for each in report.models]}))
"""


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_sandbox(tmp_path_factory.mktemp("vendor")) as url:
        yield url


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, vendor: str) -> Iterator[DeskServer]:
    """Run a desk with its worker and a sandbox of its own, so that the invoice is this script's alone."""
    with running_desk(tmp_path_factory.mktemp("truth") / "var", vendor, worker=True) as desk:
        yield desk


async def play(desk: DeskServer, control: Control) -> None:
    """Play the schedule, one message after the other."""
    for step in SCHEDULE:
        control.pace(**dict(step.pace), **({"tokens": step.tokens} if step.tokens else {}))
        for _ in range(step.times):
            if step.fault:
                control.fault(**dict(step.fault))
            await ask(desk, step)
            if step.fault:
                control.clear()


async def ask(desk: DeskServer, step: Step) -> None:
    async with Chat(desk.url, new_cookie(step.plan)) as chat:
        shown = await chat.ask(step.text)
        assert shown.done is not None
        assert (shown.done["route"], shown.done["state"]) == (step.route, step.state)
        await react(chat, step, shown.reply_id)
        await chat.put(type="ping")
        await chat.until(lambda frame: frame["type"] == "pong")


async def react(chat: Chat, step: Step, reply_id: str) -> None:
    """Do what the visitor does after the reply."""
    if step.then == "up":
        await chat.put(type="feedback", reply_id=reply_id, rating="up")
    elif step.then in ("solved", "unsolved"):
        await chat.put(type="resolve", solved=step.then == "solved", reply_id=reply_id)
    elif step.then == "handoff":
        frame = {"reason": "button", "email": "visitor@example.org", "text": "Please call."}
        await chat.put(type="handoff", reply_id=reply_id, client_request_id=str(uuid4()), **frame)
        await chat.until(lambda frame: frame["type"] == "message")
    elif step.then:
        escalates = step.then == "escalate"
        next_id = await (chat.verb("escalate", reply_id) if escalates else chat.send(step.then))
        done = (await chat.finished(next_id)).done
        assert done is not None
        assert (done["route"], done["state"]) == (step.then_route, "completed")


class Staff:
    """A signed-in member of staff, without a browser."""

    def __init__(self, desk: DeskServer, name: str) -> None:
        self.desk = desk
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = self.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        fields = {"username": name, "password": desk.password, "csrfmiddlewaretoken": token[1]}
        data = urllib.parse.urlencode({**fields, "next": "/admin/"}).encode()
        headers = {"Referer": desk.url, "Origin": desk.url}
        self.opener.open(urllib.request.Request(f"{desk.url}/admin/login/", data=data, headers=headers))

    def get(self, path: str) -> str:
        body: bytes = self.opener.open(self.desk.url + path).read()
        return body.decode()


def figures(page: str) -> dict[tuple[str, str], str]:
    """Return the figures of a rendered metrics page by (route, metric), as the machine reads them."""
    found = re.findall(r'<td data-route="([^"]+)" data-metric="([^"]+)" data-value="([^"]*)"', page)
    return {(route, metric): value for route, metric, value in found}


def nearest_rank(values: list[int], share: float) -> int:
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def rendered(desk: DeskServer, requests: int) -> dict[tuple[str, str], str]:
    staff = Staff(desk, "manager")
    for _ in range(60):
        shown = figures(staff.get("/admin/metrics/?period=hour"))
        if shown.get(("all", "requests")) == str(requests):
            return shown
        await asyncio.sleep(0.5)
    raise AssertionError(f"the page shows {shown.get(('all', 'requests'))} of {requests} requests")


def scraped(desk: DeskServer) -> dict[tuple[str, ...], float]:
    """Return the samples of `/metrics` by name and label values, in the order of the labels' names."""
    with urllib.request.urlopen(f"{desk.url}/metrics") as answer:
        page = answer.read().decode()
    found = {}
    for name, labels, value in re.findall(r"^(support_\w+)\{([^}]*)\} (\S+)$", page, re.M):
        pairs = sorted(re.findall(r'(\w+)="([^"]*)"', labels))
        found[(name, *(text for _, text in pairs))] = float(value)
    return found


@pytest.mark.timeout(300)
async def test_every_figure_equals_the_schedule(measured: DeskServer, vendor: str) -> None:
    control, wanted = Control(vendor), expected()
    await play(measured, control)
    await rendered(measured, wanted["all", "requests"])
    read = json.loads(measured.manage("shell", "-v", "0", "-c", READ).split("ROW", 1)[1])
    shown = await rendered(measured, wanted["all", "requests"])

    counts_are_those(wanted, shown, read)
    scrape_is_that(scraped(measured), wanted)
    money_is_the_invoice(control, shown, read)
    times_are_those_of_the_rows(shown, read)
    exports_are_those(Staff(measured, "manager"), wanted, shown)
    assert "No difference." in measured.manage("metrics_check", "--days", "1")


def counts_are_those(
    wanted: dict[tuple[str, str], int], shown: dict[tuple[str, str], str], read: dict[str, Any]
) -> None:
    """Hold every count of every route against the schedule, also those that it says nothing of."""
    names = {name for _, name in wanted}
    for route, figures in (*read["routes"].items(), ("all", read["total"])):
        stood = {f"left_{word}": count for word, count in figures["resolutions"].items()}
        for name in (*names, *stood):
            said = stood[name] if name.startswith("left_") else figures[name]
            assert said == wanted.get((route, name), 0), (route, name)
            if (route, name) in shown and name != "grounded":  # a share on the page, see below
                assert int(shown[route, name]) == said, (route, name)
        judged = figures["support_judged"]
        share = figures["grounded"] / judged if judged >= 20 else None
        told = shown.get((route, "grounded"), "")
        assert told == "" if share is None else float(told) == pytest.approx(share, abs=1e-4), route
    assert {("common", name) for name in ("requests", "errors", "truncations", "fallbacks", "thumbs_up")} <= {
        *shown
    }


# Each count of the schedule that a row of the CSV holds, and how the row says it.
OF_A_ROW: dict[str, Callable[[dict[str, str]], bool]] = {
    "requests": lambda row: True,
    "completed": lambda row: row["state"] == "completed",
    "errors": lambda row: row["state"] == "failed" and row["ended_by"] != "budget",
    "fallbacks": lambda row: int(row["fallbacks"]) > 0,
    "truncations": lambda row: row["truncated"] == "yes" or row["state"] == "truncated",
    "escalated_before": lambda row: row["escalated_before"] == "yes",
    "escalated_after": lambda row: row["escalated_after"] == "yes",
    "thumbs_up": lambda row: row["feedback"] == "up",
    "thumbs_down": lambda row: row["feedback"] == "down",
}


def exports_are_those(
    staff: "Staff", wanted: dict[tuple[str, str], int], shown: dict[tuple[str, str], str]
) -> None:
    """Hold the rows of the CSV against the schedule and the JSON against the page."""
    text = staff.get("/admin/metrics/replies.csv?period=hour").removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    routes = {route for route, _ in wanted}
    for route in routes:
        mine = [row for row in rows if route in ("all", row["route"])]
        for name, holds in OF_A_ROW.items():
            assert sum(map(holds, mine)) == wanted.get((route, name), 0), (route, name)
        for word in RESOLUTIONS:
            assert sum(row["resolution"] == word for row in mine) == wanted.get((route, f"left_{word}"), 0)
        cost = sum(Decimal(row["cost_usd"]) for row in mine if row["cost_usd"])
        assert cost == Decimal(shown[route, "cost"]), route
    told = json.loads(staff.get("/admin/metrics/figures.json?period=hour"))
    for route, figures in (*told["routes"].items(), ("all", told["all"])):
        for name in OF_A_ROW.keys() - {"completed"}:
            assert figures[name] == int(shown[route, name]), (route, name)


def scrape_is_that(scrape: dict[tuple[str, ...], float], wanted: dict[tuple[str, str], int]) -> None:
    """Hold the counters of `/metrics` against the schedule."""
    for route in {route for route, _ in wanted} - {"all"}:
        states = {"completed": "completed", "failed": "errors"}
        said = {state: scrape["support_replies_total", "visitor", route, state] for state in states}
        assert said == {state: wanted.get((route, name), 0) for state, name in states.items()}
        requests = scrape["support_reply_seconds_count", "visitor", route]
        assert requests == wanted[route, "requests"]
        for metric, name in (("truncations", "truncations"), ("fallbacks", "fallbacks")):
            counted = scrape[f"support_{metric}_total", "visitor", route]
            assert counted == wanted.get((route, name), 0), (route, name)
        after = scrape["support_escalations_total", "after_answer", "visitor", route]
        assert after == wanted.get((route, "escalated_after"), 0)


def money_is_the_invoice(control: Control, shown: dict[tuple[str, str], str], read: dict[str, Any]) -> None:
    """Hold tokens and cost against the vendor's own books, to the last pico-USD."""
    billed = control.invoice()
    cost = sum((Decimal(str(line["cost"])) for line in billed.values()), Decimal(0))
    assert Decimal(shown["all", "cost"]) * PICO == read["total"]["cost_pico"] == cost * PICO
    assert read["total"]["cost_unknown"] == 0
    for name in ("input_tokens", "output_tokens"):
        bill = sum(line[name] for line in billed.values())
        assert int(shown["all", name]) == read["total"][name] == bill
    models = {each["model"]: each for each in read["models"] if each["calls"]}
    for model, line in billed.items():
        assert models[model]["cost_pico"] == Decimal(str(line["cost"])) * PICO
        assert models[model]["output_tokens"] == line["output_tokens"]
    drafted = sum(step.tokens * step.times for step in SCHEDULE if step.route == "draft")
    assert int(shown["draft", "output_tokens"]) == drafted


def times_are_those_of_the_rows(shown: dict[tuple[str, str], str], read: dict[str, Any]) -> None:
    """Hold percentiles against the nearest rank of the rows, within 2 %."""
    rows = [row for row in read["rows"] if row["route"] == "common"]
    common = read["routes"]["common"]
    # A reply that never showed text kept its visitor waiting for all of its time.
    felt = [row["total_ms"] if row["first_text_ms"] is None else row["first_text_ms"] for row in rows]
    columns = {"first_text": felt} | {
        name: [row[f"{name}_ms"] for row in rows if row[f"{name}_ms"] is not None]
        for name in ("total", "queue", "match")
    }
    for name, values in columns.items():
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            figure = f"{name}_{label}"
            if figure in common:
                exact = nearest_rank(values, share)
                assert common[figure] == pytest.approx(exact, rel=0.02, abs=1), figure
            if ("common", figure) in shown:
                assert float(shown["common", figure]) == pytest.approx(common[figure], abs=0.1)
    assert {"queue_p95", "match_p95"} <= {*common}
    assert float(shown["common", "first_text_p50"]) >= 200
    assert float(shown["common", "first_text_p95"]) >= 900
    assert shown["common", "first_text_p99"] == ""
