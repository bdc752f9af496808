"""Is the order of onsets told with the right probability, and not at all where it cannot be?"""

import math

import numpy as np
import pytest
from scipy import stats

from interlith.errors import StudyError
from interlith.evidence.onsets.order import order
from interlith.model import Observable, State, Statement

Z = 1.959963984540054


def event(name, value, std, *, sample="C_1", variant="C", unit="h", low=None, high=None, parts=None):
    own = {f"fit:onset/{sample}/{name}": std}
    low = value - Z * math.hypot(std, *(parts or {}).values()) if low is None else low
    high = value + Z * math.hypot(std, *(parts or {}).values()) if high is None else high
    return Observable(f"onset_of_{name}", value, unit, sample, own | (parts or {}), variant=variant, low=low, high=high)


def nothing(name, end, *, sample="C_1", variant="C"):
    return Observable(
        f"onset_of_{name}", None, "h", sample, variant=variant, state=State("time", end, 0.0, end, "h"), flag="no onset"
    )


def test_a_pair_has_the_textbook_probability():
    made = order([event("a", 10, 3), event("b", 16, 4)])
    (finding,) = made
    assert finding.probability == pytest.approx(stats.norm.cdf(6 / 5), abs=0.004)
    assert finding.verdict == "undecided"
    assert finding.estimate == pytest.approx(6, abs=0.1)
    assert finding.high == pytest.approx(6 + Z * 5, abs=0.3)
    assert "cannot be told" in finding.statement
    assert made.observables[0].value == finding.estimate


def test_one_specimen_is_descriptive_for_a_variant_and_not_for_itself():
    events = [event("a", 10, 1), event("b", 30, 1)]
    (variant,) = order(events)
    (sample,) = order(events, by="sample")
    assert variant.verdict == "descriptive"
    assert sample.verdict == "supported"
    assert "precedes that of b by 20" in sample.statement


def test_a_declared_order_can_be_contradicted():
    events = [event("a", 30, 1), event("b", 10, 1), event("c", 50, 1)]
    made = order(events, sequence=["a", "b", "c"], by="sample")
    assert [finding.verdict for finding in made] == ["contradicted", "supported", "supported", "contradicted"]
    assert "follows" in made[0].statement
    assert made[3].details["most_probable"] == "b < a < c"
    assert made[3].probability < 0.001


def test_a_shared_clock_cancels_within_a_specimen():
    clock = {"state:C_1/time": 20.0}
    shared = order([event("a", 10, 1, parts=clock), event("b", 16, 1, parts=clock)], by="sample")[0]
    apart = order(
        [event("a", 10, 1, parts={"state:C_1/time/a": 20.0}), event("b", 16, 1, parts={"state:C_1/time/b": 20.0})],
        by="sample",
    )[0]
    assert shared.verdict == "supported"
    assert apart.verdict == "undecided"
    assert shared.probability == pytest.approx(stats.norm.cdf(6 / math.sqrt(2)), abs=0.002)


def test_asymmetry_counts():
    long_tail = event("a", 10, 2, low=9.0, high=22.0)
    late, early = order([long_tail, event("b", 14, 0.1)]), order([event("b", 6, 0.1), long_tail])
    assert late[0].probability < 0.9
    assert early[0].probability > 0.99


def test_specimens_give_a_paired_t():
    first, second = [10.0, 14.0, 9.0], [13.0, 18.0, 13.0]
    events = [event("a", v, 1, sample=f"C_{k}") for k, v in enumerate(first)]
    events += [event("b", v, 1, sample=f"C_{k}") for k, v in enumerate(second)]
    (finding,) = order(events)
    difference = np.subtract(second, first)
    t = difference.mean() / (difference.std(ddof=1) / math.sqrt(3))
    assert finding.probability == pytest.approx(stats.t.cdf(t, 2), abs=0.002)
    assert finding.units == {"C": 3}
    assert finding.verdict == "supported"


def test_an_onset_that_is_not_found_is_later_than_its_axis():
    (early,) = order([event("a", 10, 1), nothing("b", 40)], by="sample")
    assert early.verdict == "supported"
    assert early.probability > 0.999
    assert "b shows no onset up to 40 h" in early.statement
    assert early.estimate is None
    (late,) = order([event("a", 41, 2), nothing("b", 40)], by="sample")
    assert late.verdict == "undecided"
    assert late.probability == pytest.approx(stats.norm.cdf(-0.5), abs=0.01)
    (none,) = order([nothing("a", 40), nothing("b", 40)])
    assert none.verdict == "undecided"
    assert none.probability is None
    (declared,) = order([nothing("a", 40), event("b", 10, 1)], sequence=["a", "b"], by="sample")
    assert declared.verdict == "contradicted"


def test_specimens_without_an_onset_leave_it_open():
    events = [event("a", 10, 1), event("a", 11, 1, sample="C_2"), event("b", 20, 1), nothing("b", 40, sample="C_2")]
    (finding,) = order(events)
    assert finding.verdict == "undecided"
    assert "some specimens only" in finding.statement


def test_an_open_interval_has_no_order():
    (finding,) = order([event("a", 10, math.inf, low=-math.inf, high=math.inf), event("b", 20, 1)])
    assert finding.verdict == "undecided"
    assert finding.probability is None


def test_units_and_statements_are_put_together():
    minutes = event("b", 960.0, 60.0, unit="min")
    (finding,) = order([Statement((), (event("a", 10, 1),), ()), Statement((), (minutes,), ())], by="sample")
    assert finding.estimate == pytest.approx(6, abs=0.05)
    assert finding.unit == "h"


def test_the_figure_shows_the_onsets_and_their_distance():
    made = order([event("a", 10, 1), event("b", 16, 2)], simulated=True)
    (figure,) = made.figures
    points = [line for line in figure.panels[0].lines if line.style == "points"]
    assert [float(line.x[0]) for line in points] == [10, 16]
    (distance,) = figure.panels[1].lines
    step = distance.x[1] - distance.x[0]
    share = float((distance.y * step)[distance.x > 0].sum() / (distance.y * step).sum())
    assert share == pytest.approx(made[0].probability, abs=0.02)
    assert f"{100 * made[0].probability:.3g} %" in distance.label
    assert figure.simulated


@pytest.mark.parametrize(
    ("events", "options", "words"),
    [
        ([event("a", 1, 1)], {}, "at least two"),
        ([], {}, "no onsets to order"),
        ([event("a", 1, 1), event("b", 2, 1)], {"sequence": ["a", "c"]}, "Allowed: a, b"),
        ([event("a", 1, 1), event("b", 2, 1)], {"sequence": ["a", "a"]}, "twice"),
        ([event("a", 1, 1), event("a", 2, 1), event("b", 2, 1)], {}, "two values"),
        ([event("a", 1, 1), event("b", 2, 1)], {"by": "batch"}, "Allowed: sample, variant"),
    ],
)
def test_refusals(events, options, words):
    with pytest.raises(StudyError, match=words):
        order(events, **options)
