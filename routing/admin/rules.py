"""The rules: an ordered list, the first that holds wins, conditions as rows in plain words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from routing.admin.base import DraftAdmin, TabularInline, badge
from routing.admin.conditions import ConditionForm
from routing.admin.meanwhile import SeenForm
from routing.config import ConditionSpec
from routing.models import Condition, Rule
from routing.policy import in_words

LAST_RULE = "The last rule catches what no other rule caught: it stays last, on, and without conditions."


def words_of(conditions: Iterable[Condition]) -> list[str]:
    """Return one sentence for each alternative of a rule, its conditions joined by `and`."""
    groups: dict[int, list[str]] = {}
    for row in conditions:
        groups.setdefault(row.group, []).append(in_words(ConditionSpec(row.signal, row.operator, row.value)))
    return [" and ".join(rows) for _, rows in sorted(groups.items())]


def in_order(rules: Iterable[Rule], before: dict[int, int]) -> list[Rule]:
    """Return rules in the order staff asked for: the locked one last, a moved one at its new place.

    `before` holds the positions until now. When two share a number, the one that was moved up comes
    before, the one that was moved down after the rule that was there.
    """

    def place(rule: Rule) -> tuple[bool, int, int, int]:
        moved = rule.position - before.get(rule.pk, rule.position)
        return rule.locked, rule.position, (moved > 0) - (moved < 0), rule.pk

    return sorted(rules, key=place)


class RuleForm(SeenForm[Rule]):
    """A rule, without its conditions."""

    class Meta:
        model = Rule
        fields = ("name", "route", "enabled", "reason")

    def inlines_in_words(self) -> dict[str, str]:
        """Return the conditions as they are stored."""
        return {"conditions": "; or ".join(words_of(self.instance.conditions.all())) or "none"}


class RuleRowForm(forms.ModelForm[Rule]):
    """A rule as a row of the list: its place and whether it is on."""

    class Meta:
        model = Rule
        fields = ("position", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.locked:
            self.fields["enabled"].disabled = True
            self.fields["position"].disabled = True


class ConditionInline(TabularInline[Condition, Rule]):
    model = Condition
    form = ConditionForm
    extra = 0
    hide_title = True
    verbose_name = "condition"
    verbose_name_plural = "conditions"
    fields = ("signal", "operator", "value", "group")

    def get_extra(self, request: HttpRequest, obj: Rule | None = None, **kwargs: Any) -> int:
        """Offer one empty row on a new rule, which is hardly ever meant without a condition."""
        return 0 if obj else 1


@admin.register(Rule)
class RuleAdmin(DraftAdmin[Rule]):
    form = RuleForm
    list_display = ("title", "goes_to", "enabled", "position")
    list_display_links = ("title",)
    list_editable = ("enabled", "position")
    list_per_page = 200  # one page, since a list that is dragged has to be whole
    list_before_template = "admin/desk/rules_before.html"
    ordering_field = "position"
    ordering = ("position", "id")
    sortable_by = ()
    actions = None
    inlines = (ConditionInline,)
    warn_unsaved_form = True

    class Media:
        js = ("desk_admin/rules.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).select_related("route").prefetch_related("conditions")

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        fields: list[Any] = ["name", ("route", "enabled"), "reason"]
        return ((None, {"fields": [*fields, "reads"] if obj else fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> list[str]:
        return ["reads", "enabled"] if obj is not None and obj.locked else ["reads"]

    def get_inlines(self, request: HttpRequest, obj: Rule | None) -> Any:
        return () if obj is not None and obj.locked else self.inlines

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm[Rule]]:
        return super().get_changelist_form(request, **{**kwargs, "form": RuleRowForm})

    def has_delete_permission(self, request: HttpRequest, obj: Rule | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.locked)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._remember_places(request)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._remember_places(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _remember_places(self, request: HttpRequest) -> None:
        if request.method == "POST":
            places = dict(Rule.objects.values_list("pk", "position"))
            setattr(request, "_desk_places", places)  # noqa: B010 - the request carries it to the end

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        if not change:
            others = Rule.objects.filter(locked=False).order_by("-position")
            obj.position = (others.values_list("position", flat=True).first() or 0) + 1
        super().save_model(request, obj, form, change)

    def before_publishing(self, request: HttpRequest) -> None:
        """Number the rules from 1, the locked one last, and say what the new order means."""
        rules = list(Rule.objects.select_related("route").prefetch_related("conditions"))
        ordered = in_order(rules, getattr(request, "_desk_places", {}))
        if any(rule.locked for rule in rules) and not max(rules, key=lambda rule: rule.position).locked:
            messages.info(request, LAST_RULE)
        for place, rule in enumerate(ordered, start=1):
            if rule.position != place:
                rule.position = place
                rule.save(update_fields=["position"])
        self._warn(request, [rule for rule in ordered if rule.enabled])

    def _warn(self, request: HttpRequest, rules: list[Rule]) -> None:
        for rule in rules[:-1]:
            if not rule.conditions.all():
                messages.warning(
                    request,
                    f"“{rule.name}” has no condition, so it always fires and no rule below it is reached.",
                )
        for rule in rules:
            if not rule.route.enabled:
                messages.warning(
                    request, f"“{rule.name}” leads to {rule.route}, which is switched off: it is passed over."
                )

    @admin.display(description="Rule", ordering="position")
    def title(self, obj: Rule) -> SafeString:
        sentences = words_of(obj.conditions.all())
        if obj.locked:
            note = format_html("<span data-locked>{}</span>", badge("Always last", "plain", LAST_RULE))
        elif not sentences:
            note = badge("No condition: always fires", "warn")
        else:
            note = SafeString()
        alternatives = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in sentences))
        return format_html(
            "{} {}<ul class='desk-conditions'>{}</ul>",
            obj.name,
            note,
            alternatives or format_html("<li>{}</li>", "everything else" if obj.locked else "everything"),
        )

    @admin.display(description="Goes to")
    def goes_to(self, obj: Rule) -> SafeString:
        off = badge("Switched off", "warn") if not obj.route.enabled else ""
        return format_html("<span class='desk-route'>{}</span> {}", obj.route.name, off)

    @admin.display(description="Reads")
    def reads(self, obj: Rule) -> SafeString:
        if obj.locked:
            return format_html("{}", LAST_RULE)
        return format_html_join(
            format_html("<br><b>{}</b> ", "or"),
            "{}",
            ((sentence,) for sentence in words_of(obj.conditions.all())),
        ) or format_html("{}", "Always fires: it has no condition.")
