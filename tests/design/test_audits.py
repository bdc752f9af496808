"""Do the slips of the four studies show by themselves, from what a user would write anyway?"""

from __future__ import annotations

import pytest

from interlith.crystal.cif import parse_cif
from interlith.crystal.phases import phase
from interlith.crystal.writing import write_cif
from interlith.design import concentration, interface, registry
from interlith.errors import StudyError
from interlith.model import Statement


def contradicted(made: Statement) -> list[str]:
    return [item.statement for item in made if item.verdict == "contradicted"]


def test_a_vacuum_that_separates_nothing_is_refused() -> None:
    """A10: 1.5 angstrom between slabs."""
    made = registry("LNMO", "LaTMO3", area="60 angstrom^2")
    with pytest.raises(
        StudyError, match=r"1\.5 angstrom cannot separate a slab from its next image.* 15 angstrom \(1\.5 nm\)"
    ):
        interface(made.data["matches"][0], vacuum="1.5 angstrom")


def test_a_concentration_that_needs_more_lithium_is_told() -> None:
    """D5: 10.0 mol/L in 118.55 angstrom^3 for two formula units."""
    made = concentration("LLTO_study", "Li", content="0.33-0.35", reported={"concentration": "10.0 mol/L"})
    assert made.number("concentration").value == pytest.approx(9.52, abs=0.02)
    assert "needs 0.357 Li" in contradicted(made)[0]
    assert contradicted(concentration("NCM111", "Li", reported={"concentration": "49.3 mol/L"})) == []


def test_a_cell_in_nm_is_told() -> None:
    """D7: SrTiO3 0.3905, printed as angstrom."""
    text = write_cif(phase("SrTiO3"))
    edge = next(line.split()[1] for line in text.splitlines() if line.startswith("_cell_length_a"))
    assert "look like nm" in parse_cif(text.replace(edge, "0.3905"), name="SrTiO3").notes[0]
    made = registry("SrTiO3", "LLTO_study", area="40 angstrom^2", reported={"host_a": "0.3905 angstrom"})
    assert "10^-1 looks like a slip of units" in contradicted(made)[0]
