"""What is the SHA-256 of a raw file, read again only if the file can have changed?

Notes
-----
A file above 1 MiB whose place, size, times and number on disk are as they were when it was hashed is taken as
unchanged. The assumption that fails first: somebody changed bytes and set back the times (on Windows, where the time of
change cannot be told from that of creation, also a program that keeps the time of modification); `verify` finds that.
A file that was touched less than two seconds before it was hashed is not remembered: a later change could leave the
same times (FAT keeps two seconds).
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from interlith.workbench.store.catalogue import Catalogue, Signature

#: Files up to this size (bytes) are read every time: that takes no longer than to be careful.
SMALL = 1 << 20
#: Least age (ns) of a file's times for its digest to be remembered.
_SETTLED = 2_000_000_000


class Digests:
    """Digests of raw files, remembered in the catalogue where there is one."""

    def __init__(self, catalogue: Catalogue | None) -> None:
        self._catalogue = catalogue
        self._known: dict[bytes, tuple[Signature, str]] | None = None

    def digest(self, path: Path) -> str:
        """SHA-256 (hex) of a file.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        with open(path, "rb", buffering=0) as handle:
            before = os.fstat(handle.fileno())
            if before.st_size <= SMALL:
                return hashlib.file_digest(handle, "sha256").hexdigest()
            signature = _signature(path, before)
            known = self._remembered().get(signature.path)
            if known is not None and known[0] == signature:
                return known[1]
            started = time.time_ns()
            found = hashlib.file_digest(handle, "sha256").hexdigest()
        # A file that changes while it is read has other times from then on: what is remembered is its state before.
        if max(signature.modified, signature.changed) < started - _SETTLED:
            self._remembered()[signature.path] = (signature, found)
            if self._catalogue is not None:
                self._catalogue.remember(signature, found)
        return found

    def _remembered(self) -> dict[bytes, tuple[Signature, str]]:
        if self._known is None:
            self._known = {} if self._catalogue is None else self._catalogue.files()
        return self._known


def signature_of(path: Path) -> Signature:
    """The signature of a file as it lies there now.

    Raises
    ------
    OSError
        If it is not there.
    """
    return _signature(path, os.stat(path))


def _signature(path: Path, about: os.stat_result) -> Signature:
    number = f"{about.st_dev}:{about.st_ino}"
    return Signature(os.fsencode(os.path.abspath(path)), about.st_size, about.st_mtime_ns, about.st_ctime_ns, number)
