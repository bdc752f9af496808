"""What follows from observables, and how sure is it?

Each function is imported on first use: statistics take a second to load, and an audit needs few of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlith.evidence.auditing.audits import audit as audit
    from interlith.evidence.auditing.audits import list_claims as list_claims
    from interlith.evidence.causes.attribution import attribution as attribution
    from interlith.evidence.causes.trend import trend as trend
    from interlith.evidence.contrasts import compare as compare
    from interlith.evidence.equivalence import equivalent as equivalent
    from interlith.evidence.levels.crossover import crossover as crossover
    from interlith.evidence.levels.optimum import optimum as optimum
    from interlith.evidence.levels.threshold import threshold as threshold
    from interlith.evidence.onsets.onset import onset as onset
    from interlith.evidence.onsets.order import order as order
    from interlith.evidence.power import CellsNeeded as CellsNeeded
    from interlith.evidence.power import cells_for_power as cells_for_power
    from interlith.evidence.sums.balance import balance as balance
    from interlith.evidence.sums.convergence import convergence as convergence
    from interlith.evidence.sums.mixture import mixture as mixture

#: Public name -> its file in this room.
_HOMES = {
    "CellsNeeded": "power",
    "attribution": "causes.attribution",
    "audit": "auditing.audits",
    "balance": "sums.balance",
    "cells_for_power": "power",
    "compare": "contrasts",
    "convergence": "sums.convergence",
    "crossover": "levels.crossover",
    "equivalent": "equivalence",
    "list_claims": "auditing.audits",
    "mixture": "sums.mixture",
    "onset": "onsets.onset",
    "optimum": "levels.optimum",
    "order": "onsets.order",
    "threshold": "levels.threshold",
    "trend": "causes.trend",
}

__all__ = [
    "CellsNeeded",
    "attribution",
    "audit",
    "balance",
    "cells_for_power",
    "compare",
    "convergence",
    "crossover",
    "equivalent",
    "list_claims",
    "mixture",
    "onset",
    "optimum",
    "order",
    "threshold",
    "trend",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'interlith.evidence' has no attribute '{name}'")
    found = getattr(importlib.import_module(f"interlith.evidence.{_HOMES[name]}"), name)
    # A file and its function share a name, and importing the file puts the file here: put the function back.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
