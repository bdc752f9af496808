"""Coatings: what they are made of, and closed shells against bodies that were really grown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.shapes import named_shape, wulff
from interlith.design.covering.coating import composition_of, faceted_shell, read_coating, rounded_shell
from interlith.errors import StudyError
from tests.crystal.crystals import perovskite, spinel


def test_a_coating_by_formula_and_density():
    coating, structure = read_coating({"formula": "Li3ScF6", "density": "2.6 g/cm^3"}, "Sc")
    assert structure is None
    assert coating.mass == pytest.approx(179.77, abs=0.01)
    assert coating.density == pytest.approx(2.6)
    assert coating.volume == pytest.approx(0.11481, rel=1e-4)
    lithium, _ = read_coating({"formula": "Li3ScF6", "density": "2.6 g/cm^3"}, "Li")
    assert lithium.volume == pytest.approx(coating.volume / 3)


def test_a_coating_from_its_cell():
    coating, structure = read_coating(perovskite(), "La")
    assert structure is not None
    assert coating.volume == pytest.approx(0.388**3)
    assert coating.density == pytest.approx(structure.density)
    assert coating.powers == pytest.approx({"a of perovskite": 3.0})


def test_formulas():
    assert composition_of("LaNi0.5Mn0.5O3") == {"La": 1, "Ni": 0.5, "Mn": 0.5, "O": 3}
    for text in ("Li3(PO4)", "xyz", "", "Xx2O"):
        with pytest.raises(StudyError):
            composition_of(text)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"formula": "Li3ScF6"}, "formula and density"),
        ({"formula": "Li3ScF6", "density": "2.6 g/cm^3", "mass": 3}, "coating has 'mass'"),
        ({"formula": "Al2O3", "density": "3.9 g/cm^3"}, "holds no Sc"),
    ],
)
def test_wrong_coatings(given_, words):
    with pytest.raises(StudyError, match=words):
        read_coating(given_, "Sc")


@pytest.mark.parametrize(
    "name", ["octahedron", "truncated octahedron", "cube", "cuboctahedron", "sphere", "plate", "rod"]
)
@pytest.mark.parametrize("thickness", [1e-6, 0.01, 0.4])
def test_faceted_shells_are_bodies_that_were_grown(name, thickness):
    shape = named_shape(name, aspect={"plate": 0.2, "rod": 5.0}.get(name))
    shell = faceted_shell(shape)
    grown = 4 / 3 * math.pi * (1 + thickness) ** 3 if shape.body is None else shape.body.moved(thickness).volume
    # Rounding of a difference of two volumes.
    assert shell.ratio(thickness, 1.0) == pytest.approx(grown / shape.volume - 1, rel=1e-9, abs=1e-14)
    assert shell.thickness(shell.ratio(thickness, 1.0), 1.0) == pytest.approx(thickness, rel=1e-12)


def test_rounded_shells_are_thrown_darts():
    shape = named_shape("octahedron")
    random = np.random.default_rng(2)
    darts = np.abs(random.uniform(-1.2, 1.2, (300_000, 3)))
    # Nearest point of |x| + |y| + |z| <= 1 / sqrt 2 in one octant: onto the face, an edge or a corner.
    ordered = -np.sort(-darts, axis=1)
    reach = 1 / math.sqrt(2)
    sums = np.cumsum(ordered, axis=1)
    shifts = (sums - reach) / np.arange(1, 4)
    count = 3 - np.argmax(((ordered - shifts) > 0)[:, ::-1], axis=1)
    shift = np.maximum(shifts[np.arange(len(darts)), count - 1], 0.0)
    distance = np.linalg.norm(ordered - np.maximum(ordered - shift[:, None], 0.0), axis=1)
    share = (distance <= 0.3).mean()
    whole = 2.4**3
    expected = shape.volume * (1 + float(rounded_shell(shape).ratio(0.3, 1.0)[0]))
    assert expected == pytest.approx(whole * share, abs=5 * whole * math.sqrt(share * (1 - share) / 300_000))


@settings(deadline=None)
@given(st.floats(1e-6, 50.0), st.floats(1.0, 1e5), st.sampled_from(["octahedron", "sphere", "cube"]))
def test_thickness_and_volume_turn_back(ratio, scale, name):
    shell = rounded_shell(named_shape(name))
    assert shell.ratio(shell.thickness(ratio, scale), scale) == pytest.approx(ratio, rel=1e-9)


def test_a_sphere_of_any_shell():
    shell = rounded_shell(named_shape("sphere"))
    assert shell.thickness(7.0, 50.0) == pytest.approx(50.0, rel=1e-12)
    moments = (np.array([1.05]), np.array([1.2]), np.array([1.5]))
    thin = float(shell.thickness(1e-6, 50.0, moments)[0])
    assert thin == pytest.approx(1e-6 * 1.5 / 1.2 * 50 / 3, rel=1e-5)


def test_shells_of_wulff_shapes_that_change_are_refused():
    crystal = spinel()
    steady = wulff(crystal, {(1, 1, 1): 1.0, (1, 0, 0): 1.1})
    assert faceted_shell(steady).ratio(0.1, 1.0) == pytest.approx(steady.body.moved(0.1).volume / steady.volume - 1)
    # A truncated cube turns into a truncated octahedron as it grows.
    with pytest.raises(StudyError, match="meet in another way"):
        faceted_shell(wulff(crystal, {(1, 1, 1): 1.0, (1, 0, 0): 0.8}))
