"""What readers of the metrics page keep: views under a name, and reports that are mailed to them."""

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """A choice of the metrics page under a name, for one person or for all who may see the page."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=600)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=["owner", "name"], name="one_saved_view_a_name_and_owner"),
        )

    def __str__(self) -> str:
        return self.name


class MailedReport(models.Model):
    """A choice whose figures one person has mailed to themselves; `next_at` and the tries are the queue."""

    class Every(models.TextChoices):
        DAY = "day", "Every day"
        WEEK = "week", "Every week"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=600)
    every = models.CharField(max_length=4, choices=Every.choices, default=Every.WEEK)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; only for every week.")
    at_time = models.TimeField(help_text="By the desk's clock.")
    active = models.BooleanField(default=True)
    next_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ("next_at", "id")

    def __str__(self) -> str:
        return f"{self.name}, {self.get_every_display().lower()}"
