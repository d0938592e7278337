"""What the matcher is told beside the entries, and what is kept of its work."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from common.clock import now
from faq.normalize import normalize

# A text of 300 characters may grow when it is normalised; two that agree so far are one.
NORMALISED_LIMIT = 400


def key_of(text: str) -> str:
    """Return the normalised form of a question as it is stored and compared."""
    return normalize(text)[:NORMALISED_LIMIT]


class Negative(models.Model):
    """A question that must not be answered: by one entry, or, without an entry, by any."""

    entry = models.ForeignKey(
        "faq.Entry", on_delete=models.CASCADE, null=True, blank=True, related_name="negatives"
    )
    text = models.CharField("question", max_length=300)
    normalised = models.CharField(max_length=NORMALISED_LIMIT, editable=False, db_index=True)
    language = models.CharField(max_length=12, default="en", db_index=True)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "question the FAQ must not answer"
        verbose_name_plural = "questions the FAQ must not answer"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "normalised"],
                condition=models.Q(entry__isnull=False),
                name="a_negative_stands_once_in_an_entry",
            ),
            models.UniqueConstraint(
                fields=["language", "normalised"],
                condition=models.Q(entry__isnull=True),
                name="a_global_negative_stands_once_a_language",
            ),
        )

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Refuse a text without a word."""
        self.normalised = key_of(self.text)
        if self.text and not self.normalised:
            raise ValidationError({"text": "A question needs at least one word."})

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the question with its normalised form."""
        self.normalised = key_of(self.text)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Calibration(models.Model):
    """How confidence is read off the evidence in one language; the newest active row of a language counts.

    Without an active row English uses the shipped coefficients, and other languages are answered by exact
    phrasings only.
    """

    language = models.CharField(max_length=12, db_index=True)
    active = models.BooleanField(default=False)
    algorithm = models.CharField(max_length=40, help_text="Of the matcher whose evidence it reads.")
    semantic = models.BooleanField(default=False, help_text="Fitted on evidence with sentence vectors.")
    coefficients = models.JSONField(default=dict)
    answer_threshold = models.FloatField()
    suggest_threshold = models.FloatField()
    wanted_precision = models.FloatField()
    reviewed = models.PositiveIntegerField(help_text="Messages it was fitted on.")
    report = models.JSONField(default=dict, help_text="Out-of-fold figures of the fit.")
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=now)
    switched_by = models.CharField(
        max_length=150, blank=True, help_text="Who switched it on or off last; for its history."
    )

    history = HistoricalRecords(excluded_fields=["coefficients", "report"])

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["language"],
                condition=models.Q(active=True),
                name="one_active_calibration_a_language",
            ),
        )

    def __str__(self) -> str:
        return f"{self.language}, {self.reviewed} reviewed"


class CalibrationRun(models.Model):
    """One order to calibrate a language; the worker fills in what came of it, also when it was refused."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for the worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        REFUSED = "refused", "Not calibrated"
        FAILED = "failed", "Failed"

    OPEN = (State.QUEUED, State.RUNNING)

    language = models.CharField(max_length=12, db_index=True)
    wanted_precision = models.FloatField()
    activate = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    message = models.TextField(blank=True, help_text="What came of it, in words.")
    report = models.JSONField(default=dict, help_text="The figures, also of a refused one.")
    calibration = models.ForeignKey(
        Calibration, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=now)
    moved_at = models.DateTimeField(default=now, help_text="When the worker last said that it is at it.")
    ended_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["language"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_open_calibration_run_a_language",
            ),
        )

    def __str__(self) -> str:
        return f"{self.language}, {self.get_state_display()}"


class FaqSettings(models.Model):
    """The one row that says whether the FAQ answers, and how right its answers have to be."""

    class Mode(models.TextChoices):
        ANSWER = "answer", "Answer"
        SHADOW = "shadow", "Only watch (shadow mode)"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    mode = models.CharField(
        max_length=10,
        choices=Mode.choices,
        default=Mode.ANSWER,
        help_text="In shadow mode every question is scored and recorded, and a model answers it.",
    )
    wanted_precision = models.FloatField(
        default=0.95, help_text="Share of given answers that have to be right; the thresholds follow it."
    )
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "FAQ settings"

    def __str__(self) -> str:
        return "FAQ settings"


class PhrasingVector(models.Model):
    """The sentence vector of a text, so that no process computes it twice. May be emptied at any time."""

    key = models.CharField(
        primary_key=True, max_length=64, help_text="SHA-256 of the embedder's id and the text."
    )
    vector = models.BinaryField(help_text="Little-endian float16, unit length.")
    used_on = models.DateField(db_index=True, help_text="The last day on which an index needed it.")


class IndexBuild(models.Model):
    """One build of the whole index by the worker; web processes take over the newest that is done."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    number = models.PositiveBigIntegerField(help_text="The FAQ's version that it holds.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING, db_index=True)
    matcher_version = models.CharField(max_length=60, blank=True)
    folder = models.CharField(
        max_length=120, blank=True, help_text="Below DATA_DIR of the machine it ran on."
    )
    reason = models.CharField(max_length=120, blank=True, default="", db_default="")
    semantic = models.BooleanField(
        default=False, db_default=False, help_text="Its phrasings have sentence vectors."
    )
    holder = models.CharField(max_length=80, blank=True)
    entries = models.PositiveIntegerField(default=0)
    phrasings = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField(default=now)
    moved_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="running"), name="one_build_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"FAQ version {self.number}, {self.get_state_display()}"


class Change(models.Model):
    """One thing that an edit touched, so that a process reads only this again; see faq/changes.py.

    Each raise of the FAQ's version leaves one row `raised`, whatever else it touched: a number without it
    was raised by somebody who keeps no log, or was trimmed, and then everything is read again.
    """

    class What(models.TextChoices):
        RAISED = "raised", "The version was raised"
        ENTRY = "entry", "An entry, its phrasings or its negatives"
        NEGATIVES = "negatives", "The negatives of no entry"

    number = models.PositiveBigIntegerField(
        db_index=True, help_text="The FAQ's version from which on it can be seen."
    )
    what = models.CharField(max_length=10, choices=What.choices)
    entry_id = models.PositiveBigIntegerField(
        null=True, help_text="No relation: the entry may be gone, and then that is the change."
    )
    made_at = models.DateTimeField(default=now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number}: {self.what} {self.entry_id or ''}".rstrip()
