"""Example traffic: varied, repeatable, marked, gone on with in steps, and removable without a trace."""

from dataclasses import replace
from io import StringIO
from itertools import islice
from random import Random

import pytest
from django.core.management import CommandError, call_command

from assistant.example import traffic
from assistant.example.questions import FOLLOW_UPS, MIX, Question, read, sloppy, visits
from assistant.models import Conversation, Reply, Visitor
from common.clock import now
from common.env import ProviderEnv
from faq.models import AskedQuestion
from routing import example
from routing.models import ExampleRun, HourRow, MinuteRow, ModelCall, RouteOutcome
from tests.control import Control

PHRASINGS = ["How do I reset my password?", "Where can I download my invoices?", "ok"]


def test_the_list_holds_every_kind_in_variety() -> None:
    questions = read()
    assert set(MIX) - {"faq"} | {FOLLOW_UPS} == set(questions)
    texts = [question.text for kind in questions.values() for question in kind]
    assert len(texts) >= 75
    assert len({text.lower() for text in texts}) == len(texts)
    assert any("\n" in question.text for question in questions["code"])
    assert {question.plan for kind in questions.values() for question in kind} == {
        "",
        "free",
        "pro",
        "studio",
    }


def test_the_same_seed_gives_the_same_visits_and_another_gives_others() -> None:
    questions = read()
    one, same, other = (list(islice(visits(seed, questions, PHRASINGS), 50)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert any(len(visit.texts) > 1 for visit in one)
    without_faq = islice(visits(1, {"everyday": (Question("a?"),), FOLLOW_UPS: (Question("b?"),)}, []), 20)
    assert {visit.texts[0] for visit in without_faq} == {"a?"}


def test_sloppy_words_are_never_the_phrasing_itself() -> None:
    random = Random(7)
    changed = [sloppy(text, random) for text in PHRASINGS for _ in range(200)]
    assert not set(changed) & set(PHRASINGS)
    assert len(set(changed)) > 100


@pytest.mark.parametrize("wanted", [1, 2, 7, 40])
def test_a_run_of_n_is_n_questions_and_a_rest_begins_where_the_first_part_ended(wanted: int) -> None:
    whole = list(traffic.shortened(visits(3, read(), PHRASINGS), wanted))
    assert sum(len(visit.texts) for visit in whole) == wanted
    played = sum(len(visit.texts) for visit in whole[: len(whole) // 2])
    rest = traffic.rest_of(visits(3, read(), PHRASINGS), played)
    assert list(traffic.shortened(rest, wanted - played)) == whole[len(whole) // 2 :]


@pytest.fixture
def brisk(sandbox: str) -> None:
    """Let the sandbox write faster than people read."""
    Control(sandbox).pace(first_text_ms=20, gap_ms=1, tokens=20)


@pytest.mark.django_db(transaction=True)
def test_it_goes_the_whole_way_is_marked_and_leaves_no_trace(brisk: None) -> None:
    call_command("seed", stdout=StringIO())
    said = StringIO()
    call_command("demo_traffic", n=12, seed=5, concurrency=3, stdout=said, stderr=StringIO())

    assert RouteOutcome.objects.filter(purpose="demo", cause="first").count() == 12
    assert not Reply.objects.exclude(purpose="demo").exists()
    assert not Reply.objects.filter(state__in=("queued", "streaming")).exists()
    assert set(ModelCall.objects.values_list("purpose", flat=True)) == {"demo"}
    assert ModelCall.objects.exclude(finish_reason="complete").count() == 0
    assert len(set(RouteOutcome.objects.values_list("route", flat=True))) >= 3
    assert MinuteRow.objects.filter(purpose="demo").exists()
    run = ExampleRun.objects.get()
    assert (run.played, run.wanted, run.ended_at is not None) == (12, 12, True)
    assert " replies" in said.getvalue()

    call_command("demo_traffic", remove=True, stdout=said)
    for table in (
        Conversation,
        Visitor,
        Reply,
        AskedQuestion,
        RouteOutcome,
        ModelCall,
        MinuteRow,
        HourRow,
        ExampleRun,
    ):
        assert not table._default_manager.exists(), table


@pytest.mark.django_db(transaction=True)
def test_steps_add_up_to_the_run_that_was_asked_for(brisk: None) -> None:
    call_command("seed", stdout=StringIO())
    assert not traffic.play_step(1)  # nobody asked for it
    example.begin(15, now())
    steps = 1
    while traffic.play_step(0.0):
        steps += 1
    run = ExampleRun.objects.get()
    assert (run.played, run.ended_at is not None) == (15, True)
    assert steps > 1
    assert Reply.objects.filter(cause="first").count() == 15


@pytest.mark.django_db
def test_real_money_is_not_spent_without_a_word(settings: object) -> None:
    real = ProviderEnv("openai", "openai", "https://api.openai.com/v1", "key")
    settings.ENV = replace(settings.ENV, providers=(real,), sandbox=False)  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="real money"):
        call_command("demo_traffic", n=3)
    assert not ExampleRun.objects.exists()


@pytest.mark.django_db
def test_wrong_numbers_and_a_second_run_are_refused() -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("demo_traffic", n=0)
    example.begin(300, now())
    with pytest.raises(CommandError, match="already"):
        call_command("demo_traffic", n=3)
