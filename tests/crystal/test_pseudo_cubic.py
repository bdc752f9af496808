"""Is the cube of 3.9 angstrom found in perovskites of any tilt?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.cell import Cell
from interlith.crystal.pseudo_cubic import pseudo_cube
from interlith.crystal.settings import axes, change_axes, to_rhombohedral
from interlith.crystal.structure import Site, Structure
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, perovskite
from tests.crystal.test_settings import same_crystal


def orthorhombic() -> Structure:
    """LaMnO3, Pnma; positions of Rodriguez-Carvajal and others, Phys. Rev. B 57 (1998) R3189."""
    sites = (
        Site("La", "La", (0.0490, 0.25, -0.0080)), Site("Mn", "Mn", (0, 0, 0.5)),
        Site("O1", "O", (0.4874, 0.25, 0.0747)), Site("O2", "O", (0.3066, 0.0384, 0.7257)),
    )  # fmt: skip
    return crystal("LaMnO3", "P n m a", Cell(5.7327, 7.67381, 5.53544), sites, units=4)


def rhombohedral() -> Structure:
    sites = (Site("La", "La", (0, 0, 0.25)), Site("Ni", "Ni", (0, 0, 0)), Site("O", "O", (0.5456, 0, 0.25)))
    return crystal("LaNiO3", "R -3 c:H", Cell(5.457, 5.457, 13.146, 90, 90, 120), sites, units=6)


@pytest.mark.parametrize(
    ("structure", "cubes"),
    [
        (perovskite(), 1),
        (orthorhombic(), 4),
        (rhombohedral(), 6),
        (change_axes(rhombohedral(), to_rhombohedral(rhombohedral())), 2),
        (change_axes(orthorhombic(), axes("c, a, b")), 4),
    ],
)
def test_the_cube_has_the_volume_of_one_formula_unit(structure: Structure, cubes: int) -> None:
    found = pseudo_cube(structure)
    assert found.axes.volume == pytest.approx(1 / cubes)
    assert 3.8 < found.edge < 3.95
    assert found.edge == pytest.approx((structure.cell.volume / cubes) ** (1 / 3))
    assert found.distortion < 0.04
    same_crystal(structure, axes(2 * found.axes.rows), found.doubled())
    mean = found.averaged()
    assert mean.density == pytest.approx(structure.density)
    assert sorted(site.label.partition("_")[2] for site in mean.sites) == ["A", "B", "X1", "X2", "X3"]
    for site in mean.sites:
        assert np.abs(np.array(site.fraction) * 2 - np.rint(np.array(site.fraction) * 2)).max() < 0.02


def test_familiar_indices() -> None:
    cube = pseudo_cube(orthorhombic())
    # (101) of Pnma is (100) of the cube, (040) is (020).
    assert cube.axes.hkl([[1, 0, 1], [0, 4, 0], [2, 0, 2]]).tolist() == [[1, 0, 0], [0, 2, 0], [2, 0, 0]]
    hexagonal = pseudo_cube(rhombohedral())
    for hkl, kind in (((0, 1, 2), (0, 0, 1)), ((1, 1, 0), (0, 1, 1)), ((0, 0, 6), (1, 1, 1))):
        found = sorted(np.abs(hexagonal.axes.hkl(hkl)).tolist())
        assert found == pytest.approx(sorted(kind)) or found == pytest.approx(sorted(kind)[::-1])


def test_what_has_no_cube_is_refused() -> None:
    with pytest.raises(StudyError, match="perovskite"):
        pseudo_cube(layered())
    alone = crystal("La", "P m -3 m", Cell(3.9, 3.9, 3.9), (Site("La", "La", (0, 0, 0)),))
    with pytest.raises(StudyError, match="six anions"):
        pseudo_cube(alone)
