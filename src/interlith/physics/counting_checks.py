"""Does a cycler file agree with itself: counter with integral, energy with charge, voltage with a cell, clock with time?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interlith.physics.counting_block import Clock
from interlith.physics.counting_charge import AGREEMENT, Charges
from interlith.physics.counting_missing import missing
from interlith.physics.counting_notices import Notice as Notice
from interlith.physics.counting_steps import Resolved
from interlith.physics.counting_vendor_cycles import loops
from interlith.physics.step_words import step_word

#: A single cell lies between these voltages (V).
LOWEST_VOLTAGE, HIGHEST_VOLTAGE = -1.0, 6.0
#: Below this (V) only symmetric cells stay, and their voltage changes sign with the current.
FAINT_VOLTAGE = 0.01
#: Beyond this (V) nothing on a cell cycler is a voltage in volts: mV, or a decimal comma read as a separator.
ABSURD_VOLTAGE = 100.0
#: Energy counters may differ from charge times voltage by this share.
ENERGY_AGREEMENT = 0.01
#: A counter that moves at rest by more than this share of the largest step moves for real.
REST_DRIFT = 1e-3
#: A mistaken factor is named when the ratio lies within this share of it.
NEAR_FACTOR = 0.02
_CAUSES = (
    (1000.0, "a factor of 1000: one column in milli-units (mA, mAh) read as the other's unit"),
    (3600.0, "a factor of 3600: ampere seconds read as ampere hours"),
    (10.0, "a factor of 10: a wrong current range, or a decimal place lost"),
    (2.0, "a factor of 2: a wrong current range, or two parallel channels of which one is logged"),
    (60.0, "a factor of 60: minutes read as seconds or hours"),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """An automatic decision about a part of the file: what was taken, what else it could have been, how clear it was."""

    part: str
    field: str
    value: str
    runner_up: str
    margin: float
    reason: str


def check(steps: pl.DataFrame, resolved: Resolved, passed: Charges, clock: Clock) -> tuple[Notice, ...]:
    """All notices of a file, worst first."""
    found = [
        *_voltage(steps), *_counter(steps), *_energy(steps), *_at_rest(resolved), *_clock(clock), *_gaps(steps),
        *_coarse(steps, passed), *_vendor_cycles(steps), *missing(steps, clock.rows_seen),
    ]  # fmt: skip
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda item: rank[item.severity]))


def likely_cause(ratio: float) -> str:
    """Name the mistake that would explain a ratio of two numbers that ought to be equal; empty if none is near."""
    for size, words in _CAUSES:
        for target in (size, 1.0 / size):
            if abs(ratio / target - 1.0) < NEAR_FACTOR:
                return words
    return ""


def _voltage(steps: pl.DataFrame) -> list[Notice]:
    low, high = float(str(steps.get_column("voltage_min").min())), float(str(steps.get_column("voltage_max").max()))
    if low > 0 and high < FAINT_VOLTAGE and {1, -1} <= set(steps.get_column("direction").to_list()):
        message = (
            f"the voltage runs from {low:g} to {high:g} V and never changes sign with the current, which no cell does: it "
            "is probably a thousand times too small. Correct the export or declare the unit."
        )
        return [Notice("voltage_scale", message, "", "error")]
    if low == high and {1, -1} <= set(steps.get_column("direction").to_list()):
        message = (
            f"the voltage stands at {low:g} V through charge and discharge, which no cell does: another column was taken for it, or "
            "it was not recorded."
        )
        return [Notice("voltage_stands", message)]
    if low >= LOWEST_VOLTAGE and high <= HIGHEST_VOLTAGE:
        return []
    row = steps.filter((pl.col("voltage_max") > HIGHEST_VOLTAGE) | (pl.col("voltage_min") < LOWEST_VOLTAGE)).row(
        0, named=True
    )
    where = f"rows {row['first_row']}-{row['last_row']}"
    if max(abs(low), abs(high)) > ABSURD_VOLTAGE:
        message = (
            f"the voltage runs from {low:g} to {high:g} V, which no cell has: it is probably in mV, or a decimal comma "
            "was read as a separator; energies and mean voltages are withheld. Correct the export or declare the unit."
        )
        return [Notice("voltage_scale", message, where, "error")]
    message = (
        f"the voltage runs from {low:g} to {high:g} V, outside {LOWEST_VOLTAGE:g} to {HIGHEST_VOLTAGE:g} V of one cell."
    )
    return [Notice("voltage_range", message, where)]


def _counter(steps: pl.DataFrame) -> list[Notice]:
    bad = steps.filter(pl.col("flag").str.starts_with("counter_"))
    if bad.is_empty():
        return []
    worst = bad.filter(pl.col("flag") == "counter_contradicts")
    shown = worst if worst.height else bad
    row = shown.sort("counter_charge", descending=True, nulls_last=True).row(0, named=True)
    ratios = shown.select((pl.col("integral_charge") / pl.col("counter_charge")).median()).item()
    ratio = float(ratios) if ratios is not None else float("nan")
    cause = likely_cause(ratio)
    message = (
        f"in {bad.height} of {steps.filter(pl.col('direction') != 0).height} steps the vendor's counter and the integral "
        f"of the current disagree by more than {100 * AGREEMENT:g} % beyond their uncertainties: step {row['step']} "
        f"{1e3 * row['counter_charge']:.6g} mAh by the counter, {1e3 * row['integral_charge']:.6g} mAh by the integral "
        f"(ratio {ratio:.4g})." + (f" Likely {cause}." if cause else "")
    )
    if worst.height:
        message += f" No charge is given for {worst.height} of them."
    where = f"rows {row['first_row']}-{row['last_row']}"
    return [Notice("counter_disagrees", message, where, "error" if worst.height else "warning")]


def _energy(steps: pl.DataFrame) -> list[Notice]:
    # Charge by counter times mean voltage is compared, so that an error of the current is not blamed on the energy.
    expected = pl.coalesce("counter_charge", "integral_charge") * pl.col("mean_voltage").abs()
    used = steps.filter((pl.col("direction") != 0) & pl.col("energy_counter").is_not_null()).with_columns(
        expected.alias("expected")
    )
    if used.is_empty():
        return []
    from interlith.physics.resolution import resolution

    digit = resolution(used.get_column("energy_counter").to_numpy())
    play = pl.col("voltage_std") * pl.col("integral_charge").abs()
    charge_play = pl.col("counter_std").fill_null(0.0) * pl.col("mean_voltage").abs()
    floor = 1e-5 * float(str(used.get_column("expected").max()))
    apart = (pl.col("energy_counter") - pl.col("expected")).abs()
    bad = used.filter(
        (
            apart
            > ENERGY_AGREEMENT * pl.max_horizontal("energy_counter", "expected")
            + digit
            + 2 * play
            + 2 * charge_play
            + floor
        )
        & (pl.col("flag") == "")
    )
    if bad.is_empty():
        return []
    row = bad.sort("expected", descending=True).row(0, named=True)
    ratio = row["expected"] / row["energy_counter"] if row["energy_counter"] else float("inf")
    cause = likely_cause(ratio)
    message = (
        f"in {bad.height} of {used.height} steps the vendor's energy and charge times voltage disagree by more than "
        f"{100 * ENERGY_AGREEMENT:g} %: step {row['step']} {1e3 * row['energy_counter']:.6g} against "
        f"{1e3 * row['expected']:.6g} mWh." + (f" Likely {cause}." if cause else "")
    )
    return [Notice("energy_disagrees", message, f"rows {row['first_row']}-{row['last_row']}")]


def _at_rest(resolved: Resolved) -> list[Notice]:
    runs = resolved.runs
    moved = np.zeros(len(runs))
    for name in ("up", "down"):
        moved = np.fmax(moved, np.abs(getattr(runs, f"{name}_end") - getattr(runs, f"{name}_start")))
    at_rest = np.where(resolved.direction == 0, moved, 0.0)
    largest = float(np.max(moved, initial=0.0))
    if largest == 0.0 or float(at_rest.max()) <= REST_DRIFT * largest:
        return []
    spot = int(np.argmax(at_rest))
    message = (
        f"the counter moves by {1e3 * at_rest[spot]:.4g} mAh while the current reads zero: the current column is "
        "wrong there, or rows of it are missing."
    )
    return [Notice("counter_moves_at_rest", message, f"rows {runs.row_start[spot] + 1}-{runs.row_end[spot] + 1}")]


def _clock(clock: Clock) -> list[Notice]:
    found = []
    if clock.backwards:
        found.append(
            Notice(
                "time_runs_back",
                f"the device time runs back {clock.backwards} times, by up to {clock.largest_step_back:.6g} s; nothing is "
                "counted in those intervals.",
                f"row {clock.first_backwards}",
            )
        )
    if clock.unreadable:
        found.append(
            Notice(
                "rows_unreadable",
                f"{clock.unreadable} rows have no time, current or voltage that can be, and were left out.",
                f"row {clock.first_unreadable}",
            )
        )
    return found


def _gaps(steps: pl.DataFrame) -> list[Notice]:
    gaps = steps.filter(pl.col("step_type") == "gap")
    if gaps.is_empty():
        return []
    longest = float(str(gaps.select((pl.col("end_time") - pl.col("start_time")).max()).item()))
    message = (
        f"{gaps.height} stretches of time have no rows, the longest {longest / 3600:.3g} h (another technique, a pause or "
        "a power cut); the integral takes no charge in them, a counter that "
        "went on is believed."
    )
    return [Notice("gaps", message, f"rows {gaps['first_row'][0]}-{gaps['last_row'][0]}", "note")]


def _coarse(steps: pl.DataFrame, passed: Charges) -> list[Notice]:
    ticked = steps.filter(pl.col("charge_method") == "counter_ticks")
    if ticked.is_empty():
        return []
    row = ticked.sort("charge", descending=True, nulls_last=True).row(0, named=True)
    message = (
        f"the counter is coarse and the current is printed to {passed.current_resolution:g} A: the charge of "
        f"{ticked.height} steps is read where the counter steps (step {row['step']}: {1e3 * row['charge']:.6g} +- "
        f"{1e3 * row['charge_std']:.2g} mAh; counter {1e3 * row['counter_charge']:.6g} +- {1e3 * row['counter_std']:.2g}, "
        f"integral {1e3 * row['integral_charge']:.6g} +- {1e3 * row['integral_std']:.2g} mAh)."
    )
    return [Notice("coarse_counter", message, f"rows {row['first_row']}-{row['last_row']}", "note")]


def _vendor_cycles(steps: pl.DataFrame) -> list[Notice]:
    said = loops(steps)
    return [Notice("vendor_cycle_loops", said, "", "note")] if said else []


def word_decisions(steps: pl.DataFrame) -> tuple[Decision, ...]:
    """Where the vendor's word for a step and its data differ: one decision for every pair of words."""
    if "vendor_step_type" not in steps.columns or steps.is_empty():
        return ()
    pairs = (
        steps.filter((pl.col("step_type") != "gap") & pl.col("vendor_step_type").is_not_null())
        .group_by("vendor_step_type", "step_type", "direction", "control", maintain_order=True)
        .agg(pl.len().alias("count"), pl.first("step"), pl.col("rows").sum())
    )
    made = []
    for row in pairs.iter_rows(named=True):
        word = step_word(row["vendor_step_type"])
        ours = {1: "charge", -1: "discharge", 0: "rest"}[row["direction"]]
        turned = word.direction not in ("", ours)
        other = word.control in ("cc", "cv") and row["control"] in ("cc", "cv") and word.control != row["control"]
        if turned or other:
            made.append(
                Decision(
                    f"step/{row['step']}", "step_type", row["step_type"], row["vendor_step_type"], 0.5,
                    f"{row['count']} steps ({row['rows']} rows) that the vendor calls '{row['vendor_step_type']}' are "
                    f"{row['step_type'].replace('_', ' ')} by their current and voltage.",
                )
            )  # fmt: skip
    return tuple(made)
