"""Which entries are there and when were they last used, what did readers note, and which raw files were hashed before?

The catalogue is an index that only one process of a run writes. Nothing in it is irreplaceable: entries are found
again in their files, notes and digests are made again. So a damaged one is set aside and a new one made. Every note and
digest carries a checksum, because SQLite does not notice a changed byte within a value.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from interlith.workbench.store.connection import connect, is_damage, legible, set_aside, translated
from interlith.workbench.store.layout import EntryFile

#: After so many changes, or so many seconds, they are written in one transaction.
_MANY, _LONG = 2_000, 5.0
#: The last use of an entry is noted anew after this time (s), so that a warm run writes little.
_USE_GRAIN = 3600.0
#: As long (s) notes and digests that are in use go without a new date.
_NOTE_GRAIN = 86_400.0
#: Variables of one SQLite statement.
_CHUNK = 500
_DOCUMENTS = "SELECT key, text, sum, used FROM documents WHERE key IN"
_FILES = "SELECT path, size, modified, changed, number, sha256, sum, used FROM files"

_Found = TypeVar("_Found")
_Statement = tuple[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells without reading whether a file is still the same: place, size (bytes), times (ns), number on disk."""

    path: bytes
    size: int
    modified: int
    changed: int
    number: str

    def check(self, sha256: str) -> str:
        """Checksum of a remembered digest."""
        return _check(self.path.hex(), self.size, self.modified, self.changed, self.number, sha256)


@dataclass(frozen=True, slots=True)
class Use:
    """An entry in the catalogue: size (bytes) and last use (s since 1970)."""

    size: int
    used: float


class Catalogue:
    """The index of a store; opened, used and closed by one process.

    Parameters
    ----------
    path
        Its file.
    network
        Whether it lies on a network file system.
    entries
        Finds every entry file, for a new catalogue.

    Raises
    ------
    StudyError
        If SQLite cannot work there.
    """

    def __init__(self, path: Path, *, network: bool, entries: Callable[[], Iterable[EntryFile]]) -> None:
        self._path, self._network, self._scan = path, network, entries
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._entries: dict[str, tuple[int, float]] = {}
        self._used: dict[str, float] = {}
        self._documents: dict[str, str] = {}
        self._files: dict[bytes, tuple[Signature, str]] = {}
        self._written = time.monotonic()
        try:
            self._connection = self._connect()
        except sqlite3.Error as error:
            if not is_damage(error, path):
                raise translated(error, path) from error
            self._renew()

    def register(self, entries: Mapping[str, int]) -> None:
        """Note new entries with their sizes (bytes)."""
        now = time.time()
        with self._lock:
            self._entries.update({key: (size, now) for key, size in entries.items()})
            self._now_and_then()

    def adopt(self, files: Iterable[EntryFile]) -> None:
        """Note entries that no catalogue knew, with the time of writing as their last use."""
        with self._lock:
            self._entries.update({one.key: (one.size, one.written) for one in files})

    def use(self, keys: Iterable[str]) -> None:
        """Note that entries are used now."""
        now = time.time()
        with self._lock:
            self._used.update(dict.fromkeys(keys, now))
            self._now_and_then()

    def entries(self) -> dict[str, Use]:
        """All entries that the catalogue knows."""
        self.commit()
        rows = self._guarded(lambda base: base.execute("SELECT key, size, used FROM entries").fetchall())
        return {key: Use(int(size), float(used)) for key, size, used in rows if _sane(size, used)}

    def documents(self, keys: Iterable[str]) -> dict[str, str]:
        """Notes, as JSON, by key; absent and damaged ones are left out."""
        with self._lock:
            wanted = list(dict.fromkeys(keys))
            found = {key: self._documents[key] for key in wanted if key in self._documents}
            rest = [key for key in wanted if key not in found]
        old = time.time() - _NOTE_GRAIN
        for start in range(0, len(rest), _CHUNK):
            for key, text, check, used in self._ask(_DOCUMENTS, rest[start : start + _CHUNK]):
                if isinstance(text, str) and check == _check(key, text):
                    found[key] = text
                    if not isinstance(used, float) or used < old:
                        self.put_documents({key: text})
        return found

    def _ask(self, sql: str, keys: Sequence[str]) -> list[Any]:
        marks = ",".join("?" * len(keys))
        return self._guarded(lambda base: base.execute(f"{sql} ({marks})", keys).fetchall())

    def put_documents(self, found: Mapping[str, str]) -> None:
        """Keep notes, as JSON, by key."""
        with self._lock:
            self._documents.update(found)
            self._now_and_then()

    def files(self) -> dict[bytes, tuple[Signature, str]]:
        """Remembered digests by path; damaged rows are left out."""
        self.commit()
        found = {}
        for path, size, modified, changed, number, sha256, check, _ in self._guarded(
            lambda base: base.execute(_FILES).fetchall()
        ):
            if isinstance(path, bytes):
                signature = Signature(path, size, modified, changed, number)
                if check == signature.check(sha256):
                    found[path] = (signature, sha256)
        return found

    def remember(self, signature: Signature, sha256: str) -> None:
        """Remember the digest of a file."""
        with self._lock:
            self._files[signature.path] = (signature, sha256)
            self._now_and_then()

    def forget(self, *, entries: Iterable[str] = (), files: Iterable[bytes] = (), before: float | None = None) -> int:
        """Drop entries and digests, and notes and digests not used since a time (s since 1970); returns how many of these."""
        self.commit()
        dropped: list[_Statement] = [
            ("DELETE FROM entries WHERE key = ?", [(key,) for key in entries]),
            ("DELETE FROM files WHERE path = ?", [(path,) for path in files]),
        ]
        self._guarded(lambda base: _apply(base, dropped))
        if before is None:
            return 0
        old: list[_Statement] = [
            ("DELETE FROM documents WHERE used < ?", [(before,)]),
            ("DELETE FROM files WHERE used < ?", [(before,)]),
        ]
        return self._guarded(lambda base: _apply(base, old))

    def commit(self) -> None:
        """Write what has been noted, in one transaction."""
        with self._lock:
            statements = self._statements()
            self._written = time.monotonic()
            if not statements:
                return
            self._guarded(lambda base: _apply(base, statements))
            for noted in (self._entries, self._used, self._documents, self._files):
                noted.clear()

    def close(self) -> None:
        """Write what has been noted and let go of the file; in another process than the one that opened it: nothing."""
        if os.getpid() != self._process:
            return
        try:
            self.commit()
        finally:
            with self._lock:
                self._connection.close()

    def _statements(self) -> list[_Statement]:
        now = time.time()
        keep = "ON CONFLICT (key) DO UPDATE SET size = excluded.size, used = max(used, excluded.used)"
        files = [
            (path, one.size, one.modified, one.changed, one.number, sha256, one.check(sha256), now)
            for path, (one, sha256) in self._files.items()
        ]
        return [
            statement
            for statement in (
                (f"INSERT INTO entries VALUES (?, ?, ?) {keep}", [(key, *one) for key, one in self._entries.items()]),
                (
                    "UPDATE entries SET used = ? WHERE key = ? AND used < ?",
                    [(used, key, used - _USE_GRAIN) for key, used in self._used.items()],
                ),
                (
                    "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
                    [(key, text, _check(key, text), now) for key, text in self._documents.items()],
                ),
                ("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", files),
            )
            if statement[1]
        ]

    def _now_and_then(self) -> None:
        noted = len(self._entries) + len(self._used) + len(self._documents) + len(self._files)
        if noted >= _MANY or (noted and time.monotonic() - self._written > _LONG):
            self.commit()

    def _guarded(self, operation: Callable[[sqlite3.Connection], _Found]) -> _Found:
        """Do something with the database; a damaged one is replaced by a new one and asked again."""
        if os.getpid() != self._process:
            raise RuntimeError(
                "The catalogue of the store is used by another process than the one that opened it; open the store there "
                "with catalogue=False."
            )
        with self._lock:
            try:
                try:
                    with legible():
                        return operation(self._connection)
                except sqlite3.Error as error:
                    if not is_damage(error, self._path):
                        raise
                    self._connection.close()
                    self._renew()
                    return operation(self._connection)
            except sqlite3.Error as error:
                raise translated(error, self._path) from error

    def _connect(self) -> sqlite3.Connection:
        self._number = _number(self._path)
        connection, fresh = connect(self._path, network=self._network)
        self._number = _number(self._path)
        if fresh:
            rows = [(one.key, one.size, one.written) for one in self._scan()]
            _apply(connection, [("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", rows)])
        return connection

    def _renew(self) -> None:
        """Set the damaged catalogue aside and make a new one of the entry files, unless another run has just done so."""
        if _number(self._path) == self._number:
            set_aside(self._path)
        try:
            self._connection = self._connect()
        except sqlite3.Error as error:
            raise translated(error, self._path) from error


def _apply(connection: sqlite3.Connection, statements: Iterable[_Statement]) -> int:
    changed = 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        for sql, rows in statements:
            changed += max(0, connection.executemany(sql, rows).rowcount)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return changed


def _check(*words: object) -> str:
    return hashlib.sha256("\n".join(map(str, words)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _sane(size: object, used: object) -> bool:
    return isinstance(size, int) and isinstance(used, (int, float))
