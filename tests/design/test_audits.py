"""Do the slips of the four studies show by themselves, from what a user would write anyway?"""

from __future__ import annotations

import pytest

from interlith.crystal.cif import parse_cif
from interlith.crystal.phases import phase
from interlith.crystal.writing import write_cif
from interlith.design import concentration, coverage, interface, registry
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


def test_densities_that_do_not_lead_to_the_printed_prefactor_are_told() -> None:
    """A1: 0.00034 and 0.000029 give 86 nm / l, rescaled 0.86, and not 0.88."""
    made = coverage(
        "LNMO", shape="octahedron", edge="176 nm", dose="0.5 at%",
        reported={
            "areal_density": "0.00034 1/nm^2", "volumetric_density": "0.000029 1/nm^3", "surface_prefactor": "0.88 nm",
        },
    )  # fmt: skip
    said = contradicted(made)
    assert any("lead to 86 nm" in text and "to 0.86 nm, not the reported 0.88 nm" in text for text in said)
    assert sum("looks like a slip of units" in text for text in said) == 2
    assert made.number("surface_prefactor").value == pytest.approx(0.8666, abs=5e-5)


def test_a_radius_is_read_with_its_shape() -> None:
    """A1: 80 nm as a sphere needs 0.44 at%, as the corners of an octahedron 0.77."""
    sphere = coverage("LNMO", shape="sphere", radius="80 nm").number("monolayer_dose")
    corners = coverage("LNMO", shape="octahedron", radius="80 nm")
    assert (sphere.value, sphere.unit) == (pytest.approx(0.442, abs=1e-3), "at%")
    assert corners.number("monolayer_dose").value == pytest.approx(0.766, abs=1e-3)
    assert any("a sphere with a radius of 80.00 nm 0.44 at%" in finding.statement for finding in corners)


def test_dose_thickness_and_surface_are_held_together() -> None:
    """B11: 1 wt% and 4 nm need about 1 m^2/g at 2.6 g/cm^3; smooth spheres of 10 um have a sixth of it."""
    words = {
        "element": "Sc",
        "dose": "1 wt%",
        "coating": {"formula": "Li3ScF6", "density": "2.6 g/cm^3"},
        "thickness": "4 nm",
    }
    smooth = coverage("Li2MnO3", facet=(0, 0, 1), shape="sphere", diameter="10 um", **words)
    assert "needs 0.96 m^2/g" in contradicted(smooth)[0]
    assert "would carry 25 nm" in contradicted(smooth)[0]
    measured = coverage(
        "Li2MnO3", facet=(0, 0, 1), shape="sphere", diameter="10 um", specific_surface="1 m^2/g", **words
    )
    assert contradicted(measured) == []
