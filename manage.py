#!/usr/bin/env python
"""Run Django's command line for the desk."""

import os
import sys

from django.core.management import execute_from_command_line

from common.env import EnvError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
