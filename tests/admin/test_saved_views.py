"""Saved views, and the reports that are mailed from them: each once, to who may still see the figures."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.report_mail import send_due
from common import clock
from routing import kept_views, publishing, rollup
from routing.models import MailedReport, RollUpState, SavedView
from tests.mail_server import Mailbox, running_mail_server
from tests.routing.ledger import outcome

pytestmark = pytest.mark.django_db

MARA = "mara@larkfield.example"
DAY = timedelta(days=1)
UTC = ZoneInfo("UTC")


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Know nothing of a configuration that another test has published."""
    publishing.forget()


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """Run a mail server and have this process send through it."""
    with running_mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


def person(name: str, email: str = "", may: bool = True) -> User:
    user = User.objects.create_user(name, email=email, password="x", is_staff=True)
    if may:
        user.user_permissions.add(Permission.objects.get(codename="view_metrics"))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, button: str, /, *args: int, **values: str) -> str:
    answer = client.post(reverse(f"admin:{button}", args=args), values, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def order(client: Client, **values: str) -> str:
    given = {"every": "day", "weekday": "0", "at": "08:00", **values}
    return press(client, "metrics_report_order", **given)


def test_a_view_opens_as_chosen_and_is_shared_only_when_told(client: Client) -> None:
    mara, tom = signed_in(person("mara")), signed_in(person("tom"))
    query = "period=7d&route=common&example=0"
    assert "Saved as “Everyday”" in press(mara, "metrics_view_save", query=query, name=" Everyday ")
    press(mara, "metrics_view_save", query="period=30d", name="All", shared="1")
    html = mara.get(reverse("admin:metrics")).content.decode()
    assert 'href="?period=7d&amp;route=common&amp;example=0"' in html
    theirs = tom.get(reverse("admin:metrics")).content.decode()
    assert ">Everyday<" not in theirs
    assert ">All<" in theirs
    assert "shared by mara" in theirs

    view = SavedView.objects.get(name="All")
    assert "not a view of yours" in press(tom, "metrics_view_delete", view.pk)
    assert "The view is deleted." in press(mara, "metrics_view_delete", view.pk)
    assert "Give the view a name." in press(mara, "metrics_view_save", query=query, name="  ")
    press(mara, "metrics_view_save", query="period=hour&evil=1&from=x", name="Everyday")
    assert SavedView.objects.get(name="Everyday").query == "period=hour"


def test_who_may_not_see_the_page_keeps_nothing(client: Client) -> None:
    client.force_login(person("sue", "sue@larkfield.example", may=False))
    for name, args in (
        ("metrics_view_save", ()),
        ("metrics_report_order", ()),
        ("metrics_view_delete", (1,)),
        ("metrics_report_stop", (1,)),
    ):
        values = {"name": "A", "every": "day", "at": "08:00"}
        assert client.post(reverse(f"admin:{name}", args=args), values).status_code == 403
    assert not SavedView.objects.exists()
    assert not MailedReport.objects.exists()


def test_a_report_that_cannot_be_is_refused_in_words() -> None:
    without = signed_in(person("tom"))
    assert "has no e-mail address" in order(without)
    mara = signed_in(person("mara", MARA))
    assert "Choose a time of the day" in order(mara, at="soon")
    assert "Choose every day, or every week" in order(mara, every="hour")
    assert "Choose every day, or every week" in order(mara, every="week", weekday="7")
    assert not MailedReport.objects.exists()


def yesterday() -> datetime:
    return (clock.now() - DAY).replace(hour=12, minute=0, second=0, microsecond=0)


def ordered(user: User, **values: str) -> MailedReport:
    """Order a report and let its time come."""
    assert "is mailed to" in order(signed_in(user), **values)
    report = MailedReport.objects.get(user=user)
    now = clock.now()
    MailedReport.objects.filter(pk=report.pk).update(
        next_at=now.replace(hour=0, minute=0, second=0, microsecond=0), at_time=datetime.min.time()
    )
    report.refresh_from_db()
    return report


def test_a_report_is_sent_once_with_the_finished_days_and_what_was_before(mailbox: Mailbox) -> None:
    for _ in range(30):
        outcome(ended_at=yesterday())
    outcome(ended_at=yesterday(), route="complex", state="failed")
    for _ in range(25):
        outcome(ended_at=yesterday() - DAY)
    outcome(ended_at=clock.now())
    rollup.roll_up(clock.now())
    mara = person("mara", MARA)
    press(signed_in(mara), "metrics_view_save", query="period=7d&route=common", name="Everyday")
    report = ordered(mara, view=str(SavedView.objects.get().pk))
    assert send_due(clock.now()) == 1
    assert send_due(clock.now()) == 0
    (mail,) = mailbox.to(MARA)
    plain, table = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert table is not None
    text = plain.get_content()
    assert mail["Subject"].startswith("Everyday: ")
    assert f"{yesterday():%B %Y}" in mail["Subject"]
    assert "Requests                    30  (before 25; +20 %)" in text
    assert "route common" in text
    assert "Complex" not in text
    assert f"from={yesterday():%Y-%m-%d}" in text
    assert "<td>30</td>" in table.get_content()
    report.refresh_from_db()
    assert report.next_at > clock.now()
    assert report.sent_at is not None
    assert "last sent" in signed_in(mara).get(reverse("admin:metrics")).content.decode()


def test_two_workers_send_one_report(mailbox: Mailbox) -> None:
    report = ordered(person("mara", MARA))
    rollup.roll_up(clock.now())
    other = MailedReport.objects.get()
    assert kept_views.claim(report, clock.now())
    assert not kept_views.claim(other, clock.now())
    assert send_due(clock.now()) == 0
    assert mailbox.mails == []


def test_a_mail_server_that_refuses_is_tried_again_and_its_words_are_on_the_page(mailbox: Mailbox) -> None:
    mara = person("mara", MARA)
    report = ordered(mara)
    rollup.roll_up(clock.now())
    mailbox.refuses = "451 no room for this"
    assert send_due(clock.now()) == 0
    html = signed_in(mara).get(reverse("admin:metrics")).content.decode()
    assert "no room for this" in html
    assert send_due(clock.now()) == 0
    mailbox.refuses = ""
    assert send_due(clock.now() + timedelta(seconds=70)) == 1
    assert len(mailbox.to(MARA)) == 1
    report.refresh_from_db()
    assert (report.reason, report.attempts) == ("", 0)


def test_after_the_last_try_a_report_waits_for_its_next_day() -> None:
    report = ordered(person("mara", MARA))
    now = clock.now()
    for _ in range(kept_views.TRIES.most):
        report.refresh_from_db()
        assert kept_views.claim(report, now)
        kept_views.failed(report, "nobody there", now, UTC)
    report.refresh_from_db()
    assert report.reason == f"Given up after {kept_views.TRIES.most} tries: nobody there"
    assert report.attempts == 0
    assert report.next_at > now


def test_a_report_stops_with_the_right_to_see_it(mailbox: Mailbox) -> None:
    mara, tom = person("mara", MARA), person("tom", "tom@larkfield.example")
    for user in (mara, tom):
        ordered(user)
    rollup.roll_up(clock.now())
    mara.user_permissions.clear()
    User.objects.filter(pk=tom.pk).update(is_active=False)
    assert send_due(clock.now()) == 0
    assert mailbox.mails == []
    reasons = {report.user.username: report.reason for report in MailedReport.objects.filter(active=False)}
    assert "may no longer see" in reasons["mara"]
    assert "no longer active" in reasons["tom"]


def test_a_report_waits_for_figures_that_are_not_complete_but_not_for_ever(mailbox: Mailbox) -> None:
    report = ordered(person("mara", MARA))
    rollup.roll_up(clock.now())
    RollUpState.objects.update(as_of=report.next_at - timedelta(hours=2))
    MailedReport.objects.update(next_at=clock.now() - timedelta(minutes=30), at_time=datetime.min.time())
    assert send_due(clock.now()) == 0
    MailedReport.objects.update(next_at=clock.now() - timedelta(minutes=61))
    assert send_due(clock.now()) == 1
    body = mailbox.mails[0].get_body(("plain",))
    assert body is not None
    assert "not complete" in body.get_content()


def test_a_report_is_stopped_by_its_owner_alone() -> None:
    report = ordered(person("mara", MARA))
    assert "not a report of yours" in press(signed_in(person("tom")), "metrics_report_stop", report.pk)
    assert "The report is stopped." in press(signed_in(report.user), "metrics_report_stop", report.pk)
    assert not MailedReport.objects.exists()
