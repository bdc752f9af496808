"""How is an instrument written to a file of our own, and read again?"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from typing import Any

from interlith.errors import ReadError, nearest

#: Name of the table, and the key that says which layout it has.
TABLE, LAYOUT, VERSION = "instrument", "layout", 1
#: Key -> what it is, for the comment behind it, and how many numbers it has (0: one number; -1: words; -2: one or two).
KEYS: dict[str, tuple[str, int]] = {
    "name": ("", -1),
    "radiation": ("x-ray or neutron", -1),
    "geometry": ("bragg-brentano or debye-scherrer", -1),
    "wavelengths": ("angstrom", -2),
    "ratio": ("I(2) / I(1)", 0),
    "polarisation": ("fraction perpendicular to the diffraction plane, 0.5 for a tube", 0),
    "monochromator": ("deg, two theta of its crystal, 0 for none", 0),
    "radius": ("mm", 0),
    "zero": ("deg, observed minus true two theta", 0),
    "gauss": ("deg^2, FWHM^2 = U tan^2 + V tan + W", 3),
    "lorentz": ("deg, FWHM = X / cos + Y tan", 2),
    "sample_ratio": ("S / L", 0),
    "slit_ratio": ("H / L", 0),
    "source": ("", -1),
}
_WORDS = {"radiation": ("x-ray", "neutron"), "geometry": ("bragg-brentano", "debye-scherrer")}
_NEEDED = ("radiation", "wavelengths", "gauss", "lorentz")


def is_own(text: str) -> bool:
    """Whether a text is an instrument file of ours."""
    return any(line.strip() == f"[{TABLE}]" for line in text.splitlines())


def instrument_text(values: Mapping[str, Any], std: Mapping[str, Any]) -> str:
    """An instrument as TOML.

    Parameters
    ----------
    values
        Key of `KEYS` -> text, number or numbers; what is nan, empty or missing is left out.
    std
        Standard uncertainties by the same keys.
    """
    lines = [
        "# Instrument of a powder pattern; widths are full widths at half maximum, theta is half of two theta.",
        f"[{TABLE}]",
    ]
    lines.append(f"{LAYOUT} = {VERSION}")
    lines += _rows(values)
    uncertain = _rows(std)
    if uncertain:
        lines += ["", "# Standard uncertainties in the same units.", f"[{TABLE}.std]", *uncertain]
    return "\n".join(lines) + "\n"


def parsed_instrument(text: str, file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and standard uncertainties of an instrument file of ours.

    Raises
    ------
    ReadError
        If it is no TOML, a key is unknown or missing, or a value has another shape.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ReadError(f"{file} is no TOML: {error}.") from error
    table = document.get(TABLE)
    if not isinstance(table, dict):
        raise ReadError(f"{file} has no table [{TABLE}].")
    if table.get(LAYOUT) != VERSION:
        raise ReadError(f"{file}: its layout is {table.get(LAYOUT)!r}; this version reads layout {VERSION}.")
    std = table.get("std", {})
    values = {key: value for key, value in table.items() if key not in (LAYOUT, "std")}
    for key in _NEEDED:
        if key not in values:
            raise ReadError(f"{file}: {key} is missing.")
    if not isinstance(std, dict):
        raise ReadError(f"{file}: std is no table; write [{TABLE}.std] above the uncertainties.")
    return checked_values(values, file), checked_values(std, f"{file}, std")


def checked_values(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Values by the keys of `KEYS`, lists as tuples; `where` they stand, for messages.

    Raises
    ------
    ReadError
        If a key is unknown, or a value has another shape.
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in KEYS:
            raise ReadError(f"{where}: there is no '{key}'; {nearest(key, KEYS)}.")
        count = KEYS[key][1]
        if count == -1:
            if not isinstance(value, str) or (key in _WORDS and value not in _WORDS[key]):
                allowed = f"; {nearest(str(value), _WORDS[key])}" if key in _WORDS else ", which is no text"
                raise ReadError(f"{where}: {key} is '{value}'{allowed}.")
            found[key] = value
        elif count == 0:
            found[key] = _number(value, key, where)
        else:
            if not isinstance(value, list) or (len(value) != count if count > 0 else len(value) not in (1, 2)):
                raise ReadError(
                    f"{where}: {key} is {value}; write {count if count > 0 else 'one or two'} numbers in brackets."
                )
            found[key] = tuple(_number(one, key, where) for one in value)
    return found


def _number(value: object, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ReadError(f"{where}: {key} holds {value!r}, which is no number.")
    return float(value)


def _rows(values: Mapping[str, Any]) -> list[str]:
    rows = []
    for key, (meaning, _) in KEYS.items():
        value = values.get(key)
        shown = _shown(value)
        if shown:
            rows.append(f"{key} = {shown}" + (f"  # {meaning}" if meaning else ""))
    return rows


def _shown(value: object) -> str:
    """A value as TOML writes it; nothing where it says nothing."""
    if isinstance(value, str):
        return _quoted(value) if value else ""
    if isinstance(value, int | float):
        return repr(float(value)) if math.isfinite(value) else ""
    if isinstance(value, tuple | list):
        parts = [_shown(one) for one in value]
        return f"[{', '.join(parts)}]" if parts and all(parts) else ""
    return ""


def _quoted(text: str) -> str:
    escaped = "".join(
        {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(sign, sign)
        if sign.isprintable() or sign in "\n\t\r"
        else f"\\U{ord(sign):08x}"
        for sign in text
    )
    return f'"{escaped}"'
