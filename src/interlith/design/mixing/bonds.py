"""How strong is the bond of an element to oxygen in a gas molecule?"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class BondStrength:
    """Dissociation energy of a diatomic oxide at 298 K.

    Parameters
    ----------
    element
        The element bound to oxygen.
    value, std
        Energy and its uncertainty (kJ/mol); nan where the table gives none.
    checked
        Whether the number was seen in the source.
    source
        The reference.
    """

    element: str
    value: float
    std: float
    checked: bool
    source: str


@cache
def _document() -> dict[str, Any]:
    text = (resources.files("interlith.reference") / "bond_strengths.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def bond_strength(element: str) -> BondStrength | None:
    """The bond of an element to oxygen, `None` where the table has none."""
    row = _document()["oxygen"].get(element)
    if row is None:
        return None
    return BondStrength(
        element, float(row[0]), float(row[1]), element in _document()["checked"], str(_document()["source"])
    )  # fmt: skip
