"""Are lengths, planes and their uncertainties those of the lattice?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.crystal.cell import Cell, cell_of, cell_of_vectors
from interlith.errors import StudyError

edges = st.floats(2.0, 20.0)
angles = st.floats(65.0, 115.0)
triples = st.tuples(*(st.integers(-4, 4),) * 3).filter(any)


def test_cubic_and_hexagonal_spacings() -> None:
    assert Cell(8.17, 8.17, 8.17).spacing((1, 1, 1)) == pytest.approx(8.17 / math.sqrt(3), rel=1e-14)
    layered = Cell(2.8, 2.8, 14.2, 90, 90, 120)
    assert layered.spacing((1, 0, 4)) == pytest.approx(1 / math.sqrt(4 / 3 / 2.8**2 + 16 / 14.2**2), rel=1e-14)
    assert layered.volume == pytest.approx(2.8**2 * 14.2 * math.sqrt(3) / 2, rel=1e-14)
    assert layered.metric[0, 2] == 0.0


def test_the_monoclinic_spacing_is_that_of_the_printed_cell() -> None:
    cell = Cell(4.940, 8.550, 5.028, 90, 109.333, 90)
    assert cell.spacing((0, 0, 1)) == pytest.approx(5.028 * math.sin(math.radians(109.333)), rel=1e-12)
    assert cell.spacing([[0, 0, 1], [0, 0, 2]]) == pytest.approx([4.7445, 2.3723], abs=1e-4)


@given(st.tuples(edges, edges, edges, angles, angles, angles), triples, triples)
def test_planes_and_directions_belong_together(parameters: tuple[float, ...], hkl: tuple, uvw: tuple) -> None:
    cell = cell_of(parameters)
    assert cell.vectors @ cell.reciprocal.T == pytest.approx(np.eye(3), abs=1e-12)
    steps = float(cell.direction(uvw) @ cell.normal(hkl)) / cell.spacing(hkl)
    assert steps == pytest.approx(np.dot(hkl, uvw), abs=1e-9)
    assert cell_of_vectors(cell.vectors).parameters == pytest.approx(cell.parameters, rel=1e-9)
    assert np.linalg.det(cell.vectors) == pytest.approx(cell.volume, rel=1e-12)


def test_equal_edges_share_their_uncertainty() -> None:
    cubic = Cell(8.17, 8.17, 8.17, std=(0.01, 0.01, 0.01, 0.0, 0.0, 0.0))
    assert cubic.std_of(lambda cell: cell.volume) == {"a": pytest.approx(3 * 8.17**2 * 0.01, rel=1e-6)}
    layered = Cell(2.8, 2.8, 14.2, 90, 90, 120, std=(0.001, 0.001, 0.01, 0, 0, 0))
    sizes = layered.std_of(lambda cell: cell.volume / cell.c)
    assert sizes == {"a": pytest.approx(2 * 2.8 * 0.001 * math.sqrt(3) / 2, rel=1e-6)}
    assert Cell(3, 4, 5).std_of(lambda cell: cell.a) == {"a": math.inf}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ((0, 1, 1, 90, 90, 90), "must be positive"),
        ((1, 1, math.inf, 90, 90, 90), "must be positive"),
        ((1, 1, 1, 180, 90, 90), "write 0 to 180"),
        ((1, 1, 1, 20, 20, 60), "close no cell"),
    ],
)
def test_no_cell_is_refused(parameters: tuple[float, ...], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        cell_of(parameters)


def test_no_plane_is_refused() -> None:
    with pytest.raises(StudyError, match="no lattice plane"):
        Cell(3, 3, 3).spacing((0, 0, 0))
    with pytest.raises(StudyError, match="right-handed"):
        cell_of_vectors(-np.eye(3))
