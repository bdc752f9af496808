"""Which quantity does a vendor's column name mean, and by which factor do its numbers become inside units?

A name such as ``Current(µA)``, ``Voltage/V``, ``Test Time / s`` or ``charging_capacity_ah`` splits into a stem and a unit.
Each format owns a vocabulary of stems; the units are understood here, once. A column whose unit is not understood is
refused, never read as if it were in inside units.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from interlith.errors import ReadError, nearest

Kind = Literal["number", "integer", "text", "duration", "date"]

#: Spelled unit (case folded, without spaces) -> dimension and factor into the inside unit of that dimension.
_UNITS: dict[str, tuple[str, float]] = {
    **{name: ("current", size) for name, size in (("a", 1.0), ("ma", 1e-3), ("ua", 1e-6), ("na", 1e-9))},
    **{name: ("current", 1.0) for name in ("amp", "amps", "ampere", "amperes")},
    **{name: ("voltage", size) for name, size in (("v", 1.0), ("mv", 1e-3), ("uv", 1e-6))},
    **{name: ("voltage", 1.0) for name in ("volt", "volts")},
    **{name: ("charge", size) for name, size in (("ah", 1.0), ("mah", 1e-3), ("uah", 1e-6), ("nah", 1e-9))},
    **{name: ("charge", size) for name, size in (("a.h", 1.0), ("ma.h", 1e-3), ("ua.h", 1e-6))},
    **{name: ("charge", size / 3600) for name, size in (("as", 1.0), ("mas", 1e-3), ("uas", 1e-6), ("coulomb", 1.0))},
    **{name: ("energy", size) for name, size in (("wh", 1.0), ("mwh", 1e-3), ("uwh", 1e-6), ("kwh", 1e3))},
    **{name: ("energy", size) for name, size in (("w.h", 1.0), ("mw.h", 1e-3), ("uw.h", 1e-6))},
    **{name: ("charge", size) for name, size in (("ahr", 1.0), ("mahr", 1e-3), ("uahr", 1e-6), ("amp-hr", 1.0))},
    **{name: ("energy", size) for name, size in (("whr", 1.0), ("mwhr", 1e-3), ("watt-hr", 1.0))},
    **{name: ("energy", size / 3600) for name, size in (("ws", 1.0), ("mws", 1e-3), ("uws", 1e-6), ("j", 1.0))},
    **{name: ("time", 1.0) for name in ("s", "s.", "sec", "sec.", "second", "seconds")},
    **{name: ("time", 60.0) for name in ("min", "min.", "minute", "minutes")},
    **{name: ("time", 3600.0) for name in ("h", "hr", "hrs", "hour", "hours")},
    **{name: ("time", size) for name, size in (("ms", 1e-3), ("us", 1e-6), ("d", 86400.0), ("day", 86400.0))},
    **{
        name: ("clock", 1.0)
        for name in ("h:min:s.ms", "h:m:s.ms", "h:m:s:ms", "h:m:s", "h:min:s", "hh:mm:ss", "hh:mm:ss.ms")
    },
    **{name: ("clock", 1.0) for name in ("hoursinhh:mm:ss.xxx", "hoursinhh:mm:ss")},
    "decimalhours": ("time", 3600.0),
    **{name: ("temperature", 1.0) for name in ("c", "degc", "oc", "celsius", "dc.", "dc", "℃", "°c", "?c", "uc")},
    **{name: ("temperature", 1.0) for name in ("°", "â°c", "¡æ", "ąć", "deg.c", "degreesc")},
    **{name: ("count", 1.0) for name in ("1", "")},
}
_DIMENSIONS: dict[str, str] = {
    "test_time": "time",
    "step_time": "time",
    "current": "current",
    "voltage": "voltage",
    "capacity_counter": "charge",
    "charge_counter": "charge",
    "discharge_counter": "charge",
    "energy_counter": "energy",
    "charge_energy_counter": "energy",
    "discharge_energy_counter": "energy",
    "temperature": "temperature",
    "vendor_cycle": "count",
    "vendor_step": "count",
    "vendor_record": "count",
    "vendor_step_type": "text",
    "wall_clock": "date",
}
#: Quantities that a table of cycling may hold.
QUANTITIES: tuple[str, ...] = tuple(_DIMENSIONS)
#: Quantities without which a file is refused.
NEEDED = frozenset({"test_time", "step_time", "current", "voltage"})
_KINDS: dict[str, Kind] = {"count": "integer", "text": "text", "date": "date"}
_BRACKETED = re.compile(r"^(?P<stem>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]\s*$")
#: A number behind the unit counts the inputs of one kind: ``Aux_Temperature(C)_1``.
_NUMBERED = re.compile(r"^(?P<stem>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]](?P<number>_\d{1,3})$")
_SLASHED = re.compile(r"^(?P<stem>[^/]*?)\s*/\s*(?P<unit>.+?)\s*$")
_SUFFIXED = re.compile(
    r"^(?P<stem>.*?)_(?P<unit>A|mA|uA|V|mV|s|h|Ah|mAh|Wh|mWh|C|ah|wh|second|volt|ampere|celsius|degC)$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A column name taken apart: folded stem without spaces and signs, and its unit as spelled (`None` if none)."""

    stem: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a raw table that is understood: its position, what it means and the factor into inside units.

    The factor is nan for a time without unit, which can be read only if it is spelled ``hh:mm:ss``.
    """

    position: int
    name: str
    quantity: str
    kind: Kind
    factor: float = 1.0


def fold(text: str) -> str:
    """Fold a name or stem so that spelling variants meet: ``DChg. Cap.`` -> ``dchgcap``."""
    return re.sub(r"[\s_\-.#:]+", "", text.strip().strip("\ufeff").casefold())


@lru_cache(maxsize=8192)
def split(name: str) -> Name:
    """Split a column name into stem and unit: ``Current(µA)`` -> ``current``, ``µA``."""
    text = name.strip().strip("\ufeff").strip('"').strip()
    numbered = _NUMBERED.match(text)
    if numbered and numbered["stem"]:
        return Name(fold(numbered["stem"] + numbered["number"]), numbered["unit"].strip())
    for pattern in (_BRACKETED, _SLASHED, _SUFFIXED):
        found = pattern.match(text)
        if found and found["stem"]:
            return Name(fold(found["stem"]), found["unit"].strip())
    return Name(fold(text), None)


def unit_factor(unit: str, quantity: str, *, column: str, where: str) -> float:
    """Factor that turns numbers in `unit` into the inside unit of `quantity`.

    Raises
    ------
    ReadError
        If the unit is unknown or belongs to another dimension; the message names column and file.
    """
    dimension = _DIMENSIONS[quantity]
    spelled = re.sub(r"\s+", "", unit.replace("μ", "u").replace("µ", "u").replace("\ufffd", "u")).casefold()
    spelled = spelled.replace("·", ".").replace("*", ".")
    found = _UNITS.get(spelled)
    if found is not None and (found[0] == dimension or (dimension == "time" and found[0] == "clock")):
        return found[1]
    allowed = [name for name, (kind, _) in _UNITS.items() if kind == dimension and name]
    raise ReadError(
        f"{where}: the column '{column}' is in '{unit}', which is no unit of {quantity}; {nearest(unit, allowed)}. "
        "Export it in one of these, or declare the columns with a mapping."
    )


def understand(
    names: Sequence[str],
    vocabulary: Mapping[str, str],
    *,
    where: str,
    units: Mapping[str, str] | None = None,
    left_out: list[str] | None = None,
) -> tuple[Column, ...]:
    """Match column names with a vocabulary of folded stems; of two columns with one meaning the first is taken.

    Parameters
    ----------
    names
        Header of the raw table.
    vocabulary
        Folded stem -> quantity.
    where
        File name for messages.
    units
        Unit per quantity where the header gives none.
    left_out
        Receives a sentence for each column that is not needed and whose unit is not understood.

    Raises
    ------
    ReadError
        If the unit of time, current or voltage is missing or not understood.
    """
    units = units or {}
    found: dict[str, Column] = {}
    for position, name in enumerate(names):
        parts = split(name)
        quantity = vocabulary.get(parts.stem) or vocabulary.get(fold(name))
        if quantity is None or quantity in found:
            continue
        unit = parts.unit if vocabulary.get(parts.stem) else None
        try:
            found[quantity] = _column(position, name, quantity, unit or units.get(quantity), where)
        except ReadError as error:
            if quantity in NEEDED or left_out is None:
                raise
            left_out.append(str(error))
    return tuple(found.values())


def declared_column(names: Sequence[str], name: str, quantity: str, unit: str | None, *, where: str) -> Column:
    """The column that a user declared for a quantity; a declared unit goes before the one in the header.

    Raises
    ------
    ReadError
        If the header has no such column, or no unit is declared or printed.
    """
    try:
        position = [text.strip() for text in names].index(name.strip())
    except ValueError:
        raise ReadError(f"{where}: there is no column '{name}'; {nearest(name, names)}.") from None
    return _column(position, name, quantity, unit or split(name).unit, where)


def _column(position: int, name: str, quantity: str, unit: str | None, where: str) -> Column:
    dimension = _DIMENSIONS[quantity]
    if dimension in _KINDS:
        return Column(position, name, quantity, _KINDS[dimension])
    if unit is None and dimension == "time":
        return Column(position, name, quantity, "duration", math.nan)
    if unit is None:
        raise ReadError(
            f"{where}: the column '{name}' has no unit, so its numbers cannot be used as {quantity}; export it with units "
            f"in the header, or declare `units: {{{quantity}: ...}}` beside the mapping."
        )
    factor = unit_factor(unit, quantity, column=name, where=where)
    return Column(position, name, quantity, "duration" if dimension == "time" else "number", factor)


def stems(names: Iterable[str]) -> set[str]:
    """Folded stems and folded whole names of a header, to recognise a vendor by."""
    found: set[str] = set()
    for name in names:
        found |= {split(name).stem, fold(name)}
    return found
