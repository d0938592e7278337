"""What is tried, and how: the form of a backtest and of a shadow run."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from assistant.trials.backtests import DEFAULT, MOST
from assistant.trials.draft_answers import MOST_ANSWERS
from assistant.trials.drafted import LEAST_THRESHOLD, MOST_THRESHOLD, Wish
from assistant.trials.shadowing import MOST_DAYS
from common.clock import now
from common.text import plain_lines
from routing.models import CatalogueModel, Route

RULES = [("draft", "The draft, as it stands"), ("", "As published")]


def _numbers(text: str) -> tuple[int, ...]:
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    wrong = next((part for part in parts if not part.isdecimal() or len(part) > 12), None)
    if wrong is not None:
        raise forms.ValidationError(f"“{wrong}” is no number of an entry.")
    return tuple(dict.fromkeys(int(part) for part in parts))


class NumbersField(forms.CharField):
    """Numbers of FAQ entries, as its list shows them, with commas or spaces between."""

    widget = UnfoldAdminTextInputWidget()

    def clean(self, value: Any) -> Any:
        return _numbers(str(super().clean(value) or ""))


class TryForm(forms.Form):
    """What differs from today: at least one thing has to."""

    rules = forms.ChoiceField(
        label="Rules and routes",
        choices=RULES,
        initial="draft",
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    threshold = forms.FloatField(
        label="FAQ answers from this confidence on",
        min_value=LEAST_THRESHOLD,
        max_value=MOST_THRESHOLD,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="Empty leaves it as it is. 0.85 is a confidence of 85 %.",
    )
    publish = NumbersField(
        label="FAQ entries as if published", required=False, max_length=400, help_text="Numbers: 12, 15"
    )
    archive = NumbersField(
        label="FAQ entries as if taken out", required=False, max_length=400, help_text="Numbers: 7"
    )
    asked_entry = forms.IntegerField(
        label="Further ways to ask for entry no.",
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    asked_as = forms.CharField(
        label="which are, one a line",
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    route = forms.ChoiceField(label="On the route", required=False, widget=UnfoldAdminSelectWidget())
    model = forms.ChoiceField(label="ask this model first", required=False, widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        routes = Route.objects.filter(kind="model").values_list("slug", "name")
        models = CatalogueModel.objects.exclude(retires_on__lte=now().date()).order_by("label")
        for name, choices in (("route", routes), ("model", models.values_list("pk", "label"))):
            field: Any = self.fields[name]
            field.choices = [("", "As it is"), *choices]

    def clean(self) -> dict[str, Any]:
        """Refuse halves of a pair."""
        data = super().clean() or self.cleaned_data
        if bool(data.get("route")) != bool(data.get("model")):
            self.add_error("model", "Choose a route and a model, or neither.")
        if bool(data.get("asked_entry")) != bool(data.get("asked_as", "").strip()):
            self.add_error("asked_as", "Give an entry and at least one way to ask, or neither.")
        return data

    def wish(self) -> Wish:
        """Return what is to be tried."""
        data = self.cleaned_data
        lines = [line.strip() for line in plain_lines(data["asked_as"]).split("\n") if line.strip()]
        return Wish(
            rules=bool(data["rules"]),
            threshold=data["threshold"],
            publish=data["publish"],
            archive=data["archive"],
            asked_as={data["asked_entry"]: lines} if lines else {},
            swap=(data["route"], data["model"]) if data["route"] else None,
        )


class BacktestForm(forms.Form):
    """Over how many questions."""

    n = forms.IntegerField(
        label="Last questions",
        min_value=1,
        max_value=MOST,
        initial=DEFAULT,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=f"Up to {MOST:,}. A thousand take the worker about half a minute.",
    )


class ShadowForm(forms.Form):
    """On how many messages, for how long, and whether models write as well."""

    share = forms.FloatField(
        label="Share of visitors' messages, in percent",
        min_value=0,
        max_value=100,
        initial=20,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )
    hours = forms.IntegerField(
        label="Hours",
        min_value=1,
        max_value=24 * MOST_DAYS,
        initial=24,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="It switches itself off then.",
    )
    answers = forms.BooleanField(
        label="Have the draft's models answer as well, out of the budget “Shadow”", required=False
    )

    def until(self) -> datetime:
        """Return when the run is over."""
        return now() + timedelta(hours=self.cleaned_data["hours"])


class AnswerForm(forms.Form):
    """How many of the changed questions are answered, and what that may cost."""

    count = forms.IntegerField(
        label="Questions",
        min_value=1,
        max_value=MOST_ANSWERS,
        initial=10,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    cap = forms.DecimalField(
        label="At most, in USD",
        min_value=Decimal("0.0001"),
        max_value=Decimal(100),
        decimal_places=4,
        initial=Decimal("0.10"),
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )
