"""What has to be said in every language: one field a sentence. A `{name}` is filled in by the caller."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Our own sentences in one language; visitors read them in the chat, on the form and in mails."""

    # -- times: weekdays from Monday, months from January ------------------------------------------
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    moment: str  # {weekday} {day} {month} {time} {place}
    day_join: str  # between days that have the same hours

    # -- small talk --------------------------------------------------------------------------------
    greeting: str
    thanks: str
    ok: str
    bye: str
    other: str
    unsure: str  # under the questions that stand as buttons

    # -- the way to a person -----------------------------------------------------------------------
    of_course: str
    no_access: str
    leave_by: str  # {by}
    leave: str
    reach: str  # {contact}
    hours: str  # {hours}
    still_here: str

    # -- no model ----------------------------------------------------------------------------------
    only_approved: str
    budget_spent: str  # {zone}
    approved_near: str  # under the questions that stand as buttons
    budget_spent_until: str  # {until}
    budget_never: str  # no budget holds one answer, so no time is named
    spent_person: str  # {until}
    unavailable: str

    # -- limits of one visitor, session or address --------------------------------------------------
    too_fast: str  # {wait}
    answers_spent: str  # {wait}
    seconds: str  # {n}
    minutes: str  # {n}

    # -- an approved answer in another language ------------------------------------------------------
    languages: Mapping[str, str]  # as they stand in `only_in`
    only_in: str  # {language}
    only_elsewhere: str

    # -- the form and its receipt ------------------------------------------------------------------
    write_now_by: str  # {by}
    write_now: str
    received_by: str  # {number} {email} {by}
    received: str  # {number} {email}
    bad_email: str
    no_text: str
    too_long: str  # {limit}
    too_many: str  # {minutes}

    # -- mails to the visitor ----------------------------------------------------------------------
    subject: str  # {number} {name}
    hello: str
    you_wrote: str
    conversation: str
    visitor: str
    assistant: str
    staff: str
    answer_here: str
    automatic: str
    transcript_subject: str  # {name}
    transcript: str
    transcript_cut: str  # {count}

    # -- where a language writes them in its own way ---------------------------------------------------
    first: str = ""  # the first of a month, where it is no plain number
    beside: str = " ({place})"  # behind opening hours
    span: str = "–"  # between the first and the last of days and of hours
