"""How each target stands, the incidents in which one was not kept, who was told, and models set aside."""

from django.db import models
from django.db.models import Q


class LevelState(models.Model):
    """How one target of a route stood when the worker last looked; `burns` has bad and all by window."""

    route = models.CharField(max_length=40)
    target = models.CharField(max_length=20)
    limit = models.FloatField()
    period_days = models.PositiveSmallIntegerField()
    actual = models.FloatField(null=True)
    bad = models.PositiveBigIntegerField(default=0)
    of = models.PositiveBigIntegerField(default=0)
    burns = models.JSONField(default=dict)
    judged_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["route", "target"], name="one_state_a_route_and_target"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.target}"


class Incident(models.Model):
    """A target of a route that burns its error budget too fast: one row from opening to closing."""

    class ClosedAs(models.TextChoices):
        RECOVERED = "recovered", "Recovered"
        SILENT = "silent", "No replies any more"
        WITHDRAWN = "withdrawn", "The target was taken back or changed"

    route = models.CharField(max_length=40)
    target = models.CharField(max_length=20)
    level = models.CharField(max_length=10, help_text="The fastest burn it has reached.")
    opened_at = models.DateTimeField(db_index=True)
    seen_at = models.DateTimeField(help_text="When it was last seen burning.")
    calm_since = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=10, choices=ClosedAs.choices, blank=True)
    peak_burn = models.FloatField()
    figures = models.JSONField(default=dict, help_text="The figures for which it was opened.")
    config_number = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        permissions = (("view_servicelevels", "Can see the service levels"),)
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["route", "target"], condition=Q(closed_at=None), name="one_open_incident_a_target"
            ),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.target} since {self.opened_at:%Y-%m-%d %H:%M}"


class AlertMessage(models.Model):
    """One message about an incident's opening or recovery on one channel, and what became of it."""

    class Event(models.TextChoices):
        OPENED = "opened", "Opened"
        CLOSED = "closed", "Closed"

    class Channel(models.TextChoices):
        MAIL = "mail", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    class State(models.TextChoices):
        PENDING = "pending", "To be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="messages")
    event = models.CharField(max_length=8, choices=Event.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    to = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING, db_index=True)
    reason = models.CharField(max_length=400, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("created_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["incident", "event", "channel"], name="one_message_an_incident_event_and_channel"
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.event}"


class Demotion(models.Model):
    """The first model of a route, set aside for new replies until `ended_at`."""

    route = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.SET_NULL, related_name="demotions")
    since = models.DateTimeField()
    reason = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True, help_text="Empty: the desk itself.")
    ended_because = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        permissions = (("end_demotion", "Can use a route's first model again"),)
        ordering = ("-since", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["route"], condition=Q(ended_at=None), name="one_demotion_at_a_time_a_route"
            ),
        )

    def __str__(self) -> str:
        return f"{self.route} without {self.model}"
