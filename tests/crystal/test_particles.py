"""Particles of up to ten million atoms, counted: against every atom tried, against closed forms, against volume and layers."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from interlith.crystal.facets import mesh
from interlith.crystal.particles import Particle, expected_count, plane_of
from interlith.crystal.shapes import named_shape, wulff
from interlith.errors import StudyError
from interlith.numerics.polyhedra import polyhedron
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel


def lattice(structure):
    """Atoms of the cell that centring makes of the first one: one in each primitive cell."""
    atoms = structure.atoms
    gaps = (atoms.fractions[:, None] - atoms.fractions[0] - structure.centrings)[atoms.site == 0]
    near = np.abs(gaps - np.round(gaps)).max(axis=-1).min(axis=-1) < 1e-6
    return np.flatnonzero(atoms.site == 0)[near]


def at_first_atom(structure, body):
    """A particle around the first atom of the cell."""
    return Particle(structure, body, tuple(structure.atoms.fractions[0]))


@pytest.mark.parametrize("crystal", [spinel(), layered(), monoclinic()], ids=lambda item: item.name)
@pytest.mark.parametrize("kind", ["polyhedron", "sphere"])
def test_rows_count_what_trying_every_atom_counts(crystal, kind):
    random = np.random.default_rng(3)
    normals = np.concatenate([random.normal(size=(6, 3)), np.eye(3), -np.eye(3)])
    body = polyhedron(normals, random.uniform(9, 16, 12)) if kind == "polyhedron" else 14.2
    particle = Particle(crystal, body, (0.123, 0.377, 0.811))
    reach = 12
    cells = np.array(list(product(range(-reach, reach + 1), repeat=3)))
    points = (crystal.atoms.fractions[:, None] - particle.origin + cells) @ crystal.cell.vectors
    if kind == "polyhedron":
        inside = (points @ body.normals.T <= body.distances).all(axis=-1)
    else:
        inside = np.linalg.norm(points, axis=-1) <= body
    np.testing.assert_array_equal(particle.count(), inside.sum(axis=1))
    blocks = list(particle.positions())
    made = np.concatenate([positions for _, positions in blocks])
    which = np.concatenate([atoms for atoms, _ in blocks])
    np.testing.assert_array_equal(np.bincount(which, minlength=len(crystal.atoms)), inside.sum(axis=1))
    np.testing.assert_allclose(sorted(made.sum(axis=1)), sorted(points[inside].sum(axis=1)), atol=1e-8)


@pytest.mark.parametrize("half", [4, 9, 50])
def test_an_octahedron_of_lattice_points_is_an_octahedral_number(half):
    crystal, steps = spinel(), 2 * half
    unit = named_shape("octahedron").body
    body = polyhedron(unit.normals, unit.distances * steps * crystal.cell.a / math.sqrt(2))
    particle, points = at_first_atom(crystal, body), lattice(crystal)
    number = steps + 1
    assert particle.count(points).sum() == number * (2 * number**2 + 1) // 3
    spacing = mesh(crystal, (1, 1, 1)).spacing
    # One for each mesh of the surface, and the two of Euler's characteristic.
    assert particle.outer(0.99 * spacing, points).sum() == 4 * steps**2 + 2


def test_ten_million_atoms():
    crystal = spinel()
    unit = named_shape("octahedron").body
    body = polyhedron(unit.normals, unit.distances * 104 * crystal.cell.a / math.sqrt(2))
    particle = at_first_atom(crystal, body)
    heavy = np.flatnonzero([element != "Ni" for element in crystal.atoms.elements])
    counted = particle.count(heavy)
    expected, edges = expected_count(particle, heavy)
    assert 1.0e7 < counted.sum() < 1.2e7
    assert (np.abs(counted - expected) < 0.5 * edges).all()
    assert np.abs(counted.sum() / expected.sum() - 1) < 5 / 104**2


def bodies():
    """Shapes on lattice planes, with the crystal they are cut from."""
    cubic, hexagonal = spinel(), layered()
    d111, d100 = mesh(cubic, (1, 1, 1)).spacing, mesh(cubic, (1, 0, 0)).spacing
    family = named_shape("cuboctahedron").body
    for name, far, near in (("truncated", 20, 26), ("cuboctahedron", 18, 36 * 18 // 31), ("cube", 60, 15)):
        yield name, cubic, polyhedron(family.normals, [far * d111] * 8 + [near * 2 * d100] * 6)
    for name, high, wide in (("plate", 4, 24), ("rod", 40, 14)):
        prism = named_shape("hexagonal prism", aspect=1.0).body
        distances = [high * mesh(hexagonal, (0, 0, 1)).spacing] * 2 + [wide * hexagonal.cell.spacing((1, 0, 0))] * 6
        yield name, hexagonal, polyhedron(prism.normals, distances)
    free = wulff(hexagonal, {(0, 0, 3): 1.0, (1, 0, 4): 1.2, (1, 1, 0): 1.6}).body
    yield "wulff", hexagonal, polyhedron(free.normals, free.distances * 45.0)


@pytest.mark.parametrize(("crystal", "body"), [item[1:] for item in bodies()], ids=[item[0] for item in bodies()])
def test_counts_are_those_of_volume_and_layers_within_the_edges(crystal, body):
    particle = at_first_atom(crystal, body)
    for scale in (1.0, 2.0):
        grown = Particle(crystal, polyhedron(body.normals, scale * body.distances), particle.origin)
        counted = grown.count()
        expected, edges = expected_count(grown)
        assert (np.abs(counted - expected) <= 0.5 * edges).all()
        # Without the layers it would be far off: the correction is not idle.
        plain = grown.body.volume / crystal.cell.volume
        assert np.abs(expected - plain).max() > 2 * edges.max()


def test_a_wrong_layer_shows():
    crystal = perovskite()
    cube = named_shape("cube").body
    particle = at_first_atom(crystal, polyhedron(cube.normals, 20 * 3.88))
    assert particle.count([0])[0] == 41**3
    expected, edges = expected_count(particle, [0])
    assert 41**3 - expected[0] == pytest.approx(0.25 * edges[0], rel=0.02)
    assert particle.outer(3.8, [0])[0] == 41**3 - 39**3
    assert particle.outer(4.0, [0])[0] == 41**3 - 37**3
    assert particle.outer([3.8, 0, 0, 0, 0, 0], [0])[0] == 41**2


def test_the_mean_over_places_of_a_sphere_is_its_volume():
    crystal, radius = perovskite(), 26.0
    random = np.random.default_rng(11)
    made = np.array([Particle(crystal, radius, tuple(random.uniform(size=3))).count().sum() for _ in range(400)])
    volume = 4 / 3 * math.pi * radius**3 / crystal.cell.volume * len(crystal.atoms)
    assert made.mean() == pytest.approx(volume, abs=4 * made.std() / 20)
    assert made.std() / 20 < 0.002 * volume


def test_planes_from_normals():
    crystal = layered()
    for hkl in ((0, 0, 1), (1, 0, 4), (1, 1, 0), (-2, 1, 3)):
        assert plane_of(crystal, crystal.cell.normal(hkl)) == hkl
    with pytest.raises(StudyError, match="No lattice plane"):
        plane_of(crystal, (1.0, 0.0123456, 0.3))


def test_wrong_questions():
    particle = Particle(spinel(), 20.0)
    with pytest.raises(StudyError, match="mean over its places"):
        expected_count(particle)
    with pytest.raises(StudyError, match="indices begin at 0"):
        particle.count([999])
    assert Particle(spinel(), 2.0).outer(5.0).sum() == replace(particle, body=2.0).count().sum()
