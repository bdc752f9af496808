"""Which state has a measurement, where both its row and its own file say one?"""

from __future__ import annotations

from collections.abc import Mapping

from interlith.errors import UnitError
from interlith.model import Flag, State
from interlith.units import convert


def settled(declared: Mapping[str, State], told: Mapping[str, State]) -> tuple[dict[str, State], tuple[Flag, ...]]:
    """The states of a measurement, and what is to be said of them.

    Parameters
    ----------
    declared
        What the user wrote in `measurements.csv`: it stays.
    told
        What the file itself says.

    Returns
    -------
    tuple
        All states by name; a flag for each that is declared and told with intervals that do not meet.
    """
    flags = tuple(
        _contradiction(declared[name], state)
        for name, state in told.items()
        if name in declared and not _meet(declared[name], state)
    )
    return {**told, **declared}, flags


def _meet(declared: State, told: State) -> bool:
    try:
        low, high = (convert(number, told.unit, declared.unit) for number in (told.low, told.high))
    except UnitError:
        return False
    # Rounding of a conversion is no contradiction.
    slack = 1e-9 * max(1.0, abs(low), abs(high))
    return low <= declared.high + slack and declared.low <= high + slack


def _contradiction(declared: State, told: State) -> Flag:
    return Flag(
        "state_contradicts",
        f"{declared.name} is declared as {_words(declared)}, but the file says {_words(told)}; the declared one stays. "
        "Correct the row, or see whether the file belongs to it.",
    )


def _words(state: State) -> str:
    span = f" ({state.low:g} to {state.high:g})" if state.high > state.low else ""
    return f"{state.value:g}{span} {state.unit}".rstrip()
