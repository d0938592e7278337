"""The flip record: a change of what answers on a route, and how the route did before and after it."""

from django.db import models


class FlipRecord(models.Model):
    """One row for each route and publication that changes what answers there, and one for the rule set.

    `old` and `new` are the ladder on both sides, `changes` all of it in words. Figures are tallies as a
    minute row has them, copied here so that the retention of roll-ups does not take them away.
    """

    class Kind(models.TextChoices):
        MODEL = "model", "Models"
        PROMPT = "prompt", "Prompt"
        BOTH = "both", "Models and prompt"
        RULES = "rules", "Rules"

    class State(models.TextChoices):
        WATCHING = "watching", "Watching"
        SETTLED = "settled", "Settled"
        ROLLED_BACK = "rolled_back", "Rolled back"

    class Gate(models.TextChoices):
        NONE = "none", "No limit set"
        FEW = "few", "Too few replies yet"
        HELD = "held", "Within the limits"
        FAILED = "failed", "Limit broken, rolled back by itself"
        REFUSED = "refused", "Limit broken, not rolled back"

    route_slug = models.SlugField("route", max_length=40, db_index=True)
    kind = models.CharField("what changed", max_length=8, choices=Kind.choices, default=Kind.MODEL)
    old = models.JSONField(default=list)
    new = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    changed_at = models.DateTimeField("when", db_index=True)
    changed_by = models.CharField("by", max_length=150, blank=True)
    why = models.CharField(max_length=200, blank=True)
    before_number = models.PositiveIntegerField("version before", null=True, blank=True)
    config_number = models.PositiveIntegerField("version", null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WATCHING, db_index=True)
    undoes = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by"
    )
    transfer_passed = models.BooleanField(null=True, blank=True)
    transfer_words = models.CharField(max_length=200, blank=True)
    transfer_path = models.CharField(max_length=200, blank=True)
    gate = models.CharField(max_length=8, choices=Gate.choices, default=Gate.NONE)
    gate_words = models.CharField(max_length=400, blank=True)
    before_from = models.DateTimeField(null=True, blank=True)
    before_until = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    before_frozen = models.BooleanField(default=False)
    after_from = models.DateTimeField(null=True, blank=True)
    after_until = models.DateTimeField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    after_frozen = models.BooleanField(default=False)
    counted_at = models.DateTimeField(null=True, blank=True)
    judged = models.BooleanField(default=False, help_text="Some figure has enough cases on both sides.")
    better = models.JSONField(default=list)
    worse = models.JSONField(default=list)

    class Meta:
        verbose_name = "change"
        ordering = ("-changed_at", "-id")
        permissions = (("roll_back_flip", "Can roll a change of models or prompt back"),)

    def __str__(self) -> str:
        return f"change {self.pk} of {self.route_slug}"
