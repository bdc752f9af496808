"""How much charge and energy passed in each direction up to a record, from whichever way BioLogic counts it?

Charge is kept as a sum since the start (``(Q-Qo)``), within a half cycle (``Q charge/discharge``) or since the record before
(``dq``). All become two counters that only grow, by their increments, so that a sum that begins anew loses nothing at its turn.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from interlith.layouts.lazy_text import Remark

_PRINTED = {"charge": "(Q-Qo)", "half_charge": "Q charge/discharge", "dq": "dq", "charge_coarse": "(Q-Qo)/C"}
#: A sum that begins at more than this many of its steps has lost its first records.
_BEGINNING = 3.0
#: A pause lasts longer than this (s) and this many times the intervals beside it; behind one, a sum that is smaller than this
#: share of its own step was set back.
_PAUSE, _PAUSED, _SET_BACK = 1.0, 10.0, 0.1
#: Two ways to count one charge differ by rounding only: by this share, or this many Ah.
_AGREEMENT, _FLOOR = 1e-4, 1e-9


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


def increment(name: str, names: Collection[str]) -> pl.Expr:
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


def counters(names: Collection[str], seen: pl.DataFrame, remarks: list[Remark]) -> dict[str, pl.Expr]:
    columns: dict[str, pl.Expr] = {}
    held = set(names)
    if counted := charge_column(held):
        passed = increment(counted, held).fill_null(0.0)
        columns["charge_counter"] = passed.clip(lower_bound=0.0).cum_sum()
        columns["discharge_counter"] = (-passed).clip(lower_bound=0.0).cum_sum()
        remarks += [*_unreadable(counted, seen), *_begins_late(counted, seen)]
    elif held >= {"charge_up", "charge_down"}:
        columns["charge_counter"] = _grown(_finite("charge_up").abs())
        columns["discharge_counter"] = _grown(_finite("charge_down").abs())
    if held >= {"energy_up", "energy_down"}:
        columns["charge_energy_counter"] = _grown(_finite("energy_up").abs())
        columns["discharge_energy_counter"] = _grown(_finite("energy_down").abs())
    elif "energy" in held:
        columns["energy_counter"] = _grown(_finite("energy").abs())
    return columns


def _finite(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_finite()).then(pl.col(name))


def _grown(value: pl.Expr) -> pl.Expr:
    """What an unsigned counter that may begin anew has grown in all."""
    step = value.diff().fill_null(0.0)
    return pl.when(step >= 0).then(step).otherwise(value).cum_sum()


def _unreadable(name: str, seen: pl.DataFrame) -> list[Remark]:
    bad = seen.height - int(seen[name].is_finite().fill_null(False).sum())
    if not bad:
        return []
    message = (
        f"{bad} records have no finite charge ({name}); the counters take no charge in them and may fall short by it."
    )
    return [Remark("charge_unreadable", message)]


def _begins_late(name: str, seen: pl.DataFrame) -> list[Remark]:
    """A running sum that does not begin at zero: what passed before the first record is in no record."""
    if name not in ("charge", "charge_coarse") or seen.height < 2:
        return []
    first, largest = seen.select(pl.col(name).first(), pl.col(name).diff().abs().max().alias("largest")).row(0)
    if first is None or largest is None or not abs(first) > max(_BEGINNING * largest, _FLOOR):
        return []
    message = (
        f"The sum of charge is {first * 1e3:.6g} mAh at the first record already: records before it are missing, or stand in "
        "another file."
    )
    return [Remark("begins_late", message, "row 1")]


def disagreement(frame: pl.DataFrame) -> tuple[Remark, ...]:
    """What the ways to count one charge say against each other in a whole table under keys."""
    counted = charge_column(frame.columns)
    others = [name for name in ("dq", "half_charge") if name in frame.columns and name != counted]
    others = [name for name in others if name != "half_charge" or "half" in frame.columns]
    remarks = []
    for other in others if counted else ():
        passed = increment(other, frame.columns).fill_null(0.0)
        apart = (increment(counted, frame.columns).fill_null(0.0).cum_sum() - passed.cum_sum()).abs()
        wanted = (apart.max().alias("worst"), apart.arg_max().alias("row"), passed.abs().sum().alias("throughput"))
        worst, row, throughput = frame.lazy().select(wanted).collect().row(0)
        if worst is not None and worst > _AGREEMENT * throughput + _FLOOR:
            message = (
                f"The charge counted by {_PRINTED[counted]} and by {_PRINTED[other]} differs by up to {worst * 1e3:.4g} mAh: records "
                f"are missing or damaged, or a sum was set back. The counters are made of {_PRINTED[counted]}."
            )
            remarks.append(Remark("charges_disagree", message, f"row {row + 1}"))
    return tuple(remarks[:1])
