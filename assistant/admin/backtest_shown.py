"""The figures and rows of a draft on real questions, as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from assistant import considering
from assistant.admin.decision import entry_titles, route_names
from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.backtested import GAINED, KINDS, LOST, OTHER, Counts, WrongRate, moves, shares, wrong_rate
from assistant.models import Reply
from assistant.predicting import BASES
from assistant.rendering import render
from assistant.trials import draft_answers, outlook
from assistant.trials.backtest_words import money_of, ms, percent, span
from assistant.trials.drafted import CannotTry, compared_with
from assistant.trials.outlook import Outlook
from common.intervals import wilson
from common.money import usd
from faq.models import AskedQuestion
from routing import publishing, snapshot
from routing.config import ConfigError

TEXTS = "faq.view_askedquestion"  # who may not read what visitors wrote sees the figures alone
BASIS = {
    "judged": "of {judged} judged",
    "confidence": "by the confidence, as only {judged} are judged",
}


@dataclass(frozen=True)
class Tile:
    """One figure with what it was and what it rests on."""

    label: str
    figure: str
    note: str


def figures(run: BacktestRun) -> dict[str, Any]:
    """Return what the page shows of a run's counts; only the counts where its version is gone."""
    counts, names = Counts.load(run.counts), route_names()
    found = _outlook(run, counts)
    return {
        "counts": counts,
        "tiles": _tiles(counts, found),
        "moves": [
            {
                "before": names.get(move.before, move.before),
                "after": names.get(move.after, move.after),
                "query": f"from={move.before}&to={move.after}",
                "count": move.count,
                "share": percent(move.share),
                "bounds": span(move.bounds),
            }
            for move in moves(counts)
        ],
        "routes": [
            {
                "name": names.get(each.route, each.route),
                "before": each.before,
                "after": each.after,
                "change": f"{each.difference:+,}" if each.difference else "–",
                "bounds": _points(each.bounds),
            }
            for each in shares(counts)
        ],
        "kinds": [
            {"kind": kind, "label": label, "count": counts.kinds.get(kind, 0)}
            for kind, label in KINDS.items()
            if counts.kinds.get(kind)
        ],
        "bases": _bases(found, names),
    }


def _points(bounds: tuple[float, float]) -> str:
    low, high = (f"{share * 100:+.1f}" for share in bounds)
    return f"{low} to {high} points"


def _outlook(run: BacktestRun, counts: Counts) -> Outlook | None:
    if not counts.n:
        return None
    try:
        after = snapshot.load(0, run.content_sha, run.content)
        return outlook.outlook(counts, compared_with(run.config_number), after)
    except (CannotTry, ConfigError):
        return None


def _bases(found: Outlook | None, names: Mapping[str, str]) -> list[str]:
    if found is None:
        return []
    told = []
    for basis, routes in found.bases.items():
        told.append(f"{', '.join(names.get(slug, slug) for slug in routes)}: {BASES[basis]}.")
    return told


def _tiles(counts: Counts, found: Outlook | None) -> list[Tile]:
    if not counts.n:
        return []
    change = counts.changed / counts.n
    tiles = [
        Tile(
            "Questions",
            f"{counts.n:,}",
            f"{counts.alone:,} without their conversation" if counts.alone else "",
        ),
        Tile(
            "Change", f"{counts.changed:,}", f"{percent(change)} ({span(wilson(counts.changed, counts.n))})"
        ),
        Tile(
            "FAQ answers",
            f"+{counts.kinds.get(GAINED, 0):,} / -{counts.kinds.get(LOST, 0):,}",
            f"{counts.before.answers:,} today, {counts.after.answers:,} with the draft"
            + (f", {counts.kinds[OTHER]:,} by another entry" if counts.kinds.get(OTHER) else ""),
        ),
    ]
    if found is not None:
        tiles += [_cost(found), _time(found)]
    return [*tiles, _wrong(wrong_rate(counts.before), wrong_rate(counts.after))]


def _wrong(was: WrongRate, would: WrongRate) -> Tile:
    today = f"today {_rate(was)}, {_basis(was)}" if was.basis else "today no approved answer"
    told = f"{_basis(would)}; {today}" if would.basis else today
    return Tile("Wrong FAQ answers", _rate(would), told)


def _rate(rate: WrongRate) -> str:
    return f"{percent(rate.rate)} ({span(rate.bounds)})" if rate.basis else "none given"


def _basis(rate: WrongRate) -> str:
    return BASIS[rate.basis].format(judged=rate.judged)


def _cost(found: Outlook) -> Tile:
    money = found.money
    if money is None:
        return Tile("Cost of 1,000, difference", "unknown", "no price is known on both sides")
    sign = "+" if money.change > 0 else ""
    bounds = f" ({money_of(money.bounds[0])} to {money_of(money.bounds[1])})" if money.bounds else ""
    unknown = f", without {money.unknown:,} of unknown price" if money.unknown else ""
    note = f"{money_of(money.before)} today, {money_of(money.after)} with the draft{bounds}{unknown}"
    figure = f"{sign}{money_of(money.change)}" if money.change else "none"
    return Tile("Cost of 1,000, difference", figure, note)


def _time(found: Outlook) -> Tile:
    was, would = found.first_text
    if was.percentile(0.5) is None and would.percentile(0.5) is None:
        return Tile("First text p95", "unknown", "too few replies of these routes yet")
    bounds = would.interval(0.95)
    between = f" ({ms(bounds[0])} to {ms(bounds[1])})" if bounds else ""
    missing = f"; {percent(would.missing)} of the questions have no times" if would.missing > 0.005 else ""
    note = (
        f"today {ms(was.percentile(0.95))}; median {ms(was.percentile(0.5))} to {ms(would.percentile(0.5))}"
    )
    return Tile("First text p95", f"{ms(would.percentile(0.95))}{between}", note + missing)


# --- rows --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """What a question gets on one side."""

    route: str
    entry: str
    confidence: str
    model: str
    rule: str


@dataclass(frozen=True)
class Shown:
    """One question with both sides; text and receipt only for who may read them."""

    text: str
    at: Any
    change: str
    before: Side
    after: Side
    receipt: str
    given: SafeString
    answer: BacktestRow | None
    answered: SafeString
    cost: str


def rows(request: HttpRequest, page: Sequence[BacktestRow]) -> list[Shown]:
    """Return rows as they are shown; a question that was erased meanwhile is left out."""
    ids = [row.question for row in page]
    asked = dict(AskedQuestion.objects.filter(pk__in=ids).values_list("pk", "text"))
    names = route_names()
    titles = entry_titles({entry for row in page for entry in (row.before_entry, row.after_entry) if entry})
    reads, links = request.user.has_perm(TEXTS), request.user.has_perm("assistant.view_conversation")
    given = _given(ids) if links else {}
    hosts = _link_hosts()
    costs = draft_answers.costs([row.answer_reply for row in page if row.answer_reply])
    return [
        Shown(
            text=asked[row.question] if reads else "",
            at=row.asked_at,
            change=KINDS.get(row.change, "No change"),
            before=_side(row, "before", names, titles),
            after=_side(row, "after", names, titles),
            receipt=reverse("admin:turn", args=[row.question]) if row.question in given else "",
            given=SafeString(render(given.get(row.question, ""), hosts) if row.answer_state else ""),
            answer=row if row.answer_state and links else None,
            answered=SafeString(render(row.answer_text, hosts)),
            cost=usd(costs.get(row.answer_reply)) if row.answer_reply else "",
        )
        for row in page
        if row.question in asked
    ]


def _link_hosts() -> Sequence[str]:
    try:
        return considering.link_hosts(publishing.current())
    except ConfigError:
        return ()


def _given(ids: Sequence[UUID]) -> dict[UUID, str]:
    return dict(Reply.objects.filter(turn_id__in=ids, ordinal=1).values_list("turn_id", "text"))


def _side(row: BacktestRow, side: str, names: Mapping[str, str], titles: Mapping[str, str]) -> Side:
    route, entry = getattr(row, f"{side}_route"), getattr(row, f"{side}_entry")
    return Side(
        route=names.get(route, route),
        entry=titles.get(entry, f"entry no. {entry}") if entry else "",
        confidence=percent(getattr(row, f"{side}_confidence")) if entry else "",
        model=getattr(row, f"{side}_model"),
        rule=getattr(row, f"{side}_rule"),
    )
