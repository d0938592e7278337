"""The ledger: each call with what it cost, each reply with what it felt like, and the budgets of both."""

import uuid

from django.db import models
from django.db.models import Q

from routing.kinds import Purpose, Tier, WhenSpent


class ModelCall(models.Model):
    """One request to one provider: committed with its reserved cost before it is sent."""

    class Cause(models.TextChoices):
        FIRST = "first", "First attempt"
        RETRY = "retry", "Retry of the same model"
        FALLBACK = "fallback", "Fallback after a failure"
        CONTINUATION = "continuation", "Continuation of a cut answer"
        HEDGE = "hedge", "Beside a late first attempt"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reply_id = models.UUIDField(db_index=True, null=True)
    turn_id = models.UUIDField(db_index=True, null=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.VISITOR)
    route = models.CharField(max_length=40)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    plan = models.CharField(max_length=20, blank=True)
    paid_by = models.CharField(
        max_length=40, blank=True, help_text="The route whose budgets pay; empty is the call's own."
    )
    budgets = models.JSONField(
        default=list, editable=False, help_text="The rows of budgets that it was reserved in."
    )
    provider = models.CharField(max_length=40)
    asked_model = models.CharField(max_length=120)
    answering_model = models.CharField(max_length=120, blank=True)
    config_number = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=1)
    cause = models.CharField(max_length=12, choices=Cause.choices, default=Cause.FIRST)
    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, db_index=True)
    first_text_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    usage_estimated = models.BooleanField(default=False)
    reserved_pico = models.BigIntegerField(default=0)
    cost_pico = models.BigIntegerField(null=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    finish_raw = models.CharField(max_length=120, blank=True)
    error_class = models.CharField(max_length=60, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    truncated = models.BooleanField(default=False)
    partial_output = models.TextField(blank=True)
    prompt_version = models.CharField(max_length=40, blank=True)
    cache_hit = models.BooleanField(default=False)
    rolled_up = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ("-started_at",)
        indexes = (
            # Small for ever: it holds only what the next roll-up has to look at.
            models.Index(fields=["ended_at"], condition=Q(rolled_up=False), name="calls_to_roll_up"),
            # What the list of calls is narrowed by, each in the list's order; most rows are in two of them.
            models.Index(fields=["route", "-started_at"], name="calls_of_a_route"),
            models.Index(fields=["asked_model", "-started_at"], name="calls_of_a_model"),
            models.Index(fields=["-started_at"], condition=~Q(error_class=""), name="calls_that_failed"),
            models.Index(fields=["-started_at"], condition=Q(truncated=True), name="calls_cut_short"),
            models.Index(fields=["-started_at"], condition=Q(ended_at=None), name="calls_running"),
            models.Index(
                fields=["cause", "-started_at"], condition=~Q(cause="first"), name="calls_of_other_causes"
            ),
            models.Index(
                fields=["purpose", "-started_at"],
                condition=~Q(purpose="visitor"),
                name="calls_of_other_purposes",
            ),
            # What retention takes the words from.
            models.Index(
                fields=["started_at"],
                condition=~Q(partial_output="") | ~Q(error_detail=""),
                name="calls_with_words",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asked_model} {self.started_at:%Y-%m-%d %H:%M:%S}"


class RouteOutcome(models.Model):
    """One row a reply: what the visitor felt and what it cost; roll-ups read only this and ModelCall."""

    reply_id = models.UUIDField(primary_key=True, editable=False)
    turn_id = models.UUIDField(db_index=True)
    conversation_id = models.UUIDField(null=True, db_index=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.VISITOR)
    plan = models.CharField(max_length=20, blank=True, default="", db_default="")
    route = models.CharField(max_length=40, db_index=True)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    answering_model = models.CharField(max_length=120, blank=True)
    config_number = models.PositiveIntegerField(default=0)
    prompt_version = models.CharField(max_length=40, blank=True)
    matcher_version = models.CharField(max_length=40, blank=True)
    cause = models.CharField(max_length=12, default="first")
    state = models.CharField(max_length=12)
    ended_by = models.CharField(max_length=12)
    ended_at = models.DateTimeField(db_index=True)
    queue_ms = models.PositiveIntegerField(null=True)
    match_ms = models.PositiveIntegerField(null=True)
    first_text_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fallbacks = models.PositiveSmallIntegerField(default=0)
    escalated_before = models.BooleanField(
        default=False, help_text="Sent to the heavy tier at once, by the rules."
    )
    escalated_after = models.BooleanField(
        default=False, help_text="This answer was shown, and then a larger model was asked under it."
    )
    escalated_by = models.CharField(
        max_length=16,
        blank=True,
        help_text="What spoke against this answer first: a thing it says, a thing it lacks, or its visitor.",
    )
    support = models.FloatField(
        null=True, help_text="Share of the answer that stands in the passages it was given."
    )
    judged_by = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="How its support was judged for the rate of grounded answers; empty is not at all.",
    )
    continued = models.BooleanField(default=False)
    truncated = models.BooleanField(default=False)
    cached = models.BooleanField(default=False)
    feedback = models.SmallIntegerField(null=True, help_text="1 up, -1 down.")
    resolved = models.BooleanField(null=True)
    handed_off = models.BooleanField(
        default=False, db_default=False, help_text="After this answer, its visitor asked for a person."
    )
    handoff_failed = models.BooleanField(
        default=False, db_default=False, help_text="That visitor waited for a person, and nobody came."
    )
    re_asked = models.BooleanField(
        default=False, db_default=False, help_text="The next message asked the same, or said it did not help."
    )
    assumed = models.BooleanField(
        default=False, db_default=False, help_text="Nothing has been said against it for some hours."
    )
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cost_pico = models.BigIntegerField(null=True)
    heavy_cost_pico = models.BigIntegerField(
        null=True, help_text="What the same tokens would have cost on the heavy model alone."
    )
    rolled_up = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ("-ended_at",)
        indexes = (
            models.Index(fields=["ended_at"], condition=Q(rolled_up=False), name="outcomes_to_roll_up"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.state}"


class Budget(models.Model):
    """Spend of one scope in one period; taken and returned by conditional UPDATE only."""

    class Period(models.TextChoices):
        DAY = "day", "Day"
        MONTH = "month", "Month"

    scope = models.CharField(max_length=60)
    period = models.CharField(max_length=5, choices=Period.choices, default=Period.DAY)
    period_start = models.DateField()
    cap_pico = models.BigIntegerField()
    spent_pico = models.BigIntegerField(default=0)
    reserved_pico = models.BigIntegerField(default=0)
    carried_pico = models.BigIntegerField(
        default=0, help_text="Part of the spend: of calls that were made before this budget was set."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "period", "period_start"], name="one_budget_a_scope_and_period"
            ),
            models.CheckConstraint(condition=Q(spent_pico__gte=0), name="spend_is_not_negative"),
            models.CheckConstraint(condition=Q(reserved_pico__gte=0), name="reserve_is_not_negative"),
        )
        permissions = (("view_cost", "Can see the cost page"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.period_start}"


class PlanBudget(models.Model):
    """What the visitors of one plan may cost together, and what they get when it is spent."""

    plan = models.SlugField(
        max_length=20, primary_key=True, help_text="The plan's name as the site gives it: free, pro, ..."
    )
    daily_budget_usd = models.DecimalField(
        "daily budget, USD", max_digits=12, decimal_places=4, null=True, blank=True
    )
    monthly_budget_usd = models.DecimalField(
        "monthly budget, USD", max_digits=12, decimal_places=4, null=True, blank=True
    )
    when_spent = models.CharField(
        "when it is spent", max_length=10, choices=WhenSpent.choices, default=WhenSpent.FAQ
    )

    class Meta:
        ordering = ("plan",)

    def __str__(self) -> str:
        return self.plan
