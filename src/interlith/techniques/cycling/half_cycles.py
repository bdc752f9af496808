"""Which stretches of a test are charges and which discharges, whatever the vendor calls a cycle?

A half-cycle is a maximal stretch in which charge goes one way on balance. Rests, pauses, impedance measurements, steps at
falling currents and small pulses the other way do not end it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.techniques.cycling.doubts import Doubts

#: A stretch the other way is a pulse inside a half-cycle if it passes less than this share of the charge on either side.
PULSE_SHARE = 0.2
#: Pulses last no longer than this (s).
PULSE_SECONDS = 3600.0
#: Short steps the same way count as pulses if there are at least so many in a half-cycle.
LEAST_PULSES = 3
#: A stretch that passes less than this share of the largest, at less than this share of the largest current, is no
#: half-cycle.
NEGLIGIBLE_SHARE, SMALL_CURRENT = 1e-3, 0.05
#: After rows are missing, a half-cycle that starts again this share of its voltage window back is a new one.
BACK_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Forced:
    """What people decided about steps, shape (n,) each.

    Parameters
    ----------
    pulse
        Part of a pulse inside the half-cycle around it, whatever its size.
    whole
        Part of a half-cycle of its own, whatever its size.
    apart, together
        A half-cycle ends before this step, or goes on over the missing rows before it.
    """

    pulse: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    apart: NDArray[np.bool_]
    together: NDArray[np.bool_]

    @classmethod
    def nothing(cls, count: int) -> Forced:
        """Nothing decided about so many steps."""
        return cls(*(np.zeros(count, dtype=np.bool_) for _ in range(4)))


def assign(steps: pl.DataFrame) -> pl.DataFrame:
    """Number the half-cycles of one specimen and name the pulses, see `divide`."""
    return divide(steps)[0]


def divide(steps: pl.DataFrame, forced: Forced | None = None) -> tuple[pl.DataFrame, Doubts]:
    """Number the half-cycles of one specimen and name the pulses.

    Parameters
    ----------
    steps
        Steps in order, as `interlith.techniques.cycling.steps.Specimen.steps`.
    forced
        What people decided.

    Returns
    -------
    tuple
        The steps with ``half_cycle`` (from 1, null outside), ``half_direction`` (1 or -1), and ``step_type`` ``pulse``
        where a step is one; and what could as well have been taken otherwise.
    """
    held = forced or Forced.nothing(steps.height)
    direction = steps.get_column("direction").to_numpy()
    size = _sizes(steps)
    moving = np.flatnonzero((direction != 0) & (size > 0))
    number = np.zeros(steps.height, dtype=np.int64)
    way = np.zeros(steps.height, dtype=np.int64)
    doubts = Doubts()
    if moving.size:
        groups = _groups(steps, moving, direction, held, doubts)
        groups = _without_negligible(groups, steps, moving, size, held, doubts)
        groups = _without_pulses(groups, moving, direction, size, held, doubts)
        for count, (first, last, sign) in enumerate(groups, start=1):
            number[moving[first] : moving[last] + 1] = count
            way[moving[first] : moving[last] + 1] = sign
    found = steps.with_columns(
        pl.Series("half_cycle", number).replace(0, None), pl.Series("half_direction", way).replace(0, None)
    )
    return _with_pulses(found, held), doubts


def _sizes(steps: pl.DataFrame) -> NDArray[np.float64]:
    return steps.select(pl.coalesce("charge", "integral_charge", 0.0).abs()).to_series().to_numpy()


Group = tuple[int, int, int]


def _groups(
    steps: pl.DataFrame, moving: NDArray[np.int64], direction: NDArray[np.int64], held: Forced, doubts: Doubts
) -> list[Group]:
    """Stretches of one direction as (first, last) positions in `moving` and the direction."""
    signs = direction[moving]
    turns = np.concatenate([[True], signs[1:] != signs[:-1]])
    back = _back(steps, moving, signs)
    with np.errstate(invalid="ignore"):
        breaks = turns | (back > 1.0)
    breaks |= held.apart[moving]
    breaks &= turns | ~held.together[moving]
    for spot in np.flatnonzero(np.isfinite(back) & ~held.apart[moving] & ~held.together[moving]):
        doubts.at_restart(int(moving[spot]), float(back[spot]), joined=not breaks[spot])
    first = np.flatnonzero(breaks)
    last = np.append(first[1:], moving.size) - 1
    return [(int(a), int(b), int(signs[a])) for a, b in zip(first, last, strict=True)]


def _back(steps: pl.DataFrame, moving: NDArray[np.int64], signs: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far the cell went back while rows are missing before a step of the same direction, over what parts half-cycles.

    Not a number where no rows are missing or the direction turns.
    """
    part = steps.get_column("part").to_numpy()
    is_gap = (steps.get_column("step_type") == "gap").to_numpy()
    gaps = np.cumsum(is_gap)
    start = steps.get_column("voltage_start").to_numpy()
    end = steps.get_column("voltage_end").to_numpy()
    window = float(np.nanmax(np.append(end[moving], start[moving])) - np.nanmin(np.append(end[moving], start[moving])))
    found = np.full(moving.size, np.nan)
    if moving.size > 1 and window > 0:
        now, before = moving[1:], moving[:-1]
        missing = (part[now] != part[before]) | (gaps[now] != gaps[before])
        back = signs[1:] * (end[before] - start[now])
        found[1:] = np.where(missing & (signs[1:] == signs[:-1]), back / (BACK_SHARE * window), np.nan)
    return found


def _without_negligible(
    groups: list[Group], steps: pl.DataFrame, moving: NDArray[np.int64], size: NDArray[np.float64], held: Forced,
    doubts: Doubts,
) -> list[Group]:  # fmt: skip
    """Leave out stretches so small in charge and current that they belong to the rest around them.

    The current counts too: a dying cell passes nearly no charge at the full current, and its half-cycles are real.
    """
    current = np.abs(steps.get_column("current_median").fill_null(0.0).to_numpy())[moving]
    charge = size[moving]
    whole = held.whole[moving]
    sums = [float(charge[first : last + 1].sum()) for first, last, _ in groups]
    flows = [float(current[first : last + 1].max()) for first, last, _ in groups]
    little, faint = NEGLIGIBLE_SHARE * max(sums), SMALL_CURRENT * max(flows)
    kept: list[Group] = []
    dropped = False
    for group, passed, flow in zip(groups, sums, flows, strict=True):
        small = passed < little and flow < faint
        decided = bool(whole[group[0] : group[1] + 1].any())
        if not decided and faint > 0:
            doubts.at_rest(int(moving[group[0]]), max(passed / little, flow / faint), passed, group[2], dropped=small)
        if small and not decided:
            dropped = True
            continue
        if dropped and kept and kept[-1][2] == group[2]:
            kept[-1] = (kept[-1][0], group[1], group[2])
        else:
            kept.append(group)
        dropped = False
    return kept


def _without_pulses(
    groups: list[Group], moving: NDArray[np.int64], direction: NDArray[np.int64], size: NDArray[np.float64],
    held: Forced, doubts: Doubts,
) -> list[Group]:  # fmt: skip
    """Merge small stretches the other way into what surrounds them, until none is left."""
    signed = np.concatenate([[0.0], np.cumsum(direction[moving] * size[moving])]).tolist()
    pulse, whole = (np.concatenate([[0], np.cumsum(flags[moving])]).tolist() for flags in (held.pulse, held.whole))

    def net(group: Group) -> float:
        return float(group[2] * (signed[group[1] + 1] - signed[group[0]]))

    def over(before: Group, group: Group, behind: Group) -> float:
        """Charge of a stretch over what is too much for a pulse; 0 and infinite where people decided."""
        if pulse[group[1] + 1] - pulse[group[0]] == group[1] + 1 - group[0]:
            return 0.0
        if whole[group[1] + 1] - whole[group[0]]:
            return np.inf
        most = PULSE_SHARE * min(net(before), net(behind))
        return net(group) / most if most > 0 else np.inf

    count = -1
    while count != len(groups):
        count = len(groups)
        kept: list[Group] = []
        for group in groups:
            kept.append(group)
            while len(kept) >= 3 and kept[-3][2] == kept[-1][2] != kept[-2][2] and (found := over(*kept[-3:])) < 1.0:
                doubts.at_pulse(int(moving[kept[-2][0]]), found, net(kept[-2]), kept[-2][2], pulse=True)
                kept[-3:] = [(kept[-3][0], kept[-1][1], kept[-1][2])]
        groups = kept
    for before, group, behind in zip(groups, groups[1:], groups[2:], strict=False):
        if before[2] == behind[2] != group[2]:
            doubts.at_pulse(int(moving[group[0]]), over(before, group, behind), net(group), group[2], pulse=False)
    return groups


def _with_pulses(steps: pl.DataFrame, held: Forced) -> pl.DataFrame:
    still = pl.col("direction") == 0
    alone = still.shift(1, fill_value=True) & still.shift(-1, fill_value=True)
    other = (pl.col("direction") != 0) & (pl.col("direction") != pl.col("half_direction"))
    total = (
        (pl.coalesce("charge", "integral_charge", 0.0) * pl.col("direction") * pl.col("half_direction"))
        .sum().over("half_cycle")
    )  # fmt: skip
    brief = (pl.col("end_time") - pl.col("start_time")) <= PULSE_SECONDS
    small = pl.coalesce("charge", "integral_charge", 0.0) < PULSE_SHARE * total
    brief_step = pl.col("half_cycle").is_not_null() & (pl.col("direction") != 0) & small & brief
    # One or two short steps after a rest are the end of a discharge at falling current; pulses come in rows.
    repeated = (brief_step & alone).sum().over("half_cycle") >= LEAST_PULSES
    decided, whole = pl.lit(pl.Series(held.pulse)), pl.lit(pl.Series(held.whole))
    inside = decided & pl.col("half_cycle").is_not_null()
    pulse = (brief_step & (other | (alone & repeated)) & ~whole) | inside
    return steps.with_columns(pl.when(pulse).then(pl.lit("pulse")).otherwise("step_type").alias("step_type"))
