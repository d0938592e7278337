"""A running reply waits for its database, for so long and no longer."""

import pytest
from django.db import OperationalError

from assistant import db, reply_ledger
from assistant.reply_ledger import patiently


class Away:
    """Work that finds the database away for some tries."""

    __name__ = "away"

    def __init__(self, tries: int) -> None:
        self.left = tries

    def __call__(self, value: str) -> str:
        self.left -= 1
        if self.left >= 0:
            raise OperationalError("the connection was refused")
        return value


@pytest.mark.django_db(transaction=True)
async def test_a_database_that_comes_back_in_time_costs_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_ledger, "RETRY_S", 0.01)
    assert await patiently(Away(3), "stored") == "stored"
    monkeypatch.setattr(reply_ledger, "PATIENCE_S", 0.05)
    with pytest.raises(db.DatabaseGone, match="refused"):
        await patiently(Away(1000), "never")
