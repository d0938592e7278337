"""Try a question: the production path on a text that staff type, and everything it decided from.

It calls `assistant.pipeline.consider` and `assistant.stored_answers.looked_up`, as the socket does for a
visitor, under the same index and the newest configuration; nothing is stored and no model is asked.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from assistant import pipeline, stored_answers
from assistant.admin.decision import PassageView, decision_view, entry_ids, entry_titles, route_names
from assistant.admin.evidence import evidence_of
from assistant.admin.locate import transcript_address
from assistant.admin.sites import NAMES as LANGUAGE_NAMES
from assistant.admin.store_part import store_view
from assistant.models import Reply
from assistant.protocol import TEXT_LIMIT
from assistant.rendering import render
from common.text import clean
from faq import index
from routing import publishing, rule_sets

PLANS = [("", "Guest"), ("free", "Free plan"), ("pro", "Pro plan (paid)"), ("studio", "Studio plan (paid)")]
LANGUAGES = [("", "Not known"), *LANGUAGE_NAMES.items()]

DRAFT = "draft"
RULE_SETS = [("", "As published"), (DRAFT, "The draft")]


class TryForm(forms.Form):
    """What a visitor would send, and who they would be."""

    text = forms.CharField(
        label="Question",
        max_length=TEXT_LIMIT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": "Type a question, as a visitor would."},
    )
    plan = forms.ChoiceField(label="Plan", choices=PLANS, required=False, widget=UnfoldAdminSelectWidget())
    language = forms.ChoiceField(
        label="Browser language", choices=LANGUAGES, required=False, widget=UnfoldAdminSelectWidget()
    )
    rule_set = forms.ChoiceField(
        label="Rules and routes",
        choices=RULE_SETS,
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="The draft is what the lists of rules and routes hold, published or not.",
    )
    conversation = forms.CharField(
        label="Conversation",
        required=False,
        max_length=40,
        initial="1",
        widget=UnfoldAdminTextInputWidget(),
        help_text="Any word. A rule on a share of the conversations sends the same one always the same way.",
    )
    earlier = forms.CharField(
        label="Earlier message of the visitor (optional)",
        required=False,
        max_length=TEXT_LIMIT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Makes the question a follow-up: the same asked again, or leaning on what came before.",
    )


def considered(data: dict[str, Any]) -> pipeline.Consideration:
    """Return what production would decide for the form's message now, or would once the draft is published.

    Raises NotPublished, and CannotPublish for a draft that could not route every message.
    """
    publishing.refresh()
    index.refresh()
    earlier = clean(data["earlier"]).strip()
    facts = pipeline.ConversationFacts(
        plan=data["plan"],
        language=data["language"],
        previous_texts=(earlier,) if earlier else (),
        depth=1 if earlier else 0,
        conversation=data["conversation"].strip(),
    )
    text = clean(data["text"]).strip()
    config = rule_sets.draft() if data["rule_set"] == DRAFT else publishing.current()
    return stored_answers.looked_up(pipeline.consider(text, facts, config), text, facts, config)


def try_question(request: HttpRequest) -> HttpResponse:
    """Show the form, and for a sent one the decision. Stores nothing.

    Sent by POST although nothing changes: a question may hold personal data, and addresses are logged.
    """
    if not request.user.has_perm("assistant.try_question"):
        raise PermissionDenied
    form = TryForm(request.POST) if request.method == "POST" else TryForm()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Try a question",
        "form": form,
        "decision": None,
    }
    if form.is_bound and form.is_valid():
        context.update(_result(request, form.cleaned_data))
    return TemplateResponse(request, "admin/desk/try.html", context)


def _result(request: HttpRequest, data: dict[str, Any]) -> dict[str, Any]:
    try:
        consideration = considered(data)
    except (publishing.NotPublished, publishing.CannotPublish) as problem:
        return {"problem": str(problem)}
    record = consideration.record()
    best = consideration.match.best
    entry = index.entry(best.entry_id) if best and consideration.route.kind == "faq" else None
    return {
        "decision": decision_view(
            record, entry_titles(entry_ids([record])), request.user.has_perm("faq.view_entry"), route_names()
        ),
        "route": consideration.route,
        "stored": consideration.stored,
        "store": store_view(record, {}),
        "on_draft": data["rule_set"] == DRAFT,
        "source": entry.question if entry else "",
        "answer": SafeString(render(entry.answer, _link_hosts())) if entry else None,
        "passages": _passages(request, data["text"]) if not record["passages"] else (),
        "took_ms": consideration.match.took_ms,
        "same": _last_asked(request, data["text"]),
        "evidence": evidence_of(consideration.match),
    }


def _link_hosts() -> list[str]:
    """Return the hosts that answers may link to, as the newest configuration has them."""
    return list(publishing.current().settings.get("link_hosts") or ())


def _passages(request: HttpRequest, text: str) -> tuple[PassageView, ...]:
    """Return the nearest passages of a question that no model is asked, as a model would get them."""
    near = index.nearest_passages(clean(text), limit=pipeline.PASSAGES)
    linked = request.user.has_perm("faq.view_entry")
    return tuple(
        PassageView(
            passage.title,
            passage.entry_id,
            reverse("admin:faq_entry_change", args=[passage.entry_id]) if linked else "",
        )
        for passage in near
    )


def _last_asked(request: HttpRequest, text: str) -> dict[str, Any] | None:
    """Return how the same words were last answered, so that the two can be compared."""
    if not request.user.has_perm("assistant.view_conversation"):
        return None
    reply = (
        Reply.objects.select_related("turn")
        .filter(turn__text=text, ordinal=1)
        .exclude(route="")
        .order_by("-created_at")
        .first()
    )
    if reply is None:
        return None
    name = route_names().get(reply.route, reply.route)
    return {"reply": reply, "route_name": name, "url": transcript_address(reply)}
