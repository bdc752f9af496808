"""How does a file come into being whole or not at all?

The content goes to a temporary file in the same file system, is forced to the disk, and only then gets its name. A
process killed at any moment leaves at most a temporary file, which nobody reads.

Notes
-----
On Windows a file that another process has open cannot be replaced or deleted (it was not opened for sharing of
deletion). Readers of the store hold a file only while they copy bytes out of it, and virus scanners for a moment, so a
refusal is tried again for half a second. Whoever then still fails to replace finds the other process's file under the
same key: `Store.put` looks whether that one is sound.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

_WINDOWS = os.name == "nt"
#: Pauses (s) between attempts to replace a file that another process holds open.
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)


def write_whole(path: Path, fill: Callable[[BinaryIO], None], *, partial: Path) -> int:
    """Write a file in one step as others see it, and return its size (bytes).

    Parameters
    ----------
    path
        Final name; its folder is made where absent.
    fill
        Writes the content to the open file.
    partial
        Folder for the temporary file, in the same file system.

    Raises
    ------
    OSError
        As the file system gave it (``errno`` kept: full disk, quota, no permission); the temporary file is removed.
    """
    partial.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = partial / f"{os.getpid()}-{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as handle:
            fill(handle)
            handle.flush()
            os.fsync(handle.fileno())
            size = os.fstat(handle.fileno()).st_size
        _replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    return size


def remove(path: Path) -> bool:
    """Delete a file if it is there and can be deleted; says whether it is gone."""
    for pause in (*_PAUSES, None):
        try:
            path.unlink(missing_ok=True)
        except PermissionError:
            if not _WINDOWS or pause is None:
                return False
            time.sleep(pause)
        except OSError:
            return False
        else:
            return True
    return False


def settle(folders: Iterable[Path]) -> None:
    """Force the names in some folders to the disk, so that they outlast a power cut.

    What is lost otherwise is a finished entry, never its integrity: one call for many entries is enough.
    """
    if _WINDOWS:  # folders cannot be opened there; NTFS journals its names itself
        return
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # some network file systems
                    raise
            finally:
                os.close(handle)


def _replace(temporary: Path, path: Path) -> None:
    for pause in (*_PAUSES, None):
        try:
            os.replace(temporary, path)
        except PermissionError:
            if not _WINDOWS or pause is None:
                raise
            time.sleep(pause)
        else:
            return
