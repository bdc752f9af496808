"""Which crystal structures of a study folder do its designs rest on?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: How a crystal structure is named in a study; anything else of that name is a shipped one.
SUFFIX = ".cif"


def design_files(entries: Sequence[tuple[str, Mapping[str, Any]]], folder: Path) -> tuple[str, ...]:
    """Names of the CIFs that entries of ``design:`` hold and that lie in the folder, each once.

    Parameters
    ----------
    entries
        Name and options of each design.
    folder
        Of the study.
    """
    names = dict.fromkeys(name for _, options in entries for name in _texts(options) if name.endswith(SUFFIX))
    return tuple(name for name in names if (folder / name).is_file())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
