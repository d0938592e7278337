"""The admin pages of routing; importing this package registers them."""

from routing.admin import calls, catalogue, routes, rules, trail

__all__ = ["calls", "catalogue", "routes", "rules", "trail"]
