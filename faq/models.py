"""What the company has already answered: entries, the ways people ask for them, and what was asked."""

import uuid
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from common.clock import now
from faq.engine_models import (  # noqa: F401 - Django looks for an app's models here
    NORMALISED_LIMIT,
    Calibration,
    Change,
    FaqSettings,
    IndexBuild,
    Negative,
    PhrasingVector,
    key_of,
)
from faq.health_models import EntryHealth  # noqa: F401
from faq.import_models import Upload, UploadRow  # noqa: F401
from faq.review_models import ReviewDecision  # noqa: F401

# An approved answer is read in a chat bubble; what needs more room is an article.
ANSWER_LIMIT = 1200


class Entry(models.Model):
    """An approved answer that may be shown as written, or an article that models may cite."""

    class Kind(models.TextChoices):
        ANSWER = "answer", "Answer"
        ARTICLE = "article", "Article"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.ANSWER,
        help_text="An answer may be shown to visitors as written. An article is only cited, in passages.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT, db_index=True)
    question = models.CharField(
        max_length=300, help_text="As a customer would ask it. For an article: its title."
    )
    question_normalised = models.CharField(max_length=NORMALISED_LIMIT, editable=False, db_index=True)
    answer = models.TextField(blank=True, help_text="Markdown: **bold**, lists, links, `code`, headings.")
    category = models.CharField(max_length=60, blank=True, db_index=True)
    language = models.CharField(
        max_length=12, default="en", db_index=True, help_text="Language code, such as en or de."
    )
    featured = models.PositiveSmallIntegerField(
        "starter position",
        null=True,
        blank=True,
        help_text="1 to 5 offers this question on the empty chat page, in this order. Empty: not offered.",
    )
    reviewed_on = models.DateField(
        null=True, blank=True, help_text="When somebody last checked that this is true. Visitors see it."
    )
    review_by = models.DateField(null=True, blank=True, help_text="When it has to be checked again.")
    version = models.PositiveIntegerField(default=1, editable=False)
    example_key = models.SlugField(max_length=80, blank=True, editable=False)
    example_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="The version that the example wrote; a higher one is staff's."
    )
    source = models.CharField(
        max_length=200,
        blank=True,
        default="",
        editable=False,
        help_text="Where an import had it from, such as zendesk:1234:en: the next import knows it again.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    history = HistoricalRecords()

    # What a visitor reads or a reply cites: a change of these makes a new version.
    CONTENT = ("kind", "question", "answer", "category", "language")

    class Meta:
        verbose_name = "FAQ entry"
        verbose_name_plural = "FAQ entries"
        ordering = ("category", "question")
        constraints = (
            models.UniqueConstraint(
                fields=["example_key"],
                condition=~models.Q(example_key=""),
                name="an_example_entry_is_loaded_once",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=~models.Q(source=""),
                name="an_imported_entry_has_one_source",
            ),
        )

    def __str__(self) -> str:
        return self.question

    def clean(self) -> None:
        """Refuse what a visitor could not be shown, each with the field it belongs to."""
        self.question_normalised = key_of(self.question)
        errors: dict[str, str] = {}
        # An empty one is refused by its field; here it may also be one that the form has refused already.
        if self.question and not self.question_normalised:
            errors["question"] = "A question needs at least one word."
        if self.kind == self.Kind.ANSWER and len(self.answer) > ANSWER_LIMIT:
            errors["answer"] = (
                f"An answer may have {ANSWER_LIMIT:,} characters and this one has {len(self.answer):,}. "
                "Shorten it, or make it an article."
            )
        if self.status == self.Status.PUBLISHED and not self.answer.strip():
            errors["answer"] = "Write the answer before you publish it."
        if self.reviewed_on and self.review_by and self.review_by < self.reviewed_on:
            errors["review_by"] = "The next review cannot lie before the last one."
        if errors:
            raise ValidationError(errors)

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the entry with its question's normalised form."""
        self.question_normalised = key_of(self.question)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def overdue(self, today: date) -> bool:
        """Return whether its review date has passed."""
        return self.review_by is not None and self.review_by < today


class Phrasing(models.Model):
    """Another way to ask for an entry. A normalised one belongs to one published entry a language."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="phrasings")
    text = models.CharField(max_length=300)
    normalised = models.CharField(max_length=NORMALISED_LIMIT, editable=False, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "normalised"], name="a_phrasing_stands_once_in_an_entry"
            ),
        )

    def __str__(self) -> str:
        return self.text

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the phrasing with its normalised form."""
        self.normalised = key_of(self.text)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class AskedQuestion(models.Model):
    """A message that went through the matcher, redacted, with what it found: for review."""

    class Label(models.TextChoices):
        NONE = "", "Not judged"
        RIGHT = "right", "Right"
        WRONG = "wrong", "Wrong"
        NOT_FAQ = "not_faq", "Not an FAQ question"

    class By(models.TextChoices):
        NONE = "", "Nobody"
        VISITOR = "visitor", "Visitor"
        STAFF = "staff", "Staff"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.TextField(help_text="Without e-mail addresses, card, bank and phone numbers.")
    normalised = models.CharField(
        max_length=NORMALISED_LIMIT, blank=True, default="", db_default="", editable=False, db_index=True
    )
    language = models.CharField(max_length=12, blank=True)
    candidates = models.JSONField(default=list)
    confidence = models.FloatField(default=0)
    threshold = models.FloatField(default=1)
    route = models.CharField(max_length=40, blank=True, db_index=True)
    shown_entry = models.CharField(max_length=40, blank=True, db_index=True)
    purpose = models.CharField(max_length=12, default="visitor", db_index=True)
    matcher_version = models.CharField(max_length=40, blank=True)
    index_version = models.PositiveBigIntegerField(default=0)
    label = models.CharField(max_length=12, choices=Label.choices, blank=True, db_index=True)
    labelled_by = models.CharField(max_length=10, choices=By.choices, blank=True, default="", db_default="")
    right_entry = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The entry that answers it, as a reviewer says.",
    )
    suggested = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Entries that were offered as “did you mean”, with commas.",
    )
    chosen_entry = models.CharField(max_length=40, blank=True, default="", db_default="")
    escalated = models.BooleanField(
        default=False, db_default=False, help_text="The visitor asked for another answer."
    )
    shadowed = models.BooleanField(
        default=False, db_default=False, help_text="Shadow mode kept it from being answered."
    )
    thumb = models.SmallIntegerField(
        default=0, db_default=0, help_text="The visitor's last thumb on a reply to it: 1, -1 or 0 for none."
    )
    thumb_reason = models.CharField(max_length=40, blank=True, default="", db_default="")
    judged_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    judged_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = "asked question"
        ordering = ("-created_at",)
        indexes = (
            # The review queue reads the newest that nobody has judged; most rows are judged or uninteresting.
            models.Index(
                fields=["purpose", "-created_at"],
                condition=models.Q(judged_by=""),
                name="faq_asked_not_judged",
            ),
            models.Index(fields=["route", "-created_at"], name="faq_asked_of_a_route"),
            # How often each entry was shown and liked, read from the index alone: by entry, and of all.
            models.Index(
                fields=["shown_entry", "-created_at"],
                include=["purpose", "thumb", "label"],
                name="faq_asked_shown_of_entry",
            ),
            models.Index(
                fields=["created_at"],
                include=["purpose", "shown_entry"],
                condition=~models.Q(shown_entry=""),
                name="faq_asked_shown_since",
            ),
            models.Index(
                fields=["-created_at"],
                include=["purpose", "label"],
                condition=~models.Q(label=""),
                name="faq_asked_judged",
            ),
            # Answers that nobody spoke against are most rows, but few of them were not quite sure.
            models.Index(
                fields=["purpose", "-created_at"],
                condition=models.Q(judged_by="", label="", confidence__lt=1)
                & (~models.Q(shown_entry="") | models.Q(shadowed=True)),
                name="faq_asked_to_spot_check",
            ),
            models.Index(
                fields=["purpose", "-created_at"],
                condition=~models.Q(purpose="visitor"),
                name="faq_asked_not_by_visitors",
            ),
        )

    def __str__(self) -> str:
        return self.text[:60]


class Work(models.Model):
    """Something a model is asked to write for staff, done by the worker and never by a web process.

    `holder` names the worker process that is at it and `moved_at` when it last said so; a holder that
    has been silent for long is dead, and another one goes on.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for the worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    OPEN = (State.QUEUED, State.RUNNING)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=120, blank=True, help_text="The model that answered last.")
    estimate_pico = models.BigIntegerField(null=True, help_text="Null when the model has no price.")
    cost_pico = models.BigIntegerField(null=True, help_text="Of its calls so far; null when unknown.")
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True


class ProposalRun(Work):
    """One order for proposed phrasings: for one entry, or for all that have too few."""

    class Scope(models.TextChoices):
        ENTRY = "entry", "One entry"
        FEW = "few", "All with too few phrasings"

    scope = models.CharField(max_length=10, choices=Scope.choices)
    entry = models.ForeignKey(
        Entry, on_delete=models.CASCADE, null=True, blank=True, related_name="proposal_runs"
    )
    left = models.JSONField(default=list, help_text="Entries that are still to be asked about, in order.")
    wanted = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    proposed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Entries whose answer held no usable line.")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(state__in=["queued", "running"], scope="entry"),
                name="one_open_run_an_entry",
            ),
            models.UniqueConstraint(
                fields=["scope"],
                condition=models.Q(state__in=["queued", "running"], scope="few"),
                name="one_open_run_over_all",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_scope_display()}, {self.done} of {self.wanted}"


class Proposal(models.Model):
    """A phrasing that a model proposes. It is used for nothing before somebody accepts it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CONFLICT = "conflict", "Nearer to another entry"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    WAITING = (State.OPEN, State.CONFLICT)

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="proposals")
    run = models.ForeignKey(
        ProposalRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals"
    )
    text = models.CharField(max_length=300)
    normalised = models.CharField(max_length=NORMALISED_LIMIT, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    rival = models.ForeignKey(
        Entry,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other entry that the matcher finds nearer.",
    )
    confidence = models.FloatField(default=0, help_text="How sure the matcher is of the nearest entry.")
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["entry", "normalised"], name="a_proposal_is_made_once_an_entry"),
        )

    def __str__(self) -> str:
        return self.text

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the proposal with its normalised form."""
        self.normalised = key_of(self.text)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class AnswerEdit(Work):
    """An answer that a model wrote or rewrote for staff; it becomes the entry's only when they save it."""

    class Kind(models.TextChoices):
        DRAFT = "draft", "Draft"
        SHORTEN = "shorten", "Shorten"
        FRIENDLIER = "friendlier", "Friendlier"
        FINAL = "final", "Final version"

    class Decision(models.TextChoices):
        NONE = "", "Not decided"
        USED = "used", "Put into the field"
        DISCARDED = "discarded", "Discarded"

    entry = models.ForeignKey(
        Entry, on_delete=models.CASCADE, null=True, blank=True, related_name="answer_edits"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    question = models.CharField(max_length=300)
    language = models.CharField(max_length=12, default="en")
    input_text = models.TextField(blank=True)
    sources = models.JSONField(default=list, help_text="The passages that a draft rests on: title and text.")
    output_text = models.TextField(blank=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.NONE, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.question}"
