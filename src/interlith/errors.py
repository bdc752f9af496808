"""Which five things can go wrong, and what does the user read when they do?

Every message is a sentence that says what was found, where (file, line or byte, sample), what to do, and, where there
is one, the set of allowed words.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InterlithError(Exception):
    """Anything that Interlith says on purpose; a caller who catches this catches no bug of ours."""


class ReadError(InterlithError):
    """A file cannot be read, or contradicts itself so badly that passing it on would mislead."""


class UnitError(InterlithError):
    """A value has no unit, an unknown unit, or a unit of the wrong dimension."""


class StudyError(InterlithError):
    """`study.yaml`, `measurements.csv`, a claim or a command asks for something that cannot be done."""


class FitError(InterlithError):
    """A fit or an estimate cannot be made from these data; in a series it becomes an entry in `quality`."""


class MissingDependency(InterlithError):  # noqa: N818 - the name users read in DESIGN and in messages
    """An optional package is needed; the message names the extra that brings it."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Say which allowed word was probably meant, and list the allowed ones.

    Returns a clause that ends a sentence, such as ``did you mean 'cycling'? Allowed: cycling, impedance``.
    """
    words = sorted({str(item) for item in allowed})
    folded = {item.casefold(): item for item in words}
    close = difflib.get_close_matches(str(word).casefold(), list(folded), n=1, cutoff=0.5)
    hint = f"did you mean '{folded[close[0]]}'? " if close else ""
    return f"{hint}Allowed: {', '.join(words)}"
