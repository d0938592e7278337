"""The replies that need no model: small talk, the way to a person, and what we say when we cannot help.

Pure: settings, signals and the time in, Markdown in the visitor's language out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assistant import words
from assistant.words.live import live_words
from assistant.words.notices import in_language

NEVER_FINISHED = ("failed", "refused")
NO_MODEL_LEFT = ("budget", "upstream")


def small_talk(kind: str, language: str) -> str:
    """Return the reply to a greeting, thanks, ok or goodbye."""
    said = words.words(language)
    replies = {"greeting": said.greeting, "thanks": said.thanks, "ok": said.ok, "bye": said.bye}
    return replies.get(kind, said.other)


def unsure(language: str) -> str:
    """Return the reply that leaves it to the visitor which of the offered questions is meant."""
    return words.words(language).unsure


def person(
    settings: Mapping[str, Any], account_bound: bool, language: str, now: datetime, there: bool = False
) -> str:
    """Return what a visitor reads who asks for a person, or for something only a person may do.

    `there` says that somebody of the team can talk to them in the chat.
    """
    said = words.words(language)
    first = said.no_access if account_bound else said.of_course
    last = "" if account_bound else said.still_here
    if there:
        return words.sentences(first, live_words(language).ask_below, words.reach(settings, language), last)
    return words.sentences(
        first, words.next_step(settings, language, now), words.reach(settings, language), last
    )


def no_model(settings: Mapping[str, Any], language: str, now: datetime, offered: bool = False) -> str:
    """Return the answer of a desk that can only use its approved answers at the moment.

    `offered` says that questions stand as buttons above it.
    """
    said = words.words(language)
    first = said.approved_near if offered else said.only_approved
    return words.sentences(first, words.next_step(settings, language, now), words.reach(settings, language))


def spent_person(settings: Mapping[str, Any], until: datetime | None, language: str, now: datetime) -> str:
    """Return the answer of a route that says that its budget is spent, and offers a person.

    Without an `until` no time is named: the budget never holds one answer.
    """
    said = words.words(language)
    first = said.budget_never
    if until is not None:
        first = said.spent_person.format(until=words.moment_text(until, words.zone_of(settings), language))
    return words.sentences(first, words.next_step(settings, language, now), words.reach(settings, language))


def only_in(written: str, language: str) -> str:
    """Return that an approved answer exists in one language only, said in another."""
    said = words.words(language)
    name = said.languages.get(written)
    return said.only_in.format(language=name) if name else said.only_elsewhere


def unavailable_notice(language: str) -> str:
    """Return that no model can be asked because none answers."""
    return words.words(language).unavailable


def spent_notice(settings: Mapping[str, Any], until: datetime | None, whole_day: bool, language: str) -> str:
    """Return that no model may be asked, and until when, None for never.

    `whole_day` is the budget of the desk's day.
    """
    said = words.words(language)
    if until is None:
        return said.budget_never
    if whole_day:
        return said.budget_spent.format(zone=settings.get("time_zone") or "UTC")
    when = words.moment_text(until, words.zone_of(settings), language)
    return said.budget_spent_until.format(until=when)


def without_answer(state: str, ended_by: str) -> bool:
    """Return whether a reply left its visitor without an answer, so that a person is the next step."""
    return state in NEVER_FINISHED or ended_by in NO_MODEL_LEFT


FAILED_NOTICE = "The answer could not be finished. Your question is kept; please try again."
STOPPED_NOTICE = "Stopped."
CUT_NOTICE = "The answer was cut off here."
ABANDONED_NOTICE = "The answer stopped while nobody was connected."
CANARY_NOTICE = "This answer was withheld. Please ask in another way."
CAP_NOTICE = "The answer grew too long and was cut off here."
DRAIN_NOTICE = "The assistant was restarted while it answered. Please try again."
RESUMED_NOTICE = "The answer was interrupted and then completed."
CONTINUED_NOTICE = "The answer was interrupted and then completed by another model."


def notice_of(state: str, ended_by: str) -> str:
    """Return the plain words, in English, under a reply that did not simply complete."""
    by_cause = {
        "stop": STOPPED_NOTICE,
        "abandoned": ABANDONED_NOTICE,
        "canary": CANARY_NOTICE,
        "reply_cap": CAP_NOTICE,
        "drain": DRAIN_NOTICE,
        "orphan": DRAIN_NOTICE,
    }
    if ended_by in by_cause:
        return by_cause[ended_by]
    return {"truncated": CUT_NOTICE, "failed": FAILED_NOTICE}.get(state, "")


def closing_notice(
    notice: str, state: str, ended_by: str, settings: Mapping[str, Any], language: str, now: datetime
) -> str:
    """Return a notice in the visitor's language, with the next step where there was no answer."""
    step = words.next_step(settings, language, now) if without_answer(state, ended_by) else ""
    return words.sentences(in_language(notice, language), step)
