"""Does a balance close, stay open or stay undecided for the right reasons, and do shared errors cancel?"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError, UnitError
from interlith.evidence.sums.balance import balance
from interlith.model import Observable, State


def term(quantity, value, own, *, mass=0.0, sample="P1", unit="mol", at=None, **more):
    tag = quantity if at is None else f"{quantity}/{at:g}"
    parts = {f"fit:{sample}/{tag}": own, "calibration:mass": mass * value}
    state = None if at is None else State("temperature", at, at, at, "degC")
    return Observable(quantity, value, unit, sample, parts, variant="closed", state=state, id=tag, **more)


def terms(oxygen=0.36, own=0.02, mass=0.03, **more):
    return {
        "Li lost": (term("li", 1.0, own, mass=mass, **more), 1.0),
        "TM oxidation": (term("tm", 0.44, own, mass=mass, **more), -1.0),
        "cation influx": (term("influx", 0.2, own, mass=mass, **more), -1.0),
        "oxygen loss": (term("oxygen", oxygen, own, mass=mass, **more), -1.0),
    }


def test_closed_open_and_undecided():
    closed = balance(terms(), tolerance=0.2)[0]
    assert closed.verdict == "supported"
    assert "closes within the declared 0.2 mol" in closed.statement
    assert "P1" in closed.statement
    assert any("One specimen" in words for words in closed.caveats)
    assert balance(terms(), tolerance=0.05)[0].verdict == "undecided"
    bare = balance(terms())[0]
    assert bare.verdict == "undecided"
    assert "is compatible with the data" in bare.statement
    opened = balance(terms(oxygen=0.1), tolerance=0.2)[0]
    assert opened.verdict == "contradicted"
    assert opened.low > 0
    assert opened.estimate == pytest.approx(0.26)


def test_a_shared_mass_cancels_where_the_sum_closes():
    (residual,) = balance(terms()).observables
    assert residual.components["calibration:mass"] == pytest.approx(0.0, abs=1e-12)
    assert residual.std == pytest.approx(0.04)
    (opened,) = balance(terms(oxygen=0.0)).observables
    assert opened.components["calibration:mass"] == pytest.approx(0.03 * 0.36)


def test_coverage_of_the_residual_over_replicates():
    random = np.random.default_rng(2)
    held, repeats = 0, 200
    for _ in range(repeats):
        groups = {}
        for name, level, sign in (("a", 3.0, 1.0), ("b", 1.0, -1.0), ("c", 2.0, -1.0)):
            values = level + 0.1 * random.standard_normal(3)
            groups[name] = ([term(name, v, 0.01, sample=f"S{n}") for n, v in enumerate(values)], sign)
        found = balance(groups, needs=())[0]
        held += found.low <= 0.0 <= found.high
    assert 0.92 <= held / repeats <= 0.985


def test_replicates_of_several_specimens_speak_of_the_variant_single_ones_do_not():
    many = {
        "a": ([term("a", v, 0.01, mass=0.01, sample=f"S{n}") for n, v in enumerate((1.0, 1.1, 0.9))], 1.0),
        "b": ([term("b", v, 0.01, mass=0.01, sample=f"S{n}") for n, v in enumerate((1.0, 0.95, 1.02))], -1.0),
    }
    found = balance(many, tolerance=5.0)
    assert found[0].verdict == "supported"
    assert "of closed" in found[0].statement
    assert "replicate" in found.observables[0].includes
    many["b"] = (term("b", 1.0, 0.01, mass=0.01, sample="S9"), -1.0)
    lone = balance(many, tolerance=5.0)[0]
    assert lone.verdict == "descriptive"
    assert any("b from one only" in words for words in lone.caveats)


def test_stated_errors_of_replicates_ignore_their_scatter():
    pair = {
        "a": ([term("a", 1.0, 0.1, sample="S1"), term("a", 1.0, 0.1, sample="S2")], 1.0),
        "b": ([term("b", 1.0, 0.1, sample="S1"), term("b", 1.0, 0.1, sample="S2")], -1.0),
    }
    assert balance(pair, errors="stated").observables[0].std == pytest.approx(0.1)
    assert balance(pair, errors="scaled").observables[0].std == pytest.approx(0.0)


def test_an_interval_with_few_degrees_of_freedom_or_two_unlike_sides_is_kept():
    base = {"a": term("a", 1.0, 0.1), "b": (term("b", 1.0, 1e-9), -1.0)}
    wide = dict(base, a=term("a", 1.0, 0.1, low=1.0 - 0.430265, high=1.0 + 0.430265))
    assert balance(wide)[0].high == pytest.approx(0.430265, rel=0.01)
    skew = dict(base, a=term("a", 1.0, 0.1, low=0.9, high=1.4))
    found = balance(skew)[0]
    assert found.low == pytest.approx(-0.1, rel=1e-3)
    assert found.high == pytest.approx(0.4, rel=1e-3)
    turned = {"a": (skew["a"], -1.0), "b": (term("b", 1.0, 1e-9), 1.0)}
    assert balance(turned)[0].high == pytest.approx(0.1, rel=1e-3)


def test_unknown_sizes_and_missing_kinds_leave_no_verdict():
    made = terms()
    lost = replace(made["oxygen loss"][0], components={"fit:o": math.inf})
    unknown = balance(made | {"oxygen loss": (lost, -1.0)}, tolerance=9.0)
    assert unknown[0].verdict == "undecided"
    assert unknown[0].low == -math.inf
    assert "fit:o" in unknown[0].statement
    assert "fit:o" in unknown[-1].statement
    bare = replace(made["oxygen loss"][0], components={})
    assert balance(made | {"oxygen loss": (bare, -1.0)}, tolerance=9.0)[0].verdict == "undecided"
    plain = replace(made["oxygen loss"][0], components={"fit:o": 0.01})
    lacking = balance(made | {"oxygen loss": (plain, -1.0)}, tolerance=9.0)[0]
    assert lacking.verdict == "undecided"
    assert "oxygen loss without calibration" in lacking.statement
    assert "at least as wide as" in lacking.statement
    assert balance(made | {"oxygen loss": (plain, -1.0)}, tolerance=9.0, needs=())[0].verdict == "supported"


def test_a_missing_term_must_be_possible():
    known = {name: entry for name, entry in terms().items() if name != "oxygen loss"}
    able = balance(known, missing={"oxygen loss": (-1.0, (0.0, math.inf))})
    assert able[1].verdict == "supported"
    assert able[1].estimate == pytest.approx(0.36)
    wanted = next(item for item in able.observables if item.quantity == "oxygen_loss")
    assert wanted.low < 0.36 < wanted.high
    turned = balance(known, missing={"oxygen loss": (1.0, (0.0, math.inf))})[1]
    assert turned.verdict == "contradicted"
    assert "not possible" in turned.statement
    near = balance(terms(), missing={"water": (-1.0, (0.0, math.inf))})[1]
    assert near.verdict == "undecided"


def test_the_term_with_most_variance_is_the_next_to_measure():
    made = terms()
    made["oxygen loss"] = (term("oxygen", 0.36, 0.1, mass=0.03), -1.0)
    found = balance(made)[-1]
    assert found.kind == "next_measurement"
    assert found.statement.startswith("Oxygen loss carries 89 %")
    assert found.estimate == pytest.approx(0.01 / 0.0112, rel=1e-6)


def along(bump):
    places = (25.0, 200.0, 400.0, 600.0)
    return {
        "Li lost": ([term("li", 1 + p / 700 + (bump if p == 400 else 0), 0.02, mass=0.02, at=p) for p in places], 1.0),
        "rest": ([term("rest", 1 + p / 700, 0.02, mass=0.02, at=p) for p in places], -1.0),
    }


def test_along_an_axis_the_band_holds_everywhere_together():
    flat = balance(along(0.0), against="temperature", tolerance=0.2)
    assert flat[0].verdict == "supported"
    assert len(flat.observables) == 4
    assert flat[0].level > 0.95
    assert flat.observables[1].state.value == 200.0
    single = balance({n: (e[0][:1], e[1]) for n, e in along(0.0).items()}, against="temperature")
    assert flat[0].high - flat[0].low > single[0].high - single[0].low
    bent = balance(along(0.3), against="temperature")[0]
    assert bent.verdict == "contradicted"
    assert "temperature 400" in bent.statement
    assert "1 of 4 states" in bent.statement


def test_the_figure_shows_the_numbers_of_the_finding():
    made = balance(along(0.3), against="temperature", simulated=True)
    figure = made.figures[0]
    assert figure.simulated
    band = figure.panels[1].bands[0]
    assert band.low[2] == pytest.approx(made[0].low)
    assert band.high[2] == pytest.approx(made[0].high)
    assert figure.panels[0].lines[-1].y[1] == pytest.approx(made[0].estimate)
    assert "mol" in figure.panels[0].y_label


@given(st.permutations(["Li lost", "TM oxidation", "cation influx", "oxygen loss"]))
def test_order_does_not_matter(order):
    made = terms()
    base, moved = balance(made)[0], balance({name: made[name] for name in order})[0]
    assert moved.estimate == pytest.approx(base.estimate)
    assert moved.high == pytest.approx(base.high)


def test_units_are_turned_into_that_of_the_sum():
    made = terms()
    item = made["oxygen loss"][0]
    milli = replace(item, value=360.0, unit="mmol", components={k: 1e3 * v for k, v in item.components.items()})
    moved = balance(made | {"oxygen loss": (milli, -1.0)})[0]
    assert moved.high == pytest.approx(balance(made)[0].high)
    assert balance(made, unit="mmol")[0].high == pytest.approx(1e3 * moved.high)
    with pytest.raises(UnitError):
        balance(made | {"oxygen loss": (replace(item, unit="V"), -1.0)})


def test_a_list_of_coefficients_is_a_sum_too():
    made = terms()
    listed = balance([(factor, item) for item, factor in made.values()])[0]
    assert listed.high == pytest.approx(balance(made)[0].high)


@pytest.mark.parametrize(
    ("terms_given", "asked", "words"),
    [
        ({"a": term("a", 1.0, 0.1)}, {}, "at least two terms"),
        ({"a": term("a", 1.0, 0.1), "b": (term("b", 1.0, 0.1), 0.0)}, {}, "coefficient of 'b'"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"errors": "scalde"}, "did you mean 'scaled'"),
        ({"a": term("a", 1.0, 0.1), "b": []}, {}, "term 'b' has no observable"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"level": 2.0}, "level is 2.0"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"tolerance": -1.0}, "tolerance is -1.0"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"needs": ("calibrations",)}, "did you mean 'calibration'"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"against": "temperature"}, "No term has the state"),
        ({"a": term("a", 1.0, 0.1, at=1.0), "b": term("b", 1.0, 0.1, at=2.0)}, {"against": "temperature"}, "no temperature in common"),
        ({"a": term("a", 1.0, 0.1), "b": term("b", 1.0, 0.1)}, {"missing": {"c": (0.0, (0.0, 1.0))}}, "missing term 'c'"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(terms_given, asked, words):
    with pytest.raises(StudyError, match=words):
        balance(terms_given, **asked)
