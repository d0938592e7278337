"""A new entry out of the review queue: its form comes filled, and saving it settles the questions."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.module_loading import import_string

from faq import judging, review, review_count
from faq.admin.base import ModelAdmin
from faq.admin.review import filters_of, told
from faq.models import Entry, Phrasing
from faq.review_models import ReviewDecision

MOST_PHRASINGS = 10  # a form of more is not read

# The add form keeps its address when it is posted, so the questions travel in it.
PARAMETER = "review"
# The same for a flow of what people ask, whose questions lie above this package; the settings name them.
FLOW = "flow"


class FromReview(ModelAdmin[Entry]):
    """Fills the form of a new entry with a group's question and wordings."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        texts = _texts(request)
        if texts:
            language, text = texts[0]
            question = " ".join(text.split())[: judging.LONGEST_WORDING]
            initial["question"] = question[:1].upper() + question[1:]
            initial["language"] = language or "en"
        return initial

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Entry, inline: Any, prefix: str
    ) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        # On a POST the rows would count as unchanged, and not be stored.
        if inline.model is Phrasing and request.method == "GET" and not obj.pk:
            kwargs["initial"] = [{"text": text} for text in _further(request)]
        return kwargs

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change and _keys(request):
            self._settle(request, form.instance)

    def _settle(self, request: HttpRequest, entry: Entry) -> None:
        ids = review.messages_of(_keys(request), filters_of(request.GET))
        try:
            decision = judging.decide(ids, ReviewDecision.Verb.NEW, request.user.get_username(), entry=entry)
        except judging.Refused as problem:
            messages.warning(request, f"The entry is saved. The questions were not settled by it: {problem}")
        else:
            review_count.forget()
            messages.success(request, told(decision))

    def response_add(
        self, request: HttpRequest, obj: Entry, post_url_continue: str | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        goes_on = "_continue" in request.POST or "_addanother" in request.POST
        return redirect("admin:faq_review") if _keys(request) and not goes_on else response


def further_rows(request: HttpRequest, obj: Entry | None) -> int:
    """Return how many rows the phrasings of a new entry need beside the empty one."""
    return len(_further(request)) if obj is None and request.method == "GET" else 0


def _keys(request: HttpRequest) -> list[str]:
    return [key for key in request.GET.get(PARAMETER, "").split(".") if key]


def _texts(request: HttpRequest) -> list[tuple[str, str]]:
    """Return language and text of the wordings, the most frequent first."""
    flow = request.GET.get(FLOW, "")
    if flow and request.user.has_perm("assistant.work_on_flows"):
        return [("", text) for text in import_string(settings.FAQ_FLOW_WORDINGS)(flow)]
    return [(language, text) for language, _, text in review.wordings_of(_keys(request))]


def _further(request: HttpRequest) -> list[str]:
    """Return the wordings after the first that fit into a phrasing and had nothing taken out of them."""
    lines = [" ".join(text.split()) for _, text in _texts(request)[1:]]
    whole = [line for line in lines if len(line) <= judging.LONGEST_WORDING and "[" not in line]
    return whole[:MOST_PHRASINGS]
