"""A file on its way into the FAQ: kept on the server from its upload until a day later, row by row."""

import uuid

from django.conf import settings
from django.db import models


class Upload(models.Model):
    """A file that somebody wants in the FAQ, and how far it is.

    `epoch` is raised by whoever takes the work over, and every later write of a worker asks for the
    epoch it took: one that was thought dead finds its writes refused and stops.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", "Columns are to be confirmed"
        READING = "reading", "Being read"
        PREVIEW = "preview", "To be looked at"
        STORING = "storing", "Being stored"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    WORKING = (State.READING, State.STORING)

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="Nobody for an import from the command line.",
    )
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    content = models.BinaryField(help_text="The file as it came, compressed.")
    mapping = models.JSONField(null=True, help_text="Sheet, heading row and what each column is.")
    base_url = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=12, default="en", help_text="Where the file names none.")
    publish = models.BooleanField(default=False, help_text="Only by the command; the admin makes drafts.")
    state = models.CharField(max_length=10, choices=State.choices, db_index=True)
    notes = models.JSONField(default=list, help_text="What was found or left out, a sentence each.")
    failure = models.CharField(max_length=500, blank=True)
    total = models.PositiveIntegerField(default=0, help_text="Rows to be stored.")
    done = models.PositiveIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name


class UploadRow(models.Model):
    """One entry to be, or the reason why it cannot be one."""

    class Action(models.TextChoices):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        LIVE = "live", "Changes a published entry"
        UNCHANGED = "unchanged", "Unchanged"
        ERROR = "error", "Error"

    class Outcome(models.TextChoices):
        OPEN = "", "Not yet"
        STORED = "stored", "Stored"
        KEPT = "kept", "Left as it was"
        REFUSED = "refused", "Refused"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    action = models.CharField(max_length=10, choices=Action.choices)
    changes = models.JSONField(default=list)
    message = models.TextField(blank=True)
    entry = models.ForeignKey("faq.Entry", on_delete=models.SET_NULL, null=True, blank=True)
    basis = models.DateTimeField(
        null=True, blank=True, help_text="When the entry was last edited before the preview."
    )
    approved = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default=Outcome.OPEN)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["upload", "number"], name="a_row_stands_once_in_an_upload"),
        )
        indexes = (models.Index(fields=["upload", "outcome", "action"], name="upload_rows_by_outcome"),)

    def __str__(self) -> str:
        return str(self.document.get("question", ""))
