"""One route, and one model, as the template of the metrics page reads them: cells, links and changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.urls import reverse

from routing.admin.cells import Cell, ModelRow, cells, model_row, target_lines
from routing.admin.changes import Compared, compared
from routing.choice import Choice
from routing.comparing import TIMES
from routing.definitions import RESOLUTIONS
from routing.figures_json import COUNTS
from routing.level_words import percent
from routing.metrics import Figures, ModelFigures, Report
from routing.reply_list import KINDS_OF_REPLIES

# What a card shows; the table at the end shows every figure.
CARD = (
    ("First text", ("first_text_p50", "first_text_p95", "first_text_p99")),
    ("Total time", ("total_p50", "total_p95", "total_p99")),
)
CARD_COUNTS = (*COUNTS, "grounded")
# What is held against the period before, side by side; the hovers of the last table have the rest.
COMPARED = (
    "requests",
    "first_text_p50",
    "first_text_p95",
    "total_p95",
    "errors",
    "truncations",
    "escalated_after",
    "thumbs_up",
    "thumbs_down",
    "grounded",
    "cost",
    "cost_per_1000",
)


def replies_link(choice: Choice, **further: str) -> str:
    """Return the address of the list of replies behind a figure."""
    return f"{reverse('admin:metrics_replies')}?{choice.query(compare='', **further)}"


def _linked(cell: Cell, choice: Choice, route: str) -> Cell:
    """Return a cell with the address of the replies that it counts, or that took longer than it says."""
    if not cell.value:
        return cell
    where = {"route": route} if route else {}
    if cell.name == "requests":
        return replace(cell, link=replies_link(choice, **where))
    if cell.name == "grounded":
        return replace(cell, link=replies_link(choice, kind="support_judged", **where))
    if cell.name in KINDS_OF_REPLIES:
        return replace(cell, link=replies_link(choice, kind=cell.name, **where))
    if cell.name in TIMES:
        over = str(round(float(cell.value)))
        return replace(cell, link=replies_link(choice, slow=TIMES[cell.name][0], over=over, **where))
    return cell


@dataclass(frozen=True)
class TableCell:
    """A cell of the wide table or of the comparison, with how it stands against the period before."""

    cell: Cell
    change: Compared | None


@dataclass(frozen=True)
class Share:
    """A count and its share of the requests, with the address of the replies behind it."""

    name: str
    value: int
    text: str
    link: str


@dataclass(frozen=True)
class RouteView:
    """One route as the template reads it."""

    figures: Figures
    cells: Mapping[str, Cell]
    changes: Mapping[str, Compared]
    times: tuple[tuple[str, tuple[TableCell, ...]], ...]
    counts: tuple[TableCell, ...]
    targets: tuple[str, ...]
    resolutions: tuple[Share, ...]
    escalations: tuple[Share, ...]

    @classmethod
    def of(cls, figures: Figures, before: Figures | None, choice: Choice) -> "RouteView":
        """Return the view of one route's figures, held against `before` if that is given."""
        route = figures.route
        found = {name: _linked(cell, choice, route) for name, cell in cells(figures).items()}
        changes = compared(before.tally, figures.tally) if before is not None else {}
        both = {name: TableCell(cell, changes.get(name)) for name, cell in found.items()}
        return cls(
            figures,
            found,
            changes,
            tuple((title, tuple(both[name] for name in names)) for title, names in CARD),
            tuple(both[name] for name in CARD_COUNTS),
            target_lines(figures.targets),
            _shares(figures, {name: figures.resolutions[name] for name in RESOLUTIONS}, "left", choice),
            _shares(figures, figures.escalations, "escalated_by", choice),
        )

    @property
    def key(self) -> str:
        """Return what its rows are called in the markup."""
        return self.figures.route or "all"

    @property
    def all_cells(self) -> list[TableCell]:
        """Return the cells of the table of all figures."""
        return [TableCell(cell, self.changes.get(name)) for name, cell in self.cells.items()]

    @property
    def side_by_side(self) -> list[TableCell]:
        """Return the cells of the table that holds two periods against each other."""
        return [TableCell(self.cells[name], self.changes.get(name)) for name in COMPARED]

    @property
    def wanting(self) -> bool:
        """Return whether anything spoke against its answers."""
        return any(share.value for share in self.escalations)


def _shares(figures: Figures, counts: Mapping[str, int], kind: str, choice: Choice) -> tuple[Share, ...]:
    where = {"route": figures.route} if figures.route else {}
    return tuple(
        Share(
            name,
            count,
            f"{count:,} ({percent(figures.rate(count) or 0)})" if count else "0",
            replies_link(choice, kind=f"{kind}_{name}", **where) if count else "",
        )
        for name, count in counts.items()
    )


def views(report: Report, before: Report | None, choice: Choice) -> tuple[RouteView, tuple[RouteView, ...]]:
    """Return the views of all routes together and of each."""
    earlier = {route.route: route for route in before.routes} if before else {}
    return (
        RouteView.of(report.total, before.total if before else None, choice),
        tuple(RouteView.of(route, earlier.get(route.route), choice) for route in report.routes),
    )


def model_rows(models: Iterable[ModelFigures], choice: Choice) -> list[ModelRow]:
    """Return the rows of the table by model; the replies that one answered are a link away."""
    return [_with_link(model_row(model), choice) for model in models]


def _with_link(row: ModelRow, choice: Choice) -> ModelRow:
    requests = row.cells[0]
    if not requests.value:
        return row
    return replace(row, cells=(replace(requests, link=replies_link(choice, model=row.name)), *row.cells[1:]))
