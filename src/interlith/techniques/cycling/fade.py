"""How much capacity and mean voltage does a cell lose per cycle, and does a straight line say it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError, StudyError
from interlith.model import Choice, Citation, Given, Observable, Result, Step
from interlith.model.observable import NORMAL_95
from interlith.numerics.trends.trend import FEWEST, FEWEST_FOR_SHAPE, Estimate, Trend, fit_trend
from interlith.techniques.cycling.decided import (
    CURRENT,
    REFERENCE_CYCLE,
    about,
    about_all,
    cycle_of,
    misplaced,
    told,
    vanished,
)
from interlith.techniques.cycling.fade_selection import MOVES, Selected, Wanted, current_text, group_of, select
from interlith.techniques.cycling.fade_selection import choices as select_choices
from interlith.techniques.cycling.over_cycles import (
    Cell,
    cells,
    currents,
    flagged,
    propagated,
    rates_of,
    result,
    target_of,
    values_of,
)

#: Correlation of neighbouring residuals beyond which the interval, and for a bent series the slope itself, is not trusted.
FOLLOWING = 0.93

HARVILLE = Citation(
    "harville1974",
    "Harville 1974, Biometrika 61, 383",
    "@article{harville1974, author={Harville, David A.}, title={Bayesian inference for variance components using only "
    "error contrasts}, journal={Biometrika}, volume={61}, pages={383--385}, year={1974}, "
    "doi={10.1093/biomet/61.2.383}}",
)

METHODS = (
    "Decay per cycle is the slope of a straight line over own cycle numbers, fitted by generalised least squares with "
    "first-order autoregressive residuals; the correlation was integrated out, so that the 95 % interval includes it. "
    "Cycles at other currents than the majority (check-ups) and incomplete cycles were left out. Relative decay refers "
    "to the fitted value at the reference cycle; the active mass cancels in it. Where a cubic described the "
    "series better (p < 0.01), the mean slope over the window is given with the curvature taken out of the residuals, "
    "and flagged. Nothing was extrapolated."
)


#: Columns of the tables in `data`, also where they are empty.
POINT_SCHEMA = {
    "sample": pl.String, "of": pl.String, "cycle": pl.Int64, "value": pl.Float64, "reason": pl.String, "used": pl.Boolean,
    "fitted": pl.Float64,
}  # fmt: skip
LINE_SCHEMA = {
    "sample": pl.String, "of": pl.String, "points": pl.Int64, "left_out": pl.Int64, "reference_cycle": pl.Int64,
    "usual_reference": pl.Int64, "correlation": pl.Float64, "memory": pl.Float64, "residual_std": pl.Float64, "p_bent": pl.Float64, "degree": pl.Int64,
}  # fmt: skip


def fade(
    summary: Result,
    *,
    reference_cycle: int | None = None,
    exclude_rate: str | float | Sequence[str | float] | None = None,
    quantity: str = "discharge_capacity",
    window: tuple[int, int] | None = None,
) -> Result:
    """Loss of capacity and of mean voltage per cycle, with 95 % intervals that respect autocorrelated residuals.

    Parameters
    ----------
    summary
        Result of `summarise`.
    reference_cycle
        Own cycle number at which the line starts and to which the relative loss refers; `None`: the first cycle at the
        majority rate.
    exclude_rate
        C-rate of check-up cycles, ``C/10`` or 0.1, or several; cycles at another current than the majority are left out
        anyway.
    quantity
        ``discharge_capacity`` or ``charge_capacity``, or areal ones; the mean voltage is that of the same direction.
    window
        First and last own cycle number of the line.

    Returns
    -------
    Result
        Observables ``capacity_decay`` (%/cycle of the value at the reference cycle), ``absolute_capacity_decay`` (unit of
        the capacity per cycle) and ``mean_voltage_decay`` (mV/cycle), positive for a loss. `data["points"]`: cycle,
        value, fitted, used, reason. `data["lines"]`: points, correlation, p of curvature.

    Raises
    ------
    StudyError
        If there is no such quantity, or the window is empty.
    UnitError
        If an excluded rate is not a C-rate.

    Notes
    -----
    See `interlith.numerics.trends.trend.fit_trend` for the interval and its measured coverage. Errors common to all cycles
    enter by component: the mass stays in the absolute decay and leaves the relative one, an offset of the voltage leaves
    the decay of the mean voltage. The scatter about the line contains the counter's, so that this is shown apart and
    not added twice. A decay describes the cycles of its window; it is no cycle life.

    References
    ----------
    Harville 1974, 10.1093/biomet/61.2.383.
    """
    if window is not None and window[0] >= window[1]:
        raise StudyError(f"The window of the fade, {window[0]} to {window[1]}, holds no two cycles.")
    return lines_of(summary, Wanted(reference_cycle, tuple(rates_of(exclude_rate)), window), quantity)


def lines_of(summary: Result, wanted: Wanted, quantity: str = "discharge_capacity") -> Result:
    """The lines of all cells of a summary, see `fade`."""
    direction = "charge" if "discharge" not in quantity else "discharge"
    capacities, conditions = values_of(summary, quantity), currents(summary)
    voltages = values_of(summary, f"{direction}_mean_voltage")
    observables: list[Observable] = []
    quality, points, lines = [], [], []
    choices: list[Choice] = []
    for cell in cells(summary):
        if cell.sample not in capacities or cell.sample not in conditions:
            quality.append((cell.sample, "fade", False, f"there is no {quantity} of this cell"))
            continue
        for name, table in (("capacity", capacities[cell.sample]), ("voltage", voltages.get(cell.sample))):
            if table is None:
                quality.append((cell.sample, "mean voltage fade", False, "there is no mean voltage of this cell"))
                continue
            chosen = select(table, conditions[cell.sample], wanted)
            line = _line(cell, name, chosen)
            observables += line.observables
            quality.append((cell.sample, f"{name} fade", line.trend is not None, line.reason))
            points.append(_points(cell.sample, name, chosen, line.trend))
            lines.append(_described(cell.sample, name, chosen, line.trend))
            if name == "capacity":
                place = target_of(summary, cell.sample, "fade")
                choices += select_choices(place, chosen, conditions[cell.sample], wanted)
    options = {
        "reference_cycle": wanted.reference, "exclude_rate": list(wanted.excluded), "quantity": quantity,
        "window": None if wanted.window is None else list(wanted.window),
    }  # fmt: skip
    data = {
        "points": pl.concat([pl.DataFrame(schema=POINT_SCHEMA), *points]),
        "lines": pl.DataFrame(lines, schema=LINE_SCHEMA),
    }
    return result(
        "fade", summary, observables, data=data, quality=quality, options=options, choices=choices,
        method="line with AR(1) residuals, correlation integrated out", methods_text=METHODS, citations=(HARVILLE,),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one line."""

    observables: list[Observable]
    trend: Trend | None
    reason: str


def _line(cell: Cell, name: str, chosen: Selected) -> Line:
    rows = chosen.rows
    unit = rows.item(0, "unit") if rows.height else {"capacity": "mAh", "voltage": "V"}[name]
    wanted: tuple[tuple[str, str], ...]
    if name == "capacity":
        wanted = (("capacity_decay", "%/cycle"), ("absolute_capacity_decay", f"{unit}/cycle"))
    else:
        wanted = (("mean_voltage_decay", "mV/cycle"),)
    try:
        x, y = (rows.get_column(column).cast(pl.Float64).to_numpy() for column in ("cycle", "value"))
        trend = fit_trend(x, y)
        if trend.linear is False:
            trend = fit_trend(x, y, degree=3)
        found = [_decay(cell, quantity, shown, chosen, trend) for quantity, shown in wanted]
    except FitError as error:
        reason = f"no decay per cycle: {error} {rows.height} cycles are left, at least {FEWEST} are needed."
        return Line([cell.observable(quantity, None, shown, flag=reason) for quantity, shown in wanted], None, reason)
    return Line(found, trend, found[0].flag)


def _decay(cell: Cell, quantity: str, unit: str, chosen: Selected, trend: Trend) -> Observable:
    if quantity == "capacity_decay":
        found, gradient, scale = (
            trend.relative_slope(chosen.reference),
            trend.relative_gradient(chosen.reference),
            -100.0,
        )
    else:
        found, gradient = trend.slope(), trend.slope_gradient()
        scale = -1e3 if quantity == "mean_voltage_decay" else -1.0
    if trend.linear is False and trend.memory > FOLLOWING:
        # A curve whose own residuals still follow each other has not found the shape; its mean slope is no loss per cycle.
        reason = (
            f"a line does not describe the fade (p = {trend.bent:.1g}), nor does a gentle bend (its residuals follow each "
            f"other, correlation {trend.memory:.2f}): no decay per cycle{_thirds(chosen, trend, scale, found.value)}; see the retention"
        )
        return cell.observable(quantity, None, unit, flag=reason)
    shown = found.scaled(scale)
    weights = scale * (gradient @ trend.operator)
    shared, counted = propagated(chosen.rows, weights, ratio=quantity == "capacity_decay")
    components = {source: size for source, size in shared.items()}
    random = shown.std
    if counted > 0:
        components[f"counter:{cell.sample}/{quantity}"] = counted
        random = math.sqrt(max(shown.std**2 - counted**2, 0.0))
    components[f"fit:{cell.sample}/{quantity}"] = random
    low, high = _interval(shown, counted, list(shared.values()))
    cycles = chosen.rows.get_column("cycle")
    return cell.observable(
        quantity,
        shown.value,
        unit,
        components,
        low=low,
        high=high,
        flag=_flag(chosen, trend, scale, found.value),
        method=f"slope over cycles {cycles[0]}-{cycles[-1]} ({cycles.len()} points), AR(1) residuals, "
        f"reference cycle {chosen.reference}",
    )


def _interval(shown: Estimate, counted: float, shared: Sequence[float]) -> tuple[float, float]:
    """The interval of the line, widened where the counter scatters more than the line does, and by shared errors."""
    extra = max(counted**2 - shown.std**2, 0.0) + sum(size * size for size in shared)
    below, above = shown.value - shown.low, shown.high - shown.value
    return (
        shown.value - math.sqrt(below**2 + NORMAL_95**2 * extra),
        shown.value + math.sqrt(above**2 + NORMAL_95**2 * extra),
    )


def _flag(chosen: Selected, trend: Trend, scale: float, value: float) -> str:
    """What must stand beside the number: too few cycles, a bend and how steep the thirds are, much correlation."""
    words = []
    count = chosen.rows.height
    if trend.linear is None:
        words.append(f"only {count} cycles: the shape is untested (needs {FEWEST_FOR_SHAPE})")
    elif trend.linear is False:
        words.append(
            f"a line does not describe the fade (p = {trend.bent:.1g}): mean over the window{_thirds(chosen, trend, scale, value)}"
        )
    if trend.memory > FOLLOWING or (count < 50 and trend.memory > 0.75):
        words.append(f"residuals follow each other (correlation {trend.memory:.2f}): the interval may be too narrow")
    return "; ".join(words)


def _thirds(chosen: Selected, trend: Trend, scale: float, value: float) -> str:
    x = chosen.rows.get_column("cycle").cast(pl.Float64).to_numpy()
    y = chosen.rows.get_column("value").to_numpy()
    third = len(x) // 3
    if third < FEWEST:
        return ""
    # Whatever turned the mean slope into the shown number turns the slope of a part into it as well.
    factor = scale * value / trend.slope().value if trend.slope().value else scale
    parts = [factor * fit_trend(x[part], y[part]).slope().value for part in (slice(0, third), slice(-third, None))]
    return f", {parts[0]:.3g} in its first third and {parts[1]:.3g} in its last"


def _points(sample: str, name: str, chosen: Selected, trend: Trend | None) -> pl.DataFrame:
    columns = ["cycle", "value", "reason"]
    used = chosen.rows.select(columns).with_columns(pl.lit(True).alias("used"))
    fitted = np.full(used.height, np.nan)
    if trend is not None:
        at = [trend.weights @ trend.coefficients @ trend.level_gradient(float(x)) for x in trend.x]
        fitted = np.asarray(at, dtype=float)
    left = chosen.left_out.select(columns).with_columns(
        pl.lit(False).alias("used"), pl.lit(None, pl.Float64).alias("fitted")
    )
    both = pl.concat([used.with_columns(pl.Series("fitted", fitted, pl.Float64).fill_nan(None)), left])
    return both.select(pl.lit(sample).alias("sample"), pl.lit(name).alias("of"), pl.all()).sort("cycle")


def _described(sample: str, name: str, chosen: Selected, trend: Trend | None) -> dict[str, object]:
    return {
        "sample": sample, "of": name, "points": chosen.rows.height, "left_out": chosen.left_out.height,
        "reference_cycle": chosen.reference, "usual_reference": chosen.usual,
        "correlation": None if trend is None else trend.correlation,
        "memory": None if trend is None else trend.memory,
        "residual_std": None if trend is None else trend.residual_std,
        "p_bent": None if trend is None or math.isnan(trend.bent) else trend.bent,
        "degree": None if trend is None else trend.degree,
    }  # fmt: skip


def run(given: Given) -> Result:
    """Loss per cycle of one specimen.

    Raises
    ------
    StudyError
        If a decision is no number of a cycle or no current.
    """
    summary, window = given.result("summary"), given.options.get("fade_window")
    (sample,) = [cell.sample for cell in cells(summary)]
    declared = given.options.get("reference_cycle")
    excluded = tuple(rates_of(given.options.get("exclude_rate")))
    start, current = (about(given.decisions, name, "fade") for name in ("reference_cycle", "current"))
    meant = start or about_all(given.decisions, "reference_cycle")
    wanted = Wanted(
        declared if meant is None else cycle_of(meant), excluded, None if window is None else (window[0], window[1])
    )
    flags = misplaced(given.decisions, {"current": (".../fade",)}, ("fade",))
    made: list[Choice] = []
    if current is not None:
        known = currents(summary)[sample]
        group = group_of(known, str(current.value))
        texts = [current_text(known, one) for one in known.get_column("group").unique(maintain_order=True)]
        if group is None:
            flags.append(vanished(current, f"no cycles run at it; there are {' and '.join(dict.fromkeys(texts))}"))
        else:
            automatic = [one.value for one in lines_of(summary, wanted).choices if one.field == "current"]
            made.append(told(current, automatic[0] if automatic else texts[0], MOVES, value=current_text(known, group)))
            wanted = replace(wanted, group=group)
    found = lines_of(summary, wanted)
    if start is not None:
        usual = found.data["lines"].get_column("usual_reference").to_list() or ["none"]
        said = "" if declared is None else str(declared)
        made.append(told(start, said or str(usual[0]), MOVES[:1], declared=said))
    return flagged(replace(found, choices=(*made, *found.choices)), sample, flags)


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for the decay."""
    return options.get("fade_window") is not None


STEP = Step(
    "fade", run, after=("summary",), words=("reference_cycle", "exclude_rate", "fade_window"),
    decides={"reference_cycle": REFERENCE_CYCLE, "current": CURRENT}, asked=asked,
)  # fmt: skip
