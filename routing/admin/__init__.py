"""The admin pages of routing; importing this package registers them."""

from routing.admin import budgets, calls, catalogue, flips, routes, rules, stored_answers, trail

__all__ = ["budgets", "calls", "catalogue", "flips", "routes", "rules", "stored_answers", "trail"]
