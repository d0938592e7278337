"""Try to book calls from several threads of this process, and print what became of them; run by a test.

With a snapshot as third argument this process makes the tables first. All wait for a line on stdin, so
that they begin at once.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "assistant.settings"

import django

django.setup()

from django.db import OperationalError, connection, transaction  # noqa: E402

from routing.errors import BudgetExhausted  # noqa: E402
from routing.models import Budget, ConfigVersion, ModelCall  # noqa: E402
from routing.recorder import start_call  # noqa: E402
from tests.routing.ledger import attempt  # noqa: E402

# As the desk's own door to the database has them: writers on SQLite would only wait for each other.
THREADS = 1 if connection.vendor == "sqlite" else 4


def make_tables(snapshot: dict[str, Any]) -> None:
    """Make the tables of the ledger and publish budgets; migrating everything would take seconds."""
    with connection.schema_editor() as editor:
        for model in (ConfigVersion, ModelCall, Budget):
            editor.create_model(model)
    ConfigVersion.objects.create(number=1, sha="", snapshot=snapshot)


def book(pico: int) -> str:
    """Return `paid` or `refused`; what a busy SQLite did not take is sent again, as a visitor's page does."""
    while True:
        try:
            with transaction.atomic():
                start_call(attempt(reserved_pico=pico, plan="free"))
        except BudgetExhausted:
            return "refused"
        except OperationalError as error:
            if "locked" not in str(error):
                return f"error: {error}"  # a deadlock, say
        else:
            return "paid"


def main(tries: int, pico: int, snapshot: str = "") -> None:
    """Book `tries` times, once everybody is ready."""
    if snapshot:
        make_tables(json.loads(snapshot))
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as pool:
        print("\n".join(pool.map(book, [pico] * tries)))
        list(pool.map(lambda _: connection.close(), range(THREADS)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
