"""Which rows of a BioLogic file are impedance spectra, and at which voltage was each taken?

Rows of a spectrum carry a frequency; in a file that mixes techniques all other rows carry a frequency of zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from interlith.errors import ReadError
from interlith.layouts.impedance_spectra import Printed, spectra
from interlith.layouts.lazy_text import Remark

#: Frequencies that differ by less than this share are one frequency; a step back by more begins a new spectrum.
_SAME = 1e-3
_MARKS = ("z_cycle", "sequence", "cycle")
#: The voltage during a spectrum is best taken from its mean, that of a record before it as it is.
_SWEPT = ("ewe_mean", "ewe", "ecell_mean", "ecell", "ewe_ece")
_STEADY = ("ecell", "ewe", "ewe_ece", "ecell_mean", "ewe_mean")
NEEDED: tuple[frozenset[str], ...] = (
    frozenset({"real", "minus_imaginary"}),
    frozenset({"real", "imaginary"}),
    frozenset({"modulus", "phase"}),
)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A spectrum inside a file that mixes techniques: canonical columns, voltage of its step with its range (V), rows from 1."""

    frame: pl.LazyFrame
    voltage: tuple[float, float, float] | None
    rows: tuple[int, int]


def numbered(frame: pl.DataFrame, runs: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.int64]:
    """Number of the spectrum (from 1) that each row of a table of spectra belongs to.

    Parameters
    ----------
    frame
        Rows with a frequency above zero, under keys.
    runs
        Rows with the same number stand together in the file.
    """
    steps = np.diff(np.log(frame["frequency"].to_numpy()))
    begins = np.zeros(frame.height, dtype=bool)
    moving = np.sign(steps) * (np.abs(steps) > _SAME)
    if moving.any():
        direction = np.sign(moving.sum()) or moving[np.flatnonzero(moving)[0]]
        begins[1:] |= moving == -direction
    for name in _MARKS:
        if name in frame.columns:
            begins[1:] |= np.diff(frame[name].cast(pl.Float64).fill_null(-1.0).to_numpy()) != 0
    if runs is not None:
        begins[1:] |= np.diff(runs) != 0
    return (1 + np.cumsum(begins)).astype(np.int64)


def impedance(frame: pl.LazyFrame, names: Sequence[str], *, where: str) -> pl.LazyFrame:
    """Canonical columns of impedance; the imaginary part keeps its sign, which BioLogic prints turned.

    Raises
    ------
    ReadError
        If the file has no real and imaginary part, nor modulus and phase.
    """
    held = set(names)
    if "frequency" not in held or not any(needed <= held for needed in NEEDED):
        raise ReadError(
            f"{where}: a spectrum needs freq/Hz with Re(Z) and -Im(Z), or |Z| and Phase(Z); export it with these."
        )
    if "real" in held and held & {"minus_imaginary", "imaginary"}:
        imaginary = -pl.col("minus_imaginary") if "minus_imaginary" in held else pl.col("imaginary")
        parts = [pl.col("real").alias("impedance_real"), imaginary.alias("impedance_imaginary")]
    else:
        angle = pl.col("phase") * (np.pi / 180.0)
        parts = [
            (pl.col("modulus") * angle.cos()).alias("impedance_real"),
            (pl.col("modulus") * angle.sin()).alias("impedance_imaginary"),
        ]
    columns = [pl.col("frequency"), *parts]
    if "time" in held:
        columns.append(pl.col("time").alias("test_time"))
    voltage = next((name for name in _SWEPT if name in held), None)
    if voltage is not None:
        columns.append(pl.col(voltage).alias("voltage"))
    if "spectrum" in held:
        columns.append(pl.col("spectrum").alias("vendor_cycle"))
    return frame.select(columns)


def spectra_only(frame: pl.DataFrame, *, where: str) -> tuple[pl.LazyFrame, tuple[Remark, ...]]:
    """The payload of a file of spectra and what was noticed.

    Raises
    ------
    ReadError
        If no row has a frequency.
    """
    kept = frame.filter(pl.col("frequency").is_finite() & (pl.col("frequency") > 0))
    if kept.is_empty():
        raise ReadError(f"{where}: no row has a frequency above zero, so there is no spectrum in this file.")
    spectrum = numbered(kept)
    remarks: list[Remark] = []
    if kept.height < frame.height:
        remarks.append(
            Remark(
                "rows_without_frequency",
                f"{frame.height - kept.height} rows without a frequency were left out.",
                "",
                "note",
            )
        )
    count = int(spectrum[-1])
    if count > 1:
        remarks.append(
            Remark("several_spectra", f"The file holds {count} spectra, numbered in vendor_cycle.", "", "note")
        )
    kept = kept.with_columns(pl.Series("spectrum", spectrum))
    return impedance(kept.lazy(), kept.columns, where=where), (*remarks, *_odd(kept, spectrum, where))


def _odd(kept: pl.DataFrame, spectrum: npt.NDArray[np.int64], where: str) -> list[Remark]:
    """What the checks of all spectra say of these; the columns stay as they are."""
    columns: dict[str, npt.NDArray[np.float64]] = {
        name: kept[name].cast(pl.Float64).to_numpy()
        for name in ("frequency", "real", "modulus", "phase")
        if name in kept.columns
    }
    if "minus_imaginary" in kept.columns or "imaginary" in kept.columns:
        turned = "minus_imaginary" in kept.columns
        columns["imaginary"] = kept["minus_imaginary" if turned else "imaginary"].cast(pl.Float64).to_numpy() * (
            -1.0 if turned else 1.0
        )
    columns["number"] = spectrum.astype(np.float64)
    told = spectra(Printed(columns), {}, where=where).remarks
    return [item for item in told if item.code != "several_spectra"]


def split(frame: pl.DataFrame, *, where: str) -> tuple[Spectrum, ...]:
    """The spectra inside a file that mixes techniques, each with the voltage of its step.

    Parameters
    ----------
    frame
        All rows, under keys; ``frequency`` is above zero in those of a spectrum.
    where
        Name of the file for messages.
    """
    frequency = frame["frequency"].fill_null(0.0).to_numpy()
    rows = np.flatnonzero(np.isfinite(frequency) & (frequency > 0))
    if rows.size == 0:
        return ()
    kept = frame[rows]
    runs = np.cumsum(np.concatenate([[0], (np.diff(rows) != 1).astype(np.int64)]))
    spectrum = numbered(kept, runs)
    found = []
    for number in range(1, int(spectrum[-1]) + 1):
        inside = np.flatnonzero(spectrum == number)
        part = kept[inside].with_columns(pl.lit(number, dtype=pl.Int64).alias("spectrum"))
        first, last = int(rows[inside[0]]), int(rows[inside[-1]])
        payload = impedance(part.lazy(), part.columns, where=where)
        found.append(Spectrum(payload, _voltage(frame, part, first), (first + 1, last + 1)))
    return tuple(found)


def _voltage(frame: pl.DataFrame, part: pl.DataFrame, first: int) -> tuple[float, float, float] | None:
    """Voltage of the record before the spectrum where there is one, else the mean over the sweep; the sweep gives its range."""
    swept = next((name for name in _SWEPT if name in frame.columns), None)
    steady = next((name for name in _STEADY if name in frame.columns), None)
    if swept is None or steady is None:
        return None
    values = [float(value) for value in part[swept].drop_nulls().to_list() if np.isfinite(value)]
    before = frame[first - 1] if first > 0 else None
    voltage = float("nan")
    if before is not None and not before["frequency"].fill_null(0.0)[0]:
        voltage = float(before[steady].fill_null(float("nan"))[0])
    if not np.isfinite(voltage):
        if not values:
            return None
        voltage = float(np.mean(values))
    return voltage, min([voltage, *values]), max([voltage, *values])
