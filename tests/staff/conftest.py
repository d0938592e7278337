"""The FAQ's staff at work: clients of the roles, and copies of the FAQ that do not outlive a test."""

from collections.abc import Iterator

import pytest

from faq import index, unpublished
from tests.faq.conftest import SignIn, larkfield, own_index, sign_in

__all__ = ["SignIn", "larkfield", "own_index", "sign_in"]


@pytest.fixture(autouse=True)
def own_copies() -> Iterator[None]:
    """Forget what this process read of the FAQ, before and after."""
    index.forget()
    unpublished.forget()
    yield
    index.forget()
    unpublished.forget()
