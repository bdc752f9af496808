"""Are the heaps of texts in an HDF5 file sound, so that the library that reads them comes to an end?

Texts of variable length lie in global heaps; over a damaged one the HDF5 library can run in a circle without end. The heaps of files up
to some size are therefore walked here first, by the public layout of the file format.

References
----------
The HDF Group, HDF5 File Format Specification version 3.0, section III.E (disk format of the global heap).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlith.errors import ReadError
from interlith.layouts import hdf5_tables

#: Largest file (bytes) whose heaps are walked; above, it would take longer than reading a pattern.
LARGEST = 512_000_000
_MARK, _HEAD, _OBJECT, _LEAST = b"GCOL\x01\0\0\0", 16, 16, 4096


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading whose heaps are sound.

    Raises
    ------
    ReadError
        If it is no HDF5 file or damaged.
    """
    check(path)
    with hdf5_tables.opened(path) as file:
        yield file


def check(path: Path) -> None:
    """Walk all heaps of a file.

    Raises
    ------
    ReadError
        If an object of a heap is longer than its heap, or has no length.
    """
    try:
        size = path.stat().st_size
        if not _HEAD < size <= LARGEST:
            return
        with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(b"GCOL")
            while at >= 0:
                _walk(data, at, size, path)
                at = data.find(b"GCOL", at + 8)
    except (OSError, ValueError) as error:
        raise ReadError(f"{path}: cannot be opened ({error}).") from error


def _walk(data: mmap.mmap, at: int, size: int, path: Path) -> None:
    if at % 8 or data[at : at + 8] != _MARK:
        return  # the word by chance, among numbers or in a text
    length = int.from_bytes(data[at + 8 : at + 16], "little")
    end = at + length
    if length < _LEAST or end > size:
        raise _damaged(path, at)
    here = at + _HEAD
    while here + _OBJECT <= end:
        index = int.from_bytes(data[here : here + 2], "little")
        inside = int.from_bytes(data[here + 8 : here + 16], "little")
        if index == 0:  # the free space, which ends the heap and counts its own head
            if inside != end - here:  # none at all is what the library runs in a circle over
                raise _damaged(path, here)
            return
        here += _OBJECT + (inside + 7) // 8 * 8
        if here > end:
            raise _damaged(path, here)


def _damaged(path: Path, at: int) -> ReadError:
    return ReadError(f"{path}: byte {at}: a heap of texts in the HDF5 file is damaged; copy it again.")
