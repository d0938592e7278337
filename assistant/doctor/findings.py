"""What a check found: ok, a warning, a failure, or not looked at; with the line that mends it.

Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is a line for .env, a command, or the admin page to open."""

    check: str
    state: State
    text: str
    mend: str = ""


def ok(check: str, text: str) -> Finding:
    return Finding(check, "ok", text)


def warn(check: str, text: str, mend: str) -> Finding:
    return Finding(check, "warn", text, mend)


def fail(check: str, text: str, mend: str) -> Finding:
    return Finding(check, "fail", text, mend)


def skip(check: str, text: str) -> Finding:
    return Finding(check, "skip", text)


def failed(findings: Iterable[Finding]) -> bool:
    """Return whether anything does not work; warnings alone are no failure."""
    return any(finding.state == "fail" for finding in findings)
