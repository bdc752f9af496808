"""Does a threshold hold, with bounds, outliers and shared causes, and does it say so where there is none?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.evidence.levels.threshold import threshold
from interlith.model import Observable, State
from interlith.reporting.draw import picture

X = np.array([0.4, 0.5, 0.6, 0.7, 0.85, 1.0])
NOISE = np.array([0.011, -0.024, 0.015, 0.003, -0.012, 0.009])
Y = X - 0.31 + NOISE


def series(x, y, *, own=0.02, share=0.0, source="calibration:xrd", wide=0.0, sample=None, variant=None, bounds=()):
    made = []
    for number, (state, value) in enumerate(zip(x, y, strict=True)):
        parts = {f"fit:{sample}{number}": own} if own is not None else {}
        parts |= {source: share * value} if share else {}
        bound = number in bounds
        made.append(
            Observable(
                "element_fraction", None if bound else float(value), "1", sample or f"La{state:g}", {} if bound else parts,
                variant=variant or f"C{state:g}", id=f"p{number}", high=float(value) if bound else None,
                state=State("dose", float(state), float(state) - wide, float(state) + wide, "at%"),
            )
        )  # fmt: skip
    return made


def test_the_intercept_of_a_dose_series() -> None:
    statement = threshold(series(X, Y), "element_fraction", against="dose", simulated=True)
    (finding,) = statement
    slope, offset = np.polyfit(X, Y, 1)
    assert finding.estimate == pytest.approx(-offset / slope)
    assert finding.statement.startswith("The element fraction rises through zero at dose 0.31")
    assert "at% (95 % interval 0.2" in finding.statement
    assert "straight line through 6 points" in finding.statement
    assert finding.verdict == "supported"
    assert finding.low < 0.31 < finding.high
    assert finding.details["bootstrap_low"] < finding.estimate < finding.details["bootstrap_high"]
    assert any("extrapolation" in words for words in finding.caveats)
    assert "The data are simulated." in finding.caveats
    (observable,) = statement.observables
    assert (observable.quantity, observable.unit) == ("threshold_of_element_fraction", "at%")
    assert observable.interval() == (finding.low, finding.high)
    assert statement.figures[0].simulated


def test_a_calibration_of_all_values_leaves_the_threshold_alone_and_an_offset_does_not() -> None:
    plain = threshold(series(X, Y), "element_fraction", against="dose")
    scaled = threshold(series(X, Y, share=0.1), "element_fraction", against="dose")
    assert scaled.observables[0].components["calibration:xrd"] == pytest.approx(0.0, abs=1e-12)
    assert scaled[0].high - scaled[0].low == pytest.approx(plain[0].high - plain[0].low, rel=0.03)
    items = [
        Observable(item.quantity, item.value, "1", item.sample, {**item.components, "calibration:zero": 0.05}, state=item.state)
        for item in series(X, Y)
    ]  # fmt: skip
    moved = threshold(items, "element_fraction", against="dose")
    slope = float(np.polyfit(X, Y, 1)[0])
    assert moved.observables[0].components["calibration:zero"] == pytest.approx(-0.05 / slope, rel=1e-6)
    assert moved[0].high - moved[0].low > 1.5 * (plain[0].high - plain[0].low)


def test_two_thresholds_on_one_offset_differ_without_it() -> None:
    shifted = [
        Observable("element_fraction", item.value, "1", "other", {f"fit:o{number}": 0.02, "calibration:zero": 0.05}, variant="b", state=item.state)
        for number, item in enumerate(series(X, Y - 0.1))
    ]  # fmt: skip
    first = [
        Observable("element_fraction", item.value, "1", "one", {f"fit:f{number}": 0.02, "calibration:zero": 0.05}, variant="a", state=item.state)
        for number, item in enumerate(series(X, Y))
    ]  # fmt: skip
    one, two = threshold([*first, *shifted], "element_fraction", against="dose", shape="line").observables
    assert two.value - one.value == pytest.approx(0.1, abs=0.01)
    assert two.minus(one).components["calibration:zero"] == pytest.approx(0.0, abs=1e-9)


def test_clipped_points_make_a_hinge_and_a_line_leaves_them_out() -> None:
    x = np.concatenate([[0.1, 0.2, 0.3], X])
    y = np.concatenate([[0.0, 0.0, 0.0], Y])
    (hinge,) = threshold(series(x, y), "element_fraction", against="dose")
    assert hinge.details["shape"] == "hinge"
    assert "rises from zero at dose 0.3" in hinge.statement
    assert "3 of them below detection" in hinge.statement
    assert hinge.low < 0.31 < hinge.high
    assert hinge.details["if_line"] == pytest.approx(
        threshold(series(X, Y), "element_fraction", against="dose")[0].estimate
    )
    (line,) = threshold(series(x, y), "element_fraction", against="dose", shape="line")
    assert line.estimate == pytest.approx(hinge.details["if_line"])
    assert any("3 points below detection stand outside the line" in words for words in line.caveats)
    naive = -np.polyfit(x, y, 1)[1] / np.polyfit(x, y, 1)[0]
    assert naive < line.low


def test_bounds_without_a_value_enter_a_hinge() -> None:
    x = np.concatenate([[0.1, 0.2, 0.3], X])
    y = np.concatenate([[0.02, 0.02, 0.02], Y])
    (finding,) = threshold(series(x, y, bounds=(0, 1, 2)), "element_fraction", against="dose")
    assert finding.details["below_detection"] == 3
    assert finding.low < 0.31 < finding.high


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("mirror", [1, -1])
def test_every_direction_of_a_hinge(turn: int, mirror: int) -> None:
    x = np.concatenate([[0.05, 0.1, 0.15, 0.2, 0.25, 0.3], X])
    y = np.concatenate([0.3 * NOISE, Y])
    (finding,) = threshold(series(mirror * x, turn * y), "element_fraction", against="dose")
    assert finding.details["shape"] == "hinge"
    assert finding.low < mirror * 0.31 < finding.high
    word = {(1, 1): "rises from", (-1, 1): "falls from", (1, -1): "falls to", (-1, -1): "rises to"}[turn, mirror]
    assert word in finding.statement


def test_values_on_both_sides_make_a_line_through_the_level() -> None:
    (finding,) = threshold(series(X, Y + 0.5), "element_fraction", against="dose", at=0.9)
    assert finding.details["shape"] == "line"
    assert finding.low < 0.71 < finding.high
    assert "rises through 0.9" in finding.statement


def test_no_slope_gives_no_threshold() -> None:
    statement = threshold(series(X, 0.3 + 5 * NOISE), "element_fraction", against="dose")
    (finding,) = statement
    assert finding.verdict == "undecided"
    assert finding.estimate is None
    assert (finding.low, finding.high) == (-math.inf, math.inf)
    assert "shows no threshold" in finding.statement
    assert statement.observables[0].value is None
    (level,) = threshold(series(X, 2.0 + 0.1 * NOISE), "element_fraction", against="dose")
    assert level.details["excluded_from"] < 0.7 < level.details["excluded_to"]
    assert "are excluded" in level.statement


def test_an_outlier_is_named_and_both_answers_are_told() -> None:
    y = Y.copy()
    y[1] += 0.3
    (kept,) = threshold(series(X, y), "element_fraction", against="dose")
    (left,) = threshold(series(X, y), "element_fraction", against="dose", outliers="leave_out")
    assert kept.details["outliers"] == "0.5"
    assert "without the outlier" in kept.statement
    assert kept.details["without_outliers"] == pytest.approx(left.estimate)
    assert left.details["with_outliers"] == pytest.approx(
        kept.details.get("with_outliers", left.details["with_outliers"])
    )
    assert left.low < 0.31 < left.high
    assert any("left out; with them see the details" in words for words in left.caveats)
    assert "outliers" not in threshold(series(X, Y), "element_fraction", against="dose")[0].details


def test_a_bend_leaves_it_undecided() -> None:
    x = np.linspace(0.3, 1.0, 9)
    (finding,) = threshold(series(x, (x - 0.2) ** 2 + 0.02), "element_fraction", against="dose")
    assert finding.verdict == "undecided"
    assert finding.details["p_straight"] < 1e-6
    assert any("not the right shape" in words for words in finding.caveats)


def test_uncertain_states_widen_the_interval() -> None:
    (sharp,) = threshold(series(X, Y, own=0.001), "element_fraction", against="dose", errors="stated")
    (wide,) = threshold(series(X, Y, own=0.001, wide=0.05), "element_fraction", against="dose", errors="stated")
    assert wide.high - wide.low > 3 * (sharp.high - sharp.low)
    assert any("uncertainty of the states" in words for words in wide.caveats)


def test_an_unknown_common_source_opens_the_interval() -> None:
    items = [
        Observable(item.quantity, item.value, "1", item.sample, {**item.components, "calibration:zero": math.inf}, state=item.state)
        for item in series(X, Y)
    ]  # fmt: skip
    (finding,) = threshold(items, "element_fraction", against="dose")
    assert (finding.verdict, finding.low, finding.high) == ("undecided", -math.inf, math.inf)
    assert "at least as wide as" in finding.statement
    assert finding.details["low_of_known"] < 0.31 < finding.details["high_of_known"]


def test_one_specimen_is_one_specimen() -> None:
    (finding,) = threshold(series(X, Y, sample="cell_1", variant="bare"), "element_fraction", against="dose")
    assert "of cell_1" in finding.statement
    assert any("one specimen" in words for words in finding.caveats)
    (variant,) = threshold(
        series(X, Y, sample="cell_1", variant="bare"), "element_fraction", against="dose", by="variant"
    )
    assert variant.verdict == "descriptive"


@given(st.permutations(range(6)), st.floats(0.1, 10), st.floats(0.1, 10))
@settings(max_examples=10, deadline=None)
def test_order_and_units(order: list[int], scale: float, size: float) -> None:
    (first,) = threshold(series(X, Y), "element_fraction", against="dose", method="fieller")
    items = series(scale * X, size * Y, own=0.02 * size)
    (second,) = threshold([items[k] for k in order], "element_fraction", against="dose", method="fieller")
    assert [second.estimate, second.low, second.high] == pytest.approx(
        [scale * item for item in (first.estimate, first.low, first.high)], rel=1e-6
    )


def test_the_figure_shows_the_numbers_of_the_finding() -> None:
    statement = threshold(series(X, Y), "element_fraction", against="dose")
    (finding,) = statement
    panel = statement.figures[0].panels[0]
    assert (panel.x_label, panel.y_label) == ("Dose / at%", "Element fraction")
    np.testing.assert_allclose(panel.lines[0].y, Y)
    line = next(item for item in panel.lines if item.label)
    assert float(np.interp(0.0, line.y, line.x)) == pytest.approx(finding.estimate)
    ends = [item for item in panel.lines if np.all(item.y == 0.0)]
    assert list(ends[0].x) == pytest.approx([finding.low, finding.high])
    (band,) = panel.bands
    assert float(np.interp(0.0, band.high, band.x)) == pytest.approx(finding.low, abs=2e-3)
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": "lines"}, "did you mean 'line'"),
        ({"method": "felier"}, "did you mean 'fieller'"),
        ({"errors": "state"}, "did you mean 'stated'"),
        ({"outliers": "drop"}, "Allowed: keep, leave_out"),
        ({"at": math.nan}, "finite level"),
        ({"level": 95}, "between 0.5 and 1"),
        ({"against": "dosis"}, "did you mean 'dose'"),
        ({"exclude": {"La0.4": " "}}, "no reason"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        threshold(series(X, Y), "element_fraction", **({"against": "dose"} | options))


def test_too_few_points_and_unknown_sizes() -> None:
    with pytest.raises(StudyError, match="No curve of element_fraction has 3 measured points"):
        threshold(series(X[:2], Y[:2]), "element_fraction", against="dose")
    with pytest.raises(StudyError, match="cannot be taken at its word"):
        threshold(series(X, Y, own=None), "element_fraction", against="dose", errors="stated")
    (equal,) = threshold(series(X, Y, own=None), "element_fraction", against="dose")
    assert any("weigh alike" in words for words in equal.caveats)
