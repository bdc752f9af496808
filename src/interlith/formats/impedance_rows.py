"""What do rows of numbers hold that are spectra without frequencies: all real parts and then all imaginary ones, or in turn?

The frequencies are declared; which of both arrangements it is shows in how smooth each is. What cannot be the impedance of a passive
cell, such as a second harmonic, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError, nearest
from interlith.layouts import impedance_axis
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import Printed, spectra
from interlith.layouts.impedance_text import DELIMITERS, Text, cells, head_lines, is_numeric, numbers_of, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

ARRANGEMENTS = ("blocks", "in turn")
#: Fewest numbers in a row, and longest row (bytes) that is looked at for recognising the file.
_FEWEST, _LONGEST = 16, 60_000
#: One arrangement is smoother than the other by this factor, or it must be declared.
_SMOOTHER = 1.5
#: Share of negative real parts beyond which it is no impedance.
_NEGATIVE = 0.25


def _fields(line: str) -> list[str]:
    delimiter = next((sign for sign in DELIMITERS if sign in line), None)
    return [field for field in cells(line, delimiter) if field]


def sniff(head: bytes, path: Path) -> float:
    """Low confidence for rows of an even and large count of numbers, none of them a row of names."""
    del path
    lines = [line for line in head_lines(head, 8) if line.strip()]
    if not lines or len(lines[0]) > _LONGEST:
        return 0.0
    whole = lines[:-1] if len(lines) > 1 else lines
    rows = [_fields(line) for line in whole[:4]]
    width = len(rows[0])
    if width < _FEWEST or width % 2 or any(len(row) != width for row in rows):
        return 0.0
    return 0.34 if all(is_numeric(field) for row in rows for field in row) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of rows.

    Raises
    ------
    ReadError
        If no frequencies are declared (the message holds what to write), their count is another, or the numbers are no impedance.
    """
    options = told(options, path)
    text = text_of(path)
    values, lines, remarks = _matrix(text, options)
    half = values.shape[1] // 2
    frequency = impedance_axis.declared(options, points=[half], path=path)
    real, imaginary, more = _parts(path, values, options)
    remarks += more
    if (share := float((real < 0).mean())) > _NEGATIVE:
        raise ReadError(
            f"{path}: line {lines[0]}: {share:.0%} of the real parts are negative, which no passive cell has: this is no impedance (a "
            "second harmonic?). Leave it out of the impedance measurements."
        )
    remarks += _reversed(frequency, real)
    count = values.shape[0]
    data = Printed(
        {
            "frequency": np.tile(frequency, count),
            "real": real.ravel(),
            "imaginary": imaginary.ravel(),
            "number": np.repeat(np.arange(1.0, count + 1), half),
        },
        lines=np.repeat(lines, half),
        named=False,
        remarks=tuple(remarks),
    )
    made = spectra(data, options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"frequencies": str(options.get("frequencies"))[:500]},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _matrix(text: Text, options: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Remark]]:
    first = next((line for line in text.lines if line.strip()), "")
    delimiter = next((sign for sign in DELIMITERS if sign in first), None)
    row = cells(first, delimiter)
    while row and not row[-1]:
        row.pop()
    width = len(row)
    if width < _FEWEST or width % 2 or not all(map(is_numeric, row)):
        raise ReadError(
            f"{text.path}: line 1 does not hold an even count of at least {_FEWEST} numbers, so the rows of this file are no spectra."
        )
    found = numbers_of(
        text,
        {str(at): at for at in range(width)},
        start=0,
        delimiter=delimiter,
        width=width,
        decimal=options.get("decimal"),
    )
    return np.column_stack([found.columns[str(at)] for at in range(width)]), found.lines, list(found.remarks)


def _parts(
    path: Path, values: NDArray[np.float64], options: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Remark]]:
    """Real and imaginary parts, shape (m, n) each; the arrangement is declared or the smoother one."""
    half = values.shape[1] // 2
    said = options.get("arrangement")
    if said is not None and said not in ARRANGEMENTS:
        raise ReadError(f"{path}: arrangement is '{said}'; {nearest(str(said), ARRANGEMENTS)}.")
    ways = {"blocks": (values[:, :half], values[:, half:]), "in turn": (values[:, 0::2], values[:, 1::2])}
    if said is None:
        rough = {word: _roughness(parts) for word, parts in ways.items()}
        said = min(ARRANGEMENTS, key=lambda word: rough[word])
        other = next(word for word in ARRANGEMENTS if word != said)
        if rough[said] * _SMOOTHER > rough[other]:
            raise ReadError(
                f"{path}: line 1: nothing tells whether a row holds all real parts and then all imaginary ones, or both in turn; declare "
                "`arrangement: blocks` or `arrangement: in turn` under `analyses: impedance:`."
            )
        text = "all real parts and then all imaginary ones" if said == "blocks" else "real and imaginary parts in turn"
        message = f"No name says how a row is arranged; it was taken as {text}, which is smoother by a factor of {rough[other] / rough[said]:.2g}."
        remark = [Remark("arrangement_by_smoothness", message, "line 1", "note")]
        return *ways[said], [*remark, *_unit(options)]
    return *ways[str(said)], _unit(options)


def _unit(options: Mapping[str, Any]) -> list[Remark]:
    units = options.get("units")
    if isinstance(units, Mapping) and units.get("impedance_real") == "ohm":
        return []
    message = "No unit is printed: ohm was taken. Declare `units: {impedance_real: ohm}` under `analyses: impedance:` if that is right."
    return [Remark("units_not_printed", message, "line 1")]


def _roughness(parts: Sequence[NDArray[np.float64]]) -> float:
    """Mean bend from point to point over the mean range of the parts."""
    bends = [
        np.nanmean(np.abs(np.diff(part, 2, axis=1))) / max(float(np.nanmean(np.ptp(part, axis=1))), 1e-300)
        for part in parts
    ]
    return float(np.sum(bends))


def _reversed(frequency: NDArray[np.float64], real: NDArray[np.float64]) -> list[Remark]:
    """The real part of a passive cell does not rise with frequency; where it does, the axis was declared the wrong way round."""
    order = np.argsort(frequency)
    mean = np.nanmean(real, axis=0)[order]
    if mean[0] >= mean[-1]:
        return []
    message = (
        "The real part rises with the declared frequency, as of no relaxing cell: the frequencies were probably declared in the reverse "
        "order."
    )
    return [Remark("frequencies_reversed", message, "", "error")]


FORMAT = Format(
    name="impedance_rows",
    title="rows of spectra without frequencies",
    patterns=("*.txt", "*.csv", "*.dat"),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="public data sets (YunweiZhang/ML-identify-battery-degradation; yuefan98/2nd-NLEIS-manuscripts, MIT)",
    versions_seen=("real parts and then imaginary ones", "complex rows of numpy"),
    reads="a spectrum from each row once `frequencies` are declared; the sign by what the numbers say",
    limits="everything until the frequencies are declared; rows with negative real parts, such as second harmonics",
)
