"""Graphs that were made once, kept on disk: whole ones only, whoever writes and whenever the power goes."""

import hashlib
import logging
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

logger = logging.getLogger(__name__)

# Published weights are no secret, and a command run as another user should find them made.
READABLE = 0o644
_DIGEST = hashlib.sha256().digest_size


def load(path: Path) -> bytes | None:
    """Return the graph that was kept at `path`; None when there is none, or not a whole one."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("%s cannot be read (%s): the graph is made anew.", path, error.strerror)
        return None
    digest, graph = raw[:_DIGEST], raw[_DIGEST:]
    if hashlib.sha256(graph).digest() == digest:
        return graph
    logger.warning("%s was cut or changed: the graph is made anew.", path)
    return None


def keep(path: Path, graph: bytes) -> bool:
    """Write the graph behind its digest in one step; False when the folder does not let us.

    Two processes that start together each write a file of their own; they are equal, and the later one stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, graph)
    except OSError as error:
        logger.warning("%s cannot be written (%s): each start makes the graph again.", path, error.strerror)
        return False
    _forget_others(path)
    return True


def _write(path: Path, graph: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(hashlib.sha256(graph).digest() + graph)
            part.flush()
            os.fchmod(part.fileno(), READABLE)
            os.fsync(part.fileno())
            os.replace(part.name, path)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise


def _forget_others(path: Path) -> None:
    """Remove the graphs that another release wrote for the same precision; who uses one has it in memory."""
    family = path.name.rsplit("-", 1)[0]
    for other in path.parent.glob(f"{family}-*{path.suffix}"):
        if other != path:
            other.unlink(missing_ok=True)
