"""How far an upgrade has come, in DATA_DIR/upgrade.json, so that it goes on there after any end."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from assistant.keeping.errors import KeepingError

FILE = "upgrade.json"


@dataclass(frozen=True)
class Target:
    """What an upgrade goes to; `mark` changes with everything in the checkout that a step reads."""

    version: str
    commit: str
    mark: str

    def __str__(self) -> str:
        return f"{self.version} ({self.commit[:10]})" if self.commit else self.version


@dataclass(frozen=True)
class Progress:
    """One upgrade. `step` is the one that was begun last and has not ended well, `failure` why."""

    target: Target
    started_at: str
    done: tuple[str, ...] = ()
    step: str = ""
    failure: str = ""
    backup: str = ""
    finished_at: str = ""

    def begun(self, step: str) -> Self:
        return replace(self, step=step, failure="")

    def ended(self, step: str) -> Self:
        return replace(self, done=(*self.done, step), step="", failure="")


def read(folder: Path) -> Progress | None:
    """Return the last upgrade of a desk, None when there was none. Raises KeepingError."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        target = Target(**values.pop("target"))
        return Progress(target=target, **{**values, "done": tuple(values["done"])})
    except (ValueError, KeyError, TypeError) as error:
        raise KeepingError(f"{path} cannot be read: delete it, and the upgrade begins anew.") from error


def write(folder: Path, progress: Progress) -> None:
    """Store how far it is; the file appears whole, and outlives a power cut."""
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(progress), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)
