"""Visitors, their conversations, and every reply with the state that exactly one writer may end."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from assistant.backtest_models import BacktestRow, BacktestRun
from assistant.flow_models import (  # noqa: F401 - Django looks for an app's models here
    Flow,
    FlowExample,
    FlowPart,
    FlowRun,
    QuestionFile,
)
from assistant.live_models import LiveState, StaffPresence
from assistant.privacy_models import Deletion, RetentionPolicy, VisitorDataAction
from assistant.request_models import Mailed, Message, Request, RequestEvent, RequestSummary, Transcript
from assistant.settings_models import AssistantSettings
from assistant.site_models import KnownClaim, Site, SiteSecret, UsedToken
from common.clock import now
from routing.models import Purpose, Tier

__all__ = [
    "AssistantSettings",
    "BacktestRow",
    "BacktestRun",
    "Conversation",
    "Deletion",
    "KnownClaim",
    "LiveState",
    "Mailed",
    "Message",
    "Reply",
    "Request",
    "RequestEvent",
    "RequestSummary",
    "RetentionPolicy",
    "Site",
    "SiteSecret",
    "StaffPresence",
    "Transcript",
    "Turn",
    "UsedToken",
    "Visitor",
    "VisitorDataAction",
    "Worker",
]


class Worker(models.Model):
    """A web process that owns replies for as long as it renews its lease."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    boot = models.CharField(max_length=80)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.boot


class Visitor(models.Model):
    """The owner of conversations: a browser session, or a person whom the site has vouched for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.SlugField(max_length=40, default="default")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    plan = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=12, blank=True)
    claims = models.JSONField(default=dict, blank=True)
    # What the site said in its last token; with defaults in the table, as of `Reply.takeovers`.
    external_id = models.CharField(max_length=120, blank=True, default="", db_default="")
    name = models.CharField(max_length=120, blank=True, default="", db_default="")
    email = models.CharField(max_length=254, blank=True, default="", db_default="")
    identified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (
            models.Index(fields=["plan"], condition=~Q(plan=""), name="visitors_with_a_plan"),
            models.Index(fields=["email"], condition=~Q(email=""), name="visitors_with_an_email"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["site", "external_id"],
                condition=~Q(external_id=""),
                name="a_person_of_a_site_is_one_visitor",
            ),
        )

    def __str__(self) -> str:
        return self.name or f"visitor {str(self.id)[:8]}"

    @property
    def is_person(self) -> bool:
        """Return whether somebody else than the browser says who this is: a site, or a sign-in here."""
        return bool(self.external_id) or self.user_id is not None


class Conversation(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "Open"
        WAITING = "waiting", "Waiting for a person"
        WITH_STAFF = "with_staff", "With staff"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="conversations")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.VISITOR)
    title = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    # Up to when the visitor has seen what staff wrote; none of a process of an older release: its beginning.
    read_at = models.DateTimeField(null=True, default=now, editable=False)

    class Meta:
        ordering = ("-updated_at",)
        indexes = (
            # What staff look for among a million that are open or closed.
            models.Index(
                fields=["state", "-updated_at"],
                condition=Q(state__in=("waiting", "with_staff")),
                name="conversations_of_people",
            ),
            models.Index(
                fields=["purpose", "-updated_at"],
                condition=~Q(purpose="visitor"),
                name="conversations_not_visitors",
            ),
        )
        permissions = (("try_question", "Can try a question"),)

    def __str__(self) -> str:
        return self.title or f"conversation {str(self.id)[:8]}"


class Turn(models.Model):
    """One message of a visitor and everything done to answer it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="turns")
    ordinal = models.PositiveIntegerField()
    client_message_id = models.CharField(max_length=64)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("ordinal",)
        constraints = (
            models.UniqueConstraint(fields=["visitor", "client_message_id"], name="a_message_is_stored_once"),
            models.UniqueConstraint(fields=["conversation", "ordinal"], name="turns_stand_in_order"),
        )

    def __str__(self) -> str:
        return self.text[:60]


class Reply(models.Model):
    """One answer to a turn. A terminal reply is never reopened; a retry makes another one."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        STREAMING = "streaming", "Streaming"
        COMPLETED = "completed", "Completed"
        TRUNCATED = "truncated", "Truncated"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Stopped"
        REFUSED = "refused", "Refused"

    class Cause(models.TextChoices):
        FIRST = "first", "First answer"
        RETRY = "retry", "Retry"
        CONTINUE = "continue", "Continue"
        ESCALATION = "escalation", "Escalation"
        CHOICE = "choice", "Did you mean"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="replies")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="replies")
    ordinal = models.PositiveSmallIntegerField(default=1)
    cause = models.CharField(max_length=12, choices=Cause.choices, default=Cause.FIRST)
    continues = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    excluded_entry = models.CharField(max_length=40, blank=True)

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    ended_by = models.CharField(max_length=12, blank=True)
    owner = models.UUIDField(null=True, db_index=True)
    epoch = models.PositiveIntegerField(default=1)
    # With a default in the table, as processes of the release before write rows beside us while we restart.
    takeovers = models.PositiveSmallIntegerField(default=0, db_default=0)
    seq = models.PositiveIntegerField(default=0)
    stop_requested = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    notice = models.CharField(max_length=400, blank=True)

    route = models.CharField(max_length=40, blank=True)
    tier = models.CharField(max_length=10, choices=Tier.choices, default=Tier.NONE)
    label = models.CharField(max_length=80, blank=True)
    answering_model = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.VISITOR)
    decision = models.JSONField(default=dict)
    config_number = models.PositiveIntegerField(default=0)
    prompt_version = models.CharField(max_length=40, blank=True)
    matcher_version = models.CharField(max_length=40, blank=True)

    escalated = models.BooleanField(default=False)
    continued = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    first_text_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)

    rating = models.SmallIntegerField(null=True, help_text="1 up, -1 down.")
    rating_reason = models.CharField(max_length=40, blank=True)
    rating_comment = models.CharField(max_length=1000, blank=True)
    resolved = models.BooleanField(null=True)

    class Meta:
        ordering = ("ordinal",)
        verbose_name_plural = "replies"
        indexes = (
            # What the list of conversations is narrowed by, newest first; each but the first holds few rows.
            models.Index(fields=["route", "-created_at"], name="replies_of_a_route"),
            models.Index(fields=["rating", "-created_at"], condition=~Q(rating=None), name="replies_rated"),
            models.Index(
                fields=["state", "-created_at"], condition=~Q(state="completed"), name="replies_not_completed"
            ),
            models.Index(
                fields=["-created_at"], condition=Q(ended_by="budget"), name="replies_out_of_budget"
            ),
            models.Index(
                fields=["-created_at"],
                condition=Q(escalated=True) | Q(cause="escalation"),
                name="replies_escalated",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["turn", "ordinal"], name="replies_of_a_turn_stand_in_order"),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(state="streaming"),
                name="one_streaming_reply_a_conversation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.route or 'undecided'} {self.state}"
