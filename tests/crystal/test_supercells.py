"""Does a supercell hold the same crystal, every atom listed?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.reflections import reflections
from interlith.crystal.settings import Axes
from interlith.crystal.structure_factors import structure_factors
from interlith.crystal.supercells import all_atoms, supercell
from interlith.errors import StudyError
from tests.crystal.crystals import layered, spinel
from tests.crystal.test_settings import same_crystal
from tests.crystal.test_structure_factors import ACENTRIC, corundum


@pytest.mark.parametrize("matrix", [2, (1, 2, 3), ((1, 1, 0), (-1, 1, 0), (0, 0, 2))])
@pytest.mark.parametrize("symmetric", [True, False])
def test_the_crystal_is_the_same(matrix: int | tuple[int, ...], symmetric: bool) -> None:
    for structure in (layered(), corundum(), ACENTRIC):
        rows = (
            np.array(matrix, dtype=float) if np.ndim(matrix) == 2 else np.diag(np.broadcast_to(matrix, 3)).astype(float)
        )
        made = supercell(structure, matrix, symmetry=symmetric)
        assert len(made.atoms) == len(structure.atoms) * round(np.linalg.det(rows))
        assert made.formula == structure.formula
        if not symmetric:
            assert made.space_group == "P 1"
            assert len({site.label for site in made.sites}) == len(made.atoms)
        same_crystal(structure, Axes(rows, np.zeros(3)), made)


def test_listed_atoms_carry_their_turned_displacements() -> None:
    listed = all_atoms(corundum())
    hkl = reflections(corundum(), d_min=0.7).hkl
    assert structure_factors(listed, hkl) == pytest.approx(structure_factors(corundum(), hkl))
    tensors = {np.round(site.u_aniso or (), 6).tobytes() for site in listed.sites if site.element == "O"}
    assert len(tensors) > 1
    assert all_atoms(listed).atoms.fractions == pytest.approx(listed.atoms.fractions)


@pytest.mark.parametrize("matrix", [0.5, (1, 2), ((1, 0, 0), (1, 0, 0), (0, 0, 1)), 0, 200])
def test_what_is_no_supercell_is_refused(matrix: float | tuple[int, ...]) -> None:
    with pytest.raises((StudyError, ValueError)):
        supercell(spinel(), matrix)
