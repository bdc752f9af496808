"""Shapes of particles: closed forms, sizes, Wulff constructions, and questions that have no answer."""

from __future__ import annotations

import math

import pytest

from interlith.crystal.shapes import NAMES, hkl_of, named_shape, wulff
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel


@pytest.mark.parametrize(
    ("name", "options", "edge", "diameter_of_edge"),
    [
        ("octahedron", {}, 3 * math.sqrt(6), (2 * math.sqrt(2) / math.pi) ** (1 / 3)),
        ("cube", {}, 6.0, (6 / math.pi) ** (1 / 3)),
        ("cuboctahedron", {}, (6 + 2 * math.sqrt(3)) * 3 / (5 * math.sqrt(2)), (10 * math.sqrt(2) / math.pi) ** (1 / 3)),
        # Own edge a = l / 3: surface (6 + 12 sqrt 3) a^2, volume 8 sqrt 2 a^3.
        ("truncated octahedron", {}, 9 * (1 + 2 * math.sqrt(3)) * 6 / (8 * math.sqrt(2) * 9) * 3, None),
        ("plate", {"aspect": 0.1}, 4 / math.sqrt(3) + 2 / (0.1 * math.sqrt(3)), None),
        ("rod", {"aspect": 8}, 4 / math.sqrt(3) + 2 / (8 * math.sqrt(3)), None),
        ("square prism", {"aspect": 2.0}, 4 + 1.0, None),
    ],
)  # fmt: skip
def test_surface_to_volume_of_unit_edge(name, options, edge, diameter_of_edge):
    found = named_shape(name, **options)
    assert found.surface_to_volume("edge") == pytest.approx(edge, rel=1e-12)
    if diameter_of_edge is not None:
        assert found.length("diameter") == pytest.approx(diameter_of_edge, rel=1e-12)
    assert sum(face.share for face in found.faces) == pytest.approx(1.0)


def test_a_sphere_has_the_least_surface():
    ball = named_shape("sphere")
    assert ball.surface_to_volume("radius") == pytest.approx(3)
    assert ball.surface_to_volume("diameter") == pytest.approx(6)
    for name in set(NAMES) - {"sphere"}:
        aspect = {"plate": 0.5, "rod": 2.0, "hexagonal prism": 1.0, "square prism": 1.0}.get(name)
        assert named_shape(name, aspect=aspect).surface_to_volume("diameter") > 6.0
    with pytest.raises(StudyError, match="no edge"):
        ball.length("edge")


def test_truncation_ends_in_the_cuboctahedron():
    half = named_shape("truncated octahedron", truncation=0.5)
    assert half.surface_to_volume("diameter") == pytest.approx(
        named_shape("cuboctahedron").surface_to_volume("diameter")
    )
    assert half.length("edge") == 1.0
    slight = named_shape("truncated octahedron", truncation=1e-6)
    assert slight.surface_to_volume("edge") == pytest.approx(3 * math.sqrt(6), rel=1e-9)


def test_a_wulff_shape_of_equal_energies_is_the_truncated_octahedron_between_the_limits():
    crystal = spinel()
    for ratio, cut in ((1.2, 1 - 1.2 / math.sqrt(3)), (1.5, 1 - 1.5 / math.sqrt(3))):
        found = wulff(crystal, {(1, 1, 1): 0.6, (1, 0, 0): 0.6 * ratio})
        named = named_shape("truncated octahedron", truncation=cut)
        assert found.surface_to_volume("diameter") == pytest.approx(named.surface_to_volume("diameter"), rel=1e-10)
        assert [face.share for face in found.faces] == pytest.approx([face.share for face in named.faces], rel=1e-9)
    hidden = wulff(crystal, {(1, 1, 1): 0.6, (1, 0, 0): 2.0})
    assert [face.share for face in hidden.faces] == pytest.approx([1.0, 0.0])
    assert hidden.surface_to_volume("radius") == pytest.approx(named_shape("octahedron").surface_to_volume("radius"))


def test_wulff_of_low_symmetry_and_what_stays_open():
    layer = layered()
    found = wulff(layer, {(0, 0, 3): 1.0, (1, 0, 4): 1.3, (1, 1, 0): 2.0})
    assert [len(face.planes) for face in found.faces] == [2, 6, 6]
    assert all(face.hkl is not None for face in found.faces)
    with pytest.raises(StudyError, match=r"make no particle.*Name further facets"):
        wulff(layer, {(0, 0, 3): 1.0})
    with pytest.raises(StudyError, match="equivalent"):
        wulff(spinel(), {(1, 1, 1): 0.6, (-1, 1, 1): 0.7})
    with pytest.raises(StudyError, match="equivalent"):
        wulff(spinel(), {(1, 1, 1): 0.6, (2, 2, 2): 0.7})
    with pytest.raises(StudyError, match="positive"):
        wulff(perovskite(), {(1, 0, 0): -0.1})
    assert len(wulff(monoclinic(), {(0, 0, 1): 1.0, (0, 1, 0): 1.1, (1, 0, 0): 1.2}).faces) == 3


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("octahedra", {}, "did you mean 'octahedron'"),
        ("plate", {}, "aspect"),
        ("plate", {"aspect": 3.0}, "below 1"),
        ("cube", {"truncation": 0.2}, "no truncation"),
        ("cube", {"aspect": 0.2}, "no aspect"),
        ("truncated octahedron", {"truncation": 0.6}, "outside 0 to 0.5"),
    ],
)
def test_wrong_questions(name, options, words):
    with pytest.raises(StudyError, match=words):
        named_shape(name, **options)


def test_indices_as_people_write_them():
    assert hkl_of("1-10") == hkl_of("(1 -1 0)") == hkl_of([1, -1, 0]) == (1, -1, 0)
    assert hkl_of("0 0 12") == (0, 0, 12)
    assert hkl_of(111) == (1, 1, 1)
    assert hkl_of(3) == (0, 0, 3)
    assert hkl_of("{1,1,-2,0}") == (1, 1, 0)
    with pytest.raises(StudyError, match="Miller"):
        hkl_of("facet")
