"""What the daily check of the catalogue has found and nobody has mended yet."""

from django.db import models
from django.db.models import Q


class CatalogueNotice(models.Model):
    """One thing about one model that staff should act on; it closes itself once it no longer holds."""

    class Kind(models.TextChoices):
        RETIRED = "retired", "Retired"
        NOT_FOUND = "not_found", "Not known to its provider"
        OTHER_MODEL = "other_model", "Another model answers"
        RETIRES = "retires", "Retires soon"

    model = models.CharField("model id", max_length=120, db_index=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    detail = models.CharField(max_length=500, help_text="What was seen, and what to do.")
    count = models.PositiveIntegerField(default=1, help_text="Checks that have found it.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ("-first_seen",)
        constraints = (
            models.UniqueConstraint(
                fields=["model", "kind"], condition=Q(closed_at=None), name="one_open_notice_a_model_and_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model}: {self.get_kind_display()}"
