"""What earlier releases did not store of an asked question, filled in afterwards, a piece at a time."""

from uuid import UUID

from django.db import transaction

from faq.engine_models import key_of
from faq.models import AskedQuestion

CHUNK = 500  # rows a transaction, so that nobody waits long for SQLite's one writer


def normalise_asked() -> int:
    """Store the compared form of the questions that have none; return how many got one.

    A question without a word has none for good, and is passed over in each run.
    """
    done, last = 0, UUID(int=0)
    while True:
        with transaction.atomic():
            rows = list(
                AskedQuestion.objects.select_for_update()
                .filter(normalised="", pk__gt=last)
                .order_by("pk")
                .only("pk", "text")[:CHUNK]
            )
            if not rows:
                return done
            last = rows[-1].pk
            for row in rows:
                row.normalised = key_of(row.text)
            told = [row for row in rows if row.normalised]
            AskedQuestion.objects.bulk_update(told, ["normalised"])
            done += len(told)
