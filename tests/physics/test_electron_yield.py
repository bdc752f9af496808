"""Electron yields equal their closed forms, their limits and a direct count over points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.physics.electron_yield import SHAPES, Profile, body, escaping_share, sphere_share
from interlith.physics.straight_escape import escape_at, straight_polyhedron, straight_share, straight_whole


@given(st.floats(1, 500), st.floats(0.02, 50), st.floats(0.001, 1))
def test_spheres_equal_the_closed_form(radius: float, ratio: float, part: float) -> None:
    depth, thickness = radius * ratio, radius * part
    particle = body("sphere", radius=radius)
    # The closed form itself cancels by (L / R)^3 / part for large escape depths.
    allowed = 1e-12 * max(1.0, ratio**3 / part)
    assert float(escaping_share(particle, depth)) == pytest.approx(sphere_share(radius, depth), rel=allowed + 1e-9)
    layer = float(escaping_share(particle, depth, Profile("layer", thickness)))
    assert layer == pytest.approx(sphere_share(radius, depth, thickness), rel=allowed + 1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_limits(shape: str) -> None:
    particle = body(shape, radius=80.0)
    inradius = float(particle.inradius)
    assert float(escaping_share(particle, 0.0)) == 0.0
    assert float(escaping_share(particle, math.inf)) == pytest.approx(1.0, abs=1e-12)
    small = 1e-5 * inradius
    assert float(escaping_share(particle, small)) / small == pytest.approx(float(particle.surface_to_volume), rel=1e-4)
    whole = float(escaping_share(particle, 20.0))
    assert float(escaping_share(particle, 20.0, Profile("layer", inradius))) == pytest.approx(whole, rel=1e-9)
    assert float(escaping_share(particle, 20.0, Profile("layer", 1e-9))) == pytest.approx(1.0, abs=1e-8)
    for kind in ("exponential", "erfc", "linear"):
        assert float(escaping_share(particle, 20.0, Profile(kind, 1e7))) == pytest.approx(whole, rel=1e-5)
        assert float(escaping_share(particle, 20.0, Profile(kind, 1e-4))) == pytest.approx(1.0, abs=1e-4)


def test_layer_and_core_make_the_whole() -> None:
    particle = body("octahedron", edge=176.0)
    total = float(escaping_share(particle, 20.0))
    share = 1 - (1 - 3.0 / float(particle.inradius)) ** 3
    parts = [float(escaping_share(particle, 20.0, Profile(kind, 3.0))) for kind in ("layer", "core")]
    assert share * parts[0] + (1 - share) * parts[1] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize(
    ("shape", "cuts"),
    [("cube", ()), ("octahedron", ()), ("truncated octahedron", (0.3,)), ("truncated octahedron", (1 / 3,))],
)
def test_polyhedra_equal_a_count_over_points(shape: str, cuts: tuple[float, ...]) -> None:
    from scipy.stats import qmc

    points = 50.0 * (2 * qmc.Sobol(3, rng=np.random.default_rng(1)).random(1 << 19) - 1)
    if shape == "cube":
        points = points / math.sqrt(3)
        depth = 50 / math.sqrt(3) - abs(points).max(axis=1)
    else:
        depth = (50 - abs(points).sum(axis=1)) / math.sqrt(3)
        for cut in cuts:
            depth = np.minimum(depth, 50 * (1 - cut) - abs(points).max(axis=1))
    depth = depth[depth > 0]
    # The corners that the cuts leave lie nearer than those of the whole octahedron.
    reach = 50.0 * (math.hypot(1 - cuts[0], cuts[0]) if cuts else 1.0)
    particle = body(shape, radius=reach, truncation=cuts[0] if cuts else 0.0)
    assert np.exp(-depth / 7).mean() == pytest.approx(float(escaping_share(particle, 7.0)), rel=3e-3)
    weights = np.exp(-depth / 4)
    mean = (weights * np.exp(-depth / 7)).sum() / weights.sum()
    assert mean == pytest.approx(float(escaping_share(particle, 7.0, Profile("exponential", 4.0))), rel=3e-3)


@given(st.floats(0.05, 20))
def test_straight_ways_equal_the_closed_form(ratio: float) -> None:
    assert float(straight_share(10.0, 10.0 * ratio)) == pytest.approx(straight_whole(10.0, 10.0 * ratio), rel=1e-6)


def test_straight_ways_from_the_surface_and_the_centre() -> None:
    assert float(escape_at(80.0, 20.0, 80.0)) == pytest.approx(math.exp(-4), rel=1e-4)
    surface = 0.5 + 20 / 320 * (1 - math.exp(-8))
    assert float(escape_at(80.0, 20.0, 0.0)) == pytest.approx(surface, rel=1e-6)


def test_straight_ways_out_of_polyhedra_tend_to_a_quarter_of_the_surface() -> None:
    for shape in ("cube", "octahedron"):
        particle = body(shape, radius=1000.0)
        assert straight_polyhedron(particle, 1.0) == pytest.approx(float(particle.surface_to_volume) / 4, rel=3e-3)
        assert straight_polyhedron(particle, 1e6) == pytest.approx(1.0, abs=2e-3)
    with pytest.raises(StudyError, match="cubes, octahedra and spheres"):
        straight_polyhedron(body("truncated octahedron", radius=5.0), 1.0)


def test_sizes_that_make_no_sense_are_refused() -> None:
    for wrong in ({"radius": -1.0}, {}, {"radius": 1.0, "edge": 1.0}):
        with pytest.raises(StudyError):
            body("cube", **wrong)
    with pytest.raises(StudyError, match="octahedron"):
        body("octaeder", radius=1.0)
    with pytest.raises(StudyError, match="truncation"):
        body("truncated octahedron", radius=1.0, truncation=0.5)
    with pytest.raises(StudyError, match="negative"):
        escaping_share(body("sphere", radius=1.0), -1.0)
    with pytest.raises(StudyError, match="width"):
        escaping_share(body("sphere", radius=1.0), 1.0, Profile("layer", 0.0))
