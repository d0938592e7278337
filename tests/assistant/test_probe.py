"""`manage.py probe`: measures through the production path, books honestly, keeps and compares runs."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from assistant import probing
from assistant.models import Conversation, Reply, Turn, Visitor
from faq.models import AskedQuestion
from routing import publishing
from routing.models import Budget, ModelCall, ProbeRun, RouteOutcome
from routing.once import Answered
from routing.probe import Spent, figures, percentile, ratio
from tests.control import Control


def probe(*args: str, **options: object) -> str:
    said = StringIO()
    call_command("probe", *args, stdout=said, stderr=StringIO(), **options)
    return said.getvalue()


def measured(first: int | None, total: int, state: str = "completed", detail: str = "") -> Answered:
    return Answered(uuid4(), state, "m", detail, "", first, total, 1, 0)


SPENT = Spent(
    calls=2,
    input_tokens=100,
    output_tokens=50,
    estimated=0,
    cost_pico=4_000,
    unpriced=0,
    writing_ms=1_000,
    written=50,
)


def test_the_figures_are_those_of_the_calls() -> None:
    found = figures([measured(100, 400), measured(None, 900, "failed", "key refused")], SPENT)
    assert (found["first_text_p50_ms"], found["total_p50_ms"]) == (100, 400)
    assert (found["first_text_p95_ms"], found["total_p99_ms"]) == (None, None)
    assert (found["tokens_per_s"], found["errors"], found["cost_pico"]) == (50.0, 1, 4_000)
    assert found["cost_per_1000_pico"] == 2_000_000
    assert found["problems"] == {"key refused": 1}


def test_percentiles_are_exact_and_silent_below_their_need() -> None:
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert percentile(list(range(99)), 0.99) is None
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("one", "other", "times"), [(100, 150, 1.5), (0, 3, None), (None, 3, None), (4, 0, 0.0)]
)
def test_a_ratio_is_said_only_where_there_is_one(
    one: int | None, other: int | None, times: float | None
) -> None:
    assert ratio({"x": one}, {"x": other}, "x") == times


@pytest.fixture
def desk(transactional_db: None, sandbox: str) -> Control:
    call_command("seed", stdout=StringIO())
    publishing.refresh(force=True)
    control = Control(sandbox)
    control.clear()
    control.pace(first_text_ms=40, gap_ms=2, tokens=30)
    return control


def test_a_route_is_measured_with_full_passages_and_kept(desk: Control) -> None:
    said = probe("common", n=20, concurrency=4)
    run = ProbeRun.objects.get()
    assert (run.target, run.prompts, run.concurrency, run.source) == ("common", 20, 4, probing.EXAMPLE)
    assert run.models_asked[0] == "gemini-3.5-flash-lite"
    assert run.figures["errors"] == 0
    assert run.figures["first_text_p95_ms"] >= 40
    assert "first text p95" in said
    assert "too few (100 needed)" in said

    calls = ModelCall.objects.filter(purpose="probe")
    assert calls.count() == run.figures["calls"] == 20
    assert sum(call.cost_pico or 0 for call in calls) == run.figures["cost_pico"] > 0
    # Measuring has money of its own: it must not keep the desk from answering visitors.
    books = Budget.objects.values_list("scope", "period", "spent_pico", "reserved_pico")
    assert set(books) == {("probes", "day", run.figures["cost_pico"], 0)}
    assert not RouteOutcome.objects.exists()  # no manager's figure moves

    body = str(desk.requests()[-1])
    assert "<passage id=" in body
    assert body.count("role") >= 3  # one earlier turn stands before the question


def test_one_model_and_one_prompt_are_measured_before_and_after_and_compared(desk: Control) -> None:
    probe("claude-haiku-5-5", n=2, prompt="How to reset password?")
    desk.fault("status", "claude-haiku-5-5", status=400, after_tokens=-1, times=9)
    said = probe("claude-haiku-5-5", n=2, prompt="How to reset password?")
    assert "errors                   2" in said
    assert "2 x " in said
    first, second = ProbeRun.objects.order_by("pk")
    assert (first.figures["errors"], second.figures["errors"]) == (0, 2)
    assert first.source == probing.GIVEN

    said = probe(compare=[first.pk, second.pk])
    assert f"run {first.pk}" in said
    assert "x 0.00" in said  # no tokens came out of the second run
    desk.clear()


def test_the_last_questions_of_visitors_are_asked_redacted_and_with_their_history(desk: Control) -> None:
    visitor = Visitor.objects.create()
    conversation = Conversation.objects.create(visitor=visitor)
    before, asked = (
        Turn.objects.create(
            conversation=conversation,
            visitor=visitor,
            ordinal=number,
            client_message_id=str(number),
            text=text,
        )
        for number, text in ((1, "I am ann@example.org, hello"), (2, "and what does it cost?"))
    )
    Reply.objects.create(turn=before, conversation=conversation, state="completed", text="Hello Ann.")
    AskedQuestion.objects.create(uuid=asked.pk, text=asked.text, route="common")
    AskedQuestion.objects.create(text="thanks", route="small_talk")
    AskedQuestion.objects.create(text="of a probe", route="common", purpose="staff_test")

    source, chosen = probing.questions(2)
    assert source == probing.VISITORS
    assert [question.text for question in chosen] == ["and what does it cost?"] * 2
    assert [(past.text, past.answer) for past in chosen[0].history] == [
        ("I am [e-mail], hello", "Hello Ann.")
    ]


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        (("nix",), {}, "neither a route"),
        (("faq",), {}, "neither a route"),
        ((), {}, "which model or route"),
        (("common",), {"n": 0}, "1 or more"),
        (("claude-haiku-5-5",), {"route": "nix"}, "no route with a model"),
        ((), {"compare": [7, 8]}, "no run 7"),
    ],
)
def test_what_cannot_be_measured_is_said(
    desk: Control, args: tuple[str, ...], options: dict[str, object], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        probe(*args, **options)
    assert not ProbeRun.objects.exists()
