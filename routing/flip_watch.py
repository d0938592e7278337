"""Once a minute: count what follows a change, and roll it back by itself where a limit of its route broke."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing import flip_figures, flip_rollback
from routing.flip_figures import Counted, Reader
from routing.flip_records import is_of_rules
from routing.flip_verdicts import Gates
from routing.flip_verdicts import Row as Figure
from routing.models import FlipRecord, RollUpState, Route
from routing.publishing import CannotPublish

logger = logging.getLogger(__name__)

# A week of hours is some thousand rows: a change is counted each minute of its first hour, when somebody
# looks, or of its first day where a limit is to be kept, and then every ten.
YOUNG, YOUNG_WITH_LIMIT = timedelta(hours=1), timedelta(days=1)
SELDOM = timedelta(minutes=10)


@dataclass(frozen=True)
class Said:
    """What staff are told of a limit that broke, once: the record, and a sentence."""

    record: FlipRecord
    rolled_back: bool
    text: str


def watch(now: datetime) -> list[Said]:
    """Count every change that is not frozen yet, keep its route's limits, and return what broke."""
    counted = RollUpState.objects.filter(pk=1).values_list("as_of", flat=True).first()
    if counted is None:
        return []
    reader = Reader()
    routes = {row.pk: gates_of(row) for row in Route.objects.all()}
    found: list[Said] = []
    for row in FlipRecord.objects.filter(after_frozen=False, changed_at__lte=now):
        gates = routes.get(row.route_slug, Gates())
        if not _is_due(row, gates, counted):
            continue
        flip_figures.count(row, counted, reader)
        _save(row)
        said = _keep_limits(row, gates)
        if said is not None:
            logger.warning("%s", said.text)
            found.append(said)
    return found


def gates_of(route: Route) -> Gates:
    """Return the limits that a route sets a change of its models or prompt."""
    return Gates(
        route.gate_error_rate,
        route.gate_truncation_rate,
        route.gate_refusal_rate,
        route.gate_first_text_share,
    )


def _is_due(row: FlipRecord, gates: Gates, counted: datetime) -> bool:
    often = counted < row.changed_at + (YOUNG_WITH_LIMIT if gates.any else YOUNG)
    return row.counted_at is None or counted >= row.counted_at + (timedelta(0) if often else SELDOM)


def _save(row: FlipRecord) -> None:
    """Store the figures; a state that a rollback has set meanwhile stays."""
    row.save(
        update_fields=[
            "before", "before_from", "before_until", "before_frozen",
            "after", "after_from", "after_until", "after_frozen", "counted_at", "judged",
            "better", "worse",
        ]
    )  # fmt: skip
    if row.after_frozen:
        watching = FlipRecord.objects.filter(pk=row.pk, state=FlipRecord.State.WATCHING)
        watching.update(state=FlipRecord.State.SETTLED)


def _keep_limits(row: FlipRecord, gates: Gates) -> Said | None:
    """Say how a change stands to its route's limits, and roll it back where one is surely broken."""
    ended = (FlipRecord.Gate.FAILED, FlipRecord.Gate.REFUSED)
    if row.state != FlipRecord.State.WATCHING or row.gate in ended or row.undoes_id is not None:
        return None
    before, after = Counted.load(row.before), Counted.load(row.after)
    if is_of_rules(row) or before is None or after is None:
        return None
    broken = gates.broken(before.tally, after.tally) if gates.any else None
    if broken:
        return _act(row, "; ".join(_sentence(figure) for figure in broken))
    state = FlipRecord.Gate.FEW if broken is None else FlipRecord.Gate.HELD
    FlipRecord.objects.filter(pk=row.pk, state=FlipRecord.State.WATCHING).update(
        gate=state if gates.any else FlipRecord.Gate.NONE
    )
    return None


def _act(row: FlipRecord, words: str) -> Said | None:
    """Roll back, or say why not; either is done and told once."""
    said = {"gate": FlipRecord.Gate.FAILED, "gate_words": words[:400]}
    try:
        config = flip_rollback.roll_back(row, flip_rollback.AUTOMATIC, words, said=said)
    except CannotPublish as refusal:
        waiting = FlipRecord.objects.filter(pk=row.pk, state=FlipRecord.State.WATCHING)
        told = waiting.exclude(gate=FlipRecord.Gate.REFUSED).update(
            gate=FlipRecord.Gate.REFUSED, gate_words=f"{words}. It was not rolled back: {refusal}"[:400]
        )
        text = f"{row.route_slug}, version {row.config_number}: {words}. Not rolled back: {refusal}"
        return Said(row, False, text) if told else None
    text = f"{row.route_slug}, version {row.config_number}: {words}. Rolled back as version {config.number}."
    return Said(row, True, text)


def _sentence(figure: Figure) -> str:
    """Return what broke, with both sides and how many replies they are of."""
    sides = ((figure.before.value or 0.0, figure.before.n), (figure.after.value or 0.0, figure.after.n))
    (was, n), (became, m) = sides
    show = (f"{was:.0f} ms", f"{became:.0f} ms") if figure.unit == "ms" else (f"{was:.1%}", f"{became:.1%}")
    return f"{figure.label} went from {show[0]} of {n} replies to {show[1]} of {m}"
