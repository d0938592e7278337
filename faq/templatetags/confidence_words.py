"""Shares of one as the page on the FAQ's confidence writes them."""

from typing import Any

from django import template

from faq import notices
from faq.calibration_words import percent

register = template.Library()


@register.filter(name="percent")
def percent_filter(share: float) -> str:
    """Return a share of 1 in per cent."""
    return percent(share)


@register.filter
def between(bounds: tuple[float, float]) -> str:
    """Return the two bounds of a share in words."""
    return f"between {percent(bounds[0], 0)} and {percent(bounds[1], 0)}"


@register.inclusion_tag("faq/_notices.html", takes_context=True)
def faq_notices(context: dict[str, Any]) -> dict[str, Any]:
    """Show what stands against the matcher, with the way to the page on it for who may see that."""
    linked = context["request"].user.has_perm("faq.view_calibration")
    return {"notices": notices.notices(), "linked": linked}
