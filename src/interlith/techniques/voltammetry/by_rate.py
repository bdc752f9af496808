"""Which numbers does a couple show at each scan rate?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from interlith.model import Result

Array = NDArray[np.float64]

#: Scan rates within this share of each other are one.
LIKE = 0.02
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Ladder:
    """One couple and direction over the scan rates: rates (V/s), currents (A, magnitudes), their relative standard uncertainties."""

    sample: str
    couple: int
    direction: str
    rate: Array
    current: Array
    relative: Array
    rows: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """Beginning of the quantity names."""
        return f"{self.direction}_peak_{self.couple}"


def ladders(peaks: pl.DataFrame, *, cycle: Literal["first", "last"]) -> Iterator[Ladder]:
    """Every couple and direction that shows a peak at one or more scan rates.

    Parameters
    ----------
    peaks
        Table of `interlith.techniques.voltammetry.peaks`.
    cycle
        Which cycle stands for a scan rate: ``first`` begins from rest, ``last`` is closest to a steady state.
    """
    known = peaks.filter(~pl.col("shoulder") & pl.col("couple").is_not_null())
    for (sample, couple, direction), own in sorted(
        known.partition_by("sample", "couple", "direction", as_dict=True).items()
    ):
        rows: list[dict[str, Any]] = []
        for row in own.sort("scan_rate", "part", "sweep").iter_rows(named=True):
            if not rows or row["scan_rate"] > rows[-1]["scan_rate"] * (1 + LIKE):
                rows.append(row)
            elif (cycle == "last" and (row["part"], row["sweep"]) > (rows[-1]["part"], rows[-1]["sweep"])) or (
                cycle == "first" and (row["part"], row["sweep"]) < (rows[-1]["part"], rows[-1]["sweep"])
            ):
                rows[-1] = row
        current = np.array([abs(row["current"]) for row in rows])
        base = np.array([row["other_current"] - row["current"] for row in rows]) / math.sqrt(12)
        noise = np.array([row["current_std"] for row in rows])
        bend = np.array([row["current_bend"] for row in rows])
        relative = np.sqrt(base**2 + noise**2 + bend**2) / np.maximum(current, 1e-300)
        yield Ladder(
            str(sample),
            int(couple),
            str(direction),
            np.array([row["scan_rate"] for row in rows]),
            current,
            relative,
            tuple(rows),
        )


def split(result: Result) -> dict[str, pl.DataFrame]:
    """The table of peaks by specimen."""
    peaks = result.data["peaks"]
    return {str(key[0]): part for key, part in peaks.partition_by("sample", as_dict=True, maintain_order=True).items()}


@dataclass(frozen=True, slots=True)
class Straight:
    """A line through a few points whose scatter says how sure it is: slope, level, their covariance, Student's factor at 95 %."""

    slope: float
    level: float
    covariance: Array
    student: float
    scatter: float

    @property
    def slope_std(self) -> float:
        """Standard uncertainty of the slope."""
        return math.sqrt(self.covariance[1, 1])

    @property
    def level_std(self) -> float:
        """Standard uncertainty of the level at x = 0."""
        return math.sqrt(self.covariance[0, 0])


def straight(x: Array, y: Array, std: Array) -> Straight:
    """Weighted line; the larger of scatter and stated uncertainty counts.

    Parameters
    ----------
    x, y
        Shape (n,), n at least 3.
    std
        Standard uncertainties of y, shape (n,): weights, and a floor of the scatter.
    """
    weight = 1.0 / std
    columns = np.stack([np.ones(len(x)), x], axis=1) * weight[:, None]
    solution, _, _, _ = np.linalg.lstsq(columns, y * weight, rcond=None)
    residual = y * weight - columns @ solution
    free = len(x) - 2
    scatter = math.sqrt(float(residual @ residual) / free)
    inverse: Array = np.asarray(np.linalg.inv(columns.T @ columns), dtype=float)
    wide = scatter >= 1.0
    covariance: Array = np.asarray(inverse * (scatter**2 if wide else 1.0), dtype=float)
    # The scatter of few points is itself not well known; a stated uncertainty that exceeds it is taken at its word.
    student = float(special.stdtrit(free, 0.975)) if wide else 1.959963984540054
    return Straight(float(solution[1]), float(solution[0]), covariance, student, scatter)
