"""What happened in a cycler file, step by step, and does the file agree with itself?

One pass over the rows with bounded memory (`counting_pass`), runs merged into steps (`counting_steps`), the charge of
each step from counter or integral (`counting_charge`), and the self-check (`counting_checks`). The wall clock is never
used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from interlith.physics.counting_block import Clock
from interlith.physics.counting_charge import Charges, charges
from interlith.physics.counting_checks import Decision, Notice, check, word_decisions
from interlith.physics.counting_pass import Pass
from interlith.physics.counting_points import Points
from interlith.physics.counting_steps import Kinds, Resolved, kinds, resolve
from interlith.physics.counting_table import curve_table, step_table

#: Rows taken from the file at once.
BATCH_ROWS = 100_000
_SIDES = (
    (("up", "charge_counter"), ("down", "discharge_counter")),
    (("up", "capacity_counter"), ("down", "capacity_counter")),
)
_ENERGY_SIDES = (
    (("up_energy", "charge_energy_counter"), ("down_energy", "discharge_energy_counter")),
    (("up_energy", "energy_counter"), ("down_energy", "energy_counter")),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Steps, curves and self-check of one file.

    Parameters
    ----------
    steps
        One row a step in file order: ``step`` (from 1), ``first_row``, ``last_row`` (from 1), ``rows``, ``start_time``,
        ``end_time`` (s), ``step_type``, ``direction`` (1, -1, 0), ``control`` (``cc``, ``cv`` or empty),
        ``vendor_cycle``, ``vendor_step``, ``vendor_step_type``, ``charge``, ``charge_std`` (Ah, positive, null where
        withheld), ``charge_method``, ``counter_charge``, ``counter_std``, ``integral_charge``, ``integral_std``,
        ``ticks_charge``, ``ticks_std``, ``counter_start`` (Ah), ``mean_voltage``, ``voltage_std`` (V),
        ``energy_counter``, ``energy_integral`` (Wh), ``voltage_start``, ``voltage_end``, ``voltage_min``,
        ``voltage_max`` (V), ``current_start``, ``current_end``, ``current_median`` (A), ``running_charge`` (A s),
        ``lead`` (Ah), ``flag``.
    curves
        Thinned points of the steps under current: ``step``, ``time`` (s), ``current`` (A), ``voltage`` (V), ``charge``
        (Ah since the start of the step, positive, on the scale of the chosen charge).
    rows
        Rows read.
    notices
        What the self-check noticed.
    decisions
        Automatic decisions.
    resolution
        Decimal steps found: ``current`` (A) and ``voltage`` (V).
    """

    steps: pl.DataFrame
    curves: pl.DataFrame
    rows: int
    notices: tuple[Notice, ...]
    decisions: tuple[Decision, ...]
    resolution: dict[str, float]


def count(frame: pl.LazyFrame, columns: Sequence[str], *, batch_rows: int = BATCH_ROWS) -> Counted:
    """Pass once over the rows of a file and say what happened in each step.

    Parameters
    ----------
    frame
        Rows in file order with the names and inside units of `interlith.units.QUANTITIES`.
    columns
        Names of the columns that the frame holds; ``test_time``, ``current`` and ``voltage`` are needed.
    batch_rows
        Rows held at once; does not change the answer.

    Raises
    ------
    ValueError
        If a needed column is missing.
    """
    chosen = _columns(columns)
    reader = Pass(chosen)
    wanted = list(dict.fromkeys(chosen.values()))
    for batch in frame.select(wanted).collect_batches(chunk_size=batch_rows, maintain_order=True):
        reader.feed(batch)
    if not reader.any_row:
        return _nothing(reader.clock)
    runs, points = reader.finish()
    resolved = resolve(runs, reader.words)
    words = {code: text for text, code in reader.words.items()}
    found = kinds(resolved, points, words)
    passed = charges(resolved.runs, resolved.direction, resolved.gap, points)
    return _counted(reader, words, resolved, found, passed, points)


def self_check(counted: Counted) -> tuple[Notice, ...]:
    """What the file says against itself; each notice has ``code``, ``message``, ``where`` and ``severity``."""
    return counted.notices


def _counted(
    reader: Pass,
    words: dict[int, str | None],
    resolved: Resolved,
    found: Kinds,
    passed: Charges,
    points: Points,
) -> Counted:
    steps = step_table(resolved, found, passed, points, words, reader.columns)
    curves = curve_table(steps, points)
    resolution = {
        "current": passed.current_resolution,
        "voltage": _voltage_resolution(points),
    }
    notices = check(steps, resolved, passed, reader.clock)
    decisions = word_decisions(steps)
    return Counted(steps, curves, reader.clock.rows, notices, decisions, resolution)


def _voltage_resolution(points: Points) -> float:
    from interlith.physics.resolution import resolution

    return resolution(points.voltage)


def _columns(columns: Sequence[str]) -> dict[str, str]:
    for name in ("test_time", "current", "voltage"):
        if name not in columns:
            raise ValueError(f"the table has no column '{name}'; it has {', '.join(columns)}")
    chosen = {"time": "test_time", "current": "current", "voltage": "voltage"}
    markers = {"cycle": "vendor_cycle", "step": "vendor_step", "word": "vendor_step_type"}
    chosen |= {name: column for name, column in markers.items() if column in columns}
    chosen |= {"record": "vendor_record"} if "vendor_record" in columns else {}
    for offers in (_SIDES, _ENERGY_SIDES):
        # One counter for both directions costs one column less than two.
        for pair in reversed(offers):
            if all(column in columns for _, column in pair):
                chosen |= dict(pair)
                break
    return chosen


def _nothing(clock: Clock) -> Counted:
    empty = np.empty(0)
    notice = Notice("no_rows", "the file holds no row with time, current and voltage", "", "error")
    steps = pl.DataFrame({"step": empty.astype(np.int64)})
    return Counted(steps, pl.DataFrame({"step": empty.astype(np.int64)}), clock.rows, (notice,), (), {})
