"""Clients of the roles for the import pages, and a way to walk through them."""

from tests.faq.conftest import SignIn, own_index, sign_in

__all__ = ["SignIn", "own_index", "sign_in"]
