"""Drafts that are tried on real questions: on past ones in a backtest, on each new one in a shadow run.

No text of a visitor stands here: a row names the question, which has its own age and goes with its visitor.
The one exception is what a draft's models wrote when they were asked, which goes with the row.
"""

from django.db import models
from django.db.models import Q

from faq.models import Work


class BacktestRun(Work):
    """One draft, frozen as it was ordered, with the counts of what it does to questions."""

    class Kind(models.TextChoices):
        BACKTEST = "backtest", "Backtest"
        SHADOW = "shadow", "Shadow run"

    class Phase(models.TextChoices):
        REPLAY = "replay", "Questions are decided"
        ANSWER = "answer", "Models are asked"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BACKTEST, db_index=True)
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.REPLAY)
    title = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=list, help_text="What is drafted, in words.")
    config_number = models.PositiveIntegerField(help_text="The version that it is compared with.")
    content = models.JSONField(help_text="The configuration of the draft, whole.")
    content_sha = models.CharField(max_length=64, db_index=True)
    rules_only = models.BooleanField(
        default=True, help_text="Nothing but the draft of rules and routes is tried."
    )
    threshold = models.FloatField(null=True, blank=True)
    edit = models.JSONField(default=dict, help_text="The FAQ's entries as they are drafted.")

    wanted = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    purpose = models.CharField(max_length=12, default="visitor", help_text="Whose questions.")
    position = models.JSONField(default=list, help_text="The last question that was read: its time and id.")
    counts = models.JSONField(default=dict)
    index_version = models.PositiveBigIntegerField(null=True, help_text="Of the FAQ, when it began.")
    index_moved = models.BooleanField(default=False, help_text="The FAQ was edited while it ran.")
    took_ms = models.PositiveIntegerField(default=0)

    share = models.FloatField(default=100, help_text="Percent of the messages, of a shadow run.")
    until = models.DateTimeField(null=True, blank=True)
    answers = models.BooleanField(default=False, help_text="A shadow run also has its messages answered.")
    answers_wanted = models.PositiveIntegerField(default=0)
    answers_done = models.PositiveIntegerField(default=0)
    cap_pico = models.BigIntegerField(default=0, help_text="What the answers may cost together.")
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="shadow", state__in=["queued", "running"]),
                name="one_shadow_run_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} {self.pk}"


class BacktestRow(models.Model):
    """One question under a draft: kept when something changes for it, and of a shadow run always."""

    run = models.ForeignKey(BacktestRun, on_delete=models.CASCADE, related_name="rows")
    question = models.UUIDField(db_index=True, help_text="Of the asked question, and of its turn.")
    change = models.CharField(max_length=12, blank=True)
    before_route = models.CharField(max_length=40)
    after_route = models.CharField(max_length=40)
    before_model = models.CharField(max_length=120, blank=True)
    after_model = models.CharField(max_length=120, blank=True)
    before_entry = models.CharField(max_length=40, blank=True)
    after_entry = models.CharField(max_length=40, blank=True)
    before_confidence = models.FloatField(default=0)
    after_confidence = models.FloatField(default=0)
    before_rule = models.CharField(max_length=120, blank=True)
    after_rule = models.CharField(max_length=120, blank=True)
    asked_at = models.DateTimeField()

    answer_state = models.CharField(max_length=12, blank=True)
    answer_text = models.TextField(blank=True)
    answer_model = models.CharField(max_length=120, blank=True)
    answer_reply = models.UUIDField(null=True, help_text="By which the ledger knows its calls.")
    answer_first_text_ms = models.PositiveIntegerField(null=True)
    answer_total_ms = models.PositiveIntegerField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("-asked_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["run", "question"], name="a_question_counts_once_a_run"),
        )
        indexes = (models.Index(fields=["run", "change", "-asked_at"], name="backtest_rows_by_change"),)

    def __str__(self) -> str:
        return f"{self.before_route} to {self.after_route}"
