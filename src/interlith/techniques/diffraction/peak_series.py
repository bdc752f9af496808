"""Which patterns does a series hold, as arrays with weights and states, and with which radiation were they taken?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Flag, Measurement, Series, State
from interlith.model.measurement import Table
from interlith.numerics.odd_members import odd_members
from interlith.numerics.peak_search import scatter
from interlith.physics.powder.line_patterns import Curve
from interlith.physics.powder.line_shape import Radiation
from interlith.techniques.diffraction.radiation_lines import ONE_WAVELENGTH, Lines, asked_lines, listed, said_lines
from interlith.techniques.diffraction.survey import frames
from interlith.techniques.diffraction.weights import SAME_SCATTER
from interlith.units import QUANTITIES

Array = NDArray[np.float64]

#: States that a series may run along, the likeliest first.
AXES = ("temperature", "voltage", "dose", "cycle", "test_time", "time")
#: Below this share of the stated scatter, or above this multiple, the uncertainties that a file states are not believed: over a whole
#: pattern, and anywhere in it. Right ones stayed inside the second range in 300 of 300 simulated patterns of 3,000 points.
_ANYWHERE = (0.65, 1.5)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One pattern: where it comes from, its points, and its state."""

    item: Measurement
    frame: int
    curve: Curve
    state: State


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """The patterns of one specimen that can be used, in order, and what was noticed about them."""

    members: tuple[Member, ...]
    radiation: Radiation
    flags: tuple[Flag, ...]

    @property
    def curves(self) -> list[Curve]:
        """Points of the patterns."""
        return [member.curve for member in self.members]

    @property
    def states(self) -> Array:
        """Value of the state of every pattern, shape (m,)."""
        return np.array([member.state.value for member in self.members])


def observed(
    series: Series, *, against: str | None = None, wavelength: float | None = None, limits: tuple[float, float] | None = None,
    masks: Mapping[int, Sequence[tuple[float, float]]] | None = None, skip: Sequence[int] = (),
) -> Observed:  # fmt: skip
    """Patterns of a series of one specimen.

    Parameters
    ----------
    series
        Tables with ``two_theta`` and ``intensity``, perhaps ``intensity_std`` and ``frame``.
    against
        State to order by; the likeliest one present by default, else the number of the pattern.
    wavelength
        (angstrom) where the files do not say it.
    limits
        Part of the patterns that is looked at (deg).
    masks
        Number of a pattern -> ranges (deg) to be left out; -1 for all patterns.
    skip
        Numbers of patterns to be left out.

    Raises
    ------
    FitError
        If there is no pattern with points.
    StudyError
        If the wavelength is unknown or not the same in all files, or a state is unknown.

    Notes
    -----
    Where the scatter from point to point belies the stated uncertainties these are scaled to it, and a flag says so. Patterns that are like
    neither of their neighbours are left out with a flag.
    """
    raw = [one for item in series for one in _frames(item, against)]
    if not raw:
        raise FitError("The series holds no pattern with two theta and intensity.")
    members = [_cut(one, number, limits, masks or {}) for number, one in enumerate(raw)]
    usable = [k for k, one in enumerate(members) if one.curve.x.size >= 20 and k not in skip]
    if not usable:
        raise FitError("No pattern of the series has twenty usable points within the limits.")
    flags = [] if len(usable) == len(raw) else [_left_out(len(raw) - len(usable), len(raw))]
    chosen, more = _believed([members[k] for k in usable])
    odd = _odd(chosen)
    if odd.any():
        names = ", ".join(str(usable[k]) for k in np.flatnonzero(odd))
        flags.append(
            Flag("odd_patterns", f"Patterns {names} are like neither of their neighbours and are left out.", names)
        )
    kept = tuple(one for one, wrong in zip(chosen, odd, strict=True) if not wrong)
    radiation, assumed = _radiation(series, wavelength)
    return Observed(kept, radiation, (*flags, *more, *assumed))


def _left_out(count: int, whole: int) -> Flag:
    return Flag(
        "patterns_left_out",
        f"{count} of {whole} patterns have too few points or were asked to be left out.",
        "",
        "note",
    )


def _frames(item: Measurement, against: str | None) -> list[Member]:
    if not isinstance(item.payload, Table) or not {"two_theta", "intensity"} <= set(item.payload.columns):
        return []
    return [
        Member(item, number, _curve(part), _state(item, number, part, against)) for number, part in frames(item.payload)
    ]


def _curve(frame: pl.DataFrame) -> Curve:
    x, y = (frame.get_column(name).cast(pl.Float64).to_numpy() for name in ("two_theta", "intensity"))
    if "intensity_std" in frame.columns:
        # A null uncertainty marks a point that must not count; files with none at all are counts.
        std = frame.get_column("intensity_std").cast(pl.Float64).fill_null(math.nan).to_numpy()
    else:
        std = np.sqrt(np.maximum(y, 1.0))
    good = np.isfinite(x) & np.isfinite(y) & np.isfinite(std) & (std > 0)
    order = np.argsort(x[good], kind="stable")
    x, y, std = x[good][order], y[good][order], std[good][order]
    rising = np.concatenate([[True], np.diff(x) > 0]) if x.size else np.zeros(0, bool)
    return Curve(x[rising], y[rising], std[rising])


def _state(item: Measurement, number: int, frame: pl.DataFrame, against: str | None) -> State:
    known = [name for name in AXES if name in item.state or name in frame.columns]
    if against is not None and against != "pattern" and against not in known and against not in item.state:
        raise StudyError(f"{item.source.path} has no state '{against}'; {nearest(against, [*known, 'pattern'])}.")
    name = against or (known[0] if known else "pattern")
    if name in item.state:
        return item.state[name]
    if name in frame.columns:
        values = frame.get_column(name).drop_nulls().to_numpy()
        unit = QUANTITIES[name].unit if name in QUANTITIES else ""
        if values.size:
            return State(name, float(values.mean()), float(values.min()), float(values.max()), unit)
    place = float(number if number else item.part)
    return State("pattern", place, place, place, "1")


def _cut(
    one: Member, number: int, limits: tuple[float, float] | None, masks: Mapping[int, Sequence[tuple[float, float]]]
) -> Member:
    x = one.curve.x
    kept = np.ones(x.size, bool) if limits is None else (x >= limits[0]) & (x <= limits[1])
    for low, high in (*masks.get(-1, ()), *masks.get(number, ())):
        kept &= (x < low) | (x > high)
    return Member(one.item, one.frame, Curve(x[kept], one.curve.y[kept], one.curve.std[kept]), one.state)


def _believed(members: Sequence[Member]) -> tuple[list[Member], list[Flag]]:
    """Members with uncertainties that their scatter agrees with."""
    grids = {member.curve.x.tobytes() for member in members}
    if len(grids) == 1:
        y, std = (np.array([getattr(member.curve, name) for member in members]) for name in ("y", "std"))
        factors = list(scatter(y, std))
    else:
        factors = [scatter(member.curve.y, member.curve.std) for member in members]
    middle = float(np.median([np.median(one) for one in factors]))
    good = [
        SAME_SCATTER[0] < np.median(one) < SAME_SCATTER[1] and _ANYWHERE[0] < one.min() and one.max() < _ANYWHERE[1]
        for one in factors
    ]
    if all(good):
        return list(members), []
    scaled = [
        Member(
            member.item,
            member.frame,
            Curve(member.curve.x, member.curve.y, member.curve.std * np.maximum(factor, 1e-6)),
            member.state,
        )
        for member, factor in zip(members, factors, strict=True)
    ]
    said = f"The scatter from point to point is {middle:.2g} times the uncertainties that were stated or taken for counts; they were scaled to it."
    return scaled, [Flag("scatter_disagrees", said, "", "note")]


def _odd(members: Sequence[Member]) -> NDArray[np.bool_]:
    if len({member.curve.x.tobytes() for member in members}) != 1 or len(members) < 4:
        return np.zeros(len(members), dtype=np.bool_)
    y, std = (np.array([getattr(member.curve, name) for member in members]) for name in ("y", "std"))
    return odd_members(y, std)


def _radiation(series: Series, wavelength: float | None) -> tuple[Radiation, list[Flag]]:
    """The radiation of all files, and what was assumed of it."""
    found = [_lines(item, wavelength) for item in series]
    first = found[0].wavelengths
    for item, other in zip(series, found, strict=True):
        theirs = other.wavelengths
        if len(theirs) != len(first) or not np.allclose(theirs, first, rtol=ONE_WAVELENGTH, atol=0):
            raise StudyError(
                f"{series[0].source.path} says {listed(first)} and {item.source.path} {listed(theirs)} angstrom; patterns of one series "
                "have one wavelength. Analyse them apart."
            )
    assumed = [Flag("ratio_assumed", said, "", "note") for said in found[0].assumed]
    return Radiation(first, found[0].ratio), assumed


def _lines(item: Measurement, wavelength: float | None) -> Lines:
    """Wavelengths that a file says, or a person.

    Raises
    ------
    StudyError
        If neither says one.
    """
    said: Mapping[str, Any] = item.original_metadata.get("instrument", {})
    found = asked_lines(said_lines(said, str(item.source.path)), wavelength)
    if not found.wavelengths:
        raise StudyError(f"{item.source.path} does not say its wavelength; declare it: wavelength: 1.5406 angstrom.")
    return found
