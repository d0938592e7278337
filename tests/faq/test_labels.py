"""What visitors and staff say about a match: which words count, and who has the last one."""

import uuid
from uuid import UUID

import pytest

from faq import labels
from faq.models import AskedQuestion

pytestmark = pytest.mark.django_db


def asked(*near: str, shown: str = "", suggested: str = "") -> UUID:
    """Store a message that found the entries `near`, best first."""
    candidates = [{"entry_id": entry, "confidence": 0.9, "score": 0.8, "phrasing": "How?"} for entry in near]
    row = AskedQuestion.objects.create(
        uuid=uuid.uuid4(), text="How?", candidates=candidates, shown_entry=shown, suggested=suggested
    )
    return row.pk


def told(pk: UUID) -> tuple[str, str, str]:
    """Return label, who gave it, and the right entry."""
    row = AskedQuestion.objects.get(pk=pk)
    return row.label, row.labelled_by, row.right_entry


def test_a_visitors_word_stands_until_staff_have_theirs() -> None:
    one = asked("7", "8", shown="7")
    assert labels.visitor(one, "right")
    assert told(one) == ("right", "visitor", "7")
    assert AskedQuestion.objects.get(pk=one).judged_at is None
    assert labels.staff(one, "wrong", "berta", right_entry="8") == 1
    assert told(one) == ("wrong", "staff", "8")
    assert not labels.visitor(one, "right")
    assert labels.thumb(one, up=True, approved=True)
    assert labels.escalated(one)
    assert labels.chosen(one, "7")
    assert told(one) == ("wrong", "staff", "8")
    row = AskedQuestion.objects.get(pk=one)
    assert (row.judged_by, row.thumb, row.escalated, row.chosen_entry) == ("berta", 1, True, "7")
    assert row.judged_at is not None


def test_staff_may_take_their_word_back_and_then_visitors_count_again() -> None:
    one = asked("7", shown="7")
    labels.staff(one, "not_faq", "berta")
    assert told(one) == ("not_faq", "staff", "")
    labels.staff(one, "", "berta")
    assert told(one) == ("", "", "")
    assert labels.visitor(one, "right")


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        ("not_my_question", "wrong"),
        ("", ""),
        ("wrong", ""),
        ("outdated", ""),
        ("incomplete", ""),
        ("tone", ""),
    ],
)
def test_only_a_reason_that_speaks_of_the_match_makes_it_wrong(reason: str, label: str) -> None:
    one = asked("7", shown="7")
    labels.thumb(one, up=True, approved=True)
    assert told(one)[0] == "right"
    labels.thumb(one, up=False, reason=reason, approved=True)
    assert told(one) == (label, "visitor" if label else "", "")
    row = AskedQuestion.objects.get(pk=one)
    assert (row.thumb, row.thumb_reason) == (-1, reason)


def test_a_thumb_on_what_a_model_wrote_says_nothing_about_the_match() -> None:
    one = asked("7")
    assert labels.thumb(one, up=False, reason="not_my_question", approved=False)
    assert told(one) == ("", "", "")
    assert AskedQuestion.objects.get(pk=one).thumb == -1


def test_asking_for_another_answer_is_wrong_only_where_it_was_not_asked() -> None:
    wrong, more = asked("7", shown="7"), asked("7", shown="7")
    assert labels.escalated(wrong)
    assert labels.escalated(more, not_asked=False)
    assert (told(wrong)[0], told(more)[0]) == ("wrong", "")
    assert AskedQuestion.objects.filter(escalated=True).count() == 2


def test_that_solved_it_is_right_and_its_opposite_only_takes_that_back() -> None:
    one, other = asked("7", shown="7"), asked("7", shown="7")
    labels.solved(one, yes=True)
    assert told(one) == ("right", "visitor", "7")
    labels.solved(one, yes=False)
    assert told(one) == ("", "", "")
    labels.escalated(other)
    labels.solved(other, yes=False)
    assert told(other)[0] == "wrong"


def test_a_chosen_suggestion_names_the_right_entry() -> None:
    first, second = asked("7", "8", "9", suggested="7,8"), asked("7", "8", "9", suggested="7,8")
    assert labels.chosen(first, "7")
    assert labels.chosen(second, "8")
    assert told(first) == ("right", "visitor", "7")
    assert told(second) == ("wrong", "visitor", "8")
    assert not labels.chosen(second, "9"), "what was not offered cannot be chosen"
    assert AskedQuestion.objects.get(pk=second).chosen_entry == "8"


def test_staff_judge_many_at_once_each_by_what_it_had_found() -> None:
    near, far, none = asked("7", "8"), asked("8", "7"), asked()
    assert labels.staff([near, far, none], "wrong", "berta", right_entry="7") == 3
    assert told(near) == ("right", "staff", "7")
    assert told(far) == told(none) == ("wrong", "staff", "7")
    assert labels.staff([near, far], "right", "carla") == 0, (
        "the first judgement stands until it is taken back"
    )
    assert labels.staff([far], "", "carla") == 1
    assert labels.staff([near, far], "right", "carla") == 1
    assert told(far) == ("right", "staff", "8")
    assert AskedQuestion.objects.get(pk=near).judged_by == "berta"


def test_more_messages_than_fit_in_a_statement_are_judged() -> None:
    many = [asked("7") for _ in range(labels.AT_ONCE + 1)]
    assert labels.staff(many, "not_faq", "berta") == len(many)
    assert AskedQuestion.objects.filter(label="not_faq").count() == len(many)


def test_what_makes_no_sense_is_refused() -> None:
    one = asked("7")
    with pytest.raises(ValueError, match="perhaps"):
        labels.visitor(one, "perhaps")
    with pytest.raises(ValueError, match="perhaps"):
        labels.staff(one, "perhaps", "berta")
    with pytest.raises(ValueError, match="not_faq"):
        labels.staff(one, "not_faq", "berta", right_entry="7")
    unknown = uuid.uuid4()
    for known in (
        labels.visitor(unknown, "right"),
        labels.thumb(unknown, up=True, approved=True),
        labels.escalated(unknown),
        labels.chosen(unknown, "7"),
        labels.solved(unknown, yes=False),
    ):
        assert known is False
    assert told(one) == ("", "", "")
