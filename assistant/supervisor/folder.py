"""DATA_DIR: the lock that admits one desk, its secrets, and what a command beside it may know."""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

# Without letters and digits that are read as one another: it is typed by hand from a terminal.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class FolderTakenError(RuntimeError):
    """Another desk runs on this DATA_DIR."""


class Folder:
    """The one folder in which a desk keeps everything that outlives it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_file = path / "run.json"
        self._lock: TextIOWrapper | None = None

    def take(self) -> None:
        """Make the folder and hold it until `release`; raise FolderTakenError when another desk has it."""
        self._make()
        lock = (self.path / "run.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise FolderTakenError(self._taken()) from None
        self._lock = lock
        # Left by a desk that was killed; its pid may belong to anybody by now.
        self.run_file.unlink(missing_ok=True)

    def _make(self) -> None:
        # Conversations lie in it: nobody else on this machine has to read them.
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A folder inside somebody's repository must not take the secrets into it. One that already
        # holds something is theirs, and what git sees of it is theirs to say.
        if not any(self.path.iterdir()):
            (self.path / ".gitignore").write_text("*\n")

    def _taken(self) -> str:
        run: dict[str, Any] = json.loads(self.run_file.read_text()) if self.run_file.exists() else {}
        known = f" (process {run['pid']}, {run['urls']['desk']})" if run else ""
        return (
            f"A desk already runs on the data folder {self.path}{known}: "
            "stop it, or give this one its own DATA_DIR, PORT and SANDBOX_PORT."
        )

    def release(self) -> None:
        """Let another desk have the folder."""
        self.run_file.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def write_run(self, ports: Mapping[str, int], urls: Mapping[str, str], env: Mapping[str, str]) -> None:
        """Say in `run.json` what runs here; it appears whole, readable by its owner only."""
        run = {"pid": os.getpid(), "ports": dict(ports), "urls": dict(urls), "env": dict(env)}
        self._write_private(self.run_file, json.dumps(run, indent=1) + "\n")

    def secret_key(self) -> str:
        """Return the SECRET_KEY of this folder, so that sessions outlive a restart."""
        return self._kept("secret-key", lambda: secrets.token_urlsafe(48))

    def admin_password(self) -> str:
        """Return the password that each `make run` of this folder prints."""
        return self._kept(
            "admin-password",
            lambda: "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(3)),
        )

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        path = self.path / name
        if not path.exists():
            self._write_private(path, make() + "\n")
        return path.read_text().strip()

    def _write_private(self, path: Path, text: str) -> None:
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
