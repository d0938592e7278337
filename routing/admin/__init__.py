"""The admin pages of routing; importing this package registers them."""

from routing.admin import calls, catalogue, routes, rules, stored_answers, trail

__all__ = ["calls", "catalogue", "routes", "rules", "stored_answers", "trail"]
