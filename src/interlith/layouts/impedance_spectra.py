"""How do columns of numbers become spectra: which sign has the imaginary part, per which area, which rows are none?

Every reader of impedance hands its columns over here, so that all are checked alike and nothing is assumed without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError, UnitError, nearest
from interlith.layouts import impedance_checks, impedance_order, impedance_sign
from interlith.layouts.impedance_names import CARTESIAN, POLAR, ImpedanceColumn
from interlith.layouts.impedance_options import OWN
from interlith.layouts.lazy_text import Remark
from interlith.units import inside

Array = NDArray[np.float64]

#: A file with fewer points holds no spectrum.
FEWEST = 3
SIGNS = ("as printed", "negated")
#: Relative misfit of a chain of relaxations beyond which a spectrum is none of a steady cell.
NOT_CAUSAL = 0.1
#: The same over the variation of the spectrum, where the misfit is above what instruments leave.
UNEXPLAINED, _NOISE = 0.25, 0.005
#: Larger frequencies (Hz) or impedances (ohm) are bytes out of place.
_LARGEST_FREQUENCY, _LARGEST_IMPEDANCE = 1e12, 1e16
_BESIDE = {"time": "test_time", "voltage": "voltage", "temperature": "temperature", "cycle": "cycle"}


@dataclass(frozen=True, slots=True)
class Printed:
    """Columns as a file prints them, in inside units but for the phase.

    Parameters
    ----------
    columns
        ``frequency`` (Hz) with ``real`` and ``imaginary`` (ohm) or ``modulus`` (ohm) and ``phase``; ``time`` (s), ``voltage`` (V),
        ``temperature`` (degC), ``cycle`` and ``number`` (of the spectrum) where known; shape (n,) each.
    lines
        Line of each row, shape (n,), where the file has lines.
    turned
        Columns that are printed with the sign turned: ``imaginary``, ``phase``.
    named
        Whether a name or the vendor's layout tells the sign of the imaginary part.
    per_area
        Whether the impedance is times an area (ohm m^2).
    phase_factor
        Factor of the phase into radians; nan where no unit is printed.
    remarks
        What was noticed before.
    counted
        Whether ``number`` is the file's own count of spectra.
    """

    columns: Mapping[str, Array]
    lines: NDArray[np.int64] | None = None
    turned: frozenset[str] = frozenset()
    named: bool = True
    per_area: bool = False
    phase_factor: float = float(np.pi / 180.0)
    remarks: tuple[Remark, ...] = ()
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Spectra:
    """Canonical columns, how many spectra they are, and what was noticed."""

    frame: pl.DataFrame
    count: int
    remarks: tuple[Remark, ...]


def printed(
    numbers: Mapping[str, Array],
    columns: Sequence[ImpedanceColumn],
    *,
    lines: NDArray[np.int64] | None = None,
    remarks: Sequence[Remark] = (),
) -> Printed:
    """Numbers of columns that are understood, scaled into inside units."""
    said = {column.key: column for column in columns}
    scaled = {
        key: values * (1.0 if key == "phase" else said[key].factor) if key in said else values
        for key, values in numbers.items()
    }
    told = [*remarks]
    garbled = [column.name for column in columns if column.garbled]
    if garbled:
        message = f"The unit of {', '.join(garbled)} is a sign that was lost in a code page; it was taken as ohm."
        told.append(Remark("unit_garbled", message, "", "note"))
    areas = {column.per_area for column in columns if column.key in ("real", "imaginary", "modulus")}
    phase = said.get("phase")
    return Printed(
        scaled,
        lines,
        frozenset(column.key for column in columns if column.turned),
        all(column.named for column in columns if column.key in ("imaginary", "phase")),
        True in areas,
        phase.factor if phase is not None else float(np.pi / 180.0),
        tuple(told),
    )


def spectra(data: Printed, options: Mapping[str, Any], *, where: str) -> Spectra:
    """Canonical columns of the spectra in a file, checked.

    Parameters
    ----------
    data
        What the file prints.
    options
        ``imaginary`` (``as printed``, ``negated``) and ``area`` (text with unit), where the user declares them, as
        `impedance_options.told` gives them.
    where
        Name of the file for messages.

    Raises
    ------
    ReadError
        If there are fewer than three points, an area is needed and not declared, or a number is absurd.
    """
    columns = dict(data.columns)
    remarks = [*data.remarks]
    if not (set(columns) >= CARTESIAN or set(columns) >= POLAR):
        raise ReadError(
            f"{where}: of frequency, real and imaginary part (or modulus and phase) only {', '.join(sorted(columns)) or 'nothing'} is named; "
            "the line of names is damaged, or the export leaves columns out. Export it again with all columns."
        )
    if data.per_area:
        _by_area(columns, options, remarks, where)
    if "phase" in columns:
        columns["phase"], said = impedance_checks.phase_in_radians(columns["phase"], data.phase_factor, columns, where)
        remarks += said
    columns, lines = _kept(columns, data.lines, remarks, where)
    _signs(columns, data, options, remarks, where)
    remarks += impedance_checks.disagreement(columns, lines)
    if not {"real", "imaginary"} <= set(columns):
        columns["real"] = columns["modulus"] * np.cos(columns["phase"])
        columns["imaginary"] = columns["modulus"] * np.sin(columns["phase"])
    number = _numbers(columns)
    remarks += impedance_order.remarks_on(columns["frequency"], number, lines)
    if "time" in columns and _stands(columns["time"]):
        message = "The time is the same in all rows, so nobody measured it; it was left out."
        remarks.append(Remark("time_stands_still", message, "", "note"))
    _negative(columns["real"], lines, remarks)
    if _declared(data, options) is None:
        _by_physics(columns, number, data, remarks, where)
    remarks += impedance_order.remarks_on_several(
        columns["frequency"],
        columns["real"],
        columns["imaginary"],
        number,
        lines,
        by_jumps=not (data.counted and "number" in columns),
    )
    return Spectra(_frame(columns, number), int(number[-1]), tuple(remarks))


def _by_area(columns: dict[str, Array], options: Mapping[str, Any], remarks: list[Remark], where: str) -> None:
    declared = options.get("area")
    if declared is None:
        raise ReadError(
            f"{where}: the impedance is printed times an area (ohm cm^2), while Interlith holds ohm; declare the area that it was "
            'multiplied by: `area: "1.13 cm^2"` under `analyses: impedance:`, or export it in ohm.'
        )
    try:
        area = inside(declared, "area", what="area")
    except UnitError as error:
        raise ReadError(f"{where}: {error}") from error
    if not area > 0:
        raise ReadError(f"{where}: area is '{declared}'; it must be above zero.")
    for key in ("real", "imaginary", "modulus"):
        if key in columns:
            columns[key] = columns[key] / area
    remarks.append(
        Remark("divided_by_area", f"The impedance per area was divided by the declared {declared}.", "", "note")
    )


def _kept(
    columns: dict[str, Array], lines: NDArray[np.int64] | None, remarks: list[Remark], where: str
) -> tuple[dict[str, Array], NDArray[np.int64] | None]:
    """Rows that are points of a spectrum; the others are counted."""
    needed = ["frequency", *(("real", "imaginary") if {"real", "imaginary"} <= set(columns) else ("modulus", "phase"))]
    known = np.logical_and.reduce([np.isfinite(columns[key]) for key in needed])
    positive = np.where(known, columns["frequency"], 1.0) > 0
    with np.errstate(over="ignore"):  # what overflows is refused below
        size = np.hypot(*(columns[key] for key in needed[1:])) if needed[1] == "real" else np.abs(columns["modulus"])
    nothing = known & positive & (size == 0)
    for rows, code, text in (
        (~known, "rows_without_number", "rows hold no number for the frequency or impedance"),
        (known & ~positive, "frequency_not_positive", "rows have a frequency that is not above zero"),
        (nothing, "zero_impedance", "rows have an impedance of exactly zero, which no cell has"),
    ):
        if rows.any():
            remarks.append(Remark(code, f"{int(rows.sum())} {text}; they were left out.", _place(rows, lines)))
    kept = known & positive & ~nothing
    if kept.sum() < FEWEST:
        raise ReadError(
            f"{where}: {int(kept.sum())} points with a frequency and an impedance are no spectrum; at least {FEWEST} are needed."
        )
    absurd = kept & ((columns["frequency"] > _LARGEST_FREQUENCY) | (size > _LARGEST_IMPEDANCE))
    if absurd.any():
        raise ReadError(
            f"{where}: {_place(absurd, lines)} holds a frequency or impedance that no instrument gives; the file is damaged. "
            "Copy it again."
        )
    return {key: values[kept] for key, values in columns.items()}, None if lines is None else lines[kept]


def _place(rows: NDArray[np.bool_], lines: NDArray[np.int64] | None) -> str:
    first = int(np.argmax(rows))
    return f"line {lines[first]}" if lines is not None else f"row {first + 1}"


def _declared(data: Printed, options: Mapping[str, Any]) -> Any:
    """The declared sign: for all files where no name tells it, else only if declared for this very file."""
    return options.get("imaginary") if not data.named or "imaginary" in options.get(OWN, ()) else None


def _signs(
    columns: dict[str, Array], data: Printed, options: Mapping[str, Any], remarks: list[Remark], where: str
) -> None:
    """Turn what is printed turned; a declaration goes before the name."""
    declared = _declared(data, options)
    if declared is not None and declared not in SIGNS:
        raise ReadError(f"{where}: imaginary is '{declared}'; {nearest(str(declared), SIGNS)}.")
    for key in ("imaginary", "phase"):
        if key not in columns:
            continue
        turned = key in data.turned
        if declared is not None and (key == "imaginary" or "imaginary" not in columns):
            turned = declared == "negated"
        if turned:
            columns[key] = -columns[key]
    if declared is not None:
        message = f"The imaginary part was taken {'with its sign turned' if declared == 'negated' else 'as printed'}, as declared."
        remarks.append(Remark("imaginary_declared", message, "", "note"))


def _negative(real: Array, lines: NDArray[np.int64] | None, remarks: list[Remark]) -> None:
    """A passive cell has no negative resistance; artefacts of the leads at the highest frequencies, and drift, do."""
    below = real < 0
    if below.any():
        message = f"{int(below.sum())} of {below.size} points have a negative real part, which no passive cell has."
        remarks.append(Remark("negative_real_part", message, _place(below, lines)))


def _numbers(columns: Mapping[str, Array]) -> NDArray[np.int64]:
    """Number (from 1) of the spectrum of each row: as the file counts, else by the jumps of the frequency."""
    if "number" in columns:
        changes = np.diff(columns["number"], prepend=columns["number"][0]) != 0
        return 1 + np.cumsum(changes).astype(np.int64)
    return impedance_order.numbered(columns["frequency"])


def _by_physics(
    columns: dict[str, Array], number: NDArray[np.int64], data: Printed, remarks: list[Remark], where: str
) -> None:
    """The sign by what the numbers say, where no name says it; where a name says it, a contradiction is told."""
    found = impedance_sign.hint(columns["frequency"], columns["real"], columns["imaginary"], number)
    reason = (
        f"a chain of relaxations misses the spectrum by {found.misfit:.2g} with the sign as it is and by {found.misfit_turned:.2g} "
        f"with it turned, and -Im Z / |Z| is {found.capacitive:.2g} on average at low frequency"
    )
    ask = "declare `imaginary: as printed` or `imaginary: negated` under `analyses: impedance:` if this is wrong"
    least = min(found.misfit, found.misfit_turned)
    if least > NOT_CAUSAL or (least > _NOISE and found.unexplained > UNEXPLAINED) or found.worst[1] > NOT_CAUSAL:
        which = f"spectrum {found.worst[0]}" if number[-1] > 1 else "the spectrum"
        message = (
            f"A chain of relaxations misses {which} by {found.worst[1]:.1%} of the modulus with either sign: noise, artefacts, drift, or "
            "numbers of other columns."
        )
        remarks.append(Remark("not_causal", message))
    if data.named:
        if found.turned:
            message = (
                f"By its name the imaginary part has a sign that the numbers contradict: {reason}. It was kept; declare "
                f'`files: {{"{Path(where).name}": {{imaginary: negated}}}}` under `analyses: impedance:` if the numbers are right.'
            )
            remarks.append(Remark("imaginary_sign_contradicted", message))
        return
    if found.turned is None:
        message = f"No name says whether the imaginary part is printed turned, and the numbers do not tell; it was taken as printed: {ask}."
        remarks.append(Remark("imaginary_sign_unknown", message))
        return
    if found.turned:
        columns["imaginary"] = -columns["imaginary"]
    message = (
        f"No name says whether the imaginary part is printed turned; it was taken {'with its sign turned' if found.turned else 'as printed'}: "
        f"{reason}; {ask}."
    )
    remarks.append(Remark("imaginary_sign_by_physics", message, "", "note" if found.sure else "warning"))


def _stands(time: Array) -> bool:
    known = time[np.isfinite(time)]
    return bool(known.size and known.min() == known.max())


def _frame(columns: Mapping[str, Array], number: NDArray[np.int64]) -> pl.DataFrame:
    made = {
        "frequency": columns["frequency"],
        "impedance_real": columns["real"],
        "impedance_imaginary": columns["imaginary"],
    }
    for key, quantity in _BESIDE.items():
        values = columns.get(key)
        # A time that stands still or a voltage of exactly zero throughout was not measured.
        if values is None or not np.isfinite(values).any():
            continue
        if key == "time" and _stands(values):
            continue
        if key == "voltage" and not np.any(values[np.isfinite(values)]):
            continue
        made[quantity] = values
    return pl.DataFrame(made).with_columns(pl.Series("vendor_cycle", number, dtype=pl.Int64))
