"""Electron yields: the contrast by cause, whether it would be seen, and where a measured dopant is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.design.signals import electron_yield
from interlith.design.signals.propagating import drawn
from interlith.errors import StudyError, UnitError
from interlith.physics.electron_yield import sphere_share

DECLARED = {"radius": "80 +- 8 nm", "depth": "15-25 nm", "layer": "0.4-0.8 nm", "dose": "0.5 +- 0.02 at%"}


def test_the_contrast_is_that_of_the_closed_form() -> None:
    told = electron_yield(radius="80 nm", depth="20 nm", layer="0.6 nm")
    expected = sphere_share(80, 20, 0.6) / sphere_share(80, 20)
    assert told.number("yield_contrast").value == pytest.approx(expected, rel=1e-9)
    core = (sphere_share(80, 20) - sphere_share(80, 20, 0.6) * (1 - (79.4 / 80) ** 3)) / (79.4 / 80) ** 3
    assert told.number("yield_contrast_to_host").value == pytest.approx(sphere_share(80, 20, 0.6) / core, rel=1e-9)
    # Nobody said how sure these numbers are: nothing is claimed.
    assert math.isinf(told.number("yield_contrast").std)
    assert told[0].low == -math.inf
    assert any("No uncertainty was declared of the radius" in text for text in told[0].caveats)


def test_the_interval_comes_from_every_declared_number() -> None:
    told = electron_yield(**DECLARED)  # type: ignore[arg-type]
    number = told.number("yield_contrast")
    assert set(number.components) == {
        f"declared:{name}" for name in ("radius", "layer thickness", "escape depth", "dose", "other dose")
    }
    assert number.components["declared:radius"] > 0 > number.components["declared:escape depth"]
    assert number.value is not None
    assert number.components["declared:dose"] == pytest.approx(0.04 * number.value, rel=1e-3)
    low, high = number.interval()
    assert low < number.value < high
    # An independent draw over the closed form gives the same interval.
    random = np.random.default_rng(4)
    made = []
    for _ in range(4000):
        radius, depth, layer = 80 + 8 * random.standard_normal(), random.uniform(15, 25), random.uniform(0.4, 0.8)
        doses = 0.5 + 0.02 * random.standard_normal(2)
        made.append(sphere_share(radius, depth, layer) / sphere_share(radius, depth) * doses[0] / doses[1])
    assert np.quantile(made, [0.025, 0.975]) == pytest.approx([low, high], rel=0.03)


def test_whether_it_would_be_seen() -> None:
    sharp = electron_yield(**DECLARED, uncertainty="10 %")[1]  # type: ignore[arg-type]
    assert sharp.verdict == "supported"
    assert sharp.probability is not None
    assert sharp.probability > 0.99
    blunt = electron_yield(**DECLARED, uncertainty="80 %")[1]  # type: ignore[arg-type]
    assert blunt.verdict == "contradicted"
    assert "not distinguishable" in blunt.statement
    alike = electron_yield(**(DECLARED | {"against": "layer 0.4-0.8 nm"}), uncertainty="10 %")[1]  # type: ignore[arg-type]
    assert alike.probability == pytest.approx(0.05, abs=0.05)


@pytest.mark.parametrize(
    ("measured", "low", "high", "verdict"),
    [
        ("2.1 +- 0.1", 0.4, 1.0, "supported"),
        ("1.0 +- 0.1", 0.0, 0.35, "contradicted"),
        ("1.5 +- 0.9", 0.0, 1.0, "undecided"),
    ],
)
def test_where_a_measured_dopant_is(measured: str, low: float, high: float, verdict: str) -> None:
    told = electron_yield(**DECLARED, measured=measured)  # type: ignore[arg-type]
    share = told.number("share_at_surface")
    assert share.low is not None
    assert share.high is not None
    assert low <= share.low <= share.high <= high
    assert told[-1].verdict == verdict


def test_a_ratio_beyond_the_model_is_no_share() -> None:
    told = electron_yield(**DECLARED, measured="9 +- 0.1")  # type: ignore[arg-type]
    assert told[-1].verdict == "contradicted"
    assert "more signal than all of the dose" in told[-1].statement


def test_dopant_per_area_from_the_host(manganate: object) -> None:
    told = electron_yield(**DECLARED, structure=manganate, element="La")  # type: ignore[arg-type]
    area = told.number("dopant_per_surface_area")
    # 16 Mn in 8.17^3 angstrom^3, 0.5 %, over surface / volume = 3 / 80.
    assert area.value == pytest.approx(0.005 * 16 / 0.817**3 * 80 / 3, rel=1e-9)
    assert area.sample.startswith("La in")
    filled = told.number("dopant_density_in_layer")
    assert filled.value == pytest.approx(area.value / 0.6, rel=0.01)  # type: ignore[operator]


def test_a_reported_contrast_is_checked() -> None:
    told = electron_yield(**DECLARED, reported={"yield_contrast": "2.1"})  # type: ignore[arg-type]
    assert told[-1].verdict == "supported"
    assert electron_yield(**DECLARED, reported={"yield_contrast": "5.0"})[-1].verdict == "contradicted"  # type: ignore[arg-type]


def test_depth_may_be_that_of_95_percent() -> None:
    escape = electron_yield(radius="80 nm", depth="20 nm", layer="0.6 nm").number("escaping_share_elsewhere").value
    told = electron_yield(radius="80 nm", depth="59.915 nm", depth_is="95 %", layer="0.6 nm")
    assert told.number("escaping_share_elsewhere").value == pytest.approx(escape, rel=1e-4)


def test_questions_that_make_no_sense() -> None:
    for wrong, words in (
        ({"against": "homogenous"}, "homogeneous"), ({"depth_is": "max"}, "escape depth"), ({"uncertainty": "0 %"}, "10 %"),
        ({"escape": "straight", "shape": "cube"}, "spheres only"),
    ):  # fmt: skip
        with pytest.raises(StudyError, match=words):
            electron_yield(**(DECLARED | wrong))  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="either a radius or an edge"):
        electron_yield(depth="20 nm", layer="1 nm")
    with pytest.raises(UnitError):
        electron_yield(radius="80", depth="20 nm", layer="1 nm")


def test_draws_of_one_name_are_the_same_whatever_else_is_declared() -> None:
    from interlith.design.inputs import uncertain

    one = uncertain("80 +- 8 nm", "nm", "x")
    assert (drawn({"a": one})["a"] == drawn({"b": one, "a": one})["a"]).all()
    assert (drawn({"a": one})["a"] != drawn({"b": one})["b"]).any()
