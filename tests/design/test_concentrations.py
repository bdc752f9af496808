"""Are moles per litre those of the cell, and is a reported number told which content it needs?"""

from __future__ import annotations

import math

import pytest

from interlith.design import concentration
from interlith.errors import StudyError
from tests.crystal.crystals import crystal, layered, perovskite, spinel


def test_a_known_cell() -> None:
    made = concentration(spinel(std=0.01), "Li")
    # Eight Li in (8.17 angstrom)^3: 8 / 6.02214076e-4 / 545.3385 mol/L.
    assert made.number("concentration").value == pytest.approx(8 / 6.02214076e-4 / 8.17**3, rel=1e-12)
    assert made.number("concentration").std == pytest.approx(3 * 0.01 / 8.17 * 24.3598, rel=1e-4)
    assert made.number("content").value == 1.0
    assert made.number("number_density").value == pytest.approx(8 / 8.17**3)


def test_a_cell_without_uncertainty_gives_none() -> None:
    assert concentration(layered(), "Li").number("concentration").std == math.inf


def test_a_reported_number_is_told_what_it_needs() -> None:
    made = concentration("LLTO_study", "Li", reported={"concentration": "10.0 mol/L"})
    assert made[1].verdict == "contradicted"
    assert "It needs 0.357 Li for each formula unit, where there are 0.33" in made[1].statement
    assert made.number("content_needed").value == pytest.approx(10.0 * 6.02214076e-4 * 118.55 / 2, rel=1e-4)
    assert concentration("NCM111", "Li", reported={"concentration": "49.3 mol/L"})[1].verdict == "supported"


def test_a_declared_content_takes_the_place_of_the_structure() -> None:
    made = concentration("LLTO_study", "Li", content="0.33-0.35", reported={"concentration": "10.0 mol/L"})
    found = made.number("concentration")
    assert found.value == pytest.approx(0.34 * 2 / 6.02214076e-4 / 118.55, rel=1e-4)
    assert found.components["declared:content of Li"] == pytest.approx(found.value * 0.02 / math.sqrt(12) / 0.34)
    assert "where there are 0.34" in made[1].statement
    cubic = concentration(spinel(std=0.0), "Li", content="0.5 +- 0.1").number("concentration")
    assert cubic.std / cubic.value == pytest.approx(0.2)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(StudyError, match="has no element 'La'"):
        concentration(layered(), "La")
    nameless = crystal("x", "P m -3 m", perovskite().cell, perovskite().sites)
    with pytest.raises(StudyError, match="does not say how many formula units"):
        concentration(nameless, "La")
