"""Are the operations of a group those of its symbol, in the setting that was meant?"""

from __future__ import annotations

import gemmi
import numpy as np
import pytest

from interlith.crystal.groups import group_of_operations, named_group
from interlith.crystal.lattice import primitive_basis
from interlith.errors import ReadError


@pytest.mark.parametrize(
    ("name", "number", "count"),
    [
        ("F d -3 m:2", 227, 192), ("Fd-3m", 227, 192), ("F d -3 m S", 227, 192), ("R -3 m:H", 166, 36),
        ("R-3m:r", 166, 12), ("166", 166, 36), ("C2/m", 12, 8), ("C 1 2/m 1", 12, 8), ("P4/mmm", 123, 16),
        ("P 2_1/c", 14, 4), ("-P 2ybc", 14, 4), ("P 1", 1, 1), ("P4_332", 212, 24),
    ],
)  # fmt: skip
def test_symbols_lead_to_groups(name: str, number: int, count: int) -> None:
    found = named_group(name)
    assert found is not None
    assert (found.number, len(found.rotations)) == (number, count)


def test_a_symbol_that_is_none_leads_nowhere() -> None:
    assert named_group("Q 7 x") is None
    assert named_group("999") is None
    # A damaged R -3 m:H looks like a Hall symbol.
    assert named_group("_-3 m:H") is None


@pytest.mark.parametrize("number", range(1, 231, 7))
def test_listed_operations_come_back_as_their_group(number: int) -> None:
    group = gemmi.find_spacegroup_by_number(number)
    found, notes = group_of_operations([op.triplet() for op in group.operations()], None, "x")
    assert (found.number, notes) == (number, ())
    named = named_group(group.xhm())
    assert named is not None
    keys = [
        sorted(
            (*r.ravel().tolist(), *np.round(t, 6).tolist())
            for r, t in zip(one.rotations, one.translations, strict=True)
        )
        for one in (found, named)
    ]
    assert keys[0] == keys[1]


def test_an_incomplete_list_is_refused() -> None:
    with pytest.raises(ReadError, match="are no group"):
        group_of_operations(["x,y,z", "y,z,x"], None, "x.cif")
    with pytest.raises(ReadError, match="no space group has more"):
        group_of_operations(["x,y,z"] * 193, None, "x.cif")


@pytest.mark.parametrize(
    ("centrings", "volume"),
    [
        ([[0, 0, 0]], 1.0),
        ([[0, 0, 0], [0.5, 0.5, 0.5]], 1 / 2),
        ([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], 1 / 4),
        ([[0, 0, 0], [2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3]], 1 / 3),
    ],
)
def test_a_primitive_basis_spans_the_centred_lattice(centrings: list[list[float]], volume: float) -> None:
    basis = primitive_basis(np.array(centrings))
    assert np.linalg.det(basis) == pytest.approx(volume)
    every = np.vstack([centrings, np.eye(3)]) @ np.linalg.inv(basis)
    assert every == pytest.approx(np.round(every), abs=1e-9)
