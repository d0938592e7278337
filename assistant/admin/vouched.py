"""Who a visitor is by the word of a site, as pages about a conversation or a request show it."""

from typing import Any

from assistant.models import Site, Visitor
from routing.signals import claims_of


def vouched(visitor: Visitor) -> dict[str, Any]:
    """Return what `_vouched.html` shows of a visitor: nothing, unless a site has said who it is."""
    if not visitor.external_id:
        return {"visitor": visitor}
    name = Site.objects.filter(key=visitor.site).values_list("name", flat=True).first()
    claims = [(name.replace("_", " "), value) for name, value in claims_of(visitor.claims)]
    return {"visitor": visitor, "vouched_by": name or visitor.site, "visitor_claims": claims}
