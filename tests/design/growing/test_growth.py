"""The growth mode of a coating from declared energies: known answers, probabilities that are known, and wrong questions."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.design.growing import growth
from interlith.design.growing.asked import Reader
from interlith.errors import StudyError, UnitError
from interlith.physics.elasticity import biaxial_modulus
from interlith.physics.growth.dislocations import critical_thickness
from interlith.physics.stiffness import table
from interlith.reporting.draw import picture
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel

#: The wetting layer of the published study: a range of gains, and what one strained layer costs.
WETTING = {"gain": "0.22-0.29 J/m^2", "elastic_cost": "0.16 J/m^2 at 5 %", "layer_spacing": "3.88 angstrom"}


def value(answer, quantity):
    """Value of a number of an answer."""
    return answer.number(quantity).value


def test_the_published_inputs_wet_with_one_layer_and_then_form_islands():
    answer = growth("LNMO", "LaMnO3", **WETTING)
    mode = answer.findings[0]
    assert "Stranski-Krastanov" in mode.statement
    assert mode.verdict == "supported"
    assert mode.low is not None
    assert mode.low > 0.999
    assert value(answer, "first_layer_energy") == pytest.approx(0.16 - 0.255, rel=1e-9)
    assert value(answer, "later_layer_energy") == pytest.approx(0.16, rel=1e-9)
    assert value(answer, "largest_wetting_misfit") == pytest.approx(5 * math.sqrt(0.255 / 0.16), rel=1e-9)
    assert value(answer, "implied_modulus") == pytest.approx(164.95, abs=0.01)


def test_the_published_inputs_give_islands_of_the_order_that_was_reported():
    answer = growth("LNMO", "LaMnO3", **WETTING, reported={"stable_island_size": "about 8 nm"})
    size = answer.number("stable_island_size")
    density = 0.16 / 3.88e-10
    closed = 2 * 3 * 1.0 * math.tan(math.radians(45.0 / 2)) / density * 1e9
    assert size.value == pytest.approx(closed, rel=1e-9)
    low, high = size.interval()
    assert low < 8.0 < high
    # The ends of the assumed ranges bound it.
    assert low > closed * 0.5 * math.tan(math.radians(35.3 / 2)) / math.tan(math.radians(22.5)) * 0.95
    assert high < closed * 1.5 * math.tan(math.radians(54.7 / 2)) / math.tan(math.radians(22.5)) * 1.05
    islands = next(item for item in answer if item.kind == "islands")
    assert any("assumption" in caveat for caveat in islands.caveats)
    audit = next(item for item in answer if item.kind == "audit")
    assert audit.verdict == "supported"
    implied = next(item for item in answer if item.kind == "implied surface energy")
    assert "1.33 J/m^2" in implied.statement


@pytest.mark.parametrize(
    ("gain", "cost", "later"),
    [
        ((0.18, 0.03), (0.16, 0.02), (0.0, 0.01)),
        ((0.25, 0.02), (0.2, 0.03), (0.19, 0.02)),
        ((0.1, 0.05), (0.12, 0.01), (0.1, 0.04)),
    ],
)
def test_probabilities_are_those_of_the_normal_distribution(gain, cost, later):
    samples = 40_000
    answer = growth(
        "host",
        "film",
        gain=f"{gain[0]} +- {gain[1]} J/m^2",
        elastic_cost=f"{cost[0]} +- {cost[1]} J/m^2 at 5 %",
        later_gain=f"{later[0]} +- {later[1]} J/m^2",
        layer_spacing="4 angstrom",
        samples=samples,
        seed=3,
    )
    normal = NormalDist()
    weber = normal.cdf((cost[0] - gain[0]) / math.hypot(cost[1], gain[1]))
    # All layers pay: a quadrant of two normal numbers that share the cost, summed over the cost.
    costs = np.linspace(cost[0] - 8 * cost[1], cost[0] + 8 * cost[1], 4001)
    density = np.array([NormalDist(*cost).pdf(item) for item in costs])
    both = np.array([(1 - NormalDist(*gain).cdf(item)) * (1 - NormalDist(*later).cdf(item)) for item in costs])
    frank = float(np.trapezoid(density * both, costs))
    for name, expected in (
        ("volmer_weber", weber),
        ("frank_van_der_merwe", frank),
        ("stranski_krastanov", 1 - weber - frank),
    ):
        item = answer.number(f"probability_{name}")
        assert item.value == pytest.approx(expected, abs=4.5 * math.sqrt(expected * (1 - expected) / samples))
        low, high = item.interval()
        assert low - 0.004 < expected < high + 0.004
    assert sum(
        value(answer, f"probability_{name}") for name in ("volmer_weber", "frank_van_der_merwe", "stranski_krastanov")
    ) == pytest.approx(1)


def test_a_gain_from_three_surfaces_shares_that_of_the_film():
    answer = growth(
        "host",
        "film",
        surface_energy_host="1.5 +- 0.1 J/m^2",
        surface_energy_film="1.0 +- 0.1 J/m^2",
        interface_energy="0.2 +- 0.05 J/m^2",
        elastic_cost="0.16 +- 0.01 J/m^2 at 5 %",
        layer_spacing="4 angstrom",
    )
    gain = answer.number("termination_gain")
    assert gain.value == pytest.approx(0.3)
    assert gain.components["declared:film surface energy"] == pytest.approx(-0.1, rel=0.03)
    assert gain.std == pytest.approx(math.sqrt(0.1**2 + 0.1**2 + 0.05**2), rel=0.03)
    island = answer.number("stable_island_size")
    assert island.components["declared:film surface energy"] == pytest.approx(0.1 * island.value, rel=0.05)
    assert "declared:host surface energy" not in island.components


def test_energies_from_the_stiffness_turned_to_the_facet():
    film = perovskite()
    for facet, spacing in (((0, 0, 1), 3.88), ((1, 1, 1), 3.88 / math.sqrt(3)), ((1, 1, 0), 3.88 / math.sqrt(2))):
        answer = growth(
            spinel(), film, facet=facet, misfit="-5 %", gain="0.3 +- 0.01 J/m^2", stiffness="SrTiO3", samples=500
        )
        modulus = biaxial_modulus(table()["SrTiO3"].stiffness, facet)
        assert value(answer, "layer_elastic_energy") == pytest.approx(modulus * 0.05**2 * spacing * 0.1, rel=1e-9)
        assert value(answer, "stiffness_modulus") == pytest.approx(modulus, rel=1e-12)
        part = answer.number("stiffness_modulus").components["calibration:stiffness"]
        assert 1.0 < part < 6.0


def test_a_strain_tensor_and_the_misfit_that_it_equals():
    same = {"gain": "0.3 J/m^2", "stiffness": "SrTiO3", "samples": 300}
    first = growth(spinel(), perovskite(), strain=[[0.03, 0.0], [0.0, 0.03]], **same)
    second = growth(spinel(), perovskite(), misfit=0.03, **same)
    assert value(first, "layer_elastic_energy") == pytest.approx(value(second, "layer_elastic_energy"), rel=1e-9)
    sheared = growth(spinel(), perovskite(), strain=[[0.03, 0.01], [0.01, -0.02]], **same)
    turned = growth(spinel(), perovskite(), strain=[[-0.02, -0.01], [-0.01, 0.03]], **same)
    # On (111) of a cubic crystal the plane is isotropic: turning the strain by 90 deg changes nothing.
    assert value(sheared, "layer_elastic_energy") == pytest.approx(value(turned, "layer_elastic_energy"), rel=1e-9)


def test_basal_plane_of_a_layered_film_and_axes_along_c():
    constants = {"class": "trigonal", "C11": 400, "C12": 120, "C13": 60, "C14": -10, "C33": 250, "C44": 60}
    answer = growth(
        spinel(), layered(), film_facet=(0, 0, 1), misfit="2 %", gain="0.3 J/m^2", stiffness=constants, samples=300
    )
    basal = 400 + 120 - 2 * 60**2 / 250
    assert value(answer, "stiffness_modulus") == pytest.approx(basal, rel=1e-9)
    tilted = growth(
        spinel(), monoclinic(), film_facet=(0, 0, 1), misfit="2 %", gain="0.3 J/m^2", stiffness="ZrO2", samples=300
    )
    row = table()["ZrO2_computed"].stiffness
    beta = math.radians(monoclinic().cell.beta)
    # c* stands off c by beta - 90 deg in the plane of a and c.
    expected = biaxial_modulus(row, (abs(math.cos(beta)), 0.0, math.sin(beta)))
    assert value(tilted, "stiffness_modulus") == pytest.approx(expected, rel=1e-9)


def test_dislocations_where_a_stiffness_and_a_burgers_vector_are_known():
    answer = growth(
        "Si", "film", facet=(0, 0, 1), misfit="1 %", gain="0.1 J/m^2", stiffness="Si", layer_spacing="1.4 angstrom",
        burgers="3.84 angstrom", beta=60.0, lambda_=60.0, samples=300,
    )  # fmt: skip
    from interlith.physics.elasticity import averages
    from interlith.physics.growth.dislocations import Dislocation

    mean = averages(table()["Si"].stiffness)
    line = Dislocation(3.84, mean.shear, mean.poisson, 60.0, 60.0)
    expected = critical_thickness(biaxial_modulus(table()["Si"].stiffness, (0, 0, 1)), 0.01, line)
    assert value(answer, "critical_thickness") == pytest.approx(expected / 10, rel=1e-9)
    assert value(answer, "critical_thickness_energy") > value(answer, "critical_thickness")
    assert value(answer, "stable_island_size_with_network") > value(answer, "stable_island_size")


def test_a_misfit_too_large_for_a_critical_thickness_is_said_so():
    answer = growth("host", "film", **WETTING, stiffness="SrTiO3", burgers="3.88 angstrom", samples=500)
    item = answer.number("critical_thickness")
    assert item.value is None
    assert item.interval() == (0.0, pytest.approx(0.388))
    assert "continuum" in item.flag
    modulus = next(found for found in answer if found.kind == "modulus")
    assert modulus.verdict == "undecided"
    assert "2.3 times softer" in modulus.statement
    assert "330 GPa" in modulus.statement


@settings(max_examples=15, deadline=None)
@given(st.floats(0.2, 5.0))
def test_only_ratios_of_energies_matter(scale):
    first = growth("h", "f", gain="0.15-0.2 J/m^2", elastic_cost="0.16 +- 0.02 J/m^2 at 5 %", layer_spacing="4 angstrom",
                   surface_energy_film="1 +- 0.1 J/m^2", samples=400)  # fmt: skip
    second = growth("h", "f", gain=(0.15 * scale, 0.2 * scale), elastic_cost=f"{0.16 * scale} +- {0.02 * scale} J/m^2 at 5 %",
                    layer_spacing="4 angstrom", surface_energy_film=f"{scale} +- {0.1 * scale} J/m^2", samples=400)  # fmt: skip
    assert value(first, "probability_stranski_krastanov") == value(second, "probability_stranski_krastanov")
    assert value(first, "stable_island_size") == pytest.approx(value(second, "stable_island_size"), rel=1e-9)
    assert value(second, "termination_gain") == pytest.approx(scale * value(first, "termination_gain"), rel=1e-9)


def test_units_and_seed():
    first = growth("h", "f", **WETTING, samples=1000, seed=1)
    same = growth(
        "h",
        "f",
        gain="220-290 mJ/m^2",
        elastic_cost="160 mJ/m^2 at 0.05",
        layer_spacing="0.388 nm",
        samples=1000,
        seed=1,
    )
    assert value(first, "stable_island_size") == pytest.approx(value(same, "stable_island_size"), rel=1e-9)
    again = growth("h", "f", **WETTING, samples=1000, seed=1)
    assert first.observables == again.observables
    other = growth("h", "f", **WETTING, samples=1000, seed=2)
    assert first.observables != other.observables


def test_what_was_declared_without_uncertainty_is_said_to_be():
    rounded = growth("h", "f", **WETTING, samples=500)
    cost = rounded.number("layer_elastic_energy")
    assert cost.std == pytest.approx(0.005 / math.sqrt(3), rel=0.1)
    assert any("rounding" in caveat for caveat in rounded.findings[0].caveats)
    bare = growth("h", "f", gain=0.25, elastic_cost="0.16 J/m^2 at 5 %", layer_spacing=3.88, samples=500)
    first = bare.number("first_layer_energy")
    assert math.isinf(first.std)
    assert "gain" in first.flag
    assert "declared:layer spacing" not in first.components


def test_misfit_carries_the_cost_to_another_strain():
    answer = growth("h", "f", **WETTING, misfit="6.5 +- 0.1 %", samples=4000)
    assert value(answer, "layer_elastic_energy") == pytest.approx(0.16 * (6.5 / 5) ** 2, rel=1e-9)
    assert "Volmer-Weber" in answer.findings[0].statement
    boundary = next(item for item in answer if item.kind == "growth boundary")
    assert boundary.verdict == "undecided"
    assert value(answer, "implied_modulus") == pytest.approx(164.95, abs=0.01)


def test_reported_slips_are_explained():
    answer = growth("h", "f", **WETTING, surface_energy_film="1.0 +- 0.05 J/m^2", facet_angle="45 +- 1 deg",
                    reported={"stable_island_size": "60 nm", "implied_modulus": "330 GPa"}, samples=1000)  # fmt: skip
    size, modulus = (item for item in answer if item.kind == "audit")
    assert size.verdict == modulus.verdict == "contradicted"
    assert "10^1" in size.statement
    assert "M e^2 h / 2" in modulus.statement


def test_numbers_of_figures_and_tables_are_those_of_the_answer():
    answer = growth("host", "new film", **WETTING, stiffness="SrTiO3", burgers="3.88 angstrom", samples=500)
    names = [figure.name for figure in answer.figures]
    assert names == [f"growth_{kind}_new_film_host_111" for kind in ("layers", "diagram", "islands")]
    added = answer.figures[0].panels[0].lines[0]
    assert np.allclose(added.y, answer.data["layers"]["added_energy"])
    assert added.y[0] == pytest.approx(value(answer, "first_layer_energy"))
    for figure in answer.figures:
        assert picture(figure, "png").startswith(b"\x89PNG")
    assert answer.data["draws"].height == 500
    assert set(answer.data["draws"]["mode"]) == {"Stranski-Krastanov"}
    assert answer.how is not None
    assert "Monte" not in answer.how.methods_text
    assert len(answer.how.citations) == 4


def test_figures_of_the_other_modes():
    weber = growth(
        "h", "f", gain="-0.1 +- 0.01 J/m^2", elastic_cost="0.16 +- 0.01 J/m^2 at 5 %", layer_spacing=4.0, samples=300
    )
    layered_growth = growth("h", "f", gain="0.3 +- 0.01 J/m^2", later_gain="0.25 +- 0.01 J/m^2",
                            elastic_cost="0.16 +- 0.01 J/m^2 at 5 %", layer_spacing=4.0, samples=300)  # fmt: skip
    assert "Volmer-Weber" in weber.findings[0].statement
    assert weber.figures[0].panels[1].lines[1].label.startswith("all in")
    assert "Frank-van der Merwe" in layered_growth.findings[0].statement
    assert "Frank-van der Merwe" in [band.label for band in layered_growth.figures[1].panels[0].bands]
    for figure in (*weber.figures, *layered_growth.figures):
        picture(figure, "png")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"gain": None}, StudyError, "gains is not known"),
        ({"elastic_cost": None}, StudyError, "strained layer costs"),
        ({"elastic_cost": "0.16 J/m^2"}, StudyError, "at 5 %"),
        ({"elastic_cost": "0.16 J/m^2 at 500 %"}, StudyError, "between 0 and 100"),
        ({"layer_spacing": None}, StudyError, "layer_spacing"),
        ({"gain": "0.25"}, UnitError, "without a unit"),
        ({"gain": "0.25 J"}, UnitError, "cannot be turned"),
        ({"misfit": "5 %", "strain": [[0.05, 0], [0, 0.05]]}, StudyError, "leave one out"),
        ({"misfit": "-1-2 %"}, StudyError, "one sign"),
        ({"stiffness": "LaNiO3"}, StudyError, "1501.07722"),
        ({"stiffness": "ZnO"}, StudyError, "without the structure"),
        ({"relaxed": "0.5-1.2"}, StudyError, "at most all"),
        ({"facet_angle": "95 deg"}, StudyError, "0 to 90"),
        ({"samples": 20}, StudyError, "too few"),
        ({"facet": (0, 0, 0)}, StudyError, "Miller"),
        ({"reported": {"stable_size": "8 nm"}}, StudyError, "stable_island_size"),
        ({"strain": [[0.05, 0.01], [0, 0.05]]}, StudyError, "elastic cost"),
        ({"film": "missing.cif"}, StudyError, "no file"),
    ],
)
def test_wrong_questions_are_refused_in_words(options, error, words):
    asked = {"host": "LNMO", "film": "unheard-of film", **WETTING, **options}
    with pytest.raises(error, match=words):
        growth(asked.pop("host"), asked.pop("film"), **asked)


def test_a_cubic_stiffness_needs_its_facet_for_a_film_that_is_not_cubic():
    with pytest.raises(StudyError, match="stiffness_facet"):
        growth(spinel(), layered(), film_facet=(0, 0, 1), misfit="2 %", gain="0.3 J/m^2", stiffness="SrTiO3")
    answer = growth(spinel(), layered(), film_facet=(0, 0, 1), misfit="2 %", gain="0.3 J/m^2", stiffness="SrTiO3",
                    stiffness_facet=(1, 1, 1), samples=300)  # fmt: skip
    assert value(answer, "stiffness_modulus") == pytest.approx(377.17, abs=0.01)


def test_islands_save_less_where_later_layers_gain():
    base = {"elastic_cost": "0.16 J/m^2 at 5 %", "layer_spacing": 4.0, "gain": "0.3 J/m^2", "samples": 2000}
    free = growth("h", "f", **base)
    later = growth("h", "f", later_gain=0.08, **base)
    assert value(later, "stable_island_size") == pytest.approx(2 * value(free, "stable_island_size"), rel=1e-9)
    half = growth("h", "f", relaxed=0.5, **base)
    assert value(half, "stable_island_size") == pytest.approx(2 * value(free, "stable_island_size"), rel=1e-9)
    none = growth("h", "f", later_gain=0.2, **base)
    assert value(none, "stable_island_size") is None
    assert "no more than relaxed islands" in none.number("stable_island_size").flag
    some = growth("h", "f", later_gain="0.14 +- 0.02 J/m^2", **base).number("stable_island_size")
    assert math.isinf(some.std)
    assert some.interval()[1] == math.inf


def test_a_network_below_an_island_is_as_stiff_as_the_film():
    """Full relaxation by crossed arrays: its energy follows from the modulus that the cost stands for, not from the row's."""
    asked = {
        **WETTING,
        "burgers": "3.88 angstrom",
        "facet_angle": "45 +- 1 deg",
        "surface_energy_film": "1.0 +- 0.1 J/m^2",
    }
    answer = growth("h", "f", **asked, stiffness={"class": "isotropic", "E": 200.0, "nu": 0.25}, samples=300)
    modulus = 0.16 / (0.05**2 * 3.88) * 10
    shear = modulus * (1 - 0.25) / (2 * (1 + 0.25))
    spacing = 3.88 / 0.05
    line = shear * 3.88**2 / (4 * math.pi * 0.75) * (math.log(spacing / 2 / 3.88) + 1)
    network = 0.1 * 2 * line / spacing
    angle = math.radians(45)
    radius = 3 * ((1 / math.cos(angle) - 1) + network) / (math.tan(angle) * 0.1 * modulus * 0.05**2)
    assert value(answer, "stable_island_size_with_network") == pytest.approx(0.2 * radius, rel=1e-9)
    declared = growth("h", "f", **{**asked, "burgers": None}, network_energy="0.3 +- 0.05 J/m^2", samples=300)
    radius = 3 * ((1 / math.cos(angle) - 1) + 0.3) / (math.tan(angle) * 0.1 * modulus * 0.05**2)
    assert value(declared, "stable_island_size_with_network") == pytest.approx(0.2 * radius, rel=1e-9)
    softer = growth("h", "f", **asked, stiffness={"class": "isotropic", "E": 100.0, "nu": 0.25}, samples=300)
    assert value(softer, "stable_island_size_with_network") == pytest.approx(
        value(answer, "stable_island_size_with_network")
    )


def test_a_share_of_one_keeps_its_interval():
    item = growth("h", "f", **WETTING, samples=1000).number("probability_stranski_krastanov")
    assert item.value == 1.0
    assert item.interval() == (pytest.approx(0.025 ** (1 / 1000), rel=1e-9), 1.0)
    assert 0 < item.std < 0.01


def test_rounding_is_uniform():
    reader = Reader()
    reader.read("elastic cost", "0.16 J/m^2", "J/m^2")
    given = reader.inputs["elastic cost"]
    assert (given.shape, given.low, given.high) == ("uniform", pytest.approx(0.155), pytest.approx(0.165))
    assert given.std == pytest.approx(0.01 / math.sqrt(12))
    reader.read("later gain", "0 J/m^2", "J/m^2", positive=False)
    assert reader.inputs["later gain"].shape == "exact"
    assert reader.rounded == ["elastic cost"]


def test_a_host_that_is_not_wetted_is_said_so():
    answer = growth(
        "h", "f", gain="-0.1 +- 0.01 J/m^2", elastic_cost="0.16 J/m^2 at 5 %", layer_spacing=4.0, samples=300
    )
    boundary = next(item for item in answer if item.kind == "growth boundary")
    assert boundary.verdict == "contradicted"
    assert "at no misfit" in boundary.statement
    islands = next(item for item in answer if item.kind == "islands")
    assert any("bare surface" in caveat for caveat in islands.caveats)
