"""What was read of summed rows, kept in this process for as long as those rows are the same.

A summed hour or day is deleted and written anew when a part of it changes, and keys are never given twice; so
the highest key and the number of the rows in a span tell whether anything there has changed.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Max, Model

KEPT = 64  # spans: some pages of some readers; what is kept of 90 days is about half a megabyte

T = TypeVar("T")

_lock = threading.Lock()
_kept: OrderedDict[Hashable, object] = OrderedDict()


def read(
    table: type[Model], column: str, span: tuple[datetime, datetime], wish: Hashable, make: Callable[[], T]
) -> T:
    """Return what `make` reads of a span of `table`, or what it read when the rows were these.

    `wish` tells apart what is read of the same rows; its first item names the reader.
    """
    rows = table._default_manager.filter(**{f"{column}__gte": span[0], f"{column}__lt": span[1]})
    stamp = tuple(rows.aggregate(last=Max("pk"), n=Count("pk")).values())
    key = (table._meta.label, span, wish, stamp)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]  # type: ignore[return-value]  # the key names its reader
    found = make()
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Drop what is kept: another database may give the same keys to other rows."""
    with _lock:
        _kept.clear()
