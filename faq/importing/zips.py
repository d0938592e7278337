"""Zip files, never unpacked to disk: opened within limits, each member read into memory by itself."""

import io
import zipfile
import zlib

from faq.importing.documents import MAX_FILES, MAX_UNPACKED, Unreadable

_ENCRYPTED = 0x1  # bit 0 of a member's flags


class BadMember(ValueError):
    """One file in a zip cannot be read; the message says why."""


def opened(data: bytes) -> zipfile.ZipFile:
    """Return the archive; raises Unreadable when it is damaged, encrypted or too large."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise Unreadable("This zip or Excel file is damaged or cut off and cannot be opened.") from error
    members = [member for member in archive.infolist() if not member.is_dir()]
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise Unreadable("This zip file is protected by a password; pack it again without one.")
    if len(members) > MAX_FILES:
        raise Unreadable(f"This zip file holds {len(members):,} files; {MAX_FILES:,} are the most.")
    return archive


def contents(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """Return a member's bytes; raises BadMember when it is damaged or larger than `limit`.

    The size a member declares binds: zipfile never unpacks more than that.
    """
    if member.file_size > limit:
        raise BadMember(f"It has {member.file_size:,} bytes; {limit:,} are the most for one page.")
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadMember("It is damaged and cannot be unpacked.") from error


def require_size(members: list[zipfile.ZipInfo]) -> None:
    """Raise Unreadable when the members unpack to more than the limit."""
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED:
        raise Unreadable(
            f"The pages of this zip file unpack to {total // 2**20:,} MB; "
            f"{MAX_UNPACKED // 2**20} MB are the most."
        )
