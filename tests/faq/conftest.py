"""The example's FAQ in the database, and clients of the roles that work on it."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from assistant.roles import ensure_roles
from faq import example, index
from tests.example_rows import make_once

SignIn = Callable[[str], Client]


@pytest.fixture
def own_index() -> Iterator[None]:
    """Forget the process's copy of the FAQ, before and after: a test's rows roll back, the copy does not."""
    index.forget()
    yield
    index.forget()


@pytest.fixture
def larkfield(db: None, own_index: None) -> None:
    """Load the example company."""
    make_once("larkfield", example.load)


@pytest.fixture
def sign_in(db: None, own_index: None) -> SignIn:
    """Return a function that gives a client signed in as a member of a group."""
    ensure_roles()

    def signed_in(role: str) -> Client:
        user = User.objects.create_user(role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in
