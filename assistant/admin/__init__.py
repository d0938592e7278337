"""The admin pages of the chat; importing this package registers them."""

from assistant.admin import (
    conversations,
    requests,
    retention,
    settings,
    sites,
    transfer_cases,
    users,
    visitor_data,
)
from assistant.admin.site_secrets import known_claims
from assistant.selectors import plans
from routing.admin.budgets import PLAN_SOURCES
from routing.admin.conditions import CLAIM_SOURCES

PLAN_SOURCES.append(plans)
CLAIM_SOURCES.append(known_claims)

__all__ = [
    "conversations",
    "requests",
    "retention",
    "settings",
    "sites",
    "transfer_cases",
    "users",
    "visitor_data",
]
