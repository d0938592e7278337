"""The rows of a rule on its form: signal, comparison and value in plain words, never JSON."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from routing.config import ConditionSpec
from routing.models import Condition
from routing.policy import OPERATORS, flaw, pointless
from routing.signals import CLAIM, SIGNALS, claim_signals, spec_of

# Who knows what sites say of their visitors: the apps above, which this one may not import, add themselves.
CLAIM_SOURCES: list[Callable[[], Iterable[str]]] = []


class SignalSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A select whose options tell the page's script how each signal can be compared, and with what."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        spec = spec_of(str(value))
        if spec is not None:
            option["attrs"]["data-operators"] = " ".join(spec.operators)
            option["attrs"]["data-type"] = spec.type
            option["attrs"]["data-choices"] = "|".join(spec.choices)
        return option


class OperatorSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A select whose options say whether the comparison takes a value."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        operator = OPERATORS.get(str(value))
        if operator is not None and not operator.takes_value:
            option["attrs"]["data-no-value"] = "1"
        return option


class ConditionForm(forms.ModelForm[Condition]):
    """One condition. Errors stand at the field that has to change."""

    signal = forms.ChoiceField(label="What is looked at", widget=SignalSelect())
    operator = forms.ChoiceField(label="Comparison", widget=OperatorSelect())
    value = forms.CharField(
        label="Value",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"class": "desk-condition-value"}),
        help_text="A number, one of the choices, words with commas between them, a pattern, or times.",
    )
    group = forms.IntegerField(
        label="Alternative",
        min_value=1,
        max_value=20,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"class": "desk-condition-group"}),
        help_text="Rows with the same number must all hold; another number is an alternative.",
    )

    class Meta:
        model = Condition
        fields = ("signal", "operator", "value", "group")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A browser would cut a longer value without a word, and half a pattern means something else.
        self.fields["value"].widget.attrs.pop("maxlength", None)
        signal, operator = self.fields["signal"], self.fields["operator"]
        if isinstance(signal, forms.ChoiceField) and isinstance(operator, forms.ChoiceField):
            signal.choices = [("", "Choose"), *_signals(self.instance.signal)]
            operator.choices = [("", "Choose"), *((name, entry.label) for name, entry in OPERATORS.items())]

    def clean(self) -> dict[str, Any]:
        """Refuse a row that could never hold, with the rule engine's own words."""
        data: dict[str, Any] = super().clean() or {}
        signal, operator = data.get("signal"), data.get("operator")
        if not signal or not operator:
            return data
        if not OPERATORS[operator].takes_value:
            data["value"] = ""
        row = ConditionSpec(signal, operator, data.get("value", ""))
        problem = "" if "value" in self.errors else flaw(row) or pointless(row)
        if problem:
            fits = operator in _operators(signal)
            words = problem if fits else f"{problem}. It can be compared by: {_choices(signal)}"
            self.add_error("value" if fits else "operator", f"{words[:1].upper()}{words[1:]}.")
        return data


def _choices(signal: str) -> str:
    return ", ".join(OPERATORS[name].label for name in _operators(signal))


def _operators(signal: str) -> tuple[str, ...]:
    spec = spec_of(signal)
    return spec.operators if spec else ()


def _signals(present: str) -> list[tuple[str, str]]:
    """Return what can be looked at, with the claims that are known, and the one that the row has."""
    names = {name for source in CLAIM_SOURCES for name in source()}
    if present.startswith(CLAIM):
        names.add(present.removeprefix(CLAIM))
    claims = ((name, spec.label) for name in claim_signals(names) if (spec := spec_of(name)))
    return [*((name, spec.label) for name, spec in SIGNALS.items()), *claims]
