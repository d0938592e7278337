"""What a backup says of itself: where it comes from, what is in it, and how each part is checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.keeping.errors import KeepingError

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.json"
NOT_IN_IT = (
    "SECRET_KEY, passwords and provider keys: keep .env (or DATA_DIR/secret-key) where you keep passwords",
    "Redis: it holds only what is made again",
    "logs, collected static files and the program itself",
)


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The first file of a backup. `migrations` maps an app to all that were applied, in order."""

    format: int
    version: str
    commit: str
    created_at: str
    engine: str
    server: str
    key_mark: str
    migrations: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]
    parts: Mapping[str, Part]
    not_in_it: tuple[str, ...] = NOT_IN_IT

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"


def read(text: str) -> Manifest:
    """Return the manifest in `text`. Raises KeepingError when it is none, or of a later format."""
    try:
        values: dict[str, Any] = json.loads(text)
        if values["format"] != FORMAT:
            raise KeepingError(
                f"This backup has format {values['format']}, and this release reads format {FORMAT}: "
                "restore it with the release that made it, or a newer one."
            )
        return Manifest(
            **{
                **values,
                "migrations": {app: tuple(names) for app, names in values["migrations"].items()},
                "parts": {name: Part(**part) for name, part in values["parts"].items()},
                "not_in_it": tuple(values["not_in_it"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeepingError(f"The manifest of this backup cannot be read ({type(error).__name__}).") from error


def part_of(path: Path) -> Part:
    """Return the size and checksum of a file."""
    with path.open("rb") as file:
        return Part(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
