"""Texts become the token ids that Hugging Face's `tokenizers` gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.embedding import files
from faq.embedding.wordpiece import WordPiece

# Made once with tokenizers 0.23 from the model's own tokenizer.json, special tokens in the text read as text.
KNOWN = [
    ("How do I reset my password?", [101, 2129, 2079, 1045, 25141, 2026, 20786, 1029, 102]),
    ("", [101, 102]),
    ("   \t\n", [101, 102]),
    ("Can't I cancel?", [101, 2064, 1005, 1056, 1045, 17542, 1029, 102]),
    ("na\xefve Caf\xe9 \u2014 Stra\xdfe", [101, 15743, 7668, 1517, 2358, 27807, 102]),
    ("ΟΔΥΣΣΕΥΣ", [101, 1169, 29722, 29735, 29733, 29733, 29723, 29735, 29733, 102]),
    ("İstanbul", [101, 9960, 102]),
    ("日本語 テスト", [101, 1864, 1876, 1950, 1713, 30233, 30240, 102]),
    ("한국어", [101, 1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008, 102]),
    ("e\u0301a\u0308o\u0302", [101, 19413, 2080, 102]),
    ("zero\u200bwidth\xadsoft\ufeffbom", [101, 5717, 9148, 11927, 7898, 15794, 5092, 2213, 102]),
    ("a\x00b\ufffdc\x07d", [101, 5925, 2094, 102]),
    ("[SEP] and [CLS]", [101, 1031, 19802, 1033, 1998, 1031, 18856, 2015, 1033, 102]),
    ("antidisestablishmentarianism", [101, 3424, 10521, 4355, 7875, 13602, 3672, 12199, 2964, 102]),
    ("x" * 100 + "q", [101, 100, 102]),
    ("\U0001f44d ok \U0001f469\u200d\U0001f467", [101, 100, 7929, 100, 102]),
    ("½ ﬁne ㎏ ①", [101, 1092, 1984, 2638, 100, 100, 102]),
    ("$9.99/month (20%)", [101, 1002, 1023, 1012, 5585, 1013, 3204, 1006, 2322, 1003, 1007, 102]),
    ("foo_bar@example.com", [101, 29379, 1035, 3347, 1030, 2742, 1012, 4012, 102]),
    ("\xa0non\u2003breaking\u2028line", [101, 2512, 4911, 2240, 102]),
]

PIECES = WordPiece(files.find("").tokens)


@pytest.mark.parametrize(("text", "ids"), KNOWN)
def test_the_ids_are_those_of_the_reference(text: str, ids: list[int]) -> None:
    assert PIECES.ids(text, 256) == ids


def test_a_long_text_is_cut_and_still_ends_with_its_mark() -> None:
    ids = PIECES.ids("word " * 10_000, 256)
    assert (len(ids), ids[0], ids[-1]) == (256, 101, 102)
    assert set(ids[1:-1]) == {2773}
    assert len(PIECES.ids("word " * 254, 256)) == 256
    assert len(PIECES.ids("word " * 253, 256)) == 255


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_breaks_it_and_case_does_not_matter(text: str) -> None:
    ids = PIECES.ids(text, 64)
    assert ids[0] == 101 and ids[-1] == 102 and 2 <= len(ids) <= 64
    assert not {0, 101, 102, 103} & set(ids[1:-1])
    if text.isascii():
        assert PIECES.ids(text.upper(), 64) == ids


def test_the_known_words_come_with_their_frequency() -> None:
    words = PIECES.words()
    assert len(words) > 20_000
    assert words["the"] < words["subscription"] < words["password"]
    assert not {"[CLS]", "##ing", "a", "1999", "?"} & set(words)
