"""Overlayers: simulated layers come back, one ratio does not give two unknowns, and wrong questions are refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from interlith.design.signals import overlayer, sputter_profile
from interlith.design.signals.lines import overlap, photon_energy, read_line
from interlith.errors import StudyError
from interlith.physics.attenuation import flat_thickness

BASE: dict[str, Any] = {
    "layer": "LaMnO3, 6.6 g/cm^3", "substrate": "LiNi0.5Mn1.5O4, 4.4 g/cm^3", "line": "La 3d5/2",
    "substrate_line": "Ni 2p3/2 at 855 eV",
}  # fmt: skip


def ratio_of(**options: Any) -> float:
    value = overlayer(**BASE, **options).number("line_ratio").value
    assert value is not None
    return value


def test_lines_and_sources() -> None:
    photon = photon_energy("Al Ka")
    assert photon == pytest.approx(1486.6, abs=0.5)
    assert photon_energy("1.2536 keV") == pytest.approx(1253.6)
    lanthanum = read_line("La 3d", photon, "line")
    assert lanthanum.name == "La 3d5/2"
    assert lanthanum.kinetic == pytest.approx(photon - 836, abs=5)
    nickel = read_line("Ni 2p3/2 at 855 eV", photon, "line")
    assert nickel.kinetic == pytest.approx(photon - 855)
    assert "La 3d3/2" in overlap(lanthanum, nickel)
    assert overlap(lanthanum, read_line("O 1s", photon, "line")) == ""
    for wrong in ("La", "La 3x", "La 9s", "Xx 1s"):
        with pytest.raises(StudyError):
            read_line(wrong, photon, "line")
    with pytest.raises(StudyError, match="do not excite"):
        read_line("Ni 1s", photon, "line")


def test_a_flat_layer_equals_the_closed_form() -> None:
    seen = ratio_of(thickness="0.6 nm", ratio_is="pure")
    told = overlayer(**BASE, measured=f"{seen} +- {0.05 * seen}", ratio_is="pure")
    lengths = told.data["pairs"][0].lengths
    found = told.number("layer_thickness")
    assert found.value == pytest.approx(0.6, rel=1e-5)
    assert flat_thickness(seen, float(lengths.layer_in_layer), float(lengths.substrate_in_layer)) == pytest.approx(0.6)
    # Lengths uncertain by 10 % make a closed layer uncertain by 10 %: t is L ln(1 + A).
    model = found.components["model:attenuation lengths (thickness)"]
    assert model == pytest.approx(0.06, rel=0.03)
    low, high = found.interval()
    assert low < 0.6 < high


@pytest.mark.parametrize("geometry", [{}, {"geometry": "sphere", "radius": "30 +- 3 nm"}])
def test_layers_come_back(geometry: dict[str, Any]) -> None:
    seen = ratio_of(thickness="0.8 nm", **geometry)
    back = overlayer(**BASE, measured=f"{seen} +- {0.03 * seen}", **geometry)
    assert back.number("layer_thickness").value == pytest.approx(0.8, rel=1e-4)
    cover = ratio_of(thickness="0.8 nm", coverage="60 %", **geometry)
    found = overlayer(**BASE, measured=f"{cover} +- {0.03 * cover}", thickness="0.80 +- 0.05 nm", **geometry)
    assert found.number("layer_coverage").value == pytest.approx(0.6, rel=1e-3)


def test_one_ratio_does_not_give_thickness_and_coverage() -> None:
    seen = ratio_of(thickness="1.0 nm", coverage="50 %")
    told = overlayer(**BASE, geometry="islands", measured=f"{seen} +- {0.05 * seen}")
    assert "not identifiable from one ratio" in told[0].statement
    thickness, coverage = told.number("layer_thickness"), told.number("layer_coverage")
    assert thickness.value is None
    assert coverage.value is None
    assert thickness.low is not None
    assert 0.2 < thickness.low < 1.0
    assert coverage.low is not None
    assert 0.1 < coverage.low < 0.5


def test_two_angles_do() -> None:
    rows = []
    for angle in ("0 deg", "60 deg"):
        seen = ratio_of(thickness="1.0 nm", coverage="50 %", angle=angle)
        rows.append({"ratio": f"{seen} +- {0.02 * seen}", "angle": angle})
    told = overlayer(**BASE, geometry="islands", measured=rows)
    assert told.number("layer_thickness").value == pytest.approx(1.0, rel=1e-3)
    assert told.number("layer_coverage").value == pytest.approx(0.5, rel=1e-3)
    low, high = told.number("layer_coverage").interval()
    assert low < 0.5 < high < 0.7


def test_a_closed_layer_is_only_bounded_from_below() -> None:
    rows = []
    for angle in ("0 deg", "60 deg"):
        seen = ratio_of(thickness="0.5 nm", angle=angle)
        rows.append({"ratio": f"{seen} +- {0.05 * seen}", "angle": angle})
    told = overlayer(**BASE, geometry="islands", measured=rows)
    coverage = told.number("layer_coverage")
    assert coverage.value is None
    assert coverage.high == 1.0
    assert any("not distinguishable from islands" in finding.statement for finding in told)


def test_ratios_that_no_layer_explains() -> None:
    rows = [{"ratio": "1.0 +- 0.02"}, {"ratio": "40 +- 1", "angle": "60 deg"}]
    told = overlayer(**BASE, geometry="islands", measured=rows)
    assert told[0].verdict == "contradicted"
    assert told.number("layer_thickness").value is None


def test_an_element_of_both_is_counted_in_both() -> None:
    # A layer that buries the substrate: one La a Mn, each over its own attenuation length in the layer.
    both = overlayer(**(BASE | {"substrate_line": "Mn 2p3/2"}), thickness="40 nm", ratio_is="cross section")
    lengths = both.data["pairs"][0].lengths
    expected = float(lengths.layer_in_layer) / float(lengths.substrate_in_layer)
    assert both.number("line_ratio").value == pytest.approx(expected, rel=1e-6)
    with pytest.raises(StudyError, match="too"):
        overlayer(**(BASE | {"line": "Mn 2p3/2"}), thickness="1 nm")


def test_an_unknown_radius_that_matters_is_said() -> None:
    small = overlayer(**BASE, measured="1.0 +- 0.02", geometry="sphere", radius="3 nm")
    assert math.isinf(small.number("layer_thickness").std)
    assert any("radius" in text for text in small[0].caveats)
    large = overlayer(**BASE, measured="1.0 +- 0.1", geometry="sphere", radius="400 nm")
    assert math.isfinite(large.number("layer_thickness").std)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"measured": "1.0"}, "no uncertainty"), ({"geometry": "sphere", "thickness": "1 nm"}, "radius"),
        ({"geometry": "round", "thickness": "1 nm"}, "sphere"), ({}, "must be declared"),
        ({"thickness": "1 nm", "coverage": "120 %"}, "more than 1"), ({"thickness": "1 nm", "ratio_is": "mass"}, "atomic"),
        ({"thickness": "1 nm", "angle": "89 deg"}, "outside"), ({"measured": [{"rato": "1 +- 0.1"}]}, "ratio"),
        ({"thickness": "1 nm", "coverage": "1", "measured": "1 +- 0.1"}, "both declared"),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        overlayer(**BASE, **wrong)


def test_profiles_begin_with_the_overlayer() -> None:
    told = sputter_profile(**BASE, thickness="0.4-0.8 nm", coverage="1 +- 0.05")
    gone = told.number("depth_layer_gone")
    assert gone.value is not None
    assert set(gone.components) >= {"declared:mixing", "declared:thickness", "calibration:etched depth"}
    sharp = sputter_profile(**BASE, thickness="0.60 +- 0.01 nm", mixing="0.01 +- 0.001 nm", detection="1 %")
    assert sharp.number("depth_layer_gone").value == pytest.approx(0.6, abs=0.05)
    lee = sputter_profile(**BASE, thickness="0.6 +- 0.1 nm", geometry="sphere", ion_angle="45 deg")
    assert lee.number("depth_layer_gone").value is None
    assert "not etched" in lee[0].statement


def test_profiles_give_layers_back() -> None:
    from interlith.design.signals.etching import DEPTH_SCALE, Profile
    from interlith.design.signals.line_ratios import LAYER_LENGTH, SUBSTRATE_LENGTH

    pairs = overlayer(**BASE, thickness="1 nm").data["pairs"]
    sample: Any = type("Bare", (), {"pairs": pairs, "sphere": False})()
    names = {
        "thickness": 2.0,
        "coverage": 0.7,
        "mixing": 2.0,
        DEPTH_SCALE: 1.0,
        LAYER_LENGTH: 1.0,
        SUBSTRATE_LENGTH: 1.0,
    }
    depths = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    clean = Profile(sample, depths, (), 0.0, 45.0).ratio(
        depths[None], {key: np.array([[value]]) for key, value in names.items()}
    )[0]
    rows: list[dict[str, str | float]] = [
        {"depth": f"{depth} nm", "ratio": f"{value} +- {0.02 * value + 0.002}"}
        for depth, value in zip(depths, clean, strict=True)
    ]
    told = sputter_profile(**BASE, measured=rows, coverage="free", mixing="2.0 +- 0.5 nm")
    assert told.number("layer_thickness").value == pytest.approx(2.0, rel=0.01)
    assert told.number("layer_coverage").value == pytest.approx(0.7, rel=0.01)


def test_a_line_that_vanishes_bounds_the_thickness() -> None:
    told = sputter_profile(**BASE, measured=[{"depth": "2 nm", "ratio": "< 0.1"}])
    thickness = told.number("layer_thickness")
    assert thickness.value is None
    assert thickness.high is not None
    assert 0 < thickness.high < 2
    timed = sputter_profile(**BASE, measured=[{"depth": "1 min", "ratio": "< 0.1"}], rate="2.0 +- 0.2 nm/min")
    assert timed.number("layer_thickness").high == pytest.approx(thickness.high, rel=1e-3)
    with pytest.raises(StudyError, match="rate"):
        sputter_profile(**BASE, measured=[{"depth": "1 min", "ratio": "< 0.1"}])


def test_a_limit_is_zero_with_the_width_that_makes_it_one_in_twenty() -> None:
    from interlith.design.signals.etching import read_depths

    depths, ratios, scale = read_depths(
        [{"depth": "2 nm", "ratio": "< 0.1"}, {"depth": "3 nm", "ratio": "0.2 +- 0.02"}], None, "10 %"
    )
    assert depths.tolist() == [2.0, 3.0]
    assert list(ratios[0]) == pytest.approx([0.0, 0.1 / 1.645], rel=1e-3)
    assert list(ratios[1]) == pytest.approx([0.2, 0.02])
    assert scale.std == pytest.approx(0.1)
    timed = read_depths([{"depth": "30 s", "ratio": "< 0.1"}], "2 +- 0.4 nm/min", "10 %")
    assert timed[0].tolist() == [1.0]
    assert timed[2].std == pytest.approx(0.2)
