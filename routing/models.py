"""The catalogue, and the routes and rules that staff edit; all tables of this package are found here."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from routing.cache_models import StoredAnswer
from routing.cost_models import ConversationDay, PlanDay
from routing.figure_models import DayRow, ExampleRun, HourRow, MinuteRow, ProbeRun, RollUpState, StaleSpan
from routing.flip_models import FlipRecord
from routing.kinds import Purpose, Tier, WhenSpent, Wire
from routing.ledger_models import Budget, ModelCall, PlanBudget, RouteOutcome
from routing.level_models import AlertMessage, Demotion, Incident, LevelState
from routing.notice_models import CatalogueNotice
from routing.ranges import RANGES, flaws
from routing.transfer_models import TransferCase, TransferResult, TransferRun, TransferTurn
from routing.view_models import MailedReport, SavedView

__all__ = [
    "AlertMessage",
    "Budget",
    "CatalogueModel",
    "CatalogueNotice",
    "Condition",
    "ConfigVersion",
    "ConversationDay",
    "DayRow",
    "Demotion",
    "ExampleRun",
    "FlipRecord",
    "HourRow",
    "Incident",
    "LadderStep",
    "LevelState",
    "MailedReport",
    "MinuteRow",
    "ModelCall",
    "ModelPrice",
    "PlanBudget",
    "PlanDay",
    "ProbeRun",
    "Purpose",
    "RollUpState",
    "Route",
    "RouteOutcome",
    "Rule",
    "SavedView",
    "StaleSpan",
    "StoredAnswer",
    "Tier",
    "TransferCase",
    "TransferResult",
    "TransferRun",
    "TransferTurn",
    "WhenSpent",
    "Wire",
]


class CatalogueModel(models.Model):
    """A model as its provider sells it. Facts come from the release's dated file; staff may edit."""

    id = models.CharField("model id", max_length=120, primary_key=True)
    provider = models.CharField(
        max_length=40, help_text="The provider's name as in the environment: gemini, anthropic, openai, ..."
    )
    wire = models.CharField(max_length=12, choices=Wire.choices)
    label = models.CharField(max_length=80)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    context_tokens = models.PositiveIntegerField(help_text="Tokens of prompt and answer together.")
    max_output_tokens = models.PositiveIntegerField()
    asked_as = models.CharField(
        max_length=120,
        blank=True,
        help_text="The id sent to the provider, where another provider's model has it as its id already.",
    )
    answers_as = models.TextField(
        blank=True, help_text="Other ids this model may answer under, one a line; not a mismatch."
    )
    allows_prefill = models.BooleanField(
        default=False, help_text="Accepts an assistant turn as the last message, to go on from."
    )
    sends_sampling = models.BooleanField(
        default=False, help_text="Accepts temperature and friends; newer models answer 400 to them."
    )
    thinking = models.CharField(
        max_length=20, blank=True, help_text="Thinking setting sent with each request; empty sends none."
    )
    max_tokens_field = models.CharField(max_length=40, default="max_completion_tokens")
    api_version = models.CharField(max_length=20, blank=True)
    token_factor = models.FloatField(
        default=1.0, help_text="This tokenizer's tokens for one token of our estimate."
    )
    released_on = models.DateField(null=True, blank=True)
    retires_on = models.DateField(null=True, blank=True)
    replaced_by = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    staff_edited = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = "model"
        ordering = ("provider", "id")

    def __str__(self) -> str:
        return self.label or self.id


class ModelPrice(models.Model):
    """USD per million tokens, from a date on, for prompts above a size."""

    model = models.ForeignKey(CatalogueModel, on_delete=models.CASCADE, related_name="prices")
    effective_from = models.DateField()
    input_above = models.PositiveIntegerField(
        default=0, help_text="Applies once the prompt has more tokens than this."
    )
    input = models.DecimalField("input, USD per 1M", max_digits=12, decimal_places=6)
    output = models.DecimalField("output, USD per 1M", max_digits=12, decimal_places=6)
    cached_input = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cache_write = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)

    class Meta:
        ordering = ("-effective_from", "input_above")
        constraints = (
            models.UniqueConstraint(
                fields=["model", "effective_from", "input_above"], name="one_price_a_model_day_and_size"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model_id} from {self.effective_from}"


A_SHARE = (MinValueValidator(0.0), MaxValueValidator(1.0))


class Route(models.Model):
    """A class of request with its own ladder, instructions, budgets and targets."""

    class Kind(models.TextChoices):
        FAQ = "faq", "Approved answer"
        FIXED = "fixed", "Fixed reply"
        PERSON = "person", "A person"
        MODEL = "model", "Language model"

    class Cache(models.TextChoices):
        OFF = "off", "off"
        EXACT = "exact", "the same question"
        NEAR = "near", "the same question in other words, too"

    class Period(models.IntegerChoices):
        DAY = 1, "day"
        WEEK = 7, "7 days"
        FOUR_WEEKS = 28, "28 days"
        MONTH = 30, "30 days"

    slug = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)
    meaning = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    position = models.PositiveSmallIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    instructions = models.TextField(blank=True, help_text="Added to the assistant's house instructions.")
    max_message_tokens = models.PositiveIntegerField(default=1500)
    max_prompt_tokens = models.PositiveIntegerField(default=8000)
    max_output_tokens = models.PositiveIntegerField(default=1024)
    connect_s = models.FloatField("connect deadline, s", default=3.0)
    first_text_s = models.FloatField("first-text deadline, s", default=10.0)
    stall_s = models.FloatField("stall limit, s", default=10.0)
    total_s = models.FloatField("total deadline, s", default=90.0)
    target_first_text_p95_ms = models.PositiveIntegerField("first text p95, ms", null=True, blank=True)
    target_total_p95_ms = models.PositiveIntegerField("total p95, ms", null=True, blank=True)
    target_error_rate = models.FloatField("error rate", null=True, blank=True)
    target_truncation_rate = models.FloatField("truncation rate", null=True, blank=True)
    target_total_p99_ms = models.PositiveIntegerField("total p99, ms", null=True, blank=True)
    target_escalation_rate = models.FloatField("escalation rate", null=True, blank=True)
    target_availability = models.FloatField("availability", null=True, blank=True)
    target_period_days = models.PositiveSmallIntegerField(
        "over the last", choices=Period.choices, default=Period.FOUR_WEEKS
    )
    demotes_itself = models.BooleanField(
        "set the first model aside when a budget is spent",
        default=False,
        help_text="While a target burns whose error budget is spent, new replies begin with the next model "
        "of the ladder. Staff can take it back at once under Service levels.",
    )
    daily_budget_usd = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    monthly_budget_usd = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    when_spent = models.CharField(
        "when a budget is spent",
        max_length=10,
        choices=WhenSpent.choices,
        default=WhenSpent.FAQ,
    )
    hedge = models.BooleanField(
        "ask a second model when the first is late",
        default=False,
        help_text="When the first text is later than 95 of 100 of this route's replies, the next model is "
        "asked as well; the first text wins. The loser is closed and paid for.",
    )
    promises_fallback = models.BooleanField(
        "promises a second provider",
        default=False,
        help_text="The ladder then needs models of at least two providers.",
    )
    sticky_turns = models.PositiveSmallIntegerField(
        "stay for, messages",
        default=0,
        help_text="After an answer of this route, a conversation goes down to a lower tier only after more "
        "than this many messages in a row that the rules would send there. 0: at once.",
    )
    cache = models.CharField(
        "use stored answers for",
        max_length=10,
        choices=Cache.choices,
        default=Cache.OFF,
    )
    cache_hours = models.PositiveIntegerField("keep stored answers, hours", default=24)
    escalate_on_evidence = models.BooleanField(
        "ask the next tier when an answer did not do",
        default=False,
        help_text="At once, under the answer: when it says that it cannot help, or has no support in the "
        "passages it was given.",
    )
    min_support = models.FloatField(
        "support an answer needs",
        default=0.0,
        help_text="0 to 1: how much of the answer must stand in its passages. 0 asks for none.",
    )
    needs_transfer_test = models.BooleanField(
        "needs a passing transfer test",
        default=False,
        db_default=False,
        help_text="A model comes onto this route's published ladder only after a transfer test of it with "
        "this route's cases has passed.",
    )
    escalates_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="escalated_from"
    )
    redact = models.BooleanField(
        "take personal details out",
        default=True,
        help_text="E-mail addresses, card numbers, IBANs and phone numbers of the visitor are replaced by "
        "[e-mail 1] and the like before a provider reads them.",
    )
    allowed_providers = models.JSONField(
        default=list, blank=True, help_text="Providers that may be asked on this route. None ticked: all."
    )
    # What follows is read from the row and no part of a version: in force as soon as it is saved.
    gate_error_rate = models.FloatField(
        "errors, worse by more than", null=True, blank=True, validators=A_SHARE
    )
    gate_truncation_rate = models.FloatField(
        "cut answers, worse by more than", null=True, blank=True, validators=A_SHARE
    )
    gate_refusal_rate = models.FloatField(
        "refusals, worse by more than", null=True, blank=True, validators=A_SHARE
    )
    gate_first_text_share = models.FloatField(
        "first text p95, later by more than",
        null=True,
        blank=True,
        validators=A_SHARE[:1],
        help_text="A share of what it was: 0.5 is half as long again.",
    )

    class Meta:
        ordering = ("position", "slug")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse settings with which the desk could not work, each at its field."""
        super().clean()
        found: dict[str, list[str]] = {}
        for name, text in flaws({name: getattr(self, name) for name in RANGES}):
            found.setdefault(name, []).append(text)
        if found:
            raise ValidationError(found)


class LadderStep(models.Model):
    """One rung of a route's ladder, tried in order of position."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)
    model = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="steps")

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["route", "model"], name="a_model_stands_once_on_a_ladder"),
        )

    def __str__(self) -> str:
        return f"{self.route_id} {self.position}: {self.model_id}"


class Rule(models.Model):
    """First matching rule wins; conditions with the same group number must all hold."""

    position = models.PositiveSmallIntegerField(default=0, db_index=True)
    name = models.CharField(max_length=120)
    route = models.ForeignKey(Route, on_delete=models.PROTECT, related_name="rules")
    reason = models.CharField(max_length=200, help_text="Shown to staff in the receipt of each reply.")
    enabled = models.BooleanField(default=True)
    locked = models.BooleanField(
        default=False, editable=False, help_text="The last rule catches everything and cannot be deleted."
    )

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="conditions")
    group = models.PositiveSmallIntegerField(
        default=1, help_text="Rows with the same number must all hold; another number is an alternative."
    )
    signal = models.CharField(max_length=40)
    operator = models.CharField(max_length=20)
    value = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("group", "id")

    def __str__(self) -> str:
        return f"{self.signal} {self.operator} {self.value}".strip()


class ConfigVersion(models.Model):
    """An immutable snapshot of all that routing runs on; replies and calls store its number."""

    number = models.PositiveIntegerField(primary_key=True)
    sha = models.CharField(max_length=64)
    snapshot = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "configuration version"
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"configuration {self.number}"
