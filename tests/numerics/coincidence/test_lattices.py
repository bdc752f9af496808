"""Superlattices, their symmetry and their reduced bases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.numerics.coincidence import (
    gauss_reduced,
    hermite_forms,
    hermite_normal,
    point_group,
    representatives,
    sum_lattice,
    whole_multiple,
)

HEXAGON = np.array([[1.0, 0.0], [-0.5, math.sqrt(3) / 2]])
SQUARE = np.eye(2)
CENTRED = np.array([[1.0, 0.6], [-1.0, 0.6]])
OBLIQUE = np.array([[1.0, 0.0], [0.3, 1.4]])

whole = st.integers(-30, 30)
matrices = st.tuples(whole, whole, whole, whole).map(lambda e: np.array(e).reshape(2, 2))
regular = matrices.filter(lambda m: m[0, 0] * m[1, 1] != m[0, 1] * m[1, 0])


def test_superlattices_of_an_index_are_as_many_as_the_sum_of_its_divisors() -> None:
    forms = hermite_forms(24)
    index = np.rint(np.linalg.det(forms)).astype(int)
    for n in range(1, 25):
        assert np.count_nonzero(index == n) == sum(d for d in range(1, n + 1) if n % d == 0)


@given(regular, st.sampled_from([[[1, 0], [1, 1]], [[0, 1], [-1, 0]], [[2, 1], [1, 1]], [[1, -3], [0, -1]]]))
def test_the_normal_form_names_a_superlattice_whatever_its_basis(matrix: np.ndarray, change: list[list[int]]) -> None:
    form = hermite_normal(matrix)
    assert np.array_equal(hermite_normal(np.array(change) @ matrix), form)
    (a, b), (zero, d) = form.tolist()
    assert zero == 0
    assert a > 0
    assert 0 <= b < d
    steps = matrix @ np.linalg.inv(form)
    assert np.allclose(steps, np.rint(steps), atol=1e-9)
    assert a * d == abs(round(float(np.linalg.det(matrix))))


@given(regular)
@settings(max_examples=60)
def test_reduction_finds_the_two_shortest_vectors(matrix: np.ndarray) -> None:
    basis = matrix @ OBLIQUE
    reduced, turned = gauss_reduced(basis[None])
    assert np.allclose(turned[0] @ basis, reduced[0])
    assert abs(round(float(np.linalg.det(turned[0])))) == 1
    steps = np.array([(i, j) for i in range(-3, 4) for j in range(-3, 4) if (i, j) != (0, 0)])
    lengths = np.linalg.norm(steps @ reduced[0], axis=1)
    first, second = np.linalg.norm(reduced[0], axis=1)
    assert first <= lengths.min() * (1 + 1e-9)
    independent = steps[:, 1] != 0
    assert second <= lengths[independent].min() * (1 + 1e-9)


@pytest.mark.parametrize(
    ("basis", "order"), [(HEXAGON, 12), (SQUARE, 8), (np.diag([1.0, 1.3]), 4), (CENTRED, 4), (OBLIQUE, 2)]
)
def test_point_groups_of_the_five_plane_lattices(basis: np.ndarray, order: int) -> None:
    reduced = gauss_reduced(basis[None])[0][0]
    group = point_group(reduced)
    assert len(group) == order
    turns = np.linalg.inv(reduced) @ group @ reduced
    assert np.allclose(turns @ np.swapaxes(turns, 1, 2), np.eye(2))


def test_representatives_stand_for_all_superlattices() -> None:
    """Orbits have the sizes that Burnside's count of the square lattice gives (OEIS A145392 begins 1 2 2 4 3 5)."""
    reps = representatives(6, point_group(SQUARE))
    index = np.rint(np.linalg.det(reps)).astype(int)
    group = point_group(SQUARE)
    for n in range(1, 7):
        orbits = {
            frozenset(tuple(hermite_normal(form @ g).ravel().tolist()) for g in group)
            for form in hermite_forms(6)
            if round(float(np.linalg.det(form))) == n
        }
        assert np.count_nonzero(index == n) == len(orbits)
    assert [int(np.count_nonzero(index == n)) for n in range(1, 5)] == [1, 2, 2, 4]


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=4), st.integers(1, 12))
def test_a_sum_of_lattices_holds_both_and_nothing_smaller_does(rows: list[tuple[int, int]], size: int) -> None:
    pair = sum_lattice(rows, size)
    inside = np.concatenate([np.array(rows), size * np.eye(2)]) @ np.linalg.inv(pair)
    assert np.allclose(inside, np.rint(inside), atol=1e-9)
    # The greatest common divisor of all two-row minors is the index.
    given_rows = [*rows, (size, 0), (0, size)]
    minors = [abs(p * s - q * r) for p, q in given_rows for r, s in given_rows]
    assert round(abs(float(np.linalg.det(pair)))) == math.gcd(*minors)


@given(regular, regular, regular)
@settings(max_examples=40, deadline=None)
def test_the_whole_multiple_is_the_smallest_that_fits(edges: np.ndarray, onto: np.ndarray, other: np.ndarray) -> None:
    onto, other = (
        hermite_normal(onto % 4 + np.array([[5, 0], [0, 5]])),
        hermite_normal(other % 3 + 4 * np.eye(2, dtype=int)),
    )
    form = whole_multiple(edges, onto, np.eye(2, dtype=int), other)

    def fits(cell: np.ndarray) -> bool:
        steps = np.concatenate([cell @ edges @ np.linalg.inv(onto), cell @ np.linalg.inv(other)])
        return bool(np.allclose(steps, np.rint(steps), atol=1e-6))

    assert fits(form)
    size = round(float(np.linalg.det(form)))
    smaller = [one for one in hermite_forms(min(size - 1, 12)) if fits(one)] if size > 1 else []
    assert not smaller
