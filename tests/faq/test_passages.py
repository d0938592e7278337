"""Passages are small, complete and in order."""

from hypothesis import example, given
from hypothesis import strategies as st

from faq.passages import PASSAGE_LIMIT, pieces, split


def test_headings_name_the_passages_under_them() -> None:
    text = "Before.\n\n## One\n\nFirst.\n\nSecond.\n\n### Two ##\n\n- a\n- b\n"
    assert split(text) == [("", "Before."), ("One", "First.\n\nSecond."), ("Two", "- a\n- b")]


def test_a_hash_inside_a_fence_is_no_heading() -> None:
    code = "```bash\n# a comment\n\ncurl x\n```"
    assert split(f"Run:\n\n{code}\n\nDone.") == [("", f"Run:\n\n{code}\n\nDone.")]


def test_a_fence_that_never_closes_keeps_its_text() -> None:
    assert split("```\none\n\ntwo") == [("", "```\none\n\ntwo")]


def test_long_blocks_are_cut_at_sentences() -> None:
    sentence = "This is a sentence of some length. "
    parts = list(pieces(sentence * 60))
    assert all(len(part) <= PASSAGE_LIMIT and part.endswith(".") for part in parts)
    assert " ".join(parts) == (sentence * 60).strip()


@given(st.text(alphabet="ab .\n#`", max_size=400), st.integers(5, 60))
@example("  ````", 5)
def test_no_passage_is_longer_than_the_limit_and_no_letter_is_lost(text: str, limit: int) -> None:
    found = split(text, limit)
    assert all(0 < len(passage) <= limit for _, passage in found)
    letters = "".join(heading + passage for heading, passage in found)
    assert {char for char in letters if char.isalpha()} <= set(text)
    if "#" not in text:
        assert [char for char in letters if char.isalpha()] == [char for char in text if char.isalpha()]
