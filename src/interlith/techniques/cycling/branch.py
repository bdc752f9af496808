"""Where in a half-cycle was the current constant: the branch on which voltage over charge tells something?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.techniques.cycling.over_cycles import alike
from interlith.units import inside

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Branch:
    """The constant-current branch of one half-cycle: charge (Ah), voltage (V) and whether a point joins the next."""

    charge: Array
    voltage: Array
    joined: NDArray[np.bool_]

    @property
    def total(self) -> float:
        """Charge of the branch (Ah)."""
        return float(np.diff(self.charge)[self.joined].sum())

    def share_above(self, split: float) -> float:
        """Share of the charge that passed above a voltage; a curve that crosses it several times is counted as it is."""
        low = np.minimum(self.voltage[:-1], self.voltage[1:])
        high = np.maximum(self.voltage[:-1], self.voltage[1:])
        height = high - low
        part = np.where(
            height > 0, np.clip((high - split) / np.where(height > 0, height, 1.0), 0.0, 1.0), (low > split) * 1.0
        )
        passed = np.where(self.joined, np.diff(self.charge), 0.0)
        return float((part * passed).sum() / passed.sum())

    def doubt_at(self, split: float) -> float:
        """Charge (Ah) by which a straight line between neighbours may miss the crossing of a voltage.

        An eighth of the change of slope over the step, as for any interpolated curve; at most a quarter of the step.
        """
        across = np.flatnonzero(self.joined & ((self.voltage[:-1] - split) * (self.voltage[1:] - split) <= 0))
        across = across[(across > 0) & (across < len(self.joined) - 1)]
        if len(across) == 0:
            return 0.0
        steps, rises = np.diff(self.charge), np.diff(self.voltage)
        steep = rises / np.maximum(steps, 1e-300)
        change = np.abs(steep[across + 1] - steep[across - 1]) / 2
        miss = steps[across] * np.minimum(change / np.maximum(np.abs(steep[across]), 1e-300) / 8, 0.25)
        return float(miss.max())


def branch_of(curve: pl.DataFrame) -> Branch | None:
    """The constant-current branch of the curve of one half-cycle; `None` below ten points.

    Where the half-cycle has several constant currents in turn, the one that passes most charge is the branch: the voltage
    jumps between them.
    """
    rows = curve.select("charge", "voltage", "cc", "current").drop_nulls()
    if rows.height < 10:
        return None
    charge, voltage = (rows.get_column(name).to_numpy().astype(float) for name in ("charge", "voltage"))
    labels = np.where(rows.get_column("cc").to_numpy(), alike(np.abs(rows.get_column("current").to_numpy())), -1)
    passed = np.diff(charge)
    together = (labels[:-1] == labels[1:]) & (labels[:-1] >= 0)
    if not together.any():
        return None
    main = int(np.argmax(np.bincount(labels[:-1][together], weights=np.maximum(passed[together], 0.0))))
    on = labels == main
    # Points off the branch stay in between as gaps, so that no charge is drawn across a hold or a pause.
    joined = on[:-1] & on[1:] & (passed >= 0)
    if joined.sum() < 9:
        return None
    first, last = int(np.argmax(on)), len(on) - int(np.argmax(on[::-1]))
    return Branch(charge[first:last], voltage[first:last], joined[first : last - 1])


def volts(value: str | float, what: str) -> float:
    """A voltage (V) as a number, or as text with its unit.

    Raises
    ------
    UnitError
        If the text is no voltage.
    """
    return float(value) if isinstance(value, (int, float)) else inside(value, "voltage", what=what)
