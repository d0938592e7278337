"""Answers that a model drafts or rewrites for staff: ordered, stored, used or discarded by a person."""

from datetime import datetime, timedelta

from common.clock import now
from common.text import clean
from faq import facts, index, rewriting, wording
from faq.drafter import Call, Offer, Role
from faq.models import AnswerEdit, Entry, Work
from faq.rewriting import Source

KEPT_FOR = timedelta(hours=24)  # that long an undecided edit is offered again on the form
TOKENS_PER_CHAR = 0.25  # the estimate that prompts are measured by


class Refused(Exception):
    """An edit cannot be asked for; the message is for the person who asked."""


def role_of(kind: str) -> Role:
    """Return which model does an edit: the stronger one the final version, the compact one the rest."""
    return "strong" if kind == rewriting.FINAL else "light"


def sources_for(kind: str, question: str, entry: Entry | None) -> list[Source]:
    """Return the passages that a draft may rest on: the nearest ones of other entries."""
    if kind != rewriting.DRAFT:
        return []
    index.refresh()
    own = frozenset({str(entry.pk)}) if entry else frozenset()
    found = index.nearest_passages(question, limit=rewriting.PASSAGES, exclude=own)
    return [Source(passage.title, passage.text) for passage in found]


def call_for(kind: str, language: str, question: str, answer: str, sources: list[Source]) -> Call:
    """Return the prompt of an edit with the room that its answer needs."""
    given = int(len(answer) * TOKENS_PER_CHAR)
    expected = {rewriting.DRAFT: 160, rewriting.SHORTEN: given // 2}.get(kind, given)
    return Call(
        rewriting.system_prompt(kind, language, sources),
        rewriting.user_prompt(kind, question, answer),
        rewriting.output_tokens(given),
        max(20, expected),
    )


def order(
    kind: str,
    entry: Entry | None,
    question: str,
    answer: str,
    language: str,
    who: str,
    sources: list[Source],
    offer: Offer,
) -> AnswerEdit:
    """Store an order for an edit, in place of the undecided ones of this form. Raises Refused."""
    problem = rewriting.refusal(kind, question, answer) or offer.problem
    if problem:
        raise Refused(problem)
    for earlier in mine(entry, who):
        discard(earlier)
    return AnswerEdit.objects.create(
        kind=kind,
        entry=entry,
        question=" ".join(clean(question).split())[:300],
        input_text=clean(answer).replace("\r\n", "\n"),
        language=language[:12] or "en",
        created_by=who[:150],
        sources=[{"title": source.title, "text": source.text} for source in sources],
        estimate_pico=offer.about_pico,
        model=offer.model,
    )


def call_of(edit: AnswerEdit) -> Call:
    """Return the prompt of a stored order."""
    return call_for(edit.kind, edit.language, edit.question, edit.input_text, stored_sources(edit))


def stored_sources(edit: AnswerEdit) -> list[Source]:
    """Return the passages that a draft rests on."""
    return [Source(str(row["title"]), str(row["text"])) for row in edit.sources]


def mine(entry: Entry | None, who: str) -> list[AnswerEdit]:
    """Return a person's undecided edits of an entry, or of a new one, newest first."""
    rows = AnswerEdit.objects.filter(entry=entry, created_by=who, decision=AnswerEdit.Decision.NONE)
    return list(rows.filter(created_at__gte=now() - KEPT_FOR))


def decide(edit: AnswerEdit, used: bool) -> None:
    """Note what a person did with an edit."""
    decision = AnswerEdit.Decision.USED if used else AnswerEdit.Decision.DISCARDED
    AnswerEdit.objects.filter(pk=edit.pk, decision="").update(decision=decision)


def discard(edit: AnswerEdit, at: datetime | None = None) -> None:
    """Take an edit off the form, and stop it if it still runs."""
    rows = AnswerEdit.objects.filter(pk=edit.pk, state__in=Work.OPEN)
    rows.update(state=Work.State.STOPPED, ended_at=at or now())
    decide(edit, used=False)


def warnings(edit: AnswerEdit) -> list[facts.Change]:
    """Return the numbers, links, addresses and code that the result lost or invented."""
    source = rewriting.source_text(edit.kind, edit.question, edit.input_text, stored_sources(edit))
    found = facts.changes(source, edit.output_text)
    # A draft need not use all that its passages say; a rewritten answer has to.
    return [change for change in found if not (edit.kind == rewriting.DRAFT and change.vanished)]


def difference(edit: AnswerEdit, present: str) -> list[wording.Piece]:
    """Return the result as a difference to the text that is in the field now."""
    return wording.difference(present.strip(), edit.output_text)
