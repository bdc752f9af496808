"""Is an archive safe to unpack, and what does it hold? Sizes and ratios are checked before a byte is inflated."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import IO

from interlith.errors import ReadError

#: Largest sum of unpacked sizes (bytes) and largest ratio of unpacked to packed above `RATIO_FROM` bytes.
LARGEST = 4_000_000_000
RATIO = 300
RATIO_FROM = 50_000_000
MEMBERS = 10_000
#: First bytes of a gzip stream.
GZIP = b"\x1f\x8b"
#: Largest text (bytes) that is unpacked into memory.
LARGEST_TEXT = 2_000_000_000
#: Largest ratio that the usual compression of archives reaches.
MOST_DEFLATED = 1032
_BLOCK = 1 << 20
_LOCAL = 30


def members(path: Path, *, ratio: float = RATIO, ratio_from: int = RATIO_FROM) -> tuple[zipfile.ZipInfo, ...]:
    """Members of a zip archive, after checking count, sizes and ratio, and that the sizes it declares are true.

    Parameters
    ----------
    path
        The archive.
    ratio, ratio_from
        Largest ratio of unpacked to packed bytes, above so many unpacked bytes.

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
    if len(found) > MEMBERS or size > LARGEST or (size > ratio_from and size / packed > ratio):
        raise ReadError(
            f"{path}: {packed} bytes would unpack to {size} bytes in {len(found)} members, above what is allowed "
            f"({LARGEST} bytes, ratio {ratio:g}, {MEMBERS} members); unpack it yourself if you trust it."
        )
    if any(item.flag_bits & 0x1 for item in found):
        raise ReadError(f"{path}: the archive is encrypted; save it without a password.")
    if sum(item.compress_size for item in found) * MOST_DEFLATED > ratio_from:
        _refuse_lies(path, found)
    return found


def _refuse_lies(path: Path, found: tuple[zipfile.ZipInfo, ...]) -> None:
    """Unpack each member in small pieces, since readers unpack as a whole what declares to be small."""
    with path.open("rb") as handle:
        for item in found:
            real = _inflated(handle, item) if item.compress_type == zipfile.ZIP_DEFLATED else item.file_size
            if real > item.file_size:
                raise ReadError(
                    f"{path}: the member '{item.filename}' declares {item.file_size} bytes but unpacks to more; the archive is "
                    "damaged or made to harm. Copy it again from the instrument."
                )


def _inflated(handle: IO[bytes], item: zipfile.ZipInfo) -> int:
    """Bytes that a member unpacks to, counted no further than just beyond what it declares; 0 where it is damaged."""
    if item.header_offset < 0:
        return 0
    handle.seek(item.header_offset)
    local = handle.read(_LOCAL)
    if local[:4] != b"PK\x03\x04" or len(local) < _LOCAL:
        return 0
    handle.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
    stream = zlib.decompressobj(-15)
    left, real = item.compress_size, 0
    try:
        while left > 0 and not stream.eof and real <= item.file_size:
            packed = handle.read(min(left, _BLOCK))
            left -= len(packed)
            if not packed:
                break
            while packed and real <= item.file_size:
                real += len(stream.decompress(packed, _BLOCK))
                packed = stream.unconsumed_tail
    except Exception:  # fastnda puts another decompressor, with errors of its own, in the place of zlib's
        return 0
    return real


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


def gunzip_head(head: bytes) -> bytes:
    """The text that the first bytes of a gzip stream hold. Never raises."""
    try:
        return zlib.decompressobj(31).decompress(head, 65_536)
    except Exception:  # as above
        return b""


def gunzip(path: Path) -> bytes:
    """Unpack a gzip stream into memory, counting what comes out.

    Raises
    ------
    ReadError
        If the stream is damaged, cut short, or unpacks to more than is sane.
    """
    packed = max(path.stat().st_size, 1)
    out = bytearray()
    try:
        with gzip.open(path) as stream:
            while block := stream.read(_BLOCK):
                out += block
                if len(out) > LARGEST_TEXT or (len(out) > RATIO_FROM and len(out) / packed > RATIO):
                    raise ReadError(
                        f"{path}: {packed} bytes unpack to more than {len(out)} bytes, above what is allowed ({LARGEST_TEXT} "
                        f"bytes, ratio {RATIO}); unpack it yourself if you trust it."
                    )
    except ReadError:
        raise
    except Exception as error:  # some libraries put a decompressor with errors of its own in the place of zlib
        raise ReadError(f"{path}: the packed text is damaged or cut short ({error}); copy it again.") from error
    return bytes(out)
