"""Monolayers, doses, thresholds and coatings of a study: published numbers, closed forms, uncertainties, and audits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.design.covering import coverage
from interlith.errors import ReadError, StudyError, UnitError
from interlith.reporting.draw import picture
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel

SCANDIUM = {"formula": "Li3ScF6", "density": "2.6 g/cm^3"}


def value(answer, quantity):
    """Value of a number of an answer."""
    return answer.number(quantity).value


def finding(answer, kind):
    """The first finding of a kind."""
    return next(item for item in answer.findings if item.kind == kind)


def test_the_published_octahedron():
    answer = coverage(spinel(), edge="176 nm", dose="0.1 at%", threshold="0.5 at%")
    closed = 3 * math.sqrt(6) * 0.817 / (4 * math.sqrt(3))
    assert value(answer, "surface_prefactor") == pytest.approx(closed, rel=1e-12)
    assert value(answer, "surface_prefactor") == pytest.approx(0.8666, abs=5e-5)
    assert value(answer, "areal_density") == pytest.approx(4 / math.sqrt(3) / 0.817**2, rel=1e-12)
    assert value(answer, "volumetric_density") == pytest.approx(16 / 0.817**3, rel=1e-12)
    assert value(answer, "monolayer_dose") == pytest.approx(100 * closed / 176, rel=1e-12)
    assert value(answer, "dose_element_mass_of_host") == pytest.approx(0.1521, abs=5e-5)
    assert value(answer, "dose_element_mass_of_host_plus_element") == pytest.approx(0.1518, abs=5e-5)
    assert value(answer, "threshold_edge") == pytest.approx(173.3, abs=0.05)
    first = answer.findings[0].statement
    assert "0.8666 nm / edge of an octahedron" in first
    assert "1 La per primitive (111) mesh" in first
    assert all("1 La per primitive (111) mesh; TM: Mn, Ni" in item.method for item in answer.observables)
    large = coverage(spinel(), threshold="0.1 at%")
    assert value(large, "threshold_edge") == pytest.approx(866.6, abs=0.05)
    assert value(large, "threshold_equal_volume_diameter") == pytest.approx(
        866.56 * (2 * math.sqrt(2) / math.pi) ** (1 / 3), abs=0.05
    )


def test_lanthanum_and_a_metal_are_two_cations_for_each_mesh():
    answer = coverage(spinel(), edge="176 nm", counted={"La": 1, "TM": 1})
    assert value(answer, "surface_prefactor") == pytest.approx(1.7331, abs=5e-5)
    assert value(answer, "monolayer_dose") == pytest.approx(0.49236, abs=5e-6)
    assert value(answer, "monolayer_all_counted") == pytest.approx(2 * 0.49236, abs=1e-5)
    assert "1 La and 1 TM per primitive (111) mesh" in answer.findings[0].statement


@pytest.mark.parametrize(
    ("options", "factor"),
    [
        ({"shape": "octahedron", "edge": "100 nm"}, 3 * math.sqrt(6)),
        ({"shape": "octahedron", "radius": "100 nm"}, 3 * math.sqrt(3)),
        ({"shape": "cube", "edge": "100 nm"}, 6),
        ({"shape": "sphere", "radius": "100 nm"}, 3),
        ({"shape": "sphere", "diameter": "100 nm"}, 6),
        ({"shape": "square prism", "aspect": 0.5, "edge": "100 nm"}, 8),
        ({"shape": "octahedron", "edge": "100 nm", "roughness": "1.5 +- 0 "}, 4.5 * math.sqrt(6)),
    ],
)
def test_any_facet_on_any_shape(options, factor):
    for facet, area in (
        ((1, 0, 0), 0.388**2),
        ((1, 1, 0), math.sqrt(2) * 0.388**2),
        ((2, 1, 1), math.sqrt(6) * 0.388**2),
    ):
        answer = coverage(perovskite(), facet=facet, element="Sr", **options)
        assert value(answer, "monolayer_dose") == pytest.approx(factor / area * 0.388**3, rel=1e-10)
        assert value(answer, "monolayer_share_of_all") == pytest.approx(
            100 / (1 + 100 / value(answer, "monolayer_dose"))
        )


def test_radius_of_a_sphere_and_of_an_octahedron():
    ball = coverage(spinel(), shape="sphere", radius="80 nm", reported={"monolayer_dose": "0.5 at%"})
    assert value(ball, "monolayer_dose") == pytest.approx(0.44, abs=0.005)
    body = coverage(spinel(), radius="80 nm", reported={"monolayer_dose": "0.44 at%"})
    assert value(body, "monolayer_dose") == pytest.approx(0.77, abs=0.005)
    assert "a sphere with a radius of 80.00 nm 0.44 at%" in finding(body, "size").statement
    audit = finding(body, "audit")
    assert audit.verdict == "contradicted"
    assert "a sphere with a radius of 80.00 nm gives 0.4422 at%" in audit.statement


def test_printed_densities_do_not_lead_to_the_printed_ratio():
    reported = {
        "areal_density": "0.00034 1/nm^2",
        "volumetric_density": "0.000029 1/nm^3",
        "surface_prefactor": "0.88 nm",
    }
    audits = [item for item in coverage(spinel(), reported=reported).findings if item.kind == "audit"]
    assert [item.verdict for item in audits] == ["contradicted"] * 4
    assert "10^-4 looks like a slip" in audits[0].statement
    assert "10^-6 looks like a slip" in audits[1].statement
    assert "lead to 86 nm / size" in audits[3].statement
    assert "to 0.86 nm, not the reported 0.88 nm" in audits[3].statement
    right = {"areal_density": "3.46 1/nm^2", "volumetric_density": "29.3 1/nm^3", "surface_prefactor": "0.87 nm"}
    assert {item.verdict for item in coverage(spinel(), reported=right).findings if item.kind == "audit"} == {
        "supported"
    }
    alone = coverage(spinel(), reported={"surface_prefactor": "0.88 nm"})
    assert "areal density rounded to 3.5 1/nm^2 gives 0.8766 nm" in finding(alone, "audit").statement


def test_dose_thickness_and_size_that_disagree_say_so_by_themselves():
    host = monoclinic()
    answer = coverage(
        host, facet=(0, 0, 1), shape="sphere", diameter="10 um", element="Sc", dose="1 wt%", coating=SCANDIUM,
        thickness="4 nm", reported={"needed_specific_surface": "about 1 m^2/g"},
    )  # fmt: skip
    assert value(answer, "needed_specific_surface") == pytest.approx(0.01 / (2.6e6 * 4e-9), rel=1e-9)
    ratio = 0.01 * host.density / 2.6
    assert value(answer, "coating_thickness") == pytest.approx(5000 * math.cbrt(1 + ratio) - 5000, rel=1e-9)
    audit = finding(answer, "dose and thickness")
    assert audit.verdict == "contradicted"
    assert "Dose, thickness and surface contradict each other" in audit.statement
    assert finding(answer, "audit").verdict == "supported"
    product = coverage(
        host,
        shape="sphere",
        diameter="10 um",
        element="Sc",
        dose="1 wt% of product",
        coating=SCANDIUM,
        thickness="4 nm",
    )
    assert value(product, "needed_specific_surface") == pytest.approx(0.01 / 0.99 / (2.6e6 * 4e-9), rel=1e-9)


def test_dose_thickness_and_surface_that_agree():
    answer = coverage(
        monoclinic(), shape="sphere", diameter="10 um", specific_surface="1.0 m^2/g", element="Sc", dose="1.0 wt%",
        coating=SCANDIUM, thickness="4 nm",
    )  # fmt: skip
    assert finding(answer, "dose and thickness").verdict == "supported"
    assert value(answer, "coating_thickness") == pytest.approx(0.01 / 2.6 * 1e3, rel=1e-9)
    assert value(answer, "smooth_coating_thickness") > 20
    assert value(answer, "equivalent_diameter") == pytest.approx(6e3 / monoclinic().density, rel=1e-9)
    assert value(answer, "implied_roughness") == pytest.approx(1.0 / (6 / (10 * monoclinic().density)), rel=1e-9)
    thin = coverage(
        monoclinic(), specific_surface="10.0 m^2/g", element="Sc", dose="1.0 wt%", coating=SCANDIUM, thickness="4.0 nm"
    )
    assert finding(thin, "dose and thickness").verdict == "contradicted"
    assert "covers 9.6 % of the surface" in finding(thin, "dose and thickness").statement
    free = coverage(monoclinic(), element="Sc", dose="1.0 wt%", coating=SCANDIUM, thickness="4.0 nm")
    assert "smooth spheres" in finding(free, "dose and thickness").statement
    too_small = coverage(monoclinic(), shape="sphere", diameter="1 +- 0.01 um", specific_surface="0.5 +- 0.01 m^2/g")
    assert finding(too_small, "roughness").verdict in ("contradicted", "undecided")


def test_declared_uncertainties_decide_an_agreement():
    common = {
        "shape": "sphere",
        "element": "Sc",
        "coating": SCANDIUM | {"density": "2.60 +- 0.05 g/cm^3"},
        "dose": "1.00 +- 0.02 wt%",
    }
    host = layered()
    own = 0.01 / (2.6e6 * 4e-9)
    for factor, verdict in ((1.05, "supported"), (1.5, "contradicted")):
        answer = coverage(
            host, specific_surface=f"{own * factor} +- {0.03 * own} m^2/g", thickness="4.0 +- 0.1 nm", **common
        )
        assert finding(answer, "dose and thickness").verdict == verdict


def test_a_thickness_makes_a_dose():
    answer = coverage(spinel(), edge="176 nm", coating=perovskite(), thickness="0.388 nm")
    dose = value(answer, "thickness_dose")
    back = coverage(spinel(), edge="176 nm", coating=perovskite(), dose=f"{dose} at%")
    assert value(answer, "thickness_monolayers") == pytest.approx(value(back, "monolayers"), rel=1e-9)
    assert "takes" in finding(answer, "thickness").statement
    assert value(answer, "thickness_coating_mass_of_host") == pytest.approx(
        value(back, "dose_coating_mass_of_host"), rel=1e-9
    )
    assert value(back, "coating_thickness") == pytest.approx(0.388, rel=1e-9)
    faceted = coverage(spinel(), edge="20 nm", coating=perovskite(), dose="5 at%", shell="faceted")
    rounded = coverage(spinel(), edge="20 nm", coating=perovskite(), dose="5 at%")
    assert value(faceted, "coating_thickness") < value(rounded, "coating_thickness")


def test_a_coating_on_some_faces_only():
    shape = {"shape": "truncated octahedron", "edge": "1 um", "coating": perovskite(), "dose": "0.3 at%"}
    everywhere = coverage(spinel(), **shape, roughness="1.0 +- 0 ")
    some = coverage(spinel(), **shape, faces="only", thickness="0.388 nm")
    share = 12 * math.sqrt(3) / (12 * math.sqrt(3) + 6)
    assert value(some, "coating_thickness") == pytest.approx(value(everywhere, "coating_thickness") / share, rel=1e-9)
    needed = value(some, "needed_specific_surface") / value(some, "geometric_specific_surface")
    assert value(some, "needed_over_declared_surface") == pytest.approx(needed / share, rel=1e-9)
    thick = {"shape": "truncated octahedron", "edge": "1 um", "coating": perovskite(), "faces": "only"}
    dose = value(coverage(spinel(), **thick, thickness="2 nm"), "thickness_dose")
    assert value(coverage(spinel(), **thick, dose=f"{dose} at%"), "coating_thickness") == pytest.approx(2.0, rel=1e-9)


def test_uncertainties_go_by_cause():
    host = spinel(std=0.01)
    answer = coverage(host, edge="176 +- 8.8 nm", threshold="0.5 +- 0.05 at%", roughness="1.2 +- 0.06")
    item = answer.number("monolayer_dose")
    assert item.components["declared:edge"] == pytest.approx(-0.05 * item.value, rel=0.01)
    assert item.components["declared:roughness"] == pytest.approx(0.05 * item.value, rel=1e-9)
    # N_S / N_V goes with the cell edge, a^3 / a^2.
    assert item.components["calibration:spinel a"] == pytest.approx(item.value * 0.01 / 8.17, rel=1e-5)
    assert answer.number("areal_density").components["calibration:spinel a"] == pytest.approx(
        -2 * 3.4598 * 0.01 / 8.17, rel=1e-3
    )
    size = answer.number("threshold_edge")
    assert size.components["declared:threshold"] == pytest.approx(-0.1 * size.value, rel=0.02)
    low, high = size.interval()
    assert low < size.value < high
    assert finding(answer, "threshold").verdict == "supported"
    unknown = coverage(spinel(std=math.nan), edge="176 +- 8 nm")
    assert math.isinf(unknown.number("monolayer_dose").std)
    assert "a of spinel" in unknown.findings[0].caveats[0]


def test_shared_causes_cancel():
    answer = coverage(spinel(std=0.05), edge="100 +- 10 nm", dose="0.5 +- 0.05 at%")
    # The size is in both: their ratio is exact.
    one, many = answer.number("monolayer_dose"), answer.number("monolayers")
    assert many.components["declared:edge"] == pytest.approx(0.1 * many.value, rel=0.02)
    assert one.components["declared:edge"] == pytest.approx(-0.1 * one.value, rel=0.02)


def test_distributions_of_sizes():
    one = value(coverage(spinel(), edge="100 nm"), "monolayer_dose")
    wide = coverage(
        spinel(std=0.0),
        edge="100 +- 1 nm",
        sizes={"kind": "log-normal", "sigma": "0.4 +- 0.04", "weight": "number"},
        threshold="0.5 +- 0.1 at%",
    )
    assert value(wide, "monolayer_dose") == pytest.approx(one * math.exp(-2.5 * 0.16), rel=1e-9)
    assert value(wide, "effective_edge") == pytest.approx(100 * math.exp(2.5 * 0.16), rel=1e-9)
    item = wide.number("monolayer_dose")
    assert item.components["declared:width of the sizes"] == pytest.approx(-5 * 0.4 * 0.04 * item.value, rel=0.02)
    assert value(wide, "threshold_median_edge") == pytest.approx(173.31 * math.exp(-2.5 * 0.16), rel=1e-4)
    volume = coverage(spinel(), edge="100 nm", sizes={"kind": "log-normal", "sigma": 0.4, "weight": "volume"})
    assert value(volume, "monolayer_dose") == pytest.approx(one * math.exp(0.08), rel=1e-9)
    listed = coverage(spinel(std=0.0), sizes={"edge": ["90 nm", "100 nm", "120 nm"], "weight": "number"})
    effective = (9**3 + 10**3 + 12**3) / (9**2 + 10**2 + 12**2) * 10
    assert value(listed, "monolayer_dose") == pytest.approx(one * 100 / effective, rel=1e-9)
    assert "sampling:particle sizes" in listed.number("monolayer_dose").components
    assert math.isfinite(listed.number("monolayer_dose").std)


def test_a_distribution_smears_a_threshold():
    random = np.random.default_rng(12)
    lengths = np.sort(random.lognormal(math.log(150), 0.3, 400_000))
    volume = np.cumsum(lengths**3) / (lengths**3).sum()
    closed = 100 * 3 * math.sqrt(6) * 0.817 / (4 * math.sqrt(3))
    answer = coverage(spinel(), edge="150 nm", sizes={"kind": "log-normal", "sigma": 0.3, "weight": "number"})
    for name, share in (("small", 0.05), ("large", 0.95)):
        drawn = closed / lengths[np.searchsorted(volume, share)]
        assert value(answer, f"monolayer_dose_of_{name}_particles") == pytest.approx(drawn, rel=0.02)
    normal = coverage(spinel(), edge="150 nm", sizes={"kind": "normal", "std": "30 nm", "weight": "number"})
    lengths = np.sort(random.normal(150, 30, 400_000))
    volume = np.cumsum(lengths**3) / (lengths**3).sum()
    drawn = closed / lengths[np.searchsorted(volume, 0.95)]
    assert value(normal, "monolayer_dose_of_large_particles") == pytest.approx(drawn, rel=0.02)
    listed = coverage(spinel(), sizes={"edge": ["90 nm", "100 nm", "120 nm"], "weight": "number"})
    assert value(listed, "monolayer_dose_of_large_particles") == pytest.approx(closed / 120, rel=1e-9)
    assert "so wide is a threshold" in finding(listed, "size distribution").statement


def test_reported_numbers_are_read_by_the_digits_of_what_they_rest_on():
    size = coverage(spinel(std=math.nan), threshold="0.5 at%", reported={"threshold_edge": "176 nm"})
    assert finding(size, "audit").verdict == "supported"
    assert any("last printed digit" in words for words in finding(size, "audit").caveats)
    finer = coverage(
        spinel(std=math.nan),
        threshold="0.500 at% of TM",
        reported={"threshold_edge": "176 nm", "surface_prefactor": "0.88 nm"},
    )
    audit = finding(finer, "audit")
    assert audit.verdict == "contradicted"
    assert "the reported 0.88 nm gives 176" in audit.statement
    assert math.isinf(finer.number("threshold_edge").std)


def test_a_distribution_is_the_sum_over_its_particles():
    random = np.random.default_rng(7)
    lengths = random.lognormal(math.log(150), 0.35, 400_000)
    closed = 3 * math.sqrt(6) * 0.817 / (4 * math.sqrt(3))
    summed = 100 * closed * (lengths**2).sum() / (lengths**3).sum()
    answer = coverage(spinel(), edge="150 nm", sizes={"kind": "log-normal", "sigma": 0.35, "weight": "number"})
    assert value(answer, "monolayer_dose") == pytest.approx(summed, rel=0.01)


def test_atoms_of_the_host_are_counted_in_its_topmost_layer():
    answer = coverage(
        layered(), facet=(0, 0, 3), shape="plate", aspect=0.2, edge="500 nm", element="Al", counted=["Co"]
    )
    assert value(answer, "areal_density") == pytest.approx(100 * 2 / math.sqrt(3) / 2.8155**2, rel=1e-6)
    assert "1 Al for each Co of the topmost layer of (003)" in answer.findings[0].statement
    same = coverage(spinel(), edge="100 nm", counted=["TM"])
    # The first cut through metals: one metal for each mesh; the other layer holds three.
    assert value(same, "areal_density") == pytest.approx(3.4598, abs=1e-4)
    dense = [coverage(spinel(), counted=["TM"], termination=place) for place in range(6) if _has(spinel(), place)]
    assert any(value(item, "areal_density") == pytest.approx(3 * 3.4598, abs=1e-3) for item in dense)


def _has(structure, place):
    try:
        coverage(structure, counted=["TM"], termination=place)
    except StudyError:
        return False
    return True


def test_small_particles_end_within_a_layer():
    answer = coverage(spinel(), edge="5 nm")
    assert value(answer, "finite_size_term") == pytest.approx(3 * math.sqrt(6) / 5 * 0.817 / math.sqrt(3) / 2, rel=1e-9)
    assert any("end within a layer" in words for words in answer.findings[0].caveats)
    assert not any("end within a layer" in words for words in coverage(spinel(), edge="176 nm").findings[0].caveats)


def test_own_faces_and_one_family_only():
    shape = {"shape": "truncated octahedron", "edge": "100 nm"}
    alike = coverage(spinel(), **shape)
    own = coverage(spinel(), faces="own", **shape)
    only = coverage(spinel(), faces="only", **shape)
    doubled = coverage(spinel(), facet=(2, 2, 2), faces="only", **shape)
    assert value(doubled, "monolayer_dose") == pytest.approx(value(only, "monolayer_dose"), rel=1e-12)
    share = 6 * math.sqrt(3) * 2 / (6 * math.sqrt(3) * 2 + 6)
    squares = (1 - share) * math.sqrt(3) / 4 / 0.5
    assert value(only, "monolayer_dose") == pytest.approx(share * value(alike, "monolayer_dose"), rel=1e-9)
    assert value(own, "monolayer_dose") == pytest.approx((share + squares) * value(alike, "monolayer_dose"), rel=1e-9)
    assert value(alike, "monolayer_dose_own_faces") == pytest.approx(value(own, "monolayer_dose"), rel=1e-12)
    assert own.number("monolayer_dose").std == alike.number("monolayer_dose").std
    certain = coverage(spinel(std=0.01), faces="own", shape="cuboctahedron", edge="100 +- 0 nm").number(
        "monolayer_dose"
    )
    assert certain.std == pytest.approx(certain.value * 0.01 / 8.17, rel=1e-5)


def test_wulff_shapes_carry_their_energies():
    energies = {"111": "0.60 +- 0.03 J/m^2", "(1 0 0)": "0.70 +- 0.03 J/m^2"}
    answer = coverage(spinel(std=0.0), shape="wulff", surface_energies=energies, diameter="100 +- 0 nm", faces="only")
    item = answer.number("monolayer_dose")
    assert item.components["declared:surface energy of (111)"] * item.components["declared:surface energy of (100)"] < 0
    up = coverage(
        spinel(std=0.0),
        shape="wulff",
        surface_energies=energies | {"111": "0.63 J/m^2"},
        diameter="100 nm",
        faces="only",
    )
    change = value(up, "monolayer_dose") - item.value
    assert item.components["declared:surface energy of (111)"] == pytest.approx(change, rel=0.1)
    assert answer.how.citations[0].key == "herring1951"
    assert (
        "(100)" in coverage(spinel(), shape="wulff", surface_energies=energies, diameter="100 nm").findings[0].statement
    )


def test_measured_thresholds_in_monolayers():
    measured = {
        "small": {"dose": "0.5 +- 0.05 at%", "edge": "176 +- 10 nm"}, "large": {"dose": "0.3 +- 0.01 at%", "edge": "900 +- 20 nm"},
    }  # fmt: skip
    answer = coverage(spinel(std=0.01), measured=measured)
    assert answer.number("measured_threshold_monolayers", sample="small").value == pytest.approx(1.0155, abs=1e-4)
    verdicts = [item.verdict for item in answer.findings if item.kind == "threshold"]
    assert verdicts == ["supported", "contradicted"]
    for figure in answer.figures:
        assert picture(figure, "svg")


def test_figures_hold_the_numbers():
    answer = coverage(
        spinel(), edge="176 nm", dose="0.5 at%", threshold="0.5 +- 0.1 at%", coating=perovskite(), thickness="0.4 nm",
        sizes={"kind": "normal", "std": "30 nm", "weight": "number"},
    )  # fmt: skip
    dose, shape, thickness = answer.figures
    line = dose.panels[0].lines[0]
    assert line.y * line.x == pytest.approx(np.full(line.x.shape, 100 * value(answer, "surface_prefactor")))
    assert dose.panels[0].log_x
    assert shape.panels[1].markers[0].at == pytest.approx(value(answer, "effective_edge"))
    assert thickness.panels[0].lines[1].y[0] == pytest.approx(value(answer, "coating_thickness"))
    table = answer.data["shapes"]
    assert set(table["shape"]) == {"octahedron", "truncated octahedron", "cube", "sphere"}
    for figure in answer.figures:
        assert picture(figure, "svg")
    for name, options in (
        ("sphere", {}),
        ("rod", {"aspect": 3.0}),
        ("wulff", {"surface_energies": {"111": "1 J/m^2"}}),
    ):
        assert picture(coverage(spinel(), shape=name, **options).figures[1], "svg")
    bars = coverage(spinel(), sizes={"edge": ["90 nm", "100 nm"], "weight": "volume"})
    assert picture(bars.figures[1], "svg")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"shape": "blob"}, StudyError, "There is no shape"),
        ({"edge": "1 nm", "radius": "2 nm"}, StudyError, "Give one size"),
        ({"shape": "sphere", "edge": "1 nm"}, StudyError, "no edge"),
        ({"edge": "176"}, UnitError, "without a unit"),
        ({"edge": "-5 nm"}, StudyError, "positive"),
        ({"facet": (0, 0, 0)}, StudyError, "Miller"),
        ({"element": "Xx"}, StudyError, "no chemical element"),
        ({"counted": {"Mn": 1}}, StudyError, "not La"),
        ({"counted": {"La": 0}}, StudyError, "positive"),
        ({"counted": ["Zr"]}, StudyError, "neither an element nor a site"),
        ({"counted": ["TM"], "termination": 99}, StudyError, "terminations"),
        ({"termination": 0}, StudyError, "atoms of the host"),
        ({"transition_metals": ["Ti"]}, StudyError, "no element 'Ti'"),
        ({"faces": "all"}, StudyError, "no rule 'all'"),
        ({"shape": "cube", "faces": "only"}, StudyError, "shows no face"),
        ({"shape": "sphere", "faces": "own"}, StudyError, "has no facets"),
        ({"shape": "rod", "aspect": 2.0, "faces": "own"}, StudyError, "whose cell is not hexagonal"),
        ({"shape": "wulff"}, StudyError, "needs surface_energies"),
        ({"shape": "cube", "surface_energies": {"111": "1 J/m^2"}}, StudyError, "Wulff shape, not a cube"),
        ({"shape": "wulff", "surface_energies": {"111": "1 J/m^2"}, "truncation": 0.2}, StudyError, "leave them out"),
        ({"roughness": "0.5"}, StudyError, "at least 1"),
        ({"thickness": "4 nm"}, StudyError, "declare coating"),
        ({"coating": perovskite(), "shell": "soft"}, StudyError, "no shell"),
        ({"dose": "1 monolayer"}, StudyError, "needs the size"),
        ({"measured": {"x": {"dose": "1 at%"}}}, StudyError, "measured x"),
        ({"measured": {"x": {"dose": "1 ML", "edge": "9 nm"}}}, StudyError, "at% or wt%"),
        ({"reported": {"monolayer": "1 at%"}}, StudyError, "reported names"),
        ({"structure": "nothing.cif"}, StudyError, "no file"),
    ],
)  # fmt: skip
def test_wrong_questions(options, error, words):
    with pytest.raises(error, match=words):
        coverage(**({"structure": spinel()} | options))


def test_a_host_without_metals_and_a_file_that_is_none(tmp_path):
    from interlith.crystal.phases import phase

    with pytest.raises(StudyError, match="has no transition metal"):
        coverage(phase("corundum"))
    assert (
        value(
            coverage(phase("corundum"), facet=(0, 0, 1), transition_metals=["Al"], shape="sphere"), "volumetric_density"
        )
        > 40
    )
    path = tmp_path / "bad.cif"
    path.write_text("not a structure", encoding="utf-8")
    with pytest.raises(ReadError):
        coverage(path)
