"""The admin pages of the chat; importing this package registers them."""

from assistant.admin import conversations, requests, retention, settings, transfer_cases, users, visitor_data
from assistant.selectors import plans
from routing.admin.budgets import PLAN_SOURCES

PLAN_SOURCES.append(plans)

__all__ = ["conversations", "requests", "retention", "settings", "transfer_cases", "users", "visitor_data"]
