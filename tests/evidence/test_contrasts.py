"""Does `compare` follow the rules of replication?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from interlith.errors import StudyError
from interlith.evidence import compare
from interlith.model import (
    Measurement,
    Observable,
    Primary,
    Replication,
    Result,
    Run,
    Sample,
    State,
    Study,
    to_frame,
)
from interlith.model import Source as DataSource
from interlith.model.result import How

AT = {"cycle": 200}
PRIMARY = Primary("capacity_retention", AT, "at_least", 0.05, True, "1", "at least +5 %")
Make = Callable[..., list[Observable]]


def halfway(first: list[float], second: list[float]) -> float:
    """Degrees of freedom half way between equal scatter and Welch's, written out for two groups."""
    a, b = (np.var(group, ddof=1) / len(group) for group in (first, second))
    welch = (a + b) ** 2 / (a**2 / (len(first) - 1) + b**2 / (len(second) - 1))
    return float((len(first) + len(second) - 2 + welch) / 2)


def test_three_and_three_cells_give_students_interval_of_the_log_ratio(cells: Make) -> None:
    bare, coated = [80.0, 81.0, 79.5], [84.0, 85.5, 84.5]
    (found,) = compare(cells("bare", bare) + cells("C0.5La", coated), "capacity_retention", at=AT, to="bare")
    one, two = list(np.log(coated)), list(np.log(bare))
    half = stats.t.ppf(0.975, halfway(one, two)) * math.sqrt(np.var(one, ddof=1) / 3 + np.var(two, ddof=1) / 3)
    centre = np.mean(one) - np.mean(two)
    assert found.low == pytest.approx(100 * math.expm1(centre - half), rel=1e-9)
    assert found.high == pytest.approx(100 * math.expm1(centre + half), rel=1e-9)
    assert found.verdict == "supported"
    assert found.units == {"C0.5La": 3, "bare": 3}
    assert found.statement == (
        "C0.5La keeps 5.6 % (95 % interval 3.4 to 7.9 %, 3 and 3 cells) more of its capacity than bare at cycle 200."
    )


def test_mean_of_two_cells_spans_12_7_standard_errors(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 86.0])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", kind="difference")
    half = 12.706204736 * math.sqrt(2.0) / math.sqrt(2)
    assert found.details["variant_mean_high"] == pytest.approx(85.0 + half)
    degrees = halfway([80.0, 81.0], [84.0, 86.0])
    assert 1.5 < degrees < 2.0
    assert found.details["degrees_of_freedom"] == pytest.approx(degrees)
    error = math.sqrt((0.5 + 2.0) / 2)
    assert found.high == pytest.approx(4.5 + stats.t.ppf(0.975, degrees) * error)


def test_two_common_batches_leave_one_degree_of_freedom(cells: Make) -> None:
    names = ["b1", "b1", "b2", "b2"]
    data = cells("bare", [80.0, 80.2, 82.0, 82.2], batches=names) + cells(
        "coated", [83.0, 83.2, 85.4, 85.6], batches=names
    )
    rules = Replication("cell", "batch")
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", kind="difference", replication=rules)
    steps = np.array([3.0, 3.4])
    half = 12.706204736 * steps.std(ddof=1) / math.sqrt(2)
    assert found.low == pytest.approx(steps.mean() - half)
    assert "in 2 batches" in found.statement


@pytest.mark.parametrize("unit", ["cell", "electrode", "batch"])
def test_below_two_units_is_descriptive(cells: Make, unit: str) -> None:
    data = cells("bare", [80.0]) + cells("coated", [95.0])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", primary=PRIMARY, replication=Replication(unit))
    assert found.verdict == "descriptive"
    assert found.probability is None
    assert "measurement only" in found.statement
    assert any("measurement only" in words for words in found.caveats)


def test_many_cells_of_one_batch_are_one_unit_where_the_batch_is_the_unit(cells: Make) -> None:
    data = cells("bare", [80.0, 80.1, 79.9]) + cells("coated", [95.0, 95.1, 94.9])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", replication=Replication("batch"))
    assert found.verdict == "descriptive"
    assert found.units == {"coated": 1, "bare": 1}


def test_declared_spread_allows_a_verdict_and_names_its_source(cells: Make) -> None:
    data = cells("bare", [80.0]) + cells("coated", [95.0])
    rules = Replication("cell", None, {"capacity_retention": (0.015, "12 earlier cells, lab book 7")})
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", primary=PRIMARY, replication=rules)
    assert found.verdict == "supported"
    assert any("lab book 7" in words for words in found.caveats)
    expected = math.log(95 / 80) - 1.959964 * 0.015 * math.sqrt(2)
    assert found.low == pytest.approx(100 * math.expm1(expected), rel=1e-6)


def test_batch_confounded_with_variant_gives_no_verdict(cells: Make) -> None:
    data = cells("bare", [80.0, 80.2, 80.1], batches=["b1"] * 3) + cells(
        "coated", [90.0, 90.1, 90.2], batches=["b2"] * 3
    )
    (found,) = compare(
        data, "capacity_retention", at=AT, to="bare", primary=PRIMARY, replication=Replication("cell", "batch")
    )
    assert found.verdict == "descriptive"
    assert any("cannot be told from" in words for words in found.caveats)
    (plain,) = compare(data, "capacity_retention", at=AT, to="bare", primary=PRIMARY, replication=Replication("cell"))
    assert plain.verdict == "supported"


def test_mass_cancels_in_retention_and_not_in_capacity() -> None:
    def cell(name: str, first: float, last: float) -> tuple[Observable, Observable]:
        both = [
            Observable(
                "discharge_capacity", value, "mAh/g", name, {f"mass:{name}": 0.02 * value, f"counter:{name}/{cycle}": 0.01},
                name[0], state=State("cycle", cycle, cycle, cycle, "1"), cycle=cycle,
            )
            for cycle, value in ((4, first), (200, last))
        ]  # fmt: skip
        retention = both[1].over(both[0], unit="%")
        kept = Observable(
            "capacity_retention",
            retention.value,
            "%",
            name,
            retention.components,
            name[0],
            state=both[1].state,
            cycle=200,
        )
        return both[1], kept

    items = [item for pair in (cell("A1", 140, 112), cell("B1", 141, 118)) for item in pair]
    assert items[1].std == pytest.approx(0.8 * 100 * math.hypot(0.01 / 112, 0.01 / 140))
    (capacity,) = compare(items, "discharge_capacity", at=AT, to="A")
    (retention,) = compare(items, "capacity_retention", at=AT, to="A")
    width = {found.quantity: (found.high or 0) - (found.low or 0) for found in (capacity, retention)}
    assert width["discharge_capacity"] == pytest.approx(2 * 1.96 * 2 * math.sqrt(2) * (1 + 0.0536), rel=0.02)
    assert width["capacity_retention"] < 0.1


def test_error_shared_by_all_cells_of_a_variant_does_not_average_out(cells: Make) -> None:
    bare = cells("bare", [140.0, 141.0, 139.0], quantity="discharge_capacity", unit="mAh/g")
    values = [146.0, 147.0, 145.0]
    own = cells("coated", values, quantity="discharge_capacity", unit="mAh/g", components={"current:rack": 1.46})
    (found,) = compare(bare + own, "discharge_capacity", at=AT, to="bare")
    assert found.details["shared_standard_uncertainty"] == pytest.approx(0.01, rel=1e-2)
    both = cells(
        "bare", [140.0, 141.0, 139.0], quantity="discharge_capacity", unit="mAh/g", components={"current:rack": 1.40}
    )
    (common,) = compare(both + own, "discharge_capacity", at=AT, to="bare")
    assert common.details["shared_standard_uncertainty"] == pytest.approx(0.0, abs=1e-4)


def test_unknown_shared_error_is_a_lower_bound_without_verdict(cells: Make) -> None:
    unknown = {"area:study": math.inf}
    data = cells("bare", [1.0, 1.01, 0.99], unit="mAh/cm^2", quantity="areal_discharge_capacity", components=unknown)
    data += cells("coated", [1.3, 1.31, 1.29], unit="mAh/cm^2", quantity="areal_discharge_capacity", components=unknown)
    (found,) = compare(data, "areal_discharge_capacity", at=AT, to="bare")
    assert found.verdict == "undecided"
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert any("lower bound" in words and "area:study" in words for words in found.caveats)
    assert found.details["low_of_known"] == pytest.approx(27.0, abs=2.0)


@pytest.mark.parametrize(
    ("coated", "verdict"),
    [([90.0, 90.5, 89.5], "supported"), ([84.0, 85.0, 83.5], "undecided"), ([80.5, 80.0, 81.0], "contradicted")],
)
def test_verdict_on_the_declared_criterion(cells: Make, coated: list[float], verdict: str) -> None:
    data = cells("bare", [80.0, 80.6, 79.8]) + cells("coated", coated)
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", primary=PRIMARY)
    assert found.verdict == verdict
    assert found.probability is not None
    assert (found.probability > 0.975) == (verdict == "supported")
    assert found.details["criterion_reading"] == "relative change: at least +5 % of the reference's value"
    assert str(found.details["other_reading"]).startswith("difference: at least +5 percentage points")


def test_probability_agrees_with_students_t(cells: Make) -> None:
    bare, coated = [80.0, 80.6, 79.8], [84.0, 85.0, 83.5]
    (found,) = compare(
        cells("bare", bare) + cells("coated", coated), "capacity_retention", at=AT, to="bare", primary=PRIMARY
    )
    one, two = list(np.log(coated)), list(np.log(bare))
    error = math.sqrt(np.var(one, ddof=1) / 3 + np.var(two, ddof=1) / 3)
    distance = np.mean(one) - np.mean(two) - math.log(1.05)
    assert found.probability == pytest.approx(stats.t.cdf(distance / error, halfway(one, two)), rel=1e-9)


def test_unsigned_criterion_in_per_cent_is_a_value_of_the_variant(cells: Make) -> None:
    data = cells("bare", [70.0, 70.6, 69.8]) + cells("coated", [90.0, 90.5, 89.5])
    primary = Primary("capacity_retention", AT, "at_least", 0.80, True, "1", "at least 80 %")
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", primary=primary)
    assert found.verdict == "supported"
    assert found.details["criterion_reading"] == "value of the variant: at least 80 %"


def test_value_of_a_variant_needs_its_calibration(cells: Make) -> None:
    data = cells("bare", [120.0, 121.0, 119.0], quantity="q", unit="mAh/g") + cells(
        "coated", [140.0, 141.0, 139.0], quantity="q", unit="mAh/g"
    )
    primary = Primary("q", AT, "at_least", 130.0, False, "mAh/g", "at least 130 mAh/g")
    (found,) = compare(data, "q", at=AT, to="bare", primary=primary)
    assert found.verdict == "undecided"
    calibrated = [
        Observable(
            item.quantity,
            item.value,
            item.unit,
            item.sample,
            {f"mass:{item.sample}": 1.0},
            item.variant,
            state=item.state,
            cycle=200,
        )
        for item in data
    ]
    (known,) = compare(calibrated, "q", at=AT, to="bare", primary=primary)
    assert known.verdict == "supported"


def test_secondary_endpoints_are_adjusted_and_the_primary_is_not(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [84.0, 85.5, 84.5])
    (main,) = compare(data, "capacity_retention", at=AT, to="bare", primary=PRIMARY, number_of_secondary=5)
    other = Primary("coulombic_efficiency", AT)
    (second,) = compare(data, "capacity_retention", at=AT, to="bare", primary=other, number_of_secondary=5)
    assert main.details["adjusted_level"] == pytest.approx(0.95)
    assert second.details["adjusted_level"] == pytest.approx(0.99)
    assert (second.low or 0) < (main.low or 0)
    assert second.details["low_unadjusted"] == pytest.approx(main.low)
    assert any("Bonferroni" in words for words in second.caveats)


def test_unlike_conditions_are_refused_by_name(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 85.0])
    conditions = {item.sample: {"upper_voltage": (4.8, 0.005, "V")} for item in data}
    compare(data, "capacity_retention", at=AT, to="bare", conditions=conditions)
    conditions["coated_1"] = {"upper_voltage": (4700.0, 5.0, "mV")}
    with pytest.raises(
        StudyError, match=r"upper voltage of bare_0 is 4.8 V and that of coated_1 is 4.7 V|coated_1 is 4700 mV"
    ):
        compare(data, "capacity_retention", at=AT, to="bare", conditions=conditions)
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", conditions=conditions, allow_unlike=True)
    assert any("Unlike conditions" in words for words in found.caveats)


def test_exclusions_need_a_reason_and_are_shown_with_and_without(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [84.0, 85.5, 60.0])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare", exclude={"coated_2": "leaked on opening"})
    (whole,) = compare(data, "capacity_retention", at=AT, to="bare")
    assert found.units["coated"] == 2
    assert found.details["with_excluded"] == pytest.approx(whole.estimate)
    assert found.details["with_excluded_high"] == pytest.approx(whole.high)
    assert any("leaked on opening" in words for words in found.caveats)
    with pytest.raises(StudyError, match="has no reason"):
        compare(data, "capacity_retention", at=AT, to="bare", exclude={"coated_2": " "})


def test_an_outlier_stays(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [84.0, 85.5, 20.0])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare")
    assert found.units["coated"] == 3
    assert found.verdict == "undecided"


def test_a_cell_without_value_is_named_with_its_flag(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 85.0])
    data.append(
        Observable(
            "capacity_retention",
            None,
            "%",
            "coated_2",
            {},
            "coated",
            state=State("cycle", 200, 200, 200, "1"),
            cycle=200,
            flag="incomplete half-cycle",
        )
    )
    (found,) = compare(data, "capacity_retention", at=AT, to="bare")
    assert "coated_2 has no value of capacity_retention at cycle 200 (incomplete half-cycle)." in found.caveats


@pytest.mark.parametrize("route", ["objects", "table", "result", "results"])
def test_all_sources_give_the_same(cells: Make, route: str) -> None:
    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [84.0, 85.5, 84.5]) + cells("bare", [99.0] * 3, cycle=4)
    table = to_frame(data)
    result = Result("cycling", "summary", table, {}, table.select("sample"), How("cycling", ""))
    source = {"objects": data, "table": table, "result": result, "results": [result]}[route]
    (found,) = compare(source, "capacity_retention", at=AT, to="bare")
    assert found.estimate == pytest.approx(5.63, abs=0.02)


def test_study_supplies_reference_rules_and_endpoint(cells: Make) -> None:
    study = Study("s", Path("."), "bare", Replication("cell", "batch"), PRIMARY, {}, (), (), simulated=True)
    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [90.0, 90.5, 90.2])
    (found,) = compare(data, "capacity_retention", at=AT, study=study)
    assert found.probability is not None
    assert "The data are simulated." in found.caveats


def test_a_sample_is_excluded_only_if_nothing_of_it_is_included(cells: Make) -> None:
    def measurement(name: str, technique: str) -> Measurement:
        source = DataSource(f"{name}.csv", "0" * 64, 1, "reader", "1")
        return Measurement(Sample(name), technique, source, Run(Path("."), {}))

    data = cells("bare", [80.0, 81.0, 79.5]) + cells("coated", [84.0, 85.5, 60.0])
    excluded = ((measurement("coated_2", "cycling"), "leaked"), (measurement("coated_1", "impedance"), "noisy"))
    included = (measurement("coated_1", "cycling"),)
    study = Study("s", Path("."), "bare", Replication(), None, {}, (), included, excluded)
    (found,) = compare(data, "capacity_retention", at=AT, study=study)
    assert found.units["coated"] == 2
    assert found.details["with_excluded_units"] == "3 and 3"
    assert (found.details["variant"], found.details["reference"], found.details["cycle"]) == ("coated", "bare", 200)


def test_relative_change_of_a_percentage_says_so(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0], quantity="initial_coulombic_efficiency")
    data += cells("coated", [84.0, 85.0], quantity="initial_coulombic_efficiency")
    (ratio,) = compare(data, "initial_coulombic_efficiency", at=AT, to="bare")
    (points,) = compare(data, "initial_coulombic_efficiency", at=AT, to="bare", kind="difference")
    assert ratio.statement.startswith("The initial coulombic efficiency of coated is 5.0 % (relative; 95 % interval")
    assert "is 4.0 percentage points (95 % interval" in points.statement


def test_samples_without_variant_are_named(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 85.0]) + cells("", [1.0])
    (found,) = compare(data, "capacity_retention", at=AT, to="bare")
    assert "_0 belongs to no variant and is not compared." in found.caveats


def test_two_hundred_cells_take_no_time(cells: Make) -> None:
    random = np.random.default_rng(5)
    data = cells("bare", list(random.normal(80, 1, 100))) + cells("coated", list(random.normal(81, 1, 100)))
    started = time.process_time()
    (found,) = compare(data, "capacity_retention", at=AT, to="bare")
    assert time.process_time() - started < 2.0
    assert found.details["degrees_of_freedom"] == pytest.approx(198, rel=0.02)


def test_errors_name_the_nearest_word(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 85.0])
    with pytest.raises(StudyError, match="did you mean 'capacity_retention'"):
        compare(data, "capacity_retenton", at=AT, to="bare")
    with pytest.raises(StudyError, match="did you mean 'bare'"):
        compare(data, "capacity_retention", at=AT, to="bear")
    with pytest.raises(StudyError, match="reaches from 200 to 200"):
        compare(data, "capacity_retention", at={"cycle": 300}, to="bare")
    with pytest.raises(StudyError, match="needs positive values"):
        compare(cells("bare", [-1.0, 1.0]) + cells("coated", [1.0, 2.0]), "capacity_retention", at=AT, to="bare")
    with pytest.raises(StudyError, match="two values of capacity_retention"):
        compare([*data, data[0]], "capacity_retention", at=AT, to="bare")
    with pytest.raises(StudyError, match="did you mean 'cell'"):
        compare(data, "capacity_retention", at=AT, to="bare", replication=Replication("cells"))


def test_cells_that_agree_to_the_last_digit_prove_nothing(cells: Make) -> None:
    (found,) = compare(
        cells("bare", [80.0, 80.0]) + cells("coated", [84.0, 84.0]), "capacity_retention", at=AT, to="bare"
    )
    assert found.verdict == "undecided"
    assert any("last digit" in words for words in found.caveats)


def test_the_level_of_a_finding_is_the_one_at_which_its_interval_holds() -> None:
    items = [
        Observable("q", value, "V", f"{variant}{k}", {f"fit:{variant}{k}": 0.01}, variant=variant)
        for variant, start in (("bare", 1.0), ("coated", 1.1))
        for k, value in enumerate((start, start + 0.02, start - 0.01))
    ]
    alone = compare(items, "q", to="bare", kind="difference")[0]
    among = compare(items, "q", to="bare", kind="difference", number_of_secondary=5)[0]
    assert alone.level == pytest.approx(0.95)
    assert among.level == pytest.approx(0.99)
    assert alone.low is not None
    assert among.low is not None
    assert among.low < alone.low


def test_batches_that_hold_one_variant_only_are_said_even_undeclared() -> None:
    items = [
        Observable("q", 1.0 + 0.1 * k, "V", f"{variant}{k}", {f"fit:{variant}{k}": 0.01}, variant=variant, batch=batch)
        for variant, batch in (("bare", "b1"), ("coated", "b2"))
        for k in range(3)
    ]
    assert any("No batch holds both" in caveat for caveat in compare(items, "q", to="bare")[0].caveats)


def test_a_wrong_kind_or_state_is_refused(cells: Make) -> None:
    data = cells("bare", [80.0, 81.0]) + cells("coated", [84.0, 85.0])
    with pytest.raises(StudyError, match=r"kind is 'rate'.*did you mean 'ratio'"):
        compare(data, "capacity_retention", at=AT, to="bare", kind="rate")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="write it as a mapping"):
        compare(data, "capacity_retention", at=200, to="bare")  # type: ignore[arg-type]
