"""Which share of a charge was taken up above a split voltage, for instance on the oxygen plateau?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Choice, Decision, Given, Observable, Result, Step
from interlith.numerics.smoothing import density_along, noise_of, resolution_of
from interlith.techniques.cycling.branch import Branch, branch_of, volts
from interlith.techniques.cycling.decided import SPLIT_VOLTAGE, closest, misplaced, told, voltage_of
from interlith.techniques.cycling.over_cycles import (
    Cell,
    Scale,
    cells,
    cycle_state,
    flagged,
    need,
    result,
    scale_of,
    split_by_sample,
    target_of,
    voltage_std,
)

Array = NDArray[np.float64]

#: Headline quantities that hang on the split voltage.
MOVES = ("plateau_share", "plateau_capacity")
#: Split voltage where none is declared.
USUAL_SPLIT = "4.45 V"
#: Limits of a split voltage (V).
LOWEST, HIGHEST = 0.0, 10.0
METHODS = (
    "The plateau share is the charge passed above the split voltage over all charge of the constant-current branch; its "
    "uncertainty from the split voltage is half the difference between the shares at the split plus and minus its standard "
    "uncertainty."
)


def plateau_share(
    summary: Result,
    *,
    split: str | float | None = USUAL_SPLIT,
    split_std: str | float = "0.02 V",
    cycle: int = 1,
    direction: str = "charge",
) -> Result:
    """Share of a charge above a split voltage on the constant-current branch, with the uncertainty of the split.

    Parameters
    ----------
    summary
        Result of `summarise`.
    split
        Voltage between slope and plateau; `None`: each cell's minimum of dQ/dV between two maxima, recorded as a
        choice.
    split_std
        Its standard uncertainty: how far another person would move it.
    cycle, direction
        Own cycle number, and ``charge`` or ``discharge``.

    Returns
    -------
    Result
        Observables ``plateau_share`` (%) and ``plateau_capacity`` (mAh/g, or mAh without a confirmed mass).
        `data["splits"]`: split, branch charge and charge held at constant voltage, which is outside of the share.

    Raises
    ------
    StudyError
        If the direction is neither word.
    UnitError
        If split or its uncertainty is no voltage.

    Notes
    -----
    The mass leaves the share exactly. The split is as true as the cell's polarisation is small: at another rate or
    temperature the plateau moves and the same split cuts elsewhere; this is the assumption that fails first.
    """
    if direction not in ("charge", "discharge"):
        raise StudyError(f"The direction of a plateau is '{direction}'; {nearest(direction, ('charge', 'discharge'))}.")
    given = None if split is None else volts(split, "split")
    spread = volts(split_std, "split_std")
    halves, curves = need(summary, "half_cycles", "curves")
    chosen = split_by_sample(halves.filter((pl.col("cycle") == cycle) & (pl.col("direction") == direction)))
    scales, offsets = scale_of(summary), voltage_std(summary)
    observables: list[Observable] = []
    quality, rows = [], []
    choices: list[Choice] = []
    for cell in cells(summary):
        try:
            half, branch = _branch(cell, chosen, curves, cycle, direction)
            place = target_of(summary, cell.sample, "plateau_share")
            at, choice = (given, None) if given is not None else _knee(place, branch, spread)
        except FitError as error:
            quality.append((cell.sample, "plateau share", False, str(error)))
            observables += _nothing(cell, scales[cell.sample], cycle, str(error))
            continue
        choices += [] if choice is None else [choice]
        observables += _shares(cell, half, branch, at, spread, scales[cell.sample], offsets.get(cell.sample), direction)
        rows.append(
            {"sample": cell.sample, "cycle": cycle, "direction": direction, "split": at, "split_std": spread,
             "branch_charge": branch.total, "held_charge": half["cv_charge"]}
        )  # fmt: skip
        quality.append((cell.sample, "plateau share", True, ""))
    return result(
        "plateau_share", summary, observables, data={"splits": pl.DataFrame(rows, infer_schema_length=None)},
        quality=quality, choices=choices, method="charge above a split voltage", methods_text=METHODS,
        options={"split": given, "split_std": spread, "cycle": cycle, "direction": direction},
    )  # fmt: skip


def _branch(
    cell: Cell, chosen: dict[str, pl.DataFrame], curves: pl.DataFrame, cycle: int, direction: str
) -> tuple[dict[str, object], Branch]:
    if cell.sample not in chosen:
        raise FitError(f"there is no {direction} in cycle {cycle}.")
    half = chosen[cell.sample].row(0, named=True)
    if not half["complete"]:
        raise FitError(f"the {direction} of cycle {cycle} is incomplete: {half['flag'] or 'it was cut short'}.")
    curve = curves.filter((pl.col("sample") == cell.sample) & (pl.col("half_cycle") == half["half_cycle"]))
    branch = branch_of(curve)
    if branch is None or branch.total <= 0:
        raise FitError(f"the {direction} of cycle {cycle} has no constant-current branch of ten points or more.")
    return half, branch


def _nothing(cell: Cell, scale: Scale, cycle: int, reason: str) -> list[Observable]:
    state = cycle_state(cycle)
    return [
        cell.observable(quantity, None, unit, cycle=cycle, state=state, flag=reason)
        for quantity, unit in (("plateau_share", "%"), ("plateau_capacity", scale.unit))
    ]


def _shares(
    cell: Cell, half: dict[str, object], branch: Branch, at: float, spread: float, scale: Scale,
    offset: tuple[str, float] | None, direction: str,
) -> list[Observable]:  # fmt: skip
    share, total = branch.share_above(at), branch.total
    moved = spread * _per_volt(branch, at, spread) if spread > 0 else 0.0
    parts = {f"split:{cell.sample}": 100 * moved}
    parts[f"sampling:{cell.sample}/split"] = 100 * branch.doubt_at(at) / total
    noise = noise_of(branch.voltage)
    parts[f"noise:{cell.sample}/split"] = 100 * noise * abs(_per_volt(branch, at, max(noise, 1e-3)))
    counted = half["charge_std"]
    number = half["half_cycle"]
    if isinstance(counted, float) and math.isfinite(counted):
        parts[f"counter:{cell.sample}/{direction}/{half['cycle']}"] = 100 * counted / total * (1 - share)
    if offset is not None:
        parts[offset[0]] = -100 * _per_volt(branch, at, max(offset[1], 1e-3)) * offset[1]
    cycle = half["cycle"]
    assert isinstance(cycle, int)
    state, method = cycle_state(cycle), f"charge above {at:.4g} V over that of the constant-current branch"
    flag = _flag(share)
    capacity = share * total * scale.factor
    absolute = {source: size / 100 * total * scale.factor for source, size in parts.items()}
    if f"counter:{cell.sample}/{direction}/{cycle}" in absolute:
        absolute[f"counter:{cell.sample}/{direction}/{cycle}"] /= max(1 - share, 1e-9)
    absolute |= scale.components(capacity)
    cancelled = dict.fromkeys(scale.relative, 0.0)
    return [
        cell.observable("plateau_share", 100 * share, "%", parts | cancelled, cycle=cycle, state=state, method=method,
                        fit=f"half-cycle {number}", flag=flag),
        cell.observable("plateau_capacity", capacity, scale.unit, absolute, cycle=cycle, state=state, method=method,
                        fit=f"half-cycle {number}", flag=flag),
    ]  # fmt: skip


def _per_volt(branch: Branch, at: float, width: float) -> float:
    """Change of the share with the split voltage (1/V)."""
    return (branch.share_above(at + width) - branch.share_above(at - width)) / (2 * width)


def _flag(share: float) -> str:
    if share <= 0 or share >= 1:
        return "the whole branch lies on one side of the split voltage"
    return ""


def _knee(place: str, branch: Branch, spread: float) -> tuple[float, Choice]:
    """The deepest minimum of dQ/dV between two maxima; the next deepest is the runner-up.

    Depth is what the lower of the two maxima around a minimum rises above it, relative to that maximum.
    """
    resolution = max(resolution_of(branch.voltage), spread / 2)
    density = density_along(branch.charge, branch.voltage, resolution=resolution, joined=branch.joined)
    values, level = density.density, density.level
    found = _minima(values)
    if not found:
        raise FitError("dQ/dV has no minimum between two maxima, so that no split voltage can be found; declare one.")
    ranked = sorted(found, key=lambda item: -item[1])
    best, depth = ranked[0]
    runner, next_depth = (f"{level[ranked[1][0]]:.3f} V", ranked[1][1]) if len(ranked) > 1 else ("none", 0.0)
    at = float(level[best])
    reason = f"dQ/dV is lowest there between two maxima, {100 * depth:.0f} % below the lower one."
    margin = depth * (1 - next_depth / depth)
    return at, Choice(
        place, "split_voltage", f"{at:.3f} V", runner, margin, MOVES, reason,
    )  # fmt: skip


def _minima(values: Array) -> list[tuple[int, float]]:
    from scipy import signal

    tops, _ = signal.find_peaks(values, prominence=0.03 * values.max())
    found: list[tuple[int, float]] = []
    pairs: Sequence[tuple[int, int]] = list(zip(tops[:-1].tolist(), tops[1:].tolist(), strict=True))
    for left, right in pairs:
        lowest = left + int(np.argmin(values[left : right + 1]))
        found.append((lowest, 1 - float(values[lowest]) / float(min(values[left], values[right]))))
    return found


def run(given: Given) -> Result:
    """Plateau share of one specimen.

    Raises
    ------
    StudyError
        If a decided split is no voltage of a cell.
    """
    summary = given.result("summary")
    (sample,) = [cell.sample for cell in cells(summary)]
    words = {word: value for word, value in given.options["plateau"].items() if value is not None or word == "split"}
    one = closest(given.decisions, "split_voltage", "plateau_share")
    places = {"split_voltage": ("cycling", ".../plateau_share")}
    flags = misplaced(given.decisions, places, ("plateau_share",))
    if one is None:
        return flagged(plateau_share(summary, **words), sample, flags)
    at = voltage_of(one, LOWEST, HIGHEST, "4.45 V")
    found = plateau_share(summary, **{**words, "split": at})
    declared = "" if words.get("split") is None else f"{volts(words['split'], 'split'):g} V"
    choice = told(one, declared or _other(summary, words, one), MOVES, declared=declared)
    return flagged(replace(found, choices=(choice,)), sample, flags)


def _other(summary: Result, words: Mapping[str, Any], one: Decision) -> str:
    """The split without a decision and a declaration, in words."""
    if "split" not in words:
        return USUAL_SPLIT
    if not one.target.digest:
        return "the minimum of dQ/dV of each cell"
    automatic = plateau_share(summary, **words).choices
    return automatic[0].value if automatic else "none"


def wanted(options: Mapping[str, Any]) -> bool:
    """Only on request."""
    return options.get("plateau") is not None


STEP = Step(
    "plateau_share",
    run,
    after=("summary",),
    words=("plateau",),
    decides={"split_voltage": SPLIT_VOLTAGE},
    wanted=wanted,
)
