"""Draft, shorten, friendlier and final version beside the answer: ordered here, written by the worker.

What a model wrote stands beside the present text as a difference. A person puts it into the field, and
it becomes the entry's answer only when that person saves the form.
"""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, reverse
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from common.clock import now
from common.money import usd
from common.text import clean
from faq import claims, edits, rewriting
from faq.admin.base import ModelAdmin, editors_url
from faq.admin.proposals import NO_BROKER, NO_WORKER
from faq.drafter import EDIT_TASK, Offer, drafter, hand_over
from faq.models import ANSWER_LIMIT, AnswerEdit, Entry, Work

BUTTONS = (
    (rewriting.DRAFT, "Draft", "Write an answer to the question from the nearest passages of the FAQ"),
    (rewriting.SHORTEN, "Shorten", "Say the same in about half the words"),
    (rewriting.FRIENDLIER, "Friendlier", "Warmer, with the same facts"),
    (rewriting.FINAL, "Final version", "Clear and well ordered, by the stronger model"),
)


def urls(page: ModelAdmin[Entry]) -> list[URLPattern]:
    """Return the addresses that the script beside the answer asks for."""
    at = partial(editors_url, page)
    return [
        at("edit/state/", _state, "faq_edit_state"),
        at("edit/start/", _start, "faq_edit_start"),
        at("edit/decide/", _decide, "faq_edit_decide"),
    ]


def widget_context() -> dict[str, Any]:
    """Return what the buttons beside the answer need."""
    return {
        "edit_buttons": BUTTONS,
        "edit_urls": {name: reverse(f"admin:faq_edit_{name}") for name in ("state", "start", "decide")},
    }


@require_POST
def _state(request: HttpRequest) -> HttpResponse:
    """Return the newest undecided edit of this form, as a difference to the text in the field."""
    return JsonResponse(_told(request, _entry_of(request), offers="offers" in request.POST))


@require_POST
def _start(request: HttpRequest) -> HttpResponse:
    entry, kind = _entry_of(request), request.POST.get("kind", "")
    if kind not in rewriting.KINDS:
        return JsonResponse({"problem": "There is no such edit."}, status=400)
    question, answer = _text(request, "question"), _text(request, "present")
    sources = edits.sources_for(kind, question, entry)
    language = request.POST.get("language") or (entry.language if entry else "en")
    call = edits.call_for(kind, language, question, answer, sources)
    offer = drafter().offer(edits.role_of(kind), [call])
    try:
        order = edits.order(
            kind, entry, question, answer, language, request.user.get_username(), sources, offer
        )
    except edits.Refused as problem:
        return JsonResponse({"problem": str(problem)}, status=409)
    try:
        hand_over(EDIT_TASK, str(order.uuid))
    except OperationalError:
        return JsonResponse({**_told(request, entry), "problem": NO_BROKER})
    return JsonResponse(_told(request, entry))


@require_POST
def _decide(request: HttpRequest) -> HttpResponse:
    """Note that the person took the result into the field, or did not want it."""
    for edit in edits.mine(_entry_of(request), request.user.get_username()):
        if str(edit.uuid) != request.POST.get("uuid"):
            continue
        if request.POST.get("used") == "1":
            edits.decide(edit, used=True)
        else:
            edits.discard(edit)
    return JsonResponse({"edit": None})


def _text(request: HttpRequest, name: str) -> str:
    return clean(request.POST.get(name, "")).replace("\r\n", "\n").strip()


def _entry_of(request: HttpRequest) -> Entry | None:
    """Return the entry of the form, None for one that is not stored yet."""
    key = request.POST.get("entry", "")
    return Entry.objects.filter(pk=int(key)).first() if key.isdecimal() else None


def _told(request: HttpRequest, entry: Entry | None, offers: bool = False) -> dict[str, Any]:
    mine = edits.mine(entry, request.user.get_username())
    told: dict[str, Any] = {"edit": _view(mine[0], _text(request, "present")) if mine else None}
    if offers:
        told["offers"] = _offers(request, entry)
    return told


def _view(edit: AnswerEdit, present: str) -> dict[str, Any]:
    """Return an edit as the page tells it."""
    done = edit.state == Work.State.DONE
    active = edit.state in Work.OPEN
    return {
        "uuid": str(edit.uuid),
        "title": edit.get_kind_display(),
        "active": active,
        "done": done,
        "label": "Waiting for the worker." if edit.state == Work.State.QUEUED else "The model writes.",
        "problem": edit.error,
        "note": NO_WORKER if claims.silent(edit, now()) else "",
        "price": f"{edit.model}, {usd(edit.cost_pico)}" if done else "",
        "output": edit.output_text if done else "",
        "pieces": [[piece.kind, piece.text] for piece in edits.difference(edit, present)] if done else [],
        "warnings": [str(change) for change in edits.warnings(edit)] if done else [],
        "long": max(0, len(edit.output_text) - ANSWER_LIMIT),
        "rests_on": [source.title for source in edits.stored_sources(edit)] if done else [],
    }


def _offers(request: HttpRequest, entry: Entry | None) -> str:
    """Return which model each button asks and what it costs, in one sentence."""
    question, answer = _text(request, "question"), _text(request, "present")
    said = []
    for kind, what in ((rewriting.SHORTEN, "an edit"), (rewriting.FINAL, "the final version")):
        call = edits.call_for(kind, entry.language if entry else "en", question, answer, [])
        said.append(_price(drafter().offer(edits.role_of(kind), [call]), what))
    return " ".join(dict.fromkeys(said))


def _price(offer: Offer, what: str) -> str:
    if offer.problem:
        return offer.problem
    cost = "no price known" if offer.about_pico is None else f"about {usd(offer.about_pico)}"
    played = " (played by the sandbox)" if offer.sandbox else ""
    return f"{offer.model}{played}: {cost} for {what}."
