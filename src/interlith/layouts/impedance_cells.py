"""Which of the cells in one table of spectra is meant?

A table of several specimens is never mixed into one: it is refused until ``cell`` under ``analyses: impedance:`` names one of
them, or ``all``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError, nearest
from interlith.layouts.lazy_text import Remark


def choose(names: Sequence[str], wanted: Any, *, why: str, where: str) -> tuple[NDArray[np.bool_], list[Remark]]:
    """Which spectra belong to the wanted cell.

    Parameters
    ----------
    names
        Name of the cell of each spectrum, in the order of the file.
    wanted
        What the user declares under ``cell``: a name, its number from 1, or ``all``.
    why
        Half a sentence that says how the cells are told apart.
    where
        Name of the file for messages.

    Raises
    ------
    ReadError
        If there are several and none is named, or the named one is not there.
    """
    known = list(dict.fromkeys(names))
    every = np.ones(len(names), dtype=bool)
    if wanted is None:
        if len(known) < 2:
            return every, []
        raise ReadError(
            f"{where}: the table holds {len(known)} cells ({why}): {', '.join(known[:12])}{' ...' if len(known) > 12 else ''}. Declare "
            f"which one this sample is: `cell: {known[0]}` under `analyses: impedance:`, or `cell: all` to read them as one."
        )
    word = str(wanted)
    if word.casefold() == "all":
        if len(known) < 2:
            return every, []
        message = (
            f"The spectra of {len(known)} cells are read as those of one sample, as declared: {', '.join(known[:12])}."
        )
        return every, [Remark("several_cells", message)]
    if word not in known and word.isdigit() and 1 <= int(word) <= len(known):
        word = known[int(word) - 1]
    if word not in known:
        raise ReadError(f"{where}: there is no cell '{wanted}'; {nearest(word, known)}.")
    return np.array([name == word for name in names]), []
