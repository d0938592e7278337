"""The version counters that tell every process that something it caches has changed."""

from django.db import models


class Version(models.Model):
    """One counter a name (`faq`, `config`), raised in the transaction of the edit it announces."""

    name = models.CharField(max_length=40, primary_key=True)
    n = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.n}"
