"""What did the counter count, and how sure is the intensity that a file prints?

An intensity is the number of counts N times what the vendor did to it: I = N f t_ref / t, with the factor f of an attenuator in the
beam and the counting time t of the point. Its standard uncertainty is (I / N) sqrt(N), never sqrt(I) once a factor is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark

#: Departure from a whole number that printing leaves (counts), absolute and relative: four decimals, or single precision.
_PRINTED, _SINGLE = 0.01, 1e-6

Unit = Literal["counts", "rate", ""]


@dataclass(frozen=True, slots=True)
class Counted:
    """Intensity with its uncertainty (`None` where it is the square root), its unit, and the counting time (s) if known."""

    intensity: NDArray[np.float64]
    std: NDArray[np.float64] | None
    unit: str
    time: float | None
    remarks: tuple[Remark, ...]


def are_whole(values: NDArray[np.float64]) -> bool:
    """Whether all finite values that are not negative are whole numbers within what printing leaves."""
    good = values[np.isfinite(values) & (values >= 0)]
    near = (np.abs(good - np.rint(good)) <= _PRINTED + _SINGLE * good) & ((good == 0) | (good > 0.5))
    return bool(good.size and np.all(near))


def counted(
    values: NDArray[np.float64],
    *,
    unit: Unit,
    times: float | NDArray[np.float64] | None = None,
    factors: float | NDArray[np.float64] = 1.0,
    corrected: bool = False,
    printed_exactly: bool = True,
    where: str,
) -> Counted:
    """Intensities in counts of the longest counting time, with the uncertainty of the counts behind them.

    Parameters
    ----------
    values
        As the file prints them (counts or counts/s), shape (n,).
    unit
        What the file says they are; empty where it says nothing, and the values themselves must tell.
    times
        Counting time (s), one for all or shape (n,); `None` where the file does not say.
    factors
        Factor of the attenuator in the beam (1), one for all or shape (n,).
    corrected
        Whether by the rules of the format the values already hold the factors.
    printed_exactly
        Whether counts times factors are printed without rounding, so that whole numbers tell if `corrected` is true.
    where
        File and scan, for errors.

    Raises
    ------
    ReadError
        If a time or factor is not positive.

    Notes
    -----
    What fails first: a detector that sums channels and divides by their number prints neither counts nor a rate; such values are
    marked, and the square root is then not their uncertainty.
    """
    factor = _positive(factors, values.size, "attenuation factor", where)
    time = None if times is None else _positive(times, values.size, "counting time", where)
    remarks: list[Remark] = []
    if np.any(factor != 1) and printed_exactly:
        corrected = _judged(values if unit != "rate" or time is None else values * time, factor, corrected, remarks)
    recorded = values / factor if corrected else values
    unit, told = _unit(recorded, unit, time)
    remarks += told
    if unit == "":
        return Counted(values if corrected else values * factor, None, "unknown", _single(time), tuple(remarks))
    if unit == "rate":
        if time is None:
            return Counted(recorded * factor, None, "counts/s", None, tuple(remarks))
        recorded = recorded * time
    scale = factor if time is None else factor * (time.max(initial=0.0) / time)
    if time is not None and np.ptp(time) > 0:
        text = (
            f"The points were counted for {time.min():g} to {time.max():g} s each; all are scaled to {time.max():g} s."
        )
        remarks.append(Remark("counting_times_differ", text, "", "note"))
    if np.all(scale == 1):
        return Counted(recorded, None, "counts", _single(time), tuple(remarks))
    std = scale * np.sqrt(np.maximum(recorded, 1.0))  # a zero count is known to about one count
    return Counted(recorded * scale, std, "counts", _single(time), tuple(remarks))


def _single(time: NDArray[np.float64] | None) -> float | None:
    return None if time is None or not time.size else float(time.max())


def _positive(given: float | NDArray[np.float64], size: int, name: str, where: str) -> NDArray[np.float64]:
    values = np.broadcast_to(np.asarray(given, dtype=np.float64), (size,))
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if bad.size:
        raise ReadError(
            f"{where}: the {name} of point {bad[0] + 1} is {values[bad[0]]:g}, which must be positive; the file is damaged. "
            "Export the scan again."
        )
    return values


def _judged(values: NDArray[np.float64], factor: NDArray[np.float64], corrected: bool, remarks: list[Remark]) -> bool:
    """Whether the values hold the factors; whole counts decide against the rule only where they leave no doubt."""
    behind = factor != 1
    plain, divided = are_whole(values[behind]), are_whole(values[behind] / factor[behind])
    if plain != divided and divided != corrected:
        found = "already hold" if divided else "do not hold"
        text = (
            f"The intensities behind the attenuator {found} its factor, against the habit of this format: only so are they whole "
            "counts; they were taken so."
        )
        remarks.append(Remark("attenuation_against_habit", text))
        corrected = divided
    most = float(factor.max())
    text = (
        f"{int(behind.sum())} points were counted behind an attenuator (factor up to {most:g}); intensities "
        f"{'hold' if corrected else 'were multiplied by'} it, and their uncertainty is that of the counts behind it."
    )
    remarks.append(Remark("attenuator", text, "", "note"))
    return corrected


def _unit(values: NDArray[np.float64], unit: Unit, time: NDArray[np.float64] | None) -> tuple[Unit, list[Remark]]:
    """What the values are, and what to say of it."""
    whole = are_whole(values)
    if unit == "rate":
        if time is None:
            text = (
                "The intensities are counts per second and the file names no counting time; their uncertainty is unknown, and the "
                "square root is not it. Export counts."
            )
            return unit, [Remark("counting_time_unknown", text)]
        text = f"Counts per second were multiplied by the counting time ({time.max():g} s) to give counts."
        return unit, [Remark("rate_to_counts", text, "", "note"), *_fractions(values * time)]
    if unit == "counts":
        return unit, _fractions(values)
    if whole or not np.any(values > 0):
        return "counts", []
    if time is not None and are_whole(values * time):
        text = (
            f"The file does not say what its intensities are; times the counting time ({time.max():g} s) they are whole, so they were "
            "taken as counts per second and turned into counts."
        )
        return "rate", [Remark("rate_to_counts", text, "", "note")]
    text = (
        "The file does not say what its intensities are, and they are neither whole counts nor a rate; their uncertainty is "
        "unknown, and the square root is not it."
    )
    return "", [Remark("intensity_unit_unknown", text)]


def _fractions(values: NDArray[np.float64]) -> list[Remark]:
    if are_whole(values) or not np.any(values > 0):
        return []
    text = (
        "The intensities are called counts but are not whole: the instrument summed or corrected channels, so that the square root is "
        "only about their uncertainty."
    )
    return [Remark("counts_not_whole", text)]
