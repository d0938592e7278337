"""Requests for a person: the wish, what was written about it, and what happened to it and when."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from assistant.live_models import Live


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


class Request(Live, Mailed):
    """A visitor's wish for a person, answered live or by e-mail. The mail state is that of the staff's mail.

    The address is empty for a live chat whose visitor has left none.
    """

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
    visitor = models.ForeignKey("assistant.Visitor", on_delete=models.CASCADE, related_name="requests")
    conversation = models.ForeignKey(
        "assistant.Conversation", null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    reply = models.ForeignKey(
        "assistant.Reply", null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    client_request_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    email = models.EmailField("e-mail", blank=True)
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
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(live__in=("offered", "waiting", "with_staff")),
                name="one_live_chat_a_conversation",
            ),
        )
        indexes = (
            # What every process asks each second: a handful among all requests there ever were.
            models.Index(
                fields=["live", "live_since"],
                condition=Q(live__in=("offered", "waiting", "with_staff")),
                name="requests_live_now",
            ),
            # All that the people's figures (person/inbox_figures.py) count, so that they touch no row.
            models.Index(
                fields=[
                    "created_at",
                    "live_asked_at",
                    "live_taken_at",
                    "live_failed_at",
                    "answered_at",
                    "answer_by",
                    "state",
                    "live",
                    "person_rating",
                ],
                name="requests_in_figures",
            ),
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
        "assistant.Conversation", null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    request = models.ForeignKey(
        Request, null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    after_turn = models.ForeignKey(
        "assistant.Turn", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author = models.CharField(max_length=8, choices=Author.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Given by the page of who wrote it, so that sending it twice stores it once; empty for our own words.
    client_message_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["request", "client_message_id"],
                condition=~Q(client_message_id=""),
                name="a_message_of_staff_is_stored_once",
            ),
        )

    def __str__(self) -> str:
        return self.text[:60]


class Transcript(Mailed):
    """A conversation that was sent by e-mail, or is about to be: to whom, and at whose wish."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        "assistant.Conversation", on_delete=models.CASCADE, related_name="transcripts"
    )
    email = models.EmailField("e-mail")
    language = models.CharField(max_length=12, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who of the staff sent it; empty when its visitor asked for it.",
    )
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"transcript to {self.email}"


class RequestEvent(models.Model):
    """One thing that happened to a request, with what became of telling a help desk, if one is set up.

    No words of the visitor stand here: what is posted is read from its rows when it goes out.
    """

    class Kind(models.TextChoices):
        CREATED = "created", "Asked for a person"
        OFFERED = "offered", "Live chat offered"
        DECLINED = "declined", "Offer declined"
        TAKEN = "taken", "Taken"
        RELEASED = "released", "Released to colleagues"
        MESSAGE = "message", "Wrote"
        ANSWERED = "answered", "Answered by e-mail"
        BACK = "back", "Handed back to the assistant"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Made new again"
        FAILED = "failed", "Nobody came"
        RATED = "rated", "Rated"
        TEST = "test", "Test"

    class Told(models.TextChoices):
        NONE = "none", "No help desk"
        PENDING = "pending", "To be told"
        SENT = "sent", "Told"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(
        Request, null=True, blank=True, on_delete=models.CASCADE, related_name="events"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=1000, blank=True)
    about = models.UUIDField(null=True, blank=True, help_text="Of a message: its row, or its turn's.")
    created_at = models.DateTimeField()

    told = models.CharField(max_length=8, choices=Told.choices, default=Told.NONE)
    reason = models.CharField(max_length=400, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "pk")
        permissions = (
            ("use_inbox", "Can use the inbox"),
            ("view_inbox_figures", "Can see the figures of the inbox"),
            ("use_help_desk", "Can see and test what a help desk is told"),
        )
        indexes = (
            models.Index(fields=["created_at"], condition=Q(told="pending"), name="events_to_be_told"),
            models.Index(fields=["kind", "created_at"], name="events_by_kind"),
        )

    def __str__(self) -> str:
        return self.get_kind_display()


class RequestSummary(models.Model):
    """What a model made of a conversation for whoever takes it over; ordered by staff, never by itself."""

    class State(models.TextChoices):
        QUEUED = "queued", "Ordered"
        RUNNING = "running", "Being written"
        DONE = "done", "Written"
        FAILED = "failed", "Failed"

    request = models.OneToOneField(
        Request, primary_key=True, on_delete=models.CASCADE, related_name="summary"
    )
    order = models.UUIDField(default=uuid.uuid4, help_text="By which the calls are booked.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    text = models.TextField(blank=True)
    model = models.CharField(max_length=120, blank=True)
    problem = models.CharField(max_length=480, blank=True)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ordered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"summary of {self.request_id}"
