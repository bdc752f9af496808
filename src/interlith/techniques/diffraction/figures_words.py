"""How are states and numbers of diffraction named on an axis?"""

from __future__ import annotations

from collections.abc import Sequence

#: State -> words on its axis; the unit follows.
STATES = {
    "test_time": "Time", "time": "Time", "temperature": "Temperature", "voltage": "Voltage", "charge": "Charge",
    "specific_charge": "Charge", "dose": "Dose", "cycle": "Cycle", "depth": "Depth", "pattern": "Pattern",
    "specific_current": "Current", "current": "Current",
}  # fmt: skip
_UNITS = {"degC": "°C", "mAh/g": "mAh g⁻¹", "mA/g": "mA g⁻¹", "angstrom": "Å", "angstrom^3": "Å³", "1": "", "": ""}


def state_label(name: str, unit: str) -> str:
    """``Charge / mAh g⁻¹`` for a state and its unit."""
    return labelled(STATES.get(name, name.replace("_", " ").capitalize()), unit)


def labelled(words: str, unit: str) -> str:
    """Words with a unit behind a slash, where there is one."""
    shown = _UNITS.get(unit, unit)
    return f"{words} / {shown}" if shown else words


def numbered(name: str, place: int, whole: int) -> str:
    """File stem of one of several figures of a kind."""
    return name if whole == 1 else f"{name}_{place + 1}"


def first_known(wanted: Sequence[str], known: Sequence[str]) -> str | None:
    """The first of some names that is known."""
    return next((name for name in wanted if name in known), None)
