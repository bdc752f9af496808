"""Along which state does a series of patterns go, and where on it is each pattern?"""

from __future__ import annotations

from interlith.errors import StudyError, nearest
from interlith.model import State
from interlith.techniques.diffraction.survey import Looked

#: States that a series may run along, the likeliest first.
AXES = ("temperature", "voltage", "dose", "cycle", "test_time", "time")


def state_of(one: Looked, number: int, against: str | None) -> State:
    """Where a pattern is on the state axis of its series; its number where it has no state.

    Raises
    ------
    StudyError
        If it has no such state.
    """
    known = [name for name in AXES if name in one.state]
    if against not in (None, "pattern") and against not in one.state:
        raise StudyError(
            f"{one.item.source.path} has no state '{against}'; {nearest(against, [*one.state, 'pattern'])}."
        )
    name = against or (known[0] if known else "pattern")
    if name in one.state:
        return one.state[name]
    return State("pattern", float(number), float(number), float(number), "1")
