"""Transfer tests: what staff expect of an answer, the runs that asked for it, and what came back."""

import uuid

from django.db import models

from common.clock import now


class TransferCase(models.Model):
    """A question, or a whole conversation, with what must hold of its answer whichever model writes it."""

    title = models.CharField(max_length=120)
    question = models.TextField(help_text="The visitor's last message, as they would type it.")
    plan = models.CharField(max_length=20, blank=True)
    language = models.CharField("browser language", max_length=10, blank=True)
    must_say = models.TextField(
        blank=True,
        help_text="One a line; each must be in the answer. Case and line breaks do not count. "
        "Between slashes it is a pattern: /24 (hours|h)/",
    )
    must_not_say = models.TextField(
        blank=True, help_text="One a line; none may be in the answer. Patterns as for what must be said."
    )
    must_route = models.CharField("must take the route", max_length=40, blank=True)
    must_be_grounded = models.BooleanField(
        "must be grounded", default=False, help_text="The answer must stand in the passages it was given."
    )
    least_support = models.FloatField(
        default=0.5, help_text="0 to 1: how much of the answer must stand in its passages."
    )
    max_first_text_ms = models.PositiveIntegerField(
        "first text within, ms", null=True, blank=True, help_text="Empty: any time within the deadlines."
    )
    judge_question = models.CharField(
        max_length=400,
        blank=True,
        help_text="A question about the answer that another model says yes or no to, such as "
        "“Does it tell the customer where to click?” Yes passes.",
    )
    note = models.CharField(max_length=300, blank=True, help_text="Why it is here; nothing is done with it.")
    routes = models.JSONField(
        default=list,
        blank=True,
        help_text="Routes whose models are tested with it. None ticked: the route it must take.",
    )
    active = models.BooleanField("in use", default=True)
    example_key = models.CharField(max_length=40, blank=True, editable=False, db_index=True)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=150, blank=True, editable=False)
    changed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = "transfer case"
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title


class TransferTurn(models.Model):
    """An earlier message of a case and the answer it had."""

    case = models.ForeignKey(TransferCase, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField(default=0)
    visitor = models.TextField("the visitor wrote")
    assistant = models.TextField(
        "the assistant answered", blank=True, help_text="Empty: only its being asked counts."
    )

    class Meta:
        verbose_name = "earlier message"
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.visitor[:60]


class TransferRun(models.Model):
    """Cases asked `n` times each of a model, of a route's ladder, or as visitors would be answered.

    It keeps the cases, and the draft that it ran under, as they were when it was ordered. `holder` names the
    worker that is at it and `moved_at` when it last said so; one that has been silent for long is dead, and
    another one goes on.
    """

    class Kind(models.TextChoices):
        DESK = "desk", "As visitors are answered"
        ROUTE = "route", "A route's ladder"
        MODEL = "model", "One model"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for the worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    OPEN = (State.QUEUED, State.RUNNING)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.DESK)
    model = models.CharField(max_length=120, blank=True, help_text="The model tested, of kind model.")
    route = models.CharField(max_length=40, blank=True, help_text="The route tested; empty is each its own.")
    on_draft = models.BooleanField(default=False)
    draft = models.JSONField(null=True, help_text="The configuration of a run on the draft.")
    config_number = models.PositiveIntegerField(default=0)
    config_sha = models.CharField(max_length=64, blank=True)
    covers = models.CharField(
        max_length=64, blank=True, help_text="What a model passed for: the cases, the prompt and the model."
    )
    n = models.PositiveSmallIntegerField(default=3)
    cap_pico = models.BigIntegerField()
    estimate_pico = models.BigIntegerField(null=True)
    cost_pico = models.BigIntegerField(default=0)
    judge = models.CharField(max_length=120, blank=True)
    cases = models.JSONField(default=list)
    wanted = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    passed = models.BooleanField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=now, db_index=True)
    moved_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = "transfer test"
        ordering = ("-id",)
        permissions = (("start_transferrun", "Can start and stop transfer tests"),)
        indexes = (models.Index(fields=["route", "model", "covers"], name="runs_of_a_model"),)

    def __str__(self) -> str:
        return f"transfer test {self.pk}"


class TransferResult(models.Model):
    """One repetition of one case: what came back, and which of the case's checks it passed."""

    run = models.ForeignKey(TransferRun, on_delete=models.CASCADE, related_name="results")
    case = models.PositiveIntegerField(help_text="The case's number, in the run's own copy of the cases.")
    repetition = models.PositiveSmallIntegerField()
    reply_id = models.UUIDField(default=uuid.uuid4)
    route = models.CharField(max_length=40, help_text="The route that the rules chose.")
    asked_route = models.CharField(max_length=40, help_text="The route whose prompt and limits were used.")
    state = models.CharField(max_length=12)
    answering_model = models.CharField(max_length=120, blank=True)
    text = models.TextField(blank=True)
    detail = models.CharField(max_length=500, blank=True)
    passed = models.BooleanField()
    checks = models.JSONField(default=list)
    support = models.FloatField(null=True)
    first_text_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cost_pico = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("case", "repetition")
        constraints = (
            models.UniqueConstraint(fields=["run", "case", "repetition"], name="one_result_a_repetition"),
        )

    def __str__(self) -> str:
        return f"case {self.case}, {self.repetition}"
