"""What reviewers decided: enough to undo the last decision and to count the effect of all."""

from django.db import models

from common.clock import now


class ReviewDecision(models.Model):
    """One decision about the messages of a group; the messages say for themselves how each was judged.

    It holds no visitor's words: those are in the messages, which retention and erasure delete.
    """

    class Verb(models.TextChoices):
        RIGHT = "right", "answer is right"
        WRONG = "wrong", "wrong"
        PHRASING = "phrasing", "added as phrasing"
        NEW = "new", "new entry"
        NOT_FAQ = "not_faq", "not an FAQ"
        NOT_THIS = "not_this", "not this entry"
        ASIDE = "aside", "set aside"

    verb = models.CharField(max_length=10, choices=Verb.choices)
    who = models.CharField(max_length=150, db_index=True)
    at = models.DateTimeField(default=now, db_index=True, help_text="When its messages were judged.")
    messages = models.PositiveIntegerField()
    entry = models.ForeignKey("faq.Entry", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    phrasings = models.JSONField(default=list, help_text="Ids of the phrasings that it added.")
    negatives = models.JSONField(default=list, help_text="Ids of the negatives that it added.")
    before = models.JSONField(
        default=dict,
        help_text="Label, origin and right entry of each message before; only the newest is kept.",
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.get_verb_display()}, {self.messages} messages"
