"""How fine may dQ/dV be drawn: which branches carry it, and which resolution does each of them need?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import StudyError
from interlith.model import Agreement, Choice, Decision, Given, Result, Step
from interlith.numerics.smoothing import resolution_of
from interlith.techniques.cycling.branch import Branch, branch_of, volts
from interlith.techniques.cycling.decided import about_all, told, voltage_of
from interlith.techniques.cycling.over_cycles import cells, need, split_by_sample
from interlith.techniques.cycling.records import how, no_observables, quality_table

DIRECTIONS = ("charge", "discharge")
#: Headline quantities that hang on the resolution, by direction.
MOVES = ("dqdv_charge_P1_height", "dqdv_discharge_P1_height")
#: Half-cycles analysed per cell and direction where none are named.
USUAL_CYCLES = 8
#: A half-cycle below this share of the cell's largest is a remnant (a first discharge of a fresh cell), not a cycle.
LEAST_CHARGE = 0.05
#: A branch that needs a coarser resolution than this (V) was sampled too sparsely or too noisily to show peaks.
COARSEST = 0.03
#: No resolution is finer than this (V).
FINEST = 1e-5

#: Columns of the resolution (V) that each half-cycle needs.
NEEDED_SCHEMA = {"sample": pl.String, "direction": pl.String, "half_cycle": pl.Int64, "needed": pl.Float64}


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every half-cycle: cycles, resolution, points of the dV/dQ grid and gate of the tracking."""

    cycles: tuple[int, ...] | None = None
    points: int = 400
    resolution: float | None = None
    charge_share: float = 0.01
    gate: float = 0.040

    @property
    def options(self) -> dict[str, Any]:
        """As a result tells them."""
        return {
            "cycles": None if self.cycles is None else list(self.cycles), "points": self.points,
            "resolution": self.resolution, "charge_share": self.charge_share, "gate": self.gate,
        }  # fmt: skip


def settings_of(
    *,
    cycles: Sequence[int] | None = None,
    points: int = 400,
    resolution: str | float | None = None,
    charge_share: float = 0.01,
    gate: str | float = "40 mV",
) -> Settings:
    """Settings from what a person wrote, see `interlith.techniques.cycling.derivative.differential`.

    Raises
    ------
    StudyError
        If fewer than ten points are asked for.
    UnitError
        If resolution or gate is no voltage.
    """
    if points < 10:
        raise StudyError(f"dV/dQ needs at least ten points; {points} were asked for.")
    return Settings(
        None if cycles is None else tuple(cycles), points,
        None if resolution is None else volts(resolution, "resolution"), charge_share, volts(gate, "gate"),
    )  # fmt: skip


def settings_given(options: Mapping[str, Any]) -> Settings:
    """Settings from ``dqdv:`` of a study; words without a value count as absent."""
    words = options.get("dqdv") or {}
    return settings_of(**{word: value for word, value in words.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Usable:
    """Half-cycles of one cell and direction with their branches, and the reason for each that has none."""

    branches: tuple[tuple[dict[str, Any], Branch], ...]
    reasons: tuple[str, ...]


def usable(summary: Result, settings: Settings) -> dict[tuple[str, str], Usable]:
    """The constant-current branches of the half-cycles asked for, by sample and direction."""
    halves, curves = (split_by_sample(frame) for frame in need(summary, "half_cycles", "curves"))
    found = {}
    for cell in cells(summary):
        if cell.sample in halves and cell.sample in curves:
            for direction in DIRECTIONS:
                found[cell.sample, direction] = _usable(
                    halves[cell.sample], curves[cell.sample], direction, settings.cycles
                )
    return found


def _usable(halves: pl.DataFrame, curves: pl.DataFrame, direction: str, cycles: Sequence[int] | None) -> Usable:
    rows = halves.sort("cycle")
    largest = rows.get_column("charge").max()
    rows = rows.filter(pl.col("direction") == direction)
    if cycles is None:
        whole = rows.filter(pl.col("complete") & (pl.col("charge") > LEAST_CHARGE * pl.lit(largest)))
        spread = np.linspace(0, max(whole.height - 1, 0), USUAL_CYCLES).round().astype(int)
        rows = whole[np.unique(spread).tolist()] if whole.height else whole
    else:
        rows = rows.filter(pl.col("cycle").is_in(list(cycles)))
    reasons = []
    if rows.is_empty():
        reasons.append(f"no {direction} {'at these cycles' if cycles else 'is complete'}")
    numbers = rows.get_column("half_cycle").to_list()
    parts = curves.filter(pl.col("half_cycle").is_in(numbers)).partition_by("half_cycle", as_dict=True)
    kept = []
    for half in rows.iter_rows(named=True):
        curve = parts.get((half["half_cycle"],))
        branch = None if curve is None else branch_of(curve)
        if branch is None or branch.total <= 0:
            reasons.append(f"cycle {half['cycle']} has no constant-current branch of ten points or more")
        elif (finest := resolution_of(branch.voltage)) > COARSEST:
            reasons.append(
                f"cycle {half['cycle']} has {len(branch.charge)} points on its constant-current branch, which show nothing "
                f"finer than {1e3 * finest:.0f} mV; at least {1e3 * COARSEST:.0f} mV are needed"
            )
        else:
            kept.append((half, branch))
    return Usable(tuple(kept), tuple(reasons))


def needed_by(found: Mapping[tuple[str, str], Usable]) -> pl.DataFrame:
    """The resolution (V) that quantum, noise and sampling of each half-cycle allow."""
    rows = [
        (sample, direction, half["half_cycle"], resolution_of(branch.voltage))
        for (sample, direction), one in found.items()
        for half, branch in one.branches
    ]
    return pl.DataFrame(rows, schema=NEEDED_SCHEMA, orient="row")


def shared(needed: pl.DataFrame, settings: Settings) -> Agreement:
    """One resolution (V) for all half-cycles of a direction, so that heights compare.

    Parameters
    ----------
    needed
        As `needed_by`, of all cells.
    settings
        A declared resolution is taken as it is.
    """
    values: dict[str, float] = {}
    choices: list[Choice] = []
    for way, direction in enumerate(DIRECTIONS):
        own = needed.filter(pl.col("direction") == direction).get_column("needed").to_numpy()
        if settings.resolution is not None:
            values[direction] = settings.resolution
        elif own.size:
            # One ruined half-cycle must not blur all others: the coarsest tenth is shown finer than its own noise allows.
            rounded = float(f"{float(np.quantile(own, 0.9)):.2g}")
            values[direction] = max(rounded, FINEST)
            choices.append(
                Choice(
                    "cycling", "resolution", f"{1e3 * rounded:g} mV", f"{2e3 * rounded:g} mV",
                    0.5, (MOVES[way],),
                    f"{direction}: the coarsest of twice the quantum, four times the noise, three times the sampling and a "
                    f"400th of the range lies between {1e3 * own.min():.2g} and {1e3 * own.max():.2g} mV over {own.size} "
                    "half-cycles.",
                )
            )  # fmt: skip
    return Agreement(values, tuple(choices))


def is_off(value: Any) -> bool:
    """Whether an analysis was switched off."""
    return value is False or value == "off"


def wanted(options: Mapping[str, Any]) -> bool:
    """Unless it is switched off."""
    return not is_off(options.get("dqdv"))


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for dQ/dV."""
    return options.get("dqdv") is not None


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """The resolutions of all cells: what a person decided, else what is declared, else what the data allow.

    Raises
    ------
    StudyError
        If the decision is no voltage that could be one.
    """
    frames = [one.data["needed"] for one in results["resolution"]]
    settings = settings_given(options)
    found = shared(pl.concat([pl.DataFrame(schema=NEEDED_SCHEMA), *frames]), settings)
    one = about_all(decisions, "resolution")
    if one is None:
        return found
    decided = voltage_of(one, FINEST, COARSEST, "5 mV")
    declared = "" if settings.resolution is None else f"{1e3 * settings.resolution:g} mV"
    others = " and ".join(f"{1e3 * value:g} mV ({way})" for way, value in found.values.items())
    choice = told(one, declared or others or "none", MOVES, declared=declared)
    return Agreement(dict.fromkeys(DIRECTIONS, decided), (choice,))


def run(given: Given) -> Result:
    """The resolutions that the half-cycles of one specimen need."""
    settings = settings_given(given.options)
    data = {"needed": needed_by(usable(given.result("summary"), settings))}
    return Result(
        technique="cycling", name="resolution", table=no_observables(), data=data, quality=quality_table(()),
        how=how("quantum, noise and sampling of the voltage", settings.options, ""),
    )  # fmt: skip


STEP = Step("resolution", run, after=("summary",), words=("dqdv",), wanted=wanted, asked=asked, shown=False)
