"""What are dQ/dV and dV/dQ of a half-cycle at one resolution, and where are their peaks?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Citation, Given, Result, Step
from interlith.numerics.peaks import Peak, find_peaks
from interlith.numerics.smoothing import Density, density_along, local_slope, noise_of, quantum_of, resolution_of
from interlith.techniques.cycling.branch import Branch
from interlith.techniques.cycling.decided import RESOLUTION, misplaced
from interlith.techniques.cycling.over_cycles import Cell, Scale, cells, flagged, result, scale_of
from interlith.techniques.cycling.resolution import (
    DIRECTIONS,
    Settings,
    Usable,
    agree,
    asked,
    settings_given,
    shared,
    usable,
    wanted,
)

Array = NDArray[np.float64]

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


_WHOSE = {
    "sample": pl.String, "variant": pl.String, "half_cycle": pl.Int64, "cycle": pl.Int64, "direction": pl.String,
}  # fmt: skip
#: Columns of the tables in `data`, also where they are empty.
DQDV_SCHEMA = _WHOSE | {"voltage": pl.Float64, "dqdv": pl.Float64, "edge": pl.Boolean, "unit": pl.String}
DVDQ_SCHEMA = _WHOSE | {"charge": pl.Float64, "dvdq": pl.Float64, "dvdq_std": pl.Float64, "unit": pl.String}
AREA_SCHEMA = _WHOSE | dict.fromkeys(
    ("integral", "branch_charge", "half_cycle_charge", "relative_error", "backward_steps", "resolution", "noise"), pl.Float64
)  # fmt: skip
#: Peaks before they have a name; ``size`` (Ah) tells them apart over cells, ``bias`` (V) is what the resolution moves them.
SIGHTING_SCHEMA = _WHOSE | dict.fromkeys(
    ("position", "position_std", "bias", "height", "height_std", "area", "area_std", "size", "low", "high", "width",
     "resolution"), pl.Float64
) | {"at_edge": pl.Boolean, "complete": pl.Boolean, "finer": pl.Boolean, "unit": pl.String}  # fmt: skip


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


def curves(
    summary: Result, found: Mapping[tuple[str, str], Usable], settings: Settings, resolutions: Mapping[str, float]
) -> Result:
    """dQ/dV and dV/dQ with unnamed peaks of all cells of a summary.

    Parameters
    ----------
    summary
        Result of `summarise`.
    found
        Its branches.
    settings
        What holds for every half-cycle.
    resolutions
        Standard deviation of the kernel (V) by direction.
    """
    scales = scale_of(summary)
    tables: dict[str, list[pl.DataFrame]] = {"dqdv": [], "dvdq": []}
    areas: list[dict[str, Any]] = []
    sightings: list[dict[str, Any]] = []
    quality: list[tuple[str, str, bool, str]] = []
    for cell in cells(summary):
        for direction in DIRECTIONS:
            one = found.get((cell.sample, direction), Usable((), ()))
            step = f"dQ/dV of {direction}"
            quality += [(cell.sample, step, False, reason) for reason in one.reasons]
            for half, branch in one.branches:
                item = _derive(half, branch, resolutions[direction], settings)
                scale = scales[cell.sample]
                tables["dqdv"].append(_dqdv_frame(cell, item, scale))
                tables["dvdq"].append(_dvdq_frame(cell, item, scale))
                areas.append(_area_row(cell, item))
                sightings += [_sighting(cell, item, peak, scale) for peak in item.peaks]
            quality += [(cell.sample, step, True, "")] if one.branches else []
    data = {
        "dqdv": pl.concat([pl.DataFrame(schema=DQDV_SCHEMA), *tables["dqdv"]]),
        "dvdq": pl.concat([pl.DataFrame(schema=DVDQ_SCHEMA), *tables["dvdq"]]),
        "areas": pl.DataFrame(areas, schema=AREA_SCHEMA),
        "sightings": pl.DataFrame(sightings, schema=SIGHTING_SCHEMA),
    }
    return result(
        "differential", summary, (), data=data, quality=quality, options=settings.options,
        method="density of charge over voltage", methods_text=METHODS, citations=(GEMAN,),
    )  # fmt: skip


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


def _sighting(cell: Cell, item: Derived, peak: Peak, scale: Scale) -> dict[str, Any]:
    return _whose(cell, item) | {
        "position": peak.position, "position_std": peak.position_std, "bias": peak.position_bias,
        "height": peak.height * scale.factor, "height_std": peak.height_std * scale.factor,
        "area": peak.area * scale.factor, "area_std": peak.area_std * scale.factor, "size": peak.area,
        "low": peak.low, "high": peak.high, "width": None if math.isnan(peak.width) else peak.width,
        "resolution": item.density.resolution, "at_edge": peak.at_edge, "complete": bool(item.half["complete"]),
        "finer": item.density.resolution < 0.99 * resolution_of(item.branch.voltage), "unit": scale.unit,
    }  # fmt: skip


def run(given: Given) -> Result:
    """dQ/dV and dV/dQ of one specimen at the agreed resolutions; at its own where no other cell has such a half-cycle."""
    summary, settings = given.result("summary"), settings_given(given.options)
    (sample,) = [cell.sample for cell in cells(summary)]
    own = shared(given.result("resolution").data["needed"], settings).values
    found = curves(summary, usable(summary, settings), settings, {**own, **given.agreed})
    return flagged(found, sample, misplaced(given.decisions, {"resolution": ("cycling",)}, ()))


STEP = Step(
    "differential", run, after=("summary", "resolution"), words=("dqdv",), decides={"resolution": RESOLUTION},
    agree=agree, wanted=wanted, asked=asked,
)  # fmt: skip
