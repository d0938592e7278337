"""A backup as a file: written whole or not at all, readable by its owner only, checked when it is read."""

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from assistant.keeping.errors import KeepingError
from assistant.keeping.manifest import MANIFEST, Manifest, Part, part_of, read

SUFFIX = ".desk.tar.gz"
MANIFEST_LIMIT = 1024 * 1024  # bytes; ours has a few thousand


def write(target: Path, manifest: Manifest, folder: Path) -> None:
    """Pack the manifest and the parts that it names out of `folder` into `target`."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            # A low level: a database compresses well at any, and a nightly backup must not hold a core.
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
                text = manifest.text().encode()
                head = tarfile.TarInfo(MANIFEST)
                head.size, head.mode = len(text), 0o600
                archive.addfile(head, io.BytesIO(text))
                for name in manifest.parts:
                    archive.add(folder / name, arcname=name)
            file.flush()
            os.fsync(file.fileno())
        check(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def manifest_of(path: Path) -> Manifest:
    """Return what a backup says of itself. Raises KeepingError when it is none."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
            file = archive.extractfile(first) if first and first.name == MANIFEST else None
            if file is None or first is None or first.size > MANIFEST_LIMIT:
                raise KeepingError(f"{path.name} is no backup of a desk: it does not begin with a manifest.")
            return read(file.read().decode())
    except FileNotFoundError:
        raise KeepingError(f"There is no file {path}.") from None
    except (tarfile.TarError, zlib.error, EOFError, OSError, UnicodeDecodeError) as error:
        raise KeepingError(f"{path.name} cannot be read as a backup: {error}") from error


def check(path: Path) -> Manifest:
    """Return a backup's manifest after each of its parts was compared with it; raises KeepingError."""
    return _walk(path, None)


def unpack(path: Path, folder: Path) -> Manifest:
    """Write a backup's parts into `folder`, each compared with its checksum; raises KeepingError."""
    return _walk(path, folder)


def _walk(path: Path, folder: Path | None) -> Manifest:
    manifest = manifest_of(path)
    missing = set(manifest.parts)
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name in missing and member.isfile():
                    _take(archive, member, manifest.parts[member.name], folder)
                    missing.discard(member.name)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise KeepingError(f"{path.name} is damaged: {error}") from error
    if missing:
        raise KeepingError(f"{path.name} is not whole: {', '.join(sorted(missing))} is missing.")
    return manifest


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, part: Part, folder: Path | None) -> None:
    """Compare one part with the manifest, and keep it when there is a folder to keep it in.

    The name is one of the manifest's, so it is only used after it was found to be a plain one.
    """
    if "/" in member.name or member.name.startswith("."):
        raise KeepingError(f"The part {member.name!r} of this backup has no plain name.")
    source, digest, size = archive.extractfile(member), hashlib.sha256(), 0
    target = (folder / member.name).open("xb") if folder else None
    try:
        while source and (block := source.read(1024 * 1024)):
            digest.update(block)
            size += len(block)
            if target:
                target.write(block)
    finally:
        if target:
            target.close()
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise KeepingError(f"The part {member.name} of this backup was altered: its checksum is another one.")


def parts_in(folder: Path, names: Iterable[str]) -> dict[str, Part]:
    """Return the parts that lie in a folder."""
    return {name: part_of(folder / name) for name in names}
