"""Which quantity does a column of a spectrum hold, with which sign, and by which factor do its numbers become inside units?

A minus in front of a name (``-Z''``, ``-Im(Z)``, ``neg. Phase``) is part of what the column holds. Units keep their case, since
``mHz`` is not ``MHz``; one that is not understood is refused, never read as if it were ohm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlith.errors import ReadError, nearest

#: Folded name -> what it holds. ``minus`` in front is told apart before.
_KEYS: dict[str, str] = {
    **dict.fromkeys(("freq", "frequency", "f", "frequencyf", "frequenz", "fixedfrequency"), "frequency"),
    **dict.fromkeys(("omega", "angularfrequency", "w"), "angular_frequency"),
    **dict.fromkeys(
        ("z'", "zre", "re(z)", "rez", "zreal", "real(z)", "re", "real", "realz", "zr", "realimpedancez'", "realimpedance",
         "impedancereal", "z'(a)", "realpart", "zrealpart"),
        "real",
    ),
    **dict.fromkeys(
        ("z''", "zim", "im(z)", "imz", "zimag", "imag(z)", "im", "imag", "imagz", "zimg", "zi", "imaginaryimpedancez''",
         "imaginaryimpedance", "impedanceimaginary", "imaginary", "z''(b)", "imaginarypart", "zimaginarypart"),
        "imaginary",
    ),
    **dict.fromkeys(
        ("|z|", "z", "zmod", "modz", "mod(z)", "zmag", "mag(z)", "impedance", "abs(z)", "absz", "modulus", "magnitude"),
        "modulus",
    ),
    **dict.fromkeys(
        ("phase", "phase(z)", "phasez", "zphz", "phz", "theta", "theta(z)", "arg(z)", "argz", "phi", "phaseangle", "zphase",
         "thetaz"),
        "phase",
    ),
    **dict.fromkeys(("time", "elapsedtime", "testtime", "t"), "time"),
    **dict.fromkeys(("potential", "voltage", "vdc", "edc", "e", "<ewe>", "ewe", "ecell", "dcpotential", "potentialdc"), "voltage"),
    **dict.fromkeys(("temperature", "temp"), "temperature"),
    **dict.fromkeys(("cyclenumber", "cyclenr", "cycle"), "cycle"),
}  # fmt: skip
_MINUS = re.compile(r"^(?:-|−|neg\.?\s*|minus\s+)\s*(?=[A-Za-z|])", re.IGNORECASE)
_BRACKETED = re.compile(r"^(?P<stem>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]\s*$")
_SLASHED = re.compile(r"^(?P<stem>.*?)\s*/\s*(?P<unit>[^/]+(?:/s)?)\s*$")
_PREFIXES = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_AREAS = {"cm": 1e-4, "m": 1.0, "mm": 1e-6}
_OHM = re.compile(r"^(?P<prefix>[numkKMG]?)(?:[oO]hms?|OHMS?)$")
_PER_AREA = re.compile(r"^(?P<prefix>[numkKMG]?)(?:[oO]hms?|OHMS?)[\s*.·⋅x×]*(?P<length>cm|mm|m)(?:\^?2|²|\^\{2\})$")
_GARBLED = frozenset({"?", "\ufffd", "Ã", "â„¦", "Î©", "W"})
_DEGREES = frozenset({"deg", "degree", "degrees", "°", "º", "grad°", "\ufffd", "?", "Â°", "degr"})
_FIXED: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0, "seconds": 1.0, "second": 1.0},
    "voltage": {"V": 1.0, "mV": 1e-3, "v": 1.0, "uV": 1e-6, "volts": 1.0, "Volts": 1.0},
    "temperature": dict.fromkeys(("°C", "degC", "C", "\ufffdC", "Â°C", "?C"), 1.0),
}
#: Without one of these a file holds no spectrum.
CARTESIAN, POLAR = frozenset({"frequency", "real", "imaginary"}), frozenset({"frequency", "modulus", "phase"})
#: Words that a user may write in ``mapping``.
DECLARABLE: dict[str, str] = {
    "frequency": "frequency", "impedance_real": "real", "impedance_imaginary": "imaginary", "modulus": "modulus",
    "phase": "phase", "test_time": "time", "voltage": "voltage", "temperature": "temperature", "cycle": "cycle",
}  # fmt: skip
NEEDED = CARTESIAN | POLAR
_IMPEDANCES = frozenset({"real", "imaginary", "modulus"})


@dataclass(frozen=True, slots=True)
class ImpedanceColumn:
    """One column that is understood: its place and name, what it holds, factor into inside units, and whether it is turned.

    ``factor`` is nan for a phase without unit, which its numbers must tell. An impedance times an area becomes ohm m^2.
    ``named`` says whether the name tells the sign of an imaginary part or phase.
    """

    position: int
    name: str
    key: str
    factor: float = 1.0
    turned: bool = False
    per_area: bool = False
    named: bool = True
    garbled: bool = False


def fold(name: str) -> str:
    """Fold a name so that spellings meet: ``Z" `` and ``Z''`` and ``Z″`` are one."""
    text = name.strip().strip("\ufeff").strip().casefold()
    for one, other in (("″", "''"), ('"', "''"), ("’’", "''"), ("′", "'"), ("’", "'"), ("´", "'"), ("−", "-")):
        text = text.replace(one, other)
    return re.sub(r"[\s_.#]+", "", text)


def split(name: str) -> tuple[str, str | None, bool]:
    """Folded stem, unit as printed (`None` if none), and whether a minus stands in front: ``-Z'' (Ω)``."""
    text = name.strip().strip("\ufeff").strip()
    turned = _MINUS.match(text) is not None
    text = _MINUS.sub("", text)
    if fold(text) in _KEYS:
        return fold(text), None, turned
    for pattern in (_BRACKETED, _SLASHED):
        found = pattern.match(text)
        if found is not None and fold(found["stem"]) in _KEYS:
            return fold(found["stem"]), found["unit"].strip(), turned
    return fold(text), None, turned


def key_of(name: str) -> str:
    """What a column holds by its name alone; empty if it is none of a spectrum."""
    return _KEYS.get(split(name)[0], "")


def keys_of(row: Sequence[str]) -> set[str]:
    """What the columns of a row of names hold."""
    found = {key_of(name) for name in row} - {""}
    return found | ({"frequency"} if "angular_frequency" in found else set())


def names_spectrum(row: Sequence[str]) -> bool:
    """Whether a row names a frequency with real and imaginary part, or with modulus and phase."""
    found = keys_of(row)
    return found >= CARTESIAN or found >= POLAR


def understand(
    names: Sequence[str], *, where: str, units: Mapping[str, str] | None = None, default_ohm: bool = False
) -> tuple[ImpedanceColumn, ...]:
    """Columns of a spectrum among those of a table; of two with one meaning the first is taken.

    Parameters
    ----------
    names
        Header of the table.
    where
        File and line for messages.
    units
        Unit per quantity (words of `DECLARABLE`) where the header gives none.
    default_ohm
        Whether the vendor's layout is known to print Hz, ohm and degrees without saying so.

    Raises
    ------
    ReadError
        If the unit of a frequency or impedance is missing or not understood.
    """
    spoken = {DECLARABLE[word]: unit for word, unit in (units or {}).items()}
    found: dict[str, ImpedanceColumn] = {}
    for position, name in enumerate(names):
        stem, unit, turned = split(name)
        key = _KEYS.get(stem, "")
        key_taken = found.get(key.removeprefix("angular_"))
        if not key or key_taken is not None:
            if key_taken is not None and key in NEEDED and split(key_taken.name)[0] == stem:
                raise ReadError(
                    f"{where}: the columns {key_taken.position + 1} ('{key_taken.name.strip()}') and {position + 1} ('{name.strip()}') have "
                    "one name, so it cannot be told which is meant; declare `mapping` under `analyses: impedance:`, or export again."
                )
            continue
        column = _column(position, name, key, spoken.get(key, unit), turned, where, default_ohm)
        if column is not None:
            found[column.key] = column
    return tuple(found.values())


def declared(
    names: Sequence[str], mapping: Mapping[str, str], *, where: str, units: Mapping[str, str] | None = None
) -> tuple[ImpedanceColumn, ...]:
    """The columns that a user declared: quantity -> name; a declared unit goes before the one in the header.

    Raises
    ------
    ReadError
        If a quantity or column is not known, or a unit is missing.
    """
    found = []
    stripped = [name.strip() for name in names]
    for quantity, name in mapping.items():
        if quantity not in DECLARABLE:
            raise ReadError(f"{where}: mapping knows no quantity '{quantity}'; {nearest(quantity, DECLARABLE)}.")
        if name.strip() not in stripped:
            raise ReadError(f"{where}: there is no column '{name}'; {nearest(name, names)}.")
        position = stripped.index(name.strip())
        stem, unit, turned = split(name)
        if stem not in _KEYS and unit is None:
            bracket = _BRACKETED.match(name) or _SLASHED.match(name)
            unit = bracket["unit"].strip() if bracket else None
        column = _column(position, name, DECLARABLE[quantity], (units or {}).get(quantity, unit), turned, where, False)
        if column is None:
            raise ReadError(
                f"{where}: the column '{name}' has no unit that is understood for {quantity}; declare `units: {{{quantity}: ...}}` "
                "beside the mapping."
            )
        known = _KEYS.get(stem) == DECLARABLE[quantity]
        found.append(
            ImpedanceColumn(
                position, name, column.key, column.factor, turned, column.per_area, known or turned, column.garbled
            )
        )
    return tuple(found)


def _column(
    position: int, name: str, key: str, unit: str | None, turned: bool, where: str, default_ohm: bool
) -> ImpedanceColumn | None:
    if key in ("frequency", "angular_frequency"):
        scale = _hertz(unit, key, name, where, default_ohm)
        return ImpedanceColumn(position, name, "frequency", scale)
    if key in _IMPEDANCES:
        factor, per_area, garbled = _ohm(unit, name, where, default_ohm)
        return ImpedanceColumn(position, name, key, factor, turned, per_area, True, garbled)
    if key == "phase":
        return ImpedanceColumn(position, name, key, _radians(unit, name, where, default_ohm), turned)
    if key == "cycle":
        return ImpedanceColumn(position, name, key)
    sizes = _FIXED[key]
    if unit is None:
        unit = "s" if key == "time" and default_ohm else ""
    spelled = unit.replace("µ", "u").replace("μ", "u").strip()
    if key == "time":
        spelled = spelled.casefold()
    # A column beside the spectrum whose unit is not understood is not needed.
    return ImpedanceColumn(position, name, key, sizes[spelled]) if spelled in sizes else None


def _hertz(unit: str | None, key: str, name: str, where: str, default: bool) -> float:
    angular = 1.0 / (2.0 * math.pi)
    if unit is None:
        if key == "angular_frequency":
            return angular
        if default:
            return 1.0
        raise ReadError(
            f"{where}: the frequency '{name}' has no unit; declare `units: {{frequency: Hz}}` under `analyses: impedance:`, or "
            "export it with the unit in the header."
        )
    plain = unit.strip()
    if plain in ("rad/s", "s-1", "1/s"):
        return angular
    found = re.match(r"^(?P<prefix>[mkKMG]?)(?:Hz|hz|HZ)$", plain)
    if found is None or (found["prefix"] in ("m", "M") and not plain.endswith("Hz")):
        raise ReadError(
            f"{where}: the frequency '{name}' is in '{unit}', which is not understood; {nearest(unit, ('Hz', 'kHz', 'MHz', 'mHz'))}."
        )
    return _PREFIXES[found["prefix"]]


def _ohm(unit: str | None, name: str, where: str, default: bool) -> tuple[float, bool, bool]:
    """Factor into ohm (or ohm m^2), whether it is times an area, whether the sign of ohm was lost in a code page."""
    if unit is None:
        if default:
            return 1.0, False, False
        raise ReadError(
            f"{where}: the impedance '{name}' has no unit; declare `units: {{impedance_real: ohm, impedance_imaginary: ohm}}` under "
            "`analyses: impedance:`, or export it with the unit in the header."
        )
    plain = re.sub("[\u03a9\u2126]", "ohm", unit).replace("µ", "u").replace("μ", "u").strip()
    if (found := _OHM.match(plain)) is not None:
        return _PREFIXES[found["prefix"]], False, False
    if (found := _PER_AREA.match(plain)) is not None:
        return _PREFIXES[found["prefix"]] * _AREAS[found["length"]], True, False
    if plain in _GARBLED:
        return 1.0, False, True
    allowed = ("ohm", "kohm", "Mohm", "mohm", "ohm cm^2")
    raise ReadError(
        f"{where}: the impedance '{name}' is in '{unit}', which is not understood; {nearest(unit, allowed)}."
    )


def _radians(unit: str | None, name: str, where: str, default: bool) -> float:
    if unit is None or unit.strip() == "":
        return math.pi / 180.0 if default else math.nan
    plain = unit.strip()
    if plain.casefold() in _DEGREES:
        return math.pi / 180.0
    if plain.casefold() in ("rad", "radian", "radians"):
        return 1.0
    if plain.casefold() == "mrad":
        return 1e-3
    raise ReadError(f"{where}: the phase '{name}' is in '{unit}'; {nearest(unit, ('deg', 'rad'))}.")
