"""The figures of a draft on real questions as JSON values and as lines, for pages and terminals alike."""

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.backtested import (
    KINDS,
    Counts,
    WrongRate,
    by_confidence,
    moves,
    shares,
    wrong_difference,
    wrong_rate,
)
from assistant.predicting import BASES, Mixture
from assistant.trials.outlook import Outlook
from common.money import usd

WRONG_BASES = {
    "judged": "read off {judged} answers that visitors or staff have judged",
    "confidence": "read off the matcher's confidence in {answers} answers; {judged} of them have been judged",
    "": "no approved answer is given",
}


def percent(share: float) -> str:
    """Return a share in percent, with a decimal below ten."""
    value = share * 100
    return f"{value:.0f} %" if abs(value) >= 10 or value == 0 else f"{value:.1f} %"


def span(bounds: tuple[float, float]) -> str:
    """Return the bounds of a share in words."""
    return f"{percent(bounds[0])} to {percent(bounds[1])}"


def ms(value: float | None) -> str:
    """Return a time as people read it; "too few" where too few replies are known."""
    if value is None:
        return "too few"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def money_of(pico: float) -> str:
    """Return pico-USD a question as USD for a thousand of them, with its sign."""
    amount = round(pico * 1000)
    return f"-{usd(-amount)}" if amount < 0 else usd(amount)


def in_words(rate: WrongRate) -> str:
    """Return a rate of wrong answers with its bounds and its basis."""
    basis = WRONG_BASES[rate.basis].format(judged=rate.judged, answers=rate.answers)
    return basis if not rate.basis else f"{percent(rate.rate)} ({span(rate.bounds)}), {basis}"


def as_json(counts: Counts, outlook: Outlook) -> dict[str, Any]:
    """Return every figure as JSON values; money in pico-USD a question, times in ms."""
    money = outlook.money
    return {
        "questions": counts.n,
        "without_conversation": counts.alone,
        "changed": counts.changed,
        "kinds": {kind: counts.kinds.get(kind, 0) for kind in KINDS},
        "moves": [
            {
                "from": each.before,
                "to": each.after,
                "count": each.count,
                "share": round(each.share, 6),
                "share_from": round(each.bounds[0], 6),
                "share_to": round(each.bounds[1], 6),
            }
            for each in moves(counts)
        ],
        "routes": [
            {"route": each.route, "before": each.before, "after": each.after} for each in shares(counts)
        ],
        "cost": None
        if money is None
        else {
            "before_pico": money.before,
            "after_pico": money.after,
            "change_from": money.bounds[0] if money.bounds else None,
            "change_to": money.bounds[1] if money.bounds else None,
            "unknown": money.unknown,
            "bases": outlook.bases,
        },
        "first_text": {
            side: _times(mixture)
            for side, mixture in zip(("before", "after"), outlook.first_text, strict=True)
        },
        "wrong_answers": {
            "before": vars(wrong_rate(counts.before)),
            "after": vars(wrong_rate(counts.after)),
            "change": wrong_difference(counts.before, counts.after),
            "by_confidence": {
                name: by_confidence(side).rate if side.answers else None
                for name, side in (("before", counts.before), ("after", counts.after))
            },
        },
    }


def _times(mixture: Mixture) -> dict[str, Any]:
    return {
        "p50_ms": mixture.percentile(0.5),
        "p95_ms": mixture.percentile(0.95),
        "p95_bounds_ms": mixture.interval(0.95),
        "without_times": round(mixture.missing, 6),
    }


def lines(counts: Counts, outlook: Outlook, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the figures as lines for a terminal."""
    share = percent(counts.changed / counts.n) if counts.n else "–"
    yield f"{counts.n} questions, {counts.changed} of them change ({share})"
    if counts.alone:
        yield f"{counts.alone} were replayed as first messages, as their conversations are gone"
    for kind, count in sorted(counts.kinds.items(), key=lambda each: -each[1]):
        yield f"  {KINDS[kind]:<42} {count:>6}"
    for move in moves(counts):
        way = f"{names.get(move.before, move.before)} -> {names.get(move.after, move.after)}"
        yield f"  {way:<42} {move.count:>6}  {percent(move.share)} ({span(move.bounds)})"
    money = outlook.money
    if money is not None:
        bounds = f" ({money_of(money.bounds[0])} to {money_of(money.bounds[1])})" if money.bounds else ""
        sides = f"{money_of(money.before)} -> {money_of(money.after)}"
        yield f"cost of 1,000 questions: {sides}, {money_of(money.change)}{bounds}"
    for basis, routes in outlook.bases.items():
        yield f"  {', '.join(names.get(slug, slug) for slug in routes)}: {BASES[basis]}"
    for q, name in ((0.5, "p50"), (0.95, "p95")):
        was, would = (each.percentile(q) for each in outlook.first_text)
        yield f"first text {name}: {ms(was)} -> {ms(would)}"
    yield f"wrong approved answers: {in_words(wrong_rate(counts.before))}"
    yield f"  with the draft: {in_words(wrong_rate(counts.after))}"
