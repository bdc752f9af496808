"""Which processes show in dQ/dV and dV/dQ of a half-cycle, and how do their peaks move over the cycles?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Choice, Citation, Observable, Result
from interlith.numerics.peaks import Identity, Peak, find_peaks, track
from interlith.numerics.smoothing import Density, density_along, local_slope, noise_of, quantum_of, resolution_of
from interlith.techniques.cycling.over_cycles import (
    Cell,
    Scale,
    cells,
    cycle_state,
    need,
    result,
    scale_of,
    split_by_sample,
    voltage_std,
)
from interlith.techniques.cycling.plateau import Branch, branch_of
from interlith.units import inside

Array = NDArray[np.float64]

#: Half-cycles analysed per cell and direction where none are named.
USUAL_CYCLES = 8
#: Two samples of one peak are looked for within this many gates: cells differ more than neighbouring cycles.
_BETWEEN_CELLS = 1.5
#: A half-cycle below this share of the cell's largest is a remnant (a first discharge of a fresh cell), not a cycle.
LEAST_CHARGE = 0.05
#: A branch that needs a coarser resolution than this (V) was sampled too sparsely or too noisily to show peaks.
COARSEST = 0.03

GEMAN = Citation(
    "geman1980",
    "Geman and Horowitz 1980, Annals of Probability 8, 1",
    "@article{geman1980, author={Geman, Donald and Horowitz, Joseph}, title={Occupation densities}, journal={The Annals "
    "of Probability}, volume={8}, pages={1--67}, year={1980}, doi={10.1214/aop/1176994824}}",
)
METHODS = (
    "dQ/dV is the density of charge over voltage on the constant-current branch (charge between two samples spread evenly "
    "between their voltages), convolved with a Gaussian of the stated standard deviation; it conserves charge and needs no "
    "monotonic voltage. dV/dQ is the slope of local parabolas with Gaussian weights along the charge. Peak areas run from "
    "valley to valley without a baseline; identities of peaks keep their order along the cycles."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every half-cycle: resolutions, points of the dV/dQ grid and gate of the tracking."""

    resolution: float | None
    charge_share: float
    points: int
    gate: float


_WHOSE = {
    "sample": pl.String, "variant": pl.String, "half_cycle": pl.Int64, "cycle": pl.Int64, "direction": pl.String,
}  # fmt: skip
#: Columns of the tables in `data`, also where they are empty.
DQDV_SCHEMA = _WHOSE | {"voltage": pl.Float64, "dqdv": pl.Float64, "edge": pl.Boolean, "unit": pl.String}
DVDQ_SCHEMA = _WHOSE | {"charge": pl.Float64, "dvdq": pl.Float64, "dvdq_std": pl.Float64, "unit": pl.String}
PEAK_SCHEMA = _WHOSE | {"peak": pl.String} | dict.fromkeys(
    ("position", "position_std", "height", "height_std", "area", "area_std", "low", "high", "width"), pl.Float64
) | {"at_edge": pl.Boolean, "unit": pl.String}  # fmt: skip
AREA_SCHEMA = _WHOSE | dict.fromkeys(
    ("integral", "branch_charge", "half_cycle_charge", "relative_error", "backward_steps", "resolution", "noise"), pl.Float64
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Derived:
    """One half-cycle analysed."""

    half: Mapping[str, Any]
    branch: Branch
    density: Density
    peaks: tuple[Peak, ...]
    charge: Array
    slope: Array
    slope_std: Array


@dataclass(slots=True)
class _Found:
    observables: list[Observable] = field(default_factory=list)
    dqdv: list[pl.DataFrame] = field(default_factory=list)
    dvdq: list[pl.DataFrame] = field(default_factory=list)
    peaks: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)
    quality: list[tuple[str, str, bool, str]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)


def differential(
    summary: Result,
    *,
    cycles: Sequence[int] | None = None,
    points: int = 400,
    resolution: str | float | None = None,
    charge_share: float = 0.01,
    gate: str | float = "40 mV",
) -> Result:
    """dQ/dV and dV/dQ of the constant-current branches, with peaks tracked over the cycles.

    Parameters
    ----------
    summary
        Result of `summarise`.
    cycles
        Own cycle numbers; `None`: eight spread over the test, first and last included.
    points
        Points of dV/dQ per half-cycle.
    resolution
        Standard deviation of the kernel along the voltage; `None`: one for all half-cycles of a direction, as fine as
        quantum, noise and sampling of the worst of them allow, recorded as a choice.
    charge_share
        Standard deviation of the weights along the charge as a share of the branch; doubled (at most to 0.04) where the
        noise of the slope exceeds a tenth of its median.
    gate
        Largest shift of a peak from one analysed cycle to the next that still is the same peak.

    Returns
    -------
    Result
        Observables ``dqdv_<direction>_P<n>_voltage`` (V), ``_height`` (mAh/g/V or mAh/V) and ``_area`` (mAh/g or mAh)
        per cycle, numbered alike in all cells. `data`: ``dqdv`` (voltage, dqdv, edge), ``dvdq`` (charge, dvdq,
        dvdq_std), ``peaks``, ``areas`` (integral of dQ/dV against the charge of the branch).

    Raises
    ------
    StudyError
        If fewer than ten points are asked for.
    UnitError
        If resolution or gate is no voltage.

    Notes
    -----
    Heights and widths are those at the resolution. Points within two resolutions of an end of the branch are marked
    ``edge``. The uncertainty of a position is that of noise and of a declared voltage accuracy; polarisation moves a
    peak by current times resistance and is no error of the measurement: positions at unlike rates do not compare. This is
    the assumption that fails first.

    References
    ----------
    Geman and Horowitz 1980, 10.1214/aop/1176994824.
    """
    if points < 10:
        raise StudyError(f"dV/dQ needs at least ten points; {points} were asked for.")
    settings = Settings(
        None if resolution is None else _volts(resolution, "resolution"), charge_share, points, _volts(gate, "gate")
    )
    halves, curves = need(summary, "half_cycles", "curves")
    scales, offsets = scale_of(summary), voltage_std(summary)
    by_sample, curve_of = split_by_sample(halves), split_by_sample(curves)
    found = _Found()
    for direction in ("charge", "discharge"):
        known: list[Identity] = []
        branches = {
            cell.sample: _branches(cell, direction, cycles, by_sample, curve_of, found) for cell in cells(summary)
        }
        chosen = _resolution(branches, direction, settings, found)
        for cell in cells(summary):
            derived = [_derive(half, branch, chosen, settings) for half, branch in branches[cell.sample]]
            known = _collect(
                cell, direction, derived, known, scales[cell.sample], offsets.get(cell.sample), settings, found
            )
    data = {
        "dqdv": pl.concat([pl.DataFrame(schema=DQDV_SCHEMA), *found.dqdv]),
        "dvdq": pl.concat([pl.DataFrame(schema=DVDQ_SCHEMA), *found.dvdq]),
        "peaks": pl.DataFrame(found.peaks, schema=PEAK_SCHEMA),
        "areas": pl.DataFrame(found.areas, schema=AREA_SCHEMA),
    }  # fmt: skip
    options = {
        "cycles": None if cycles is None else list(cycles), "points": points, "resolution": settings.resolution,
        "charge_share": charge_share, "gate": settings.gate,
    }  # fmt: skip
    return result(
        "differential", summary, found.observables, data=data, quality=found.quality, options=options,
        choices=found.choices, method="density of charge over voltage", methods_text=METHODS, citations=(GEMAN,),
    )  # fmt: skip


def _volts(value: str | float, what: str) -> float:
    return float(value) if isinstance(value, (int, float)) else inside(value, "voltage", what=what)


def _branches(
    cell: Cell, direction: str, cycles: Sequence[int] | None, halves: Mapping[str, pl.DataFrame],
    curves: Mapping[str, pl.DataFrame], found: _Found,
) -> list[tuple[dict[str, Any], Branch]]:  # fmt: skip
    """Constant-current branches of the half-cycles asked for; those without one are told in the quality table."""
    if cell.sample not in halves or cell.sample not in curves:
        return []
    rows = halves[cell.sample].sort("cycle")
    largest = rows.get_column("charge").max()
    rows = rows.filter(pl.col("direction") == direction)
    if cycles is None:
        whole = rows.filter(pl.col("complete") & (pl.col("charge") > LEAST_CHARGE * pl.lit(largest)))
        spread = np.linspace(0, max(whole.height - 1, 0), USUAL_CYCLES).round().astype(int)
        rows = whole[np.unique(spread).tolist()] if whole.height else whole
    else:
        rows = rows.filter(pl.col("cycle").is_in(list(cycles)))
    step = f"dQ/dV of {direction}"
    if rows.is_empty():
        found.quality.append(
            (cell.sample, step, False, f"no {direction} {'at these cycles' if cycles else 'is complete'}")
        )
    numbers = rows.get_column("half_cycle").to_list()
    parts = curves[cell.sample].filter(pl.col("half_cycle").is_in(numbers)).partition_by("half_cycle", as_dict=True)
    kept = []
    for half in rows.iter_rows(named=True):
        curve = parts.get((half["half_cycle"],))
        branch = None if curve is None else branch_of(curve)
        if branch is None or branch.total <= 0:
            reason = f"cycle {half['cycle']} has no constant-current branch of ten points or more"
            found.quality.append((cell.sample, step, False, reason))
        elif (finest := resolution_of(branch.voltage)) > COARSEST:
            reason = (
                f"cycle {half['cycle']} has {len(branch.charge)} points on its constant-current branch, which show nothing "
                f"finer than {1e3 * finest:.0f} mV; at least {1e3 * COARSEST:.0f} mV are needed"
            )
            found.quality.append((cell.sample, step, False, reason))
        else:
            kept.append((half, branch))
    return kept


def _resolution(
    branches: Mapping[str, Sequence[tuple[dict[str, Any], Branch]]], direction: str, settings: Settings, found: _Found
) -> float:
    """One resolution for all half-cycles of a direction, so that heights compare."""
    if settings.resolution is not None:
        return settings.resolution
    needed = [resolution_of(branch.voltage) for kept in branches.values() for _, branch in kept]
    if not needed:
        return math.nan
    # One ruined half-cycle must not blur all others: the coarsest tenth is shown finer than its own noise allows.
    chosen = float(np.quantile(needed, 0.9))
    rounded = float(f"{chosen:.2g}")
    found.choices.append(
        Choice(
            f"differential/{direction}", "resolution", f"{1e3 * rounded:g} mV", f"{2e3 * rounded:g} mV",
            0.5, (f"dqdv_{direction}_P1_height",),
            f"the coarsest of twice the quantum, four times the noise, three times the sampling and a 400th of the range "
            f"lies between {1e3 * min(needed):.2g} and {1e3 * max(needed):.2g} mV over {len(needed)} half-cycles.",
        )
    )  # fmt: skip
    return max(rounded, 1e-5)


def _derive(half: Mapping[str, Any], branch: Branch, resolution: float, settings: Settings) -> Derived:
    density = density_along(branch.charge, branch.voltage, resolution=resolution, joined=branch.joined)
    peaks = tuple(find_peaks(density))
    grid = np.linspace(branch.charge[0], branch.charge[-1], settings.points)
    noise = max(noise_of(branch.voltage), quantum_of(branch.voltage) / 12**0.5)
    share = settings.charge_share
    while True:
        slope, std = local_slope(branch.charge, branch.voltage, grid, resolution=share * branch.total, noise=noise)
        good = np.isfinite(slope)
        if share >= 0.04 or not good.any() or np.median(std[good]) <= 0.1 * np.median(np.abs(slope[good])):
            return Derived(half, branch, density, peaks, grid, slope, std)
        share = min(2 * share, 0.04)


def _collect(
    cell: Cell, direction: str, derived: Sequence[Derived], known: list[Identity], scale: Scale,
    offset: tuple[str, float] | None, settings: Settings, found: _Found,
) -> list[Identity]:  # fmt: skip
    """Name the peaks of one cell, and write its curves and observables."""
    if not derived:
        return known
    sightings = [[(peak.position, peak.area) for peak in item.peaks] for item in derived]
    # Peaks are named alike in all cells: those of the cell's first half-cycle are looked up among the known ones.
    first, _ = track(sightings[:1], gate=_BETWEEN_CELLS * settings.gate, known=known)
    start = [Identity(name, *seen) for name, seen in zip(first[0], sightings[0], strict=True)]
    waiting = [item for item in known if item.name not in {one.name for one in start}]
    names, _ = track(sightings, gate=settings.gate, known=[*start, *waiting])
    everything = {item.name: item for item in known}
    for item, row in zip(derived, names, strict=True):
        found.dqdv.append(_dqdv_frame(cell, item, scale))
        found.dvdq.append(_dvdq_frame(cell, item, scale))
        found.areas.append(_area_row(cell, item))
        for name, peak in zip(row, item.peaks, strict=True):
            everything.setdefault(name, Identity(name, peak.position, peak.area))
            found.observables += _observables(cell, direction, item, name, peak, scale, offset)
            found.peaks.append(_peak_row(cell, direction, item, name, peak, scale))
    found.quality.append((cell.sample, f"dQ/dV of {direction}", True, ""))
    return list(everything.values())


def _observables(
    cell: Cell, direction: str, item: Derived, name: int, peak: Peak, scale: Scale, offset: tuple[str, float] | None
) -> list[Observable]:
    cycle = int(item.half["cycle"])
    stem, fit = f"dqdv_{direction}_P{name}", f"half-cycle {item.half['half_cycle']}"
    source = f"noise:{cell.sample}/{stem}/{cycle}"
    words = [] if item.half["complete"] else ["the half-cycle is incomplete"]
    if item.density.resolution < 0.99 * resolution_of(item.branch.voltage):
        words.append("the resolution is finer than quantum, noise or sampling of this half-cycle")
    if peak.at_edge:
        words.append("within two resolutions of the end of the branch: one flank is cut off")
    flag = "; ".join(words)
    method = f"density of charge over voltage, resolution {1e3 * item.density.resolution:.3g} mV"
    resolved = {f"model:{cell.sample}/{stem}/resolution": peak.position_bias}
    position = {source: peak.position_std} | resolved | ({} if offset is None else {offset[0]: offset[1]})
    height, area = peak.height * scale.factor, peak.area * scale.factor
    heights = {source: peak.height_std * scale.factor} | scale.components(height)
    areas = {source: peak.area_std * scale.factor} | scale.components(area)
    rows = (
        ("voltage", peak.position, "V", position),
        ("height", height, f"{scale.unit}/V", heights),
        ("area", area, scale.unit, areas),
    )
    return [
        cell.observable(f"{stem}_{what}", value, unit, parts, cycle=cycle, state=cycle_state(cycle), method=method,
                        fit=fit, flag=flag)
        for what, value, unit, parts in rows
    ]  # fmt: skip


def _whose(cell: Cell, item: Derived) -> dict[str, Any]:
    half = item.half
    return {
        "sample": cell.sample, "variant": cell.variant, "half_cycle": half["half_cycle"], "cycle": half["cycle"],
        "direction": half["direction"],
    }  # fmt: skip


def _labelled(cell: Cell, item: Derived, columns: Mapping[str, Array], unit: str) -> pl.DataFrame:
    labels = [
        pl.lit(value, dtype=pl.Int64 if isinstance(value, int) else pl.String).alias(name)
        for name, value in _whose(cell, item).items()
    ]
    return pl.DataFrame(dict(columns)).select(*labels, pl.all(), pl.lit(unit).alias("unit"))


def _dqdv_frame(cell: Cell, item: Derived, scale: Scale) -> pl.DataFrame:
    level, margin = item.density.level, 2 * item.density.resolution
    low, high = item.branch.voltage.min(), item.branch.voltage.max()
    edge = (level < low + margin) | (level > high - margin)
    columns = {"voltage": level, "dqdv": item.density.density * scale.factor, "edge": edge}
    return _labelled(cell, item, columns, f"{scale.unit}/V")


def _dvdq_frame(cell: Cell, item: Derived, scale: Scale) -> pl.DataFrame:
    columns = {
        "charge": item.charge * scale.factor, "dvdq": item.slope / scale.factor, "dvdq_std": item.slope_std / scale.factor,
    }  # fmt: skip
    return _labelled(cell, item, columns, f"V/({scale.unit})").with_columns(pl.col("dvdq", "dvdq_std").fill_nan(None))


def _area_row(cell: Cell, item: Derived) -> dict[str, Any]:
    integral = float(item.density.density.sum() * item.density.spacing)
    # Charge at a lower current than that of the branch, held or interrupted is in the half-cycle but not in dQ/dV.
    falls = np.diff(item.branch.voltage)[item.branch.joined]
    wrong = float((falls < 0).mean() if item.half["direction"] == "charge" else (falls > 0).mean())
    return _whose(cell, item) | {
        "integral": integral, "branch_charge": item.branch.total, "half_cycle_charge": item.half["charge"], "relative_error": integral / item.branch.total - 1,
        "backward_steps": wrong, "resolution": item.density.resolution, "noise": item.density.noise,
    }  # fmt: skip


def _peak_row(cell: Cell, direction: str, item: Derived, name: int, peak: Peak, scale: Scale) -> dict[str, Any]:
    return _whose(cell, item) | {
        "peak": f"P{name}", "position": peak.position, "position_std": peak.position_std,
        "height": peak.height * scale.factor, "height_std": peak.height_std * scale.factor,
        "area": peak.area * scale.factor, "area_std": peak.area_std * scale.factor, "low": peak.low, "high": peak.high,
        "width": None if math.isnan(peak.width) else peak.width, "at_edge": peak.at_edge, "unit": scale.unit,
    }  # fmt: skip
