"""Whether the packages that are installed are those of the lock file."""

import re
from collections.abc import Mapping
from importlib.metadata import distributions

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def plain(name: str) -> str:
    """Return a package's name as it is compared: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Return the version of each package that this process could import."""
    return {plain(found.name): found.version for found in distributions() if found.name}


def differing(lock: str, found: Mapping[str, str]) -> list[str]:
    """Return in words which of the installed packages have another version than the lock names.

    What is not installed is left out: an image for production has no tools of development in it, and
    without one that it needs nothing would have come as far as here.
    """
    pinned = {plain(name): version for name, version in _PIN.findall(lock)}
    return [
        f"{name} {found[name]} instead of {version}"
        for name, version in sorted(pinned.items())
        if name in found and found[name] != version
    ]
