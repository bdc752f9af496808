"""Where are the peaks of a voltammogram and how high are they, over cycles and scan rates, with what behind each uncertainty?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.model import (
    Agreement,
    Choice,
    Decision,
    Effect,
    Given,
    Measurement,
    Observable,
    Result,
    Series,
    State,
    Step,
)
from interlith.model.stepping import in_steps
from interlith.techniques.voltammetry import scans
from interlith.techniques.voltammetry.couples import centres, nearest_couple, paired
from interlith.techniques.voltammetry.options import check_options, resistance_of
from interlith.techniques.voltammetry.ratio import ratio_of
from interlith.techniques.voltammetry.records import number, result, target

METHODS = (
    "Sweeps of the voltage were told apart by its turning points. Peak potentials and currents are those of a polynomial of fifth degree "
    "through the current above 85 % of the peak, over the baseline named beside each; half-peak potentials are those at half of "
    "this height on the rising side. Standard uncertainties are those of these fits, of the baseline (its difference to the runner-up as a "
    "rectangular distribution) and of the distance of two voltages."
)
#: More than this share of its height still flows where the charge of a peak is cut off.
OPEN = 0.05


def peaks(
    series: Series,
    *,
    scan_rate: str | None = None,
    resistance: str | Mapping[str, str] | None = None,
    baseline: str | None = None,
) -> Result:
    """Peaks of every sweep: potential, current, half-width, charge; separation, midpoint and ratio of currents of every couple.

    Parameters
    ----------
    series
        Voltammograms: tables with voltage, current and time.
    scan_rate
        ``0.1 mV/s``; needed where the table holds no time.
    resistance
        ``12 +- 1 ohm``: its ohmic drop is taken off the voltage; one for each specimen as ``{"S1": "12 ohm"}``.
    baseline
        ``linear``, ``polynomial``, ``level`` or ``zero`` under all peaks; chosen for each where `None`.

    Returns
    -------
    Result
        Observables ``anodic_peak_1_potential`` (V), ``..._current`` (mA, cathodic ones negative), ``..._half_width`` (V), ``..._charge`` (mAh);
        ``peak_1_separation``, ``peak_1_midpoint`` (V), ``peak_1_current_ratio``, at the state ``scan_rate`` (V/s) and by cycle. Couples
        count from the lowest voltage. `data`: ``sweeps``, ``peaks``, ``pairs``, ``curves``.

    Raises
    ------
    StudyError
        If an option is not understood.
    FitError
        If the voltage of a file nowhere moves evenly.

    Notes
    -----
    Taking the ohmic drop off the voltage mends half of what it did to a surface couple: the voltage behind the resistance does not rise
    evenly, and the peak still lags by one more drop, which is among the uncertainties. The assumption that fails first is the baseline of every peak but the first of a scan: the current of the peak before it, or of the
    sweep before it, still decays under it. `data["peaks"]` holds the height over the runner-up baseline.

    References
    ----------
    Nicholson 1966, 10.1021/ac60242a030: the ratio of peak currents without a baseline of the backward sweep.
    """
    options = {"scan_rate": scan_rate, "resistance": resistance, "baseline": baseline}
    check_options(options)
    found = {one.name: one for one in in_steps((scans.STEP, STEP), series, options, technique="voltammetry")}
    if "peaks" in found:
        return found["peaks"]
    return found["sweeps"] if "sweeps" in found else result("peaks", (), method="", options=options, quality=())


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """Couples of all specimens together, so that a number means the same couple everywhere."""
    del options, decisions
    midpoints: list[float] = []
    singles: list[float] = []
    for one in results["sweeps"]:
        tops = one.data["peaks"]
        pairs = paired(tops, one.data["sweeps"])
        midpoints += pairs.get_column("midpoint").to_list()
        taken = {*pairs.get_column("anodic"), *pairs.get_column("cathodic")}
        rows = tops.with_row_index("row").filter(~pl.col("shoulder"))
        singles += [row["potential"] for row in rows.iter_rows(named=True) if row["row"] not in taken]
    return Agreement(centres(midpoints, singles))


def run(given: Given) -> Result:
    """Observables of one specimen."""
    before = given.result("sweeps")
    tops, sweeps = before.data["peaks"], before.data["sweeps"]
    pairs = paired(tops, sweeps)
    couples = _numbered(tops, pairs, given.agreed)
    table = tops.with_columns(pl.Series("couple", couples, dtype=pl.Int64))
    items = list(given.series)
    known = resistance_of(given.options, items[0].sample.name)
    made: list[Observable] = []
    by_row: dict[int, dict[str, Observable]] = {}
    for index, row in enumerate(table.iter_rows(named=True)):
        found = _of_peak(items[row["part"]], row, known or (0.0, 0.0))
        by_row[index] = {one.quantity.rpartition("peak_")[2].partition("_")[2]: one for one in found}
        made += found
    rows = list(table.iter_rows(named=True))
    ratios: list[Choice] = []
    for one in pairs.iter_rows(named=True):
        a, c = by_row[one["anodic"]], by_row[one["cathodic"]]
        item = items[one["part"]]
        made += _of_pair(a, c, rows[one["anodic"]]["couple"])
        ratio, choice = ratio_of(item, rows[one["anodic"]], rows[one["cathodic"]], a["current"], c["current"], rows)
        made.append(ratio)
        ratios += [] if choice is None else [choice]
    name = items[0].sample.name
    nothing = "" if made else "no sweep shows a peak that stands out of its noise"
    data = {
        "peaks": table,
        "pairs": pairs.with_columns(pl.lit(name).alias("sample")),
        "sweeps": sweeps,
        "curves": before.data["curves"],
    }
    return result(
        "peaks", made, method="local fits over a baseline", options=given.options, quality=[(name, "peaks", bool(made), nothing)],
        data=data, words=METHODS, choices=[*_baselines(items, table), *ratios[:1]], flags=before.flags,
    )  # fmt: skip


def _numbered(tops: pl.DataFrame, pairs: pl.DataFrame, known: Mapping[str, float]) -> list[int | None]:
    couples = [nearest_couple(row["potential"], known) for row in tops.iter_rows(named=True)]
    for one in pairs.iter_rows(named=True):
        couple = nearest_couple(one["midpoint"], known)
        couples[one["anodic"]] = couples[one["cathodic"]] = couple
    return couples


def _of_peak(item: Measurement, row: Mapping[str, Any], resistance: tuple[float, float]) -> list[Observable]:
    sample, sign = item.sample, 1.0 if row["direction"] == "anodic" else -1.0
    own = f"{sample.name}/{item.source.sha256[:12]}/sweep/{row['sweep']}/{row['peak']}"
    rate = row["scan_rate"]
    state = State("scan_rate", rate, rate - 2 * row["scan_rate_std"], rate + 2 * row["scan_rate_std"], "V/s")
    name = f"{row['direction']}_peak_{row['couple']}"
    told = {
        "source": f"sha256:{item.source.sha256}", "state": state, "cycle": row["cycle"],
        "fit": f"sweep {row['sweep']} peak {row['peak']}",
    }  # fmt: skip
    place = {
        f"noise:{own}/potential": row["potential_std"],
        f"model:{own}/top": row["potential_bend"],
        f"model:{own}/baseline": (row["other_potential"] - row["potential"]) / math.sqrt(12),
        # A row says where the voltage was set, the current belongs to somewhere in its step: the same way in all sweeps.
        f"sampling:{sample.name}/step": sign * row["step"] / math.sqrt(12),
    }
    if sample.voltage_accuracy is not None:
        place[f"voltage:{sample.name}"] = sample.voltage_accuracy
    if resistance[0]:
        place[f"calibration:{sample.name}/resistance"] = -row["total_current"] * resistance[1]
        # Behind the resistance the voltage is no even sweep: a surface couple still lags by one more drop, a solution by less.
        place[f"model:{sample.name}/lag"] = row["total_current"] * resistance[0] / math.sqrt(3)
    if row["shoulder"]:
        flag = "a shoulder: no maximum, the place of the strongest curvature"
        return [
            number(
                sample,
                f"{row['direction']}_shoulder_{row['couple']}_potential",
                row["potential"],
                "V",
                place,
                flag=flag,
                **told,
            )
        ]
    words = f"{row['baseline']} baseline"
    size = _current_parts(own, row, sample.current_accuracy, sample.name)
    flag = _crowd(row)
    open_end = row["left_over"] > OPEN
    charge_flag = f"up to where {100 * row['left_over']:.0f} % of the peak current still flow" if open_end else ""
    charge = {
        f"noise:{own}/charge": row["charge_std"] / 3.6,
        f"model:{own}/charge": _known(row["other_charge"] - row["charge"]) / 3.6 / math.sqrt(12),
    }
    width = {
        f"noise:{own}/half": math.hypot(row["half_width_std"], row["potential_std"]), f"model:{own}/top": row["potential_bend"],
        f"model:{own}/baseline": _known(row["other_half_width"] - row["half_width"]) / math.sqrt(12),
    }  # fmt: skip
    return [
        number(sample, f"{name}_potential", row["potential"], "V", place, method=words, flag=flag, **told),
        number(sample, f"{name}_current", 1e3 * row["current"], "mA", size, method=words, flag=flag, **told),
        number(sample, f"{name}_half_width", row["half_width"], "V", width, method=words, **told),
        number(sample, f"{name}_charge", row["charge"] / 3.6, "mAh", charge, method=words, flag=charge_flag, **told),
    ]


def _crowd(row: Mapping[str, Any]) -> str:
    """What to say of a peak with another one too near."""
    if not row["crowded"]:
        return ""
    if row["baseline"] == "polynomial":
        return "overlaps its neighbour: place and height are those of the sum"
    return "on the tail of the peak before it: the current is no less than this, and the place shifted"


def _known(size: float) -> float:
    """A size that can be told, else zero: another baseline may leave no half of the peak."""
    return size if math.isfinite(size) else 0.0


def _current_parts(own: str, row: Mapping[str, Any], accuracy: float | None, sample: str) -> dict[str, float]:
    parts = {
        f"noise:{own}/current": 1e3 * row["current_std"],
        f"model:{own}/baseline": 1e3 * (row["other_current"] - row["current"]) / math.sqrt(12),
        f"model:{own}/height": 1e3 * row["current_bend"],
    }
    if accuracy is not None:
        parts[f"current:{sample}"] = accuracy * 1e3 * row["current"]
    return parts


def _of_pair(anodic: Mapping[str, Observable], cathodic: Mapping[str, Observable], couple: int) -> list[Observable]:
    a, c = anodic["potential"], cathodic["potential"]
    apart = a.minus(c)
    parts = {
        name: 0.5 * (a.components.get(name, 0.0) + c.components.get(name, 0.0))
        for name in {**a.components, **c.components}
    }
    middle = None if a.value is None or c.value is None else 0.5 * (a.value + c.value)
    return [
        replace(apart, quantity=f"peak_{couple}_separation"),
        replace(a, quantity=f"peak_{couple}_midpoint", value=middle, components=parts),
    ]


def _baselines(items: Sequence[Measurement], table: pl.DataFrame) -> list[Choice]:
    """One choice a file: the baseline of most of its peaks, with what the other one would make of their currents."""
    made = []
    for part, item in enumerate(items):
        own = table.filter((pl.col("part") == part) & ~pl.col("shoulder"))
        if own.is_empty():
            continue
        usual = own.group_by("baseline", "runner_up", maintain_order=True).len().sort("len", descending=True).row(0)
        rows = own.filter((pl.col("baseline") == usual[0]) & (pl.col("runner_up") == usual[1]))
        least = rows.sort("margin").row(0, named=True)
        last = rows.filter(pl.col("cycle") == pl.col("cycle").max())
        effects = tuple(
            Effect(
                f"{row['direction']}_peak_{row['couple']}_current", item.sample.name, f"cycle {row['cycle']}", 1e3 * row["current"],
                1e3 * row["other_current"], 1e3 * row["current_std"], "mA",
            )
            for row in last.iter_rows(named=True)
        )  # fmt: skip
        names = tuple(dict.fromkeys(effect.quantity for effect in effects))
        reason = f"{rows.height} of {own.height} peaks: {least['reason']}."
        made.append(
            Choice(
                target(item, "baseline"),
                "baseline",
                usual[0],
                usual[1],
                float(least["margin"]),
                names,
                reason,
                effects=effects,
            )
        )
    return made


STEP = Step("peaks", run, after=("sweeps",), words=("resistance",), reads=True, agree=agree)
