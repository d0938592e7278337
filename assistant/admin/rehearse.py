"""Rehearse an outage: order a fault, and read what a visitor would have seen, beside the undisturbed run.

The rehearsal runs in a process of its own (`manage.py rehearse`); this page waits for it and shows it.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from assistant.protocol import TEXT_LIMIT
from assistant.rendering import render
from assistant.trials.rehearsing import QUESTION
from common.text import clean
from routing.breaker_rules import WORDS_OF_CLASS
from routing.fault_words import FAULT_WORDS
from routing.models import Route
from routing.rehearsal import Moment, Rehearsal, Tried, Watched, load

PERMISSION = "assistant.try_question"
# A start with the FAQ's index, and the rehearsal's own limit; proxies give up on a request after 60 s.
PATIENCE_S = 57.0
CUT = "truncated_output: token_stream "  # the ledger's own words, which say here what the class says
STATES = {
    "completed": ("Answered", "good"),
    "truncated": ("Cut short", "warn"),
    "refused": ("Refused", "warn"),
    "failed": ("Failed", "bad"),
    "streaming": ("Still waiting", "bad"),
}
CAUSES = {
    "first": "first",
    "retry": "again",
    "fallback": "instead",
    "continuation": "goes on",
    "hedge": "beside",
}
_one_at_a_time = threading.Lock()


class RehearsalFailed(Exception):
    """The process of the rehearsal gave no result; the message says why, for staff."""


class RehearseForm(forms.Form):
    """Which fault, where, and what is asked."""

    route = forms.ChoiceField(label="Route", widget=UnfoldAdminSelectWidget())
    fault = forms.ChoiceField(
        label="What goes wrong",
        choices=[(name, f"{words} ({name})") for name, words in FAULT_WORDS.items()],
        widget=UnfoldAdminSelectWidget(),
    )
    on = forms.ChoiceField(
        label="With",
        choices=[("first", "the first model of the ladder"), ("all", "every model of the ladder")],
        initial="first",
        widget=UnfoldAdminRadioSelectWidget(),
    )
    after_tokens = forms.IntegerField(
        label="Tokens before it",
        required=False,
        min_value=-1,
        max_value=5000,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="Empty: where it usually strikes. -1: before anything came.",
    )
    status = forms.IntegerField(
        label="Error status",
        required=False,
        min_value=400,
        max_value=599,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="For an error status only. Empty: 500.",
    )
    question = forms.CharField(
        label="Question",
        max_length=TEXT_LIMIT,
        initial=QUESTION,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["route"]
        if isinstance(field, forms.ChoiceField):
            routes = Route.objects.filter(kind=Route.Kind.MODEL, enabled=True)
            field.choices = list(routes.values_list("slug", "name"))


@dataclass(frozen=True)
class MomentView:
    """One line of the timeline."""

    at: str
    kind: str
    label: str
    text: str
    note: str
    html: SafeString  # of an answer, through the sanitiser; empty for the rest


@dataclass(frozen=True)
class TriedView:
    at: str
    model: str
    cause: str
    took: str
    words: str
    kind: str


@dataclass(frozen=True)
class WatchedView:
    title: str
    state: str
    badge: str
    first_text: str
    total: str
    moments: tuple[MomentView, ...]
    attempts: tuple[TriedView, ...]


def rehearse(request: HttpRequest) -> HttpResponse:
    """Show the form, and for a sent one both runs."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = RehearseForm(request.POST) if request.method == "POST" else RehearseForm()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Rehearse an outage",
        "form": form,
    }
    if form.is_bound and form.is_valid():
        try:
            found = in_own_process(form.cleaned_data)
        except RehearsalFailed as problem:
            context["problem"] = str(problem)
        else:
            context.update(found=found, runs=views(found), fault=FAULT_WORDS[found.order.fault])
    return TemplateResponse(request, "admin/desk/rehearse.html", context)


def in_own_process(data: dict[str, Any]) -> Rehearsal:
    """Return what `manage.py rehearse` found. Raises RehearsalFailed, also while another one runs here."""
    if not _one_at_a_time.acquire(blocking=False):
        raise RehearsalFailed("Another rehearsal is running. Try again in a minute.")
    try:
        done = subprocess.run(  # noqa: S603 - our own program; every argument but the question is a choice
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "rehearse", "--json", *_options(data)],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise RehearsalFailed(f"The rehearsal was not over after {late.timeout:g} s and was ended.") from late
    finally:
        _one_at_a_time.release()
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise RehearsalFailed(lines[-1] if lines else f"It ended with code {done.returncode}.")
    return load(json.loads(done.stdout.strip().splitlines()[-1]))


def _options(data: dict[str, Any]) -> list[str]:
    chosen = [f"--route={data['route']}", f"--fault={data['fault']}", f"--on={data['on']}"]
    chosen.append(f"--question={clean(data['question']).strip()}")
    if data["after_tokens"] is not None:
        chosen.append(f"--after-tokens={data['after_tokens']}")
    if data["status"] is not None:
        chosen.append(f"--status={data['status']}")
    return chosen


# ---- as the page shows it ---------------------------------------------------------------------------


def views(found: Rehearsal) -> tuple[WatchedView, WatchedView]:
    """Return both runs for the template."""
    return _watched("Undisturbed", found.undisturbed), _watched("With the fault", found.disturbed)


def _watched(title: str, watched: Watched) -> WatchedView:
    state, badge = STATES.get(watched.state, (watched.state, "plain"))
    return WatchedView(
        title,
        state,
        badge,
        "none" if watched.first_text_ms is None else _seconds(watched.first_text_ms),
        _seconds(watched.total_ms),
        tuple(_moment(each) for each in watched.moments),
        tuple(_attempt(each) for each in watched.attempts),
    )


LABELS = {
    "status": "reads",
    "text": "reads the answer",
    "seam": "reads in between",
    "notice": "reads under it",
    "end": "in the end",
}


def _moment(moment: Moment) -> MomentView:
    text, note, html = moment.text, "", SafeString("")
    if moment.kind == "text":
        html = SafeString(render(text, ()))
        note = f"{len(text)} characters until {_seconds(moment.until_ms)}"
    elif moment.kind == "end":
        text = STATES.get(text, (text, ""))[0]
    return MomentView(_seconds(moment.at_ms), moment.kind, LABELS[moment.kind], text, note, html)


def _attempt(tried: Tried) -> TriedView:
    took = "not over" if tried.ended_ms is None else _seconds(tried.ended_ms - tried.at_ms)
    words = _failed(tried) if tried.error else tried.finish.replace("_", " ")
    kind = "bad" if tried.error else "good" if tried.finish == "complete" else "plain"
    return TriedView(
        _seconds(tried.at_ms), tried.model, CAUSES.get(tried.cause, tried.cause), took, words, kind
    )


def _failed(tried: Tried) -> str:
    """Return why an attempt failed in the words of the breakers' page, with what staff can look for."""
    said = tried.detail.removeprefix(CUT).strip()
    return f"{WORDS_OF_CLASS.get(tried.error, tried.error)}{f': {said}' if said else ''}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s"
