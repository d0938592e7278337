"""How well each answer is recognised, as the worker measured it last."""

from django.db import models

from common.clock import now


class EntryHealth(models.Model):
    """What happens to an answer's own ways to ask when somebody else asks them: one row an entry.

    Each is asked with itself left out. Written by the worker alone; may be emptied at any time.
    """

    entry = models.OneToOneField(
        "faq.Entry", on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    number = models.PositiveBigIntegerField(help_text="The FAQ's version at which it was measured.")
    calibrated = models.PositiveBigIntegerField(help_text="The version of the calibrations that judged.")
    matcher_version = models.CharField(max_length=60, blank=True)
    semantic = models.BooleanField(default=False, help_text="Measured with sentence vectors.")
    texts = models.PositiveIntegerField(help_text="Ways to ask, the question among them.")
    recognised = models.PositiveIntegerField(default=0, help_text="Would be answered by the entry.")
    offered = models.PositiveIntegerField(default=0, help_text="The entry would be a “did you mean”.")
    lost = models.PositiveIntegerField(default=0, help_text="Another entry would be shown or offered.")
    expected = models.FloatField(
        db_index=True, help_text="Share of questions about it that it is expected to answer, in [0, 1]."
    )
    rival = models.ForeignKey(
        "faq.Entry",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The entry that most of them are lost to.",
    )
    rows = models.JSONField(default=list, help_text="Each way to ask with what became of it.")
    measured_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        default_permissions = ()
        verbose_name = "measured entry"
        verbose_name_plural = "measured entries"

    def __str__(self) -> str:
        return f"{self.recognised} of {self.texts}"
