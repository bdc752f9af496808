"""What follows from observables, and how sure is it?

Each function is imported on first use: statistics take a second to load, and an audit needs few of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlith.evidence.attribution import attribution as attribution
    from interlith.evidence.audits import audit as audit
    from interlith.evidence.audits import list_claims as list_claims
    from interlith.evidence.balance import balance as balance
    from interlith.evidence.contrasts import compare as compare
    from interlith.evidence.convergence import convergence as convergence
    from interlith.evidence.crossover import crossover as crossover
    from interlith.evidence.equivalence import equivalent as equivalent
    from interlith.evidence.mixture import mixture as mixture
    from interlith.evidence.onset import onset as onset
    from interlith.evidence.optimum import optimum as optimum
    from interlith.evidence.order import order as order
    from interlith.evidence.power import CellsNeeded as CellsNeeded
    from interlith.evidence.power import cells_for_power as cells_for_power
    from interlith.evidence.threshold import threshold as threshold
    from interlith.evidence.trend import trend as trend

#: Public name -> its file in this room.
_HOMES = {
    "CellsNeeded": "power",
    "attribution": "attribution",
    "audit": "audits",
    "balance": "balance",
    "cells_for_power": "power",
    "compare": "contrasts",
    "convergence": "convergence",
    "crossover": "crossover",
    "equivalent": "equivalence",
    "list_claims": "audits",
    "mixture": "mixture",
    "onset": "onset",
    "optimum": "optimum",
    "order": "order",
    "threshold": "threshold",
    "trend": "trend",
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
