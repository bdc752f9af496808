"""A spinel for hosts of dopants."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.structure import Site, Structure


@pytest.fixture(scope="session")
def manganate() -> Structure:
    """Sixteen Mn in a cubic cell of 8.17 angstrom, without symmetry: enough for counting."""
    places = [(x / 4, y / 4, z / 2) for x in range(4) for y in range(2) for z in range(2)]
    sites = tuple(Site(f"Mn{number}", "Mn", place) for number, place in enumerate(places))
    return Structure(
        "manganate", Cell(8.17, 8.17, 8.17), sites, np.eye(3, dtype=int)[None], np.zeros((1, 3)), formula_units=8
    )
