"""Half-way satellites: closed forms, and what a network of dislocations has to do with them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.design.matching.satellites import half_way, satellite, two_theta
from interlith.design.matching.search import search
from interlith.errors import StudyError
from tests.crystal.crystals import perovskite, spinel


@given(st.floats(1.0, 5.0), st.floats(1.0, 5.0))
def test_half_way_is_the_mean_of_one_over_d(first: float, second: float) -> None:
    middle, period = half_way(first, second)
    assert 1 / middle == pytest.approx((1 / first + 1 / second) / 2)
    if math.isfinite(period):
        assert 1 / first + math.copysign(1 / period, 1 / second - 1 / first) == pytest.approx(1 / middle)


def test_spinel_220_and_perovskite_110() -> None:
    found = satellite(
        spinel(std=0.001), perovskite(), wavelength="0.07748 +- 0.00001 nm", reported={"satellite_two_theta": "15.8 deg", "network_period": "1.09 nm"},
    )  # fmt: skip
    host, film = 8.17 / math.sqrt(8), 3.88 / math.sqrt(2)
    spacing = 2 / (1 / host + 1 / film)
    assert found.number("satellite_spacing").value == pytest.approx(spacing)
    assert found.number("satellite_two_theta").value == pytest.approx(2 * math.degrees(math.asin(0.7748 / 2 / spacing)))
    angle = found.number("host_two_theta")
    assert angle.components["calibration:spinel a"] == pytest.approx(
        -2 * math.degrees(math.tan(math.asin(0.7748 / 2 / host))) * 0.001 / 8.17, rel=1e-3
    )
    assert angle.components["declared:wavelength"] > 0
    verdicts = [one.verdict for one in found if one.kind == "audit"]
    assert verdicts == ["supported", "contradicted"]
    assert "slip of units" in found[2].statement


def test_the_network_is_that_of_the_epitaxial_faces() -> None:
    """Its period is the spacing of the dislocations of {111} on {111}, whose Burgers vector is a/2 <110> of the spinel."""
    match = search(spinel(), perovskite(), [((1, 1, 1), (1, 1, 1))], area=40.0, strain=0.06)[0]
    assert satellite(spinel(), perovskite()).number("network_period").value == pytest.approx(match.dislocations[1][0])


def test_planes_that_do_not_reflect_are_refused() -> None:
    with pytest.raises(StudyError, match="do not reflect"):
        satellite(spinel(), perovskite(), wavelength="6 angstrom")
    with pytest.raises(StudyError, match="one plane of the host"):
        satellite(spinel(), perovskite(), planes=[[1, 1, 1]])
    assert math.isnan(two_theta(1.0, 2.5))


def test_equal_planes_have_nothing_between_them() -> None:
    found = satellite(spinel(), spinel(), planes=[[2, 2, 0], [2, 2, 0]])
    assert found.number("network_period").value is None
    assert "fall together" in found[0].statement
