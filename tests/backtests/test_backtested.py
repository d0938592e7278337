"""What counts as a change, what a judgement says of another entry, and figures worked out from counts."""

from datetime import date

import pytest

from assistant.backtested import (
    ENOUGH_JUDGED,
    GAINED,
    LOST,
    MODEL,
    OTHER,
    ROUTE,
    SAME,
    Counts,
    FaqCounts,
    Judgement,
    Outcome,
    changed,
    moves,
    shares,
    total,
    verdict,
    wrong_difference,
    wrong_rate,
)
from assistant.predicting import (
    ASSUMED,
    FREE,
    OWN,
    PRICED,
    UNKNOWN,
    Expected,
    Known,
    Mixture,
    expected,
    first_text,
    money,
)
from faq.found import EXACT_ONLY, FaqMatch, rejudged
from faq.matcher import Candidate
from routing.config import Config, ModelSpec, Price
from routing.histogram import Histogram
from routing.tally import Tally

FAQ, FAQ_2 = Outcome("faq", entry="1", confidence=0.9), Outcome("faq", entry="2", confidence=0.9)
COMMON, COMPLEX = Outcome("common", "lite"), Outcome("complex", "heavy")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (COMMON, COMMON, SAME),
        (COMMON, COMPLEX, ROUTE),
        (COMMON, Outcome("common", "heavy"), MODEL),
        (COMMON, FAQ, GAINED),
        (FAQ, COMPLEX, LOST),
        (FAQ, FAQ_2, OTHER),
        (FAQ, Outcome("faq", entry="1", confidence=0.7), SAME),
        (COMMON, Outcome("common", "lite", rule="another rule"), SAME),
    ],
)
def test_a_question_has_one_change(before: Outcome, after: Outcome, kind: str) -> None:
    assert changed(before, after) == kind


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (Judgement(), None),
        (Judgement("right", "1", "1"), True),
        (Judgement("wrong", "1"), False),
        (Judgement("wrong", "2"), None),  # that another entry was wrong says nothing of this one
        (Judgement("wrong", "2", "1"), True),
        (Judgement("right", "2", "2"), False),
        (Judgement("not_faq", "2"), False),
    ],
)
def test_a_judgement_counts_for_the_entry_that_would_be_shown(said: Judgement, right: bool | None) -> None:
    assert verdict("1", said) is right


def test_counts_add_up_and_come_back_from_their_json() -> None:
    some = [
        Counts.of(COMMON, COMPLEX, Judgement()),
        Counts.of(COMMON, COMMON, Judgement(), alone=True),
        Counts.of(COMMON, FAQ, Judgement("wrong", "1")),
        Counts.of(FAQ, COMMON, Judgement("right", "1", "1")),
    ]
    whole = total(some)
    assert Counts.load(whole.dump()) == whole
    assert total([total(some[:1]), total(some[1:])]) == whole
    assert (whole.n, whole.alone, whole.changed) == (4, 1, 3)
    assert whole.kinds == {ROUTE: 1, GAINED: 1, LOST: 1}
    assert (whole.before.judged, whole.before.wrong) == (1, 0)
    assert (whole.after.judged, whole.after.wrong) == (1, 1)


def test_moves_have_shares_with_bounds_and_leave_out_who_stays() -> None:
    whole = total(
        [Counts.of(COMMON, COMPLEX, Judgement())] * 5 + [Counts.of(COMMON, COMMON, Judgement())] * 95
    )
    (move,) = moves(whole)
    assert (move.before, move.after, move.count, move.share) == ("common", "complex", 5, 0.05)
    low, high = move.bounds
    assert (round(low, 4), round(high, 4)) == (0.0215, 0.1118)  # Wilson's interval of 5 in 100
    (common, complex_) = shares(whole)
    assert (common.difference, complex_.difference) == (-5, 5)
    # Five of five go, which McNemar's exact test gives p = 0.06: not quite sure of 95 in 100.
    assert common.bounds == pytest.approx((-0.0990, 0.0009), abs=1e-4)


def test_of_a_question_or_two_a_change_of_share_is_not_told_as_sure() -> None:
    for count in (1, 2):
        (came, went) = shares(total([Counts.of(COMMON, COMPLEX, Judgement())] * count))
        assert (came.difference, went.difference) == (-count, count)
        assert came.bounds[0] == -1 and came.bounds[1] > 0, "all of so few went, which says little"
        assert went.bounds == (-came.bounds[1], 1)
    (stays,) = shares(total([Counts.of(COMMON, COMMON, Judgement())] * 98))
    # Bonett and Price with nobody who moves, of 98: 1.96 times the root of 2 in 100 in 100.
    assert stays.bounds == pytest.approx((-0.0277, 0.0277), abs=1e-4)


def test_wrong_answers_are_read_off_judgements_where_there_are_enough() -> None:
    few = FaqCounts(100, expected_wrong=4.0, variance=3.8, judged=ENOUGH_JUDGED - 1, wrong=9)
    found = wrong_rate(few)
    assert (found.basis, found.rate) == ("confidence", 0.04)
    assert found.bounds[0] < 0.04 < found.bounds[1]
    enough = FaqCounts(100, expected_wrong=4.0, variance=3.8, judged=40, wrong=10)
    assert (wrong_rate(enough).basis, wrong_rate(enough).rate) == ("judged", 0.25)
    assert wrong_rate(FaqCounts()).basis == ""
    assert wrong_difference(few, enough) is None
    low, high = wrong_difference(FaqCounts(judged=40, wrong=2), enough) or (0, 0)
    assert low > 0 < high


# --- cost and time -----------------------------------------------------------------------------------

PRICE = Price(date(2026, 1, 1), 0, 1, 10)  # type: ignore[arg-type]  # whole USD a token keep the sums readable


def model(name: str, *prices: Price) -> ModelSpec:
    return ModelSpec(name, "p", "openai", name, "lite", 100_000, 4_000, prices)


CONFIG = Config(1, "", {"lite": model("lite", PRICE), "free": model("free")})
PLENTY = Tally(
    {"requests": 40, "cost_pico": 4_000, "input_tokens": 400, "output_tokens": 80},
    {"first_text": Histogram.of([100.0] * 40)},
)


@pytest.mark.parametrize(
    ("way", "by_route", "cost", "basis"),
    [
        ("faq|", {}, 0.0, FREE),
        ("common|lite", {"common": PLENTY}, 100.0, OWN),
        ("common|free", {"common": PLENTY}, None, UNKNOWN),  # the draft's model has no price
        ("code|lite", {"common": PLENTY}, 30e12, ASSUMED),  # 10 tokens read, 2 written, as on common
        ("code|lite", {}, 4000e12, ASSUMED),  # 1,500 read, 250 written
        ("other|lite", {"other": PLENTY}, 30e12, PRICED),  # another model is asked there now
    ],
)
def test_the_cost_of_a_way_says_what_it_is_read_off(
    way: str, by_route: dict[str, Tally], cost: float | None, basis: str
) -> None:
    known = Known(by_route, {}, {"common": "lite", "other": "another"}, date(2026, 11, 1))
    found = expected(way, known, CONFIG)
    assert (found.cost, found.cost_basis) == (cost, basis)


def ways(**costs: float | None) -> dict[str, Expected]:
    return {
        f"{name}|": Expected(f"{name}|", cost, OWN, 40, Histogram.of([100.0 * place] * 40), "own")
        for place, (name, cost) in enumerate(costs.items(), 1)
    }


def counts(**moves_: int) -> Counts:
    pairs = {("a|", f"{name}|"): count for name, count in moves_.items()}
    return Counts(n=sum(moves_.values()), ways=pairs)


def test_the_change_of_cost_is_a_mean_with_bounds_and_counts_what_is_unknown() -> None:
    found = money(counts(a=50, b=50), ways(a=10.0, b=30.0))
    assert found is not None
    assert (found.before, found.after, found.change, found.unknown) == (10.0, 20.0, 10.0, 0)
    assert found.bounds is not None and found.bounds[0] < 10.0 < found.bounds[1]
    with_unknown = money(counts(a=50, b=50), ways(a=10.0, b=None))
    assert with_unknown is not None and (with_unknown.change, with_unknown.unknown) == (0.0, 50)
    assert money(counts(b=3), ways(a=10.0, b=None)) is None


def test_first_texts_are_mixed_by_shares_and_never_averaged() -> None:
    all_ways = ways(a=1.0, b=1.0)
    assert first_text(counts(a=90, b=10), all_ways, 0).percentile(0.95) == pytest.approx(100, rel=0.02)
    after = first_text(counts(a=90, b=10), all_ways, 1)
    assert after.percentile(0.5) == pytest.approx(100, rel=0.02)
    assert after.percentile(0.95) == pytest.approx(200, rel=0.02)
    assert (after.effective, after.missing) == (48, 0.0)  # 1 / (0.9² / 40 + 0.1² / 40)
    assert Mixture(((1.0, Histogram.of([5.0] * 19)),), 0.0).percentile(0.95) is None


# --- another threshold -------------------------------------------------------------------------------


def matched(confidence: float, threshold: float = 0.8) -> FaqMatch:
    found = (Candidate("1", confidence, 0.5, False, "p"), Candidate("2", 0.1, 0.2, False, "q"))
    return FaqMatch(found, threshold, "m", 1, 0, suggest_threshold=0.3)


@pytest.mark.parametrize(
    ("match", "threshold", "answers", "suggested"),
    [
        (matched(0.7), 0.6, True, 0),
        (matched(0.7), 0.75, False, 1),
        (matched(0.9), 0.95, False, 1),
        (matched(0.25), 0.2, True, 0),
        (matched(0.7, EXACT_ONLY), 0.6, False, 0),  # no confidence keeps it back
    ],
)
def test_a_match_is_judged_by_another_threshold(
    match: FaqMatch, threshold: float, answers: bool, suggested: int
) -> None:
    found = rejudged(match, threshold)
    assert (found.would_answer, len(found.suggested)) == (answers, suggested)
