"""How do several batches become one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from interlith.numerics.relaxation.solver import State, Task

#: What of a state is there before it is finished.
CORE = State._CORE


def joined(pieces: Sequence[tuple[Task, State]]) -> tuple[Task, State]:
    """Several batches at the same frequencies as one, covariance and evidence included where all have them."""
    if len(pieces) == 1:
        return pieces[0]
    whole: dict[str, Any] = {}
    for one in fields(Task):
        parts = [getattr(task, one.name) for task, _ in pieces]
        if one.name not in ("grid", "prior"):
            whole[one.name] = None if any(part is None for part in parts) else np.concatenate(parts)
    names = [one.name for one in fields(State)]
    states = {name: [getattr(state, name) for _, state in pieces] for name in names}
    complete = all(len(part) for part in states["evidence"])
    kept = [name for name in names if complete or name in CORE]
    return replace(pieces[0][0], **whole), State(**{name: np.concatenate(states[name]) for name in kept})
