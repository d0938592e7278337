"""What staff have to fill in once: contact, addresses, hours, cap, approved answers."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from django.db import DatabaseError, connection

from assistant.doctor.findings import Finding, fail, ok, warn
from assistant.models import AssistantSettings
from assistant.opening_hours import BadHours, parse_hours
from faq.embedder import EmbedderMissing, load_embedder
from faq.models import Entry

PAGE = "admin, Assistant settings"


def check_content() -> list[Finding]:
    """Look at the settings row and the FAQ."""
    try:
        row = AssistantSettings.objects.filter(pk=1).first()
        if row is None:
            return [fail("settings", "there are none yet", "manage.py seed")]
        published = Entry.objects.filter(status=Entry.Status.PUBLISHED).count()
        return [*_settings(row), _faq(published)]
    except DatabaseError as error:
        return [fail("settings", f"cannot be read: {type(error).__name__}", "manage.py migrate")]
    finally:
        connection.close()


def _settings(row: AssistantSettings) -> Iterator[Finding]:
    if row.contact:
        yield ok("contact", row.contact)
    else:
        yield warn("contact", "empty: a visitor who wants a person is told no address", f"{PAGE}: Contact")
    if row.staff_email:
        yield ok("staff e-mail", row.staff_email)
    else:
        text = "empty: nobody is told when a visitor asks for a person"
        yield warn("staff e-mail", text, f"{PAGE}: Staff e-mail")
    if row.time_zone in available_timezones():
        yield ok("time zone", row.time_zone)
    else:
        text = f"{row.time_zone!r} is not known here, so days are those of UTC"
        yield fail("time zone", text, f"{PAGE}: Time zone")
    yield _hours(row)
    if row.daily_cost_cap_usd > 0:
        yield ok("daily cap", f"${row.daily_cost_cap_usd:.2f}")
    else:
        yield warn("daily cap", "0: no model is asked, the FAQ alone answers", f"{PAGE}: Daily cost cap")


def _hours(row: AssistantSettings) -> Finding:
    try:
        hours = parse_hours(row.opening_hours)
    except BadHours as error:
        return fail("hours", str(error), f"{PAGE}: Opening hours")
    if not hours.ever:
        text = "none: a visitor who asks for a person is told no time"
        return warn("hours", text, f"{PAGE}: Opening hours")
    return ok("hours", " · ".join(row.opening_hours.split("\n")))


def _faq(published: int) -> Finding:
    if not published:
        line = "manage.py faq_import FILE --publish, or FAQ, “Import”, in the admin"
        return warn("FAQ", "no published entry: every question goes to a model", line)
    return ok("FAQ", f"{published} published entries")


def check_semantic_half() -> list[Finding]:
    """Load the matcher's semantic half, as a web process does, and ask it one question."""
    try:
        embedder = load_embedder()
    except EmbedderMissing as missing:
        text = f"{missing.why}: the lexical half answers alone, and fewer questions"
        return [warn("semantic half", text, missing.cure)]
    embedder.embed(["How do I reset my password?"])
    return [ok("semantic half", embedder.id)]
