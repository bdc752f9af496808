"""Faces up to an index, once each, and pairs of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from interlith.crystal.facets import family, mesh
from interlith.crystal.structure import Structure
from interlith.design.matching.faces import direction_text, face_pairs, face_text, faces, uncentred
from interlith.errors import StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel


def test_cubic_crystals_have_36_pairs_to_index_2() -> None:
    assert faces(spinel(), 2) == ((1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 0), (2, 1, 1), (2, 2, 1))
    assert len(face_pairs(spinel(), perovskite(), 2)) == 36


@pytest.mark.parametrize("crystal", [spinel(), layered(), monoclinic()])
def test_each_plane_to_a_bound_belongs_to_exactly_one_face(crystal: Structure) -> None:
    found = [set(family(crystal, hkl, friedel=True)) for hkl in faces(crystal, 2)]
    for hkl in itertools.product(range(-2, 3), repeat=3):
        if any(hkl) and math.gcd(*hkl) == 1:
            assert sum(hkl in one for one in found) == 1


def test_obverse_and_reverse_faces_of_a_rhombohedral_crystal_are_told_apart() -> None:
    listed = faces(layered(), 1)
    assert (1, 0, 1) in listed
    assert (0, 1, 1) in listed


def test_pairs_are_read_as_bound_lists_or_pairs() -> None:
    host, film = spinel(), layered()
    mixed = face_pairs(host, film, {"host": 1, "film": [[0, 0, 3], [1, 0, 4]]})
    assert mixed[0] == ((1, 0, 0), (0, 0, 3))
    assert len(mixed) == 6
    assert face_pairs(host, film, [[[1, 1, 1], [0, 0, 3]], [[1, 1, 1], [0, 0, 3]]]) == (((1, 1, 1), (0, 0, 3)),)


@pytest.mark.parametrize(
    ("miller", "words"),
    [
        (0, "1 to 12"),
        (True, "write a bound"),
        ("111", "write a bound"),
        ({"host": 1}, "needs host and film"),
        ([[1, 1, 1]], "no pair of faces"),
        ([], "names no face"),
        ([[[1, 1], [1, 1, 1]]], "three whole Miller indices"),
        ({"host": 1, "film": [["a", 0, 0]]}, "three whole Miller indices"),
    ],
)
def test_what_is_no_choice_of_faces_is_refused(miller: object, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        face_pairs(spinel(), perovskite(), miller)  # type: ignore[arg-type]


def test_meshes_without_centring() -> None:
    """A face of an F cell holds 2 primitive meshes on (100) and 4 on (111)."""
    for hkl, count in (((1, 0, 0), 2), ((1, 1, 1), 4)):
        assert round(float(np.linalg.det(uncentred(mesh(spinel(), hkl))))) == count
        assert np.array_equal(uncentred(mesh(perovskite(), hkl)), np.eye(2))


def test_words_for_faces_and_directions() -> None:
    assert face_text((1, 1, 1)) == "(111)"
    assert face_text((1, -1, 10)) == "(1 -1 10)"
    assert direction_text([0.5, 0.5, 0]) == "[110]"
    assert direction_text([-1 / 3, 1 / 3, 1 / 3]) == "[-1 1 1]"
