"""Which frequencies belong to spectra that are stored without them?

They are declared under ``analyses: impedance: frequencies:`` as ``{from: 20 kHz, to: 0.02 Hz, points: 60}`` (evenly on a
logarithmic scale), as ``{file: freq.txt}`` beside the data, or as a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError, UnitError
from interlith.layouts.impedance_text import cells, is_numeric, text_of
from interlith.units import inside

EXAMPLES = "`frequencies: {from: 20 kHz, to: 0.02 Hz, points: 60}` or `frequencies: {file: freq.txt}`"
_MOST = 100_000


def declared(options: Mapping[str, Any], *, points: Sequence[int], path: Path) -> NDArray[np.float64]:
    """Declared frequencies (Hz), shape (n,).

    Parameters
    ----------
    options
        What the user declares under ``analyses: impedance:``.
    points
        Counts of points that the data allow.
    path
        The data file, for messages and for the folder of a file of frequencies.

    Raises
    ------
    ReadError
        If nothing is declared, it is not understood, or the count is another than that of the data.
    """
    said = options.get("frequencies")
    shown = " or ".join(map(str, points))
    if said is None:
        raise ReadError(
            f"{path}: rows of numbers without names and without frequencies, {shown} points each if a row is a spectrum. Declare the "
            f"frequencies under `analyses: impedance:`, for instance {EXAMPLES}."
        )
    found = _values(said, path)
    if found.size not in points:
        raise ReadError(
            f"{path}: {found.size} frequencies are declared, but a spectrum of this file has {shown} points."
        )
    if not np.isfinite(found).all() or (found <= 0).any():
        raise ReadError(f"{path}: the declared frequencies are not all above zero; write for instance {EXAMPLES}.")
    return found


def _values(said: Any, path: Path) -> NDArray[np.float64]:
    if isinstance(said, Mapping) and set(said) == {"file"}:
        return _from_file(path.parent / str(said["file"]))
    if isinstance(said, Mapping) and set(said) == {"from", "to", "points"}:
        count = said["points"]
        if not isinstance(count, int) or isinstance(count, bool) or not 2 <= count <= _MOST:
            raise ReadError(f"{path}: frequencies: points is '{count}'; write a whole number from 2.")
        low, high = (_hertz(said[word], word, path) for word in ("from", "to"))
        if low <= 0 or high <= 0:
            raise ReadError(f"{path}: frequencies: from and to must be above zero; write for instance {EXAMPLES}.")
        return np.geomspace(low, high, count)
    if isinstance(said, (list, tuple)) and 0 < len(said) <= _MOST:
        return np.array([_hertz(value, "frequencies", path) for value in said])
    raise ReadError(f"{path}: frequencies is '{said}'; write for instance {EXAMPLES}.")


def _hertz(value: Any, word: str, path: Path) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        return inside(str(value), "frequency", what=word)
    except UnitError as error:
        raise ReadError(f"{path}: frequencies: {word}: {error}") from error


def _from_file(path: Path) -> NDArray[np.float64]:
    text = text_of(path)
    found = []
    for number, line in enumerate(text.lines, start=1):
        for field in cells(line, None):
            plain = field.strip(",;")
            if not is_numeric(plain):
                raise ReadError(
                    f"{path}: line {number} holds '{plain[:30]}', which is no frequency (Hz); one number a line is read."
                )
            found.append(float(plain.replace(",", ".")))
    return np.array(found)
