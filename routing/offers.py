"""Which models this desk could put on a ladder: what the providers offer, matched with the catalogue.

Pure. A model that the catalogue has is taken as its row; one that it does not have gets a row with
cautious limits, or with those that its provider tells, and without a price.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from routing.config import ModelSpec, Tier
from routing.defaults import HEAVY, LITE
from routing.ladder import answers_for
from routing.providers.choosing import age, chats, known_as, light, unknown_model
from routing.providers.listing import Listed


@dataclass(frozen=True)
class ProviderOffer:
    """What one configured provider says it serves; `problem` says why it said nothing usable.

    `named` are the models that the environment names for it, which need not be on its list.
    """

    provider: str
    wire: str
    base_url: str
    models: tuple[Listed, ...] = ()
    named: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Candidate:
    """One model that could stand on a ladder; `new` ones have no row in the catalogue yet."""

    spec: ModelSpec
    offered: str
    new: bool
    listed: bool = True
    created: int = field(default=0, compare=False)


def candidates(offers: Sequence[ProviderOffer], catalogue: Sequence[ModelSpec]) -> tuple[Candidate, ...]:
    """Return the chat models on offer, each once, in the order of providers and their lists."""
    found: dict[str, Candidate] = {}
    for offer in offers:
        listed = {model.id: model for model in offer.models}
        named = [Listed(name) for name in offer.named if name not in listed]
        for model in (*named, *listed.values()):
            if not chats(model.id) and model.id not in offer.named:
                continue
            candidate = _candidate(offer, model, catalogue, found)
            kept = found.get(candidate.spec.id)
            if kept is None or candidate.offered == candidate.spec.sent_id:
                found[candidate.spec.id] = replace(candidate, listed=model.id in listed)
    return tuple(found.values())


def _candidate(
    offer: ProviderOffer, model: Listed, catalogue: Sequence[ModelSpec], taken: Container[str]
) -> Candidate:
    own = [row for row in catalogue if row.provider == offer.provider and row.wire == offer.wire]
    exact = [row for row in own if model.id == row.sent_id]
    for row in exact or [row for row in own if answers_for(row, model.id)]:
        return Candidate(row, model.id, new=False, created=model.created)
    twin = known_as(model.id, catalogue)
    spec = _spec(offer, model, twin)
    # Ids are unique in the catalogue, so what another provider's row is called already is told apart.
    if any(row.id == spec.id for row in catalogue) or spec.id in taken:
        spec = replace(spec, id=f"{offer.provider}/{model.id}", asked_as=model.id)
    return Candidate(spec, model.id, new=True, created=model.created)


def _spec(offer: ProviderOffer, model: Listed, twin: ModelSpec | None) -> ModelSpec:
    """Return a row for an unknown model; a known model that somebody else sells lends its size and life."""
    tier: Tier = twin.tier if twin else "lite" if light(model.id) else "heavy"
    spec = unknown_model(offer.provider, offer.wire, offer.base_url, model.id, tier)
    if twin is not None:
        spec = replace(
            spec,
            label=f"{twin.label} ({offer.provider})",
            context_tokens=twin.context_tokens,
            max_output_tokens=twin.max_output_tokens,
            released_on=twin.released_on,
            retires_on=twin.retires_on,
        )
    return replace(
        spec,
        context_tokens=model.context_tokens or spec.context_tokens,
        max_output_tokens=model.max_output_tokens or spec.max_output_tokens,
    )


def retired(spec: ModelSpec, today: date) -> bool:
    """Return whether a model's last day has come."""
    return spec.retires_on is not None and spec.retires_on <= today


def default_pair(found: Sequence[Candidate], today: date) -> tuple[Candidate, Candidate] | None:
    """Return the light and the heavy model that are proposed when nobody names one; None of none.

    The release's own choice comes first, then what the catalogue knows, then the newest. With a single
    model both are the same.
    """
    living = [one for one in found if not retired(one.spec, today)] or list(found)
    if not living:
        return None
    return _best(living, ("lite", "standard", "heavy"), LITE), _best(
        living, ("heavy", "standard", "lite"), HEAVY
    )


def _best(found: Sequence[Candidate], tiers: tuple[str, ...], preferred: tuple[str, ...]) -> Candidate:
    def order(one: Candidate) -> tuple[int, int, bool, int, tuple[int, ...]]:
        day, version = age(one.offered, one.created, None if one.new else one.spec)
        name = one.spec.sent_id.rpartition("/")[2]  # a gateway's is as good as the vendor's own
        rank = preferred.index(name) if name in preferred else len(preferred)
        tier = tiers.index(one.spec.tier) if one.spec.tier in tiers else len(tiers)
        return rank, tier, one.new, -day, tuple(-number for number in version)

    return min(found, key=order)
