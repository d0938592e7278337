"""Reviewed messages as evidence for a calibration: each different question once, with what is known of it.

Read from visitors' messages only; what the example or a probe asked says nothing about this desk. A
member of staff has the last word on a question. Where only visitors judged it, their majority counts, and
a tie is wrong: a wrong approved answer is worse than an escalation.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from faq.calibrating import main_language
from faq.engine_models import key_of
from faq.matcher import Candidate, Matcher
from faq.models import AskedQuestion, Entry
from faq.refitting import Case, fold_of

Label, By = AskedQuestion.Label, AskedQuestion.By

MOST_READ = 5_000  # messages, the newest: more do not move a threshold, and older ones met another FAQ
NEAR = 3  # entries that "did you mean" offers at most
TOLD_EVERY = 50  # messages; some tenths of a second of ranking

# Why a judged message cannot be used, in the words of the page and of the command.
EXACT = "asked in the very words of an entry, which needs no confidence"
AGAIN = "asked more than once: each question counts once"
GONE = "about an entry that is not published any more"
ELSEWHERE = "now nearest to an entry that nobody judged"
NOTHING = "nothing is near any more"
OTHER_LANGUAGE = "now nearest to an entry in another language"


@dataclass(frozen=True)
class Judgement:
    """What somebody said of one message: `about` is the candidate that stood first when it was asked."""

    label: str
    right_entry: str
    about: str
    staff: bool

    def says(self, entry_id: str) -> bool | None:
        """Return whether `entry_id` answers the message, None when that cannot be told."""
        if self.label == Label.NOT_FAQ:
            return False
        right = self.right_entry or (self.about if self.label == Label.RIGHT else "")
        if right:
            return right == entry_id
        return False if self.about == entry_id else None


@dataclass(frozen=True)
class Question:
    """A different question of one language with its judgements: staff's alone, or else all visitors'."""

    key: str
    text: str
    language: str
    judgements: tuple[Judgement, ...]

    @property
    def staff(self) -> bool:
        return self.judgements[0].staff

    def says(self, entry_id: str) -> bool | None:
        """Return what the judgements together say of `entry_id`."""
        votes = [vote for each in self.judgements if (vote := each.says(entry_id)) is not None]
        return 2 * sum(votes) > len(votes) if votes else None


@dataclass
class Reviewed:
    """The usable questions, and how many messages were left out for which reason."""

    questions: list[Question] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def reviewed(most: int = MOST_READ) -> dict[str, Reviewed]:
    """Return the reviewed questions of each language among the newest `most` judged messages, newest first.

    Two queries, no ranking.
    """
    languages = entry_languages()
    grouped: defaultdict[tuple[str, str], list[tuple[str, Judgement]]] = defaultdict(list)
    found: defaultdict[str, Reviewed] = defaultdict(Reviewed)
    for row in _rows()[:most]:
        judgement = _judgement(row)
        about = judgement.right_entry or judgement.about
        language = languages.get(about) or main_language(str(row["language"]))
        if row["exact"] == "true":
            found[language].left_out[EXACT] += 1
        elif about and about not in languages:
            found[language].left_out[GONE] += 1
        else:
            key = str(row["normalised"]) or key_of(str(row["text"]))
            grouped[language, key].append((str(row["text"]), judgement))
    for (language, key), told in grouped.items():
        found[language].left_out[AGAIN] += len(told) - 1
        found[language].questions.append(
            Question(key, told[0][0], language, _deciding([judgement for _, judgement in told]))
        )
    return dict(found)


def _rows() -> Any:
    judged = AskedQuestion.objects.filter(purpose="visitor").exclude(label="").order_by("-created_at")
    annotated: Any = with_best(judged)
    return annotated.values(
        "text",
        "normalised",
        "language",
        "label",
        "labelled_by",
        "right_entry",
        "shown_entry",
        "best",
        "exact",
    )


def with_best(asked: "QuerySet[AskedQuestion]") -> "QuerySet[AskedQuestion]":
    """Add `best`, the id of the first candidate or None, and `exact` ("true" for an exact hit).

    Taken out by the database: five candidates with their features are much to read for two words.
    """
    return asked.annotate(best=KT("candidates__0__entry_id"), exact=KT("candidates__0__exact"))


def _judgement(row: Mapping[str, Any]) -> Judgement:
    return Judgement(
        label=row["label"],
        right_entry=row["right_entry"],
        about=row["shown_entry"] or row["best"] or "",
        staff=row["labelled_by"] == By.STAFF,
    )


def _deciding(judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """Return the judgements that count: staff's newest, else those of all visitors."""
    staff = [each for each in judgements if each.staff]
    return (staff[0],) if staff else tuple(judgements)


def entry_languages() -> dict[str, str]:
    """Return the language of each published answer by its id."""
    rows = Entry.objects.filter(status=Entry.Status.PUBLISHED, kind=Entry.Kind.ANSWER)
    return {str(pk): main_language(code) for pk, code in rows.values_list("pk", "language")}


# --- evidence ---------------------------------------------------------------------------------------


@dataclass
class Sample:
    """Cases for a fit, with how many of them staff have judged, and what was left out."""

    cases: list[Case] = field(default_factory=list)
    by_staff: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def sample(
    questions: Iterable[Question],
    matcher: Matcher,
    languages: Mapping[str, str],
    tell: Callable[[], None] = lambda: None,
) -> Sample:
    """Rank each question by the present matcher, its own words left out of it, and return the cases.

    A message that has become a phrasing or a negative since would else be found by itself. `tell` is
    called every TOLD_EVERY questions.
    """
    made = Sample()
    for number, question in enumerate(questions):
        if number % TOLD_EVERY == 0:
            tell()
        ranked = matcher.rank(question.text, NEAR, without=question.key)
        problem = _unusable(question, ranked, languages)
        if problem:
            made.left_out[problem] += 1
            continue
        made.cases.append(
            Case(
                features=dict(ranked[0].features),
                disputed=ranked[0].disputed,
                right=bool(question.says(ranked[0].entry_id)),
                among=any(question.says(each.entry_id) for each in ranked),
                fold=fold_of(question.key),
            )
        )
        made.by_staff += question.staff
    return made


def _unusable(question: Question, ranked: Sequence[Candidate], languages: Mapping[str, str]) -> str:
    if not ranked:
        return NOTHING
    if languages.get(ranked[0].entry_id) != question.language:
        return OTHER_LANGUAGE
    return ELSEWHERE if question.says(ranked[0].entry_id) is None else ""
