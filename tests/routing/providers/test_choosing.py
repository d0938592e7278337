"""Which models of a server's list are used: dates first, then the catalogue, then version numbers."""

from datetime import date
from decimal import Decimal

import pytest

from routing.config import Price
from routing.providers.choosing import choose
from tests.routing.jobs import model

TODAY = date(2026, 11, 23)
PRICED = (Price(date(2026, 1, 1), 0, Decimal(1), Decimal(2)),)
CATALOGUE = [
    model("openai", "old-mini", prices=(), released_on=date(2024, 1, 1), retires_on=TODAY),
    model("openai", "mid-mini", prices=(), released_on=date(2025, 1, 1), retires_on=date(2026, 12, 1)),
    model("openai", "new-mini", prices=(), released_on=date(2026, 9, 1)),
    model("openai", "old-big", prices=(), released_on=date(2024, 1, 1), retires_on=date(2026, 1, 1)),
    model("openai", "big", prices=(), released_on=date(2025, 6, 1), answers_as=("big-latest",)),
    model("openai", "undated-big", prices=PRICED),
]

OFFERS = [
    ([("gpt-4", 1), ("gpt-9", 9), ("gpt-9-mini", 9), ("gpt-4-mini", 1)], ("gpt-9-mini", "gpt-9")),
    ([("text-embedding-3", 9), ("llama-70b-instruct", 0)], ("llama-70b-instruct",)),
    ([("qwen-small", 0)], ("qwen-small",)),
    ([("whisper-1", 0)], ()),
    ([], ()),
    # A date of the server's own stands above the catalogue.
    ([("new-mini", 1), ("mid-mini", 2)], ("mid-mini",)),
    # Without one, or with the same: the newest living row.
    ([("mid-mini", 0), ("new-mini", 0), ("big", 0)], ("new-mini", "big")),
    ([("mid-mini", 7), ("new-mini", 7)], ("new-mini",)),
    ([("big-latest", 0), ("undated-big", 0)], ("undated-big",)),
    ([("stranger-mini-9", 0), ("acme/mid-mini", 0)], ("acme/mid-mini",)),
    # A retired row never, however new the server calls it, unless there is nothing else.
    ([("old-mini", 9), ("old-big", 9), ("big-latest", 0)], ("big-latest",)),
    ([("old-big", 9), ("stranger", 0)], ("stranger",)),
    ([("old-big", 9), ("old-mini", 9)], ("old-mini", "old-big")),
    # Unknown to the catalogue: the version, which neither a size nor a day is.
    ([("gpt-4o-2024-08-06", 0), ("gpt-5.2", 0), ("gpt-5", 0), ("gpt-3.5-turbo-0125", 0)], ("gpt-5.2",)),
    ([("llama-3.1-405b", 0), ("llama-4-70b", 0), ("mixtral-8x22b", 0)], ("llama-4-70b",)),
    ([("qwen2.5:7b", 0), ("qwen3:4b", 0), ("qwen-10-128k", 0)], ("qwen3:4b", "qwen-10-128k")),
]


@pytest.mark.parametrize(("offered", "chosen"), OFFERS)
def test_the_newest_light_and_heavy_model_are_chosen(
    offered: list[tuple[str, int]], chosen: tuple[str, ...]
) -> None:
    assert choose(offered, CATALOGUE, TODAY) == chosen
    assert set(choose(offered[::-1], CATALOGUE, TODAY)) == set(chosen), "whatever the list's order"
