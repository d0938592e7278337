"""What the cost page reads beside the roll-ups: conversations and plans, a row for each day of the desk."""

from django.db import models


class ConversationDay(models.Model):
    """Conversations of one day and purpose, by how they stood after their last answer of that day."""

    day = models.DateField(db_index=True)
    purpose = models.CharField(max_length=12)
    conversations = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    assumed = models.PositiveIntegerField(default=0)
    handed_off = models.PositiveIntegerField(default=0)
    cost_pico = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["day", "purpose"], name="one_row_of_conversations_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.conversations} conversations on {self.day}"


class PlanDay(models.Model):
    """What the calls for visitors of one plan cost on one day."""

    day = models.DateField(db_index=True)
    plan = models.CharField(max_length=20, blank=True)
    purpose = models.CharField(max_length=12)
    calls = models.PositiveIntegerField(default=0)
    cost_pico = models.BigIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["day", "plan", "purpose"], name="one_row_a_plan_and_day"),
        )

    def __str__(self) -> str:
        return f"{self.plan or 'no plan'} on {self.day}"
