"""The ledger added up again: calls settled and priced as they must be, budgets and replies their sums."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db.models import Count, Sum

from common.money import from_pico
from routing import desk, publishing
from routing.books import Booked
from routing.budget import CHARGE
from routing.caps import scope_of
from routing.config import Config, ConfigError
from routing.cost import price_of
from routing.events import UsageReport
from routing.models import Budget, ModelCall, RouteOutcome

# After a route's total deadline an attempt is settled at once; orphans are found within half a minute.
PATIENCE = timedelta(seconds=60)
CHUNK = 2000
PAGE = 500  # below SQLite's limit of variables in one statement
Sums = tuple[UUID, int | None, int | None, int | None]  # a reply with its tokens and cost
LOST = "WorkerLost"  # booked at its reservation, so its tokens say nothing of its cost


def exact(pico: int | None) -> str:
    """Return an amount to the last place: a difference may be smaller than what people read."""
    return "unknown" if pico is None else f"${from_pico(pico).normalize():f}"


def calls(since: datetime) -> int:
    """Return how many calls there are to check."""
    return ModelCall.objects.filter(started_at__gte=since).count()


def check(since: datetime, now: datetime) -> Iterator[str]:
    """Yield every difference within the books since a moment, in words."""
    yield from _unsettled(since, now)
    yield from _mispriced(since)
    yield from _budgets(since)
    yield from _outcomes(since)


def _unsettled(since: datetime, now: datetime) -> Iterator[str]:
    longest = max((route.deadlines.total_s for route in _config().routes.values()), default=0.0)
    edge = now - timedelta(seconds=longest) - PATIENCE
    for call in ModelCall.objects.filter(started_at__gte=since, started_at__lt=edge, ended_at=None):
        yield f"call {call.pk} ({call.asked_model}) is open since {call.started_at:%Y-%m-%d %H:%M:%S} UTC"
    doubled = (
        ModelCall.objects.filter(started_at__gte=since, reply_id__isnull=False)
        .order_by()
        .values("reply_id", "attempt")
        .annotate(rows=Count("pk"))
        .filter(rows__gt=1)
    )
    for row in doubled:
        yield f"reply {row['reply_id']}: attempt {row['attempt']} is booked {row['rows']} times"


def _config() -> Config:
    try:
        return publishing.current()
    except ConfigError:
        return Config(0, "")


def _mispriced(since: datetime) -> Iterator[str]:
    """Yield calls whose cost is not what their tokens cost at the prices they were made under."""
    settled = ModelCall.objects.filter(started_at__gte=since, input_tokens__isnull=False).exclude(
        error_class=LOST
    )
    configs: dict[int, Config | None] = {}
    for call in settled.exclude(ended_at=None).iterator(chunk_size=CHUNK):
        if call.config_number not in configs:
            configs[call.config_number] = _numbered(call.config_number)
        config = configs[call.config_number]
        model = config.models.get(call.asked_model) if config else None
        if model is None:
            continue
        usage = UsageReport(
            call.input_tokens, call.output_tokens or 0, call.cached_tokens, call.cache_write_tokens
        )
        due = price_of(model, usage, call.started_at.date())
        if due != call.cost_pico:
            name = f"call {call.pk} ({call.asked_model})"
            yield f"{name} costs {exact(call.cost_pico)}, its tokens {exact(due)}"


def _numbered(number: int) -> Config | None:
    try:
        return publishing.config(number)
    except ConfigError:
        return None


def _budgets(since: datetime) -> Iterator[str]:
    """Yield budgets that are not the sum of the calls that were taken from them."""
    tz = desk.caps().tz
    first = desk.day_of(since, tz)
    rows = {row.pk: row for row in Budget.objects.filter(period_start__gte=first.replace(day=1))}
    rows = {
        pk: row for pk, row in rows.items() if row.period == Budget.Period.MONTH or row.period_start >= first
    }
    if not rows:
        return
    earliest = desk.day_start(min(row.period_start for row in rows.values()), tz)
    spent: defaultdict[int, int] = defaultdict(int)
    held: defaultdict[int, int] = defaultdict(int)
    days = {(row.scope, row.period_start): pk for pk, row in rows.items() if row.period == Budget.Period.DAY}
    # A day more: the desk's time zone may have been another one when a call was taken.
    taken = ModelCall.objects.filter(started_at__gte=earliest - timedelta(days=1)).annotate(charge=CHARGE)
    facts = taken.values_list("budgets", "charge", "ended_at", "purpose", "started_at")
    for budgets, charge, ended_at, purpose, started_at in facts.iterator(chunk_size=CHUNK):
        # Calls of before they remembered their budgets were taken from their day.
        old = days.get((scope_of(purpose), desk.day_of(started_at, tz)))
        for row in budgets or ([old] if old else []):
            (held if ended_at is None else spent)[row] += charge
    for pk, row in sorted(rows.items()):
        name = f"budget {row.scope}, {row.period} of {row.period_start}"
        due = row.carried_pico + spent[pk]
        if row.spent_pico != due:
            yield f"{name}: spent {exact(row.spent_pico)}, its calls {exact(due)}"
        if row.reserved_pico != held[pk]:
            yield f"{name}: reserved {exact(row.reserved_pico)}, its running calls {exact(held[pk])}"


def _outcomes(since: datetime) -> Iterator[str]:
    """Yield replies that are not the sum of their calls."""
    facts = RouteOutcome.objects.filter(ended_at__gte=since).values_list(
        "pk", "input_tokens", "output_tokens", "cost_pico"
    )
    for page in _pages(facts.order_by("ended_at").iterator(chunk_size=CHUNK)):
        sums = {
            row["reply_id"]: (row["input"], row["output"], row["cost"])
            for row in ModelCall.objects.filter(reply_id__in=[fact[0] for fact in page])
            .order_by()
            .values("reply_id")
            .annotate(input=Sum("input_tokens"), output=Sum("output_tokens"), cost=Sum("cost_pico"))
        }
        for reply_id, *kept in page:
            due = sums.get(reply_id, (0, 0, 0))
            for name, mine, theirs in zip(("input tokens", "output tokens", "cost"), kept, due, strict=True):
                if mine != theirs:
                    shown = exact if name == "cost" else str
                    yield f"reply {reply_id}: {name} {shown(mine)}, its calls {shown(theirs)}"


def _pages(rows: Iterable[Sums]) -> Iterator[list[Sums]]:
    left = iter(rows)
    while page := list(islice(left, PAGE)):
        yield page


def booked(ids: Iterable[UUID]) -> dict[str, Booked]:
    """Return what the ledger says of these calls, by id as text."""
    listed, found = list(ids), dict[str, Booked]()
    for at in range(0, len(listed), PAGE):
        found |= _booked(ModelCall.objects.filter(pk__in=listed[at : at + PAGE]))
    return found


def booked_since(start: datetime) -> dict[str, Booked]:
    """Return what the ledger says of all calls that have ended since a moment."""
    return _booked(ModelCall.objects.filter(started_at__gte=start, ended_at__isnull=False))


def _booked(rows: Iterable[ModelCall]) -> dict[str, Booked]:
    return {
        str(call.pk): Booked(
            call.asked_model,
            call.ended_at is not None,
            call.usage_estimated,
            call.input_tokens,
            call.cached_tokens,
            call.cache_write_tokens,
            call.output_tokens,
            call.cost_pico,
        )
        for call in rows
    }


def began(ids: Iterable[UUID]) -> datetime | None:
    """Return when the first of these calls began, None of none."""
    calls_of = ModelCall.objects.filter(pk__in=list(ids)[:PAGE]).order_by("started_at")
    return calls_of.values_list("started_at", flat=True).first()
