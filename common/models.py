"""The version counters of what processes cache, and whether the example company was sent away."""

from django.db import models


class Version(models.Model):
    """One counter a name (`faq`, `config`), raised in the transaction of the edit it announces."""

    name = models.CharField(max_length=40, primary_key=True)
    n = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.n}"


class ExampleChoice(models.Model):
    """One row once staff have sent the example company away: it must not come back by itself."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    removed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"example removed {self.removed_at:%Y-%m-%d}"
