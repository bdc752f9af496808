"""All coincidences, once each: against trying all whole-number matrices, and against closed forms."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.numerics.coincidence import (
    Coincidences,
    coincidences,
    gauss_reduced,
    hermite_forms,
    multiples,
    point_group,
)

HEXAGON = np.array([[1.0, 0.0], [-0.5, math.sqrt(3) / 2]])
Key = tuple[Fraction, ...]


def rational(film_edges: np.ndarray, host_edges: np.ndarray) -> Key:
    """Q = film edges^-1 host edges, exactly."""
    (a, b), (c, d) = film_edges.tolist()
    (p, q), (r, s) = host_edges.tolist()
    size = a * d - b * c
    return tuple(Fraction(n, size) for n in (d * p - b * r, d * q - b * s, a * r - c * p, a * s - c * q))


def orbit(key: Key, on_host: np.ndarray, on_film: np.ndarray) -> frozenset[Key]:
    """All Q that the two point groups make of one, computed with fractions."""
    a, b, c, d = key
    images = []
    for g, h in itertools.product(on_film.tolist(), on_host.tolist()):
        (e, f), (i, j) = g
        w = (e * a + f * c, e * b + f * d, i * a + j * c, i * b + j * d)
        (k, m), (n, o) = h
        images.append((w[0] * k + w[1] * n, w[0] * m + w[1] * o, w[2] * k + w[3] * n, w[2] * m + w[3] * o))
    return frozenset(images)


def shared(key: Key) -> int:
    """Index of the film vectors that Q makes whole: denominators of Smith's form."""
    size = math.lcm(*(entry.denominator for entry in key))
    entries = [int(entry * size) for entry in key]
    first = math.gcd(*entries)
    second = abs(entries[0] * entries[3] - entries[1] * entries[2]) // first
    return (size // math.gcd(first, size)) * (size // math.gcd(second, size))


def by_trying(host: np.ndarray, film: np.ndarray, area: float, strain: float) -> dict[frozenset[Key], int]:
    """Orbits of all Q, with the smallest number of film cells.

    For each host superlattice all pairs of film vectors are tried whose lengths differ from those of its edges by no more than
    the strain: no reduced film bases, no symmetry.
    """
    groups = [point_group(gauss_reduced(basis[None])[0][0]) for basis in (host, film)]
    bases = [gauss_reduced(basis[None])[1][0] for basis in (host, film)]
    span = np.arange(-60, 61)
    vectors = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    lengths = np.linalg.norm(vectors @ bases[1] @ film, axis=1)
    found: dict[frozenset[Key], int] = {}
    seen: set[Key] = set()
    for form in hermite_forms(int(area / abs(np.linalg.det(host)) + 1e-9)):
        edges = gauss_reduced((form @ bases[0] @ host)[None])[1][0] @ form
        long = np.linalg.norm(edges @ bases[0] @ host, axis=1)
        first, second = (
            vectors[(lengths <= one / (1 - strain - 1e-9)) & (lengths >= one / (1 + strain + 1e-9))] for one in long
        )
        pairs = np.stack([np.repeat(first, len(second), axis=0), np.tile(second, (len(first), 1))], axis=1)
        pairs = pairs[pairs[:, 0, 0] * pairs[:, 1, 1] != pairs[:, 0, 1] * pairs[:, 1, 0]]
        maps = np.linalg.inv(pairs @ bases[1] @ film) @ (edges @ bases[0] @ host)
        stretches = np.linalg.svd(maps, compute_uv=False).reshape(-1, 2)
        for place in np.flatnonzero(np.all(np.abs(stretches - 1) <= strain + 1e-10, axis=1)):
            key = rational(pairs[place], edges)
            if key not in seen:
                images = orbit(key, *groups)
                seen |= images
                found[images] = shared(key)
    return found


def keys(found: Coincidences, host: np.ndarray, film: np.ndarray) -> list[frozenset[Key]]:
    reduced = [gauss_reduced(basis[None]) for basis in (host, film)]
    groups = [point_group(basis[0]) for basis, _ in reduced]
    on_host, on_film = (np.rint(np.linalg.inv(turned[0])).astype(int) for _, turned in reduced)
    return [orbit(rational(f @ on_film, h @ on_host), *groups) for f, h in zip(found.film, found.host, strict=True)]


def checked(host: np.ndarray, film: np.ndarray, area: float, strain: float) -> int:
    found = coincidences(host, film, area=area, strain=strain)
    orbits = keys(found, host, film)
    assert len(set(orbits)) == len(orbits), "a coincidence stands twice"
    expected = by_trying(host, film, area, strain)
    assert set(orbits) == set(expected)
    assert all(expected[one] == count for one, count in zip(orbits, found.film_count, strict=True))
    group = len(point_group(gauss_reduced(film[None])[0][0]))
    assert [len(one) // group for one in orbits] == found.variants.tolist()
    return len(orbits)


CASES = [
    (5.777 * HEXAGON, 5.487 * HEXAGON, 140.0, 0.08),
    (5.777 * np.eye(2), 3.88 * np.eye(2), 110.0, 0.1),
    (np.diag([3.9, 5.1]), np.array([[2.9, 0.0], [0.4, 3.3]]), 120.0, 0.1),
    (np.array([[3.1, 0.0], [0.7, 4.4]]), np.array([[3.5, 0.0], [-1.1, 5.1]]), 90.0, 0.12),
    (2.9 * HEXAGON, 4.1 * np.eye(2), 90.0, 0.12),
]


@pytest.mark.parametrize(("host", "film", "area", "strain"), CASES)
def test_nothing_is_missing_and_nothing_stands_twice(
    host: np.ndarray, film: np.ndarray, area: float, strain: float
) -> None:
    checked(host, film, area, strain)


lengths = st.floats(2.5, 5.5)
lattices = st.tuples(lengths, st.floats(1.0, 1.8), st.floats(0.0, 0.5)).map(
    lambda e: np.array([[e[0], 0.0], [-e[2] * e[0], e[0] * e[1]]])
)


@given(lattices, lattices, st.floats(0.01, 0.2))
@settings(max_examples=25, deadline=None)
def test_nothing_is_missing_for_any_two_lattices(host: np.ndarray, film: np.ndarray, strain: float) -> None:
    # A strain that lies on an edge of the bound by chance of rounding would be found by one and not by the other.
    area = 2.2 * abs(float(np.linalg.det(host)))
    checked(host, film, area, strain)


@given(lattices, lattices, st.floats(0, 360), st.floats(0.2, 5.0))
@settings(max_examples=25, deadline=None)
def test_rotation_unit_and_basis_change_nothing(host: np.ndarray, film: np.ndarray, turn: float, unit: float) -> None:
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    first = coincidences(host, film, area=90.0, strain=0.0613)
    moved = unit * np.array([[2, 1], [1, 1]]) @ host @ np.array([[c, s], [-s, c]])
    other = coincidences(moved, unit * film, area=90.0 * unit**2, strain=0.0613)
    assert len(first) == len(other)
    assert np.allclose(np.sort(first.strain), np.sort(other.strain), atol=1e-7)
    assert sorted(first.film_count) == sorted(other.film_count)


@given(lattices, lattices)
@settings(max_examples=25, deadline=None)
def test_edges_map_onto_each_other(host: np.ndarray, film: np.ndarray) -> None:
    found = coincidences(host, film, area=120.0, strain=0.08)
    assert np.allclose(found.film @ film @ found.maps, found.host @ host, atol=1e-8)
    assert np.all(found.strain <= 0.08 + 1e-9)
    assert np.allclose(found.area, found.host_count * abs(np.linalg.det(host)))
    assert np.all(np.linalg.det(found.host @ host) > 0)
    assert np.array_equal(found.hand > 0, np.linalg.det(found.maps) > 0)
    assert np.all(np.diff(np.round(found.area, 6)) >= 0)


def test_a_lattice_on_itself_coincides_at_the_sigma_rotations() -> None:
    """Square and hexagonal coincidence site lattices: Sigma and angle as tables of them say."""
    square = coincidences(np.eye(2), np.eye(2), area=13.0, strain=0.0)
    assert square.host_count.tolist() == [1, 5, 13]
    assert np.allclose(square.angle, [0, 36.8699, 22.6199], atol=1e-3)
    assert square.variants.tolist() == [1, 2, 2]
    hexagon = coincidences(HEXAGON, HEXAGON, area=13.0 * math.sqrt(3) / 2, strain=0.0)
    assert hexagon.host_count.tolist() == [1, 7, 13]
    assert np.allclose(hexagon.angle, [0, 21.7868, 27.7958], atol=1e-3)


def test_spinel_on_perovskite() -> None:
    found = coincidences(8.17 / math.sqrt(2) * HEXAGON, 3.88 * math.sqrt(2) * HEXAGON, area=400.0, strain=0.06)
    assert (found.host_count[0], found.film_count[0]) == (1, 1)
    assert found.stretches[0] - 1 == pytest.approx([8.17 / 2 / 3.88 - 1] * 2)
    near = (found.host_count == 12) & (found.film_count == 13) & (found.strain < 0.02)
    assert np.count_nonzero(near) == 1
    assert found.area[near][0] == pytest.approx(12 * 28.90, abs=0.05)
    assert found.strain[near][0] == pytest.approx(0.0115, abs=1e-4)


def test_long_cells_are_sheared_by_more_than_one_step() -> None:
    """1 by 40: the long edge may end one or two short edges aside within the strain."""
    host = np.diag([1.0, 40.0])
    found = coincidences(host, host, area=40.0, strain=0.06)
    assert found.hand.tolist() == [1] * len(found)
    # The shear x / 40 strains by about half of it: x up to 0.06 * 2 * 40 / (1 + ...) = 4.
    steps = sorted({round(abs(float(m[1, 0] * 40 / m[1, 1]))) for m in found.maps})
    assert steps == [0, 1, 2, 3, 4]


def test_turned_over_films_are_said_only_where_no_mirror_makes_them_equal() -> None:
    oblique, other = np.array([[3.0, 0.0], [0.8, 4.0]]), np.array([[3.05, 0.0], [0.7, 4.1]])
    both = coincidences(oblique, other, area=40.0, strain=0.12)
    assert set(both.hand.tolist()) == {1, -1}
    one = coincidences(np.diag([3.0, 4.0]), other, area=40.0, strain=0.12)
    assert set(one.hand.tolist()) == {1}


def test_nothing_fits_is_an_answer() -> None:
    found = coincidences(np.eye(2) * 10, np.eye(2) * 7, area=90.0, strain=0.01)
    assert len(found) == 0
    assert found.strain.shape == (0,)
    assert len(coincidences(np.eye(2) * 3, np.eye(2) * 2.2, area=20.0, strain=0.001)) == 0


def test_bounds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0 to 0\.25"):
        coincidences(np.eye(2), np.eye(2), area=1.0, strain=0.3)
    with pytest.raises(ValueError, match="independent"):
        coincidences(np.ones((2, 2)), np.eye(2), area=1.0, strain=0.1)


def test_multiples_of_a_square_coincidence() -> None:
    square = coincidences(np.eye(2), np.eye(2), area=1.0, strain=0.0)
    larger, owner = multiples(square, np.eye(2), np.eye(2), area=4.0)
    # 2, 3 and 4 cells: 2, 2 and 4 superlattices that are different by symmetry.
    assert [int(np.count_nonzero(larger.host_count == n)) for n in (2, 3, 4)] == [2, 2, 4]
    assert set(owner.tolist()) == {0}
    assert np.allclose(larger.film @ larger.maps, larger.host)
