"""Stiffness along facets against closed forms, brute-force sums, and what rotations must leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.physics.elasticity import (
    averages,
    biaxial_modulus,
    check_stable,
    compliance,
    energy_density,
    facet_frame,
    from_tensor,
    in_plane,
    plane_stress,
    rotate,
    to_mandel,
    to_tensor,
)
from interlith.physics.stiffness import CLASSES, absent, elastic, from_constants, isotropic, table

ROWS = sorted(table())
ANGLES = st.tuples(*[st.floats(-3.0, 3.0) for _ in range(4)]).filter(lambda q: sum(x * x for x in q) > 0.1)


def rotation(quaternion):
    """Rotation matrix of a quaternion of any length."""
    w, x, y, z = np.asarray(quaternion) / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize("name", [row for row in ROWS if table()[row].crystal_class == "cubic"])
def test_cubic_facets_have_their_closed_forms(name):
    constants = table()[name].constants
    c11, c12, c44 = (constants[key] for key in ("C11", "C12", "C44"))
    bulk = c11 + 2 * c12
    expected = {
        (0, 0, 1): c11 + c12 - 2 * c12**2 / c11,
        (1, 1, 1): 6 * c44 * bulk / (bulk + 4 * c44),
        (1, 1, 0): bulk * (c11 - c12 + 6 * c44) / (2 * (c11 + c12 + 2 * c44)),
    }
    for facet, modulus in expected.items():
        assert biaxial_modulus(table()[name].stiffness, facet) == pytest.approx(modulus, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ROWS), st.tuples(*[st.integers(-4, 4) for _ in range(3)]).filter(any))
def test_any_facet_obeys_the_acoustic_tensor(name, facet):
    """An independent route: minimise over the displacement gradient b n with the Christoffel matrix of the normal."""
    stiffness = table()[name].stiffness
    tensor = to_tensor(stiffness)
    n = np.array(facet) / np.linalg.norm(facet)
    acoustic = np.einsum("ijkl,j,l->ik", tensor, n, n)
    hydrostatic = np.einsum("ijkk->ij", tensor)
    force = hydrostatic @ n
    expected = 0.5 * (np.trace(hydrostatic) - force @ np.linalg.solve(acoustic, force))
    assert biaxial_modulus(stiffness, facet) == pytest.approx(expected, rel=1e-10)


def test_isotropic_film_and_hexagonal_basal_plane():
    assert biaxial_modulus(isotropic(200.0, 0.25), (1, 2, 3)) == pytest.approx(200.0 / 0.75, rel=1e-12)
    c = table()["ZnO_computed"].constants
    basal = c["C11"] + c["C12"] - 2 * c["C13"] ** 2 / c["C33"]
    assert biaxial_modulus(table()["ZnO_computed"].stiffness, (0, 0, 1)) == pytest.approx(basal, rel=1e-12)
    mean = averages(isotropic(200.0, 0.25))
    assert (mean.young, mean.poisson) == pytest.approx((200.0, 0.25), rel=1e-12)
    assert mean.bulk_voigt == pytest.approx(mean.bulk_reuss, rel=1e-12)


def test_a_general_strain_of_an_isotropic_film():
    young, poisson = 150.0, 0.3
    strain = np.array([[0.02, 0.004], [0.004, -0.01]])
    e1, e2, shear = strain[0, 0], strain[1, 1], strain[0, 1]
    expected = young / (2 * (1 - poisson**2)) * (e1**2 + e2**2 + 2 * poisson * e1 * e2 + 2 * (1 - poisson) * shear**2)
    assert energy_density(isotropic(young, poisson), (3, 1, 2), strain) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ROWS), ANGLES)
def test_rotation_is_that_of_the_tensor_and_keeps_what_it_must(name, quaternion):
    stiffness = table()[name].stiffness
    axes = rotation(quaternion)
    turned = rotate(stiffness, axes)
    brute = np.einsum("ai,bj,ck,dl,ijkl->abcd", axes, axes, axes, axes, to_tensor(stiffness))
    assert np.allclose(turned, from_tensor(brute), atol=1e-9)
    assert np.allclose(np.linalg.eigvalsh(to_mandel(turned)), np.linalg.eigvalsh(to_mandel(stiffness)), rtol=1e-9)
    assert averages(turned).shear == pytest.approx(averages(stiffness).shear, rel=1e-9)
    assert np.allclose(rotate(turned, axes.T), stiffness, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(ROWS), ANGLES, st.tuples(*[st.floats(-0.05, 0.05) for _ in range(3)]))
def test_energy_does_not_know_the_axes(name, quaternion, parts):
    """Crystal, facet and strain turned together, and the axes within the facet chosen anew, give the same energy."""
    stiffness = table()[name].stiffness
    axes = rotation(quaternion)
    strain = np.array([[parts[0], parts[2]], [parts[2], parts[1]]])
    normal, along = np.array([1.0, 2.0, 2.0]), np.array([2.0, 1.0, -2.0])
    first = energy_density(stiffness, normal, strain, along=along)
    turned = energy_density(rotate(stiffness, axes), axes @ normal, strain, along=axes @ along)
    assert turned == pytest.approx(first, rel=1e-8, abs=1e-12)
    angle = quaternion[0]
    plane = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    x, y, _ = facet_frame(normal, along)
    other = energy_density(stiffness, normal, plane @ strain @ plane.T, along=plane[0, 0] * x + plane[0, 1] * y)
    assert other == pytest.approx(first, rel=1e-8, abs=1e-12)


def test_the_surface_is_free_of_stress():
    frame = facet_frame((1, 3, 2))
    stiffness = rotate(table()["ZrO2_computed"].stiffness, frame)
    reduced = plane_stress(stiffness)
    values = in_plane(np.array([[0.01, 0.002], [0.002, -0.02]]))
    out = reduced.response @ values
    strain = np.array([values[0], values[1], out[0], out[1], out[2], values[2]])
    stress = stiffness @ strain
    assert np.allclose(stress[2:5], 0.0, atol=1e-12)
    assert np.allclose(stress[[0, 1, 5]], reduced.stiffness @ values)
    assert abs(out[1]) > 1e-4  # a facet of low symmetry shears out of its plane


def test_many_tensors_at_once():
    stack = np.array([table()[name].stiffness for name in ("SrTiO3", "Al2O3")])
    turned = rotate(stack, facet_frame((1, 1, 1)))
    assert np.allclose(turned[1], rotate(stack[1], facet_frame((1, 1, 1))))
    assert plane_stress(turned).stiffness.shape == (2, 3, 3)


def test_rows_are_stable_and_say_where_they_come_from():
    for name, row in table().items():
        check_stable(row.stiffness)
        assert row.kind in ("measured", "polycrystal", "computed"), name
        assert len(row.source) > 10, name
        assert np.allclose(compliance(row.stiffness) @ row.stiffness, np.eye(6), atol=1e-9)
    assert not set(absent()) & set(table())


@pytest.mark.parametrize("name", ["SrTiO3", "MgO", "LiF", "Si", "Al2O3"])
def test_measured_and_computed_rows_agree_as_such_numbers_do(name):
    measured, computed = averages(table()[name].stiffness), averages(table()[f"{name}_computed"].stiffness)
    assert computed.bulk == pytest.approx(measured.bulk, rel=0.18)
    assert computed.shear == pytest.approx(measured.shear, rel=0.13)


def test_averages_against_published_ones():
    """Bulk and shear modulus that the data set of 10.1038/sdata.2015.9 prints beside the tensors."""
    for name, bulk, shear in (("Al2O3", 232.321, 147.32), ("ZrO2", 183.051, 84.642), ("MgAl2O4", 180.376, 95.811)):
        mean = averages(table()[f"{name}_computed"].stiffness)
        assert (mean.bulk, mean.shear) == pytest.approx((bulk, shear), abs=0.1)
    yttria = averages(table()["Y2O3"].stiffness)
    assert (yttria.bulk, yttria.shear) == pytest.approx((149.5, 66.3), abs=0.05)


def test_every_class_fills_its_matrix():
    for name, constants in CLASSES.items():
        if name == "isotropic":
            continue
        values = {
            key: 300.0 if key[1] == key[2] and key[1] in "123" else 80.0 if key[1] == key[2] else 5.0
            for key in constants
        }
        matrix = from_constants(name, values)
        assert np.allclose(matrix, matrix.T)
        assert np.all(np.diag(matrix) > 0)
    trigonal = from_constants("trigonal", table()["Al2O3"].constants)
    third = rotate(trigonal, rotation((np.cos(np.pi / 3), 0, 0, np.sin(np.pi / 3))))
    assert np.allclose(third, trigonal, atol=1e-9)
    hexagonal = table()["ZnO_computed"].stiffness
    assert np.allclose(rotate(hexagonal, rotation((0.9, 0, 0, 0.3))), hexagonal, atol=1e-9)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("LaNiO3", "1501.07722"),
        ("SrTiO33", "did you mean 'SrTiO3'"),
        ({"class": "cubic", "C11": 100, "C12": 60}, "lack C44"),
        ({"class": "cubic", "C11": 100, "C12": 60, "C44": 30, "C66": 3}, "C66"),
        ({"class": "cubic", "C11": 100, "C12": 120, "C44": 30}, "not positive definite"),
        ({"class": "cubical", "C11": 100, "C12": 120, "C44": 30}, "cubic"),
        ({"class": "isotropic", "E": 100, "nu": 0.6}, "no solid"),
    ],
)
def test_wrong_stiffness_is_refused_in_words(source, words):
    with pytest.raises(StudyError, match=words):
        elastic(source)


def test_wrong_axes_are_refused():
    with pytest.raises(StudyError, match="orthonormal"):
        rotate(isotropic(100, 0.2), np.ones((3, 3)))
    with pytest.raises(StudyError, match="parallel"):
        facet_frame((1, 1, 1), (2, 2, 2))
    with pytest.raises(StudyError, match="symmetric"):
        energy_density(isotropic(100, 0.2), (1, 0, 0), [[0.1, 0.2], [0.0, 0.1]])
