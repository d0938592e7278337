"""What a request knows of its live chat, and who of the team has the inbox open."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class LiveState(models.TextChoices):
    """assistant/live_states.py says which leads to which."""

    NONE = "", "Not live"
    OFFERED = "offered", "Offered"
    WAITING = "waiting", "Waiting"
    WITH_STAFF = "with_staff", "With staff"
    BACK = "back", "Back with the assistant"
    CLOSED = "closed", "Closed"
    FAILED = "failed", "Nobody came"


class Live(models.Model):
    """The columns of a request's live chat; with defaults in the table, for the release before."""

    live = models.CharField(max_length=12, choices=LiveState.choices, blank=True, default="", db_default="")
    live_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    live_since = models.DateTimeField(null=True, blank=True, help_text="Since when it is in this state.")
    live_until = models.DateTimeField(null=True, blank=True, help_text="When waiting is given up.")
    live_offered_at = models.DateTimeField(null=True, blank=True)
    live_asked_at = models.DateTimeField(null=True, blank=True)
    live_taken_at = models.DateTimeField(null=True, blank=True, help_text="When it was taken first.")
    live_failed_at = models.DateTimeField(null=True, blank=True)
    live_ended_at = models.DateTimeField(null=True, blank=True)
    live_note = models.CharField(
        max_length=400,
        blank=True,
        default="",
        db_default="",
        help_text="For the team; visitors never see it.",
    )
    visitor_seen_at = models.DateTimeField(null=True, blank=True, help_text="When the chat was open last.")
    visitor_writing_at = models.DateTimeField(null=True, blank=True)
    staff_writing_at = models.DateTimeField(null=True, blank=True)
    person_rating = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=(MinValueValidator(1), MaxValueValidator(5)),
        help_text="1 to 5, by the visitor.",
    )
    person_rating_reason = models.CharField(max_length=400, blank=True, default="", db_default="")
    transcript_to = models.EmailField(
        blank=True, default="", db_default="", help_text="Where the visitor wants the transcript sent."
    )
    transcript_asked_at = models.DateTimeField(null=True, blank=True)
    transcript_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class StaffPresence(models.Model):
    """When a member of the team had the inbox open last."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seen_at:%H:%M:%S}"
