"""What the ledger is rolled up into, and the measurements that somebody asked for."""

from django.db import models


class _Figures(models.Model):
    """Mergeable figures of one route, purpose and model: sums, counts and log-bucket histograms."""

    route = models.CharField(max_length=40)
    purpose = models.CharField(max_length=12)
    model = models.CharField(max_length=120, blank=True)
    figures = models.JSONField(default=dict)

    class Meta:
        abstract = True


class MinuteRow(_Figures):
    """The figures of one minute."""

    minute = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["minute", "route", "purpose", "model"], name="one_row_a_minute_route_purpose_model"
            ),
        )

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.route}"


class HourRow(_Figures):
    """The sum of the minute rows of one hour that is over, so that a month is quick to read."""

    hour = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["hour", "route", "purpose", "model"], name="one_row_an_hour_route_purpose_model"
            ),
        )

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.route}"


class DayRow(_Figures):
    """The sum of one day of the desk's time zone that is over, so that a year is quick to read.

    Which zone that is stands in RollUpState: the days of another zone are built anew.
    """

    start = models.DateTimeField(db_index=True, help_text="The moment at which the day begins at the desk.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["start", "route", "purpose", "model"], name="one_row_a_day_route_purpose_model"
            ),
        )

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} {self.route}"


class StaleSpan(models.Model):
    """A minute, hour or day whose rows have to be made anew, because a part of it has changed."""

    class Span(models.TextChoices):
        MINUTE = "minute", "Minute"
        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    span = models.CharField(max_length=6, choices=Span.choices)
    start = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["span", "start"], name="one_mark_a_span"),)

    def __str__(self) -> str:
        return f"{self.span} {self.start:%Y-%m-%d %H:%M}"


class RollUpState(models.Model):
    """One row: until when minute rows are complete, hours and days summed, and their helpers done."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    as_of = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)
    hours_until = models.DateTimeField(null=True)
    days_until = models.DateTimeField(null=True)
    days_zone = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The zone that the days are days of."
    )
    rows_from = models.DateTimeField(
        null=True, help_text="Rows of the ledger that ended before this may be deleted; their figures stay."
    )
    assumed_until = models.DateTimeField(
        null=True, help_text="Replies that ended before this were looked at for what was said against them."
    )
    judged_until = models.DateTimeField(
        null=True, help_text="Answers that ended before this were judged for their support, or are not to be."
    )

    class Meta:
        default_permissions = ()
        permissions = (("view_metrics", "Can see the metrics page"),)

    def __str__(self) -> str:
        return f"rolled up to {self.as_of}"


class ExampleRun(models.Model):
    """One row: how far the example traffic is that somebody asked to be played."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    wanted = models.PositiveIntegerField(default=0)
    played = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.played} of {self.wanted}"


class ProbeRun(models.Model):
    """One measurement of a model or a route: what it was asked, and the figures that came out."""

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    created_by = models.CharField(max_length=150, blank=True)
    target = models.CharField(max_length=120, help_text="A model id or a route.")
    models_asked = models.JSONField(default=list)
    config_number = models.PositiveIntegerField(default=0)
    prompts = models.PositiveIntegerField(default=0)
    concurrency = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=40, blank=True)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"probe {self.pk} of {self.target}"
