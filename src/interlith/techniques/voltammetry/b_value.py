"""With which power of the scan rate does a peak current grow: 1 for what sits at the surface, 1/2 for what must diffuse?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError
from interlith.model import Given, Observable, Result, Step
from interlith.model.merging import merged
from interlith.techniques.voltammetry.by_rate import FEWEST, Ladder, ladders, split, straight
from interlith.techniques.voltammetry.options import is_off
from interlith.techniques.voltammetry.records import result

#: Errors of a current that no row shows (area wetted, drift of the cell) do not scale with its noise: the least weight of a point.
LEAST_RELATIVE = 0.003
#: Scan rates over less than this factor say little of a power.
LEAST_SPAN = 3.0
METHODS = (
    "b is the slope of a weighted line of the logarithm of the peak current over that of the scan rate, one current a rate (last cycle); its "
    "interval is Student's with the scatter about the line, or the stated uncertainties where these are larger."
)


def b_value(peaks: Result) -> Result:
    """Exponent b of the peak current, i = a v^b, of every couple and direction.

    Parameters
    ----------
    peaks
        Result of `peaks` over three or more scan rates.

    Returns
    -------
    Result
        Observables ``anodic_peak_1_b_value``. `data["ladders"]`: rate (V/s) and current (A) of every point.

    Raises
    ------
    FitError
        If no couple shows a peak at three scan rates.

    Notes
    -----
    The assumption that fails first: that b is one number. An ohmic drop or slow charge transfer lowers it as the rate grows; a bend of
    the points is told in the flag. Values between 1/2 and 1 do not prove two mechanisms.
    """
    return merged([_of_sample(name, table, peaks) for name, table in split(peaks).items()])


def _of_sample(name: str, table: pl.DataFrame, peaks: Result) -> Result:
    made: list[Observable] = []
    rows: list[dict[str, Any]] = []
    for ladder in ladders(table, cycle="last"):
        if len(ladder.rate) < FEWEST:
            continue
        made.append(_exponent(ladder, peaks))
        rows += [
            {"sample": name, "name": ladder.name, "scan_rate": v, "current": i, "relative": r}
            for v, i, r in zip(ladder.rate, ladder.current, ladder.relative, strict=True)
        ]
    if not made:
        raise FitError("no couple shows a peak at three scan rates; a power of the rate needs them.")
    schema = {
        "sample": pl.String, "name": pl.String, "scan_rate": pl.Float64, "current": pl.Float64, "relative": pl.Float64,
    }  # fmt: skip
    return result(
        "b_value", made, method="log current over log scan rate", options={}, quality=[(name, "b value", True, "")],
        data={"ladders": pl.DataFrame(rows, schema=schema)}, words=METHODS,
    )  # fmt: skip


def exponent(ladder: Ladder) -> tuple[float, float, float]:
    """b, its standard uncertainty, and Student's factor at 95 %."""
    line = straight(
        np.log(ladder.rate), np.log(ladder.current), np.hypot(ladder.relative, LEAST_RELATIVE)
    )  # fmt: skip
    return line.slope, line.slope_std, line.student


def _exponent(ladder: Ladder, peaks: Result) -> Observable:
    value, std, student = exponent(ladder)
    like = next(
        one for one in peaks.observables(f"{ladder.name}_current") if one.sample == ladder.sample
    )  # fmt: skip
    flags = (
        []
        if ladder.rate.max() / ladder.rate.min() >= LEAST_SPAN
        else ["the scan rates span less than a factor of three"]
    )
    flags += [] if not _bent(ladder) else ["the points bend: b changes along the scan rates"]
    return Observable(
        f"{ladder.name}_b_value", value, "1", ladder.sample, {f"fit:{ladder.sample}/{ladder.name}/b_value": std}, like.variant,
        like.batch, like.replicate, "voltammetry", low=value - student * std, high=value + student * std,
        method=f"{len(ladder.rate)} scan rates", source=like.source, flag="; ".join(flags),
    )  # fmt: skip


def _bent(ladder: Ladder) -> bool:
    """Whether a parabola is better by more than its noise, and bends by more than a tenth in b."""
    if len(ladder.rate) < 5:
        return False
    x, std = np.log(ladder.rate), np.hypot(ladder.relative, LEAST_RELATIVE)
    x = x - x.mean()
    columns = np.stack([np.ones(len(x)), x, x * x], axis=1) / std[:, None]
    solution, residuals, _, _ = np.linalg.lstsq(columns, np.log(ladder.current) / std, rcond=None)
    scatter = max(float(residuals[0]) / (len(x) - 3), 1.0) if len(residuals) else 1.0
    bend_std = float(np.sqrt(np.linalg.inv(columns.T @ columns)[2, 2] * scatter))
    return bool(abs(solution[2]) > 3 * bend_std and abs(solution[2]) * float(np.ptp(x)) > 0.05)


def run(given: Given) -> Result:
    """Exponents of one specimen."""
    return b_value(given.result("peaks"))


def wanted(options: Mapping[str, Any]) -> bool:
    """Unless it is switched off."""
    return not is_off(options.get("b_value"))


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for it."""
    return options.get("b_value") is not None


STEP = Step("b_value", run, after=("peaks",), words=("b_value",), wanted=wanted, asked=asked)
