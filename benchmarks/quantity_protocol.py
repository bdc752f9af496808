"""One untouched protocol from a measured pattern and phases to shares: a call of the refinement, texture looked for."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import interlith as il
from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.workbench.reading import as_series

#: Causes of uncertainty that two patterns of one specimen do not have in common: counting and misfit.
_OWN = ("/fit/", "/model/")


@dataclass(frozen=True, slots=True)
class Shares:
    """Weight fractions of one pattern in the order of its phases (1), and how they were found."""

    values: list[float]
    std: list[float]
    #: Parts that two patterns of one specimen do not have in common.
    own: list[float]
    textures: list[str]
    r_wp: float
    #: Root of chi squared per degree of freedom.
    goodness: float
    #: Of reading and refining (s).
    cpu: float


def quantified(
    path: Path, names: Sequence[str], *, low: float, instrument: Instrument | None = None, texture: bool = True
) -> Shares:
    """Weight fractions of the phases of a pattern from an angle (deg) on."""
    began = time.process_time()
    pattern = Pattern(
        list(names), instrument=instrument, limits=(low, 180.0), texture="auto" if texture else None
    )  # fmt: skip
    found = il.diffraction.refine(as_series(il.read(path)), pattern)
    spent = time.process_time() - began
    rows = [found.table.filter(found.table["quantity"] == f"{name}_weight_fraction") for name in names]
    own = [
        math.sqrt(sum(one["size"] ** 2 for one in row.item(0, "components") if any(word in one["source"] for word in _OWN)))
        for row in rows
    ]  # fmt: skip
    textures = [
        f"{one.target.rsplit('/', 1)[1]} {one.value}"
        for one in found.choices
        if one.field == "texture" and one.value != "none"
    ]
    told = found.data["refined"]
    return Shares(
        [float(row.item(0, "value")) for row in rows], [float(row.item(0, "std")) for row in rows], own, textures,
        float(told.item(0, "r_wp")), float(told.item(0, "goodness")), spent,
    )  # fmt: skip
