"""Old questions and live traffic as flows: from a file with bad rows to the entry that was missing."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from assistant.example.old_questions import FILE as EXAMPLE
from assistant.flow_models import Flow, FlowExample, FlowPart, FlowRun, QuestionFile
from assistant.flows import counting
from assistant.models import RetentionPolicy
from assistant.privacy import retention
from common.clock import now
from faq.engine_models import key_of
from faq.models import AskedQuestion, Entry
from routing.models import RouteOutcome
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, words_of

MAIL = "mara.jenkins@studio.example"
ROWS = [
    "ticket,created,agent,message,times",
    '1,2026-10-01,Ben,"How do I reset my password?",5',
    '2,2026-10-02,Ben,"how do I reset my password",2',
    '3,2026-10-03,Ben,"Do you sell trampolines to schools?",4',
    '4,2026-10-20,Ben,"Do you sell trampolines for schools",3',
    f'5,2026-10-30,{MAIL},"I am {MAIL} and my trampoline squeaks",1',
    '6,2026-10-30,Ben,"",1',
    '7,someday,Ben,"When?",1',
    '8,2026-10-30,Ben,"Who?",many',
]


def upload(client: Client, rows: list[str] = ROWS, name: str = "tickets.csv") -> Any:
    data = {"file": SimpleUploadedFile(name, "\n".join(rows).encode())}
    return client.post(reverse("admin:old_questions"), data)


def counted(file: QuestionFile | None = None, days: int = 0) -> FlowRun:
    run = FlowRun.objects.get(file=file, days=days, state="queued")
    return counting.finish(str(run.uuid))


def held() -> str:
    """Return all that the tables of flows hold, texts unpacked."""
    from assistant.flows.question_files import _unpacked

    found: list[Any] = []
    for file in QuestionFile.objects.all():
        found += [vars(file), *(_unpacked(bytes(each)) for each in (file.table, file.rows) if each)]
    found += [list(model.objects.values()) for model in (FlowRun, Flow, FlowExample)]
    return json.dumps(found, default=str)


@pytest.fixture
def taken(support: Client) -> QuestionFile:
    """Return a file whose questions were read and counted."""
    answer = upload(support)
    file = QuestionFile.objects.get()
    assert MAIL not in held(), "a file is redacted before it is kept"
    assert "trampoline" in held() and "Ben" in held()
    page = support.get(answer["Location"])
    assert [form_of(page)[f"column_{place}"] for place in range(5)] == [
        "ignore", "date", "ignore", "question", "count",
    ]  # fmt: skip
    support.post(answer.url, form_of(page))
    assert "Ben" not in held(), "what no column needs is dropped"
    assert counted(file).state == "done"
    file.refresh_from_db()
    return file


def test_a_file_with_bad_rows_becomes_flows_with_the_entry_that_is_missing(
    support: Client, taken: QuestionFile
) -> None:
    assert (taken.questions, taken.messages, taken.left_out) == (5, 15, 3)
    page = support.get(reverse("admin:old_questions_file", args=[taken.pk]))
    text = words_of(page)
    assert "line 7: The question is empty." in text
    assert "line 8: “someday” is no date" in text and "line 9: “many” is no count" in text
    found = page.context["found"]
    reset = next(each for each in found.flows if "password" in each.name)
    sold = next(each for each in found.flows if "trampolines" in each.name)
    assert (reset.priced.counts.volume, reset.priced.coverage) == (7, 1.0)
    assert sold.priced.counts.volume >= 7 and sold.priced.coverage == 0
    assert reset.priced.monthly == pytest.approx(7 * 30.44 / 30)
    assert reset.priced.first_text_p95 is None and "common" not in reset.priced.p95_lacks
    assert sold in found.pays and sold in found.missing and reset not in found.missing
    assert sum(each.priced.counts.volume for each in (*found.flows, found.rest) if each) == 15
    assert "Cost a month" in text and "Where two tiers pay most" in text

    form = support.get(reverse("admin:faq_entry_add"), {"flow": sold.pk})
    filled = form_of(form)
    assert "trampolines" in filled["question"]
    assert any("trampolines" in str(value) for name, value in filled.items() if name.startswith("phrasings-"))
    assert MAIL not in str(filled)
    assert not Entry.objects.filter(question__contains="trampoline").exists(), "only a person saves one"


def test_what_the_reader_assumes_changes_the_costs_and_nonsense_is_said(
    support: Client, taken: QuestionFile
) -> None:
    url = reverse("admin:old_questions_file", args=[taken.pk])
    usual = support.get(url).context["found"].total
    often = support.get(url, {"escalation": "50", "monthly": "1500"}).context["found"].total
    assert often.monthly == pytest.approx(1500)
    assert often.cost / often.monthly > usual.cost / usual.monthly
    assert "a number from 0 to 100" in words_of(support.get(url, {"escalation": "lots"}))
    rows = support.get(url, {"format": "csv"}).content.decode()
    assert "trampolines" in rows and rows.count("\n") == len(support.get(url).context["found"].flows) + 2


def test_an_entry_that_was_written_covers_its_flow_when_it_is_counted_again(
    support: Client, taken: QuestionFile
) -> None:
    from faq import index
    from faq.services import save_entry

    save_entry(
        Entry(question="Do you sell trampolines to schools?", answer="We do not.", status="published"),
        ["Do you sell trampolines for schools"],
    )
    index.refresh()
    support.post(reverse("admin:old_questions_count", args=[taken.pk]))
    assert counted(taken).state == "done"
    assert FlowRun.objects.count() == 1, "the counting before is replaced"
    found = support.get(reverse("admin:old_questions_file", args=[taken.pk])).context["found"]
    sold = next(each for each in found.flows if "trampolines" in each.name)
    assert sold.priced.counts.answered == 7


def test_texts_go_by_button_and_by_age_and_the_figures_stay(
    support: Client, sign_in: SignIn, taken: QuestionFile
) -> None:
    url = reverse("admin:old_questions_file", args=[taken.pk])
    before = support.get(url).context["found"].total
    RetentionPolicy.objects.update_or_create(pk=1, defaults={"uploads": 30})
    assert retention.run(now() + timedelta(days=29)).counts.get("uploads") is None
    assert retention.run(now() + timedelta(days=31)).counts == {"uploads": 1}
    assert retention.run(now() + timedelta(days=31)).counts == {}
    assert "trampoline" not in held() and "password" not in held()
    support = sign_in("support")  # the session has gone as well
    page = support.get(url)
    assert page.context["found"].total.cost == before.cost
    assert "Its questions are deleted" in words_of(page)
    support.post(reverse("admin:old_questions_count", args=[taken.pk]))
    assert not FlowRun.objects.filter(state="queued").exists()
    support.post(reverse("admin:old_questions_delete", args=[taken.pk]), {"what": "all"})
    assert not QuestionFile.objects.exists() and not FlowRun.objects.exists() and not Flow.objects.exists()


def test_managers_see_figures_and_change_nothing(sign_in: SignIn, taken: QuestionFile) -> None:
    manager = sign_in("manager")
    page = manager.get(reverse("admin:old_questions_file", args=[taken.pk]))
    text = words_of(page)
    assert "Where two tiers pay most" in text and "Do you sell trampolines" in text
    assert "wordings" not in text and "squeaks" not in text, "no single message is read"
    assert "Write an entry" not in text and "Count again" not in text and "Delete" not in text
    for name in ("old_questions_count", "old_questions_delete", "old_questions_columns"):
        assert manager.post(reverse(f"admin:{name}", args=[taken.pk])).status_code == 403
    assert upload(manager).status_code == 403
    assert manager.post(reverse("admin:flows_count"), {"days": 7}).status_code == 403
    assert QuestionFile.objects.count() == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([""], "empty"),
        (["%PDF-1.7"], "PDF"),
        ([",".join(["wide"] * 201)] * 2, "The file has 201 columns, and 200 are the most"),
        (["question", "?", "--"], "No row of this file holds a question"),
    ],
)
def test_what_cannot_be_counted_is_said(support: Client, rows: list[str], said: str) -> None:
    page = upload(support, rows)
    if page.status_code == 302:
        page = support.post(page.url, form_of(support.get(page.url)))
    assert said in words_of(page)
    assert not FlowRun.objects.exists()


def test_the_example_is_counted_with_one_click(support: Client) -> None:
    assert 140 <= len(EXAMPLE.read_text().splitlines()) <= 201
    answer = support.post(reverse("admin:old_questions_example"))
    file = QuestionFile.objects.get()
    assert file.left_out == 0 and "mara.jenkins" not in held() and "GB29" not in held()
    waiting = words_of(support.get(answer["Location"]))
    assert "Waiting for the worker" in waiting
    run = FlowRun.objects.get()
    steps = 0
    while counting.advance(str(run.uuid), 0.0):
        steps += 1
    assert steps >= 4, "each step leaves the rest to the next, by whichever worker"
    assert FlowPart.objects.count() == 0
    found = support.get(answer["Location"]).context["found"]
    assert any("gift" in each.name for each in found.missing)
    assert found.total.saving > 0


# --- live traffic ----------------------------------------------------------------------------------


def ask(text: str, route: str = "common", entry: str = "", **values: Any) -> AskedQuestion:
    row = AskedQuestion.objects.create(
        uuid=uuid4(), text=text, normalised=key_of(text), route=route, shown_entry=entry, **values
    )
    RouteOutcome.objects.create(
        reply_id=uuid4(),
        turn_id=row.pk,
        route=route,
        tier="lite",
        state="completed",
        ended_by="",
        ended_at=now(),
        input_tokens=1000,
        output_tokens=100,
        cost_pico=0 if entry else 400,
        heavy_cost_pico=4000,
    )
    return row


@pytest.fixture
def traffic(seeded: None) -> list[AskedQuestion]:
    asked = [ask("Do you sell trampolines?", escalated=index == 0, thumb=1 - index) for index in range(3)]
    asked.append(ask("How do I reset my password?", "faq", "1"))
    asked.append(ask("reset my password how", "faq", "1", purpose="staff_test"))
    old = ask("Do you sell trampolines?")
    AskedQuestion.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=8))
    return asked


def test_what_people_ask_is_the_same_view_on_live_traffic(
    support: Client, traffic: list[AskedQuestion]
) -> None:
    assert "Not counted yet" in words_of(support.get(reverse("admin:flows"), {"days": 7}))
    support.post(reverse("admin:flows_count"), {"days": 7})
    assert counted(days=7).state == "done"
    page = support.get(reverse("admin:flows"), {"days": 7})
    (sold,) = page.context["found"].flows
    assert sold.name == "Do you sell trampolines?"
    assert (sold.priced.counts.volume, sold.priced.escalations) == (3, pytest.approx(1 / 3))
    assert sold.priced.counts.live == {
        "escalated": 1, "up": 1, "down": 1, "known": 3, "cost": 1200, "heavy": 12000,
    }  # fmt: skip
    assert "1 up, 1 down" in words_of(page)
    assert page.context["found"].rest.priced.coverage == 1.0, "a staff test is nobody's question"
    assert "trampolines" not in json.dumps(list(FlowExample.objects.values("text"))), (
        "live texts are not copied"
    )


def test_an_erased_question_is_in_no_flow_and_in_no_counting(
    support: Client, traffic: list[AskedQuestion]
) -> None:
    counting.order("", days=7)
    counted(days=7)
    again = counting.order("", days=7)
    assert counting.advance(str(again.uuid), 0.0) and FlowPart.objects.exists()
    gone = [row.pk for row in traffic if "trampolines" in row.text]
    AskedQuestion.objects.filter(pk__in=gone).delete()
    counting.erase(gone)
    assert not FlowPart.objects.exists() and not FlowExample.objects.filter(asked__in=gone).exists()
    page = support.get(reverse("admin:flows"), {"days": 7})
    assert [each.name for each in page.context["found"].flows] == ["Flow 1"]
    assert "trampolines" not in words_of(page)
    assert counting.finish(str(again.uuid)).state == "done"
    assert not support.get(reverse("admin:flows"), {"days": 7}).context["found"].flows


def test_every_day_each_period_is_counted_once(traffic: list[AskedQuestion]) -> None:
    first = counting.order_daily()
    assert [run.days for run in first] == [7, 30, 90]
    assert counting.order_daily() == first, "an open order is not made twice"
    FlowRun.objects.all().delete()
    AskedQuestion.objects.all().delete()
    assert counting.order_daily() == []
    empty = counting.order("", days=7)
    assert "Nobody has asked anything" in counting.finish(str(empty.uuid)).error


def test_the_command_counts_a_file_and_leaves_nothing(seeded: None, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    out = StringIO()
    call_command("what_people_ask", csv=path, json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert told["total"]["messages"] == 15 and told["flows"][0]["messages"] >= 7
    assert not QuestionFile.objects.exists()
    out = StringIO()
    call_command("what_people_ask", csv=path, keep=True, stdout=out)
    assert "Missing entries" in out.getvalue() and QuestionFile.objects.count() == 1
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("what_people_ask", csv=tmp_path / "none.csv")
    with pytest.raises(CommandError, match="7, 30 or 90"):
        call_command("what_people_ask", days=5)
