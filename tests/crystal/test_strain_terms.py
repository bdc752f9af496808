"""Are the terms of anisotropic strain and texture those that the symmetry allows?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.phases import phase
from interlith.crystal.reflections import equivalents, reflections
from interlith.crystal.strain_terms import isotropic_strain, preferred_orientation, strain_terms
from interlith.crystal.structure import Site
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, spinel

ATOM = (Site("Ni", "Ni", (0.1, 0.2, 0.3)),)
HEXAGONAL = (3, 3, 5, 90, 90, 120)

#: Number of independent terms of each Laue class: those of the elastic compliances (J. F. Nye, Physical Properties of
#: Crystals, table 9) that a fully symmetric tensor of fourth rank keeps.
CLASSES = {
    "P -1": ((5, 6, 7, 80, 95, 101), 15), "P 1 2/m 1": ((5, 6, 7, 90, 101, 90), 9), "P m m m": ((5, 6, 7, 90, 90, 90), 6),
    "P 4/m": ((5, 5, 7, 90, 90, 90), 5), "P 4/m m m": ((5, 5, 7, 90, 90, 90), 4), "P -3": (HEXAGONAL, 5),
    "P -3 m 1": (HEXAGONAL, 4), "P -3 1 m": (HEXAGONAL, 4), "P 6/m": (HEXAGONAL, 3), "P 6/m m m": (HEXAGONAL, 3),
    "P m -3": ((5, 5, 5, 90, 90, 90), 2), "P m -3 m": ((5, 5, 5, 90, 90, 90), 2), "R -3 m:R": ((5, 5, 5, 70, 70, 70), 4),
}  # fmt: skip


@pytest.mark.parametrize("group", CLASSES)
def test_each_laue_class_has_its_number_of_terms_and_keeps_equivalents_equal(group: str) -> None:
    six, count = CLASSES[group]
    structure = crystal("x", group, Cell(*six), ATOM)
    terms = strain_terms(structure)
    assert len(terms.names) == count
    values = terms.values(equivalents(structure, (3, 1, 2)))
    assert np.allclose(values, values[0], rtol=1e-9)


def test_the_printed_forms_of_common_classes() -> None:
    h, k, m = 3.0, 1.0, 2.0
    cube = strain_terms(spinel())
    assert cube.names == ("S400", "S220")
    expected = [h**4 + k**4 + m**4, 3 * (h * h * k * k + h * h * m * m + k * k * m * m)]
    assert np.allclose(cube.values([[h, k, m]])[0], expected)
    hexagonal = strain_terms(phase("zincite"))
    assert hexagonal.names == ("S400", "S004", "S202")
    expected = [
        h**4 + k**4 + 2 * h**3 * k + 2 * h * k**3 + 3 * h * h * k * k, m**4,
        3 * (h * h * m * m + k * k * m * m + h * k * m * m),
    ]  # fmt: skip
    assert np.allclose(hexagonal.values([[h, k, m]])[0], expected)
    monoclinic = strain_terms(phase("Li2MnO3"))
    assert monoclinic.names == ("S400", "S040", "S004", "S220", "S202", "S022", "S301", "S103", "S121")
    assert np.allclose(monoclinic.values([[h, k, m]])[0, 6:], [2 * h**3 * m, 2 * h * m**3, 4 * h * k * k * m])
    assert strain_terms(layered()).names == ("S400", "S004", "S202", "S301")


@pytest.mark.parametrize("name", ["LNMO", "zincite", "LaMnO3", "Li2MnO3", "corundum"])
def test_equal_strain_in_all_directions_is_a_combination_of_the_terms(name: str) -> None:
    structure = phase(name)
    terms = strain_terms(structure)
    hkl = reflections(structure, d_min=1.0).hkl
    found = terms.values(hkl) @ isotropic_strain(structure, terms)
    assert np.allclose(np.sqrt(found), 1 / structure.cell.spacing(hkl) ** 2, rtol=1e-9)
    if name == "LNMO":
        s400, s220 = isotropic_strain(structure, terms)
        assert np.isclose(s220 / s400, 2 / 3)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 3.0))
def test_texture_is_the_mean_over_equivalents_with_its_slope(ratio: float) -> None:
    structure = layered()
    hkl = reflections(structure, d_min=1.0).hkl
    texture = preferred_orientation(structure, hkl, (0, 0, 1))
    factors, slopes = texture.factors(ratio)
    for row, factor in zip(hkl[:10], factors, strict=False):
        cosines = [structure.cell.normal(one)[2] for one in equivalents(structure, row)]
        terms = [(ratio**2 * c * c + (1 - c * c) / ratio) ** -1.5 for c in cosines]
        assert np.isclose(factor, np.mean(terms), rtol=1e-12)
    step = 1e-6
    numeric = (texture.factors(ratio + step)[0] - texture.factors(ratio - step)[0]) / (2 * step)
    assert np.allclose(slopes, numeric, rtol=1e-5, atol=1e-6)


def test_plates_make_basal_planes_strong_and_no_texture_changes_nothing() -> None:
    texture = preferred_orientation(layered(), [[0, 0, 3], [1, 1, 0]], (0, 0, 1))
    assert np.allclose(texture.factors(1.0)[0], 1.0)
    basal, prism = texture.factors(0.7)[0]
    assert np.isclose(basal, 0.7**-3)
    assert np.isclose(prism, 0.7**1.5)


def test_texture_makes_no_intensity() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(200)
    for ratio in (0.5, 0.8, 1.3):
        assert np.isclose(np.sum(weights * (ratio**2 * nodes**2 + (1 - nodes**2) / ratio) ** -1.5) / 2, 1.0)


def test_a_direction_of_a_cube_is_averaged_over_its_equivalents() -> None:
    texture = preferred_orientation(spinel(), [[2, 2, 0], [4, 0, 0]], (1, 1, 1))
    assert texture.counts.tolist() == [12, 6]
    assert np.isclose(texture.factors(0.8)[0][1], (0.64 / 3 + (2 / 3) / 0.8) ** -1.5)


def test_wrong_requests_are_refused() -> None:
    with pytest.raises(StudyError, match="preferred direction"):
        preferred_orientation(spinel(), [[1, 1, 1]], (0, 0, 0))
    with pytest.raises(StudyError, match="positive"):
        preferred_orientation(spinel(), [[1, 1, 1]], (0, 0, 1)).factors(0)
