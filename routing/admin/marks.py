"""What is to be said about a model at a glance: does it live, can it be asked, what does it cost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from routing import breaker
from routing.checks import SMALLER
from routing.models import CatalogueModel, ModelPrice
from routing.providers import registry
from routing.publishing import model_spec

# Six weeks and a bit: time to try a successor, compare it and change the ladders.
RETIRES_SOON_DAYS = 45


@dataclass(frozen=True)
class Mark:
    """A short statement and how it is coloured: good, bad, warn, info or plain."""

    text: str
    kind: str


def retirement(retires_on: date | None, today: date) -> Mark | None:
    """Return the mark of a model that is retired or will be within RETIRES_SOON_DAYS, else None."""
    if retires_on is None:
        return None
    left = (retires_on - today).days
    if left <= 0:
        return Mark(f"Retired on {retires_on:%-d %b %Y}", "bad")
    if left <= RETIRES_SOON_DAYS:
        return Mark(f"Retires in {left} {'day' if left == 1 else 'days'}", "bad")
    return None


def key_status(model: CatalogueModel) -> Mark:
    """Return whether the model can be asked on this desk, and why not."""
    spec = model_spec(model)
    reason = registry.configured(spec)
    if reason is not None:
        return Mark(reason[:1].upper() + reason[1:], "warn")
    if breaker.status(spec) is not None:
        return Mark("Left alone just now", "bad")  # the page Breakers says why
    return Mark("Sandbox answers", "info") if registry.sandbox_active() else Mark("Ready", "good")


def current_price(prices: Sequence[ModelPrice], today: date) -> ModelPrice | None:
    """Return the price for ordinary prompts that holds on `today`, None when there is none."""
    holding = [price for price in prices if price.effective_from <= today and price.input_above == 0]
    return max(holding, key=lambda price: price.effective_from, default=None)


def dollars(amount: Decimal) -> str:
    """Return USD per million tokens with as many decimals as it needs, two at least."""
    text = f"{amount.normalize():f}"
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def price_words(price: ModelPrice | None) -> str:
    """Return a price as staff read it: input and output, USD for a million tokens."""
    if price is None:
        return "No price"
    return f"{dollars(price.input)} in, {dollars(price.output)} out"


def step_marks(model: CatalogueModel, today: date, allowed: Collection[str] = ()) -> list[Mark]:
    """Return what stands in the way of one ladder step, the worst first; empty for a good one.

    `allowed` are the providers that its route may ask, none for all.
    """
    marks: list[Mark] = []
    if allowed and model.provider not in allowed:
        marks.append(Mark("Not allowed on this route", "bad"))
    retired = retirement(model.retires_on, today)
    if retired is not None:
        marks.append(retired)
    status = key_status(model)
    if status.kind in {"warn", "bad"}:
        marks.append(status)
    if current_price(list(model.prices.all()), today) is None:
        marks.append(Mark("No price", "warn"))
    return marks


def ladder_warnings(
    models: Sequence[CatalogueModel], today: date, allowed: Collection[str] = (), promises: bool = False
) -> list[str]:
    """Return what staff should know about a ladder they have just saved, one sentence each.

    `promises` says that its route promises a second provider.
    """
    if not models:
        return ["This route has no model on its ladder, so it cannot answer."]
    warnings = [
        f"{model} is skipped: {model.provider} is not allowed on this route."
        for model in models
        if allowed and model.provider not in allowed
    ]
    for model in models:
        if current_price(list(model.prices.all()), today) is None:
            warnings.append(f"{model} has no price, so its cost and the daily cap cannot be reckoned.")
        retired = retirement(model.retires_on, today)
        if retired is not None:
            successor = f" Its successor is {model.replaced_by}." if model.replaced_by else ""
            warnings.append(f"{model}: {retired.text[:1].lower()}{retired.text[1:]}.{successor}")
        if model.context_tokens < SMALLER * models[0].context_tokens:
            warnings.append(
                f"{model} takes {model.context_tokens:,} tokens and {models[0]}, which it stands in for, "
                f"takes {models[0].context_tokens:,}: a long conversation may not fit."
            )
    providers = {model.provider for model in models if not allowed or model.provider in allowed}
    if promises and len(providers) == 1:
        warnings.append(
            f"This route promises a second provider, and its ladder has models of {providers.pop()} only."
        )
    if all(key_status(model).kind == "warn" for model in models):
        warnings.append("No model on this ladder can be asked: no key is set for any of their providers.")
    return warnings
