"""How do the scans of one diffraction file become one table, and which of their points are no measurement?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark
from interlith.numerics.unlikely_zeros import unlikely_zeros

#: Temperature of 0 degC (K), exact by the definition of the Celsius scale (BIPM, The International System of Units, 9th edition).
ZERO_CELSIUS = 273.15


@dataclass(frozen=True, slots=True)
class Scan:
    """One pattern of a file.

    Parameters
    ----------
    position
        Two theta (deg), scattering vector (1/angstrom) or time of flight (us), shape (n,).
    intensity
        As it is to be used, shape (n,).
    std
        Its standard uncertainty, shape (n,); `None` where it is the square root of counts.
    start
        When it began, as ISO text; empty where the file does not say.
    state
        State at the specimen by name of the quantity in inside units: value, least and largest.
    about
        What else the vendor says of this scan.
    """

    position: NDArray[np.float64]
    intensity: NDArray[np.float64]
    std: NDArray[np.float64] | None = None
    start: str = ""
    state: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Joined:
    """The table of all scans, the start of the first, the state of all together, and what was noticed."""

    frame: pl.DataFrame
    start: str
    state: Mapping[str, tuple[float, float, float]]
    remarks: tuple[Remark, ...]


def joined(scans: Sequence[Scan], *, axis: str = "two_theta", where: str) -> Joined:
    """One table of all scans in file order, ascending within each; several are told apart by ``frame``.

    Raises
    ------
    ReadError
        If no scan has a point, or a position is no number.
    """
    kept = [scan for scan in scans if scan.position.size]
    remarks: list[Remark] = []
    if not kept:
        raise ReadError(f"{where}: no scan of this file holds a point; the measurement was stopped before it began.")
    if len(kept) < len(scans):
        remarks.append(
            Remark("empty_scan", f"{len(scans) - len(kept)} scans without a point were left out.", "", "note")
        )
    parts = [_ascending(scan, where, remarks) for scan in kept]
    sizes = [scan.position.size for scan in parts]
    columns: dict[str, NDArray[Any]] = {}
    if len(parts) > 1:
        columns["frame"] = np.repeat(np.arange(len(parts), dtype=np.int64), sizes)
    columns[axis] = np.concatenate([scan.position for scan in parts])
    columns["intensity"] = np.concatenate([scan.intensity for scan in parts])
    std, bad, dead = _weights(parts, columns["intensity"])
    if std is not None:
        columns["intensity_std"] = std
    if bad:
        text = f"{bad} points are negative, no numbers or without a positive uncertainty; they are kept without weight."
        remarks.append(Remark("points_without_weight", text))
    if dead:
        text = f"{dead} points have no counts among neighbours with many: the detector was off or hidden; they have no weight."
        remarks.append(Remark("dead_points", text))
    blank = sum(1 for scan in parts if not np.any(scan.intensity > 0))
    if blank:
        remarks.append(Remark("dead_scans", f"{blank} of {len(parts)} scans hold no intensity at all."))
    if len(parts) > 1:
        columns |= _states(parts, sizes)
    frame = pl.DataFrame(columns, nan_to_null=True)
    return Joined(frame, parts[0].start, _together(parts), tuple(remarks))


def seconds_between(first: str, then: str) -> float:
    """Seconds from one ISO time to another; nan where either is missing, or only one tells its zone."""
    try:
        return (datetime.fromisoformat(then) - datetime.fromisoformat(first)).total_seconds()
    except (ValueError, TypeError):
        return math.nan


def _ascending(scan: Scan, where: str, remarks: list[Remark]) -> Scan:
    if not np.isfinite(scan.position).all():
        spot = int(np.flatnonzero(~np.isfinite(scan.position))[0])
        raise ReadError(
            f"{where}: the position of point {spot + 1} is no number; the file is damaged. Export it again."
        )
    steps = np.diff(scan.position)
    if np.all(steps > 0):
        return scan
    order = np.argsort(scan.position, kind="stable")
    if not np.all(steps < 0) and not any(item.code == "positions_not_ascending" for item in remarks):
        text = "The positions of a scan do not go steadily up or down; its points were put in ascending order."
        remarks.append(Remark("positions_not_ascending", text))
    std = None if scan.std is None else scan.std[order]
    return Scan(scan.position[order], scan.intensity[order], std, scan.start, scan.state, scan.about)


def _weights(parts: Sequence[Scan], intensity: NDArray[np.float64]) -> tuple[NDArray[np.float64] | None, int, int]:
    """Uncertainties with nan for points of no weight, only where a file has some or needs them; how many of these are no
    measurement by their numbers, and how many more by zeros among many counts."""
    bad = ~np.isfinite(intensity) | (intensity < 0)
    # A file that states an uncertainty has judged its zeros itself.
    dead = np.concatenate(
        [
            np.zeros(scan.intensity.size, dtype=bool) if scan.std is not None else unlikely_zeros(scan.intensity)
            for scan in parts
        ]
    )
    std = np.concatenate(
        [np.sqrt(np.maximum(np.nan_to_num(scan.intensity), 1.0)) if scan.std is None else scan.std for scan in parts]
    )
    if all(scan.std is None for scan in parts) and not (bad | dead).any():
        return None, 0, 0
    bad |= ~np.isfinite(std) | (std <= 0)
    return np.where(bad | dead, np.nan, std), int(bad.sum()), int((dead & ~bad).sum())


def _states(parts: Sequence[Scan], sizes: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """Columns of time and state that every or some frames have."""
    found: dict[str, NDArray[np.float64]] = {}
    passed = [seconds_between(parts[0].start, scan.start) for scan in parts]
    if not all(math.isnan(item) for item in passed):
        found["test_time"] = np.repeat(passed, sizes)
    for name in dict.fromkeys(name for scan in parts for name in scan.state):
        found[name] = np.repeat([scan.state.get(name, (math.nan,))[0] for scan in parts], sizes)
    return found


def _together(parts: Sequence[Scan]) -> dict[str, tuple[float, float, float]]:
    """State of the whole file, where every scan has it: mean, least and largest."""
    names = set(parts[0].state).intersection(*(scan.state for scan in parts[1:]))
    return {
        name: (
            float(np.mean([scan.state[name][0] for scan in parts])),
            min(scan.state[name][1] for scan in parts),
            max(scan.state[name][2] for scan in parts),
        )
        for name in sorted(names)
    }


def only_patterns(scans: Sequence[Scan], others: Sequence[str], where: str) -> list[Remark]:
    """What to say of scans that are no powder patterns and were left out.

    Raises
    ------
    ReadError
        If there is no other.
    """
    named = ", ".join(dict.fromkeys(others))
    if not scans:
        held = f"scans of {named}" if others else "no scan"
        raise ReadError(f"{where}: the file holds {held} and no scan of two theta, so no powder pattern.")
    if not others:
        return []
    message = f"{len(others)} scans of {named} were left out: they are no powder patterns."
    return [Remark("scans_left_out", message)]


def agreed(told: Sequence[Mapping[str, Any]], remarks: list[Remark]) -> dict[str, Any]:
    """What the headers of all scans say alike of the instrument."""
    kept = dict(told[0]) if told else {}
    for other in told[1:]:
        for name in [name for name in kept if other.get(name) != kept[name]]:
            message = f"The scans of this file differ in {name} ({kept[name]}, {other.get(name)}); it was left out."
            remarks.append(Remark("instrument_differs", message))
            del kept[name]
    return kept


def steps(scans: Sequence[Scan]) -> dict[str, float]:
    """Step (deg) and counting time (s), where all scans have the same."""
    found: dict[str, float] = {}
    medians = [float(np.median(np.diff(scan.position))) for scan in scans if scan.position.size > 1]
    if medians and np.ptp(medians) < 1e-6:
        found["step"] = round(abs(medians[0]), 9)
    times = {scan.about.get("counting_time") for scan in scans}
    if len(times) == 1 and (time := times.pop()) is not None:
        found["counting_time"] = float(time)
    return found


def told(scans: Sequence[Scan]) -> list[dict[str, Any]]:
    """What is known of each scan, in order."""
    return [({"start": scan.start} if scan.start else {}) | dict(scan.about) for scan in scans]


def once(remarks: Sequence[Remark]) -> list[Remark]:
    """Remarks of the same words only once, for the first scan that has them."""
    found: dict[tuple[str, str], Remark] = {}
    for item in remarks:
        found.setdefault((item.code, item.message), item)
    return list(found.values())
