"""Sixty scripted messages through the socket: the rendered figures equal the script and the invoice."""

import asyncio
import http.cookiejar
import json
import math
import re
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.control import Control
from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.servers import DeskServer, running_desk, running_sandbox

RESET, TEXTS = "How do I reset my password?", "Does it send texts too?"
COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
DRAFT = "Draft a message to my clients about new opening hours"
LITE, HAIKU, SONNET = "gemini-3.5-flash-lite", "claude-haiku-5-5", "claude-sonnet-5-5"
QUICK, SLOW = {"first_text_ms": 200, "gap_ms": 2}, {"first_text_ms": 900, "gap_ms": 2}

# What is asked, how often, and what becomes of it: route, tokens of each answer, state, fallbacks.
CALM = [
    ("", RESET, 14, "faq", None),
    ("", "thanks", 4, "small_talk", None),
    ("", "I want to talk to a person", 2, "person", None),
    ("", TEXTS, 18, "common", 30),
    ("", COMPARE, 6, "complex", 80),
    ("free", DRAFT, 4, "draft", 40),
]

ROWS = """
import json
from routing.models import RouteOutcome
rows = RouteOutcome.objects.values("route", "first_text_ms", "total_ms", "cost_pico", "state", "fallbacks",
    "input_tokens", "output_tokens", "truncated", "heavy_cost_pico")
print("ROW" + json.dumps(list(rows)))
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


async def ask(desk: DeskServer, plan: str, text: str, rating: str = "") -> dict[str, Any]:
    async with Chat(desk.url, new_cookie(plan)) as chat:
        shown = await chat.ask(text)
        if rating:
            await chat.put(type="feedback", reply_id=shown.reply_id, rating=rating)
            await chat.put(type="ping")
            await chat.until(lambda frame: frame["type"] == "pong")
    return shown.done or {}


async def play(desk: DeskServer, control: Control) -> None:
    """Send the sixty messages of the script, one after the other."""
    for plan, text, times, route, tokens in CALM:
        for number in range(times):
            slow = route == "common" and number >= 15
            control.pace(**(SLOW if slow else QUICK), tokens=tokens or 30)
            done = await ask(desk, plan, text, rating="up" if route == "common" and number < 2 else "")
            assert (done["route"], done["state"]) == (route, "completed")
    control.pace(**QUICK, tokens=30)
    for _ in range(5):
        control.fault("status", LITE, status=503, after_tokens=-1, times=2)
        assert (await ask(desk, "", TEXTS))["state"] == "completed"
        control.clear()
    for _ in range(4):
        control.fault("status", status=400, after_tokens=-1, times=8)
        assert (await ask(desk, "", TEXTS))["state"] == "failed"
        control.clear()
    for _ in range(3):
        control.fault("length", times=8, after_tokens=10)
        assert (await ask(desk, "", TEXTS))["state"] == "truncated"
        control.clear()


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


@pytest.mark.timeout(300)
async def test_every_figure_on_the_page_equals_the_script(measured: DeskServer, vendor: str) -> None:
    control = Control(vendor)
    await play(measured, control)
    shown = await rendered(measured, 60)
    rows = json.loads(measured.manage("shell", "-v", "0", "-c", ROWS).split("ROW", 1)[1])

    expected = Counter({route: times for _, _, times, route, _ in CALM})
    expected["common"] += 12
    assert {route: int(shown[route, "requests"]) for route in expected} == dict(expected)
    assert int(shown["common", "fallbacks"]) == 5 + 4
    assert int(shown["common", "errors"]) == 4
    assert int(shown["common", "truncations"]) == 3
    assert int(shown["common", "thumbs_up"]) == 2
    assert int(shown["all", "escalated_before"]) == 6
    assert int(shown["all", "escalated_after"]) == 0

    billed = control.invoice()
    cost = sum((Decimal(str(line["cost"])) for line in billed.values()), Decimal(0))
    assert Decimal(shown["all", "cost"]) == pytest.approx(cost, rel=Decimal("0.000001"))
    assert int(shown["all", "output_tokens"]) == sum(line["output_tokens"] for line in billed.values())
    assert int(shown["all", "input_tokens"]) == sum(line["input_tokens"] for line in billed.values())
    assert int(shown["complex", "output_tokens"]) == 6 * 80
    assert int(shown["draft", "output_tokens"]) == 4 * 40

    for name, column in (("first_text", "first_text_ms"), ("total", "total_ms")):
        # A reply that never showed text kept its visitor waiting for all of its time.
        felt = [
            row["total_ms"] if row[column] is None else row[column]
            for row in rows
            if row["route"] == "common"
        ]
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            exact = nearest_rank(felt, share)
            assert float(shown["common", f"{name}_{label}"]) == pytest.approx(exact, rel=0.02, abs=1)
    assert float(shown["common", "first_text_p50"]) >= 200
    assert float(shown["common", "first_text_p95"]) >= 900
    assert shown["common", "first_text_p99"] == ""
