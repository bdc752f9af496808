"""What is told of half-cycles that were joined over a restart, or could as well be something else?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Choice, Measurement
from interlith.techniques.cycling.counted import MOVES
from interlith.techniques.cycling.doubts import TOLD_MARGIN, Doubt, Doubts
from interlith.techniques.cycling.half_cycles import BACK_SHARE, PULSE_SHARE
from interlith.techniques.cycling.steps import target


def choices_of(
    doubts: Doubts, steps: pl.DataFrame, half: pl.DataFrame, number: NDArray[np.int64], items: Sequence[Measurement]
) -> list[Choice]:
    """One choice for every restart inside or between half-cycles, and one for every stretch whose kind is in doubt.

    Parameters
    ----------
    doubts
        As the half-cycles were found.
    steps, half
        Steps with their half-cycles, and the table of half-cycles.
    number
        Shape (n,): number of the half-cycle of each step without any decision, 0 outside: that is what targets name.
    items
        Measurements that ``part`` counts.
    """
    rows = half.rows_by_key("half_cycle", named=True, unique=True)
    final = steps.get_column("half_cycle").fill_null(0).to_numpy()
    joins: dict[str, Choice] = {}
    for one in doubts.told("cycle_join"):
        made = _join(one, steps, rows, final, number, items)
        if made is not None and (made.target not in joins or made.margin < joins[made.target].margin):
            joins[made.target] = made
    kinds = [_kind(one, steps, final, number, items) for one in doubts.told("step_type")]
    return [*joins.values(), *(made for made in kinds if made is not None)]


def _join(
    one: Doubt, steps: pl.DataFrame, rows: dict[int, dict[str, object]], final: NDArray[np.int64],
    number: NDArray[np.int64], items: Sequence[Measurement],
) -> Choice | None:  # fmt: skip
    moving = np.flatnonzero(steps.get_column("direction").to_numpy()[: one.row] != 0)
    before = int(moving[-1]) if moving.size else one.row
    if not final[one.row] or not final[before] or not number[before]:
        return None
    row, part = rows[int(final[before])], steps.get_column("part").to_numpy()
    restart = part[before] != part[one.row]
    way, charge = row["direction"], row["charge"]
    joined = final[one.row] == final[before]
    told = restart or one.margin < TOLD_MARGIN
    if joined != (one.value == "joined") or not told or (joined and not isinstance(charge, float)):
        return None
    share = max(100 * BACK_SHARE * one.ratio, 0.0)
    back = f"its voltage is back by {share:.0f} % of the window, {100 * BACK_SHARE:.0f} % would part it"
    if joined and isinstance(charge, float):
        pause = "a restart and goes on in the next file" if restart else "missing rows and goes on behind them"
        reason = (
            f"the {way} was interrupted by {pause}: its parts are added to {1e3 * charge:.6g} mAh; what happened between "
            f"them is not known ({back})."
        )
    else:
        pause = "in the next file" if restart else "behind missing rows"
        reason = (
            f"the {way} {pause} begins {share:.0f} % of the voltage window back, more than "
            f"{100 * BACK_SHARE:.0f} %: it counts as a new one."
        )
    first = int(np.argmax(number == number[before]))
    place = target(items[int(part[first])], f"half_cycle/{number[before]}")
    return Choice(place, "cycle_join", one.value, one.runner_up, one.margin, MOVES, reason)


def _kind(
    one: Doubt, steps: pl.DataFrame, final: NDArray[np.int64], number: NDArray[np.int64], items: Sequence[Measurement]
) -> Choice | None:
    part = steps.get_column("part").to_numpy()
    if one.value in ("pulse", "rest") or not number[one.row]:
        if (one.value == "rest") != (final[one.row] == 0):
            return None
        own = one.row - int(np.argmax(part == part[one.row])) + 1
        place = target(items[int(part[one.row])], f"step/{own}")
    else:
        first = int(np.argmax(number == number[one.row]))
        place = target(items[int(part[first])], f"half_cycle/{number[one.row]}")
    way = "charge" if one.direction > 0 else "discharge"
    if "pulse" in (one.value, one.runner_up):
        rule = (
            f"{100 * PULSE_SHARE * one.ratio:.0f} % of the smaller half-cycle beside it; below {100 * PULSE_SHARE:.0f} % it is a "
            "pulse inside of it"
        )
    else:
        rule = f"{one.ratio:.2g} times what would still count as rest"
    return Choice(
        place, "step_type", one.value, one.runner_up, one.margin, MOVES,
        f"the {way} of {1e3 * one.charge:.4g} mAh passes {rule}.",
    )  # fmt: skip
