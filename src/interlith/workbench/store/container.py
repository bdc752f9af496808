"""How does a result become one file, and how do we know that it is still what was written?

An entry is a zip archive with stored (not compressed) members, so that anybody can open it: ``manifest.json``,
``table.parquet``, ``quality.parquet``, ``data/<name>.parquet`` or ``.nc``. The manifest holds the SHA-256 of every
member, and the comment of the archive that of the manifest: a changed byte is found whatever it belongs to.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from interlith.model import Refusal, Result
from interlith.workbench.store import payloads
from interlith.workbench.store.damage import Damaged
from interlith.workbench.store.manifest import (
    ARRANGEMENT,
    choices_from,
    flags_from,
    how_from,
    manifest_text,
    refusal_from,
)

_MANIFEST = "manifest.json"
_SIGN = b"interlith "
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
#: What zipfile, json and polars raise on bytes that are not what they should be.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    pl.exceptions.PolarsError,
)


def write_entry(handle: BinaryIO, key: str, found: Result | Refusal) -> None:
    """Write an entry to an open file.

    Raises
    ------
    TypeError
        If the result holds something that has no form in the store.
    OSError
        If the file cannot be written.
    """
    members: dict[str, dict[str, Any]] = {}
    contents: dict[str, bytes] = {}
    if isinstance(found, Result):
        _add(members, contents, "table", "table", found.table)
        _add(members, contents, "quality", "quality", found.quality)
        for number, (name, value) in enumerate(found.data.items()):
            plain = name if _PLAIN_NAME.fullmatch(name) else f"no.{number:03d}"
            _add(members, contents, f"data/{plain}", name, value)
    manifest = manifest_text(key, found, members)
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
        for path, content in {_MANIFEST: manifest, **contents}.items():
            archive.writestr(zipfile.ZipInfo(path), content)  # a fixed date: the same content is the same bytes
        archive.comment = _SIGN + hashlib.sha256(manifest).hexdigest().encode("ascii")


def _add(members: dict[str, dict[str, Any]], contents: dict[str, bytes], path: str, name: str, value: Any) -> None:
    if isinstance(value, pl.DataFrame) and value.width == 0:  # Parquet has no table without columns
        members[path] = {"holds": "rows", "name": name, "rows": value.height}
        return
    if isinstance(value, pl.DataFrame):
        holds, path, content = "frame", f"{path}.parquet", payloads.frame_bytes(value, name=name)
    elif payloads.is_dataset(value):
        holds, path, content = "dataset", f"{path}.nc", payloads.dataset_bytes(value, name=name)
    else:
        raise TypeError(
            f"'{name}' is of type {type(value).__name__}; the data of a result are polars DataFrames or xarray Datasets."
        )
    digest = hashlib.sha256(content).hexdigest()
    members[path] = {"holds": holds, "name": name, "size": len(content), "sha256": digest}
    contents[path] = content


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose manifest has been read and checked; its members are read when asked for."""

    path: Path
    key: str
    words: Mapping[str, Any]
    sign: bytes

    def member(self, path: str, archive: zipfile.ZipFile) -> Any:
        """A table or dataset, checked.

        Raises
        ------
        Damaged
            If its bytes are not those that were written.
        """
        about = self.words["members"][path]
        if about["holds"] == "rows":
            return pl.DataFrame(height=about["rows"])
        content = self._content(path, archive)
        return payloads.frame_from(content) if about["holds"] == "frame" else payloads.dataset_from(content)

    def check(self) -> None:
        """Read and check every member.

        Raises
        ------
        Damaged
            If the bytes of one are not those that were written.
        """
        with _opened(self.path, self.key) as archive, _trusting(self.key):
            for path, about in self.words["members"].items():
                if about["holds"] != "rows":
                    self._content(path, archive)

    def _content(self, path: str, archive: zipfile.ZipFile) -> bytes:
        about = self.words["members"][path]
        content = archive.read(path)
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise Damaged(self.key, f"its member {path} has changed")
        return content


def read_entry(path: Path, key: str) -> Entry:
    """Read and check the manifest of an entry.

    Raises
    ------
    FileNotFoundError
        If there is no entry.
    Damaged
        If it is not what was written under this key.
    """
    with _opened(path, key) as archive, _trusting(key):
        return _entry(path, key, archive)


def read_found(path: Path, key: str, *, on_damage: Callable[[Damaged], None]) -> Result | Refusal:
    """Read what an entry holds: words and table now, curves when they are asked for.

    Parameters
    ----------
    path, key
        File and key of the entry.
    on_damage
        Called before a member of `Result.data` that turns out damaged raises.

    Raises
    ------
    FileNotFoundError
        If there is no entry.
    Damaged
        If it is not what was written under this key.
    """
    with _opened(path, key) as archive, _trusting(key):
        entry = _entry(path, key, archive)
        words = entry.words
        if words["kind"] == "refusal":
            return refusal_from(words)
        paths = {about["name"]: member for member, about in words["members"].items() if member.startswith("data/")}
        heads = {about["name"]: member for member, about in words["members"].items() if not member.startswith("data/")}
        return Result(
            technique=words["technique"],
            name=words["name"],
            table=entry.member(heads["table"], archive),
            data=Members(entry, paths, on_damage),
            quality=entry.member(heads["quality"], archive),
            how=how_from(words),
            choices=choices_from(words),
            flags=flags_from(words),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Members(Mapping[str, Any]):
    """Curves and wide tables of a stored result; each is read and checked when it is first asked for."""

    entry: Entry
    paths: Mapping[str, str]
    on_damage: Callable[[Damaged], None]
    _known: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """The table or dataset of this name.

        Raises
        ------
        KeyError
            If the result has none of this name.
        Damaged
            If it is not what was written, or the entry is gone.
        """
        path = self.paths[name]
        if name not in self._known:
            self._known[name] = self._load(path)
        return self._known[name]

    def _load(self, path: str) -> Any:
        entry = self.entry
        try:
            with _opened(entry.path, entry.key) as archive, _trusting(entry.key):
                return entry.member(path, archive)
        except FileNotFoundError as error:
            raise Damaged(entry.key, "it was removed while it was in use") from error
        except Damaged as damage:
            if not self._replaced():
                self.on_damage(damage)
            raise

    def _replaced(self) -> bool:
        """Whether somebody has written the entry anew since: the file is sound then, only not the one that we hold."""
        try:
            now = read_entry(self.entry.path, self.entry.key)
            now.check()
        except (OSError, Damaged):
            return False
        return now.sign != self.entry.sign

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, name: object) -> bool:
        return name in self.paths


def _entry(path: Path, key: str, archive: zipfile.ZipFile) -> Entry:
    content = archive.read(_MANIFEST)
    if archive.comment != _SIGN + hashlib.sha256(content).hexdigest().encode("ascii"):
        raise Damaged(key, "its manifest has changed")
    words = json.loads(content)
    if words["arrangement"] != ARRANGEMENT:
        raise Damaged(key, f"it is of arrangement {words['arrangement']}, this version reads {ARRANGEMENT}")
    if words["key"] != key:
        raise Damaged(key, "it holds another entry")
    return Entry(path, key, words, archive.comment)


@contextlib.contextmanager
def _opened(path: Path, key: str) -> Iterator[zipfile.ZipFile]:
    with _trusting(key):
        archive = zipfile.ZipFile(path)
    with archive:
        yield archive


@contextlib.contextmanager
def _trusting(key: str) -> Iterator[None]:
    """What a library says about bytes that nobody wrote is damage; an absent file or a missing right is not."""
    try:
        yield
    except _BROKEN as error:
        raise Damaged(key, f"{type(error).__name__}: {error}") from error
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EIO):
            raise Damaged(key, error.strerror or "the disk cannot give it back") from error
        raise
