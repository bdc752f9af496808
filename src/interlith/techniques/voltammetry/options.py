"""Which words may stand under ``analyses: voltammetry:``, and is what they say understood?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.techniques.voltammetry.baselines import KINDS
from interlith.techniques.voltammetry.records import declared

OPTIONS: dict[str, str] = {
    "scan_rate": "scan rate where the file holds no time, for instance 0.1 mV/s; instead of the measured one where both are known",
    "resistance": "uncompensated resistance whose ohmic drop is taken off the voltage: '12 +- 1 ohm', or one for each specimen: {S1: 12 +- 1 ohm}",
    "baseline": f"baseline under all peaks instead of the one chosen for each: {', '.join(KINDS)}",
    "b_value": "off leaves the slope of log current over log scan rate out",
    "shares": "on, or off: capacitive and diffusive share of the current from three or more scan rates",
    "diffusion": "Randles-Sevcik: {electrons: 1, concentration: 1 +- 0.02 mol/L, area: 0.07 +- 0.001 cm^2, temperature: 25 +- 1 degC, thickness: 1 mm}",
}

DIFFUSION_WORDS = {
    "concentration": "mol/m^3", "area": "m^2", "temperature": "degC", "thickness": "m",
}  # fmt: skip


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse words and values that are not understood.

    Raises
    ------
    StudyError
        The message names the word, what was found, and what is allowed.
    """
    for word, value in options.items():
        if word not in OPTIONS:
            raise StudyError(f"analyses: voltammetry: '{word}' is unknown; {nearest(word, OPTIONS)}.")
        if value is None:
            continue
        wrong = _CHECKS[word](value)
        if wrong:
            raise StudyError(f"analyses: voltammetry: {word}: {wrong}.")


def is_off(value: Any) -> bool:
    """Whether an analysis was switched off."""
    return value is False or value == "off"


def resistance_of(options: Mapping[str, Any], sample: str) -> tuple[float, float] | None:
    """Declared resistance of a specimen (ohm) and its standard uncertainty; `None` where none is."""
    value = options.get("resistance")
    if isinstance(value, Mapping):
        value = value.get(sample)
    return None if value is None else declared(value, "ohm", "resistance")


def _switch(value: Any) -> str:
    return "" if value in (True, False, "on", "off") else f"'{value}' is neither on nor off"


def _quantity(unit: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        try:
            declared(value, unit, "it", positive=unit != "degC")
        except InterlithError as error:
            return str(error).rstrip(".")
        return ""

    return check


def _resistance(value: Any) -> str:
    given = list(value.values()) if isinstance(value, Mapping) else [value]
    return next((wrong for one in given if (wrong := _quantity("ohm")(one))), "")


def _kind(value: Any) -> str:
    return "" if value in KINDS else f"'{value}' is unknown; {nearest(str(value), KINDS)}"


def _diffusion(value: Any) -> str:
    if is_off(value):
        return ""
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of words in braces"
    for word, given in value.items():
        if word == "electrons":
            if not isinstance(given, int) or isinstance(given, bool) or given < 1:
                return f"electrons: '{given}' is no whole number from 1 on"
        elif word not in DIFFUSION_WORDS:
            return f"'{word}' is unknown; {nearest(str(word), [*DIFFUSION_WORDS, 'electrons'])}"
        elif given is not None and (wrong := _quantity(DIFFUSION_WORDS[word])(given)):
            return f"{word}: {wrong}"
    return ""


_CHECKS: dict[str, Callable[[Any], str]] = {
    "scan_rate": _quantity("V/s"),
    "resistance": _resistance,
    "baseline": _kind,
    "b_value": _switch,
    "shares": _switch,
    "diffusion": _diffusion,
}
