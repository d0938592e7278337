"""What the benchmark measures by: its figures against cases counted by hand, its files, its typos."""

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faq_asking import answers
from benchmarks.faq_metrics import (
    NO_ANSWER,
    Answers,
    Given,
    auroc,
    auroc_scope,
    bootstrap,
    calibration_error,
    carried_over,
    coverage,
    given_at,
    join,
    mrr,
    threshold_for,
    top1,
)
from benchmarks.faq_sampling import FULL, draw, misspell, misspelt, without_entries
from benchmarks.faq_sets import QuestionSet, SetMissing, available, hold_out, read, tuning_part


def made(confidence: list[float], right: str, inside: str = "") -> Answers:
    """Return answers from a line of "1" and "0" each; without `inside` all are."""
    hits = np.asarray([sign == "1" for sign in right])
    within = np.asarray([sign == "1" for sign in inside or "1" * len(right)])
    return Answers(np.asarray(confidence, dtype=float), hits, within, hits.astype(np.int64))


def test_a_best_candidate_counts_among_the_questions_inside_the_scope() -> None:
    def rank(text: str) -> list[tuple[str, float]]:
        return {"a?": [("a", 0.9), ("b", 0.1)], "b?": [("a", 0.8), ("c", 0.1), ("b", 0.0)], "?": []}[text]

    found = answers(rank, [("a?", "a"), ("b?", "b"), ("?", "c"), ("b?", "")])
    assert found.confidence.tolist() == [0.9, 0.8, NO_ANSWER, 0.8]
    assert found.right.tolist() == [True, False, False, False]
    assert found.place.tolist() == [1, 3, 0, 0]
    assert top1(found) == pytest.approx(1 / 3)
    assert mrr(found) == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert top1(join([found, found])) == top1(found)
    assert len(join([found, found])) == 8


def test_auroc_sets_right_answers_against_everything_else_and_splits_ties() -> None:
    assert auroc(made([0.9, 0.8, 0.7, 0.6], "1100")) == 1
    assert auroc(made([0.9, 0.8, 0.7, 0.6], "0011")) == 0
    # right 0.8 and 0.5; others 0.8 (a tie) and 0.6 out of scope: (1/2 + 1 + 0 + 0) of 4 pairs
    assert auroc(made([0.8, 0.5, 0.8, 0.6], "1100", "1110")) == pytest.approx(1.5 / 4)
    assert np.isnan(auroc(made([0.9], "1")))


def test_auroc_of_the_scope_asks_only_whether_a_question_had_an_entry() -> None:
    ranked = made([0.8, 0.5, 0.7, 0.5], "0100", "1110")  # 1, 1/2 and 1 of the three pairs
    assert auroc_scope(ranked) == pytest.approx(2.5 / 3)
    assert np.isnan(auroc_scope(made([0.9, 0.8], "10")))


def test_coverage_takes_the_lowest_threshold_that_still_has_the_precision() -> None:
    ranked = made([0.9, 0.8, 0.7, 0.6, 0.5], "11010", "11011")
    assert threshold_for(ranked, 0.75) == 0.6
    assert coverage(ranked, 0.75) == Given(answered=4 / 5, inside_right=3 / 4, precision=3 / 4)
    assert coverage(ranked, 1.0) == Given(answered=2 / 5, inside_right=2 / 4, precision=1)
    assert coverage(made([0.9, 0.8], "01"), 0.95) == Given(0, 0, None)


def test_answers_of_equal_confidence_are_given_or_withheld_together() -> None:
    ranked = made([0.9, 0.8, 0.8, 0.8], "1110")
    assert coverage(ranked, 0.95).answered == 1 / 4
    assert coverage(ranked, 0.75).answered == 1


def test_a_question_without_a_candidate_is_never_answered() -> None:
    ranked = made([0.9, NO_ANSWER, NO_ANSWER], "100")
    assert coverage(ranked, 0.3).answered == 1 / 3
    assert given_at(ranked, -1000.0).answered == 1 / 3


def test_a_threshold_that_is_carried_over_may_miss_the_precision_it_was_chosen_for() -> None:
    rng = np.random.default_rng(7)
    confidence = rng.random(4000)
    ranked = Answers(
        confidence, rng.random(4000) < confidence, np.ones(4000, dtype=bool), np.ones(4000, dtype=np.int64)
    )
    best, carried = coverage(ranked, 0.95), carried_over(ranked, 0.95, seed=1)
    assert carried == carried_over(ranked, 0.95, seed=1)
    assert carried.precision is not None and 0.9 < carried.precision < 1
    assert carried.precision != best.precision
    # The half that is right chooses 0.9, and the wrong answer of the other half is given; not the reverse.
    assert carried_over(made([0.9, 0.9], "10"), 0.95, seed=1) == Given(0.5, 0, 0)


def test_calibration_error_is_the_mean_distance_between_confidence_and_share_right() -> None:
    assert calibration_error(made([1.0, 1.0, 0.0], "110")) == 0
    # two bins: 0.9 twice with half of them right, 0.1 twice with none
    assert calibration_error(made([0.9, 0.9, 0.1, 0.1], "1000")) == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert calibration_error(made([NO_ANSWER], "0")) == 0


def test_the_bootstrap_interval_holds_the_figure_and_narrows_with_more_questions() -> None:
    few, many = made([0.5] * 40, "10" * 20), made([0.5] * 4000, "10" * 2000)
    (low, high), (lower, upper) = bootstrap(few, top1, seed=1), bootstrap(many, top1, seed=1)
    assert low < 0.5 < high and lower < 0.5 < upper
    assert upper - lower < (high - low) / 5


def test_a_fifth_of_the_words_is_misspelt_by_one_slip_each() -> None:
    asked = [("where is the card that I ordered last week", "card")] * 400
    typed = misspelt(asked, seed=3)
    assert typed == misspelt(asked, seed=3) != misspelt(asked, seed=4)
    pairs = [
        (before, after)
        for (text, _), (new, _) in zip(asked, typed, strict=True)
        for before, after in zip(text.split(), new.split(), strict=True)
    ]
    changed = [(before, after) for before, after in pairs if before != after]
    assert 0.17 < len(changed) / (len(pairs) - len(asked)) < 0.23  # "I" cannot be misspelt
    assert all(abs(len(before) - len(after)) <= 1 for before, after in changed)
    assert {len(after) - len(before) for before, after in changed} == {-1, 0, 1}
    assert "I" not in {before for before, _ in changed}
    assert any(sorted(a) == sorted(b) for b, a in changed), "no letters were swapped"


def test_texts_without_a_word_to_misspell_stay_as_they_are() -> None:
    assert [misspell(text, random.Random(1), share=1) for text in ("", "12 ?", "a  b")] == [
        "", "12 ?", "a  b",
    ]  # fmt: skip


PAIRS = [(f"{entry} {i}", entry) for entry in ("card", "loan") for i in range(40)]


def test_what_is_asked_is_never_a_phrasing_and_tuning_sees_nothing_of_it() -> None:
    kept, asked = hold_out(PAIRS)
    assert len(kept) == 60 and len(asked) == 20 and not set(kept) & set(asked)
    questions = QuestionSet("made up", kept, asked, outside=("far",), spare=("farther",))
    tuning = tuning_part(questions)
    assert tuning.outside == ("farther",)
    assert not set(tuning.asked) & set(tuning.phrasings)
    assert set(tuning.asked) | set(tuning.phrasings) == set(kept)


def test_a_round_draws_the_same_phrasings_for_every_k_and_keeps_the_share_outside() -> None:
    kept, asked = hold_out(PAIRS)
    questions = QuestionSet("made up", kept, asked, tuple(f"far {i}" for i in range(3)), (), 0.25)
    three, five, full = (draw(questions, k, seed=1) for k in (3, 5, FULL))
    assert three == draw(questions, 3, seed=1) != draw(questions, 3, seed=2)
    assert three.asked == five.asked
    for (_, few), (_, more), (_, every) in zip(three.entries, five.entries, full.entries, strict=True):
        assert len(few) == 3 and len(more) == 5 and len(every) == 30
        assert few == more[:3] == every[:3]
    assert [entry for _, entry in three.asked].count("") == 3
    assert len(three.asked) == 12
    assert len(draw(questions, 3, seed=1, most=4).asked) == 4


def test_questions_of_entries_that_were_left_out_lie_outside_the_scope() -> None:
    kept, asked = hold_out(PAIRS)
    near = without_entries(QuestionSet("made up", kept, asked), share=0.5, seed=1)
    assert {entry for _, entry in near.phrasings} == {entry for _, entry in near.asked}
    assert len(near.asked) == len(near.outside) == 10


def table(path: Path, *rows: tuple[str, ...], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)


def test_sets_are_read_in_the_layouts_they_are_published_in(tmp_path: Path) -> None:
    head = ("text", "category")
    table(tmp_path / "banking77_train.csv", head, *[(f"Where, {i}?", "card") for i in range(8)])
    parts = {part: [[f"{part} {i}", "alarm"] for i in range(3)] for part in ("train", "val", "test")}
    outside = {part: [[part, "oos"]] for part in ("oos_train", "oos_val", "oos_test")}
    (tmp_path / "clinc150_train_val.json").write_text(json.dumps(parts | outside))
    table(
        tmp_path / "hwu64_train.csv",
        ("userid", "answerid", "scenario", "intent", "answer_from_anno"),
        *[("1", str(i), "alarm", "set", f"wake me at {i}, please") for i in range(4)],
        delimiter=";",
    )
    label = ("sentence", "label")
    table(tmp_path / "curekart_train.csv", label, ("Where is it", "ORDER_STATUS"))
    table(tmp_path / "curekart_test.csv", label, ("where", "ORDER_STATUS"), ("hm", "NO_NODES_DETECTED"))
    assert available(tmp_path) == ["banking77", "clinc150", "hwu64", "curekart"]

    banking, clinc, hwu, chats = read(tmp_path, available(tmp_path))
    assert len(banking.phrasings) == 6 and len(banking.asked) == 2 and not banking.official
    assert clinc.asked == [(f"val {i}", "alarm") for i in range(3)]
    assert clinc.outside == ("oos_val",) and clinc.spare == ("oos_train",)
    assert {entry for _, entry in hwu.phrasings} == {"alarm_set"}
    assert chats.asked == [("where", "ORDER_STATUS")] and chats.outside == ("hm",) and chats.official


def test_official_test_parts_are_asked_where_they_are(tmp_path: Path) -> None:
    table(tmp_path / "banking77_train.csv", ("text", "category"), *[(f"{i}", "card") for i in range(8)])
    table(tmp_path / "banking77_test.csv", ("text", "category"), ("Where?", "card"))
    parts = {part: [[part, "alarm"]] for part in ("train", "val", "test")}
    outside = {part: [[part, "oos"]] for part in ("oos_train", "oos_val", "oos_test")}
    (tmp_path / "data_full.json").write_text(json.dumps(parts | outside))
    banking, clinc = read(tmp_path)
    assert len(banking.phrasings) == 8 and banking.asked == [("Where?", "card")] and banking.official
    assert clinc.asked == [("test", "alarm")] and clinc.outside == ("oos_test",) and clinc.official


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    table(tmp_path / "banking77_train.csv", ("text", "category"))
    with pytest.raises(SetMissing, match=r"lacks clinc150_train_val\.json or data_full\.json"):
        read(tmp_path)
    with pytest.raises(SetMissing, match="There is no set banking78; known are banking77"):
        read(tmp_path, ["banking78"])
    table(tmp_path / "hwu64_train.csv", ("question", "answer"))
    with pytest.raises(SetMissing, match="no columns of a known layout, but question, answer"):
        read(tmp_path, ["hwu64"])
