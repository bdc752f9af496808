"""How is the SQLite file opened so that two runs, a network and a full disk do no harm, and what do its errors mean?"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from interlith.errors import StudyError

#: How long (s) one run waits for another that is writing.
PATIENCE = 30.0
#: Version of the tables below; a catalogue of another one is made anew.
VERSION = 1
_TABLES = {
    "entries": "key TEXT PRIMARY KEY, size INTEGER NOT NULL, used REAL NOT NULL",
    "documents": "key TEXT PRIMARY KEY, text TEXT NOT NULL, sum TEXT NOT NULL, used REAL NOT NULL",
    "files": (
        "path BLOB PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, changed INTEGER NOT NULL, "
        "number TEXT NOT NULL, sha256 TEXT NOT NULL, sum TEXT NOT NULL, used REAL NOT NULL"
    ),
}
#: What SQLite says when the tables are not ours.
_FOREIGN = ("no such table", "no such column", "malformed", "has no column", "unsupported file format")
_REMEDY = "set INTERLITH_STORE to a folder on a disk of this computer"


def connect(path: Path, *, network: bool, patience: float = PATIENCE) -> tuple[sqlite3.Connection, bool]:
    """Open the catalogue, or make its tables; says whether they are new.

    Raises
    ------
    sqlite3.Error
        If it is damaged, of another version, or cannot be opened.
    StudyError
        If the file system does not lock.
    """
    # One transaction a call, begun by hand: sqlite3 would begin them late and let two runs collide in the middle.
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        with legible():
            connection.text_factory = _lenient
            connection.execute("PRAGMA cell_size_check = ON")
            if network:
                _try_lock(connection, path)
            mode = connection.execute(f"PRAGMA journal_mode = {'DELETE' if network else 'WAL'}").fetchone()[0]
            connection.execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
            return connection, _make_tables(connection)
    except BaseException:
        connection.close()
        raise


@contextlib.contextmanager
def legible() -> Iterator[None]:
    """Python cannot decode a message of SQLite that quotes a damaged name: that is damage too."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("malformed: SQLite quotes what is no text") from error


def _lenient(raw: bytes) -> str:
    return raw.decode(
        "utf-8", "replace"
    )  # a changed byte is for the checksum to find, not for the decoder to stumble at


def _make_tables(connection: sqlite3.Connection) -> bool:
    if _version(connection) == VERSION:
        _compare(connection)
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another run may have been quicker
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if version == 0 and tables == 0:
            for name, columns in _TABLES.items():
                connection.execute(f"CREATE TABLE {name} ({columns}) WITHOUT ROWID")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"no such table: the catalogue is of version {version}, not {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return version == 0


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _compare(connection: sqlite3.Connection) -> None:
    for name, columns in _TABLES.items():
        wanted = [column.split()[0] for column in columns.split(", ")]
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        if found != wanted:
            raise sqlite3.DatabaseError(f"no such table: '{name}' has the columns {found}")


def _try_lock(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if is_damage(error, path):
            raise
        raise StudyError(
            f"{path}: the store lies on a network file system that gives no locks ({error}), so that two runs could spoil "
            f"its catalogue; {_REMEDY}. If another run is at work in this store, wait for it."
        ) from error


def is_damage(error: sqlite3.Error, path: Path) -> bool:
    """Whether an error says that the file is no sound catalogue, rather than busy, full or forbidden."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT):
        return True
    if code == sqlite3.SQLITE_READONLY:  # a changed byte in its head, or moved away by another run
        return os.access(path, os.W_OK) or not path.exists()
    return any(words in str(error) for words in _FOREIGN)


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """What an error of SQLite means to the user: a full disk as `OSError`, the rest as sentences with a remedy."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if code == sqlite3.SQLITE_IOERR:
        return OSError(errno.EIO, f"{os.strerror(errno.EIO)} ({error})", str(path))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StudyError(
            f"{path}: another run has held the catalogue of the store for more than {PATIENCE:.0f} s; wait for it, or "
            f"{_REMEDY} that only this run uses."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StudyError(
            f"{path}: the catalogue of the store cannot be written ({error}); {_REMEDY} that you may write."
        )
    return error


def set_aside(path: Path) -> None:
    """Rename a damaged catalogue, with the files that SQLite keeps beside it.

    Raises
    ------
    StudyError
        If another run still uses it.
    """
    aside = f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%S')}-{secrets.token_hex(3)}"
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StudyError(
                f"{path}: the catalogue of the store is damaged and cannot be set aside ({error.strerror}); end other runs "
                "that use this store, or delete the file."
            ) from error
