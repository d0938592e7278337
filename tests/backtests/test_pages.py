"""The pages: order a backtest, read its figures and questions, by role; and the line on the publish page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.trials import backtests, shadowing
from assistant.trials.backtests import work
from faq.models import Work
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, text_of, words_of
from tests.backtests.conftest import COMMON, RESET, asked, draft_a_rule

LIST, START, DRAFT = (reverse(f"admin:{name}") for name in ("backtests", "backtest_start", "backtest_draft"))


@pytest.fixture
def support(sign_in: SignIn) -> Client:
    asked(COMMON)
    asked(RESET)
    draft_a_rule("texts")
    return sign_in("support")


def page_of(run: BacktestRun) -> str:
    return reverse("admin:backtest", args=[run.pk])


def test_a_backtest_is_ordered_run_and_read(support: Client) -> None:
    assert "Nothing has been tried yet" in words_of(support.get(LIST))
    form = {**form_of(support.get(LIST)), "backtest": ""}
    answer = support.post(START, form)
    run = BacktestRun.objects.get()
    assert answer.headers["Location"] == page_of(run)
    waiting = support.get(page_of(run))
    assert "0 of 2 questions" in words_of(waiting)
    assert "data-open" in text_of(waiting)
    assert not work(str(run.uuid))
    said = words_of(support.get(page_of(run)))
    assert "1 50 % (9.5 % to 91 %)" in said  # Wilson's bounds of 1 in 2
    assert COMMON in said and RESET not in said
    assert "by “Texts”" in said and "receipt" in said
    assert COMMON in words_of(support.get(page_of(run) + "?from=common&to=complex"))
    assert COMMON not in words_of(support.get(page_of(run) + "?change=faq_lost"))
    assert "1 of 2 change" in words_of(support.get(LIST))


def test_a_double_click_orders_one_backtest_and_another_wish_a_second(support: Client) -> None:
    form = {**form_of(support.get(LIST)), "backtest": ""}
    first, again = support.post(START, form), support.post(START, form, follow=True)
    run = BacktestRun.objects.get()
    assert first.headers["Location"] == page_of(run) == again.redirect_chain[-1][0]
    assert "ordered exactly this backtest already" in words_of(again)
    support.post(START, {**form, "threshold": "0.8"})
    assert BacktestRun.objects.count() == 2
    backtests.stop(run, "")
    support.post(START, form)
    assert BacktestRun.objects.count() == 3, "one that has ended is no reason not to run it again"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rules": ""}, "Nothing is drafted"),
        ({"threshold": "1.5"}, "less than or equal to 0.999"),
        ({"publish": "12, x"}, "“x” is no number of an entry"),
        ({"publish": "987654"}, "There is no entry no. 987654"),
        ({"asked_entry": "9" * 25, "asked_as": "Hm?"}, f"There is no entry no. {'9' * 25}"),
        ({"route": "common"}, "Choose a route and a model"),
        ({"asked_as": "Hm?"}, "Give an entry and at least one way"),
        ({"n": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_tried_is_told_and_stores_nothing(
    support: Client, fields: dict[str, str], told: str
) -> None:
    form = {**form_of(support.get(LIST)), "backtest": "", **fields}
    assert told in words_of(support.post(START, form))
    assert not BacktestRun.objects.exists()


def test_the_publish_page_tells_the_backtest_of_exactly_this_draft(support: Client) -> None:
    publish = reverse("admin:rule_set")
    assert "There is no backtest of exactly this draft" in words_of(support.get(publish))
    support.post(DRAFT)
    run = BacktestRun.objects.get()
    work(str(run.uuid))
    said = words_of(support.get(publish))
    assert "Of the last 2 questions, 1 change (50 %)" in said
    draft_a_rule("password")
    assert "There is no backtest of exactly this draft" in words_of(support.get(publish))


def test_managers_read_figures_and_nobody_s_words_and_start_nothing(support: Client, sign_in: SignIn) -> None:
    support.post(DRAFT)
    run = BacktestRun.objects.get()
    work(str(run.uuid))
    manager = sign_in("manager")
    shown = manager.get(page_of(run))
    said = words_of(shown)
    assert "Who changes route" in said and COMMON not in said and "receipt" not in said
    assert not re.search(r"<form[^>]*(stop|answer|start)", text_of(shown))
    assert "Start the backtest" not in text_of(manager.get(LIST))
    for address in (START, DRAFT, page_of(run) + "stop/", page_of(run) + "answer/"):
        assert manager.post(address).status_code == 403
    assert "Backtests" in words_of(manager.get(reverse("admin:index")))
    assert Client().get(LIST).status_code == 302


def test_a_run_is_stopped_and_an_erased_question_is_left_out(support: Client) -> None:
    support.post(DRAFT)
    run = BacktestRun.objects.get()
    assert "Stopped by support" in words_of(support.post(page_of(run) + "stop/", follow=True))
    run.refresh_from_db()
    assert run.state == Work.State.STOPPED
    support.post(DRAFT)
    second = BacktestRun.objects.exclude(pk=run.pk).get()
    work(str(second.uuid))
    asked_about = BacktestRow.objects.get(run=second).question
    assert backtests.erase([asked_about]) == 1
    assert COMMON not in words_of(support.get(page_of(second)))


def test_a_shadow_run_is_begun_shown_and_one_at_a_time(support: Client) -> None:
    form = {**form_of(support.get(LIST)), "shadow": "", "share": "100", "hours": "2"}
    support.post(START, form)
    run = BacktestRun.objects.get()
    assert (run.kind, run.share, run.answers) == ("shadow", 100, False)
    assert "Waiting for the next message" in words_of(support.get(page_of(run)))
    assert "A shadow run is on" in words_of(support.get(LIST))
    assert shadowing.ANOTHER in words_of(support.post(START, form))
    asked(COMMON)
    assert not shadowing.look()
    said = words_of(support.get(page_of(run)))
    assert "100 % of visitors' messages" in said.replace("&#x27;", "'")
    assert COMMON in said
