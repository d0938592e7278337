"""The fixtures of the router's tests: the sandbox's control API and a ledger in memory."""

from tests.routing.conftest import control, ledger

__all__ = ["control", "ledger"]
