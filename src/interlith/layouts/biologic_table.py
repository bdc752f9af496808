"""How do BioLogic's columns become canonical ones: which voltage, which current, which charge and energy in which direction?

Text exports and .mpr files hand over the same columns under the keys of `biologic_columns`, in inside units. Charge is kept
as a signed sum (``(Q-Qo)``), as increments (``dq``) or within half cycles; all become two counters that only grow, by
their increments, so that a counter that begins anew in every half cycle loses nothing at its turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlith.errors import ReadError, nearest
from interlith.layouts.biologic_columns import VOLTAGES
from interlith.layouts.lazy_text import Remark

#: Value of ``mode`` -> what the tester does.
MODES = {1: "galvanostatic", 2: "potentiostatic", 3: "open circuit"}
GALVANOSTATIC, REST = 1, 3
#: Columns taken as the voltage, best first: what EC-Lab controls and counts energy by goes before averages.
_VOLTAGES = ("ecell", "ewe", "ewe_ece", "ecell_mean", "ewe_mean")
#: A counter electrode that moves by more than this (V) is one of three.
_COUNTER_ELECTRODE = 0.005
_PRINTED = {"charge": "(Q-Qo)", "half_charge": "Q charge/discharge", "dq": "dq", "charge_coarse": "(Q-Qo)/C"}
#: A pause lasts longer than this (s) and this many times the intervals beside it; behind one, a sum that is smaller than this
#: share of its own step was set back.
_PAUSE, _PAUSED, _SET_BACK = 1.0, 10.0, 0.1
#: Two ways to count one charge differ by rounding only: by this share, or this many Ah.
_AGREEMENT, _FLOOR = 1e-4, 1e-9


@dataclass(frozen=True, slots=True)
class Chosen:
    """Canonical expressions, in order, and what was noticed while choosing them."""

    columns: Mapping[str, pl.Expr]
    remarks: tuple[Remark, ...]


def choose(
    names: Collection[str], seen: pl.DataFrame, options: Mapping[str, Any], *, rests: bool, where: str
) -> Chosen:
    """Choose the canonical columns of a cycling file.

    Parameters
    ----------
    names
        Keys of the columns that the file holds.
    seen
        Rows looked at (all of a .mpr, the ends of a text), under the same keys.
    options
        What the user declares: ``mapping: {voltage: Ewe-Ece/V}``.
    rests
        Whether the technique is one at open circuit.
    where
        Name of the file for messages.

    Raises
    ------
    ReadError
        If there is no time or voltage, or nothing that gives a current.
    """
    if "time" not in names:
        raise ReadError(f"{where}: there is no column time/s; export the file again with the time.")
    remarks: list[Remark] = []
    columns: dict[str, pl.Expr] = {"test_time": pl.col("time")}
    columns["current"] = _current(names, seen, rests, remarks, where)
    columns["voltage"] = _voltage(names, seen, options, remarks, where)
    columns |= _counters(names, seen, remarks)
    columns |= _vendor(names, remarks)
    if "temperature" in names:
        columns["temperature"] = pl.col("temperature")
    if "error" in names and (errors := int(seen["error"].cast(pl.Int64).fill_null(0).gt(0).sum())):
        remarks.append(
            Remark(
                "instrument_error", f"{errors} of the {seen.height} records looked at carry the tester's error mark."
            )
        )
    return Chosen(columns, tuple(remarks))


def _voltage(
    names: Collection[str], seen: pl.DataFrame, options: Mapping[str, Any], remarks: list[Remark], where: str
) -> pl.Expr:
    declared = options.get("mapping", {}).get("voltage") if isinstance(options.get("mapping"), Mapping) else None
    if declared in VOLTAGES:
        if declared == "Ewe-Ece/V" and "ewe_ece" not in names and {"ewe", "ece"} <= set(names):
            return pl.col("ewe") - pl.col("ece")
        if VOLTAGES[declared] in names:
            return pl.col(VOLTAGES[declared])
        held = [name for name, key in VOLTAGES.items() if key in names]
        raise ReadError(
            f"{where}: there is no column '{declared}', which is declared as the voltage; {nearest(declared, held)}."
        )
    key = next((key for key in _VOLTAGES if key in names), None)
    if key is None:
        raise ReadError(f"{where}: there is no column Ewe/V or Ecell/V; export the file again with the voltage.")
    if key.endswith("mean"):
        remarks.append(
            Remark("mean_voltage", "The file holds only the voltage averaged since the record before.", "", "note")
        )
    if key == "ewe" and "ece" in names:
        moved = seen["ece"].filter(seen["ece"].is_finite()).abs().max()
        largest = float(str(moved)) if moved is not None else 0.0
        if largest > _COUNTER_ELECTRODE:
            remarks.append(
                Remark(
                    "three_electrodes",
                    f"The file holds the counter electrode (Ece up to {largest:.4g} V) beside Ewe; the voltage is Ewe, against "
                    "the reference electrode. For the cell voltage declare `mapping: {voltage: Ewe-Ece/V}`.",
                )
            )
    return pl.col(key)


def _current(names: Collection[str], seen: pl.DataFrame, rests: bool, remarks: list[Remark], where: str) -> pl.Expr:
    if "current" in names:
        return pl.col("current")
    if "current_mean" in names:
        remarks.append(
            Remark(
                "mean_current",
                "The file holds only the current averaged since the record before; a record at the start of a step carries that "
                "of its first interval.",
                "",
                "note",
            )
        )
        return pl.col("current_mean")
    if charge_column(names):
        remarks.append(
            Remark(
                "current_from_charge",
                "The file holds no current: it is the charge since the record before over the time since then, as EC-Lab "
                "itself exports <I>; a record without such an interval takes that of the next one in its step.",
                "",
                "note",
            )
        )
        return _from_charge(names)
    return _without_charge(names, seen, rests, remarks, where)


def _without_charge(
    names: Collection[str], seen: pl.DataFrame, rests: bool, remarks: list[Remark], where: str
) -> pl.Expr:
    """The current where neither it nor a charge is stored: none at rest, else what the tester was set to."""
    modes = set(seen["mode"].drop_nulls().unique().to_list()) if "mode" in names else set()
    if modes == {REST} or (rests and not modes):
        remarks.append(
            Remark(
                "current_at_rest", "The file holds no current; all of it is at open circuit, so it is zero.", "", "note"
            )
        )
        return pl.when(pl.col("mode") == REST).then(0.0) if modes else pl.lit(0.0)
    if "control" in names and modes and modes <= {GALVANOSTATIC, REST}:
        remarks.append(
            Remark(
                "current_from_control",
                "The file holds neither current nor charge: the current is the one that the tester was set to, which nobody "
                "measured.",
            )
        )
        return pl.when(pl.col("mode") == REST).then(0.0).otherwise(pl.col("control"))
    raise ReadError(
        f"{where}: there is neither a current (I/mA, <I>/mA) nor a charge (dq/mA.h) to take it from; export the file again as "
        "text with the current."
    )


def _from_charge(names: Collection[str]) -> pl.Expr:
    """Mean current of the interval before each record (A); where there is none, that of the interval behind it."""
    passed = _increment("dq" if "dq" in names else charge_column(names), names)
    elapsed = pl.col("time").diff()
    own = (elapsed > 0) & ~pl.col("loop") if "loop" in names else elapsed > 0
    mean = pl.when(own).then(passed * 3600.0 / elapsed)
    behind = mean.shift(-1)
    if "sequence" in names:
        behind = pl.when(pl.col("sequence") == pl.col("sequence").shift(-1)).then(behind)
    filled = pl.coalesce(mean, behind, mean.shift(1))
    return pl.when(pl.col("mode") == REST).then(0.0).otherwise(filled) if "mode" in names else filled


def paused() -> pl.Expr:
    """Records behind a pause, in which another technique may have run; for exports that list no loops."""
    elapsed = pl.col("time").diff()
    around = pl.max_horizontal(elapsed.shift(1), elapsed.shift(-1))
    return ((elapsed > _PAUSE) & (elapsed > _PAUSED * around)).fill_null(False)


def charge_column(names: Collection[str]) -> str:
    """The column that charge is counted by, best first; empty if there is none.

    Notes
    -----
    A running sum goes before increments: rows that were left out of an export take their increments with them.
    """
    usable = [name for name in ("charge", "half_charge", "dq", "charge_coarse") if name in names]
    return next((name for name in usable if name != "half_charge" or "half" in names), "")


def _increment(name: str, names: Collection[str]) -> pl.Expr:
    """Signed charge since the record before (Ah); what passed before the first record is not in the file.

    Notes
    -----
    In a chain of techniques (Q-Qo) is set back when a loop comes round, but not at the loops inside Modulo Bat; and the sum
    of a half cycle goes on while other techniques run. At such a turn the sum was set back if that explains it by less charge.
    """
    value = _finite(name)
    if name == "dq":
        return value
    step = value.forward_fill().diff().fill_null(0.0)
    turn = next((pl.col(key) for key in ("loop", "pause") if key in names), None)
    if name == "half_charge":
        # The sum of a half cycle begins at zero with it, so its first value is what passed since the record before.
        same = (pl.col("half") == pl.col("half").shift(1)).fill_null(True)
        anew = value if turn is None else pl.when(turn).then(0.0).otherwise(value)
        return pl.when(same).then(step).otherwise(anew)
    if turn is None:
        return step
    share = 1.0 if "loop" in names else _SET_BACK
    return pl.when(turn & (value.abs() <= share * step.abs())).then(value).otherwise(step)


def _finite(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_finite()).then(pl.col(name))


def _grown(value: pl.Expr) -> pl.Expr:
    """What an unsigned counter that may begin anew has grown in all."""
    step = value.diff().fill_null(0.0)
    return pl.when(step >= 0).then(step).otherwise(value).cum_sum()


def _counters(names: Collection[str], seen: pl.DataFrame, remarks: list[Remark]) -> dict[str, pl.Expr]:
    columns: dict[str, pl.Expr] = {}
    held = set(names)
    if counted := charge_column(held):
        passed = _increment(counted, held).fill_null(0.0)
        columns["charge_counter"] = passed.clip(lower_bound=0.0).cum_sum()
        columns["discharge_counter"] = (-passed).clip(lower_bound=0.0).cum_sum()
        remarks += _unreadable(counted, seen)
    elif held >= {"charge_up", "charge_down"}:
        columns["charge_counter"] = _grown(_finite("charge_up").abs())
        columns["discharge_counter"] = _grown(_finite("charge_down").abs())
    if held >= {"energy_up", "energy_down"}:
        columns["charge_energy_counter"] = _grown(_finite("energy_up").abs())
        columns["discharge_energy_counter"] = _grown(_finite("energy_down").abs())
    elif "energy" in held:
        columns["energy_counter"] = _grown(_finite("energy").abs())
    return columns


def _unreadable(name: str, seen: pl.DataFrame) -> list[Remark]:
    bad = seen.height - int(seen[name].is_finite().fill_null(False).sum())
    if not bad:
        return []
    message = (
        f"{bad} records have no finite charge ({name}); the counters take no charge in them and may fall short by it."
    )
    return [Remark("charge_unreadable", message)]


def _vendor(names: Collection[str], remarks: list[Remark]) -> dict[str, pl.Expr]:
    columns: dict[str, pl.Expr] = {}
    if "cycle" in names:
        columns["vendor_cycle"] = pl.col("cycle").cast(pl.Int64)
    elif "half" in names:
        columns["vendor_cycle"] = pl.col("half").cast(pl.Int64) // 2
        remarks.append(
            Remark(
                "cycle_from_half_cycles", "The file counts half cycles; two of them are one vendor's cycle.", "", "note"
            )
        )
    if "sequence" in names:
        columns["vendor_step"] = pl.col("sequence").cast(pl.Int64)
    if "mode" in names:
        columns["vendor_step_type"] = (
            pl.col("mode").cast(pl.Int64).replace_strict(MODES, default=None, return_dtype=pl.String)
        )
    return columns


def disagreement(frame: pl.DataFrame) -> tuple[Remark, ...]:
    """What the ways to count one charge say against each other in a whole table under keys."""
    counted = charge_column(frame.columns)
    others = [name for name in ("dq", "half_charge") if name in frame.columns and name != counted]
    others = [name for name in others if name != "half_charge" or "half" in frame.columns]
    remarks = []
    for other in others if counted else ():
        passed = _increment(other, frame.columns).fill_null(0.0)
        apart = (_increment(counted, frame.columns).fill_null(0.0).cum_sum() - passed.cum_sum()).abs()
        wanted = (apart.max().alias("worst"), apart.arg_max().alias("row"), passed.abs().sum().alias("throughput"))
        worst, row, throughput = frame.lazy().select(wanted).collect().row(0)
        if worst is not None and worst > _AGREEMENT * throughput + _FLOOR:
            message = (
                f"The charge counted by {_PRINTED[counted]} and by {_PRINTED[other]} differs by up to {worst * 1e3:.4g} mAh: records "
                f"are missing or damaged, or a sum was set back. The counters are made of {_PRINTED[counted]}."
            )
            remarks.append(Remark("charges_disagree", message, f"row {row + 1}"))
    return tuple(remarks[:1])
