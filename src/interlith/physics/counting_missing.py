"""Is anything in a cycler file missing, doubled or so far out of line that a charge hangs on it?

What the vendor's own numbers of the records show (`counting_rows`), stretches without rows behind which current flowed, and
charges that are known to a few percent only because rows are far apart, or one of them stands alone.
"""

from __future__ import annotations

import polars as pl

from interlith.physics.counting_notices import Notice
from interlith.physics.counting_rows import Rows

#: A charge whose standard uncertainty is above this share is told ...
UNSURE_SHARE = 0.004
#: ... unless it is below this share of the largest of the file.
SMALL_SHARE = 1e-3
#: No cell is cycled for longer (s, 20 years) without a restart, and records under current are never this far apart (s) as a
#: rule, which steps of more than so many rows show.
LONGEST, SPARSEST, LEAST_ROWS = 6.3e8, 7200.0, 5
#: A counter that took so much of what may have passed while rows are missing has gone on.
COUNTED_SHARE = 0.3
#: So many single rows against the current of their step may be misread; more are a profile.
FEW_AGAINST = 3
#: Over a stretch without rows and without current the voltage of a cell relaxes by less than this share of its window.
RELAXED_SHARE = 0.25


def missing(steps: pl.DataFrame, rows: Rows) -> list[Notice]:
    """All notices about missing, doubled and outlying rows."""
    return [
        *_records(rows),
        *_fields(rows),
        *_unsure(steps),
        *_against(steps),
        *_ends(steps),
        *_hidden(steps),
        *_length(steps),
    ]


def _records(rows: Rows) -> list[Notice]:
    if not rows.numbered:
        return []
    found = []
    if (first := rows.first_missing) is not None:
        found.append(
            Notice(
                "records_missing",
                f"{rows.lost} records are missing in {rows.missing} places by the vendor's own numbers: {first.now} follows "
                f"{first.before}. What passed in them may be missing from the charges; export or copy the file again.",
                f"row {first.row}",
            )
        )
    if (first := rows.first_again) is not None:
        found.append(
            Notice(
                "records_again",
                f"the vendor's record numbers run back in {rows.again} places: {first.now} follows {first.before}. Rows stand "
                "twice or in another order, or two files were put together; export the file again, or give both files.",
                f"row {first.row}",
            )
        )
    return found


def _fields(rows: Rows) -> list[Notice]:
    found = rows.half_empty()
    if not found:
        return []
    name = min(found, key=lambda item: rows.first_empty[item])
    message = (
        f"{found[name]} rows have no value of {name}, which all others have"
        + (f"; so it is with {', '.join(other for other in found if other != name)}" if len(found) > 1 else "")
        + ". Fields of these rows are lost or have moved; look at them, or export the file again."
    )
    return [Notice("fields_empty", message, f"row {rows.first_empty[name]}")]


def _unsure(steps: pl.DataFrame) -> list[Notice]:
    """Charges that could be a percent off because of how the current was sampled, or because of one outlying row."""
    moving = steps.filter((pl.col("direction") != 0) & (pl.col("flag") == "") & pl.col("charge").is_not_null())
    if moving.is_empty():
        return []
    size = pl.col("charge").abs()
    bad = moving.filter(
        (size > SMALL_SHARE * size.max()) & (pl.col("charge_std") > UNSURE_SHARE * size)
        & (pl.col("charge_method") != "counter_ticks")
    )  # fmt: skip
    if bad.is_empty():
        return []
    row = bad.sort(pl.col("charge_std") / size, descending=True).row(0, named=True)
    share = 100 * row["charge_std"] / abs(row["charge"]) if row["charge"] else float("inf")
    message = (
        f"the charge of {bad.height} of {moving.height} steps is known to more than {100 * UNSURE_SHARE:g} % only: step "
        f"{row['step']} {1e3 * row['charge']:.6g} +- {1e3 * row['charge_std']:.2g} mAh ({share:.2g} %). Rows are far apart "
        "where the current changes, rows are missing at its ends, or a single row stands out."
    )
    return [Notice("charge_uncertain", message, f"rows {row['first_row']}-{row['last_row']}")]


def _against(steps: pl.DataFrame) -> list[Notice]:
    """Single rows whose current has the other sign than the rows on both sides, in the middle of one vendor's step."""
    beside = [
        pl.col(name).shift(way).alias(f"{name}_{word}")
        for name in ("direction", "vendor_cycle", "vendor_step", "vendor_step_type", "current_median")
        for way, word in ((1, "before"), (-1, "after"))
    ]
    same = [
        pl.col(name).eq_missing(pl.col(f"{name}_{word}"))
        for name in ("vendor_cycle", "vendor_step", "vendor_step_type")
        for word in ("before", "after")
    ]
    turned = (pl.col("direction_before") == -pl.col("direction")) & (pl.col("direction_after") == -pl.col("direction"))
    found = steps.with_columns(beside).filter((pl.col("rows") == 1) & (pl.col("direction") != 0) & turned, *same)
    if not 0 < found.height <= FEW_AGAINST:
        return []
    row = found.row(0, named=True)
    message = (
        f"{found.height} single rows have a current against that of the step around them: "
        f"{1e3 * row['current_start']:.4g} mA between {1e3 * row['current_median_before']:.4g} and "
        f"{1e3 * row['current_median_after']:.4g} mA. A sign or a digit was probably lost; what the half-cycle passed is not sure."
    )
    return [Notice("row_against_step", message, f"row {row['first_row']}")]


def _length(steps: pl.DataFrame) -> list[Notice]:
    """A test longer than any, or records under current further apart than anybody keeps them: the time is in another unit."""
    moving = steps.filter((pl.col("direction") != 0) & (pl.col("rows") > LEAST_ROWS))
    seconds = pl.col("end_time") - pl.col("start_time")
    apart = moving.select(seconds.sum() / (pl.col("rows") - 1).sum()).item() if moving.height else None
    lasted = float(str(steps.get_column("end_time").max())) - float(str(steps.get_column("start_time").min()))
    if lasted <= LONGEST and (apart is None or float(apart) <= SPARSEST):
        return []
    spaced = "" if apart is None else f", with records {float(apart) / 60:.3g} min apart under current"
    message = (
        f"read as it is written the test lasted {lasted / 86400:.4g} days{spaced}: the time is probably in another unit, or a time is "
        "misread, and charges by the integral are wrong by that factor."
    )
    return [Notice("time_implausible", message)]


def _ends(steps: pl.DataFrame) -> list[Notice]:
    """Steps under current after which the rows go on later than either step's rows would, and no counter went on."""
    usual = (pl.col("end_time") - pl.col("start_time")) / (pl.col("rows") - 1).clip(1)
    wait = pl.col("start_time").shift(-1) - pl.col("end_time")
    passed = wait * pl.col("current_end").abs() / 3600.0
    counted = pl.col("counter_charge") - pl.col("integral_charge") + 0.5 * passed
    seen = (pl.col("rows") > 2) & (pl.col("rows").shift(-1) > 2)
    late = wait > 1.5 * pl.max_horizontal(usual, usual.shift(-1))
    at_stake = passed > UNSURE_SHARE * pl.col("charge").abs()
    found = steps.with_columns(wait.alias("wait"), usual.alias("usual")).filter(
        (pl.col("direction") != 0) & seen & late & at_stake & ~(counted > COUNTED_SHARE * passed).fill_null(False)
    )
    if found.is_empty():
        return []
    row = found.row(0, named=True)
    message = (
        f"after {found.height} steps under current rows are missing: step {row['step']} has a row every {row['usual']:.4g} s, and "
        f"the next step begins {row['wait']:.4g} s after its last one. What it passed there is not counted."
    )
    return [Notice("rows_missing", message, f"row {row['last_row']}")]


def _hidden(steps: pl.DataFrame) -> list[Notice]:
    """Stretches without rows behind which the cell was charged or discharged, and not all of it is counted."""
    voltage = steps.get_column("voltage_max").max(), steps.get_column("voltage_min").min()
    window = float(str(voltage[0])) - float(str(voltage[1]))
    beside = steps.with_columns(
        pl.col("direction").shift(1).alias("before"), pl.col("direction").shift(-1).alias("after"),
        pl.col("rows").shift(1).alias("rows_before"), pl.col("charge").shift(1).alias("charge_before"),
        pl.col("current_end").shift(1).alias("current_before"), pl.col("charge").shift(-1).alias("charge_after"),
    )  # fmt: skip
    gaps = beside.filter(pl.col("step_type") == "gap")
    moved = pl.col("voltage_end") - pl.col("voltage_start")
    # Under a charging current the voltage is higher than before it at rest, never lower.
    jumped = (moved.abs() > RELAXED_SHARE * window) & (moved * pl.col("after") <= 0)
    hidden = gaps.filter(jumped & pl.col("charge").is_null() & (pl.col("before") == 0))
    found = []
    if hidden.height:
        row = hidden.row(0, named=True)
        found.append(
            Notice(
                "current_unseen",
                f"over {hidden.height} stretches without rows the voltage at rest changed as it only does under current: from "
                f"{row['voltage_start']:.4g} to {row['voltage_end']:.4g} V. Charges or discharges are missing from the file.",
                f"rows {row['first_row']}-{row['last_row']}",
            )
        )
    seconds = pl.col("end_time") - pl.col("start_time")
    passed = seconds * pl.col("current_before").abs() / 3600.0
    larger = UNSURE_SHARE * pl.max_horizontal(pl.col("charge_before").abs(), pl.col("charge_after").abs())
    # Between two steps the same way the counter of the gap is taken in; elsewhere nothing takes it.
    inside = (pl.col("before") == pl.col("after")) & (pl.col("before") != 0) & (pl.col("charge_after") != 0)
    unended = pl.col("charge").is_null() & (pl.col("before") != 0) & (passed > larger)
    untaken = (~inside & (pl.col("charge").abs() > larger)).fill_null(False)
    under = gaps.filter(unended | untaken)
    if under.height:
        row = under.row(0, named=True)
        found.append(
            Notice(
                "current_unseen",
                f"{under.height} steps under current border on a stretch without rows: they went on in it or may have done so, and "
                "passed more than is counted.",
                f"rows {row['first_row']}-{row['last_row']}",
            )
        )
    return found
