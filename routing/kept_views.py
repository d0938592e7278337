"""Saved views and mailed reports: kept, deleted, and the queue from which reports are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, User
from django.db.models import Q, QuerySet

from common.tries import PAUSES, Tries
from routing import chosen, metrics
from routing.choice import Choice
from routing.chosen import Chosen
from routing.models import MailedReport, SavedView
from routing.report_times import days_of, due_after, last_due

PERMISSION = "routing.view_metrics"
MOST_VIEWS, MOST_REPORTS = 50, 20  # of one person: a list that is still read
TRIES = Tries(PAUSES[:-1])  # without the one of a night: a report of a day is old news tomorrow
# How long a report waits for figures that are not complete; then it goes out and says so.
PATIENCE = timedelta(hours=1)


class Refused(Exception):
    """What was asked for cannot be kept; the message says why."""


def views_of(user: AbstractBaseUser) -> QuerySet[SavedView]:
    """Return the views that a person has: their own, and those that others share."""
    return SavedView.objects.filter(Q(owner_id=user.pk) | Q(shared=True)).select_related("owner")


def save_view(user: User, name: str, query: Mapping[str, str], shared: bool) -> SavedView:
    """Keep a choice under a name; one's own view of that name is replaced. Raises Refused."""
    name = " ".join(name.split())[:60]
    if not name:
        raise Refused("Give the view a name.")
    own = SavedView.objects.filter(owner=user)
    if not own.filter(name=name).exists() and own.count() >= MOST_VIEWS:
        raise Refused(f"You have {MOST_VIEWS} views already: delete one first.")
    values = {"query": Choice.of(query).query(), "shared": shared}
    return SavedView.objects.update_or_create(owner=user, name=name, defaults=values)[0]


def delete_view(user: User, pk: int) -> bool:
    """Delete one's own view; False when there is none."""
    return bool(SavedView.objects.filter(owner=user, pk=pk).delete()[0])


@dataclass(frozen=True)
class Order:
    """How often and when a report is wanted, as a form gives it."""

    every: str
    weekday: int
    at: time

    @classmethod
    def read(cls, every: str, weekday: str, at: str) -> "Order":
        """Return the order that a form makes. Raises Refused."""
        try:
            found = cls(every, int(weekday or 0), time.fromisoformat(at))
        except ValueError as error:
            raise Refused("Choose a time of the day, as 08:00.") from error
        if every not in MailedReport.Every.values or found.weekday not in range(7):
            raise Refused("Choose every day, or every week and its day.")
        return found


def order_report(
    user: User, name: str, query: Mapping[str, str], order: Order, now: datetime, tz: ZoneInfo
) -> MailedReport:
    """Have the figures of a choice mailed to a person from now on. Raises Refused."""
    if not user.email:
        raise Refused("Your account has no e-mail address: an administrator can set it under Users.")
    if MailedReport.objects.filter(user=user).count() >= MOST_REPORTS:
        raise Refused(f"You have {MOST_REPORTS} reports already: stop one first.")
    report = MailedReport(
        user=user,
        name=" ".join(name.split())[:60] or "Metrics",
        query=Choice.of(query).query(),
        every=order.every,
        weekday=order.weekday,
        at_time=order.at.replace(second=0, microsecond=0, tzinfo=None),
    )
    report.next_at = due_after(now, weekday_of(report), report.at_time, tz)
    report.save()
    return report


def cancel_report(user: User, pk: int) -> bool:
    """Stop a report of one's own; False when there is none."""
    return bool(MailedReport.objects.filter(user=user, pk=pk).delete()[0])


def weekday_of(report: MailedReport) -> int | None:
    """Return the day of the week on which a report goes out, None for every day."""
    return report.weekday if report.every == MailedReport.Every.WEEK else None


# ---- the queue ---------------------------------------------------------------------------------------


def due(now: datetime) -> list[MailedReport]:
    """Return the reports that are to be sent or tried again by now."""
    rows = MailedReport.objects.filter(TRIES.ready(now), active=True, next_at__lte=now)
    return list(rows.select_related("user"))


def claim(report: MailedReport, now: datetime) -> bool:
    """Count a try as this worker's; False when another one was first, or the report was stopped."""
    return TRIES.claim(report, now, active=True, next_at=report.next_at)


def stopped_by(report: MailedReport) -> str:
    """Return why a report may not go out any more, in words; "" while it may."""
    user = report.user
    if not (user.is_active and user.is_staff):
        return "Stopped: the account is no longer active."
    # Rights are asked of the database, not of what this object was loaded with.
    if not User.objects.get(pk=user.pk).has_perm(PERMISSION):
        return "Stopped: the account may no longer see the metrics."
    return ""


def stop(report: MailedReport, reason: str) -> None:
    """Send a report no more, and keep why."""
    MailedReport.objects.filter(pk=report.pk).update(active=False, reason=reason)


def sent(report: MailedReport, now: datetime, tz: ZoneInfo) -> None:
    """Note that a report went out, and when the next one does."""
    _go_on(report, now, tz, reason="", sent_at=now)


def failed(report: MailedReport, reason: str, now: datetime, tz: ZoneInfo) -> None:
    """Note why a report did not go out; after the last try it waits for its next day."""
    if not TRIES.spent(report):
        MailedReport.objects.filter(pk=report.pk).update(reason=reason[:400])
        return
    _go_on(report, now, tz, reason=f"Given up after {report.attempts} tries: {reason}"[:400])


def _go_on(report: MailedReport, now: datetime, tz: ZoneInfo, **values: object) -> None:
    following = due_after(max(now, report.next_at), weekday_of(report), report.at_time, tz)
    MailedReport.objects.filter(pk=report.pk).update(next_at=following, attempts=0, tried_at=None, **values)


def figures_for(report: MailedReport, now: datetime, tz: ZoneInfo) -> Chosen:
    """Return the finished days that a due report is about, with the routes and models of its choice."""
    weekday = weekday_of(report)
    moment = last_due(report.next_at, now, weekday, report.at_time, tz)
    first, last = days_of(moment, weekday is not None, tz)
    return chosen.of_days(report.query, first, last, now)


def complete(seen: Chosen, report: MailedReport, now: datetime) -> bool:
    """Return whether a report need not wait for figures any longer."""
    as_of = metrics.freshness(now).as_of
    return (as_of is not None and as_of >= seen.period.end) or now - report.next_at > PATIENCE
