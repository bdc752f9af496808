"""How does a run find what was computed before, and keep what it computes now?

Entries are files named by their step key and written whole or not at all, by any number of processes. The catalogue
beside them is an index that one process of a run writes; processes that only do jobs open the store without it.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from interlith.errors import StudyError
from interlith.model import Refusal, Result
from interlith.workbench.store.catalogue import Catalogue
from interlith.workbench.store.container import read_entry, read_found, write_entry
from interlith.workbench.store.damage import Damaged
from interlith.workbench.store.digests import Digests
from interlith.workbench.store.filesystem import file_system
from interlith.workbench.store.layout import Layout, default_root
from interlith.workbench.store.plain import from_plain, to_plain
from interlith.workbench.store.writing import remove, settle, write_whole

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Store:
    """Results by step key, notes by key, digests of raw files; made by `Store.open`, best in a ``with`` statement.

    Attributes
    ----------
    layout
        Names within the store.
    catalogue
        The index; `None` in a process that only does jobs.
    damaged
        How many entries were found damaged and removed since the store was opened.
    """

    def __init__(self, layout: Layout, catalogue: Catalogue | None) -> None:
        self.layout = layout
        self.catalogue = catalogue
        self.damaged = 0
        self._digests = Digests(catalogue)
        self._unsettled: set[Path] = set()

    @classmethod
    def open(cls, root: Path | None = None, *, catalogue: bool = True) -> Store:
        """Open a store; it is made where absent.

        Parameters
        ----------
        root
            Its folder; by default ``INTERLITH_STORE``, else a folder in the cache of the user.
        catalogue
            Whether this process keeps the index: one process of a run does; those that only do jobs never touch it.

        Raises
        ------
        StudyError
            If the folder cannot be written, or SQLite cannot work there.
        """
        layout = Layout((default_root() if root is None else root).absolute())
        try:
            layout.make()
            if not catalogue:
                return cls(layout, None)
            write_whole(layout.root / "probe", lambda handle: None, partial=layout.partial)
            remove(layout.root / "probe")
        except OSError as error:
            if error.errno in _FULL:
                raise
            raise StudyError(
                f"{layout.root}: the store cannot be written there ({error.strerror or error}); set INTERLITH_STORE to a "
                "folder on a disk of this computer that you may write."
            ) from error
        network = file_system(layout.root).network
        return cls(layout, Catalogue(layout.catalogue, network=network, entries=layout.scan))

    @property
    def root(self) -> Path:
        """Folder of the store."""
        return self.layout.root

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digest(self, path: Path) -> str:
        """SHA-256 (hex) of a raw file; a large one is read again only if it can have changed since.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        return self._digests.digest(path)

    def has(self, keys: Iterable[str]) -> set[str]:
        """Those keys that have an entry."""
        return self.layout.present(keys)

    def result(self, key: str) -> Result | Refusal | None:
        """What was kept under a step key: `None` if there is nothing, or nothing sound.

        The table is read and checked now. `Result.data` reads a table or dataset when it is first asked for, and raises
        `Damaged` if that one is not what was written; the entry is then removed as well.
        """
        path = self.layout.entry(key)
        try:
            return read_found(path, key, on_damage=self._drop)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._drop(damage)
            return None

    def put(self, key: str, found: Result | Refusal) -> int:
        """Keep a result or refusal; a sound entry that is there is left alone. Returns its size (bytes).

        Raises
        ------
        TypeError
            If the result holds something that has no form in the store.
        OSError
            If it cannot be written (full disk: ``errno.ENOSPC``); nothing of it is left then.
        """
        path = self.layout.entry(key)
        size = _sound_size(path, key)
        if size is None:
            try:
                size = write_whole(path, lambda handle: write_entry(handle, key, found), partial=self.layout.partial)
            except PermissionError:
                # On Windows another process that reads the same entry, just written by a third one, is in the way.
                size = _sound_size(path, key)
                if size is None:
                    raise
        self.register({key: size})
        return size

    def register(self, entries: Mapping[str, int]) -> None:
        """Tell the catalogue of entries that other processes wrote: key -> size (bytes)."""
        self._unsettled.update(self.layout.entry(key).parent for key in entries)
        if self.catalogue is not None:
            self.catalogue.register(entries)

    def used(self, keys: Iterable[str]) -> None:
        """Tell the catalogue that entries are in use, so that `clean` takes others first."""
        if self.catalogue is not None:
            self.catalogue.use(keys)

    def document(self, key: str) -> dict[str, Any] | None:
        """A note; `None` if there is none, or none that is sound."""
        return self.documents((key,)).get(key)

    def documents(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Notes by key; those that are absent or damaged are left out. Without a catalogue there are none."""
        if self.catalogue is None:
            return {}
        return {key: from_plain(json.loads(text)) for key, text in self.catalogue.documents(keys).items()}

    def put_documents(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep notes by key.

        Raises
        ------
        TypeError
            If one holds a value without a plain form.
        RuntimeError
            If this process keeps no catalogue.
        """
        if self.catalogue is None:
            raise RuntimeError(
                "A store that was opened with catalogue=False keeps no documents; hand them to the parent."
            )
        texts = {
            key: json.dumps(to_plain(words), allow_nan=False, separators=(",", ":")) for key, words in found.items()
        }
        self.catalogue.put_documents(texts)

    def commit(self) -> None:
        """Make what was put and noted so far outlast a power cut."""
        if self._unsettled:
            settle((*self._unsettled, self.layout.entries))
            self._unsettled.clear()
        if self.catalogue is not None:
            self.catalogue.commit()

    def close(self) -> None:
        """Commit and let go of the catalogue."""
        try:
            self.commit()
        finally:
            if self.catalogue is not None:
                self.catalogue.close()

    def _drop(self, damage: Damaged) -> None:
        self.damaged += 1
        remove(self.layout.entry(damage.key))


def _sound_size(path: Path, key: str) -> int | None:
    """Size of an entry (bytes), `None` if there is none or it is damaged."""
    try:
        entry = read_entry(path, key)
        entry.check()
        return path.stat().st_size
    except (FileNotFoundError, Damaged):
        return None
