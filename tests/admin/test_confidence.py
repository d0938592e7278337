"""The page "FAQ confidence" as each role finds it, its buttons, and what the other pages say of it."""

from uuid import uuid4

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse

from common.clock import now
from faq import calibrating, calibration_runs, index, labels, services
from faq.engine_models import Calibration, CalibrationRun
from faq.matching.calibration import Weights
from faq.matching.shipped import SHIPPED
from faq.models import AskedQuestion, Entry
from faq.refitting import LEAST_REVIEWED, Figures
from tests.admin.conftest import SignIn
from tests.admin.pages import words_of

PAGE = reverse("admin:faq_confidence")
CALIBRATE, USE, USE_NONE, SETTINGS = (
    reverse(f"admin:faq_confidence_{name}") for name in ("calibrate", "use", "use_none", "settings")
)


def page_of(client: Client) -> str:
    """Return the words of the page, in one line."""
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(words_of(answer).split())


def said(client: Client, url: str, **values: str) -> str:
    """Press a button; return the words of the page it leads to."""
    answer = client.post(url, values, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    return " ".join(words_of(answer).split())


def kept(language: str = "en", **fields: object) -> Calibration:
    """Store a calibration that fits the matcher of this process."""
    figures = Figures(400, 0.8, 0.3, 200, 196, 90, 60, 0.02).as_dict()
    row = Calibration(
        language=language, answer_threshold=0.8, suggest_threshold=0.3, wanted_precision=0.95, reviewed=400,
        created_by="ada",
        report={
            "figures": {"shipped": figures, "fitted": figures},
            "traffic": {"messages": 50, "answered": 20, "exact": 5},
        },
    )  # fmt: skip
    stored = calibrating.store(
        row, Weights(1.0, {"odds": 1.0}), index.current().matcher.semantic, activate=False
    )
    Calibration.objects.filter(pk=stored.pk).update(**fields)
    stored.refresh_from_db()
    return stored


def ask(text: str) -> AskedQuestion:
    """Record what a visitor would have asked now."""
    uuid = uuid4()
    services.record_asked(uuid, text, index.match(text), "faq")
    return AskedQuestion.objects.get(pk=uuid)


def test_a_new_desk_says_what_it_starts_with_and_what_is_missing(support: Client) -> None:
    page = page_of(support)
    assert "Shipped coefficients" in page
    assert f"0 of {LEAST_REVIEWED}" in page
    assert f"Judge {LEAST_REVIEWED} more questions in the review queue" in page
    assert "The FAQ answers" in page


def test_a_language_without_a_calibration_answers_exact_hits_only(support: Client) -> None:
    services.save_entry(
        Entry(question="Combien cela coûte?", answer="Rien.", status="published", language="fr")
    )
    page = page_of(support)
    french = page[page.index("French") :]
    assert "Exact hits only" in french
    assert "1 way to ask" in french
    row = kept("fr")
    calibrating.use(row, "ada")
    assert "Own calibration since" in page_of(support)
    Calibration.objects.update(algorithm="older-1")
    page = page_of(support)
    assert "Exact hits only" in page
    assert "it was fitted for the matcher older-1" in page


def test_who_may_see_may_not_switch(sign_in: SignIn) -> None:
    row = kept()
    support, manager, admin = sign_in("support"), sign_in("manager"), sign_in("admin")
    assert manager.get(PAGE).status_code == 403
    html = support.get(PAGE).content.decode()
    assert "faq-confidence/settings" not in html
    assert "faq-confidence/calibrate" not in html
    presses = [
        (CALIBRATE, {"language": "en"}),
        (USE, {"calibration": str(row.pk)}),
        (USE_NONE, {"language": "en"}),
        (SETTINGS, {"mode": "shadow"}),
    ]
    for url, values in presses:
        assert support.post(url, values).status_code == 403
        assert manager.post(url, values).status_code == 403
        assert admin.get(url).status_code == 405
    assert calibrating.mode() == "answer"
    assert not Calibration.objects.filter(active=True).exists()
    assert "faq-confidence/settings" in admin.get(PAGE).content.decode()


def test_calibrations_are_used_and_rolled_back_with_a_trail(admin: Client) -> None:
    first, second = kept(), kept()
    assert "is in use" in said(admin, USE, calibration=str(second.pk))
    page = said(admin, USE, calibration=str(first.pk))
    assert f"Calibration {first.pk}, en: put into use" in page
    assert "50 % answered" in page
    semantic = index.current().matcher.semantic
    assert calibrating.calibrations(semantic)["en"].id == f"en-{first.pk}"
    assert "shipped coefficients are in use again" in said(admin, USE_NONE, language="en")
    assert "Nothing was changed" in said(admin, USE_NONE, language="en")
    assert calibrating.calibrations(semantic)["en"] is SHIPPED
    Calibration.objects.filter(pk=second.pk).update(algorithm="older-1")
    assert "cannot be used" in said(admin, USE, calibration=str(second.pk))
    for nothing in ("99999", "x", ""):
        assert admin.post(USE, {"calibration": nothing}).status_code == 404


def test_a_calibration_that_nobody_has_used_yet_is_what_comes_next(admin: Client) -> None:
    for number in range(LEAST_REVIEWED):
        AskedQuestion.objects.create(text=f"a {number}", normalised=f"a {number}", label="not_faq")
    assert "Enough questions are reviewed: calibrate now." in page_of(admin)
    row = kept()
    assert f"Calibration {row.pk} is kept and not in use: look at its figures" in page_of(admin)
    assert "it rests on this desk's own" in said(admin, USE, calibration=str(row.pk)).replace("&#x27;", "'")
    Calibration.objects.update(reviewed=LEAST_REVIEWED // 2)
    assert "more are reviewed since: calibrate again" in page_of(admin)


def test_an_order_is_told_to_the_worker_and_its_result_is_shown(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: sent.extend(args))
    page = said(admin, CALIBRATE, language="en")
    assert "Waiting for the worker" in page
    assert 'http-equiv="refresh"' in admin.get(PAGE).content.decode()
    assert "being calibrated already" in said(admin, CALIBRATE, language="en")
    CalibrationRun.objects.update(moved_at=now() - 2 * calibration_runs.SILENT_FOR)
    assert "has not been heard of for a minute" in page_of(admin)
    calibration_runs.advance(sent[0])
    page = page_of(admin)
    assert f"0 of the {LEAST_REVIEWED} reviewed questions" in page
    assert 'http-equiv="refresh"' not in admin.get(PAGE).content.decode()


def test_shadow_mode_is_switched_and_shows_what_would_have_been_answered(admin: Client) -> None:
    assert "The FAQ only watches now" in said(admin, SETTINGS, mode="shadow")
    index.refresh()
    one = ask("How do I reset my password?")
    ask("What is the weather like in Lima?")
    page = page_of(admin)
    assert "Would have been answered 1 (50 %)" in page
    assert "Would have been right not known" in page
    assert "How do I reset my password?" in page
    labels.staff(one.pk, "right", "ada")
    assert "Would have been right 100 %" in page_of(admin)
    page = said(admin, SETTINGS, mode="answer")
    assert "The FAQ answers again" in page
    assert "admin Mode: Only watch (shadow mode)" in page


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"wanted": "much"}, "number of per cent"),
        ({"wanted": "99.9"}, "Give a precision from 50 % to 99.5 %"),
        ({"wanted": "nan"}, "Give a precision"),
        ({"mode": "loud"}, "not a valid choice"),
    ],
)
def test_what_cannot_be_set_is_refused_and_nothing_changes(
    admin: Client, values: dict[str, str], complaint: str
) -> None:
    assert complaint in said(admin, SETTINGS, **values)
    assert (calibrating.mode(), calibrating.settings().wanted_precision) == ("answer", 0.95)


def test_the_wanted_precision_is_changed(admin: Client) -> None:
    assert "98.5 % is wanted" in said(admin, SETTINGS, wanted="98,5")
    assert calibrating.settings().wanted_precision == 0.985


def test_the_first_page_and_the_list_say_what_is_to_be_known(support: Client) -> None:
    home, entries = reverse("admin:index"), reverse("admin:faq_entry_changelist")
    calibrating.change_settings(mode="shadow")
    for number in range(LEAST_REVIEWED):
        AskedQuestion.objects.create(
            text=f"question number {number}", normalised=f"question number {number}", label="not_faq"
        )
    for url in (home, entries):
        page = words_of(support.get(url))
        assert "Shadow mode: the FAQ scores every question and answers none." in page
        assert "Enough questions are reviewed for a calibration of English" in page
    calibrating.change_settings(mode="answer")
    calibrating.use(kept(), "ada")
    for url in (home, entries):
        page = words_of(support.get(url))
        assert "Shadow mode" not in page
        assert "Enough questions are reviewed" not in page
