"""Convex bodies from planes: closed forms of the regular ones, degenerate corners, redundant planes, and Steiner's formula."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.numerics.polyhedra import polyhedron, steiner

CUBE = np.array([sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)])
OCTAHEDRON = np.array(list(product((1.0, -1.0), repeat=3)))
DODECAHEDRON = np.array(
    sorted({tuple(p) for signs in product((1, -1), repeat=2) for p in permutations((signs[0], signs[1], 0))}),
    dtype=float,
)


def cuboctahedron(edge: float = 1.0):
    """Its two families of planes."""
    return polyhedron(np.concatenate([OCTAHEDRON, CUBE]), [edge * math.sqrt(2 / 3)] * 8 + [edge / math.sqrt(2)] * 6)


@pytest.mark.parametrize(
    ("body", "volume", "area", "corners", "edges", "angle"),
    [
        (polyhedron(CUBE, 0.5), 1, 6, 8, 12, math.pi / 2),
        (polyhedron(OCTAHEDRON, 1 / math.sqrt(6)), math.sqrt(2) / 3, 2 * math.sqrt(3), 6, 12, math.acos(1 / 3)),
        (cuboctahedron(), 5 * math.sqrt(2) / 3, 6 + 2 * math.sqrt(3), 12, 24, math.acos(1 / math.sqrt(3))),
        (
            polyhedron(DODECAHEDRON, math.sqrt(2 / 3)), 16 * math.sqrt(3) / 9, 8 * math.sqrt(2), 14, 24, math.pi / 3,
        ),
    ],
)  # fmt: skip
def test_regular_bodies_of_unit_edge(body, volume, area, corners, edges, angle):
    assert body.volume == pytest.approx(volume, rel=1e-13)
    assert body.area == pytest.approx(area, rel=1e-13)
    assert body.vertices.shape == (corners, 3)
    _, lengths, angles = body.edges
    np.testing.assert_allclose(lengths, 1.0, rtol=1e-12)
    assert len(lengths) == edges
    np.testing.assert_allclose(angles, angle, rtol=1e-12)
    assert corners - edges + sum(bool(face) for face in body.faces) == 2
    assert body.curvature == pytest.approx(edges * angle / 2, rel=1e-12)


def test_radii_of_an_octahedron_anywhere():
    shift = np.array([3.0, -7.0, 0.4])
    normals = OCTAHEDRON / math.sqrt(3)
    body = polyhedron(OCTAHEDRON, 1.0 + normals @ shift)
    np.testing.assert_allclose(body.centroid, shift, atol=1e-12)
    assert body.inradius == pytest.approx(1.0, rel=1e-12)
    assert body.circumradius == pytest.approx(math.sqrt(3), rel=1e-12)


def test_planes_that_cut_nothing_off_have_no_face():
    body = polyhedron(np.concatenate([CUBE, OCTAHEDRON]), [1.0] * 6 + [math.sqrt(3)] * 4 + [2.0] * 4)
    assert body.volume == pytest.approx(8.0, rel=1e-12)
    assert [len(face) for face in body.faces] == [4] * 6 + [0] * 8
    assert body.areas[6:].max() == 0.0
    # Moved outwards, faces that touched a corner only must not come back.
    assert body.moved(0.5).volume == pytest.approx(27.0, rel=1e-12)


def test_a_direction_given_twice_counts_once():
    body = polyhedron(np.concatenate([CUBE, 7 * CUBE]), [1.0] * 6 + [0.9] * 6)
    assert body.volume == pytest.approx(1.8**3, rel=1e-12)
    assert len(body.normals) == 6


def test_tiny_cuts_stay_exact():
    for cut in (1e-2, 1e-4, 1e-6):
        body = polyhedron(np.concatenate([OCTAHEDRON, CUBE]), [1 / math.sqrt(3)] * 8 + [1 - cut] * 6)
        assert body.area == pytest.approx(4 * math.sqrt(3) - 6 * cut**2 * (2 * math.sqrt(3) - 2), rel=1e-12)
        assert body.areas[8:] == pytest.approx([2 * cut**2] * 6, rel=1e-4)


def test_open_and_empty_sets_of_planes_are_refused():
    with pytest.raises(ValueError, match="open to infinity"):
        polyhedron(CUBE[:5], 1.0)
    with pytest.raises(ValueError, match="open to infinity"):
        polyhedron(CUBE[:4], 1.0)
    with pytest.raises(ValueError, match="no volume"):
        polyhedron(CUBE, [1, -2, 1, 1, 1, 1])
    with pytest.raises(ValueError, match="no volume"):
        polyhedron(CUBE, [1, -1, 1, 1, 1, 1])
    with pytest.raises(ValueError, match="no direction"):
        polyhedron([[0, 0, 0], *CUBE], 1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 100.0))
def test_invariants_of_random_bodies(seed, scale):
    random = np.random.default_rng(seed)
    normals = np.concatenate([random.normal(size=(8, 3)), CUBE])
    distances = random.uniform(0.5, 1.5, 14)
    body = polyhedron(normals, distances)
    # Closed surface, and Gauss: the areas times normals add up to nothing.
    np.testing.assert_allclose(body.areas @ body.normals, 0.0, atol=1e-9 * body.area)
    assert (body.normals @ body.vertices.T <= body.distances[:, None] + 1e-7).all()
    assert len(body.vertices) - len(body.edges[1]) + sum(bool(face) for face in body.faces) == 2
    larger = polyhedron(normals, scale * distances)
    assert larger.volume == pytest.approx(scale**3 * body.volume, rel=1e-9)
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    assert polyhedron(normals @ turn, distances).area == pytest.approx(body.area, rel=1e-9)


def test_volume_by_throwing_darts():
    random = np.random.default_rng(5)
    normals = np.concatenate([random.normal(size=(9, 3)), CUBE])
    body = polyhedron(normals, random.uniform(0.5, 1.0, 15))
    darts = random.uniform(-1, 1, (400_000, 3))
    share = (darts @ body.normals.T <= body.distances).all(axis=1).mean()
    assert body.volume == pytest.approx(8 * share, abs=5 * 8 * math.sqrt(share * (1 - share) / 400_000))


def test_volume_near_a_body_by_distance():
    body = polyhedron(CUBE, [1, 1, 0.5, 0.5, 2, 2])
    random = np.random.default_rng(8)
    darts = random.uniform(-3, 3, (400_000, 3))
    outside = np.maximum(np.abs(darts) - [1, 0.5, 2], 0.0)
    share = (np.linalg.norm(outside, axis=1) <= 0.7).mean()
    assert body.within(0.7) == pytest.approx(216 * share, abs=5 * 216 * math.sqrt(share * (1 - share) / 400_000))
    sphere = steiner(4 / 3 * math.pi, 4 * math.pi, 4 * math.pi, np.array([0.0, 1.0]))
    np.testing.assert_allclose(sphere, [4 / 3 * math.pi, 32 / 3 * math.pi])
