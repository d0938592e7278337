"""The admin pages of the chat; importing this package registers them."""

from assistant.admin import conversations, settings, users

__all__ = ["conversations", "settings", "users"]
