"""Is the crystal found that a person means?"""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.crystal.phases import phase, phases, shipped, shipped_elements
from interlith.crystal.writing import write_cif
from interlith.errors import StudyError
from tests.crystal.crystals import layered, spinel


def test_a_file_wins_over_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "LNMO.cif").write_text(write_cif(layered()), encoding="utf-8")
    assert phase("LNMO.cif", folder=tmp_path).number == 166
    assert phase("LNMO.cif", folder=tmp_path / "elsewhere").number == 227


def test_names_and_structures() -> None:
    made = spinel()
    assert phase(made) is made
    assert [one.number for one in phases("LNMO", "SrTiO3.cif")] == [227, 221]
    assert "LNMO" in shipped()
    with pytest.raises(StudyError, match="did you mean 'LNMO'"):
        phase("LNMQ.cif")


def test_a_shipped_structure_that_was_not_seen_whole_says_so() -> None:
    assert "seen beside its source" in phase("LNMO").notes[-1]
    assert phase("corundum").notes == ()


@pytest.mark.parametrize("name", ["LNMO", "Al", "LaOH3", "YOCl", "NCM111_exchanged"])
def test_elements_of_shipped_structures_without_reading_them(name: str) -> None:
    assert shipped_elements(name) == set(phase(name).composition)
