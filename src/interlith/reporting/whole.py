"""How does a file of the results come to be there whole or not at all, whenever a run is stopped?"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from interlith.workbench.store.writing import write_whole


def whole(path: Path, content: bytes) -> Path:
    """Write a file in one move; whoever reads meanwhile finds the earlier one.

    Raises
    ------
    OSError
        If it cannot be written (full disk); the earlier file is left as it was.
    """

    def fill(handle: BinaryIO) -> None:
        handle.write(content)

    write_whole(path, fill, partial=path.parent)
    return path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """A name to write to; when that is done, the file gets its own name in one move."""
    other = path.with_name(f"{os.getpid()}-{secrets.token_hex(8)}.part")
    try:
        yield other
        with other.open("rb+") as handle:
            os.fsync(handle.fileno())
        other.replace(path)
    finally:
        other.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove what runs that were killed left half written."""
    for path in folder.rglob("*-????????????????.part"):
        path.unlink(missing_ok=True)
