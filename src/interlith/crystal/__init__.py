"""Crystals: structures, symmetry, facets, reflections, scattering, orientation relations.

Each file answers one question and is imported on first use: ``il.crystal.facets.mesh(il.phase("LNMO"), (1, 1, 1))``.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    if name.startswith("_") or name not in __dir__():
        raise AttributeError(f"module 'interlith.crystal' has no attribute '{name}'")
    return importlib.import_module(f"interlith.crystal.{name}")


def __dir__() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(__path__))
