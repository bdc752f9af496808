"""Is anything in a cycler file missing, doubled or so far out of line that a charge hangs on it?

What the vendor's own numbers of the records show (`counting_rows`), stretches without rows behind which current flowed, and
charges that are known to a few percent only because rows are far apart, or one of them stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interlith.physics.counting_notices import Notice
from interlith.physics.counting_rows import Rows
from interlith.physics.counting_runs import Flags, Floats, Integers

SECONDS_AN_HOUR = 3600.0

#: A charge whose standard uncertainty is above this share is told ...
UNSURE_SHARE = 0.004
#: ... unless it is below this share of the largest of the file.
SMALL_SHARE = 1e-3
#: No cell is cycled for longer (s, 20 years) without a restart, and records under current are never this far apart (s) as a
#: rule, which steps of more than so many rows show.
LONGEST, SPARSEST, LEAST_ROWS = 6.3e8, 3600.0, 5
#: A counter that took so much of what may have passed while rows are missing has gone on.
COUNTED_SHARE = 0.3
#: So many single rows against the current of their step may be misread; more are a profile.
FEW_AGAINST = 3
#: Over a stretch without rows and without current the voltage of a cell relaxes by less than this share of its window.
RELAXED_SHARE = 0.25
#: Where steps begin sooner than this share of the time between rows behind the last row of the one before, rows end steps.
ENDED = 0.25


def missing(steps: pl.DataFrame, rows: Rows) -> list[Notice]:
    """All notices about missing, doubled and outlying rows."""
    known = _arrays(steps)
    return [
        *_records(rows), *_fields(rows), *_unsure(steps, known), *_against(steps, known), *_ends(known),
        *_hidden(steps, known), *_length(known),
    ]  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class _Steps:
    """Columns of the step table as arrays; where there is no number it is nan. `usual` is the time between rows (s)."""

    first: Integers
    last: Integers
    rows: Integers
    direction: Integers
    gap: Flags
    start: Floats
    end: Floats
    usual: Floats
    current_end: Floats
    charge: Floats
    std: Floats
    counter: Floats
    integral: Floats

    @property
    def wait(self) -> Floats:
        """Time (s) to the next step, and nan behind the last."""
        return np.append(self.start[1:] - self.end[:-1], np.nan)


def _arrays(steps: pl.DataFrame) -> _Steps:
    def of(name: str) -> Floats:
        return steps.get_column(name).cast(pl.Float64).fill_null(np.nan).to_numpy()

    rows, start, end = steps.get_column("rows").to_numpy(), of("start_time"), of("end_time")
    return _Steps(
        first=steps.get_column("first_row").to_numpy(), last=steps.get_column("last_row").to_numpy(), rows=rows,
        direction=steps.get_column("direction").to_numpy(), gap=(steps.get_column("step_type") == "gap").to_numpy(),
        start=start, end=end, usual=(end - start) / np.maximum(rows - 1, 1), current_end=np.abs(of("current_end")),
        charge=np.abs(of("charge")), std=of("charge_std"), counter=of("counter_charge"), integral=of("integral_charge"),
    )  # fmt: skip


def _place(steps: _Steps, spot: int) -> str:
    return f"rows {steps.first[spot]}-{steps.last[spot]}"


def _unsure(steps: pl.DataFrame, known: _Steps) -> list[Notice]:
    """Charges that could be a percent off because of how the current was sampled, or because of one outlying row."""
    moving = (known.direction != 0) & (steps.get_column("flag") == "").to_numpy() & np.isfinite(known.charge)
    if not moving.any():
        return []
    size = known.charge
    bad = moving & (size > SMALL_SHARE * size[moving].max()) & (known.std > UNSURE_SHARE * size)
    bad &= (steps.get_column("charge_method") != "counter_ticks").to_numpy()
    if not bad.any():
        return []
    spot = int(np.argmax(np.where(bad, known.std / np.where(size > 0, size, np.inf), -1.0)))
    message = (
        f"the charge of {bad.sum()} of {moving.sum()} steps is known to more than {100 * UNSURE_SHARE:g} % only: step {spot + 1} "
        f"{1e3 * size[spot]:.6g} +- {1e3 * known.std[spot]:.2g} mAh ({100 * known.std[spot] / size[spot]:.2g} %). Rows are far "
        "apart where the current changes, rows are missing at its ends, or a single row stands out."
    )
    return [Notice("charge_uncertain", message, _place(known, spot))]


def _against(steps: pl.DataFrame, known: _Steps) -> list[Notice]:
    """Single rows whose current has the other sign than the rows on both sides, in the middle of one vendor's step."""
    way = known.direction
    lone = np.zeros(way.size, dtype=np.bool_)
    lone[1:-1] = (known.rows[1:-1] == 1) & (way[1:-1] != 0) & (way[:-2] == -way[1:-1]) & (way[2:] == -way[1:-1])
    if not lone.any():
        return []
    markers = steps.select("vendor_cycle", "vendor_step", "vendor_step_type").rows()
    found = [spot for spot in np.flatnonzero(lone).tolist() if markers[spot - 1] == markers[spot] == markers[spot + 1]]
    if not 0 < len(found) <= FEW_AGAINST:
        return []
    before, own, after = (
        1e3 * steps.item(found[0] + shift, name)
        for shift, name in ((-1, "current_end"), (0, "current_start"), (1, "current_start"))
    )
    message = (
        f"{len(found)} single rows have a current against that of the step around them: {own:.4g} mA between {before:.4g} and "
        f"{after:.4g} mA. A sign or a digit was probably lost; what the half-cycle passed is not sure."
    )
    return [Notice("row_against_step", message, f"row {known.first[found[0]]}")]


def _length(known: _Steps) -> list[Notice]:
    """A test longer than any, or records under current further apart than anybody keeps them: the time is in another unit."""
    moving = (known.direction != 0) & (known.rows > LEAST_ROWS)
    apart = float((known.end - known.start)[moving].sum() / (known.rows[moving] - 1).sum()) if moving.any() else 0.0
    lasted = float(known.end.max() - known.start.min())
    if lasted <= LONGEST and apart <= SPARSEST:
        return []
    spaced = f", with records {apart / 60:.3g} min apart under current" if apart else ""
    message = (
        f"read as it is written the test lasted {lasted / 86400:.4g} days{spaced}: the time is probably in another unit, or a time is "
        "misread, and charges by the integral are wrong by that factor."
    )
    return [Notice("time_implausible", message)]


def _ends(known: _Steps) -> list[Notice]:
    """Steps under current after which the rows go on later than either step's rows would, and no counter went on."""
    if known.rows.size < 2:
        return []
    wait = known.wait
    passed = wait * known.current_end / SECONDS_AN_HOUR
    after = np.append(known.rows[1:], 0)
    seen = (known.direction != 0) & (known.rows > 2) & (after > 2)
    longer = np.maximum(known.usual, np.append(known.usual[1:], 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        # Most makers write a row where a step ends. In such a file a step without it has lost its last row.
        shares = (wait / known.usual)[seen]
        shares = shares[np.isfinite(shares)]
        ended = shares.size > 2 and float(np.median(shares)) < ENDED
        late = wait > (0.5 * known.usual if ended else 1.5 * longer)
        counted = known.counter - known.integral + 0.5 * passed > COUNTED_SHARE * passed
        whole = (known.direction != 0) & (known.rows > 2) & (after > 0) if ended else seen
        found = whole & late & (passed > UNSURE_SHARE * known.charge) & ~counted
    if not found.any():
        return []
    spot = int(np.argmax(found))
    message = (
        f"after {found.sum()} steps under current rows are missing: step {spot + 1} has a row every {known.usual[spot]:.4g} s, and "
        f"the next step begins {wait[spot]:.4g} s after its last one. What it passed there is not counted."
    )
    return [Notice("rows_missing", message, f"row {known.last[spot]}")]


def _hidden(steps: pl.DataFrame, known: _Steps) -> list[Notice]:
    """Stretches without rows behind which the cell was charged or discharged, and not all of it is counted."""
    spots = np.flatnonzero(known.gap)
    spots = spots[(spots > 0) & (spots < known.gap.size - 1)]
    if spots.size == 0:
        return []
    before, after = known.direction[spots - 1], known.direction[spots + 1]
    unknown = ~np.isfinite(known.charge[spots])
    ends = steps.select("voltage_start", "voltage_end").to_numpy()[spots]
    moved = ends[:, 1] - ends[:, 0]
    high, low = float(str(steps.get_column("voltage_max").max())), float(str(steps.get_column("voltage_min").min()))
    # Under a charging current the voltage is higher than before it at rest, never lower.
    jumped = (np.abs(moved) > RELAXED_SHARE * (high - low)) & (moved * after <= 0)
    # A counter that stands at zero on both sides may have counted and been set back in between.
    uncounted = unknown | (known.charge[spots] == 0)
    hidden = spots[jumped & uncounted & (before == 0)]
    found = []
    if hidden.size:
        first, last = steps.item(int(hidden[0]), "voltage_start"), steps.item(int(hidden[0]), "voltage_end")
        message = (
            f"over {hidden.size} stretches without rows the voltage at rest changed as it only does under current: from "
            f"{first:.4g} to {last:.4g} V. Charges or discharges are missing from the file."
        )
        found.append(Notice("current_unseen", message, _place(known, int(hidden[0]))))
    passed = (known.end - known.start)[spots] * known.current_end[spots - 1] / SECONDS_AN_HOUR
    larger = UNSURE_SHARE * np.fmax(known.charge[spots - 1], known.charge[spots + 1])
    # Between two steps the same way the counter of the gap is taken in; elsewhere nothing takes it.
    inside = (before == after) & (before != 0) & (known.charge[spots + 1] > 0) & (known.charge[spots - 1] > 0)
    begun = (known.end - known.start)[spots] * np.abs(steps.get_column("current_start").to_numpy()[spots + 1])
    # Without any counter nothing shows when the step behind began.
    unseen = (after != 0) & ~np.isfinite(known.counter[spots + 1]) & (begun / SECONDS_AN_HOUR > larger)
    coarse = inside & (steps.get_column("counter_std").to_numpy()[spots + 1] > larger)
    with np.errstate(invalid="ignore"):
        under = spots[
            (unknown & (before != 0) & (passed > larger)) | (~inside & (known.charge[spots] > larger))
            | (unknown & unseen) | (~unknown & coarse)
        ]  # fmt: skip
    if under.size:
        message = (
            f"{under.size} steps under current border on a stretch without rows: they went on in it or may have done so, and what "
            "they passed there is not counted, or by a coarse counter only."
        )
        found.append(Notice("current_unseen", message, _place(known, int(under[0]))))
    return found
