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
from assistant.privacy_models import Deletion, RetentionPolicy, VisitorDataAction
from routing.models import Purpose, Tier

__all__ = [
    "AssistantSettings",
    "BacktestRow",
    "BacktestRun",
    "Conversation",
    "Deletion",
    "Mailed",
    "Message",
    "Reply",
    "Request",
    "RetentionPolicy",
    "Turn",
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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=["plan"], condition=~Q(plan=""), name="visitors_with_a_plan"),)

    def __str__(self) -> str:
        return f"visitor {str(self.id)[:8]}"


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


class Mailed(models.Model):
    """What became of the mail about a row; the reason is in words that staff can act on."""

    class MailState(models.TextChoices):
        NONE = "none", "No mail"
        PENDING = "pending", "To be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        NOT_CONFIGURED = "not_configured", "No mail set up"

    mail_state = models.CharField(
        max_length=16, choices=MailState.choices, default=MailState.PENDING, db_index=True
    )
    mail_reason = models.CharField(max_length=400, blank=True)
    mail_tried_at = models.DateTimeField(null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True


class Request(Mailed):
    """A visitor's wish for a person, to be answered by e-mail. The mail state is that of the staff's mail."""

    class State(models.TextChoices):
        NEW = "new", "New"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"

    class Reason(models.TextChoices):
        ASKED = "asked", "Asked for a person"
        BUTTON = "button", "Pressed the button"
        FAILED = "failed", "The answer failed"
        BUDGET = "budget", "The day's budget was spent"
        ACCOUNT = "account", "Bound to an account"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(unique=True, help_text="1, 2, 3: what people call it by.")
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="requests")
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    reply = models.ForeignKey(
        Reply, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    client_request_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    email = models.EmailField("e-mail")
    text = models.TextField()
    language = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW, db_index=True)
    answer_by = models.DateTimeField(
        null=True, blank=True, help_text="When an answer was promised for; empty is no promise."
    )
    answers = models.PositiveSmallIntegerField(default=0, help_text="How often staff have answered.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["visitor", "client_request_id"], name="a_request_is_stored_once"),
        )

    def __str__(self) -> str:
        return f"Request no. {self.number}"


class Message(Mailed):
    """What staff, or the desk itself, wrote into a conversation: no turn, and no model."""

    class Author(models.TextChoices):
        STAFF = "staff", "Staff"
        SYSTEM = "system", "System"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    request = models.ForeignKey(
        Request, null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    after_turn = models.ForeignKey(Turn, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    author = models.CharField(max_length=8, choices=Author.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return self.text[:60]


class AssistantSettings(models.Model):
    """The one row in which the team says who the assistant is; part of every prompt's version."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=60, default="Support assistant")
    greeting = models.CharField(max_length=300, default="Ask me anything about our product.")
    tone = models.CharField(max_length=300, blank=True)
    house_instructions = models.TextField(blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="Where a person can be reached.")
    privacy_url = models.URLField(blank=True)
    link_hosts = models.TextField(
        blank=True, help_text="Hosts that answers may link to, one a line; other links become plain text."
    )
    time_zone = models.CharField(max_length=60, default="UTC")
    hours = models.CharField(max_length=120, blank=True, help_text="When people answer, in words.")
    opening_hours = models.TextField(blank=True)
    closed_on = models.TextField(blank=True)
    answer_within_hours = models.PositiveSmallIntegerField(default=8)
    confirm_requests = models.BooleanField(default=True)
    staff_email = models.EmailField(blank=True)
    alert_emails = models.TextField(blank=True)
    daily_cost_cap_usd = models.DecimalField(max_digits=10, decimal_places=4, default=5)
    monthly_cost_cap_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    visitor_messages_a_minute = models.PositiveIntegerField(default=60)
    address_messages_a_minute = models.PositiveIntegerField(default=1200)
    visitor_usd_an_hour = models.DecimalField(
        max_digits=10, decimal_places=4, default=1, null=True, blank=True
    )
    address_usd_an_hour = models.DecimalField(
        max_digits=10, decimal_places=4, default=5, null=True, blank=True
    )
    label_faq = models.CharField(max_length=60, default="Approved answer")
    label_lite = models.CharField(max_length=60, default="AI answer")
    label_heavy = models.CharField(max_length=60, default="AI answer, larger model")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "assistant settings"

    def __str__(self) -> str:
        return "Assistant settings"
