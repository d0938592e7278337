"""A seeded desk without a server, and a signed-in browser for each role."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from assistant.accounts import ensure_accounts
from faq import index
from routing import publishing
from tests.example_rows import make_once

PASSWORD = "a-long-test-password"

SignIn = Callable[[str], Client]


@pytest.fixture
def seeded(db: None, settings: Settings) -> Iterator[None]:
    """Load routes, rules, models, settings, the example's FAQ and the three accounts."""
    # Three slow hashes for each test would be most of its time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make_once("admin", _seed)
    # The test's transaction rolls back, the copies of this process do not.
    publishing.forget()
    index.forget()
    yield
    publishing.forget()
    index.forget()


def _seed() -> None:
    call_command("seed", verbosity=0)
    ensure_accounts(PASSWORD)


@pytest.fixture
def sign_in(seeded: None) -> SignIn:
    """Return a function that gives a client signed in as a role; `admin` without being superuser."""
    User.objects.filter(username="admin").update(is_superuser=False)

    def signed_in(role: str) -> Client:
        client = Client()
        client.force_login(
            User.objects.get(username=role), backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    return signed_in


@pytest.fixture
def support(sign_in: SignIn) -> Client:
    return sign_in("support")


@pytest.fixture
def admin(sign_in: SignIn) -> Client:
    return sign_in("admin")
