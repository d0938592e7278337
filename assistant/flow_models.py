"""What people ask, in flows: files of old questions, the counting of them or of live traffic, its results."""

import uuid

from django.db import models

from faq.models import Work


class QuestionFile(models.Model):
    """A file of questions from before the desk, its personal details taken out before anything was stored.

    `table` holds its rows until somebody has said what the columns are, `rows` the questions from then on.
    Both, and the texts of its flows, go with the retention of uploads; the figures stay.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    table = models.BinaryField(null=True)
    rows = models.BinaryField(null=True)
    questions = models.PositiveIntegerField(default=0, help_text="Rows that hold a question.")
    messages = models.PositiveIntegerField(default=0, help_text="How often they were asked in all.")
    left_out = models.PositiveIntegerField(default=0, help_text="Rows with an error.")
    problems = models.JSONField(default=list, help_text="Place and reason of the first of these, no text.")
    notes = models.JSONField(default=list)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta:
        ordering = ("-created_at",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def confirmed(self) -> bool:
        """Return whether its columns are known."""
        return self.questions > 0 or self.left_out > 0


class FlowRun(Work):
    """One counting of what people ask: of a file, or of the live traffic of the last `days`."""

    class Phase(models.TextChoices):
        READING = "reading", "Reading the questions"
        EMBEDDING = "embedding", "Comparing their meaning"
        GROUPING = "grouping", "Grouping them into flows"
        JUDGING = "judging", "Putting them to the desk"
        SUMMING = "summing", "Adding up"

    file = models.ForeignKey(
        QuestionFile, on_delete=models.CASCADE, null=True, blank=True, related_name="runs"
    )
    days = models.PositiveSmallIntegerField(default=0, help_text="Of live traffic; 0 for a file.")
    phase = models.CharField(max_length=10, choices=Phase.choices, default=Phase.READING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(null=True)
    config_number = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()
        permissions = (
            ("view_flow_figures", "Can see the figures of what people ask"),
            ("work_on_flows", "Can read what people ask, and upload old questions"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["file"],
                condition=models.Q(state__in=["queued", "running"], file__isnull=False),
                name="one_open_counting_a_file",
            ),
            models.UniqueConstraint(
                fields=["days"],
                condition=models.Q(state__in=["queued", "running"], file__isnull=True),
                name="one_open_counting_a_period",
            ),
        )

    def __str__(self) -> str:
        return str(self.file) if self.file_id else f"Last {self.days} days"


class FlowPart(models.Model):
    """What a counting has worked out so far, in pieces, so that another worker can go on; gone at its end."""

    run = models.ForeignKey(FlowRun, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=10)
    number = models.PositiveIntegerField(default=0)
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=["run", "kind", "number"], name="a_part_of_a_counting_stands_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Flow(models.Model):
    """Questions that ask one thing in different words, with figures that name nobody. 0 is all the rest."""

    run = models.ForeignKey(FlowRun, on_delete=models.CASCADE, related_name="flows")
    number = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ("number",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=["run", "number"], name="a_flow_has_a_number_of_its_own"),
        )

    def __str__(self) -> str:
        return f"flow {self.number}"


class FlowExample(models.Model):
    """One of a flow's questions, the most central one first: its text, or the asked question that holds it.

    Live traffic is not copied: its texts are read where retention and erasure reach them.
    """

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="examples")
    place = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    asked = models.UUIDField(null=True, db_index=True)

    class Meta:
        ordering = ("place",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"example {self.place}"
