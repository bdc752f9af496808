"""Strain tensors by name, plane stress, and dislocations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.crystal.facets import mesh
from interlith.design.matching.strain import along_and_across, dislocations, elastic, strain_of
from interlith.errors import StudyError
from interlith.physics.stiffness import from_constants, isotropic
from tests.crystal.crystals import perovskite

stretches = st.floats(0.85, 1.15)
angles = st.floats(-180, 180)


def rotation(angle: float) -> np.ndarray:
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return np.array([[c, s], [-s, c]])


@given(stretches, stretches, angles, angles)
def test_a_rotation_is_taken_off_and_the_stretch_stays(first: float, second: float, turn: float, axis: float) -> None:
    stretch = rotation(axis).T @ np.diag([first, second]) @ rotation(axis)
    found = strain_of(stretch @ rotation(turn))
    assert np.allclose(found.small, stretch - np.eye(2), atol=1e-9)
    assert found.principal == pytest.approx(sorted([first - 1, second - 1], reverse=True), abs=1e-9)
    assert np.allclose(found.green_lagrange, (stretch @ stretch - np.eye(2)) / 2, atol=1e-9)
    assert np.trace(found.hencky) == pytest.approx(np.log(first * second), abs=1e-9)
    assert found.area == pytest.approx(first * second - 1, abs=1e-9)


def test_the_tensors_agree_to_first_order_only() -> None:
    found = strain_of(1.0528 * np.eye(2))
    assert found.small[0, 0] == pytest.approx(0.0528)
    assert found.green_lagrange[0, 0] == pytest.approx(0.0528 + 0.0528**2 / 2)
    assert found.hencky[0, 0] == pytest.approx(np.log(1.0528))


@given(stretches, stretches, angles)
def test_misfit_along_an_edge_and_of_its_rows(first: float, second: float, turn: float) -> None:
    along, across, shear = along_and_across([2.0, 0.0], strain_of(np.diag([first, second]) @ rotation(turn)))
    assert (along, across) == pytest.approx((first - 1, second - 1), abs=1e-9)
    assert shear == pytest.approx(0, abs=1e-9)


def test_a_shear_is_said() -> None:
    _, across, shear = along_and_across([1.0, 0.0], strain_of(np.array([[1.0, 0.0], [0.05, 1.0]])))
    assert shear == pytest.approx(np.arctan(0.05))
    assert across == pytest.approx(0.0)


def test_isotropic_films_store_m_e_squared() -> None:
    film = perovskite()
    plane = mesh(film, (1, 1, 1))
    found = elastic(isotropic(200.0, 0.3), plane.frame, strain_of(1.02 * np.eye(2)), plane.spacing)
    assert found.density == pytest.approx(200.0 / 0.7 * 0.02**2)
    assert found.normal == pytest.approx(-2 * 0.3 / 0.7 * 0.02)
    assert found.layer == pytest.approx(found.density * 1e9 * 3.88 / np.sqrt(3) * 1e-10)


def test_cubic_films_are_stiffer_on_some_faces() -> None:
    """Closed forms of the biaxial modulus (Nix 1989): (100) C11 + C12 - 2 C12^2/C11; (111) 6 C44 (C11 + 2 C12)/(C11 + 2 C12 + 4 C44)."""
    c11, c12, c44 = 320.0, 100.0, 110.0
    matrix = from_constants("cubic", {"C11": c11, "C12": c12, "C44": c44})
    for hkl, modulus in (
        ((1, 0, 0), c11 + c12 - 2 * c12**2 / c11),
        ((1, 1, 1), 6 * c44 * (c11 + 2 * c12) / (c11 + 2 * c12 + 4 * c44)),
    ):
        plane = mesh(perovskite(), hkl)
        assert elastic(matrix, plane.frame, strain_of(1.01 * np.eye(2)), 1.0).density == pytest.approx(modulus * 1e-4)


def test_an_unstable_stiffness_is_refused() -> None:
    with pytest.raises(StudyError, match="not positive definite"):
        elastic(-np.eye(6), np.eye(3), strain_of(np.eye(2)), 1.0)


def test_host_and_film_differ_by_one_burgers_vector_over_the_spacing() -> None:
    host, film = 4.085, 3.88
    edge, spacing = dislocations(host * np.eye(2), [host / film - 1] * 2, np.eye(2))
    assert edge == pytest.approx([host, host])
    assert spacing == pytest.approx([host * film / (host - film)] * 2)
    assert spacing[0] / host + 1 == pytest.approx(spacing[0] / film)


def test_each_misfit_takes_the_translation_along_it() -> None:
    edge, spacing = dislocations(np.diag([3.0, 8.0]), [0.01, -0.04], np.eye(2))
    assert edge == pytest.approx([3.0, 8.0])
    assert spacing == pytest.approx([300.0, 200.0])
    _, none = dislocations(np.diag([3.0, 8.0]), [0.01, 0.0], np.eye(2))
    assert none[1] == np.inf
