"""How long data is kept, what was deleted because of it, and who exported or erased a visitor's."""

from django.db import models


class RetentionPolicy(models.Model):
    """One row: the days each class of data is kept. Defaults and reasons: assistant.privacy.classes."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    conversations = models.PositiveSmallIntegerField(default=365)
    requests = models.PositiveSmallIntegerField(default=730)
    asked_questions = models.PositiveSmallIntegerField(default=365)
    stored_answers = models.PositiveSmallIntegerField(default=30)
    partial_outputs = models.PositiveSmallIntegerField(default=30)
    ledger = models.PositiveSmallIntegerField(default=400)
    staff_log = models.PositiveSmallIntegerField(default=365)
    sign_in_log = models.PositiveSmallIntegerField(default=90)
    uploads = models.PositiveSmallIntegerField(default=30)
    drafts = models.PositiveSmallIntegerField(default=180)
    ran_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "retention"

    def __str__(self) -> str:
        return "Retention"


class Deletion(models.Model):
    """How many rows of one class of data were deleted on one day because their time was over."""

    day = models.DateField(db_index=True)
    kind = models.CharField(max_length=20)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-day", "kind")
        constraints = (models.UniqueConstraint(fields=["day", "kind"], name="one_count_a_day_and_class"),)

    def __str__(self) -> str:
        return f"{self.day} {self.kind}: {self.count}"


class VisitorDataAction(models.Model):
    """That somebody exported or erased a visitor's data: who, when, how much, and a hash for the id."""

    class Action(models.TextChoices):
        EXPORT = "export", "Exported"
        ERASE = "erase", "Erased"

    action = models.CharField(max_length=8, choices=Action.choices)
    visitor_hash = models.CharField(max_length=64, db_index=True)
    by = models.CharField(max_length=150, help_text="A staff account, “the visitor”, or “command line”.")
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at",)
        verbose_name = "export or erasure"
        verbose_name_plural = "exports and erasures"
        permissions = (
            ("export_visitor_data", "Can export a visitor's data"),
            ("erase_visitor_data", "Can erase a visitor's data"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.at:%Y-%m-%d %H:%M}"
