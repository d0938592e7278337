"""The admin pages of the chat; importing this package registers them."""

from assistant.admin import conversations, requests, retention, settings, users, visitor_data

__all__ = ["conversations", "requests", "retention", "settings", "users", "visitor_data"]
