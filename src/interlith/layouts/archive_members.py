"""How is a small member of an archive taken into memory without believing what the archive says of its size?"""

from __future__ import annotations

import zipfile
from pathlib import Path

from interlith.errors import ReadError

#: Bytes that are unpacked at once.
_BLOCK = 1 << 20


def content(path: Path, item: zipfile.ZipInfo, *, largest: int) -> bytes:
    """All bytes of a member, counted as they come out.

    Raises
    ------
    ReadError
        If the member is damaged or unpacks to more than `largest` bytes.
    """
    if item.compress_size > path.stat().st_size or item.file_size > largest:
        raise ReadError(
            f"{path}: '{item.filename}' claims {item.compress_size} packed and {item.file_size} unpacked bytes, more than the file has or "
            f"than is read ({largest}); the archive is damaged, or holds too many scans."
        )
    out = bytearray()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(item) as member:
            while block := member.read(_BLOCK):
                out += block
                if len(out) > largest:
                    break
    except Exception as error:  # decompressors differ in what they raise on damaged bytes
        raise ReadError(f"{path}: the member '{item.filename}' is damaged ({error}); copy the file again.") from error
    if len(out) > largest:
        raise ReadError(f"{path}: '{item.filename}' unpacks to more than {largest} bytes; the archive is damaged.")
    return bytes(out)
