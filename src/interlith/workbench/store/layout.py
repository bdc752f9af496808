"""Where do entries, the catalogue and unfinished files lie within the store, and where does the store lie?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

#: Below so many wanted entries in one folder it is quicker to ask for each than to list the folder.
_FEW = 8
_KEY = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".zip"
#: Tells backup programs that everything here can be made again (https://bford.info/cachedir/).
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# What Interlith has computed; it can be deleted at any time.\n"


def default_root() -> Path:
    """Folder of the store: ``INTERLITH_STORE``, else a folder in the cache of the user."""
    declared = os.environ.get("INTERLITH_STORE", "").strip()
    if declared:
        return Path(declared).expanduser()
    return platformdirs.user_cache_path("interlith") / "store"


@dataclass(frozen=True, slots=True)
class EntryFile:
    """An entry as the file system shows it: key, size (bytes) and time of writing (s since 1970)."""

    key: str
    size: int
    written: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Names within one store."""

    root: Path

    @property
    def entries(self) -> Path:
        """Folder of the entries, spread over 256 folders by the first two digits of their keys."""
        return self.root / "entries"

    @property
    def partial(self) -> Path:
        """Folder of files that are being written; in the same file system, so that a rename is all or nothing."""
        return self.root / "partial"

    @property
    def catalogue(self) -> Path:
        """The index: entries and their last use, documents, digests of raw files."""
        return self.root / "catalogue.sqlite"

    def make(self) -> None:
        """Make the folders that are not there yet."""
        self.entries.mkdir(parents=True, exist_ok=True)
        self.partial.mkdir(exist_ok=True)
        tag = self.root / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text(_TAG, encoding="utf-8")

    def entry(self, key: str) -> Path:
        """File of an entry.

        Raises
        ------
        ValueError
            If the key is not a SHA-256 in 64 lower-case hexadecimal digits.
        """
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"'{key}' is no key of the store; a key is a SHA-256 in 64 lower-case hexadecimal digits.")
        return self.entries / key[:2] / f"{key}{_SUFFIX}"

    def present(self, keys: Iterable[str]) -> set[str]:
        """Those keys that have an entry; looks at names only."""
        groups: dict[str, list[str]] = {}
        for key in keys:
            groups.setdefault(key[:2], []).append(key)
        found: set[str] = set()
        for prefix, group in groups.items():
            if len(group) <= _FEW:
                found.update(key for key in group if self.entry(key).exists())
                continue
            try:
                names = set(os.listdir(self.entry(group[0]).parent))
            except FileNotFoundError:
                continue
            found.update(key for key in group if f"{key}{_SUFFIX}" in names and key.startswith(prefix))
        return found

    def scan(self) -> Iterator[EntryFile]:
        """All entries, folder by folder."""
        for folder in sorted(self.entries.iterdir()):
            if not folder.is_dir():
                continue
            with os.scandir(folder) as listing:
                for item in listing:
                    key = item.name.removesuffix(_SUFFIX)
                    if item.name.endswith(_SUFFIX) and _KEY.fullmatch(key) is not None:
                        try:
                            about = item.stat()
                        except FileNotFoundError:
                            continue
                        yield EntryFile(key, about.st_size, about.st_mtime)
