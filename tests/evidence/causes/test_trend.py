"""Does a trend hold its slope, propagate what points share, and say so where it cannot tell?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError, UnitError
from interlith.evidence import compare
from interlith.evidence.causes.trend import trend
from interlith.evidence.causes.trend_findings import interval_of
from interlith.evidence.causes.trend_fit import fit_slope
from interlith.evidence.curves import Curve
from interlith.model import Observable, State
from interlith.reporting.draw import picture


def points(
    y, *, x=None, sample="s1", variant="bare", std=1.0, shared=None, axis="temperature", unit="degC", quantity="resistance", shown="ohm"
):  # fmt: skip
    x = np.arange(len(y)) * 100.0 if x is None else x
    made = []
    for number, (state, value) in enumerate(zip(x, y, strict=True)):
        parts = {f"fit:{sample}/{number}": std} if std is not None else {}
        parts |= {source: share * value for source, share in (shared or {}).items()}
        cycle = int(state) if axis == "cycle" else None
        made.append(
            Observable(
                quantity, float(value), shown, sample, parts, variant=variant, id=f"{sample}-{number}", cycle=cycle,
                state=State(axis, float(state), float(state), float(state), unit),
            )
        )  # fmt: skip
    return made


NOISE = np.array([0.3, -0.5, 0.2, 0.1, -0.4, 0.6, -0.3, 0.0])
RISING = 40 + 0.03 * np.arange(8) * 100 + NOISE


def test_a_rise_is_told_with_interval_and_unit() -> None:
    statement = trend(points(RISING), "resistance", against="temperature", per=100, simulated=True)
    (finding,) = statement
    assert finding.verdict == "supported"
    assert finding.statement.startswith("The resistance of s1 rises by 3.0")
    assert "ohm per 100 degC (95 % interval 2.8" in finding.statement
    assert "8 points, 0 to 700 degC" in finding.statement
    assert finding.low < 3.0 < finding.high
    assert finding.unit == "ohm per 100 degC"
    slope, size = np.polyfit(np.arange(8) * 100.0, RISING, 1, cov=True)
    assert finding.estimate == pytest.approx(slope[0] * 100)
    (observable,) = statement.observables
    assert observable.quantity == "slope_of_resistance"
    assert observable.unit == "ohm/degC"
    assert observable.value * 100 == pytest.approx(finding.estimate)
    assert observable.std == pytest.approx(math.sqrt(size[0, 0]))
    assert [end * 100 for end in observable.interval()] == pytest.approx([finding.low, finding.high])
    assert "The data are simulated." in finding.caveats
    assert statement.figures[0].simulated
    assert any("one specimen" in words for words in finding.caveats)
    assert any("independent" in words for words in finding.caveats)


def test_a_fall_is_told_as_a_fall_and_nothing_as_nothing() -> None:
    (fall,) = trend(points(100 - RISING), "resistance", against="temperature", per=100)
    assert "falls by 3.0" in fall.statement
    assert fall.high < 0
    (none,) = trend(points(40 + NOISE), "resistance", against="temperature", per=100)
    assert none.verdict == "undecided"
    assert "neither a rise nor a fall is shown" in none.statement


@pytest.mark.parametrize(
    ("bound", "verdict", "words"),
    [
        ("2 ohm", "supported", "does not change by more than 2.00 ohm"),
        (2.0, "supported", "does not change by more than"),
        ("500 mohm", "undecided", "is undecided"),
    ],
)
def test_no_change_within_a_bound(bound: str | float, verdict: str, words: str) -> None:
    (finding,) = trend(points(40 + NOISE), "resistance", against="temperature", bound=bound)
    assert finding.verdict == verdict
    assert words in finding.statement


def test_a_change_beyond_the_bound_contradicts() -> None:
    (finding,) = trend(points(RISING), "resistance", against="temperature", bound="5 ohm")
    assert finding.verdict == "contradicted"
    (wide,) = trend(
        points(RISING), "resistance", against="temperature", bound=finding.details["smallest_bound"] * 1.001
    )
    assert wide.verdict == "supported"


@pytest.mark.parametrize(("count", "errors"), [(4, "scaled"), (9, "scaled"), (3, "stated"), (9, "stated")])
def test_coverage_of_few_points_of_unequal_weight(count: int, errors: str) -> None:
    random = np.random.default_rng(count)
    x = np.array([0.0, 1, 2, 5, 9, 10, 12, 15, 16][:count])
    own = 0.2 + 0.1 * x
    held = 0
    for _ in range(600):
        y = 2 * x + own * random.standard_normal(count)
        curve = Curve("s", "v", "q", "ohm", "t", "V", x, x, x, y, own, {}, (), ())
        slope = fit_slope(curve, degree=1, errors=errors, residuals="independent", level=0.95)
        low, high = interval_of(curve, slope, 0.95)
        held += low <= 2 <= high
    assert 0.925 < held / 600 < 0.975


def test_coverage_with_a_shared_calibration() -> None:
    random = np.random.default_rng(11)
    x = np.arange(1.0, 9)
    held, plain = 0, 0
    for _ in range(600):
        y = (100 + 5 * x + 0.5 * random.standard_normal(8)) * (1 + 0.05 * random.standard_normal())
        curve = Curve("s", "v", "q", "ohm", "t", "V", x, x, x, y, np.ones(8), {"calibration:m": 0.05 * y}, (), ())
        slope = fit_slope(curve, degree=1, errors="scaled", residuals="independent", level=0.95)
        low, high = interval_of(curve, slope, 0.95)
        held += low <= 5 <= high
        low, high = slope.interval(0.95)
        plain += low <= 5 <= high
    assert 0.93 < held / 600 < 0.985
    assert plain / 600 < 0.7


def test_autocorrelated_residuals_widen_the_interval() -> None:
    random = np.random.default_rng(5)
    noise = np.zeros(80)
    for step in range(1, 80):
        noise[step] = 0.9 * noise[step - 1] + 0.3 * random.standard_normal()
    data = points(100 + noise, x=np.arange(1.0, 81), axis="cycle", unit="1")
    (careful,) = trend(data, "resistance", against="cycle", per=100)
    (plain,) = trend(data, "resistance", against="cycle", per=100, residuals="independent")
    assert careful.high - careful.low > 2 * (plain.high - plain.low)
    assert careful.details["correlation"] > 0.7
    assert careful.unit == "ohm per 100 cycles"
    assert any("as was asked" in words for words in plain.caveats)


def test_points_weigh_by_their_own_uncertainty_with_a_memory_too() -> None:
    random = np.random.default_rng(6)
    x = np.arange(40.0)
    std = np.where(x < 20, 0.2, 6.0)
    data = points(3 + 0.5 * x + std * random.standard_normal(40), x=x)
    told = [
        Observable(item.quantity, item.value, "ohm", "s1", {f"fit:{k}": std[k]}, state=item.state) for k, item in enumerate(data)
    ]  # fmt: skip
    weighted, plain = (trend(items, "resistance", against="temperature")[0] for items in (told, data))
    assert weighted.high - weighted.low < 0.5 * (plain.high - plain.low)
    assert weighted.low < 0.5 < weighted.high


def test_repeated_states_are_averaged_for_a_memory_and_kept_apart_else() -> None:
    x = np.repeat(np.arange(12.0), 2)
    y = 3 + 0.5 * x + np.tile([0.2, -0.2, 0.1, -0.3], 6)
    (found,) = trend(points(y, x=x), "resistance", against="temperature")
    assert (found.details["points"], found.details["states"]) == (24, 12)
    assert found.low < 0.5 < found.high
    (apart,) = trend(points(y, x=x), "resistance", against="temperature", residuals="independent")
    assert apart.details["degrees_of_freedom"] == 22
    statement = trend(points(y, x=x, shared={"calibration:m": 0.1}), "resistance", against="temperature")
    (observable,) = statement.observables
    assert observable.components["calibration:m"] == pytest.approx(0.1 * observable.value, rel=1e-6)


def test_a_bend_is_said() -> None:
    x = np.arange(20.0)
    data = points(0.5 * x**2 + np.tile([0.5, -0.5, 0.2, -0.2], 5), x=x)
    statement = trend(data, "resistance", against="temperature")
    assert any("not the right shape" in words for words in statement[0].caveats)
    assert statement.observables[0].flag == "a line is not the right shape"
    assert statement[0].estimate == pytest.approx(np.polyfit(x, [item.value for item in data], 1)[0], rel=0.02)


def test_an_outlier_is_named_and_the_verdict_needs_both() -> None:
    y = RISING.copy()
    y[2] += 30
    (finding,) = trend(points(y), "resistance", against="temperature", per=100)
    assert finding.details["outliers"] == "200"
    assert any("Outliers at temperature 200" in words for words in finding.caveats)
    assert finding.verdict == "undecided"
    assert finding.details["low_without_outliers"] > 2.5
    assert finding.details["theil_sen_low"] > 0
    level = np.full(8, 40.0) + NOISE
    level[7] += 60
    (raised,) = trend(points(level), "resistance", against="temperature", residuals="independent", level=0.6)
    assert raised.low > 0
    assert raised.verdict == "undecided"


def test_specimens_give_the_mean_of_a_variant_and_variants_compare() -> None:
    data = []
    for variant, slope in (("bare", 0.05), ("coated", 0.02)):
        for number, extra in enumerate((-0.004, 0.0, 0.004)):
            y = 40 + (slope + extra) * np.arange(8) * 100 + NOISE
            data += points(y, sample=f"{variant}_{number}", variant=variant, shared={"area:study": 0.03})
    statement = trend(data, "resistance", against="temperature", per=100)
    means = [finding for finding in statement if "mean over 3 specimens" in finding.statement]
    assert [finding.units for finding in means] == [{"bare": 3}, {"coated": 3}]
    centre, spread = means[0].estimate, 0.4 / math.sqrt(3)
    assert centre == pytest.approx(5.0, abs=0.1)
    expected = math.hypot(4.3027 * spread, 1.96 * 0.03 * centre)
    assert (means[0].high - means[0].low) / 2 == pytest.approx(expected, rel=0.01)
    (contrast,) = compare(statement.observables, "slope_of_resistance", to="bare")
    assert contrast.details["shared_standard_uncertainty"] == pytest.approx(0, abs=1e-12)
    observable = next(item for item in statement.observables if item.quantity == "mean_slope_of_resistance")
    assert observable.components["area:study"] == pytest.approx(0.03 * observable.value)


def test_a_shared_source_of_unknown_size_opens_the_interval() -> None:
    data = [item for item in points(RISING)]
    data = [
        Observable(item.quantity, item.value, item.unit, item.sample, {**item.components, "area:study": math.inf}, state=item.state)
        for item in data
    ]  # fmt: skip
    (finding,) = trend(data, "resistance", against="temperature")
    assert (finding.low, finding.high, finding.verdict) == (-math.inf, math.inf, "undecided")
    assert "at least as wide as" in finding.statement
    assert finding.details["low_of_known"] > 0
    assert any("area:study" in words for words in finding.caveats)


def test_stated_errors_that_do_not_hold_decide_nothing() -> None:
    (good,) = trend(points(RISING, std=0.4), "resistance", against="temperature", errors="stated")
    assert good.verdict == "supported"
    (bad,) = trend(points(RISING + 9 * NOISE, std=0.4), "resistance", against="temperature", errors="stated")
    assert bad.verdict == "undecided"
    assert any("scatter more than their errors say" in words for words in bad.caveats)


def test_points_of_unknown_size_weigh_alike() -> None:
    data = points(RISING, std=0.4)
    data[3] = points(RISING, std=None)[3]
    (finding,) = trend(data, "resistance", against="temperature")
    (equal,) = trend(points(RISING), "resistance", against="temperature")
    assert finding.estimate == pytest.approx(equal.estimate)
    assert any("weigh alike" in words for words in finding.caveats)
    with pytest.raises(StudyError, match="unknown or zero, so it cannot be taken at its word; use errors='scaled'"):
        trend(data, "resistance", against="temperature", errors="stated")


@given(st.permutations(range(8)), st.floats(0.1, 10), st.floats(-100, 100))
@settings(max_examples=15, deadline=None)
def test_order_units_and_shifts(order: list[int], scale: float, shift: float) -> None:
    first = trend(points(RISING), "resistance", against="temperature")[0]
    data = points(scale * RISING + shift, x=np.arange(8) * 100.0 + shift)
    second = trend([data[number] for number in order], "resistance", against="temperature")[0]
    assert [second.estimate, second.low, second.high] == pytest.approx(
        [scale * item for item in (first.estimate, first.low, first.high)], rel=1e-6
    )


def test_units_of_points_are_made_one() -> None:
    data = points(RISING)
    data[0] = Observable(
        "resistance", data[0].value * 1000, "mohm", "s1", {"fit:x": 1000.0}, variant="bare", state=data[0].state
    )
    first = trend(points(RISING), "resistance", against="temperature")[0]
    second = trend([data[1], data[0], *data[2:]], "resistance", against="temperature")[0]
    assert second.estimate == pytest.approx(first.estimate)


def test_the_figure_shows_what_the_finding_says() -> None:
    statement = trend(points(RISING), "resistance", against="temperature", per=100)
    panel = statement.figures[0].panels[0]
    line = next(item for item in panel.lines if item.label)
    assert (line.y[-1] - line.y[0]) / 7 == pytest.approx(statement[0].estimate)
    assert line.label == "s1: 3.00 ohm per 100 degC"
    np.testing.assert_allclose(panel.lines[0].y, RISING)
    assert (panel.x_label, panel.y_label) == ("Temperature / degC", "Resistance / ohm")
    assert np.all(panel.bands[0].low < line.y)
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"


def test_two_points_say_nothing_but_with_stated_errors() -> None:
    with pytest.raises(StudyError, match="No curve of resistance has points at 3 different states"):
        trend(points(RISING[:2]), "resistance", against="temperature")
    (finding,) = trend(points(RISING[:2], std=0.1), "resistance", against="temperature", errors="stated")
    assert (finding.high - finding.low) / 2 == pytest.approx(1.96 * 0.1 * math.sqrt(2) / 100, rel=1e-3)
    few = trend([*points(RISING), *points(RISING[:2], sample="s2")], "resistance", against="temperature")
    assert few[1].verdict == "undecided"
    assert "too few for a trend" in few[1].statement


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"errors": "state"}, "did you mean 'stated'"),
        ({"residuals": "auto"}, "Allowed: autocorrelated, independent"),
        ({"degree": 4}, "allowed are 1, 2 and 3"),
        ({"per": 0.0}, "positive length"),
        ({"bound": "-1 ohm"}, "must be positive"),
        ({"level": 95}, "between 0.5 and 1"),
        ({"against": "temprature"}, "did you mean 'temperature'"),
        ({"exclude": {"s1": ""}}, "no reason"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    asked = {"against": "temperature"} | options
    with pytest.raises(StudyError, match=words):
        trend(points(RISING), "resistance", **asked)
    with pytest.raises(UnitError):
        trend(points(RISING), "resistance", against="temperature", bound="1 V")
