"""The continuum against atoms of built particles: the ratio differs by c / n, with c from the layers under the faces.

Surface: one lattice point for each primitive mesh, those of the outermost lattice planes, each once. Volume: metals. With
corners on lattice points the surface holds the sum of area over mesh and 2 (Euler's characteristic), and the volume what
`expected_count` gives, but for a quarter of a layer at each edge. So the counted ratio is the continuum's times
V rho / N_expected, 1 + c / n with n the size in layers, up to terms of 1 / n^2 that are bounded here, not fitted.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.crystal.facets import mesh
from interlith.crystal.particles import Particle, expected_count, plane_of
from interlith.crystal.shapes import named_shape, wulff
from interlith.design.covering import coverage
from interlith.numerics.polyhedra import polyhedron
from tests.crystal.crystals import layered, spinel
from tests.crystal.test_particles import lattice

CUBIC, HEXAGONAL = spinel(), layered()
METALS = ("Mn", "Co")


def counted(crystal, body):
    """Lattice points of the outermost planes, metals, those expected, and the edge term over the metals."""
    particle = Particle(crystal, body, tuple(crystal.atoms.fractions[0]))
    metals = np.flatnonzero([element in METALS for element in crystal.atoms.elements])
    depth = [0.99 * mesh(crystal, plane_of(crystal, normal)).spacing for normal in body.normals]
    surface = int(particle.outer(depth, lattice(crystal)).sum())
    expected, edges = expected_count(particle, metals)
    inside = int(particle.count(metals).sum())
    return surface, inside, float(expected.sum()), float(edges.sum()) / inside


def scaled(shape, size_is, length):
    """The planes of a shape at a size (angstrom)."""
    scale = length / shape.length(size_is)
    return polyhedron(shape.body.normals, shape.body.distances * scale)


CASES = {
    "octahedron": (CUBIC, {}, lambda m: 8.17 * 2 * m / math.sqrt(2)),
    "truncated octahedron": (CUBIC, {}, lambda m: 8.17 * 6 * round(m / 2.4) / math.sqrt(2)),
    "cuboctahedron": (CUBIC, {}, lambda m: 8.17 * round(0.8 * m) / math.sqrt(2)),
    "cube": (CUBIC, {}, lambda m: 8.17 * 2 * round(m / 2)),
    "plate": (HEXAGONAL, {"aspect": 2 * 4 * 14.0537 / (math.sqrt(3) * 80 * 2.8155)}, lambda m: 2.8155 * 80 * m / 20),
    "rod": (HEXAGONAL, {"aspect": 2 * 16 * 14.0537 / (math.sqrt(3) * 20 * 2.8155)}, lambda m: 2.8155 * 20 * m / 20),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [20, 60])
def test_every_shape_against_its_atoms(name, size):
    crystal, options, edge_of = CASES[name]
    edge = edge_of(size)
    shape = named_shape(name, **options)
    surface, inside, expected, edges = counted(crystal, scaled(shape, "edge", edge))
    facet = (0, 0, 1) if crystal is HEXAGONAL else (1, 1, 1)
    answer = coverage(crystal, facet=facet, shape=name, edge=f"{edge / 10:.12f} nm", faces="own", **options)
    continuum = answer.number("monolayer_dose").value / 100
    volume = scaled(shape, "edge", edge).volume / 1000 * answer.number("volumetric_density").value
    # Surface: exactly the meshes and 2.
    assert surface - 2 == pytest.approx(continuum * volume, rel=1e-9)
    # Volume: layers under the faces, then a quarter of a layer at each edge.
    assert abs(inside / expected - 1) <= 0.5 * edges
    term = volume / expected - 1
    assert surface / inside / continuum - 1 == pytest.approx(term, abs=2 / surface + 0.5 * edges + term**2)
    assert inside > (800 if size == 20 else 20_000)


def test_a_shape_from_surface_energies_against_its_atoms():
    heights = {(0, 0, 3): 18, (1, 0, 4): 30, (1, 1, 0): 60}
    energies = {hkl: count * mesh(HEXAGONAL, hkl).spacing for hkl, count in heights.items()}
    shape = wulff(HEXAGONAL, energies)
    for scale in (1, 3):
        body = polyhedron(shape.body.normals, scale * shape.body.distances)
        surface, inside, expected, edges = counted(HEXAGONAL, body)
        answer = coverage(
            HEXAGONAL, facet=(0, 0, 3), shape="wulff", diameter=f"{scale * shape.diameter / 10:.12f} nm",
            surface_energies={" ".join(map(str, hkl)): f"{energy:.12f} J/m^2" for hkl, energy in energies.items()},
        )  # fmt: skip
        continuum = answer.number("monolayer_dose").value / 100
        volume = body.volume / 1000 * answer.number("volumetric_density").value
        term = volume / expected - 1
        assert abs(inside / expected - 1) <= 0.5 * edges
        # Corners are no lattice points: half a row of atoms at each edge stays open, of the order 1 / n of the surface.
        rows = 0.5 * edges * inside / surface
        assert surface / inside / continuum - 1 == pytest.approx(term, abs=rows)


def test_a_sphere_against_its_atoms():
    radius, depth = 60.0, mesh(CUBIC, (1, 1, 1)).spacing
    random = np.random.default_rng(17)
    points, metals = lattice(CUBIC), np.flatnonzero([element == "Mn" for element in CUBIC.atoms.elements])
    places = [Particle(CUBIC, radius, tuple(random.uniform(size=3))) for _ in range(60)]
    shells = np.array([place.outer(depth, points).sum() for place in places])
    inside = np.array([place.count(metals).sum() for place in places])
    continuum = coverage(CUBIC, shape="sphere", radius=f"{radius / 10} nm").number("monolayer_dose").value / 100
    # A shell of one layer: (1 - (1 - d / r)^3) r / 3 d = 1 - d / r + d^2 / 3 r^2 of the surface of the outside.
    part = 1 - depth / radius + depth**2 / 3 / radius**2
    spread = shells.std() / math.sqrt(len(shells)) / shells.mean()
    assert shells.mean() / inside.mean() == pytest.approx(continuum * part, rel=4 * spread)
    assert spread < 0.01


def test_two_cations_are_twice_as_many_atoms():
    edge = 8.17 * 60 / math.sqrt(2)
    surface, inside, _, _ = counted(CUBIC, scaled(named_shape("octahedron"), "edge", edge))
    both = (
        coverage(CUBIC, edge=f"{edge / 10} nm", counted={"La": 1, "TM": 1}).number("monolayer_all_counted").value / 100
    )
    assert 2 * surface / inside == pytest.approx(both, rel=0.03)


def test_the_finite_size_term_bounds_what_is_left():
    for steps in (20, 60, 200):
        edge = 8.17 * steps / math.sqrt(2)
        surface, inside, _, edges = counted(CUBIC, scaled(named_shape("octahedron"), "edge", edge))
        answer = coverage(CUBIC, edge=f"{edge / 10} nm")
        miss = surface / inside / (answer.number("monolayer_dose").value / 100) - 1
        assert abs(miss) <= answer.number("finite_size_term").value + 2 / surface + 0.5 * edges
