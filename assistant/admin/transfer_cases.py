"""Transfer cases in the admin: what must hold of an answer, written in plain words."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet, TextField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from assistant.admin.try_page import LANGUAGES, PLANS
from assistant.protocol import TEXT_LIMIT
from common.clock import now
from common.text import clean, shorten
from routing import publishing
from routing.admin.base import LinesField, ModelAdmin, TabularInline, badge, muted
from routing.admin.meanwhile import SeenForm
from routing.models import Route, TransferCase, TransferTurn
from routing.transfer_checks import flaws_of, lines_of

ADD = "routing.add_transfercase"


def _name(slug: str) -> str:
    """Return what staff call a published route."""
    route = publishing.current().routes.get(slug)
    return route.name if route else slug


def _routes(kept: str = "") -> list[tuple[str, str]]:
    """Return the routes of the draft, and one that a case names and that is gone."""
    found = list(Route.objects.values_list("slug", "name"))
    known = {slug for slug, _ in found}
    return [*found, *([(kept, f"{kept} (there is no such route)")] if kept and kept not in known else [])]


class CaseForm(SeenForm[TransferCase]):
    """One case; refuses what could not be looked for, and a case that asks nothing."""

    plan = forms.ChoiceField(
        label="Plan of the visitor", choices=PLANS, required=False, widget=UnfoldAdminSelectWidget()
    )
    language = forms.ChoiceField(
        label="Browser language", choices=LANGUAGES, required=False, widget=UnfoldAdminSelectWidget()
    )
    must_route = forms.ChoiceField(
        label="Must take the route", required=False, widget=UnfoldAdminSelectWidget()
    )
    routes = forms.MultipleChoiceField(
        label="For the models of",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="A model that is tested for one of these routes is asked it. None ticked: the route it "
        "must take.",
    )

    class Meta:
        model = TransferCase
        fields = ("title", "question")
        labels = {
            "must_say": "Must say",
            "must_not_say": "Must not say",
            "least_support": "Least support",
            "judge_question": "Question to a judge",
        }
        widgets = {
            "question": UnfoldAdminTextareaWidget(attrs={"rows": 3, "maxlength": TEXT_LIMIT}),
            "must_say": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "must_not_say": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }
        field_classes = {"question": LinesField, "must_say": LinesField, "must_not_say": LinesField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        must_route, routes = self.fields.get("must_route"), self.fields.get("routes")
        if isinstance(must_route, forms.ChoiceField):
            must_route.choices = [("", "Any route"), *_routes(self.instance.must_route)]
        if isinstance(routes, forms.MultipleChoiceField):
            model_routes = Route.objects.filter(kind=Route.Kind.MODEL)
            routes.choices = list(model_routes.values_list("slug", "name"))

    def inlines_in_words(self) -> dict[str, str]:
        """Return the earlier messages as they are stored."""
        turns = (f"“{turn.visitor}”, answered “{turn.assistant}”" for turn in self.instance.turns.all())
        return {"earlier messages": "; then ".join(turns) or "none"}

    def clean_question(self) -> str:
        return _clean(self.cleaned_data["question"])

    def clean_must_say(self) -> str:
        return _lines(self.cleaned_data["must_say"])

    def clean_must_not_say(self) -> str:
        return _lines(self.cleaned_data["must_not_say"])

    def clean_least_support(self) -> float:
        support: float = self.cleaned_data["least_support"]
        if not 0 <= support <= 1:
            raise ValidationError("A share, from 0 to 1.")
        return support

    def clean(self) -> dict[str, Any]:
        """Refuse a case that asks nothing."""
        cleaned = super().clean()
        asked = ("must_say", "must_not_say", "must_route", "must_be_grounded", "judge_question")
        if not self.errors and not (any(cleaned.get(name) for name in asked) or cleaned["max_first_text_ms"]):
            raise ValidationError("The case asks nothing of the answer: say what must hold of it.")
        return cleaned


def _clean(text: str) -> str:
    found = clean(text).strip()
    if not found:
        raise ValidationError("Type a question, as a visitor would.")
    if len(found) > TEXT_LIMIT:
        raise ValidationError(f"A visitor may send {TEXT_LIMIT:,} characters at most.")
    return found


def _lines(text: str) -> str:
    flaws = flaws_of(text)
    if flaws:
        raise ValidationError(flaws)
    return "\n".join(lines_of(clean(text)))


class TurnInline(TabularInline[TransferTurn, TransferCase]):
    model = TransferTurn
    extra = 0
    fields = ("visitor", "assistant", "position")
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    verbose_name_plural = "earlier messages, oldest first; leave empty for a first message"
    formfield_overrides = {TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 2})}}


@admin.register(TransferCase)
class TransferCaseAdmin(ModelAdmin[TransferCase]):
    form = CaseForm
    list_display = ("name", "asks", "for_routes", "in_use", "changed")
    list_filter = ("active", "must_route")
    list_filter_submit = False
    search_fields = ("title", "question", "must_say", "must_not_say")
    search_help_text = "Search titles, questions and what must be said"
    list_per_page = 50
    ordering = ("title", "pk")
    inlines = (TurnInline,)
    warn_unsaved_form = True
    actions = ("put_in_use", "take_out_of_use")
    change_form_before_template = "admin/desk/_seen.html"
    list_before_template = "admin/desk/transfer_cases_before.html"
    readonly_fields = ("who",)
    fieldsets = (
        (None, {"fields": ("title", "question", ("plan", "language"))}),
        (
            "What must hold of the answer",
            {
                "fields": (
                    ("must_say", "must_not_say"),
                    ("must_route", "max_first_text_ms"),
                    ("must_be_grounded", "least_support"),
                    "judge_question",
                )
            },
        ),
        ("Where it belongs", {"fields": ("routes", "active", "note", "who")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TransferCase]:
        return super().get_queryset(request).prefetch_related("turns")

    def save_model(
        self, request: HttpRequest, obj: TransferCase, form: forms.ModelForm[TransferCase], change: bool
    ) -> None:
        obj.changed_by, obj.changed_at = request.user.get_username()[:150], now()
        obj.created_by = obj.created_by or obj.changed_by
        super().save_model(request, obj, form, change)

    @admin.display(description="Case", ordering="title")
    def name(self, obj: TransferCase) -> SafeString:
        return format_html("{}<small class='desk-sub'>{}</small>", obj.title, shorten(obj.question, 110))

    @admin.display(description="Must hold")
    def asks(self, obj: TransferCase) -> SafeString:
        return format_html_join(" ", "{}", ((badge(words),) for words in asked_words(obj)))

    @admin.display(description="For the models of")
    def for_routes(self, obj: TransferCase) -> str | SafeString:
        found = [_name(slug) for slug in obj.routes or [obj.must_route] if slug]
        return ", ".join(found) or muted("every test of all cases")

    @admin.display(description="In use", ordering="active")
    def in_use(self, obj: TransferCase) -> SafeString:
        return badge("In use", "good") if obj.active else badge("Not in use", "plain")

    @admin.display(description="Changed", ordering="changed_at")
    def changed(self, obj: TransferCase) -> SafeString:
        who = obj.changed_by or ("the example" if obj.example_key else "–")
        day = f"{obj.changed_at:%Y-%m-%d}"
        return format_html(
            "<span class='desk-one-line'>{}</span><small class='desk-sub'>{}</small>", day, who
        )

    @admin.display(description="Written by")
    def who(self, obj: TransferCase) -> str:
        if not obj.pk:
            return "–"
        made = f"{obj.created_by or 'the example'} on {obj.created_at:%Y-%m-%d}"
        return (
            f"{made}, last changed by {obj.changed_by} on {obj.changed_at:%Y-%m-%d}"
            if obj.changed_by
            else made
        )

    @admin.action(description="Put in use", permissions=["change"])
    def put_in_use(self, request: HttpRequest, queryset: QuerySet[TransferCase]) -> None:
        self._switch(request, queryset, active=True)

    @admin.action(description="Take out of use", permissions=["change"])
    def take_out_of_use(self, request: HttpRequest, queryset: QuerySet[TransferCase]) -> None:
        self._switch(request, queryset, active=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[TransferCase], *, active: bool) -> None:
        rows = list(queryset.exclude(active=active))
        for row in rows:
            row.active, row.changed_by, row.changed_at = active, request.user.get_username()[:150], now()
            row.save(update_fields=["active", "changed_by", "changed_at"])
            self.log_change(request, row, "Put in use." if active else "Taken out of use.")
        cases = "1 case" if len(rows) == 1 else f"{len(rows)} cases"
        messages.success(request, f"{cases} {'put in' if active else 'taken out of'} use.")


def asked_words(case: TransferCase) -> list[str]:
    """Return in a few words what a case asks."""
    said, unsaid = len(lines_of(case.must_say)), len(lines_of(case.must_not_say))
    found = [
        f"route {_name(case.must_route)}" if case.must_route else "",
        f"says {said}" if said else "",
        f"does not say {unsaid}" if unsaid else "",
        f"grounded {case.least_support:.0%}" if case.must_be_grounded else "",
        f"text in {case.max_first_text_ms:,} ms" if case.max_first_text_ms is not None else "",
        "judge" if case.judge_question else "",
    ]
    turns = len(case.turns.all())
    return [*(words for words in found if words), *([f"after {turns} earlier"] if turns else [])]


# ---- from "Try a question" -----------------------------------------------------------------------------


@require_POST
def case_from_try(request: HttpRequest) -> HttpResponse:
    """Make what was tried a regression case: question, route, and the entry that answered it.

    Sent by POST: a question may hold personal data, and addresses are logged.
    """
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    text = clean(request.POST.get("text", "")).strip()[:TEXT_LIMIT]
    if not text:
        return redirect("admin:try")
    by = request.user.get_username()[:150]
    same = {
        "question": text,
        "plan": request.POST.get("plan", "")[:20],
        "language": request.POST.get("language", "")[:10],
        "must_route": request.POST.get("route", "")[:40],
    }
    source = shorten(clean(request.POST.get("source", "")), 200)
    earlier = clean(request.POST.get("earlier", "")).strip()[:TEXT_LIMIT]
    told = [(earlier, "")] if earlier else []
    rows = TransferCase.objects.filter(**same).prefetch_related("turns")
    row = next((row for row in rows if [(t.visitor, t.assistant) for t in row.turns.all()] == told), None)
    if row is None:
        note = "From “Try a question”." + (f" The entry “{source}” answered it then." if source else "")
        title = shorten(text, 120)
        row = TransferCase.objects.create(**same, title=title, note=note, created_by=by, changed_by=by)
        if earlier:
            TransferTurn.objects.create(case=row, visitor=earlier)
        admin.site.get_model_admin(TransferCase).log_addition(request, row, "From “Try a question”.")
        messages.success(request, "It is a case now, in use. Add what its answer must say, or leave it so.")
    else:
        messages.info(request, "This question has been made a case already.")
    return redirect(reverse("admin:routing_transfercase_change", args=[row.pk]))
