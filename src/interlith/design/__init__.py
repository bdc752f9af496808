"""Which coating next: how much of it, does it fit, does it wet, would one see it?

Each function is imported on first use. All but `interface`, which builds atoms, return an `interlith.model.Statement`.
"""

from __future__ import annotations

import importlib
from typing import Any

#: Public name -> its file in this room.
_HOMES: dict[str, str] = {
    "channels": "matching.channels",
    "concentration": "concentrations",
    "coverage": "covering.verb",
    "electron_yield": "signals.yields",
    "growth": "growing",
    "interface": "matching.interfaces",
    "miscibility": "mixing.verb",
    "overlayer": "signals.overlayers",
    "registry": "matching.verb",
    "satellite": "matching.satellites",
    "sputter_profile": "signals.profiles",
}

#: Those that a study may ask for under ``design:``.
FROM_STRUCTURES = tuple(sorted(set(_HOMES) - {"interface"}))

__all__ = ["FROM_STRUCTURES", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'interlith.design' has no attribute '{name}'")
    return getattr(importlib.import_module(f"interlith.design.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
