"""A counting as a terminal and a program read it."""

from collections.abc import Iterator
from typing import Any

from assistant.flow_figures import Priced
from assistant.flows.shown import Shown, View
from common.money import usd

MOST = 15  # lines of each list


def lines(found: View) -> Iterator[str]:
    """Yield a counting as a terminal shows it."""
    total = found.total
    scaled = "a month" if found.scale else "not scaled to a month"
    yield (
        f"{total.counts.volume:,} messages in {len(found.flows):,} flows; {total.monthly:,.0f} {scaled}. "
        f"{total.coverage:.0%} answered by the FAQ, {total.offered:.0%} “did you mean”."
    )
    yield f"Cost {_money(total.cost)}, on the heavy model alone {_money(total.heavy)}."
    yield from _list("Where two tiers pay most", found.pays)
    yield from _list("Where they do not pay", found.not_so)
    yield from _list("Of unknown cost", found.unpriced)
    yield from _list("Missing entries", found.missing)


def _list(title: str, flows: tuple[Shown, ...]) -> Iterator[str]:
    if flows:
        yield ""
        yield title
    for each in flows[:MOST]:
        mine = each.priced
        saved, covered = _money(mine.saving), f"{mine.coverage:.0%}"
        yield f"  {mine.monthly:>8,.0f}  saves {saved:>10}  FAQ {covered:>4}  {each.name[:70]}"
    if len(flows) > MOST:
        yield f"  and {len(flows) - MOST} more"


def _money(pico: float | None) -> str:
    return usd(None if pico is None else round(pico))


def as_data(found: View) -> dict[str, Any]:
    """Return a counting as JSON can hold it; money in pico-USD a month, null where it is unknown."""
    return {
        "as_of": found.run.as_of.isoformat() if found.run.as_of else None,
        "days": found.covered_days or None,
        "scaled_to_a_month": found.scale is not None,
        "total": _data(found.total),
        "flows": [{"name": each.name, **_data(each.priced)} for each in found.flows],
        "rest": _data(found.rest.priced) if found.rest else None,
        "pays_most": [each.priced.number for each in found.pays],
        "does_not_pay": [each.priced.number for each in found.not_so],
        "missing_entries": [each.priced.number for each in found.missing],
    }


def _data(each: Priced) -> dict[str, Any]:
    return {
        "number": each.number,
        "messages": each.counts.volume,
        "monthly": round(each.monthly, 1),
        "answered": round(each.coverage, 4),
        "offered": round(each.offered, 4),
        "tiers": {tier: round(share, 4) for tier, share in each.tiers.items()},
        "escalations": round(each.escalations, 4),
        "cost_pico": None if each.cost is None else round(each.cost),
        "heavy_pico": None if each.heavy is None else round(each.heavy),
        "saving_pico": None if each.saving is None else round(each.saving),
        "first_text_p95_ms": None if each.first_text_p95 is None else round(each.first_text_p95),
    }
