import gc
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AssistantConfig(AppConfig):
    name = "assistant"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # This app is the last one, so the permissions of all others exist when its turn comes.
        post_migrate.connect(set_roles, sender=self)
        # What is loaded by now stays until the end: it is not searched for garbage while replies stream.
        gc.freeze()
        gc.enable()


def set_roles(**_: Any) -> None:
    """Give the groups their rights after each migrate, so that a new model has its rights at once."""
    from assistant.roles import ensure_roles

    ensure_roles()
