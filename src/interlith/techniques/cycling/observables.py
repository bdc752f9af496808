"""Which observables does a table of cycles hold, each with its uncertainty by component?

Every quantity of every cycle is one row; nothing is looped over cycles. What is not known is not invented: without a
declared accuracy of the instrument there is no ``current:`` or ``voltage:`` component, so that ``includes`` shows that
this kind of uncertainty is missing; a mass declared without uncertainty has an infinite component.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from interlith.model import Measurement, Sample
from interlith.techniques.cycling.components import (
    Part,
    Scale,
    areal_scale,
    as_list,
    capacity_scale,
    counting_source,
    own_source,
    shared,
)
from interlith.techniques.cycling.cycles import LEADING, UNDECLARED

DIRECTIONS = ("charge", "discharge")
#: More than this (%) comes out of no cell that took it in the same cycle: it held lithium before.
HIGHEST_EFFICIENCY = 110.0
#: Standard deviation of a rectangular distribution of unit width.
RECTANGULAR = 1.0 / 12.0**0.5


@dataclass(frozen=True, slots=True)
class Quantity:
    """One observable of every cycle: expressions over the cycle table."""

    name: str
    unit: str
    value: pl.Expr
    parts: Sequence[Part]
    flag: pl.Expr
    method: pl.Expr
    only_first: bool = False


def cycle_observables(cycles: pl.DataFrame, item: Measurement, *, normalise: str, voltage_step: float) -> pl.DataFrame:
    """Observables of one specimen, unfinished: columns as needed by `interlith.model.observable.finish`.

    Parameters
    ----------
    cycles
        As `interlith.techniques.cycling.cycles.cycle_table`.
    item
        A measurement of the specimen: names, digest.
    normalise
        ``active_mass``, ``area`` or ``none``.
    voltage_step
        Last digit of the voltage (V).

    Raises
    ------
    StudyError
        If `normalise` is none of these.
    """
    sample = item.sample
    scale = capacity_scale(sample, normalise)
    quantities: list[Quantity] = []
    for direction in DIRECTIONS:
        quantities += _capacities(direction, sample, scale)
        quantities.append(_mean_voltage(direction, sample, voltage_step))
        quantities.append(_rest_voltage(direction, sample, voltage_step))
    quantities += _efficiencies(sample, _before(cycles, sample))
    quantities += [_hysteresis(sample), _cv_share(sample)]
    frames = [_rows(cycles, quantity) for quantity in quantities]
    state = pl.col("cycle").cast(pl.Float64)
    return pl.concat(frames).with_columns(
        pl.lit(sample.name).alias("sample"), pl.lit(sample.variant).alias("variant"),
        pl.lit(sample.batch).alias("batch"), pl.lit(sample.replicate).alias("replicate"),
        pl.lit("cycling").alias("technique"), pl.lit("cycle").alias("state"), state.alias("state_value"),
        state.alias("state_low"), state.alias("state_high"), pl.lit("1").alias("state_unit"),
        pl.lit("").alias("fit"), pl.lit(f"sha256:{item.source.sha256}").alias("source"),
    )  # fmt: skip


def _rows(cycles: pl.DataFrame, quantity: Quantity) -> pl.DataFrame:
    used = cycles.filter(pl.col("cycle") == 1) if quantity.only_first else cycles
    value = quantity.value.alias("value")
    return used.select(
        pl.lit(quantity.name).alias("quantity"), pl.lit(quantity.unit).alias("unit"), "cycle", value,
        quantity.method.alias("method"), quantity.flag.alias("flag"), as_list(quantity.parts),
    ).with_columns(
        pl.when(pl.col("value").is_not_null()).then("components").alias("components")
    )  # fmt: skip


def _words(*parts: pl.Expr) -> pl.Expr:
    """Flags joined with semicolons, empty and null ones left out."""
    kept = [pl.when(part != "").then(part) for part in parts]
    return pl.concat_list(kept).list.drop_nulls().list.unique(maintain_order=True).list.join("; ")


def _half_flag(direction: str) -> pl.Expr:
    absent = pl.col(f"{direction}_half_cycle").is_null()
    return (
        pl.when(absent)
        .then(pl.lit(f"no {direction} in this cycle"))
        .otherwise(pl.col(f"{direction}_flag"))
        .fill_null("")
    )


def _method(direction: str) -> pl.Expr:
    return pl.concat_str([pl.lit("own half-cycle, "), pl.col(f"{direction}_charge_method").fill_null("none")])


def _charge_parts(direction: str, sample: Sample, scale: Scale, weight: pl.Expr) -> list[Part]:
    """Components of ``charge * weight * scale``: counting, join, mass or area, gain of the current."""
    size = weight * scale.factor
    value = pl.col(f"{direction}_charge") * size
    parts = [
        (counting_source(sample.name, direction), pl.col(f"{direction}_charge_std") * size),
        (
            own_source("join", sample.name, direction),
            pl.when(pl.col(f"{direction}_joined")).then(pl.col(f"{direction}_join_std") * size),
        ),
    ]
    parts += [shared(source, value * relative) for source, relative in scale.relative]
    if sample.current_accuracy is not None:
        parts.append(shared(f"current:{sample.name}", value * sample.current_accuracy))
    return parts


def _voltage_parts(direction: str, sample: Sample, weight: pl.Expr) -> list[Part]:
    """Components of ``mean voltage * weight``: sampling of the curve, offset of the voltage."""
    source = own_source("sampling", sample.name, direction, suffix="/voltage")
    parts = [(source, pl.col(f"{direction}_mean_voltage_std") * weight)]
    if sample.voltage_accuracy is not None:
        parts.append(shared(f"voltage:{sample.name}", sample.voltage_accuracy * weight))
    return parts


def _capacities(direction: str, sample: Sample, scale: Scale) -> list[Quantity]:
    flag = _words(_half_flag(direction), pl.lit(scale.flag))
    capacity, complete = pl.col(f"{direction}_capacity"), pl.col(f"{direction}_complete").fill_null(False)
    one, voltage = pl.lit(1.0), pl.col(f"{direction}_mean_voltage")
    energy = pl.when(complete).then(pl.col(f"{direction}_energy"))
    energy_parts = _charge_parts(direction, sample, scale, voltage)
    energy_parts += _voltage_parts(direction, sample, pl.col(f"{direction}_charge") * scale.factor)
    made = [
        Quantity(f"{direction}_capacity", scale.unit, capacity * scale.factor,
                 _charge_parts(direction, sample, scale, one), flag, _method(direction)),
        Quantity(f"{direction}_energy", scale.energy_unit, energy * scale.factor, energy_parts, flag, _method(direction)),
    ]  # fmt: skip
    areal = areal_scale(sample)
    if areal is not None:
        parts = _charge_parts(direction, sample, areal, one)
        made.append(
            Quantity(f"areal_{direction}_capacity", areal.unit, capacity * areal.factor, parts,
                     _half_flag(direction), _method(direction))
        )  # fmt: skip
    return made


def _mean_voltage(direction: str, sample: Sample, step: float) -> Quantity:
    complete = pl.col(f"{direction}_complete").fill_null(False)
    value = pl.when(complete).then(pl.col(f"{direction}_mean_voltage"))
    digit = (own_source("noise", sample.name, direction, suffix="/voltage"), pl.lit(step * RECTANGULAR))
    parts = [*_voltage_parts(direction, sample, pl.lit(1.0)), digit]
    return Quantity(f"{direction}_mean_voltage", "V", value, parts, _half_flag(direction), pl.lit("energy over charge"))


def _rest_voltage(direction: str, sample: Sample, step: float) -> Quantity:
    complete = pl.col(f"{direction}_complete").fill_null(False)
    value = pl.when(complete).then(pl.col(f"{direction}_rest_voltage_after"))
    parts = [(own_source("noise", sample.name, direction, suffix="/rest"), pl.lit(step * RECTANGULAR))]
    if sample.voltage_accuracy is not None:
        parts.append(shared(f"voltage:{sample.name}", pl.lit(sample.voltage_accuracy)))
    no_rest = (
        pl.when(pl.col(f"{direction}_rest_voltage_after").is_null())
        .then(pl.lit("no rest after it"))
        .otherwise(pl.lit(""))
    )
    return Quantity(
        f"rest_voltage_after_{direction}", "V", value, parts, _words(_half_flag(direction), no_rest),
        pl.lit("last row of the rest"),
    )  # fmt: skip


def _ratio_parts(top: str, bottom: str, sample: Sample, value: pl.Expr) -> list[Part]:
    """Components of a ratio of two charges of one cell: mass, area and gain of the current cancel."""
    parts: list[Part] = []
    for direction, sign in ((top, 1.0), (bottom, -1.0)):
        relative = sign * value / pl.col(f"{direction}_charge")
        parts.append((counting_source(sample.name, direction), pl.col(f"{direction}_charge_std") * relative))
        joined = pl.when(pl.col(f"{direction}_joined")).then(pl.col(f"{direction}_join_std") * relative)
        parts.append((own_source("join", sample.name, direction), joined))
    return parts


def _before(cycles: pl.DataFrame, sample: Sample) -> str:
    """What must stand beside the first efficiency: whether charge went the other way before cycle 1."""
    leading = LEADING.get(sample.cell_kind or "")
    earlier = cycles.filter(pl.col("cycle") < 1)
    if leading is None or earlier.is_empty():
        return ""
    given = "discharge" if leading == "charge" else "charge"
    passed = earlier.select(pl.col(f"{given}_charge").sum()).item() if f"{given}_charge" in earlier.columns else None
    size = f" of {1e3 * passed:.4g} mAh" if passed else ""
    return f"a {given}{size} came before the first {leading}: cycle 1 does not begin with the fresh cell"


def _efficiencies(sample: Sample, before: str) -> list[Quantity]:
    flags = [_half_flag("charge"), _half_flag("discharge")]
    if sample.cell_kind not in LEADING:
        flags.append(pl.lit(UNDECLARED))
    leading = LEADING.get(sample.cell_kind or "", "charge")
    given = "discharge" if leading == "charge" else "charge"
    coulombic = 100.0 * pl.col("coulombic_efficiency")
    beyond = f"more than {HIGHEST_EFFICIENCY:g} %: the {leading} did not begin at its end, lithium was there before"
    flag = _words(*flags)
    doubted = _words(*flags, pl.when(coulombic > HIGHEST_EFFICIENCY).then(pl.lit(beyond)))
    first = _words(doubted, pl.lit(before))
    parts = _ratio_parts(given, leading, sample, coulombic)
    words = pl.lit(f"{given} over {leading}")
    energy = 100.0 * pl.col("energy_efficiency")
    energy_parts = _ratio_parts("discharge", "charge", sample, energy)
    for direction, sign in (("discharge", 1.0), ("charge", -1.0)):
        size = sign * energy * pl.col(f"{direction}_mean_voltage_std") / pl.col(f"{direction}_mean_voltage")
        energy_parts.append((own_source("sampling", sample.name, direction, suffix="/voltage"), size))
    if sample.voltage_accuracy is not None:
        tilt = 1.0 / pl.col("discharge_mean_voltage") - 1.0 / pl.col("charge_mean_voltage")
        energy_parts.append(shared(f"voltage:{sample.name}", energy * sample.voltage_accuracy * tilt))
    return [
        Quantity("coulombic_efficiency", "%", coulombic, parts, doubted, words),
        Quantity("initial_coulombic_efficiency", "%", coulombic, parts, first, words, only_first=True),
        Quantity("energy_efficiency", "%", energy, energy_parts, flag, pl.lit("discharge over charge")),
    ]


def _hysteresis(sample: Sample) -> Quantity:
    # An offset of the voltage cancels in the difference.
    parts = [
        (
            own_source("sampling", sample.name, direction, suffix="/voltage"),
            sign * pl.col(f"{direction}_mean_voltage_std"),
        )
        for direction, sign in (("charge", 1.0), ("discharge", -1.0))
    ]
    flag = _words(_half_flag("charge"), _half_flag("discharge"))
    method = pl.lit("difference of the mean voltages")
    return Quantity("voltage_hysteresis", "V", pl.col("voltage_hysteresis"), parts, flag, method)


def _cv_share(sample: Sample) -> Quantity:
    value = pl.when(pl.col("charge_complete").fill_null(False)).then(
        100.0 * pl.col("charge_cv_charge") / pl.col("charge_charge")
    )
    size = 100.0 * pl.col("charge_charge_std") / pl.col("charge_charge")
    parts = [(counting_source(sample.name, "charge"), size)]
    method = pl.lit("charge at constant voltage over charge")
    return Quantity("cv_share", "%", value, parts, _half_flag("charge"), method)
