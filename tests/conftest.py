"""Set the environment before anything reads it, then offer the servers that tests may use."""

from tests import environment

environment.set_up()

import django  # noqa: E402 - settings are read at this import's set-up

django.setup()
