"""Emphasis in which an answer breaks off: closed in the first half, opened again in the one that goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.cut_markdown import closed, left_open
from assistant.rendering import BlockRenderer, render

HALVES = [
    # the first half, what goes on, and both as they are shown
    (
        "See **How much do SMS",
        " reminders cost?** there.",
        "<p>See <strong>How much do SMS</strong></p>",
        "<p><strong> reminders cost?</strong> there.</p>",
    ),
    ("See **this", "** there.", "<p>See <strong>this</strong></p>", "<p> there.</p>"),
    ("See **", "this** there.", "<p>See</p>", "<p><strong>this</strong> there.</p>"),
    (
        "*it **is",
        " so** and* more",
        "<p><em>it <strong>is</strong></em></p>",
        "<p><em><strong> so</strong> and</em> more</p>",
    ),
    (
        "Run `pip ins",
        "tall x` now",
        "<p>Run <code>pip ins</code></p>",
        "<p><code>tall x</code> now</p>",
    ),
    (
        "**a `co",
        "de` b** c",
        "<p><strong>a <code>co</code></strong></p>",
        "<p><strong><code>de</code> b</strong> c</p>",
    ),
    ("It is ~~gone", " away~~ here", "<p>It is <s>gone</s></p>", "<p><s> away</s> here</p>"),
    (
        "- **Pro",
        " plan**: 19 EUR",
        "<ul>\n<li><strong>Pro</strong></li>\n</ul>",
        "<p><strong> plan</strong>: 19 EUR</p>",
    ),
]


@pytest.mark.parametrize(("begun", "rest", "first", "second"), HALVES)
def test_both_halves_are_shown_without_their_marks(begun: str, rest: str, first: str, second: str) -> None:
    assert render(begun, cut=True) == first
    inside = left_open(begun)
    assert inside and render(rest, (), inside) == second
    assert left_open(inside + rest) == ""
    for step in (1, 3, 100):
        blocks = BlockRenderer((), inside)
        got = [
            block for at in range(0, len(rest), step) for block in blocks.feed(rest[at : at + step])
        ] + blocks.finish()
        assert [html for html, _ in got] == [second] and got[-1][1] == len(rest)


@pytest.mark.parametrize(
    "rest",
    [
        "**open again** and on",  # a model that opened it anew
        "\n\nAnother paragraph with **bold**.",
        "- an item\n- another",
        "that never closes it",
        "",
    ],
)
def test_what_does_not_go_on_in_it_is_shown_as_it_is(rest: str) -> None:
    assert render(rest, (), left_open("An **open")) == render(rest)


def test_emphasis_that_is_cut_twice_goes_on() -> None:
    inside = left_open("An **open")
    assert left_open(f"{inside} and") == inside
    assert render(" and", (), inside, cut=True) == "<p><strong> and</strong></p>"


@pytest.mark.parametrize(
    "text", ["5 * 3 and 2 ** 4", "snake_case_na", "a **b** c", "* item", "**a**\n\n---\n", ""]
)
def test_what_is_not_open_stays_as_it_is(text: str) -> None:
    assert left_open(text) == "" and closed(text) == text


@given(st.text("é *_`~\n-#|>1.", max_size=40), st.text("é *_`~\n-", max_size=20))
def test_no_word_comes_or_goes_however_odd_the_text(text: str, rest: str) -> None:
    assert render(text, cut=True).count("é") == render(text).count("é")
    shown = render(rest, (), left_open(text))
    assert shown.count("é") == render(rest).count("é") and "\N{WORD JOINER}" not in shown
