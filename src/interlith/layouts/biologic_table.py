"""How do BioLogic's columns become canonical ones: which voltage, and which current?

Text exports and .mpr files hand over the same columns under the keys of `biologic_columns`, in inside units.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from interlith.errors import ReadError, nearest
from interlith.layouts.biologic_charge import charge_column, counters, increment
from interlith.layouts.biologic_columns import VOLTAGES
from interlith.layouts.lazy_text import Remark

#: Value of ``mode`` -> what the tester does.
MODES = {1: "galvanostatic", 2: "potentiostatic", 3: "open circuit"}
GALVANOSTATIC, REST = 1, 3
#: Columns taken as the voltage, best first: what EC-Lab controls and counts energy by goes before averages.
_VOLTAGES = ("ecell", "ewe", "ewe_ece", "ecell_mean", "ewe_mean")
#: A counter electrode that moves by more than this (V) is one of three.
_COUNTER_ELECTRODE = 0.005


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
    columns |= counters(names, seen, remarks)
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
    passed = increment("dq" if "dq" in names else charge_column(names), names)
    elapsed = pl.col("time").diff()
    own = (elapsed > 0) & ~pl.col("loop") if "loop" in names else elapsed > 0
    mean = pl.when(own).then(passed * 3600.0 / elapsed)
    behind = mean.shift(-1)
    if "sequence" in names:
        behind = pl.when(pl.col("sequence") == pl.col("sequence").shift(-1)).then(behind)
    filled = pl.coalesce(mean, behind, mean.shift(1))
    return pl.when(pl.col("mode") == REST).then(0.0).otherwise(filled) if "mode" in names else filled


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
