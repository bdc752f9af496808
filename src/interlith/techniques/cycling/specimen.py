"""What did every cycle of one specimen give: capacity, energy, voltage, efficiency?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from interlith.errors import ReadError
from interlith.model import Choice, Decision, Flag, Given, Measurement, Result, Sample, read_target
from interlith.model.observable import finish
from interlith.techniques.cycling.corrections import correct, missed_pulses
from interlith.techniques.cycling.counted import MOVES, counted_of
from interlith.techniques.cycling.cycles import cycle_table, number_cycles, vendor_table, with_rates
from interlith.techniques.cycling.decided import ORDERS, told, vanished, word_of
from interlith.techniques.cycling.half_choices import choices_of
from interlith.techniques.cycling.half_cycles import divide
from interlith.techniques.cycling.half_table import COLUMNS, half_cycle_table
from interlith.techniques.cycling.observables import cycle_observables
from interlith.techniques.cycling.records import how, quality_table
from interlith.techniques.cycling.sign import withheld
from interlith.techniques.cycling.steps import Specimen, read_steps, target

METHODS = (
    "Half-cycles are maximal stretches of net charge one way; rests, gaps and pulses below 20 % of the charge on either "
    "side do not end them. Charge is the vendor's counter or the trapezoid of the current over device time, whichever is "
    "surer where they agree; energy is charge times the mean voltage of the curve. Half-cycles that were not finished have "
    "no value."
)
_DROPPED = ("running_charge", "lead")
#: Tables of the result that are those of the public summary; beside them ``sources`` and ``declared``, one row a file and
#: one a specimen, for the steps that follow.
TABLES = ("steps", "half_cycles", "cycles", "vendor_cycles", "curves")


def run(given: Given) -> Result:
    """Steps, half-cycles, cycles and their observables of one specimen.

    Raises
    ------
    ReadError
        If no current flows in its files.
    StudyError
        If a decision has a value that is not understood.
    """
    items = given.series.measurements
    order = [one for one in given.decisions if one.field == "part_order" and one.target.part.startswith("part/")]
    declared = {one.target.digest for one in order if word_of(one, ORDERS) == "declared order"}
    specimen = read_steps(items, [counted_of(one) for one in given.results["count"]], as_declared=declared)
    normalise = str(given.options.get("normalise", "active_mass"))
    parts, choices, flags = _specimen(specimen, normalise, given.decisions)
    ordered, misordered = _orders(specimen, order)
    decided, automatic = choices
    left = _undecided((*specimen.choices, *automatic), given.decisions)
    name = items[0].sample.name
    data = {table: getattr(parts, table) for table in TABLES}
    data |= {"sources": _sources(items), "declared": _declared(items, parts.half_cycles)}
    return Result(
        technique="cycling", name="summary", table=finish(parts.table), data=data,
        quality=quality_table([{"sample": name, "step": "summary", "ok": True, "reason": ""}]),
        how=how("own half-cycles", {"normalise": normalise}, METHODS), choices=(*ordered, *decided, *left),
        flags={name: (*specimen.flags, *flags, *misordered)},
    )  # fmt: skip


def _orders(specimen: Specimen, decisions: Sequence[Decision]) -> tuple[list[Choice], list[Flag]]:
    """What is told of decisions about the order of the files."""
    moved = {read_target(one.target).digest for one in specimen.choices if one.field == "part_order"}
    made, flags = [], []
    for one in decisions:
        if one.target.digest in specimen.kept_order or one.target.digest in moved:
            made.append(told(one, "device clock", MOVES))
        else:
            flags.append(vanished(one, "the file stands where both the clock and the declaration put it"))
    return made, flags


def _undecided(choices: Sequence[Choice], decisions: Sequence[Decision]) -> list[Choice]:
    """Automatic choices without those that a person took instead."""
    taken = {(one.field, one.target.digest, one.target.part) for one in decisions}
    left = []
    for choice in choices:
        place = read_target(choice.target)
        if (choice.field, place.digest, place.part) not in taken:
            left.append(choice)
    return left


@dataclass(frozen=True, slots=True)
class _Parts:
    steps: pl.DataFrame
    half_cycles: pl.DataFrame
    cycles: pl.DataFrame
    vendor_cycles: pl.DataFrame
    curves: pl.DataFrame
    table: pl.DataFrame


def _specimen(
    specimen: Specimen, normalise: str, decisions: Sequence[Decision]
) -> tuple[_Parts, tuple[list[Choice], list[Choice]], list[Flag]]:
    """Tables of the specimen; what was decided and what was chosen automatically; what is told of decisions."""
    items = specimen.parts
    sample = items[0].sample
    if specimen.steps.is_empty():
        raise ReadError(f"{items[0].source.path}: no row with time, current and voltage.")
    corrected = correct(specimen, decisions) if decisions else None
    used = corrected.specimen if corrected else specimen
    steps, doubts = divide(used.steps, corrected.forced if corrected else None)
    half = half_cycle_table(steps, continues=specimen.clock_continues)
    if half.is_empty():
        raise ReadError(f"{items[0].source.path}: no current flows in this file, so there is no cycle to summarise.")
    half = with_rates(number_cycles(half, sample), sample)
    if any(flag.code == "voltage_scale" for flag in specimen.flags):
        nothing = pl.lit(None, dtype=pl.Float64)
        half = half.with_columns(
            nothing.alias(name) for name in ("energy", "energy_std", "mean_voltage", "mean_voltage_std")
        )
    if any(flag.code == "current_sign" for flag in specimen.flags):
        half = withheld(half)
    cycles = cycle_table(half, sample)
    vendor = vendor_table(steps, half, sample)
    table = cycle_observables(cycles, items[0], normalise=normalise, voltage_step=specimen.resolution["voltage"])
    curves = _curves(used.curves, steps, half, sample)
    kept = steps.drop(*_DROPPED).with_columns(pl.lit(sample.name).alias("sample"))
    numbers = corrected.numbers if corrected else steps.get_column("half_cycle").fill_null(0).to_numpy()
    choices = [*choices_of(doubts, steps, half, numbers, items), *_choices(items, vendor)]
    flags = [*corrected.flags, *missed_pulses(corrected, steps)] if corrected else []
    parts = _Parts(kept, half.select(COLUMNS), cycles, vendor, curves, table)
    return parts, (corrected.choices if corrected else [], choices), flags


def _choices(items: Sequence[Measurement], vendor: pl.DataFrame) -> list[Choice]:
    made = []
    several = vendor.filter(pl.col("loops") > 1)
    if several.height:
        row = several.row(0, named=True)
        made.append(
            Choice(
                target(items[row["part"]], f"vendor_cycle/{row['vendor_cycle']}"), "cycle_number", "own half-cycles", "vendor", 0.9,
                MOVES,
                f"{several.height} of the vendor's cycles hold more than one loop: cycle {row['vendor_cycle']} holds "
                f"{row['loops']}, together {1e3 * row['vendor_charge_capacity']:.4g} mAh charge; own cycles are used.",
            )
        )  # fmt: skip
    return made


def _curves(curves: pl.DataFrame, steps: pl.DataFrame, half: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Curve points of every half-cycle, the charge running on over its steps."""
    sign = pl.when(pl.col("direction") == pl.col("half_direction")).then(1.0).otherwise(-1.0)
    size = pl.when(pl.col("direction") != 0).then(sign * pl.coalesce("charge", "integral_charge")).otherwise(
        pl.col("charge").abs().fill_null(0.0)
    )  # fmt: skip
    inside = steps.filter(pl.col("half_cycle").is_not_null()).select(
        "step", "half_cycle", (pl.col("control") == "cc").alias("cc"), sign.alias("sign"),
        pl.col("start_time").first().over("half_cycle").alias("begin"),
        (size.cum_sum().over("half_cycle") - size).alias("before"),
    )  # fmt: skip
    return curves.join(inside, on="step", how="inner", maintain_order="left").select(
        pl.lit(sample.name).alias("sample"), "half_cycle", (pl.col("before") + pl.col("sign") * pl.col("charge")).alias("charge"),
        "voltage", "current", (pl.col("time") - pl.col("begin")).alias("time"), "cc",
    )  # fmt: skip


def _sources(items: Sequence[Measurement]) -> pl.DataFrame:
    """The raw files of the specimen, so that what follows can name what it decides about."""
    rows = [(item.sample.name, item.part, item.source.path, item.source.sha256) for item in items]
    types = {"sample": pl.String, "part": pl.Int64, "path": pl.String, "sha256": pl.String}
    return pl.DataFrame(rows, schema=types, orient="row")


def _declared(items: Sequence[Measurement], half_cycles: pl.DataFrame) -> pl.DataFrame:
    """What the conditions of comparison need: mass (kg), temperature (degC), and whether cycles lack a C-rate."""
    mass = items[0].sample.active_mass
    confirmed = mass is not None and mass.confirmed and mass.value > 0
    temperatures = [item.state["temperature"].value for item in items if "temperature" in item.state]
    done = half_cycles.filter(pl.col("complete"))
    return pl.DataFrame(
        {
            "sample": [items[0].sample.name],
            "mass": [mass.value if mass is not None and confirmed else None],
            "mass_doubted": [mass is not None and not confirmed],
            "temperature": [temperatures[0] if temperatures else None],
            "complete": [done.height],
            "unrated": [done.get_column("rate").null_count()],
        },
        schema={
            "sample": pl.String, "mass": pl.Float64, "mass_doubted": pl.Boolean, "temperature": pl.Float64,
            "complete": pl.Int64, "unrated": pl.Int64,
        },
    )  # fmt: skip
