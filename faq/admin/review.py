"""The review queue in the admin: one page of groups, and one address that takes every decision.

All of it works as plain forms; the script on the page (`faq/static/faq/review.js`) only spares loading it
again. A decision that is refused comes back with its reason at the row and everything as it was typed.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.module_loading import import_string

from common.text import clean
from faq import judging, review, review_count, review_shown
from faq.models import Entry
from faq.review import DEMO, KINDS, PERIODS, VISITOR, Filters
from faq.review_models import ReviewDecision
from faq.review_shown import Shown

PAGE = 20  # groups at once
TEXT_LIMIT = 300
Verb = ReviewDecision.Verb

# The order of the buttons, with the key that presses each and what it says.
VERBS = (
    (Verb.RIGHT, "r", "Answer is right", "The chosen entry answers it"),
    (Verb.WRONG, "w", "Wrong", "What came nearest does not answer it"),
    (Verb.PHRASING, "a", "Add as phrasing", "Store the wordings as phrasings of the chosen entry"),
    (Verb.NEW, "n", "New entry", "Open a new entry with this question and its wordings"),
    (Verb.NOT_THIS, "t", "Not this entry", "The chosen entry must never answer these wordings"),
    (Verb.NOT_FAQ, "f", "Not an FAQ", "No entry must ever answer these wordings"),
    (Verb.ASIDE, "s", "Set aside", "Judge it later; it comes back when it is asked again"),
)


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the queue, for those who may change entries."""

    def allowed(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("faq.change_entry"):
            raise PermissionDenied
        return queue(site, request)

    return [path("review/", site.admin_view(allowed), name="faq_review")]


def open_groups(request: HttpRequest) -> str:
    """Return how many groups wait, for the menu; nothing when none does."""
    count = review_count.held()
    return str(count) if count else ""


def queue(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the queue; a POST decides, searches for an entry, or undoes the last decision."""
    if request.method == "POST":
        return _post(site, request)
    return _page(site, request, {})


# --- what is shown ----------------------------------------------------------------------------------


def filters_of(values: QueryDict) -> Filters:
    """Return the filters that an address names; what it does not know counts as not said."""
    kind, days = values.get("kind", ""), values.get("days", "")
    entry = values.get("entry", "")
    return Filters(
        kind=kind if kind in KINDS else "",
        language=values.get("language", "")[:12],
        days=int(days) if days in map(str, PERIODS) else PERIODS[-1],
        entry=entry if entry.isdecimal() else "",
        text=" ".join(clean(values.get("text", "")).split())[:TEXT_LIMIT],
        traffic=values.get("traffic", "") if values.get("traffic") in (VISITOR, DEMO) else "",
    )


def _chosen_traffic(filters: Filters) -> Filters:
    """Return the filters with visitors' questions, or with the example's while no visitor has asked any."""
    if filters.traffic:
        return filters
    own = replace(filters, traffic=VISITOR)
    example = replace(filters, traffic=DEMO)
    return own if review.anything(VISITOR) or not review.anything(DEMO) else example


def _page(site: AdminSite, request: HttpRequest, instead: Mapping[str, Shown]) -> HttpResponse:
    """Show one page of groups; those that `instead` names as it has them."""
    asked = filters_of(request.GET)
    filters = _chosen_traffic(asked)
    read = review.read(filters)
    if filters == Filters():
        review_count.keep(len(read.groups))
    groups = read.after(request.GET.get("after", ""), PAGE)
    rows = [instead.get(row.group.key, row) for row in review_shown.show(groups, _linker(request))]
    more = bool(groups) and bool(read.after(review.cursor_of(groups[-1]), 1))
    context = {
        **site.each_context(request),
        "title": "Review",
        "opts": Entry._meta,
        "rows": rows,
        "total": len(read.groups),
        "cut": read.cut,
        "filters": filters,
        "traffic_by_itself": not asked.traffic and filters.traffic == DEMO,
        "narrowed": replace(filters, traffic=VISITOR) != Filters(),
        "filter_entry": Entry.objects.filter(pk=filters.entry).first() if filters.entry else None,
        "kinds": KINDS.items(),
        "languages": review.languages(read),
        "periods": PERIODS,
        "verbs": VERBS,
        "query": request.GET.urlencode(),
        "next": _query(request, after=review.cursor_of(groups[-1])) if more else "",
        "first": _query(request, after="") if request.GET.get("after") else "",
        "last": judging.last(request.user.get_username()),
        "effect": judging.effect(),
        "effect_days": judging.EFFECT_DAYS,
        "often": review.OFTEN,
        "most": f"{review.MOST_MESSAGES:,}",
        "here": reverse("admin:faq_review"),
    }
    return TemplateResponse(request, "faq/review.html", context)


def _query(request: HttpRequest, **changed: str) -> str:
    values = {**request.GET.dict(), **changed}
    return "?" + urlencode({name: value for name, value in values.items() if value})


def _linker(request: HttpRequest) -> review_shown.Link:
    # Conversations live above this package, so the settings name who knows their addresses.
    link: review_shown.Link = partial(import_string(settings.FAQ_TURN_ADDRESS), request)
    return link


# --- what is posted ---------------------------------------------------------------------------------


def _post(site: AdminSite, request: HttpRequest) -> HttpResponse:
    verb = request.POST.get("verb", "")
    if verb == "undo":
        return _undo(request)
    if verb == "find":
        return _find(site, request)
    if verb == Verb.NEW:
        return _new_entry(request)
    try:
        decision = _decided(request, verb)
    except judging.Refused as problem:
        return _refused(site, request, problem)
    review_count.forget()
    if _by_script(request):
        return JsonResponse({"said": told(decision), "undo": decision.pk})
    messages.success(request, told(decision))
    return redirect(request.get_full_path())


def _decided(request: HttpRequest, verb: str) -> ReviewDecision:
    keys = request.POST.getlist("variant")
    if verb not in Verb.values:
        raise judging.Refused("There is no such decision.")
    if not keys:
        raise judging.Refused("Tick at least one wording.")
    return judging.decide(
        review.messages_of(keys, _chosen_traffic(filters_of(request.GET))),
        verb,
        request.user.get_username(),
        entry=_entry(request),
        wordings=clean(request.POST.get("stored", "")).splitlines(),
        language=request.POST.get("language", ""),
        seen=review.ids_of(keys),
    )


def told(decision: ReviewDecision) -> str:
    """Return in one sentence what a decision has done."""
    many = f"{decision.messages} {'message' if decision.messages == 1 else 'messages'}"
    title = f" “{decision.entry.question}”" if decision.entry else ""
    added = len(decision.phrasings) or len(decision.negatives)
    wordings = f"{added} {'wording' if added == 1 else 'wordings'}"
    return {
        Verb.RIGHT.value: f"{many}:{title} is the right answer.",
        Verb.WRONG.value: f"{many}: what came nearest was wrong.",
        Verb.PHRASING.value: f"{many} given to{title}, {wordings} added.",
        Verb.NEW.value: f"{many} given to the new entry{title}.",
        Verb.NOT_THIS.value: f"{many}: never again answered by{title}, {wordings} noted.",
        Verb.NOT_FAQ.value: f"{many}: no question for the FAQ, {wordings} noted.",
        Verb.ASIDE.value: f"{many} set aside.",
    }[decision.verb]


def _entry(request: HttpRequest) -> Entry | None:
    key = request.POST.get("entry", "")
    return Entry.objects.filter(pk=int(key)).first() if key.isdecimal() else None


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(site: AdminSite, request: HttpRequest, problem: judging.Refused) -> HttpResponse:
    gone = isinstance(problem, judging.AlreadyJudged)
    if _by_script(request):
        return JsonResponse({"problem": str(problem), "judged": gone}, status=409)
    rows = _as_posted(request)
    if gone or not rows:
        messages.warning(request, str(problem))
        return redirect(request.get_full_path())
    return _page(site, request, {key: replace(row, problem=str(problem)) for key, row in rows.items()})


def _as_posted(request: HttpRequest) -> dict[str, Shown]:
    """Return the row of the form that was posted, with all that was typed; none when it is gone."""
    key = request.POST.get("group", "")
    filters = _chosen_traffic(filters_of(request.GET))
    groups = [each for each in review.read(filters).groups if each.key == key]
    if not groups:
        return {}
    (row,) = review_shown.show(groups, _linker(request))
    checked = {text for _, text, _ in review.wordings_of(request.POST.getlist("variant"))}
    search, found = _search(request)
    posted = replace(
        row,
        wordings=tuple(replace(each, checked=each.normalised in checked) for each in row.wordings),
        chosen=request.POST.get("entry", ""),
        stored=request.POST.get("stored", ""),
        search=search,
        found=found,
    )
    return {key: posted}


def _find(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show which entries a search finds, at the row."""
    if _by_script(request):
        text, found = _search(request)
        row = {"found": found, "search": text, "chosen": request.POST.get("entry", "")}
        return JsonResponse({"html": render_to_string("faq/_review_found.html", {"row": row}, request)})
    return _page(site, request, _as_posted(request))


def _search(request: HttpRequest) -> tuple[str, tuple[review_shown.Choice, ...]]:
    """Return what was searched for at a row, and what that finds beside the entries that stand there."""
    text = " ".join(clean(request.POST.get("search", "")).split())[:TEXT_LIMIT]
    known = [int(pk) for pk in request.POST.get("known", "").split() if pk.isdecimal()]
    return text, review_shown.search(text, request.POST.get("language", ""), known) if text else ()


def _new_entry(request: HttpRequest) -> HttpResponse:
    """Lead to the form of a new entry, which is filled with the wordings (`faq/admin/review_entry.py`)."""
    keys = ".".join(request.POST.getlist("variant"))
    filters = _chosen_traffic(filters_of(request.GET))
    values = {"review": keys, "kind": filters.kind, "traffic": filters.traffic}
    address = f"{reverse('admin:faq_entry_add')}?{urlencode(values)}"
    return JsonResponse({"url": address}) if _by_script(request) else redirect(address)


def _undo(request: HttpRequest) -> HttpResponse:
    newest = judging.last(request.user.get_username())
    try:
        if newest is None or str(newest.pk) != request.POST.get("decision", ""):
            raise judging.Refused("This was undone already, or something was decided after it.")
        count = judging.undo(newest)
    except judging.Refused as problem:
        messages.warning(request, str(problem))
    else:
        review_count.forget()
        messages.success(
            request, f"Undone: {count} {'message waits' if count == 1 else 'messages wait'} again."
        )
    return redirect(request.get_full_path())
