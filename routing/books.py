"""The ledger beside a provider's own books, call by call. Pure.

The desk sends the id of the ledger's row with each request and the sandbox keeps it in its record, so
both sides speak of the same call.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.money import from_pico

TOKENS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger says of one call; None is unknown."""

    model: str
    ended: bool
    estimated: bool
    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    cost_pico: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """Requests, tokens and cost of one model, on one side."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_pico: int = 0

    def plus(self, input_tokens: int | None, output_tokens: int | None, cost_pico: int | None) -> "Sums":
        """Return the sums with one more request; unknown parts count nothing."""
        return Sums(
            self.requests + 1,
            self.input_tokens + (input_tokens or 0),
            self.output_tokens + (output_tokens or 0),
            self.cost_pico + (cost_pico or 0),
        )


@dataclass(frozen=True)
class Compared:
    """Both sides by model, every difference in words, and what could not be compared."""

    ours: Mapping[str, Sums]
    theirs: Mapping[str, Sums]
    differences: tuple[str, ...]
    estimated: int
    nameless: int
    running: int
    estimates: Sums  # the estimated rows as the ledger has them
    estimates_bill: Sums  # the same calls as they were billed


def compare(ledger: Mapping[str, Booked], records: Sequence[Mapping[str, Any]]) -> Compared:
    """Return how the ledger (by call id) and the sandbox's records of its requests agree.

    An estimate differs from the bill by nature: it is no difference where the provider did not say its
    usage, but a row that is not marked as one is. Requests without a call's id are somebody else's.
    """
    named = [record for record in records if record.get("call_id")]
    over = [record for record in named if record.get("ended")]
    ours: defaultdict[str, Sums] = defaultdict(Sums)
    theirs: defaultdict[str, Sums] = defaultdict(Sums)
    differences = [
        f"call {call} was sent {times} times"
        for call, times in Counter(str(record["call_id"]) for record in named).items()
        if times > 1
    ]
    estimates, bill = Sums(), Sums()
    for record in over:
        call, booked = str(record["call_id"]), ledger.get(str(record["call_id"]))
        name = booked.model if booked else str(record["model"])
        billed = (record["input_tokens"], record["output_tokens"], record["cost_pico"])
        theirs[name] = theirs[name].plus(*billed)
        if booked is None:
            differences.append(f"call {call}: the sandbox answered {name}, the ledger has no such call")
            continue
        if booked.ended:
            mine = (booked.input_tokens, booked.output_tokens, booked.cost_pico)
            ours[name] = ours[name].plus(*mine)
            if booked.estimated:
                estimates, bill = estimates.plus(*mine), bill.plus(*billed)
            differences += (f"call {call} ({name}): {words}" for words in _apart(booked, record))
    return Compared(
        ours,
        theirs,
        tuple(differences),
        estimates.requests,
        len(records) - len(named),
        len(named) - len(over),
        estimates,
        bill,
    )


def estimates_apart(compared: Compared) -> str:
    """Return in words how far the estimated rows in all are from what was billed; "" without estimates."""
    mine, bill = compared.estimates, compared.estimates_bill
    if not mine.requests:
        return ""
    rows = "1 row is an estimate" if mine.requests == 1 else f"{mine.requests:,} rows are estimates"
    if (mine.input_tokens, mine.output_tokens, mine.cost_pico) == (
        bill.input_tokens,
        bill.output_tokens,
        bill.cost_pico,
    ):
        return f"{rows}, equal to the bill in all."
    ours, theirs = (f"{from_pico(sums.cost_pico).normalize():f}" for sums in (mine, bill))
    times = f", {_ratio(mine.cost_pico, bill.cost_pico)} times" if mine.cost_pico and bill.cost_pico else ""
    return (
        f"{rows}: in all {ours} USD and {mine.output_tokens:,} output tokens in the ledger, {theirs} USD and "
        f"{bill.output_tokens:,} on the bill{times}."
    )


def _ratio(mine: int, bill: int) -> str:
    """Return the larger amount as a multiple of the smaller one."""
    return f"{max(mine, bill) / min(mine, bill):.1f}"


def _apart(booked: Booked, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield in what a row differs from the bill."""
    if booked.estimated:
        return
    if record["cost_pico"] and not record["usage_sent"]:
        yield "the sandbox never said its usage, the ledger does not mark the row as estimated"
        return
    for name in TOKENS:
        mine, other = getattr(booked, name) or 0, record[name]
        if mine != other:
            yield f"{name.replace('_', ' ')} {mine} in the ledger, {other} on the bill"
    if booked.cost_pico is not None and booked.cost_pico != record["cost_pico"]:
        mine, other = from_pico(booked.cost_pico), from_pico(record["cost_pico"])
        yield f"cost {mine:f} USD in the ledger, {other:f} on the bill"


def unseen(ledger: Mapping[str, Booked], records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the calls that cost something in the ledger although the sandbox never had them."""
    known = {str(record.get("call_id")) for record in records}
    for call, booked in ledger.items():
        if call not in known and booked.cost_pico and not booked.estimated:
            cost = f"{from_pico(booked.cost_pico):f} USD in the ledger"
            yield f"call {call} ({booked.model}): {cost}, and no such request in the sandbox"


def invoice_apart(
    invoice: Mapping[str, Mapping[str, Any]], records: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return where the sandbox's invoice is not the sum of its requests, of which none may be gone."""
    sums: defaultdict[str, Sums] = defaultdict(Sums)
    for record in records:
        model = str(record["model"])
        sums[model] = sums[model].plus(record["input_tokens"], record["output_tokens"], record["cost_pico"])
    found = []
    for model, line in invoice.items():
        for name in ("input_tokens", "output_tokens", "cost_pico"):
            due = getattr(sums[model], name)
            if line[name] != due:
                found.append(f"{model}: the invoice says {name} {line[name]}, its requests {due}")
    return found
