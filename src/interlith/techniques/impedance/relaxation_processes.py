"""Which process does a peak stand for, if the user says which class of cell was measured?

Only a declared table gives names. A peak in a gap between two ranges, or one of two in the same range, stays unnamed, and that is a choice that the report lists.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.model import Choice
from interlith.units import convert, parse

#: Margin of a choice is one where the time constant lies this many decades from the nearest border.
_CLEAR = 1.0


@dataclass(frozen=True, slots=True)
class Process:
    """A named range of time constants (s)."""

    name: str
    low: float
    high: float

    def distance(self, tau: float) -> float:
        """Decades to the nearest border, positive inside."""
        return min(math.log10(tau / self.low), math.log10(self.high / tau))


@cache
def _shipped() -> dict[str, tuple[Process, ...]]:
    text = files("interlith.reference").joinpath("relaxation_processes.toml").read_text(encoding="utf-8")
    return {
        name: tuple(Process(row["name"], float(row["low"]), float(row["high"])) for row in table["process"])
        for name, table in tomllib.loads(text).items()
    }


def process_table(declared: Any) -> tuple[Process, ...]:
    """The processes that a user declared.

    Parameters
    ----------
    declared
        `None` or ``none``; the name of a shipped table, ``sulfide_halide_solid_cell``; or name -> range of time constants:
        ``{"charge_transfer": ["1 ms", "0.1 s"]}``, numbers in s.

    Raises
    ------
    StudyError
        If a name or a range is not understood.
    """
    if declared is None or declared == "none":
        return ()
    if isinstance(declared, str):
        if declared not in _shipped():
            raise StudyError(f"processes: there is no table '{declared}'; {nearest(declared, _shipped())}.")
        return _shipped()[declared]
    if not isinstance(declared, Mapping) or not declared:
        raise StudyError(
            f"processes is '{declared}'; write the name of a table ({', '.join(_shipped())}) or ranges of time constants, for "
            "instance charge_transfer: [1 ms, 100 ms]."
        )
    return tuple(_process(str(name), ends) for name, ends in declared.items())


def _process(name: str, ends: Any) -> Process:
    name = name.removesuffix("_resistance")
    if not isinstance(ends, (list, tuple)) or len(ends) != 2 or not name.isidentifier():
        raise StudyError(
            f"processes: '{name}: {ends}' is no range; write for instance charge_transfer: [1 ms, 100 ms]."
        )
    low, high = (_seconds(end) for end in ends)
    if not 0 < low < high:
        raise StudyError(
            f"processes: {name}: {ends[0]} to {ends[1]} is no range of time constants; the first must be the smaller."
        )
    return Process(name, low, high)


def _seconds(end: Any) -> float:
    if isinstance(end, (int, float)) and not isinstance(end, bool):
        return float(end)
    value = parse(str(end), what="processes")
    return convert(value.value, value.unit or "s", "s")


def named(
    sample: str, target: str, taus: Mapping[int, float], table: Sequence[Process]
) -> tuple[dict[int, str], list[Choice]]:
    """Names of tracked peaks, and the choices they rest on.

    Parameters
    ----------
    sample, target
        Whose peaks, and what the choices are about.
    taus
        Identity -> its median time constant (s).
    table
        Declared processes; none gives no names and no choices.
    """
    if not table:
        return {}, []
    inside = {number: [one for one in table if one.distance(tau) >= 0] for number, tau in taus.items()}
    names: dict[int, str] = {}
    choices = []
    for number, tau in taus.items():
        nearby = max(table, key=lambda one: one.distance(tau))
        rivals = [other for other, held in inside.items() if other != number and nearby in held]
        peak = f"P{number}"
        if len(inside[number]) == 1 and not rivals:
            names[number] = nearby.name
            value, runner_up, why = (
                nearby.name,
                peak,
                f"its time constant of {tau:.2g} s lies in the declared range of {nearby.name}",
            )
        elif inside[number]:
            runner_up = nearby.name
            why = (
                f"{peak} and P{rivals[0]} both lie in the declared range of {nearby.name}" if rivals
                else f"its time constant of {tau:.2g} s lies in two declared ranges"
            )  # fmt: skip
            value = peak
        else:
            value, runner_up = peak, nearby.name
            why = f"its time constant of {tau:.2g} s lies in no declared range; {nearby.name} is the nearest"
        margin = min(1.0, abs(nearby.distance(tau)) / _CLEAR) if not rivals else 0.0
        moves = (f"{value}_resistance",)
        choices.append(
            Choice(f"{target}/peak/{peak}", "process", value, runner_up, margin, moves, f"{sample}, {peak}: {why}.")
        )
    return names, choices
