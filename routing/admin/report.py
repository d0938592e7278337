"""A mailed report: the figures of finished days beside the days before, as plain text and as a table."""

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from routing import chosen, metrics
from routing.admin.route_views import RouteView, TableCell, views
from routing.chosen import Chosen
from routing.definitions import DEFINITIONS, RESOLUTIONS

FIGURES = (
    "requests",
    "first_text_p50",
    "first_text_p95",
    "total_p95",
    "errors",
    "truncations",
    "escalated_after",
    "thumbs_down",
    "grounded",
    "cost",
)
BEHIND = "The worker is behind: these figures are not complete."
ENDING = "You asked for this report on the metrics page, under Saved views and reports; stop it there."
WIDTH = 28  # columns of a name, so that values stand under each other


@dataclass(frozen=True)
class Composed:
    """A report that is ready to be sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Line:
    """One figure: its value, and how it stands against the days before."""

    label: str
    value: str
    change: str


@dataclass(frozen=True)
class Block:
    """One route of a report, or all of them."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Letter:
    """What a report says, before it is text or a table."""

    name: str
    headline: str
    before: str
    chosen: str
    warning: str
    link: str
    tz: str
    blocks: tuple[Block, ...]
    empty: bool


def compose(name: str, seen: Chosen, link: str, now: datetime) -> Composed:
    """Write the report of a choice; `link` leads to the same figures on the page, "" where none is known."""
    report, before = chosen.reports(seen)
    total, routes = views(report, before, seen.choice)
    used = [view for view in routes if view.figures.requests]
    as_of = metrics.freshness(now).as_of
    letter = Letter(
        name=name,
        headline=seen.headline,
        before=seen.headline_before,
        chosen=_chosen(seen),
        warning="" if as_of and as_of >= seen.period.end else BEHIND,
        link=link,
        tz=seen.tz.key,
        blocks=tuple(_block(view) for view in ([total, *used] if len(used) != 1 else used)),
        empty=not report.total.requests,
    )
    html = render_to_string("admin/metrics_mail.html", {"letter": letter, "ending": ENDING})
    return Composed(f"{name}: {seen.headline}", _text(letter), html)


def _chosen(seen: Chosen) -> str:
    choice = seen.choice
    said = [
        f"route {choice.route}" if choice.route else "",
        f"answered by {choice.model}" if choice.model else "",
        "" if choice.example else "without example traffic",
    ]
    return ", ".join(words for words in said if words)


def _block(view: RouteView) -> Block:
    stands = ", ".join(
        f"{RESOLUTIONS[share.name].label.lower()} {share.text}" for share in view.resolutions if share.value
    )
    lines = [_line(TableCell(view.cells[name], view.changes.get(name))) for name in FIGURES]
    targets = [Line("Target", line, "") for line in view.targets]
    return Block(view.figures.name, (*lines, *targets, Line("How matters stand", stands or "–", "")))


def _line(one: TableCell) -> Line:
    change = f"before {one.change.before}; {one.change.text}" if one.change else ""
    return Line(DEFINITIONS[one.cell.name].label, one.cell.text, change)


def _text(letter: Letter) -> str:
    """Return the report as plain text."""
    lines = [f"{letter.name}: {letter.headline} (days of {letter.tz})"]
    lines += [words for words in (letter.chosen, letter.warning) if words]
    lines += [f"Held against {letter.before}.", ""]
    if letter.empty:
        lines += ["No replies in these days.", ""]
    for block in () if letter.empty else letter.blocks:
        lines += [block.name, "-" * len(block.name)]
        lines += [_text_line(line) for line in block.lines]
        lines.append("")
    if letter.link:
        lines += [f"On the page: {letter.link}", ""]
    return "\n".join([*lines, ENDING]) + "\n"


def _text_line(line: Line) -> str:
    return f"{line.label:<{WIDTH}}{line.value}{f'  ({line.change})' if line.change else ''}"
