"""The admin pages of the chat; importing this package registers them."""

from assistant.admin import conversations, retention, settings, users, visitor_data

__all__ = ["conversations", "retention", "settings", "users", "visitor_data"]
