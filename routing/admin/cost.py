"""The cost page: what is spent on what, what the month will have cost, and whether tiers pay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from common import clock
from common.money import from_pico, usd
from routing import desk
from routing.admin.bars import Bars, stacked
from routing.admin.budgets import kind_of, percent
from routing.beside import beside
from routing.caps import ALL
from routing.cost_words import NEEDED as VERDICT_NEEDS
from routing.cost_words import Verdict, verdict
from routing.forecast import LEAST_DAYS, LOOK_BACK, Forecast, forecast
from routing.level_words import duration
from routing.models import Route
from routing.spending import MONTH_DAYS, Conversations, Spending, Team, conversations, spending, team
from routing.standing import standing
from routing.what_if import NEEDED, RATES, Outlook, alone, break_even, outlook

PERMISSION = "routing.view_cost"
LOOK_DAYS = 28  # of replies that the tiers are judged by
WORTH_USD = 50  # a month: about an hour of somebody who looks after a second model
MOST_USD = 1_000_000


@dataclass(frozen=True)
class Line:
    """One line of a table of costs: a name, the amount, and its share of all."""

    name: str
    value: str
    usd: str
    share: str


@dataclass(frozen=True)
class Scenario:
    """One rate of escalation in words."""

    rate: str
    own: bool
    after: str
    after_p95: str
    at_once: str
    at_once_p95: str


def _lines(amounts: Mapping[str, int], names: Mapping[str, str], empty: str) -> list[Line]:
    total = sum(amounts.values())
    return [
        Line(
            names.get(key, key) or empty,
            str(from_pico(pico).normalize()),
            usd(pico),
            percent(pico / total) if total else "",
        )
        for key, pico in sorted(amounts.items(), key=lambda each: -each[1])
    ]


def _month(request: HttpRequest, today: date) -> tuple[date, date]:
    """Return the first day of the month asked for, this or the one before, and its last day up to today."""
    this = today.replace(day=1)
    if request.GET.get("month") != "last":
        return this, today
    last = this - timedelta(days=1)
    return last.replace(day=1), last


def _amount(text: str, default: float, most: float) -> float:
    """Return a number that somebody typed, the default for none or one out of range."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return default
    return value if 0 <= value <= most else default


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show what is spent and what another rate of escalation would cost."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    context = {**site.each_context(request), "title": "Cost", **_context(request, clock.now())}
    return TemplateResponse(request, "admin/cost.html", context)


def _context(request: HttpRequest, now: datetime) -> dict[str, Any]:
    tz = desk.caps().tz
    today = desk.day_of(now, tz)
    first, last = _month(request, today)
    names = dict(Route.objects.values_list("slug", "name"))
    spent = spending(first, last, tz)
    start, end = desk.day_bounds(first, last, tz)
    told = conversations(first, last)
    return {
        "month": f"{first:%B %Y}",
        "is_last": request.GET.get("month") == "last",
        "tz": tz.key,
        "spent": usd(spent.total),
        "spent_value": str(from_pico(spent.total).normalize()),
        "unpriced": spent.unpriced,
        "empty": not spent.total and not told.n,
        **_outlook_of_month(spent, first, today, now),
        **_resolved(told),
        "bars": (bars := _bars(spent, names)),
        "bars_top": usd(round(bars.highest * 10**12)),
        "label_y": bars.height + 26,
        "days": [(f"{day:%d %b}", usd(cost)) for day, cost in spent.days.items() if cost],
        "tables": [
            ("By route", "route", _lines(spent.by_route, names, "No route")),
            ("By model", "model", _lines(spent.by_model, {}, "No model")),
            ("By plan", "plan", _lines(spent.by_plan, {}, "No plan told")),
            (
                "Beside visitors",
                "purpose",
                _lines({row.label: row.cost_pico for row in beside(start, end) if row.cost_pico}, {}, ""),
            ),
        ],
        "budgets": [
            (
                each.name,
                each.pot.period,
                usd(each.spent),
                usd(each.pot.cap),
                percent(each.share),
                kind_of(each.share),
            )
            for each in standing(now)
        ],
        **_what_if(request, team(*desk.day_bounds(today - timedelta(days=LOOK_DAYS - 1), today, tz)), now),
    }


def _outlook_of_month(spent: Spending, first: date, today: date, now: datetime) -> dict[str, Any]:
    """Return the forecast in words, with the monthly cap beside it; none for a month that is over."""
    if first != today.replace(day=1):
        return {"forecast": None}
    tz = desk.caps().tz
    before = first - timedelta(days=1)
    earlier = spending(
        max(before - timedelta(days=LOOK_BACK), today - timedelta(days=LOOK_BACK)), before, tz
    ).days
    known = {day: cost for day, cost in {**earlier, **spent.days}.items() if cost}
    found: Forecast | None = forecast(known, today)
    cap = next(
        (each.pot.cap for each in standing(now) if (each.pot.scope, each.pot.period) == (ALL, "month")), None
    )
    if found is None:
        return {"forecast": None, "forecast_needs": LEAST_DAYS}
    over = cap is not None and found.expected > cap
    return {
        "forecast": usd(round(found.expected)),
        "forecast_range": f"{usd(round(found.low))} to {usd(round(found.high))}",
        "forecast_days": found.days,
        "by_weekday": found.by_weekday,
        "cap": usd(cap) if cap is not None else "",
        "over_cap": over,
    }


def _resolved(told: Conversations) -> dict[str, Any]:
    confirmed, both = told.each(told.confirmed), told.each(told.confirmed + told.assumed)
    return {
        "conversations": told,
        "each_confirmed": usd(round(confirmed)) if confirmed is not None else "",
        "each_resolved": usd(round(both)) if both is not None else "",
    }


def _bars(spent: Spending, names: Mapping[str, str]) -> Bars:
    days = list(spent.by_day)
    series = {
        names.get(slug, slug) or "No route": [spent.by_day[day].get(slug, 0) / 10**12 for day in days]
        for slug in spent.by_route
    }
    words = {name: [usd(round(value * 10**12)) for value in values] for name, values in series.items()}
    return stacked([f"{day:%d %b}" for day in days], series, words)


def _what_if(request: HttpRequest, own: Team, now: datetime) -> dict[str, Any]:
    wished = _amount(request.GET.get("rate", ""), -1.0, 100.0)
    rates = sorted({*RATES, *([wished / 100] if wished >= 0 else [])})
    found = outlook(own.volume, own.light, own.heavy, rates)
    worth = _amount(request.GET.get("worth", ""), WORTH_USD, MOST_USD)
    evens = break_even(own.light, own.heavy)
    heavy_alone = alone(own.volume, own.heavy)
    return {
        "own": own,
        "own_rate": exactly(own.rate),
        "own_answers": own.light.replies + own.heavy.replies,
        "asked_a_month": f"{own.volume.asked:,.0f}",
        "messages_a_month": f"{own.volume.messages:,.0f}",
        "instant": percent(own.volume.instant),
        "light_cost": _mean(own.light.cost_pico),
        "heavy_cost": _mean(own.heavy.cost_pico),
        "timed": own.light.timed and own.heavy.timed,
        "needed": NEEDED,
        "look_days": LOOK_DAYS,
        "month_days": round(MONTH_DAYS),
        "scenarios": [_scenario(each, False) for each in found]
        + [_scenario(each, True) for each in outlook(own.volume, own.light, own.heavy, [own.rate])],
        "alone": _mean(heavy_alone),
        "alone_p95": _wait(own.heavy.total.percentile(0.95) if own.heavy.timed else None),
        "own_days": round(own.days),
        "break_even": "" if evens is None else percent(evens),
        "rate": request.GET.get("rate", ""),
        "worth": f"{worth:g}",
        "verdict": _verdict_words(_verdict(own, worth)),
    }


def _mean(pico: float | None) -> str:
    return "unknown" if pico is None else usd(round(pico))


def _wait(ms: float | None) -> str:
    return "too few" if ms is None else duration(ms)


def exactly(share: float) -> str:
    """Return a rate of escalation with the decimal that it has."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def _scenario(found: Outlook, own: bool) -> Scenario:
    return Scenario(
        exactly(found.rate),
        own,
        usd(round(found.after_pico)),
        _wait(found.after_p95_ms),
        usd(round(found.at_once_pico)),
        _wait(found.at_once_p95_ms),
    )


def _verdict(own: Team, worth: float) -> Verdict:
    scale = MONTH_DAYS / own.days if own.days else 0.0
    p95 = own.mixed.histogram("total").percentile(0.95)
    heavy = own.heavy.total.percentile(0.95) if own.heavy.timed else None
    return verdict(
        replies=own.mixed["requests"],
        actual_pico=own.spent_pico * scale,
        heavy_pico=own.heavy_pico * scale,
        unfronted_pico=own.heavy_unfronted_pico * scale,
        unknown=own.heavy_unknown,
        worth_pico=worth * 10**12,
        p95=(p95, heavy),
    )


def _verdict_words(found: Verdict) -> dict[str, Any]:
    """Return the verdict with its money and times as people read them."""

    return {
        "answer": found.answer,
        "unknown": found.unknown,
        "needed": VERDICT_NEEDS,
        "actual": usd(round(found.actual_pico)),
        "heavy": usd(round(found.heavy_pico)),
        "unfronted": usd(round(found.unfronted_pico)),
        "saving": usd(abs(round(found.saving_pico))),
        "share": percent(abs(found.share)),
        "p95": _wait(found.p95_ms),
        "heavy_p95": _wait(found.heavy_p95_ms),
    }


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the page, for the admin site's own list."""
    return [path("cost/", site.admin_view(require_GET(lambda request: page(site, request))), name="cost")]
