"""Do positions and displacement tensors move as the symmetry of their sites allows, and no other way?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell import Cell
from interlith.crystal.phases import phase, shipped
from interlith.crystal.site_freedom import (
    floating_origin,
    isotropic_tensor,
    position_freedom,
    site_number,
    symmetrised_tensor,
    tensor_freedom,
    tensor_names,
)
from interlith.crystal.structure import Site
from interlith.crystal.structure_factors import structure_factors
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, spinel


def test_an_atom_on_the_threefold_axis_of_a_cube_moves_along_it() -> None:
    names, matrix = position_freedom(spinel(), "O")
    assert names == ("x",)
    assert matrix.tolist() == [[1], [1], [1]]
    assert position_freedom(spinel(), "Mn")[0] == ()


def test_x_and_minus_x_are_tied_as_the_position_says() -> None:
    sites = (Site("A", "Ni", (0.2, -0.2, 0.3)), Site("B", "O", (0.15, 0.3, 0.25)))
    structure = crystal("x", "P 3 m 1", Cell(5, 5, 7, 90, 90, 120), sites)
    names, matrix = position_freedom(structure, "A")
    assert names == ("x", "z")
    assert matrix.T.tolist() == [[1, -1, 0], [0, 0, 1]]
    hexagonal = crystal("y", "P 63/m m c", Cell(3, 3, 5, 90, 90, 120), (Site("B", "O", (0.15, 0.3, 0.25)),))
    names, matrix = position_freedom(hexagonal, 0)
    assert names == ("x",)
    assert matrix.T.tolist() == [[1, 2, 0]]


@pytest.mark.parametrize("name", shipped())
def test_a_free_shift_keeps_the_number_of_images_and_a_forbidden_one_does_not(name: str) -> None:
    structure = phase(name)
    for number, site in enumerate(structure.sites):
        _, matrix = position_freedom(structure, number)
        rng = np.random.default_rng(number)
        for shift in (matrix @ rng.uniform(0.02, 0.04, matrix.shape[1]), rng.uniform(0.02, 0.04, 3)):
            moved = replace(site, fraction=tuple((np.array(site.fraction) + shift).tolist()))
            images = replace(structure, sites=(moved,)).sites[0].multiplicity
            allowed = np.allclose(matrix @ np.linalg.pinv(matrix) @ shift, shift, atol=1e-9)
            assert (images == site.multiplicity) == allowed


def test_polar_groups_float_along_their_axes() -> None:
    atom = (Site("O", "O", (0.1, 0.2, 0.3)),)
    assert floating_origin(crystal("a", "P 63 m c", Cell(3, 3, 5, 90, 90, 120), atom))[0] == ("z",)
    assert floating_origin(crystal("b", "P 1 21 1", Cell(5, 6, 7, 90, 100, 90), atom))[0] == ("y",)
    assert floating_origin(crystal("c", "P 1 m 1", Cell(5, 6, 7, 90, 100, 90), atom))[0] == ("x", "z")
    assert floating_origin(crystal("d", "P 1", Cell(5, 6, 7, 90, 100, 90), atom))[0] == ("x", "y", "z")
    assert floating_origin(spinel())[0] == ()
    names, matrix = floating_origin(crystal("e", "R 3 m:R", Cell(5, 5, 5, 70, 70, 70), atom))
    assert names == ("x",)
    assert matrix.T.tolist() == [[1, 1, 1]]


def test_a_common_shift_along_the_floating_origin_changes_no_intensity() -> None:
    structure = phase("LiNbO3")
    _, matrix = floating_origin(structure)
    sites = tuple(
        replace(site, fraction=tuple((np.array(site.fraction) + 0.0371 * matrix[:, 0]).tolist()))
        for site in structure.sites
    )
    hkl = [[1, 0, 4], [0, 1, 2], [1, 1, 6], [0, 0, 6]]
    before, after = (np.abs(structure_factors(one, hkl)) for one in (structure, replace(structure, sites=sites)))
    assert np.allclose(before, after, rtol=1e-10)


def test_tensors_of_special_positions() -> None:
    hexagonal = tensor_freedom(layered(), "O")
    assert tensor_names(hexagonal) == ("u11", "u33")
    assert hexagonal.T.tolist() == [[1, 1, 0, 0.5, 0, 0], [0, 0, 1, 0, 0, 0]]
    cube = tensor_freedom(spinel(), "O")
    assert cube.T.tolist() == [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    assert tensor_freedom(spinel(), "Li").T.tolist() == [[1, 1, 1, 0, 0, 0]]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(shipped())), st.integers(0, 2**32 - 1))
def test_an_allowed_tensor_is_its_own_mean_over_the_site(name: str, seed: int) -> None:
    structure = phase(name)
    rng = np.random.default_rng(seed)
    number = int(rng.integers(len(structure.sites)))
    matrix = tensor_freedom(structure, number)
    tensor = matrix @ rng.uniform(-1, 1, matrix.shape[1])
    assert np.allclose(symmetrised_tensor(structure, number, tensor), tensor, atol=1e-12)
    mean = symmetrised_tensor(structure, number, rng.uniform(-1, 1, 6))
    assert np.allclose(matrix @ np.linalg.lstsq(matrix, mean, rcond=None)[0], mean, atol=1e-12)
    round_one = isotropic_tensor(structure, 0.01)
    assert np.allclose(symmetrised_tensor(structure, number, round_one), round_one, atol=1e-7)


def test_a_site_that_is_not_there_is_named() -> None:
    with pytest.raises(StudyError, match="no site 'O9'"):
        position_freedom(spinel(), "O9")
    with pytest.raises(StudyError, match="sites 0 to 3"):
        site_number(spinel(), 7)
    twice = replace(spinel(), sites=(Site("O", "O", (0.1, 0.1, 0.1)), Site("O", "O", (0.3, 0.3, 0.3))))
    with pytest.raises(StudyError, match="2 sites 'O'"):
        tensor_freedom(twice, "O")
