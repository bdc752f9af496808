"""Does a table print the current with its sign, or only its amount beside a word or letter for the direction?

The whole table is asked where its beginning does not tell; a current that has its sign already is never turned round.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark
from interlith.physics.step_words import is_discharge, step_word

#: Records that are asked first.
FIRST = 20_000
#: Share of the other sign below which a direction is printed with one sign only.
NOISE = 0.01
#: Fall of the voltage (V) over a step by which a positive current is no charge, and the change of current that is allowed
#: meanwhile: a current that is cut in stages lets the voltage fall too.
FALL, STEADY = 0.1, 0.2


@dataclass(frozen=True, slots=True)
class _Amounts:
    """Sums of positive and of negative currents (A) in the records that say charge, and in those that say discharge."""

    charge: tuple[float, float] = (0.0, 0.0)
    discharge: tuple[float, float] = (0.0, 0.0)


def settled(frame: pl.LazyFrame, where: str) -> tuple[pl.LazyFrame, list[Remark]]:
    """Give the current the sign by which charging is positive, as the step words tell it.

    Parameters
    ----------
    frame
        With ``current`` (A) and ``voltage`` (V); with ``vendor_step_type`` or ``vendor_step`` where the table has them.
    where
        The file, for messages.

    Raises
    ------
    ReadError
        If there are no words, no current is negative, and the voltage falls under current: the sign is lost.
    """
    names = frame.collect_schema().names()
    if "vendor_step_type" not in names:
        _refuse_lost_sign(frame, names, where)
        return frame, []
    found = _amounts(frame.head(FIRST))
    if sum(found.discharge) == 0.0 or sum(found.charge) == 0.0:
        found = _amounts(frame)
    (charge_up, charge_down), (up, down) = found.charge, found.discharge
    current = pl.col("current")
    if charge_down > charge_up and up > 0.0 and down <= NOISE * up:
        return frame.with_columns(-current), [
            Remark(
                "sign_turned_round",
                "Charge steps are printed with a negative current and discharge steps with a positive one; the sign was "
                "turned round.",
            )
        ]
    if up + down > 0.0 and down <= NOISE * up:
        turned = pl.when(is_discharge(pl.col("vendor_step_type"))).then(-current).otherwise(current)
        return frame.with_columns(turned.alias("current")), [
            Remark(
                "sign_from_step_type",
                "Discharge steps are printed with a positive current; the sign was taken from the step type.",
                severity="note",
            )
        ]
    if charge_down > charge_up:
        text = "Steps that say charge have a negative current; the current was left as it is printed."
        return frame, [Remark("sign_contradicts_step_type", text, severity="error")]
    return frame, []


def contradicted(frame: pl.LazyFrame) -> bool:
    """Whether any record says discharge with a positive current, or charge with a negative one."""
    found = _amounts(frame)
    return found.discharge[0] > 0.0 or found.charge[1] > 0.0


def _amounts(frame: pl.LazyFrame) -> _Amounts:
    current = pl.col("current")
    sums = (
        frame.group_by("vendor_step_type")
        .agg(current.filter(current > 0).sum().alias("up"), -current.filter(current < 0).sum().alias("down"))
        .collect()
    )
    said: dict[str, list[float]] = {"charge": [0.0, 0.0], "discharge": [0.0, 0.0]}
    for word, up, down in sums.iter_rows():
        direction = step_word(word).direction if word is not None else ""
        if direction in said:
            said[direction][0] += up or 0.0
            said[direction][1] += down or 0.0
    return _Amounts((said["charge"][0], said["charge"][1]), (said["discharge"][0], said["discharge"][1]))


def _refuse_lost_sign(frame: pl.LazyFrame, names: list[str], where: str) -> None:
    current = pl.col("current")
    if frame.head(FIRST).select((current < 0).any()).collect().item():
        return
    if frame.select((current < 0).any()).collect().item():
        return
    marks = [name for name in ("vendor_cycle", "vendor_step") if name in names]
    if marks:
        frame = frame.with_columns(pl.struct(marks).rle_id().alias("_step"))
    else:
        frame = frame.with_columns((current > 0).rle_id().alias("_step"))
    loaded = frame.filter(current > 0).group_by("_step", maintain_order=True)
    ends = loaded.agg(
        (pl.col("voltage").first() - pl.col("voltage").last()).alias("fall"),
        (1.0 - current.last() / current.first()).abs().alias("change"),
    ).collect()
    falling = ends.filter((pl.col("fall") > FALL) & (pl.col("change") < STEADY))
    if falling.height:
        deepest = float(falling.get_column("fall").to_numpy().max())
        raise ReadError(
            f"{where}: no current is negative and there is no column for the state, but in {falling.height} steps the voltage "
            f"falls under current (by {deepest:.3g} V), so charge and discharge cannot be told apart. Export with "
            "the state (State or Md), or with signed currents."
        )
