"""Does an entry of `study.yaml` that asks for a function give it the options it knows and needs?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from interlith.errors import StudyError, nearest

Entries = Sequence[tuple[str, Mapping[str, Any]]]


def check_entries(
    section: str, entries: Entries, functions: Mapping[str, Callable[..., Any]], *, hidden: Sequence[str] = ()
) -> None:
    """Refuse an unknown or missing option before anything runs.

    Parameters
    ----------
    section
        Of `study.yaml`, for messages.
    entries
        Name of a function and its options.
    functions
        By name.
    hidden
        Parameters that the workbench fills in itself.

    Raises
    ------
    StudyError
        Naming the entry and the nearest allowed option, or the option that is missing.
    """
    for number, (name, options) in enumerate(entries, start=1):
        where = f"study.yaml, {section}, entry {number} ({name})"
        signature = inspect.signature(functions[name]).parameters
        allowed = [word for word in signature if word not in hidden]
        for word in options:
            if word not in allowed:
                raise StudyError(f"{where}: '{word}' is unknown; {nearest(word, allowed)}.")
        for word in allowed:
            if signature[word].default is inspect.Parameter.empty and word not in options:
                raise StudyError(f"{where}: `{word}` is missing; write for instance {{{word}: ...}}.")
