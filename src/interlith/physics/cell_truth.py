"""What should an analysis find in a simulated test: the true observables, in shown units?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

Values = dict[tuple[str, int | None], float]


def true_values(
    half_cycles: pl.DataFrame,
    *,
    active_mass: float | None,
    kind: str = "half_cathode",
    reference_cycle: int | None = None,
    ordinary: Mapping[int, bool] | None = None,
    accessible: Sequence[float] | None = None,
) -> Values:
    """Observables of one cell by quantity and own cycle number.

    Parameters
    ----------
    half_cycles
        Truth of `interlith.physics.protocol.cycle_cell`.
    active_mass
        True mass (kg): capacities in mAh/g; `None`: in mAh.
    kind
        Kind of cell: the efficiency of an anode half-cell is charge over discharge.
    reference_cycle
        Cycle to which retention refers; `None`: no retention, no decay.
    ordinary
        Which cycles count for retention and decay (check-ups do not); all from the reference on where `None`.
    accessible
        Factor on the capacity in each cycle, as given to the simulation: the decay is that of the trend without it.

    Notes
    -----
    Decay is the slope of the least-squares line through the ordinary cycles from the reference on: retention in percent
    per cycle (positive: loss), mean discharge voltage in mV per cycle (positive: fall). Where the truth is not a line,
    that slope depends on the range.
    """
    import polars as pl

    values: Values = {}
    scale = 1e3 if active_mass is None else 1.0 / float(active_mass)
    per_cycle: dict[str, dict[int, dict[str, float]]] = {}
    for direction in ("charge", "discharge"):
        rows = half_cycles.filter(pl.col("direction") == direction)
        per_cycle[direction] = {int(row["cycle"]): row for row in rows.iter_rows(named=True)}
        for cycle, row in per_cycle[direction].items():
            values[f"{direction}_capacity", cycle] = float(row["charge"] * scale)
            values[f"{direction}_energy", cycle] = float(row["energy"] * scale)
            values[f"{direction}_mean_voltage", cycle] = row["mean_voltage"]
    first, second = ("discharge", "charge") if kind == "half_anode" else ("charge", "discharge")
    for cycle in per_cycle[second]:
        into, out = per_cycle[first][cycle], per_cycle[second][cycle]
        values["coulombic_efficiency", cycle] = 100 * out["charge"] / into["charge"]
        given, taken = per_cycle["discharge"][cycle], per_cycle["charge"][cycle]
        values["energy_efficiency", cycle] = 100 * given["energy"] / taken["energy"]
    if 1 in per_cycle[second]:
        values["initial_coulombic_efficiency", None] = values["coulombic_efficiency", 1]
    if reference_cycle is not None and reference_cycle in per_cycle["discharge"]:
        values |= _over_cycles(per_cycle["discharge"], reference_cycle, ordinary, accessible)
    return values


def _over_cycles(
    discharge: Mapping[int, Mapping[str, float]],
    reference: int,
    ordinary: Mapping[int, bool] | None,
    accessible: Sequence[float] | None,
) -> Values:
    kept = [n for n in sorted(discharge) if n >= reference and (ordinary is None or ordinary.get(n, True))]
    start = discharge[reference]["charge"]
    retention = {n: 100 * discharge[n]["charge"] / start for n in kept}
    values: Values = {("capacity_retention", n): share for n, share in retention.items()}
    if len(kept) >= 3:
        number = np.array(kept, dtype=float)
        swing = np.array([1.0 if accessible is None else accessible[n - 1] for n in kept])
        trend = np.array(list(retention.values())) / swing * swing[0]
        values["capacity_decay", None] = -float(np.polyfit(number, trend, 1)[0])
        voltage = np.array([discharge[n]["mean_voltage"] for n in kept])
        values["mean_voltage_decay", None] = -1e3 * float(np.polyfit(number, voltage, 1)[0])
    return values
