"""A structure at values of its parameters scatters as the parameters say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.crystal.intensities import Strengths
from interlith.crystal.moved_sites import moved_structure
from interlith.crystal.phases import phase
from interlith.crystal.reflections import reflections
from interlith.errors import StudyError


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("LNMO", {"positions": "all", "u_iso": "all", "occupancies": "all"}),
        ("LaNiO3", {"positions": "all", "u_aniso": "all"}),
        ("corundum", {"positions": "all", "u_iso": "all", "overall": True}),
    ],
)
def test_the_moved_structure_has_the_strengths_of_the_parameters(name: str, asked: dict[str, object]) -> None:
    structure = phase(name)
    hkl = reflections(structure, d_min=1.0).hkl
    unknown = 0.0076
    strengths = Strengths(structure, hkl, unknown_displacement=unknown, **asked)  # type: ignore[arg-type]
    random = np.random.default_rng(5)
    values = strengths.start + random.uniform(0.001, 0.003, strengths.start.size)
    values = np.where([one.endswith("occupancy") for one in strengths.names], 0.97 * strengths.start, values)
    named = {one: (float(value), 0.0) for one, value in zip(strengths.names, values, strict=True)}
    moved = moved_structure(structure, named, unknown_displacement=unknown)
    found = Strengths(moved, hkl, unknown_displacement=unknown).squares()
    np.testing.assert_allclose(found, strengths.squares(values), rtol=1e-6, atol=1e-6 * float(found.max()))
    assert np.abs(found / strengths.squares() - 1)[found > 0.01 * found.max()].max() > 1e-3


def test_uncertainties_follow_the_symmetry() -> None:
    structure = phase("LNMO")
    label = next(site.label for site in structure.sites if site.element == "O")
    x = structure.sites[[site.label for site in structure.sites].index(label)].fraction[0]
    moved = moved_structure(
        structure, {"cell_a": (8.2, 0.001), f"{label}_x": (x + 0.001, 2e-4), f"{label}_u_iso": (0.01, 1e-3)}
    )
    assert moved.cell.parameters[:3] == pytest.approx((8.2, 8.2, 8.2))
    assert moved.cell.std == pytest.approx((0.001, 0.001, 0.001, 0.0, 0.0, 0.0))
    site = next(one for one in moved.sites if one.label == label)
    assert site.fraction[0] == pytest.approx(x + 0.001)
    assert site.fraction[1] - structure.sites[moved.sites.index(site)].fraction[1] == pytest.approx(0.001)
    assert site.fraction_std == pytest.approx((2e-4, 2e-4, 2e-4))
    assert (site.u_iso, site.u_iso_std) == pytest.approx((0.01, 1e-3))
    other = next(one for one in moved.sites if one.element == "Li")
    assert all(map(math.isnan, other.fraction_std))


def test_a_cell_that_was_not_refined_stays_and_nonsense_is_refused() -> None:
    structure = phase("LNMO")
    assert moved_structure(structure, {}).cell == structure.cell
    label = structure.sites[0].label
    with pytest.raises(StudyError, match="occupancy"):
        moved_structure(structure, {f"{label}_occupancy": (1.4, 0.0)})
