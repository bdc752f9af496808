"""What do header and counts of a .udf text say?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.diffraction_header import ANODES
from interlith.layouts.diffraction_table import number

Array = NDArray[np.float64]

_LARGEST = 2_000_000


def header_and_counts(lines: Sequence[str], where: str) -> tuple[dict[str, str], Array, int]:
    """The words by key, the counts, and the line (from 1) that opens them.

    Raises
    ------
    ReadError
        If no line opens the counts, or a number is damaged.
    """
    words: dict[str, str] = {}
    opened = next((at for at, line in enumerate(lines) if line.strip().casefold() == "rawscan"), None)
    if opened is None:
        raise ReadError(
            f"{where}: line {len(lines)}: no line 'RawScan' opens the counts; it is no .udf of a scan, or cut short."
        )
    for line in lines[:opened]:
        key, _, value = line.partition(",")
        words[key.strip()] = re.sub(r",?\s*/\s*$", "", value).strip()
    counts: list[float] = []
    ended = False
    for place, line in enumerate(lines[opened + 1 :], start=opened + 2):
        body, slash, _ = line.partition("/")
        counts += [number(word, f"{where}: line {place}", ".") for word in body.replace(",", " ").split()]
        if slash:
            ended = True
            break
    if not ended and counts:
        counts.pop()  # without its end the last number may be cut
    return words, np.array(counts), opened + 1


def positions(words: Mapping[str, str], count: int, where: str) -> tuple[Array, int]:
    """Two theta (deg) of the counts, and how many points the header announces.

    Raises
    ------
    ReadError
        If range or step are missing or damaged, or more counts follow than they announce.
    """
    edges = [
        number(word.strip(), f"{where}: DataAngleRange", ".")
        for word in words.get("DataAngleRange", "").split(",")
        if word.strip()
    ]
    steps = [
        number(word.strip(), f"{where}: ScanStepSize", ".")
        for word in words.get("ScanStepSize", "").split(",")[:1]
        if word.strip()
    ]
    known = len(edges) == 2 and len(steps) == 1
    if not known or not np.isfinite([*edges, *steps]).all() or steps[0] <= 0 or edges[1] <= edges[0]:
        raise ReadError(
            f"{where}: DataAngleRange and ScanStepSize do not tell where the counts lie; the file is damaged. Export it again."
        )
    announced = round((edges[1] - edges[0]) / steps[0]) + 1
    if announced > _LARGEST or count > announced:
        raise ReadError(
            f"{where}: {edges[0]:g} to {edges[1]:g} deg in steps of {steps[0]:g} are {announced} points, but {count} counts follow; the file "
            "is damaged. Export it again."
        )
    return edges[0] + steps[0] * np.arange(count, dtype=np.float64), announced


def instrument_of(words: Mapping[str, str]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the header says.

    Notes
    -----
    ``ScanStepTime`` is not taken: diffractometers with a strip detector print there another time than that of a point.
    """
    found: dict[str, Any] = {"radiation": "x-ray"}
    anode = words.get("Anode", "").strip().capitalize()
    if anode in ANODES:
        found["anode"] = anode
    first, second, ratio = (
        _positive(words.get(name, words.get(name.replace("Labda", "Lambda"), "")))
        for name in ("LabdaAlpha1", "LabdaAlpha2", "RatioAlpha21")
    )
    if first is not None:
        found["wavelengths"] = [first] if second is None else [first, second]
    if second is not None and ratio is not None and ratio <= 1:
        found["ratio"] = ratio
    return found


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0 else None
