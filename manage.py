#!/usr/bin/env python
"""Run Django's command line for the desk."""

import gc
import os
import sys

# Nothing of what is loaded is garbage, and looking for some takes a fifth of the start of a command.
# From `assistant.apps` on it is looked for again, among what is newer.
gc.disable()

from django.core.management import execute_from_command_line  # noqa: E402
from django.db.utils import DatabaseError  # noqa: E402

from common.env import EnvError  # noqa: E402


def sentence_of(error: DatabaseError) -> str:
    """Return what an operator has to do about a database that is away or not set up, "" for other errors."""
    words = (str(error).splitlines() or [""])[0].strip()  # what follows are guesses of the driver
    if words.startswith(("connection failed", "connection is bad", "unable to open database")):
        return (
            f"The database cannot be used: {words.rstrip('.')}. Start it, or mend .env: "
            "DATABASE_URL=postgresql://user:password@host:5432/name"
        )
    if "no such table" in words or ("relation " in words and "does not exist" in words):
        return "The database lacks tables of this release: run manage.py migrate, then manage.py seed."
    return ""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        sys.exit(str(error))
    except DatabaseError as error:
        if "--traceback" in sys.argv or not (sentence := sentence_of(error)):
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
