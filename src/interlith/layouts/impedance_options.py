"""What does the user declare for one file of spectra?

Words under ``analyses: impedance:`` hold for all files; under ``files`` the same words hold for those whose name matches a pattern:
``files: {"Z1s_*.txt": {frequencies: {file: freq.txt}}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, nearest

#: Words that readers of spectra take.
WORDS = ("mapping", "units", "decimal", "imaginary", "area", "cell", "frequencies", "arrangement")
#: Where the names of the words that were given for this very file are kept.
OWN = "words of this file"


def told(options: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The words that hold for a file; those given for its name go before the others.

    Raises
    ------
    ReadError
        If ``files`` is no table of words, or holds one that no reader of spectra takes.
    """
    found = {word: options[word] for word in WORDS if options.get(word) is not None}
    files = options.get("files")
    if files is None:
        return found
    example = 'for instance {"old_*.txt": {imaginary: negated}}'
    if not isinstance(files, Mapping):
        raise ReadError(f"{path}: files must give words for patterns of file names, {example}.")
    own: dict[str, Any] = {}
    for pattern, words in files.items():
        if not isinstance(words, Mapping):
            raise ReadError(f"{path}: files: '{pattern}' must give words, {example}.")
        if unknown := [str(word) for word in words if word not in WORDS]:
            raise ReadError(f"{path}: files: '{pattern}' knows no word '{unknown[0]}'; {nearest(unknown[0], WORDS)}.")
        if _matches(path, str(pattern)):
            own |= words
    return found | own | {OWN: frozenset(own)}


def _matches(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name, pattern) or fnmatchcase(path.as_posix(), f"*/{pattern.lstrip('/')}")
