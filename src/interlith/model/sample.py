"""What was measured: which variant, which specimen of it, and what is known of its mass and area?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Declared:
    """A number that the user declared, in inside units (kg, m^2, A/kg, kg/m^2), with its standard uncertainty.

    `std` is ``inf`` where none was declared: unknown is never zero. `confirmed` is false for numbers that were only
    found in a vendor header: they are proposals and normalise nothing.
    """

    value: float
    unit: str
    std: float = float("inf")
    source: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Variant:
    """One recipe that the study compares: bare, coated, doped ...; `steps` are the processing steps as declared."""

    name: str
    parent: str | None = None
    composition: str | None = None
    structure: str | None = None
    steps: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One physical specimen, in cycling one cell.

    Parameters
    ----------
    name
        Short unique name, from the common stem of its files.
    variant, batch, replicate
        As declared in `measurements.csv`.
    cell_kind
        ``half_cathode``, ``half_anode`` or ``full``: fixes the direction of every efficiency. `None` if undeclared.
    active_mass, area, loading, one_C
        Declared numbers or `None`; there is no default. `one_C` is in A/kg, or in A where `one_C.unit` is ``A``.
    current_accuracy, voltage_accuracy
        Relative (current) and absolute (V) standard uncertainty of the instrument, `None` where undeclared.
    """

    name: str
    variant: str = ""
    batch: str = ""
    replicate: str = ""
    cell_kind: str | None = None
    active_mass: Declared | None = None
    area: Declared | None = None
    loading: Declared | None = None
    one_C: Declared | None = None
    current_accuracy: float | None = None
    voltage_accuracy: float | None = None
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
