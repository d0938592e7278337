"""Staff try changes before they make them, take them back, and are told once: each role at its own pages."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.breakers import close_breakers
from tests.browser.chat import Chat
from tests.browser.test_admin import Staff
from tests.control import Control
from tests.mail_server import Mailbox, running_mail_server, text_of
from tests.servers import DeskServer, running_desk, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOW_MS = 90_000  # bounds a failure: the worker looks twice a minute, and has one process
TOLD = "on-call@larkfield.example"
QUESTION = "Do I get my money back for a yearly plan after two weeks?"
OLD, SECOND, NEW = "gemini-3.5-flash-lite", "claude-haiku-5-5", "gemini-3.8-flash"
SENTENCE = "has passed no transfer test on Common as its cases and prompt are now."

SignIn = Callable[[str], Staff]
Visit = Callable[[], Chat]

# Replies of visitors on a route, so many minutes ago, as the desk stores them.
REPLIES = """
from datetime import timedelta
from uuid import uuid4
from common.clock import now
from routing.models import RouteOutcome
RouteOutcome.objects.bulk_create(
    RouteOutcome(
        reply_id=uuid4(), turn_id=uuid4(), route="{route}", tier="lite", state="completed",
        ended_by="finish", ended_at=now() - timedelta(minutes={minutes}), first_text_ms=200, total_ms=900,
        input_tokens=1000, output_tokens=100, cost_pico=3 * 10**8, answering_model="gemini-3.5-flash-lite",
    )
    for _ in range({n})
)
"""
# Whole minutes are counted; so what happened before the newest change moves back by twenty minutes, the
# change by ten, and what came after it by five, and the worker's next look is taken at once.
LATER = """
from datetime import timedelta
from assistant.tasks import watch_changes
from common.clock import now
from routing import rollup
from routing.models import FlipRecord, RouteOutcome, StaleSpan
row = FlipRecord.objects.filter(route_slug="common").latest("pk")
for reply in RouteOutcome.objects.filter(route="common", ended_at__gte=now() - timedelta(minutes=10)):
    minute = reply.ended_at.replace(second=0, microsecond=0)
    StaleSpan.objects.get_or_create(span=StaleSpan.Span.MINUTE, start=minute)
    reply.ended_at -= timedelta(minutes=20 if reply.ended_at < row.changed_at else 5)
    reply.rolled_up = False
    reply.save(update_fields=["ended_at", "rolled_up"])
FlipRecord.objects.filter(pk=row.pk).update(changed_at=row.changed_at - timedelta(minutes=10))
rollup.roll_up(now())
watch_changes()
"""
# An hour passes for the failed replies, and a quarter of one since the worker first saw them stop. It is told
# to look at once: that it looks by itself was seen at the beginning, after up to half a minute.
CALM = """
from datetime import timedelta
from assistant.tasks import watch_service_levels
from common.clock import now
from routing import rollup
from routing.models import Incident, RouteOutcome, StaleSpan
for reply in RouteOutcome.objects.filter(route="complex", state="failed"):
    minute = reply.ended_at.replace(second=0, microsecond=0)
    StaleSpan.objects.get_or_create(span=StaleSpan.Span.MINUTE, start=minute)
    reply.ended_at -= timedelta(minutes=65)
    reply.rolled_up = False
    reply.save(update_fields=["ended_at", "rolled_up"])
rollup.roll_up(now())
Incident.objects.filter(closed_at=None).update(calm_since=now() - timedelta(minutes=16))
watch_service_levels.delay()
"""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mail_server() as box:
        yield box


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str, mailbox: Mailbox) -> Iterator[DeskServer]:
    """Run a desk of this module's own, since its routes are changed, with its worker and its mail."""
    folder: Path = tmp_path_factory.mktemp("decisions")
    env = {"EMAIL_URL": mailbox.url, "EMAIL_FROM": "Larkfield <desk@larkfield.example>"}
    with running_desk(folder / "var", sandbox, worker=True, env=env) as running:
        yield running


@pytest.fixture
def staff(chromium: Browser, desk: DeskServer, upstream: Control) -> Iterator[SignIn]:
    """Return a function that signs a role in, in a browser of its own, once."""
    people: dict[str, Staff] = {}

    def sign_in(name: str) -> Staff:
        if name not in people:
            page = chromium.new_context(locale="en-GB").new_page()
            people[name] = Staff(page, desk.url).sign_in(name, desk.password)
        return people[name]

    yield sign_in
    assert [trouble for person in people.values() for trouble in person.troubles] == []
    for person in people.values():
        person.page.context.close()


# ---- what people do at the pages ---------------------------------------------------------------------


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(re.compile("was (added|changed) successfully"))).to_be_visible()


def verdict_on(person: Staff, model: str) -> str:
    """Have a model tested on the draft of `common`, wait for the end, and return the verdict."""
    page = person.open("transfer/")
    page.select_option("#id_target", f"model:{model}")
    page.select_option("#id_on", "common")
    page.select_option("#id_configuration", "draft")
    page.fill("#id_n", "1")
    page.get_by_role("button", name="Start", exact=True).click()
    verdict = page.locator(".desk-transfer-head .desk-badge")
    expect(verdict).to_have_text(re.compile("^(Passed|Not passed)$"), timeout=SLOW_MS)
    return verdict.inner_text()


def publish(person: Staff, why: str) -> int:
    """Publish the draft and return the version's number."""
    page = person.open("rules/publish/")
    page.fill("#id_note", why)
    page.get_by_role("button", name="Publish", exact=True).click()
    return number_in(page, r"Published as version (\d+)")


def number_in(page: Page, pattern: str) -> int:
    said = page.get_by_text(re.compile(pattern))
    expect(said).to_be_visible()
    found = re.search(pattern, said.inner_text())
    assert found is not None
    return int(found[1])


def reload_until(page: Page, selector: str, text: str) -> None:
    """Look again, as a person does, until a part of the page says so."""

    def said() -> bool:
        page.reload()
        return text in " ".join(page.locator(selector).all_inner_texts())

    wait_until(said, what=f"“{text}” on the page")


# ---- the stories -------------------------------------------------------------------------------------


def test_a_model_comes_onto_a_route_after_its_test_and_goes_again(
    staff: SignIn, new_chat: Visit, desk: DeskServer, upstream: Control
) -> None:
    support, manager, admin = staff("support"), staff("manager"), staff("admin")
    title = f"Refund: the term {uuid.uuid4().hex[:6]}"
    desk.manage("shell", "-c", REPLIES.format(route="common", minutes=3, n=30))

    page = support.open("routing/transfercase/add/")
    page.fill("#id_title", title)
    page.fill("#id_question", QUESTION)
    page.fill("#id_must_say", "30 days")
    page.locator("[name=routes][value=common]").check()
    save(page)

    page = admin.open("routing/route/common/change/")
    page.locator("nav").get_by_text("Answers", exact=True).click()
    page.locator("#id_needs_transfer_test").check()
    page.select_option("[name=steps-0-model]", NEW)
    save(page)
    page = admin.open("rules/publish/")
    expect(page.get_by_role("alert")).to_contain_text(SENTENCE)
    expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)

    upstream.fault("obey", NEW, times=50)
    assert verdict_on(support, NEW) == "Not passed"
    case = support.page.locator(".desk-transfer-case").filter(has_text=title)
    expect(case.locator(".desk-transfer-checks")).to_contain_text("Fails Does not say “30 days”.")
    expect(admin.open("rules/publish/").get_by_role("alert")).to_contain_text(SENTENCE)
    upstream.clear()

    # A manager reads the outcome and can neither start a test nor see what it asks.
    failed = manager.open("transfer/").locator(".desk-transfer-runs tbody tr").first
    expect(failed).to_contain_text("Not passed")
    expect(manager.page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    manager.refused("routing/transfercase/", "routing/route/common/change/", "rules/publish/")

    assert [verdict_on(support, model) for model in (NEW, SECOND)] == ["Passed", "Passed"]
    number = publish(admin, "Better answers about refunds")

    chat = new_chat()
    chat.ask("Can I move every booking of one client to a colleague at once?")
    assert [asked["model"] for asked in upstream.requests()][-1:] == [NEW]
    desk.manage("shell", "-c", LATER)

    assert {"Changes", "Transfer tests"} <= set(manager.offers())
    page = manager.open("routing/fliprecord/?kind__exact=model")
    page.locator("#result_list tbody a").first.click()
    expect(page.locator(".desk-facts")).to_contain_text("by admin")
    expect(page.locator(".desk-facts")).to_contain_text("Better answers about refunds")
    expect(page.locator("[aria-labelledby=transfer]")).to_contain_text("Passed")
    errors = page.locator(".desk-flip [data-figure=errors]")
    expect(errors.locator("[data-label=Before]")).to_contain_text("of 30")
    expect(errors.locator("[data-label=After]")).to_contain_text("of 1")
    record = page.url
    page.get_by_role("link", name="Roll back", exact=True).click()
    expect(page.locator("[aria-labelledby=changes]")).to_contain_text("3.5 Flash-Lite")
    page.get_by_role("button", name="Roll back", exact=True).click()
    assert number_in(page, r"Rolled back as version (\d+)") == number + 1
    expect(page.get_by_text("Rolled back by manager")).to_be_visible()

    chat.ask(QUESTION)
    assert [asked["model"] for asked in upstream.requests()][-1:] == [OLD]

    assert "Changes" not in support.offers()
    key = record.partition("/change/")[0].rpartition("/")[2]
    support.refused("routing/fliprecord/", f"routing/fliprecord/{key}/change/", f"changes/{key}/back/")
    support.refused("metrics/", "routing/route/")


def test_a_rule_is_tried_on_real_questions_published_and_taken_back(staff: SignIn, new_chat: Visit) -> None:
    word = f"zeppelin{uuid.uuid4().hex[:8]}"
    question = f"Does the {word} send text reminders too?"
    new_chat().ask(question)
    support, manager = staff("support"), staff("manager")

    page = support.open("routing/rule/add/")
    page.fill("#id_name", "Airships")
    page.select_option("#id_route", label="A person")
    page.fill("#id_reason", "Airships are rented by people.")
    page.select_option("#id_conditions-0-signal", label="message")
    page.select_option("#id_conditions-0-operator", label="contains any of")
    page.fill("#id_conditions-0-value", word)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="See the difference, publish or discard").click()
    expect(page.locator(".bt-draft")).to_contain_text("There is no backtest of exactly this draft.")
    page.get_by_role("button", name=re.compile("Try this draft on the last")).click()
    expect(page.locator("[data-part=head] .desk-badge")).to_have_text("Done", timeout=SLOW_MS)
    move = page.locator("[aria-labelledby=moves] tbody tr")
    expect(move).to_have_count(1)
    expect(move).to_contain_text(re.compile(r"Common\s*A person\s*1"))
    expect(page.locator(".bt-row")).to_contain_text(question)
    run = page.url.split("/admin/")[1]

    # The manager reads the figures of it and not what was asked, and may not publish it.
    page = manager.open(run)
    expect(page.locator("[aria-labelledby=moves]")).to_contain_text("A person")
    expect(page.locator(".bt-row")).to_contain_text("Today Common")
    expect(page.locator("#content")).not_to_contain_text(question)
    manager.refused("rules/publish/", "routing/rule/")

    page = support.open("rules/publish/")
    expect(page.locator(".bt-draft")).to_contain_text("1 change")
    number = publish(support, "Airships go to people")
    assert fired(support, question) == "Airships"
    page = support.open("routing/configversion/")
    page.get_by_role("link", name=f"Back to {number - 1}", exact=True).click()
    expect(page.locator("[aria-labelledby=changes]")).to_contain_text("Airships")
    page.get_by_role("button", name=f"Go back to version {number - 1}").click()
    assert number_in(page, r"Version (\d+) has the rules and routes of") == number + 1
    expect(page.locator("#result_list")).not_to_contain_text("Airships")
    assert fired(support, question) == "Everything else"

    # The manager finds both among the changes, and is led to those who may go back.
    page = manager.open("routing/fliprecord/?kind__exact=rules")
    expect(page.locator("#result_list")).to_contain_text("Airships go to people")
    expect(page.get_by_role("link", name=re.compile("Back to"))).to_have_count(0)
    manager.refused(f"rules/version/{number}/")


def fired(person: Staff, question: str) -> str:
    """Return the rule that decides a question now."""
    page = person.open("try/")
    page.fill("[name=text]", question)
    page.get_by_role("button", name="Try it").click()
    shown = page.locator(".desk-try-result").get_by_text("Rule that fired:").first
    return shown.inner_text().split("Rule that fired:")[1].strip().split("\n")[0]


def test_a_broken_promise_is_told_once_and_so_is_its_end(
    staff: SignIn, new_chat: Visit, desk: DeskServer, upstream: Control, mailbox: Mailbox
) -> None:
    support, manager, admin = staff("support"), staff("manager"), staff("admin")
    page = admin.open("assistant/assistantsettings/")
    page.fill("#id_alert_emails", TOLD)
    save(page)

    desk.manage("shell", "-c", REPLIES.format(route="complex", minutes=1, n=20))
    upstream.fault("status", status=500, after_tokens=-1, times=200)
    chat = new_chat()
    for number in range(6):  # whoever got no answer is led to the larger tier
        chat.ask(f"Can I move {number + 2} bookings of one client to a colleague at once?")
    page = manager.open("service-levels/")
    reload_until(page, "#route-complex", "Incident:")
    card = page.locator("#route-complex")
    expect(card.locator("[data-incident]")).to_have_count(1)
    expect(card).to_contain_text("the error budget of its error rate burns fast")
    (opened,) = mailbox.wait_for(TOLD)
    assert "Complex: the error budget of its error rate burns fast" in str(opened["Subject"])
    reload_until(page, "[aria-labelledby=history] tbody", f"{TOLD}, of its opening: sent")

    upstream.clear()
    close_breakers(desk.redis_url)
    chat.ask("Can I move every booking of one client to a colleague at once?")
    desk.manage("shell", "-c", CALM)
    reload_until(page, "[aria-labelledby=history] tbody", "Recovered")
    expect(page.locator("#route-complex [data-incident]")).to_have_count(0)
    mailbox.wait_for(TOLD, 2)
    reload_until(page, "[aria-labelledby=history] tbody", f"{TOLD}, of its end: sent")
    subjects = [str(mail["Subject"]) for mail in mailbox.to(TOLD)]
    assert [("burns fast" in said, "is kept again" in said) for said in subjects] == [
        (True, False),
        (False, True),
    ]
    link = re.search(r"/admin/(service-levels/)\S*", text_of(mailbox.to(TOLD)[1]))
    assert link is not None
    assert "Service levels" not in support.offers()
    support.refused(link[1])
