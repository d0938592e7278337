"""The hashes of words and grams, against the same arithmetic in plain Python."""

import subprocess
import sys
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faq.matching.grams import LONGEST_WORD, Strings, char_grams, hash_strings, ranges

WORDS = st.lists(
    st.text(st.characters(exclude_characters="\n", exclude_categories=()), min_size=1, max_size=70)
)
MASK = 2**64 - 1
MULTIPLIER, GOLDEN = 6364136223846793005, 0x9E3779B97F4A7C15


def scattered(number: int) -> int:
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK
    return number ^ (number >> 31)


def plain_hash(text: str) -> int:
    total = sum(ord(letter) * pow(MULTIPLIER, i + 1, 2**64) for i, letter in enumerate(text))
    return scattered((total + len(text) * GOLDEN) & MASK)


def plain_grams(word: str) -> Counter[int]:
    padded = f" {word[:LONGEST_WORD]} "
    found: Counter[int] = Counter()
    for size in range(2, 6):
        for start in range(len(padded) - size + 1):
            total = 0
            for letter in padded[start : start + size]:
                total = (total * MULTIPLIER + ord(letter)) & MASK
            found[scattered((total + size * GOLDEN) & MASK)] += 1
    return found


@given(WORDS)
def test_words_hash_as_in_plain_python(words: list[str]) -> None:
    assert hash_strings(Strings.of(words)).tolist() == [plain_hash(word) for word in words]


@given(WORDS)
def test_grams_are_those_of_plain_python(words: list[str]) -> None:
    hashes, number = char_grams(Strings.of(words))
    for i, word in enumerate(words):
        assert Counter(hashes[number == i].tolist()) == plain_grams(word)


@given(WORDS, st.data())
def test_strings_are_laid_out_and_picked(words: list[str], data: st.DataObject) -> None:
    strings = Strings.joined([Strings.of(words), Strings.of(words)])
    assert [strings.text(i) for i in range(len(strings))] == words * 2
    if words:
        some = data.draw(st.lists(st.integers(0, len(strings) - 1)))
        picked = strings.pick(np.array(some, dtype=np.int64))
        assert [picked.text(i) for i in range(len(picked))] == [(words * 2)[i] for i in some]


def test_another_process_hashes_alike() -> None:
    script = (
        "from faq.matching.grams import Strings, char_grams, hash_strings\n"
        "words = Strings.of(['reset', 'größe', '密码'])\n"
        "print(int(hash_strings(words).sum()), int(char_grams(words)[0].sum()))"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    words = Strings.of(["reset", "größe", "密码"])
    here = f"{int(hash_strings(words).sum())} {int(char_grams(words)[0].sum())}\n"
    assert prints == {here.encode()}


def test_ranges_follow_one_another() -> None:
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert ranges(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []
