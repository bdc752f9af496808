"""Is everything in the store still what was written, and what can go?"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from interlith.workbench.store.catalogue import Catalogue, Use
from interlith.workbench.store.container import read_entry
from interlith.workbench.store.damage import Damaged
from interlith.workbench.store.digests import signature_of
from interlith.workbench.store.layout import EntryFile
from interlith.workbench.store.store import Store
from interlith.workbench.store.writing import remove

#: An unfinished file older than this (s) belongs to a process that was killed.
_ABANDONED = 3600.0


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found.

    Parameters
    ----------
    entries, size
        How many entries there are, and their bytes, damaged ones included.
    damaged
        Keys of entries that were not what was written; they are removed.
    files
        How many raw files were read.
    changed
        Raw files whose bytes are not those of the remembered digest though size and times are; their digest is forgotten.
    missing
        Raw files that are not there any more (moved, or a disk that is not mounted); their digest is kept.
    """

    entries: int
    size: int
    damaged: tuple[str, ...]
    files: int
    changed: tuple[Path, ...]
    missing: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What `clean` removed, or would remove.

    Parameters
    ----------
    entries, size
        How many entries, and their bytes.
    leftovers, leftover_size
        Unfinished files of killed processes and catalogues that were set aside, and their bytes.
    notes
        Notes and digests of raw files dropped for their age; 0 on a dry run.
    kept, kept_size
        How many entries are left, and their bytes.
    """

    entries: int
    size: int
    leftovers: int
    leftover_size: int
    notes: int
    kept: int
    kept_size: int


def verify(store: Store, *, files: Sequence[Path] = ()) -> Verified:
    """Read everything again: each entry against its checksums, each remembered raw file against its digest.

    Parameters
    ----------
    store
        Opened with its catalogue.
    files
        Raw files that must be among those read, such as those of one study: one that is not there is told as missing
        even if nothing was remembered of it.

    Raises
    ------
    RuntimeError
        If the store was opened without its catalogue.
    """
    catalogue = _catalogue(store)
    count, size, damaged = 0, 0, []
    for one in store.layout.scan():
        count, size = count + 1, size + one.size
        try:
            read_entry(store.layout.entry(one.key), one.key).check()
        except FileNotFoundError:
            continue
        except Damaged:
            damaged.append(one.key)
            store.damaged += 1
            remove(store.layout.entry(one.key))
    read, changed, missing = _verify_files(catalogue, files)
    catalogue.forget(entries=damaged, files=[os.fsencode(path) for path in changed])
    return Verified(count, size, tuple(damaged), read, tuple(changed), tuple(missing))


def clean(store: Store, *, older_than: timedelta | None = None, keep: int | None = None, dry: bool = False) -> Cleaned:
    """Free space: what was not used for long, then what was not used longest until the rest is small enough.

    Unfinished files of killed processes go in any case. Whatever is removed is computed again when it is needed.

    Parameters
    ----------
    store
        Opened with its catalogue.
    older_than
        Entries, notes and digests not used for so long go.
    keep
        Bytes of entries that may stay.
    dry
        Only say what would go.

    Raises
    ------
    RuntimeError
        If the store was opened without its catalogue.
    """
    catalogue = _catalogue(store)
    now = time.time()
    known = catalogue.entries()
    present = {one.key: one for one in store.layout.scan()}
    # Entries that no catalogue knows are adopted, with the time of writing as their last use.
    ages = {key: _last_use(one, known.get(key)) for key, one in present.items()}
    before = None if older_than is None else now - older_than.total_seconds()
    going = _going(present, ages, before=before, keep=keep)
    leftovers = _leftovers(store, now)
    leftover_size = sum(path.stat().st_size for path in leftovers if path.exists())
    size, notes = sum(present[key].size for key in going), 0
    if not dry:
        catalogue.adopt(one for key, one in present.items() if key not in known and key not in going)
        going = [key for key in going if remove(store.layout.entry(key))]
        leftovers = [path for path in leftovers if remove(path)]
        notes = catalogue.forget(entries=[*going, *(key for key in known if key not in present)], before=before)
    total = sum(one.size for one in present.values())
    return Cleaned(len(going), size, len(leftovers), leftover_size, notes, len(present) - len(going), total - size)


def _going(
    present: dict[str, EntryFile], ages: dict[str, float], *, before: float | None, keep: int | None
) -> list[str]:
    going = []
    left = sum(one.size for one in present.values())
    for key in sorted(present, key=lambda key: (ages[key], key)):
        too_old = before is not None and ages[key] < before
        if not too_old and (keep is None or left <= keep):
            break
        going.append(key)
        left -= present[key].size
    return going


def _last_use(file: EntryFile, use: Use | None) -> float:
    return file.written if use is None else max(file.written, use.used)


def _leftovers(store: Store, now: float) -> list[Path]:
    """Unfinished files of killed processes, and catalogues that were set aside."""
    found = []
    for path in store.layout.partial.iterdir():
        try:
            if path.stat().st_mtime < now - _ABANDONED:
                found.append(path)
        except FileNotFoundError:  # its writer is alive and has just given it its name
            continue
    return found + sorted(store.root.glob("catalogue.sqlite.damaged-*"))


def _verify_files(catalogue: Catalogue, files: Sequence[Path]) -> tuple[int, list[Path], list[Path]]:
    known = catalogue.files()
    paths = dict.fromkeys([*known, *(os.fsencode(os.path.abspath(path)) for path in files)])
    changed, missing, read = [], [], 0
    for name in paths:
        path = Path(os.fsdecode(name))
        try:
            signature = signature_of(path)
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError:
            missing.append(path)
            continue
        read += 1
        # Other times or another size need no word: the next run reads such a file anyway.
        if name in known and known[name][0] == signature and known[name][1] != digest:
            changed.append(path)
    return read, changed, missing


def _catalogue(store: Store) -> Catalogue:
    if store.catalogue is None:
        raise RuntimeError("A store that was opened with catalogue=False cannot be verified or cleaned.")
    return store.catalogue
