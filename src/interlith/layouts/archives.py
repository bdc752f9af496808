"""Is an archive safe to unpack, and what does it hold? Sizes and ratios are checked before a byte is inflated."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from interlith.errors import ReadError

#: Largest sum of unpacked sizes (bytes) and largest ratio of unpacked to packed above `RATIO_FROM` bytes.
LARGEST = 4_000_000_000
RATIO = 300
RATIO_FROM = 50_000_000
MEMBERS = 10_000


def members(path: Path) -> tuple[zipfile.ZipInfo, ...]:
    """Members of a zip archive, after checking count, sizes and ratio.

    Raises
    ------
    ReadError
        If the archive is damaged, or would unpack to more than is sane.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = tuple(archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ReadError(
            f"{path}: the archive is damaged ({error}); copy the file again from the instrument."
        ) from error
    size = sum(item.file_size for item in found)
    packed = max(path.stat().st_size, 1)
    if len(found) > MEMBERS or size > LARGEST or (size > RATIO_FROM and size / packed > RATIO):
        raise ReadError(
            f"{path}: {packed} bytes would unpack to {size} bytes in {len(found)} members, above what is allowed "
            f"({LARGEST} bytes, ratio {RATIO}, {MEMBERS} members); unpack it yourself if you trust it."
        )
    if any(item.flag_bits & 0x1 for item in found):
        raise ReadError(f"{path}: the archive is encrypted; save it without a password.")
    return found


def names_in_head(head: bytes) -> tuple[str, ...]:
    """Names of members whose local headers lie in the first bytes of a zip archive. Never raises."""
    names: list[str] = []
    at = 0
    while head[at : at + 4] == b"PK\x03\x04" and len(head) >= at + 30:
        packed = int.from_bytes(head[at + 18 : at + 22], "little")
        name_length = int.from_bytes(head[at + 26 : at + 28], "little")
        extra_length = int.from_bytes(head[at + 28 : at + 30], "little")
        names.append(head[at + 30 : at + 30 + name_length].decode("utf-8", errors="replace"))
        at += 30 + name_length + extra_length + packed
    return tuple(names)


def names_in(head: bytes, path: Path) -> tuple[str, ...]:
    """Names of all members where the file is at hand, else those in the first bytes. Never raises."""
    if head[:4] != b"PK\x03\x04":
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist()[:MEMBERS])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return names_in_head(head)


def unpack(path: Path, member: zipfile.ZipInfo, target: Path) -> Path:
    """Unpack one member to a file.

    Raises
    ------
    ReadError
        If the member is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    except Exception as error:  # decompressors differ in what they raise on damaged bytes
        raise ReadError(f"{path}: the member '{member.filename}' is damaged ({error}).") from error
    return target
