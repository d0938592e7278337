"""A finder finds what its patterns find, and tries a pattern only where its words stand."""

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.lexicon import account, code, code_score, paste, people, questions
from routing.lexicon.finding import Finder, split_alternatives
from routing.lexicon.needs import beyond_ascii, needs_of
from routing.lexicon.text import Reading, read
from tests.routing import messages

LEXICON = (account, code, code_score, people, questions)


def finders(*modules: ModuleType) -> dict[str, Finder]:
    return {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Finder)
    }


FINDERS = finders(*LEXICON)
EVERY = [
    text for texts in vars(messages).values() if isinstance(texts, list) for text in texts
]  # some hundred messages in four languages


def line_by_line(finder: Finder, reading: Reading) -> list[str]:
    return [line for line in reading.lines if finder.pattern.search(line)]


@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_leaves_out_no_sentence_that_its_patterns_find(name: str) -> None:
    finder = FINDERS[name]
    for text in [*EVERY, ". ".join(EVERY)]:
        reading = read(text)
        assert list(finder.lines(reading)) == line_by_line(finder, reading), text


WORDS = sorted({word for text in EVERY for word in read(text).words})


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9), max_size=5))
def test_nor_does_it_in_words_thrown_together(sentences: list[list[str]]) -> None:
    reading = read(". ".join(" ".join(words) for words in sentences))
    for name, finder in FINDERS.items():
        assert list(finder.lines(reading)) == line_by_line(finder, reading), name


@pytest.mark.parametrize("name", FINDERS)
def test_every_pattern_says_what_it_needs_so_that_most_messages_pay_for_few(name: str) -> None:
    assert FINDERS[name].without_needs() == []


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        (r"\Wcode\b", [{"code"}]),
        (r"\W(?:my|our) (?:\w{1,9} ){0,3}scripts?\b", [{"my", "our"}, {"scri"}]),
        (r"\W(?:quer(?:y|ies)|sql) of\b", [{"quer", "sql"}, {"of"}]),
        (r"\W(?:please )?send\b", [{"send"}]),
        (r"(?:no|not) here\b", [{"here"}]),  # `no` may be the end of a word
        (r"\Wc#", [{"c"}]),
        (r"\W\w{1,9}", []),
        (r"\Wgo", []),  # `go`, or the beginning of any word that goes on
    ],
)
def test_needs_are_the_words_that_must_be_there(pattern: str, needs: list[set[str]]) -> None:
    assert [set(need) for need in needs_of(pattern)] == needs


def test_languages_without_spaces_are_tried_only_where_they_are_written() -> None:
    finder = Finder("人間(?:の|が)", "human")
    assert beyond_ascii("人間(?:の|が)")
    assert not beyond_ascii("(?:人間|ai)が?")
    assert finder.found(read("a human please"))
    assert not finder.found(read("superhuman"))


def test_alternatives_are_split_outside_of_brackets_only() -> None:
    assert split_alternatives(r"a|b(?:c|d)|[|]|\|") == ["a", "b(?:c|d)", "[|]", r"\|"]
    assert split_alternatives(r"\b(?:one|two(?:3|4))\b") == [r"\bone\b", r"\btwo(?:3|4)\b"]
    assert split_alternatives(r"(?:a|b) (?:c|d)") == ["(?:a|b) (?:c|d)"]


LINES = """
def total(items):
export default async function load(
class Box(Base):
class Box extends Base {
from a.b import c
import {x} from 'y'
#include <a>
const a = 3
$a->b = 4;
public static void main(
if (a) {
@app.route('/')
return a.b(
client.list(limit=5)
curl -X POST
document.cookie
save();
Traceback (most recent call last):
  File "a.py", line 3
  at a.b (c.js:3:1)
TypeError: no
GET /v1/x
HTTP/1.1 200
</div>
"id": "x",
.a { color: red; }
SELECT a FROM b
INSERT INTO a (b)
UPDATE a SET b
CREATE TABLE a
x;
// note
  return 3
import os
a.b += 3
Our class (yoga) costs 12.50 (or 100 for ten).
I need this: opening hours, prices.
""".strip().splitlines()


@pytest.mark.parametrize("lines", [paste.STRONG_LINE, paste.WEAK_LINE], ids=["strong", "weak"])
def test_the_marks_of_a_line_hide_no_pattern(lines: paste.Lines) -> None:
    every = [*LINES, *(line for text in EVERY for line in text.splitlines())]
    alone = [line for line in every if any(pattern.search(line) for _, pattern in lines.patterns)]
    assert [line for line in every if lines.search(line)] == alone
    matched = {pattern.pattern for _, pattern in lines.patterns for line in LINES if pattern.search(line)}
    assert matched == {pattern.pattern for _, pattern in lines.patterns}, "each pattern has a line here"
