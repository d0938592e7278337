"""Set up this desk's own models: ask the providers, read the tables, publish what was proposed."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from django.db import transaction

from common.clock import now
from common.env import ProviderEnv
from common.together import Late, together
from routing import publishing, transfer_runs
from routing.config import Config, ModelSpec, RouteSpec
from routing.errors import CallFailed
from routing.models import CatalogueModel, LadderStep, ModelPrice, Route
from routing.offers import Candidate, ProviderOffer, candidates
from routing.presets import Choice, Proposal, propose
from routing.providers import registry
from routing.providers.choosing import chats
from routing.providers.listing import Listed
from routing.providers.transport import list_models

# A list of several pages from a slow gateway; beyond it the others are not kept waiting.
LIST_S = 6.0
# Name look-ups have no timeout of their own, so the whole gets a little more than the request.
GRACE_S = 1.5

# What this set-up knows of a model it has made a row for; a later release's catalogue leaves it alone.
_OURS = ("provider", "wire", "asked_as", "max_tokens_field")

UNPUBLISHED = "Rules or routes have changes that are not published yet: publish or discard them first."


class Stale(Exception):
    """The ladders are not those that the proposal was made from; nothing was changed."""


# ---- asking ---------------------------------------------------------------------------------------


def providers() -> tuple[ProviderEnv, ...]:
    """Return the configured providers; the sandbox is none."""
    return registry.environment().providers


def ask_providers() -> tuple[ProviderOffer, ...]:
    """Return what each configured provider offers, asked all at once; the one that fails says why."""
    return ask(providers())


def ask(providers: Sequence[ProviderEnv]) -> tuple[ProviderOffer, ...]:
    """Return what these providers offer, in their order, within some seven seconds."""
    works = {one.name: (partial(_ask, one), LIST_S + GRACE_S) for one in providers}
    found = together(works)
    return tuple(_offer(one, found[one.name]) for one in providers)


def _ask(provider: ProviderEnv) -> tuple[Listed, ...] | str:
    try:
        return list_models(registry.target_of(provider), LIST_S)
    except CallFailed as failure:
        return failure.detail


def _offer(provider: ProviderEnv, found: tuple[Listed, ...] | str | Late) -> ProviderOffer:
    problem = ""
    models: tuple[Listed, ...] = ()
    if isinstance(found, Late):
        problem = f"{provider.name} did not answer within {found.after_s:g} s"
    elif isinstance(found, str):
        problem = found
    else:
        models = found
        if not any(chats(model.id) for model in models):
            problem = f"{provider.name} answered, and lists no chat model"
    return ProviderOffer(
        provider.name, provider.wire, provider.base_url, models, tuple(provider.models), problem
    )


# ---- reading --------------------------------------------------------------------------------------


def catalogue() -> list[ModelSpec]:
    """Return the catalogue as the tables hold it now."""
    return [publishing.model_spec(row) for row in CatalogueModel.objects.prefetch_related("prices")]


def routes() -> list[RouteSpec]:
    """Return the routes that are on, with their ladders as the tables hold them now."""
    rows = Route.objects.filter(enabled=True).prefetch_related("steps")
    return [publishing.route_spec(row) for row in rows]


def matched(offers: Sequence[ProviderOffer]) -> tuple[Candidate, ...]:
    """Return the models on offer, matched with the catalogue."""
    return candidates(offers, catalogue())


def prepare(offers: Sequence[ProviderOffer], choice: Choice) -> Proposal:
    """Return what `choice` would change now. Raises CannotPropose."""
    return propose(matched(offers), choice, routes(), now().date())


# ---- publishing -----------------------------------------------------------------------------------


def apply(proposal: Proposal, by: str) -> Config | None:
    """Publish a proposal as one configuration and return it; None when it changes nothing.

    Raises Stale when a ladder has changed since it was made, and CannotPublish; nothing is changed then.
    """
    if not proposal.changes:
        return None
    with transaction.atomic():
        _check_present(proposal)
        for spec in proposal.new_models:
            _create(spec)
        for priced in proposal.prices:
            _note_price(priced.model, {"input": priced.input, "output": priced.output})
        for plan in proposal.routes:
            if plan.changes:
                _replace_ladder(plan.slug, plan.after)
        _check_tested()
        names = " + ".join(dict.fromkeys((proposal.light, proposal.heavy)))
        return publishing.publish(by=by, note=f"Own models: preset {proposal.preset}, {names}")


def _check_present(proposal: Proposal) -> None:
    present = {route.slug: route.ladder for route in routes()}
    for plan in proposal.routes:
        if present.get(plan.slug) != plan.before:
            raise Stale(f"The ladder of {plan.name} was changed meanwhile.")
    if publishing.unpublished():
        # They would go into force with these ladders, unseen by whoever is making them.
        raise publishing.CannotPublish(UNPUBLISHED)


def _check_tested() -> None:
    """Refuse a model whose route asks for a transfer test that it has not passed."""
    before = publishing.newest_snapshot()
    known = transfer_runs.unmet(before) if before else []
    fresh = [each for each in transfer_runs.unmet(publishing.draft_content()) if each not in known]
    if fresh:
        raise publishing.CannotPublish(" ".join(f"{route}: {text}" for route, text in fresh))


def _create(spec: ModelSpec) -> None:
    fields = {name: value for name, value in asdict(spec).items() if name not in ("prices", "answers_as")}
    CatalogueModel.objects.get_or_create(
        id=fields.pop("id"),
        defaults={
            **fields,
            "label": spec.label[:80],
            "staff_edited": list(_OURS),
            "note": "Made by the set-up of own models: check its window, its limits and its price.",
        },
    )


def _note_price(model: str, amounts: dict[str, Any]) -> None:
    row = CatalogueModel.objects.get(pk=model)
    if row.prices.exists():
        raise Stale(f"{row} was given a price meanwhile.")
    ModelPrice.objects.create(model=row, effective_from=now().date(), input_above=0, **amounts)
    row.staff_edited = sorted({*row.staff_edited, "prices"})
    row.save(update_fields=["staff_edited"])


def _replace_ladder(slug: str, models: Sequence[str]) -> None:
    LadderStep.objects.filter(route_id=slug).delete()
    LadderStep.objects.bulk_create(
        LadderStep(route_id=slug, position=place, model_id=model) for place, model in enumerate(models)
    )
