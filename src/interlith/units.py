"""Which quantities exist, in which unit are they held and shown, and what does "176 nm" mean?

Inside units are those of the design: s, V, A, Ah, Wh, kg, m^2, degC, ohm, Hz. Edges accept and show strings with units.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from interlith.errors import UnitError, nearest

if TYPE_CHECKING:
    import pint


@dataclass(frozen=True, slots=True)
class QuantityKind:
    """A named quantity: unit inside the code, unit shown to people, and its meaning."""

    name: str
    unit: str
    shown: str
    meaning: str


def _kinds(*rows: tuple[str, str, str, str]) -> dict[str, QuantityKind]:
    return {name: QuantityKind(name, unit, shown, meaning) for name, unit, shown, meaning in rows}


QUANTITIES: dict[str, QuantityKind] = _kinds(
    ("test_time", "s", "h", "device time since the start of the test, never the wall clock"),
    ("step_time", "s", "s", "device time since the start of the vendor's step"),
    ("current", "A", "mA", "current; positive charges the cell"),
    ("voltage", "V", "V", "cell voltage"),
    ("temperature", "degC", "degC", "temperature"),
    ("charge_counter", "Ah", "mAh", "vendor's counter of charge passed while charging"),
    ("discharge_counter", "Ah", "mAh", "vendor's counter of charge passed while discharging"),
    ("charge_energy_counter", "Wh", "mWh", "vendor's counter of energy while charging"),
    ("discharge_energy_counter", "Wh", "mWh", "vendor's counter of energy while discharging"),
    ("capacity_counter", "Ah", "mAh", "vendor's unsigned counter of charge in either direction"),
    ("energy_counter", "Wh", "mWh", "vendor's unsigned counter of energy in either direction"),
    ("vendor_cycle", "1", "1", "cycle number as the vendor counts"),
    ("vendor_step", "1", "1", "step number as the vendor counts"),
    ("vendor_step_type", "", "", "step type in the vendor's own words"),
    ("vendor_record", "1", "1", "number of the record as the vendor counts"),
    ("wall_clock", "s", "s", "wall clock, seconds since 1970-01-01 UTC; kept for the record, never for arithmetic"),
    ("frequency", "Hz", "Hz", "frequency of the alternating signal"),
    ("impedance_real", "ohm", "ohm", "real part of the impedance"),
    ("impedance_imaginary", "ohm", "ohm", "imaginary part of the impedance; negative where capacitive"),
    ("two_theta", "deg", "deg", "angle between the incident and the diffracted beam"),
    ("scattering_vector", "1/angstrom", "1/angstrom", "4 pi sin(theta) / wavelength"),
    ("time_of_flight", "us", "us", "time of flight of the neutrons"),
    ("intensity", "1", "1", "counts, or what the file calls intensity"),
    ("intensity_std", "1", "1", "standard uncertainty of the intensity, in its unit"),
    ("frame", "1", "1", "number of the pattern within its file, from 0"),
    ("active_mass", "kg", "mg", "mass of active material"),
    ("area", "m^2", "cm^2", "electrode area"),
    ("loading", "kg/m^2", "mg/cm^2", "active mass per electrode area"),
    ("one_C", "A/kg", "mA/g", "specific current declared as 1C"),
    ("charge_capacity", "Ah", "mAh", "charge passed while charging, one half-cycle"),
    ("discharge_capacity", "Ah", "mAh", "charge passed while discharging, one half-cycle"),
    ("specific_capacity", "Ah/kg", "mAh/g", "capacity per active mass"),
    ("areal_capacity", "Ah/m^2", "mAh/cm^2", "capacity per electrode area"),
    ("energy", "Wh", "mWh", "energy of one half-cycle"),
    ("specific_energy", "Wh/kg", "mWh/g", "energy per active mass"),
    ("mean_voltage", "V", "V", "energy over charge of one half-cycle"),
    ("dose", "1", "at%", "amount of modifier as declared"),
    ("depth", "m", "nm", "depth below the surface"),
    ("cycle", "1", "1", "cycle number"),
)

_SPELLINGS = (
    (re.compile(r"(at|wt|mol|vol)\s*%(\s*of\s+[\w\s]+)?$"), r"\1_percent"),
    (re.compile(r"%"), " percent"),
    (re.compile(r"[µμ]"), "u"),
    (re.compile(r"[ΩΩ]"), "ohm"),
    (re.compile(r"Å"), "angstrom"),
    (re.compile(r"°\s*C"), "degC"),
    (re.compile(r"[·⋅×]"), "*"),
    (re.compile(r"−"), "-"),
    (re.compile(r"(?<=[A-Za-z])(-\d)\b"), r"^\1"),
)
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(
    rf"^\s*(?P<value>{_NUMBER})\s*(?:\((?P<bracket>\d+)\))?\s*(?:(?:±|\+/-|\+-)\s*(?P<std>{_NUMBER}))?\s*(?P<unit>.*?)\s*$"
)
_RATE = re.compile(rf"^\s*(?:C\s*/\s*(?P<divisor>{_NUMBER})|(?P<factor>{_NUMBER})?\s*C)\s*$")


#: Units that studies are full of: dimension and size in its inside unit. Known without the registry, whose import takes
#: longer than opening a small study; a test holds them equal to it.
_COMMON: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("", "1"), ("number", 1.0)), "%": ("number", 0.01), "ppm": ("number", 1e-6),
    "kg": ("mass", 1.0), "g": ("mass", 1e-3), "mg": ("mass", 1e-6), "ug": ("mass", 1e-9),
    "m^2": ("area", 1.0), "cm^2": ("area", 1e-4), "mm^2": ("area", 1e-6),
    "kg/m^2": ("loading", 1.0), "mg/cm^2": ("loading", 1e-2), "A": ("current", 1.0), "mA": ("current", 1e-3),
    "A/kg": ("specific current", 1.0), "A/g": ("specific current", 1e3), "mA/g": ("specific current", 1.0),
    "V": ("voltage", 1.0), "mV": ("voltage", 1e-3), "Ah": ("charge", 1.0), "mAh": ("charge", 1e-3),
    "degC": ("temperature", 1.0), "s": ("time", 1.0), "min": ("time", 60.0), "h": ("time", 3600.0),
}  # fmt: skip


@cache
def registry() -> pint.UnitRegistry[Any]:
    """The one unit registry, built on first use because its import is slow."""
    import pint

    made: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    for basis in ("at", "wt", "mol", "vol"):
        made.define(f"{basis}_percent = 0.01")
    return made


def clean(unit: str) -> str:
    """Spell a unit so that the registry understands it: ``mAh g⁻¹`` -> ``mAh g^-1``, ``%`` -> ``percent``."""
    text = unit.strip()
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return re.sub(r"(?<=[A-Za-z0-9)])\s+(?=[A-Za-z(])", " * ", text.strip())


@cache
def _unit(text: str) -> Any:
    from tokenize import TokenError

    import pint

    if text in ("", "1"):
        return registry().dimensionless
    try:
        return registry().parse_units(clean(text))
    except (
        pint.UndefinedUnitError,
        pint.DefinitionSyntaxError,
        ValueError,
        TypeError,
        TokenError,
        AttributeError,
        AssertionError,
        KeyError,
        ArithmeticError,
    ) as error:
        raise UnitError(
            f"'{text}' is not a unit that Interlith knows; write for instance mg, cm^2, mAh/g, degC or %."
        ) from error


@cache
def factor(unit: str, into: str) -> float:
    """Factor from one unit to another; not for temperatures, which need an offset (see `convert`).

    Raises
    ------
    UnitError
        If either unit is unknown or the dimensions differ.
    """
    known = _common(unit, into)
    if known is not None:
        return known
    start, goal = _unit(unit), _unit(into)
    if start.dimensionality != goal.dimensionality:
        raise UnitError(
            f"'{unit}' cannot be turned into '{into}': {start.dimensionality} is not {goal.dimensionality}."
        )
    return float((1.0 * start).to(goal).magnitude)


def _common(unit: str, into: str) -> float | None:
    """Factor between two common units of one dimension; `None` if the registry must be asked."""
    start, goal = _COMMON.get(unit), _COMMON.get(into)
    return start[1] / goal[1] if start is not None and goal is not None and start[0] == goal[0] else None


def convert(value: float, unit: str, into: str) -> float:
    """Convert one number between units, temperatures included.

    Raises
    ------
    UnitError
        If either unit is unknown or the dimensions differ.
    """
    if unit == into:
        return value
    known = _common(unit, into)
    if known is not None:
        return value * known
    start, goal = _unit(unit), _unit(into)
    if start.dimensionality != goal.dimensionality:
        raise UnitError(
            f"'{unit}' cannot be turned into '{into}': {start.dimensionality} is not {goal.dimensionality}."
        )
    return float(registry().Quantity(value, start).to(goal).magnitude)


@dataclass(frozen=True, slots=True)
class Value:
    """A number as a person wrote it: value, unit, standard uncertainty (nan if none) and its last printed digit."""

    value: float
    unit: str
    std: float
    resolution: float

    def to(self, unit: str) -> Value:
        """The same number in another unit.

        Raises
        ------
        UnitError
            If the dimensions differ.
        """
        scale = abs(convert(1.0, self.unit, unit) - convert(0.0, self.unit, unit))
        return Value(convert(self.value, self.unit, unit), unit, self.std * scale, self.resolution * scale)


def parse(text: str | float, *, what: str = "the value") -> Value:
    """Read ``"4.41 mg"``, ``"4.940(1) angstrom"``, ``"131 +- 2 mAh/g"`` or ``"5 %"``.

    Raises
    ------
    UnitError
        If the text holds no number or an unknown unit; decimal commas are refused because ``1,234`` is ambiguous.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return Value(float(text), "", math.nan, 0.0)
    found = _VALUE.match(str(text).replace("\u2212", "-").replace("\u00a0", " "))
    if found is None or found["unit"].startswith(","):
        raise UnitError(
            f"{what} is '{text}', which is not a number with a unit; write for instance '4.41 mg' with a decimal point."
        )
    digits = found["value"]
    mantissa, _, exponent = digits.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    resolution = 10.0 ** (int(exponent or 0) - decimals)
    std = math.nan
    if found["bracket"]:
        std = int(found["bracket"]) * resolution
    elif found["std"]:
        std = abs(float(found["std"]))
    if found["unit"] not in _COMMON:
        _unit(found["unit"])
    return Value(float(digits), found["unit"], std, resolution)


def inside(text: str | float, quantity: str, *, what: str = "") -> float:
    """Read a text with unit into the inside unit of a quantity: ``inside("4.41 mg", "active_mass")`` -> 4.41e-6 (kg).

    Raises
    ------
    UnitError
        If the unit is missing, unknown or of the wrong dimension; the message names the unit expected.
    """
    kind = quantity_kind(quantity)
    value = parse(text, what=what or quantity)
    if value.unit == "" and kind.unit not in ("", "1"):
        raise UnitError(f"{what or quantity} is '{text}' without a unit; write for instance '{text} {kind.shown}'.")
    return convert(value.value, value.unit, kind.unit)


def quantity_kind(name: str) -> QuantityKind:
    """Look up a quantity.

    Raises
    ------
    UnitError
        If there is no such quantity: the message names the nearest one.
    """
    try:
        return QUANTITIES[name]
    except KeyError:
        raise UnitError(f"There is no quantity '{name}'; {nearest(name, QUANTITIES)}.") from None


def parse_rate(text: str) -> float:
    """Read a C-rate: ``C/10`` -> 0.1, ``0.5C`` -> 0.5, ``2 C`` -> 2.

    Raises
    ------
    UnitError
        If the text is not a rate.
    """
    found = _RATE.match(str(text))
    if found is None or (found["divisor"] and float(found["divisor"]) == 0):
        raise UnitError(f"'{text}' is not a C-rate; write for instance C/10 or 0.5C.")
    if found["divisor"]:
        return 1.0 / float(found["divisor"])
    return float(found["factor"] or 1.0)
