"""What do files of the study folder say that its ``analyses:`` name: crystal structures, instruments?

A technique never opens such a file. Its text takes the place of its name, so that a step can be taken in another process or on
another machine, and its key changes with the file.

    analyses:
      diffraction: {phases: [LNMO.cif], instrument: id22.toml}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlith.errors import StudyError
from interlith.workbench.declaring.schema import READER_WORDS

#: Files that describe rather than measure: structures and instruments.
SUFFIXES = (".cif", ".toml", ".instprm", ".prm", ".inst", ".irf")
#: Larger ones (bytes) describe nothing.
LARGEST = 5_000_000
#: Keys of what stands for a file.
FILE, TEXT = "file", "text"


def attached(analyses: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """The analyses with the text of each file that they name and that lies in the folder, as ``{file: name, text: ...}``.

    Parameters
    ----------
    analyses
        Words of each technique, as the study writes them.
    folder
        Of the study.

    Raises
    ------
    StudyError
        If a file leaves the folder, is too large, or is no text.
    """

    def told(value: Any, where: str) -> Any:
        if isinstance(value, Mapping):
            return {name: told(one, where) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [told(one, where) for one in value]
        if _names_file(value) and (folder / value).is_file():
            return {FILE: value, TEXT: _text(folder, value, where)}
        return value

    return {
        technique: {
            word: value if word in READER_WORDS else told(value, f"study.yaml, analyses: {technique}: {word}")
            for word, value in words.items()
        }
        for technique, words in analyses.items()
    }


def attached_files(analyses: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the files behind `attached` analyses, each once."""
    return tuple(dict.fromkeys(name for words in analyses.values() for name, _ in _every(words)))


def briefly(value: Any, *, digest: bool = True) -> Any:
    """Words with the name and the digest of each file in place of its text, for people."""
    if _is_file(value):
        return (
            value[FILE]
            if not digest
            else f"{value[FILE]} (sha256 {hashlib.sha256(value[TEXT].encode()).hexdigest()[:12]})"
        )
    if isinstance(value, Mapping):
        return {name: briefly(one, digest=digest) for name, one in value.items()}
    return [briefly(one, digest=digest) for one in value] if isinstance(value, (list, tuple)) else value


def _every(value: Any) -> Iterator[tuple[str, str]]:
    if _is_file(value):
        yield value[FILE], value[TEXT]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _every(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _every(one)


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {FILE, TEXT}


def _names_file(value: Any) -> bool:
    return isinstance(value, str) and value.lower().endswith(SUFFIXES)


def _text(folder: Path, name: str, where: str) -> str:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) and not Path(name).is_absolute():
        raise StudyError(f"{where}: '{name}' leaves the study folder.")
    if path.stat().st_size > LARGEST:
        raise StudyError(
            f"{where}: {name} has more than {LARGEST // 1_000_000} MB; it describes no structure or instrument."
        )
    data = path.read_bytes()
    if b"\0" in data:
        raise StudyError(f"{where}: {name} holds bytes of 0 and is no text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
