"""Set up own models: what the providers offer, the choice, the difference, and only then a publication.

What was offered is kept in the session for some minutes, so that the steps after it wait for nobody and
all speak of the same lists.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
)

from common.clock import now
from routing import setup
from routing.admin.marks import Mark, retirement
from routing.config import ModelSpec
from routing.known_prices import KnownPrice
from routing.offers import Candidate, ProviderOffer, default_pair
from routing.presets import PRESET_WORDS, CannotPropose, Choice, Proposal, recommended
from routing.price_check import known_of
from routing.providers.listing import Listed
from routing.publishing import CannotPublish
from routing.setup_words import host_of, newest_first, price_words

PERMISSION = "routing.change_cataloguemodel"
SESSION_KEY = "setup_models_offers"
KEPT_S = 600  # long enough to read and choose; after it the providers are asked again
SHOWN = 6
# In a few words each: a radio button's label is cut at the end of its line on a phone.
PRESET_CHOICES = [
    ("one", "One model on every route"),
    ("two", "Two tiers, light and heavy"),
    ("all", "All routes, as by default"),
]
LARGEST_PRICE = 100_000


class SetupForm(forms.Form):
    """Which preset, and which two models; with one preset only the heavy one counts."""

    preset = forms.ChoiceField(label="Ladders", choices=PRESET_CHOICES, widget=UnfoldAdminRadioSelectWidget())
    light = forms.ChoiceField(
        label="Light model", widget=UnfoldAdminSelectWidget(), help_text="For everyday questions."
    )
    heavy = forms.ChoiceField(
        label="Heavy model",
        widget=UnfoldAdminSelectWidget(),
        help_text="For what needs thought; with one model on every route it is this one.",
    )
    window = forms.IntegerField(
        label="Window of models new to the catalogue, tokens",
        required=False,
        min_value=1024,
        max_value=100_000_000,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="Empty: what the provider says, else a cautious 32,768.",
    )

    def __init__(self, found: Sequence[Candidate], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in newest_first(found):
            groups.setdefault(one.spec.provider, []).append((one.spec.id, one.spec.label))
        for name in ("light", "heavy"):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = list(groups.items())

    def choice(self, prices: dict[str, tuple[Decimal, Decimal]]) -> Choice:
        """Return the valid form as a choice."""
        data = self.cleaned_data
        light = "" if data["preset"] == "one" else data["light"]
        return Choice(data["preset"], light, data["heavy"], prices, data["window"])


class PriceForm(forms.Form):
    """The price of one model that has none, USD for a million tokens; both or neither."""

    input = forms.DecimalField(
        label="Input", required=False, min_value=0, max_value=LARGEST_PRICE, max_digits=12, decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget(),
    )  # fmt: skip
    output = forms.DecimalField(
        label="Output", required=False, min_value=0, max_value=LARGEST_PRICE, max_digits=12, decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget(),
    )  # fmt: skip

    def __init__(self, *args: Any, proposed: KnownPrice | None = None, **kwargs: Any) -> None:
        self.source = proposed.source if proposed else ""
        if proposed is not None:
            kwargs["initial"] = {"input": proposed.ordinary.input, "output": proposed.ordinary.output}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and (data.get("input") is None) != (data.get("output") is None):
            raise forms.ValidationError("Give both prices, or none.")
        return data


@dataclass(frozen=True)
class OfferRow:
    """One model of the table of offers."""

    spec: ModelSpec
    window: str
    price: str
    marks: tuple[Mark, ...]


def set_up(request: HttpRequest) -> HttpResponse:
    """Show the offers and the form; a sent choice as its difference; publish only what was shown."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    if request.method == "POST" and "ask" in request.POST:
        request.session.pop(SESSION_KEY, None)
        return redirect(reverse("admin:setup_models"))
    context: dict[str, Any] = {**admin.site.each_context(request), "title": "Set up own models"}
    if not setup.providers():
        return TemplateResponse(request, "admin/desk/setup_models.html", {**context, "unconfigured": True})
    offers, at = _offers(request)
    found = setup.matched(offers)
    context.update(offers=_offer_views(offers, found), asked_at=at)
    if not found:
        return TemplateResponse(request, "admin/desk/setup_models.html", context)
    form = SetupForm(found, request.POST if request.method == "POST" else None, initial=_initial(found))
    context["form"] = form
    if form.is_bound and form.is_valid():
        published = _preview(request, form, offers, context)
        if published is not None:
            return published
    return TemplateResponse(request, "admin/desk/setup_models.html", context)


def _initial(found: Sequence[Candidate]) -> dict[str, str]:
    pair = default_pair(found, now().date())
    names = {"light": pair[0].spec.id, "heavy": pair[1].spec.id} if pair else {}
    return {"preset": recommended(found, now().date()), **names}


# ---- preview and publication ------------------------------------------------------------------------


def _preview(
    request: HttpRequest, form: SetupForm, offers: Sequence[ProviderOffer], context: dict[str, Any]
) -> HttpResponse | None:
    """Put the proposal into the page; publish it and return where to go when it is the one that was shown."""
    try:
        proposal = setup.prepare(offers, form.choice({}))
        priced = _price_forms(request, proposal)
        prices = {
            model: (price.cleaned_data["input"], price.cleaned_data["output"])
            for model, price in priced.items()
            if price.is_bound and price.is_valid() and price.cleaned_data["input"] is not None
        }
        proposal = setup.prepare(offers, form.choice(prices))
    except CannotPropose as problem:
        form.add_error(None, str(problem))
        return None
    sound = all(price.is_valid() for price in priced.values() if price.is_bound)
    new = [(spec, f"{spec.context_tokens:,}", priced.get(spec.id)) for spec in proposal.new_models]
    context.update(proposal=proposal, digest=_digest(proposal), new_models=new)
    context["preset_words"] = PRESET_WORDS[proposal.preset]
    if "publish" not in request.POST or not sound or proposal.serves_nothing:
        return None
    if request.POST.get("digest") != _digest(proposal):
        messages.warning(request, "The plan is another one now. Look at it once more, then publish.")
        return None
    return _publish(request, proposal)


def _price_forms(request: HttpRequest, proposal: Proposal) -> dict[str, PriceForm]:
    """Return a form for each model that would go on a ladder without a price."""
    return {
        spec.id: PriceForm(
            request.POST if f"{number}-input" in request.POST else None,
            prefix=str(number),
            proposed=known_of(spec.sent_id, spec.provider, now()),
        )
        for number, spec in enumerate(spec for spec in proposal.new_models if not spec.prices)
    }


def _digest(proposal: Proposal) -> str:
    return hashlib.sha256(repr(proposal).encode()).hexdigest()[:24]


def _publish(request: HttpRequest, proposal: Proposal) -> HttpResponse | None:
    try:
        config = setup.apply(proposal, request.user.get_username())
    except (setup.Stale, CannotPublish) as problem:
        messages.error(request, f"Nothing was changed. {problem}")
        return None
    if config is None:
        messages.info(request, "Nothing changes: the ladders are so already.")
        return redirect(reverse("admin:setup_models"))
    messages.success(request, f"Published as configuration {config.number}: the next question goes there.")
    return redirect(reverse("admin:routing_route_changelist"))


# ---- offers -----------------------------------------------------------------------------------------


def _offers(request: HttpRequest) -> tuple[tuple[ProviderOffer, ...], Any]:
    """Return the offers and when they were had: from the session while they are fresh, else by asking."""
    moment = now()
    kept = request.session.get(SESSION_KEY)
    names = [[one.name, one.base_url] for one in setup.providers()]
    if kept and moment.timestamp() - kept["at"] < KEPT_S and kept["providers"] == names:
        return tuple(_load(row) for row in kept["offers"]), type(moment).fromtimestamp(
            kept["at"], moment.tzinfo
        )
    offers = setup.ask_providers()
    request.session[SESSION_KEY] = {
        "at": moment.timestamp(),
        "providers": names,
        "offers": [asdict(offer) for offer in offers],
    }
    return offers, moment


def _load(row: dict[str, Any]) -> ProviderOffer:
    models = tuple(Listed(**model) for model in row["models"])
    return ProviderOffer(**{**row, "models": models, "named": tuple(row["named"])})


def _offer_views(offers: Sequence[ProviderOffer], found: Sequence[Candidate]) -> list[dict[str, Any]]:
    views = []
    for offer in offers:
        rows = [_row(one) for one in newest_first([o for o in found if o.spec.provider == offer.provider])]
        views.append(
            {
                "name": offer.provider,
                "host": host_of(offer.base_url),
                "problem": offer.problem,
                "rows": rows[:SHOWN],
                "more": rows[SHOWN:],
                "count": len(rows),
            }
        )
    return views


def _row(one: Candidate) -> OfferRow:
    today = now().date()
    ending = retirement(one.spec.retires_on, today)
    marks = [ending] if ending is not None else []
    if one.new:
        marks.append(Mark("New to the catalogue", "info"))
    price = price_words(one.spec, today)
    window = f"{one.spec.context_tokens:,}"
    return OfferRow(one.spec, window, price[:1].upper() + price[1:], tuple(marks))
