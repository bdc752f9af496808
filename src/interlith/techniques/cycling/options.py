"""Which words and values may stand under ``analyses: cycling:``, and what does the user read about a wrong one?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.techniques.cycling.components import NORMALISATIONS
from interlith.techniques.cycling.rate_blocks import declared_block
from interlith.techniques.cycling.resolution import is_off
from interlith.units import inside, parse_rate

#: Words under ``analyses: cycling:`` in `study.yaml`.
OPTIONS = {
    "reference_cycle": "Own number of the cycle that counts as 100 % of the retention; by default the first at the usual rate.",
    "exclude_rate": "C-rate of check-up cycles to leave out of retention and decay, for instance C/10.",
    "normalise": "Basis of capacities: active_mass, area or none.",
    "fade_window": "First and last own cycle number of the decay, for instance [10, 200].",
    "rate_blocks": "Blocks of a rate test, for instance [{cycles: 1-5, rate: C/10}, {cycles: 6-10, rate: C/5}].",
    "plateau": "Share of a charge above a voltage: {split: 4.45 V, split_std: 0.02 V, cycle: 1, direction: charge}.",
    "dqdv": "dQ/dV: {cycles: [1, 10, 100], resolution: 5 mV}; off leaves it out.",
    "titration": "GITT: {particle_radius: 5 +- 1 um}, or molar_volume, molar_mass and contact_area.",
}
#: What to write, where the description above is no example.
_EXAMPLES = {"reference_cycle": "reference_cycle: 3", "exclude_rate": "exclude_rate: C/10", "normalise": "normalise: area",
             "fade_window": "fade_window: [10, 200]", "rate_blocks": "rate_blocks: [{cycles: 1-5, rate: C/10}]",
             "plateau": "plateau: {split: 4.45 V}", "dqdv": "dqdv: {resolution: 5 mV}, or dqdv: off",
             "titration": "titration: {particle_radius: 5 +- 1 um}"}  # fmt: skip


def check_options(options: Mapping[str, Any]) -> None:
    """Check all values before anything is computed.

    Parameters
    ----------
    options
        Words of ``analyses: cycling:`` in `study.yaml`; those of the reader are not looked at.

    Raises
    ------
    StudyError
        If a value is of the wrong kind; the message names the word and gives an example.
    """
    for word, check in _CHECKS.items():
        value = options.get(word)
        if word not in options or (value is None and word == "dqdv"):
            continue
        try:
            wrong = "it has no value" if value is None else check(value)
        except InterlithError as error:
            wrong = str(error)
        if wrong:
            raise StudyError(f"analyses: cycling: {word}: {wrong.rstrip('.')}. Write for instance {_EXAMPLES[word]}.")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _cycle(value: Any) -> str:
    return "" if _whole(value) and value >= 0 else f"'{value}' is no number of a cycle, a whole number"


def _cycles(value: Any) -> str:
    if not isinstance(value, (list, tuple)) or not value:
        return f"'{value}' is no list of cycle numbers"
    return next((wrong for wrong in map(_cycle, value) if wrong), "")


def _rate(value: Any) -> str:
    for one in value if isinstance(value, (list, tuple)) else [value]:
        known = parse_rate(one) if isinstance(one, str) else one
        if not _number(known) or known <= 0:
            return f"'{one}' is no C-rate"
    return ""


def _basis(value: Any) -> str:
    return "" if value in NORMALISATIONS else f"'{value}' is unknown; {nearest(str(value), NORMALISATIONS)}"


def _window(value: Any) -> str:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(_whole(end) for end in value):
        return f"'{value}' is not the first and the last cycle number in brackets"
    return "" if value[0] < value[1] else f"{value[0]} to {value[1]} holds no two cycles"


def _blocks(value: Any) -> str:
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(one, Mapping) for one in value):
        return f"'{value}' is no list of blocks in braces"
    for number, block in enumerate(value, 1):
        declared_block(number, block)
    return ""


def _volts(value: Any) -> str:
    if isinstance(value, str):
        value = inside(value, "voltage")
    return "" if _number(value) and value >= 0 else f"'{value}' is no voltage"


def _positive(value: Any) -> str:
    return "" if _number(value) and value > 0 else f"'{value}' is no positive number"


def _points(value: Any) -> str:
    return "" if _whole(value) and value >= 10 else f"'{value}' is no whole number from 10 on"


def _direction(value: Any) -> str:
    ways = ("charge", "discharge")
    return "" if value in ways else f"'{value}' is unknown; {nearest(str(value), ways)}"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else f"'{value}' has no unit"


def _words(allowed: Mapping[str, Callable[[Any], str]]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, Mapping):
            return f"'{value}' is no list of words in braces"
        for word, given in value.items():
            if word not in allowed:
                return f"'{word}' is unknown; {nearest(str(word), allowed)}"
            wrong = "" if given is None else allowed[word](given)
            if wrong:
                return f"{word}: {wrong}"
        return ""

    return check


_PLATEAU = _words({"split": _volts, "split_std": _volts, "cycle": _cycle, "direction": _direction})
_DQDV = _words({"cycles": _cycles, "points": _points, "resolution": _volts, "charge_share": _positive, "gate": _volts})
_TITRATION = _words(dict.fromkeys(("particle_radius", "molar_volume", "molar_mass", "contact_area"), _text))
_CHECKS: dict[str, Callable[[Any], str]] = {
    "reference_cycle": _cycle,
    "exclude_rate": _rate,
    "normalise": _basis,
    "fade_window": _window,
    "rate_blocks": _blocks,
    "plateau": _PLATEAU,
    "dqdv": lambda value: "" if is_off(value) else _DQDV(value),
    "titration": _TITRATION,
}
