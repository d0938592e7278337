"""Stacked bars as SVG that the server draws: no script, and every value stands in a table beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 800, 200
LEAST_GAP = 0.2  # of a column's width
COLOURS = 10  # classes mx-c0 to mx-c9 of metrics.css


@dataclass(frozen=True)
class Bar:
    """One piece of one column, in the drawing's own units."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    title: str


@dataclass(frozen=True)
class Bars:
    """A drawing of WIDTH by HEIGHT: pieces, which colour means what, and the labels under some columns.

    `highest` is the value of the tallest column, that of the drawing's top.
    """

    pieces: tuple[Bar, ...]
    legend: tuple[tuple[int, str], ...]
    labels: tuple[tuple[float, str], ...]
    highest: float = 0.0
    width: int = WIDTH
    height: int = HEIGHT


def stacked(
    columns: Sequence[str], series: Mapping[str, Sequence[float]], titles: Mapping[str, Sequence[str]]
) -> Bars:
    """Return the bars of `series` (name to a value a column); `titles` say each value in words.

    A series without a value is left out; about ten labels are drawn under the columns.
    """
    used = {name: values for name, values in series.items() if any(values)}
    tops = [sum(values[index] for values in used.values()) for index in range(len(columns))]
    highest = max(tops, default=0.0)
    if not highest:
        return Bars((), (), ())
    step = WIDTH / len(columns)
    pieces = []
    for index in range(len(columns)):
        floor = float(HEIGHT)
        for order, (name, values) in enumerate(used.items()):
            tall = values[index] / highest * HEIGHT
            if not tall:
                continue
            floor -= tall
            title = f"{columns[index]}, {name}: {titles[name][index]}"
            left = index * step + step * LEAST_GAP / 2
            pieces.append(
                Bar(
                    round(left, 2),
                    round(floor, 2),
                    round(step * (1 - LEAST_GAP), 2),
                    round(tall, 2),
                    order % COLOURS,
                    title,
                )
            )
    every = max(1, -(-len(columns) // 10))
    labels = tuple(
        (round((index + 0.5) * step, 2), columns[index]) for index in range(0, len(columns), every)
    )
    return Bars(
        tuple(pieces), tuple((order % COLOURS, name) for order, name in enumerate(used)), labels, highest
    )
