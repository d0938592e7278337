"""The loaders that sites fetch: one file a version, which never changes once it is released.

A site that pins a version by its sum keeps working when the desk is upgraded, so a change makes a new
file beside the old ones.
"""

import base64
import functools
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "widget"
_NAME = re.compile(r"v([1-9]\d*)\.js")


@dataclass(frozen=True)
class Loader:
    """One version of the loader, as it goes out."""

    version: str
    source: bytes
    packed: bytes
    integrity: str


@functools.cache
def loaders() -> dict[str, Loader]:
    """Return every released loader by its version."""
    found = ((_NAME.fullmatch(path.name), path) for path in FOLDER.iterdir())
    return {match[1]: _read(match[1], path) for match, path in found if match}


def latest() -> Loader:
    """Return the loader that pages without a version get."""
    return loaders()[max(loaders(), key=int)]


def lean(text: str) -> str:
    """Return a script without its indentation and the lines that are comments; nothing else is touched."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/**"))) + "\n"


def _read(version: str, path: Path) -> Loader:
    source = lean(path.read_text(encoding="utf-8")).encode()
    digest = base64.b64encode(hashlib.sha384(source).digest()).decode()
    return Loader(version, source, gzip.compress(source, 9, mtime=0), f"sha384-{digest}")
