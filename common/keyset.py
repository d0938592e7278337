"""Lists of the admin that stay quick however long their table is: no page counts or skips rows.

A page begins behind a row, named in its address by the value it is ordered by and its key (`?after=`, or
`?before=` on the way back), so page 200 costs what page 1 costs, and a row that arrives meanwhile neither
repeats nor hides another. How many rows there are is estimated where counting would take long, and said so.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

# Unfold ships no types; its class keeps Django's interface, so Django's stubs stand in for it.
if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

AFTER, BEFORE = "after", "before"
EXACT_UP_TO = 1_000  # rows are counted to here at most; a thousand and one take about a millisecond


@dataclass(frozen=True)
class Count:
    """How many rows a list has: exactly, at least (`more`), or about so many (`about`)."""

    rows: int
    about: bool = False
    more: bool = False

    def __str__(self) -> str:
        if self.more:
            return f"more than {self.rows:,}"
        return f"about {rounded(self.rows):,}" if self.about else f"{self.rows:,}"


def rounded(rows: int) -> int:
    """Return an estimate in two figures, so that it is not taken for a count."""
    step = int("1" + "0" * max(0, len(str(rows)) - 2))
    return round(rows / step) * step


def count_of(rows: QuerySet[Any], whole: bool) -> Count:
    """Return how many rows there are; `whole` says that nothing is filtered.

    PostgreSQL's own estimate where there are many; elsewhere, what is many is only said to be.
    """
    connection = connections[rows.db]
    if connection.vendor == "postgresql":
        estimate = _in_table(rows) if whole else _planned(rows)
        if estimate > EXACT_UP_TO:
            return Count(estimate, about=True)
        if not whole:
            return Count(max(estimate, 1), about=True)
    counted = rows.order_by()[: EXACT_UP_TO + 1].count()
    return Count(EXACT_UP_TO, more=True) if counted > EXACT_UP_TO else Count(counted)


def _in_table(rows: QuerySet[Any]) -> int:
    """Return how many rows the table had when it was last analysed; -1 for never."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table]
        )
        (estimate,) = cursor.fetchone()
    return int(estimate)


def _planned(rows: QuerySet[Any]) -> int:
    """Return how many rows the planner expects."""
    plan = json.loads(rows.order_by().values("pk").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


class KeysetPaginator(Paginator[Any]):
    """What the page's foot asks for; the list itself has found its rows already."""

    template_name = "admin/desk/keyset.html"


class KeysetChangeList(ChangeList):
    """A list ordered by one column and the key. The admin names such columns in `keyset_columns`."""

    counted: Count
    previous_url: str
    next_url: str

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        # A place in the list is no filter, and no form or link of the page may carry it along.
        self._after, self._before = (request.GET.get(name, "") for name in (AFTER, BEFORE))
        others = request.GET.copy()
        for name in (AFTER, BEFORE):
            others.pop(name, None)
        request.GET = others  # type: ignore[assignment]
        super().__init__(request, *args, **kwargs)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the one column and the key, in one direction; the admin's own for one without an index."""
        columns: tuple[str, ...] = getattr(self.model_admin, "keyset_columns")  # noqa: B009 - of the mixin
        wanted = [each for each in super().get_ordering(request, queryset) if isinstance(each, str)]
        first = next((each for each in wanted if each.lstrip("-") in columns), f"-{columns[0]}")
        return [first, "-pk" if first.startswith("-") else "pk"]

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of this page: one more is asked for, to know whether there is a next one."""
        size = self.list_per_page
        after, before = self._after, self._before
        order = self.get_ordering(request, self.queryset)
        backwards = bool(before) and not after
        rows = self._behind(order, before if backwards else after, backwards)
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        has_previous, has_next = (more, True) if backwards else (bool(after), more)
        self.previous_url = self._address(BEFORE, found[0], order) if found and has_previous else ""
        self.next_url = self._address(AFTER, found[-1], order) if found and has_next else ""
        if not found and (after or before):
            self.previous_url = self.get_query_string()  # the rows have gone meanwhile: back to the start
        self.counted = (
            count_of(self.queryset, not (self.has_active_filters or self.query))
            if self.previous_url or self.next_url
            else Count(len(found))
        )
        self.result_list = found
        self.result_count = self.counted.rows
        self.full_result_count = self.counted.rows
        self.show_full_result_count = False
        self.show_admin_actions = bool(found)
        self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(found, size)

    def _behind(self, order: list[str], cursor: str, backwards: bool) -> QuerySet[Any]:
        """Return the rows behind a place, in the order of the list or, `backwards`, against it."""
        rows: QuerySet[Any] = self.queryset
        column, down = order[0].lstrip("-"), order[0].startswith("-")
        if backwards:
            down = not down
            sign = "-" if down else ""
            rows = rows.order_by(f"{sign}{column}", f"{sign}pk")
        if not cursor:
            return rows
        value, key = place_of(self.model, column, cursor)
        side = "lt" if down else "gt"
        # The first half is what an index can begin at.
        return rows.filter(
            Q(**{f"{column}__{side}e": value}), Q(**{f"{column}__{side}": value}) | Q(**{f"pk__{side}": key})
        )

    def _address(self, name: str, row: Model, order: list[str]) -> str:
        cursor = cursor_of(row, order[0].lstrip("-"))
        others = self.get_query_string()[1:]
        return "?" + "&".join(part for part in (others, urlencode({name: cursor})) if part)


def cursor_of(row: Model, column: str) -> str:
    """Return the place of a row in a list that is ordered by `column`."""
    value = getattr(row, column)
    return f"{value.isoformat() if hasattr(value, 'isoformat') else value}_{row.pk}"


def place_of(model: type[Model], column: str, cursor: str) -> tuple[Any, Any]:
    """Return value and key that a cursor names. Raises IncorrectLookupParameters, as for a bad filter."""
    value, _, key = cursor.rpartition("_")
    try:
        field, own = model._meta.get_field(column), model._meta.pk
        found = field.to_python(value), own.to_python(key)  # type: ignore[union-attr]
    except (ValidationError, FieldDoesNotExist, ValueError, OverflowError) as error:
        raise IncorrectLookupParameters(error) from error
    if None in found:
        raise IncorrectLookupParameters(cursor)
    return found


class Keyset:
    """Makes an admin's list a keyset list, over columns that have an index; the first one is its order."""

    keyset_columns: tuple[str, ...] = ()
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # counts beside each choice of each filter

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that pages by place."""
        return KeysetChangeList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """Offer no order that a table of millions would have to be sorted for."""
        shown: Any = getattr(self, "list_display")  # noqa: B009 - of the admin this is mixed into
        return [name for name in shown if self._column_of(name) in self.keyset_columns]

    def _column_of(self, name: str) -> str:
        shown = getattr(self, name, None)
        return str(getattr(shown, "admin_order_field", None) or name).lstrip("-")
