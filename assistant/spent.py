"""What a message gets whose budget is spent: a cheaper model, the FAQ alone, or a person."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from assistant import fixed_replies, words
from assistant.limits import AnswersSpent
from common.clock import now
from routing.caps import ALL, PLAN
from routing.config import Config, ModelSpec, RouteSpec, WhenSpent
from routing.cost import reserve_of
from routing.dispatch import Job, first_attempt
from routing.errors import BudgetExhausted
from routing.ladder import output_cap, usable_steps
from routing.providers import registry

KEY = "budget"  # of the decision record
SENDER = "visitor"  # the scope of the limits of one visitor, session or address
TIERS = ("none", "lite", "standard", "heavy")


@dataclass(frozen=True)
class Spent:
    """Which budget is spent, until when, what staff read of it and, where it differs, what the visitor.

    `never`: the budget cannot hold one such answer at all, so nobody is told when there are more.
    """

    scope: str
    period: str
    ends_at: datetime
    why: str
    said: str = ""
    never: bool = False

    @property
    def until(self) -> datetime | None:
        """Return when answers come again, None for never."""
        return None if self.never else self.ends_at

    @classmethod
    def of(cls, error: BudgetExhausted) -> "Spent":
        """Return what an error says."""
        return cls(error.scope, error.period, error.ends_at or now(), str(error), never=error.never)

    @classmethod
    def of_sender(cls, limited: AnswersSpent, language: str) -> "Spent":
        """Return what the limits of a visitor, session or address say of a message that has waited."""
        ends_at = now() + timedelta(seconds=limited.retry_after)
        said = words.words(language).answers_spent
        why = "The answers of models for this visitor are used up for a while."
        return cls(
            SENDER, "hour", ends_at, why, said.format(wait=words.wait_text(limited.retry_after, language))
        )

    @property
    def whole_day(self) -> bool:
        """Return whether it is the desk's own money of the day, so that no model at all can be asked."""
        return (self.scope, self.period) == (ALL, "day")

    def record(self, instead: str, job: Job | None = None) -> dict[str, Any]:
        """Return what the decision record keeps: the budget, and what the visitor got instead."""
        asked = {"model": job.steps[0].id, "paid_by": job.paid_by} if job else {}
        return {
            "scope": self.scope,
            "period": self.period,
            "ends_at": self.ends_at.isoformat(),
            "why": self.why,
            "instead": instead,
            **asked,
        }

    def text(
        self, instead: str, settings: Mapping[str, Any], offered: bool, language: str, at: datetime
    ) -> str:
        """Return the Markdown of a reply that asks no model."""
        if instead == "message":
            return fixed_replies.spent_person(settings, self.until, language, at)
        return fixed_replies.no_model(settings, language, at, offered)

    def notice(self, instead: str, settings: Mapping[str, Any], language: str) -> str:
        """Return the words under the reply: until when no model can be asked; "" where its text says it."""
        if instead == "message":
            return ""
        return self.said or fixed_replies.spent_notice(settings, self.until, self.whole_day, language)


def way_of(route: RouteSpec, config: Config, spent: Spent) -> WhenSpent:
    """Return what staff want done: the plan's wish where the plan's money is spent, else the route's.

    A cheaper model is no help to a sender who has used up their share.
    """
    if spent.scope == SENDER:
        return "faq"
    plan = config.plans.get(spent.scope.removeprefix(PLAN)) if spent.scope.startswith(PLAN) else None
    return plan.when_spent if plan else route.when_spent


def cheaper(job: Job) -> Iterator[Job]:
    """Yield the job for cheaper models, the cheapest first, with the first attempt to be reserved.

    They are those of a lower tier on the ladders of other routes, as far as the job's own route allows
    their providers; the budgets of the route whose ladder it is pay. Models without a price come last.
    """
    today, found = now().date(), list[tuple[bool, int, Job]]()
    for donor in job.config.routes.values():
        if donor.slug == job.route.slug or donor.kind != "model" or not donor.enabled:
            continue
        steps = _lower_steps(job, donor, today)
        if steps:
            price = _price(job, steps[0], today)
            found.append((price is None, price or 0, replace(job, steps=steps, paid_by=donor.slug)))
    for *_, lower in sorted(found, key=lambda each: each[:2]):
        yield replace(lower, first=first_attempt(lower))


def _lower_steps(job: Job, donor: RouteSpec, today: date) -> tuple[ModelSpec, ...]:
    """Return the usable models of a ladder that are of a lower tier than the job's, the cheapest first."""
    below = TIERS.index(job.route.tier)
    view = replace(donor, allowed_providers=job.route.allowed_providers)
    ladder = usable_steps(view, job.config.models, registry.usable, (), today)
    models = [step.model for step in ladder if step.usable and TIERS.index(step.model.tier) < below]
    fitting = [model for model in models if _tokens(job, model) + _cap(job, model) <= model.context_tokens]
    return tuple(sorted(fitting, key=lambda model: _order(_price(job, model, today))))


def _order(price: int | None) -> tuple[bool, int]:
    return price is None, price or 0


def _price(job: Job, model: ModelSpec, today: date) -> int | None:
    return reserve_of(model, _tokens(job, model), _cap(job, model), today)


def _tokens(job: Job, model: ModelSpec) -> int:
    return math.ceil(job.prompt_tokens * model.token_factor)


def _cap(job: Job, model: ModelSpec) -> int:
    return output_cap(model, job.request.max_output_tokens)
