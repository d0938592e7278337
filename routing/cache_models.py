"""Answers that may be given again, each with what it was derived from."""

import uuid

from django.db import models

from routing.kinds import Tier


class StoredAnswer(models.Model):
    """One model's answer to one question, until its time is over or something it rests on changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    family = models.CharField(max_length=64, editable=False)
    gist = models.CharField(max_length=32, editable=False, help_text="What its question is about.")
    route = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    model_label = models.CharField(max_length=80)
    sent = models.CharField(max_length=12)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    prompt_version = models.CharField(max_length=40)
    entries = models.JSONField(default=list, help_text="Id and version of each FAQ entry in its prompt.")
    language = models.CharField(max_length=12, blank=True)
    plan = models.CharField(max_length=20, blank=True)
    question = models.TextField()
    answer = models.TextField()
    sources = models.JSONField(default=list)
    # Whose answer it was: by these an erasure, a thumb and staff find it.
    reply_id = models.UUIDField(db_index=True)
    turn_id = models.UUIDField(db_index=True)
    written_at = models.DateTimeField(db_index=True)
    hits = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-written_at",)
        indexes = (
            models.Index(fields=["family", "gist", "-written_at"], name="answers_alike"),
            models.Index(fields=["route", "-written_at"], name="answers_of_a_route"),
        )

    def __str__(self) -> str:
        # Never the question: the admin's log repeats this and outlives the row.
        return f"stored answer {str(self.id)[:8]}"
