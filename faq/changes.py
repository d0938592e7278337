"""The log of what edits touched, by which a process reads no more than that again.

Whoever edits takes the version counter's lock first (`announce` or `hold`), so numbers are in the order
of the commits, also with several writers. A quiet edit is logged under the number that the next raise will
have. A reader takes the counter **before** the log: what is committed in between it sees too early under
the older number, and simply reads once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from common.versions import hold_version, raise_version, read_version
from faq.engine_models import Change

VERSION = "faq"
KEPT = 2_000  # numbers; a process that slept through more of them reads everything again


@dataclass(frozen=True)
class Changes:
    """What was touched between two numbers: entries, and whether the negatives of no entry."""

    entries: frozenset[int] = frozenset()
    negatives: bool = False


def announce(entries: Iterable[int] = (), *, negatives: bool = False) -> int:
    """Raise the FAQ's version and log what the caller's transaction touches; return the new version."""
    number = raise_version(VERSION)
    Change.objects.create(number=number, what=Change.What.RAISED)
    note(number, entries, negatives=negatives)
    return number


def hold() -> int:
    """Take the version's lock until the transaction ends; return the number that the next raise will have.

    For edits in many transactions whose readers need to look only once, after the last of them.
    """
    hold_version(VERSION)
    return read_version(VERSION) + 1


def note(number: int, entries: Iterable[int] = (), *, negatives: bool = False) -> None:
    """Log what a transaction touches under the number that `announce` or `hold` gave it."""
    rows = [Change(number=number, what=Change.What.ENTRY, entry_id=pk) for pk in dict.fromkeys(entries)]
    if negatives:
        rows.append(Change(number=number, what=Change.What.NEGATIVES))
    Change.objects.bulk_create(rows)


def since(held: int, number: int) -> Changes | None:
    """Return what was touched after version `held` up to `number`, None when the log does not know.

    One query. It does not know what was raised without it, what was trimmed, and a version that went back
    (another database was put in the place of this one).
    """
    if number < held:
        return None
    rows = list(Change.objects.filter(number__gt=held).values_list("number", "what", "entry_id"))
    raised = {n for n, what, _ in rows if what == Change.What.RAISED and n <= number}
    if len(raised) < number - held:
        return None
    return Changes(
        frozenset(pk for _, what, pk in rows if what == Change.What.ENTRY and pk is not None),
        any(what == Change.What.NEGATIVES for _, what, _ in rows),
    )


def trim() -> int:
    """Delete all but the last KEPT numbers of the log; return how many rows went."""
    return Change.objects.filter(number__lte=read_version(VERSION) - KEPT).delete()[0]
