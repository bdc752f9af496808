"""Are onsets found where they are, not found where there are none, and told with everything that widens them?"""

import math

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.evidence.onsets.onset import onset
from interlith.model import Observable, State, from_frame, to_frame


def series(curve, states, noise, *, sample="B_1", variant="bare", quantity="resistance", half=0.0, seed=1, shared=None,
           unit="ohm", axis="voltage", axis_unit="V", own=True):  # fmt: skip
    random = np.random.default_rng([seed, len(sample)])
    made = []
    for place, x in enumerate(states):
        y = float(curve(x) + noise * random.standard_normal())
        parts = {f"fit:{sample}/{quantity}/{place}": noise} if own else {}
        parts |= {source: size(x, y) for source, size in (shared or {}).items()}
        state = State(axis, float(x), float(x) - half, float(x) + half, axis_unit)
        made.append(Observable(quantity, y, unit, sample, parts, variant=variant, state=state, id=f"{sample}-{place}"))
    return made


VOLTAGES = np.round(np.arange(3.9, 4.71, 0.05), 3)


def rising(x):
    return 20 + 5 * (x - 3.9) + 150 * max(x - 4.41, 0.0)


def flat(x):
    return 20 + 5 * (x - 3.9)


def test_a_resistance_rises_and_a_coated_one_does_not():
    items = series(rising, VOLTAGES, 1.0) + series(flat, VOLTAGES, 1.0, sample="C_1", variant="coated", seed=3)
    made = onset(items, "resistance", against="voltage")
    bare, coated = made
    assert bare.verdict == "supported"
    assert bare.low <= 4.41 <= bare.high
    assert bare.statement.startswith("The resistance of B_1 rises from 4.4")
    assert "one specimen" in " ".join(bare.caveats)
    assert coated.kind == "no_onset"
    assert coated.verdict == "descriptive"
    assert coated.estimate is None
    assert "from 3.9 to 4.7 V" in coated.statement
    assert 0 < coated.details["largest_departure"] < 6
    assert made.observables[0].value == bare.estimate
    assert (made.observables[0].low, made.observables[0].high) == (bare.low, bare.high)
    nothing = made.observables[1]
    assert nothing.value is None
    assert nothing.state.value == 4.7
    assert nothing.flag == "no onset up to 4.7 V"


@pytest.mark.parametrize(("relevant", "verdict"), [(20.0, "supported"), (0.5, "undecided")])
def test_no_onset_is_judged_against_what_matters(relevant, verdict):
    items = series(flat, VOLTAGES, 1.0, seed=3)
    (finding,) = onset(items, "resistance", against="voltage", relevant=relevant)
    assert finding.verdict == verdict


def test_a_step_comes_in_whole_gaps_and_says_so():
    states = np.arange(50.0, 701.0, 50.0)
    items = series(lambda x: 50.0 * (x > 410), states, 4.0, axis="temperature", axis_unit="degC", half=5.0)
    (finding,) = onset(items, "resistance", against="temperature", form="step")
    assert finding.low == pytest.approx(395)
    assert finding.high == pytest.approx(455)
    assert any("400 and 450" in words for words in finding.caveats)
    assert finding.details["size"] == pytest.approx(50, abs=6)


def test_two_changes_of_a_ramp():
    states = np.arange(50.0, 701.0, 50.0)
    items = series(
        lambda x: 100 + 0.5 * (min(x, 550) - 400 if x > 400 else 0), states, 3.0, axis="temperature", axis_unit="degC"
    )
    made = onset(items, "resistance", against="temperature", number="auto")
    first, second = made
    assert first.low <= 400 <= first.high < second.low <= 550 <= second.high
    assert "rises from" in first.statement
    assert "levels off" in second.statement
    assert [item.quantity for item in made.observables] == ["first_onset_of_resistance", "second_onset_of_resistance"]


def test_the_form_is_chosen_and_the_runner_up_told():
    (finding,) = onset(series(lambda x: 30 * max(x - 4.3, 0), VOLTAGES, 0.3), "resistance", against="voltage")
    assert finding.details["form"] == "plateau_end"
    assert finding.details["runner_up"] in ("kink", "step", "plateau_start")
    assert finding.details["margin"] > 0


def test_a_smooth_bend_is_no_onset():
    (finding,) = onset(
        series(lambda x: 40 * (x - 3.9) ** 2, VOLTAGES, 0.3), "resistance", against="voltage", form="kink"
    )
    assert finding.verdict == "undecided"
    assert "smooth bend" in finding.statement
    (strict,) = onset(
        series(lambda x: 40 * (x - 3.9) ** 2, VOLTAGES, 0.3),
        "resistance",
        against="voltage",
        form="kink",
        null="parabola",
    )
    assert strict.kind == "no_onset"


def test_states_widen_the_interval_and_a_clock_is_shared_where_declared():
    sharp = onset(series(rising, VOLTAGES, 0.3), "resistance", against="voltage").observables[0]
    blurred = onset(series(rising, VOLTAGES, 0.3, half=0.1), "resistance", against="voltage").observables[0]
    assert blurred.high - blurred.low > 0.2
    assert blurred.high - blurred.low > sharp.high - sharp.low
    assert blurred.components["state:B_1/voltage/resistance"] == pytest.approx(0.1 / math.sqrt(3))
    clock = [
        onset(
            series(rising, VOLTAGES, 0.3, half=0.1, quantity=name, seed=number),
            name,
            against="voltage",
            states="common",
        ).observables[0]
        for number, name in enumerate(("resistance", "capacity"))
    ]
    assert clock[0].minus(clock[1]).std < 0.02
    assert clock[0].std > 0.05


def test_a_shared_scale_does_not_move_an_onset_but_a_shared_slope_does():
    plain = series(rising, VOLTAGES, 0.5, shared={"area:B_1": lambda x, y: 0.1 * y})
    area = onset(plain, "resistance", against="voltage", form="kink").observables[0]
    assert abs(area.components["area:B_1"]) < 1e-3 * area.std
    bent = series(rising, VOLTAGES, 0.5, shared={"calibration:meter": lambda x, y: 5.0 * max(x - 4.2, 0)})
    moved = onset(bent, "resistance", against="voltage", form="kink").observables[0]
    assert abs(moved.components["calibration:meter"]) > 1e-3
    assert moved.high - moved.low > area.high - area.low


def test_an_unknown_shared_source_leaves_the_interval_open():
    items = series(rising, VOLTAGES, 0.5, shared={"calibration:meter": lambda x, y: math.inf})
    made = onset(items, "resistance", against="voltage")
    assert made[0].verdict == "undecided"
    assert made[0].high == math.inf
    assert "at least as wide as" in made[0].statement
    assert made[0].details["low_of_known"] < 4.41 < made[0].details["high_of_known"]


def test_specimens_of_a_variant_give_a_mean():
    truths = (4.38, 4.41, 4.45)
    items = [
        one
        for number, truth in enumerate(truths)
        for one in series(lambda x, t=truth: 150 * max(x - t, 0), VOLTAGES, 0.5, sample=f"B_{number}", seed=number)
    ]
    made = onset(items, "resistance", against="voltage", form="plateau_end")
    mean = made[-1]
    values = [one.value for one in made.observables]
    assert mean.kind == "onset_of_variant"
    assert mean.units == {"bare": 3}
    assert mean.estimate == pytest.approx(np.mean(values))
    assert mean.high - mean.estimate == pytest.approx(4.302653 * np.std(values, ddof=1) / math.sqrt(3), rel=1e-4)
    mixed = items + series(flat, VOLTAGES, 0.5, sample="B_9", seed=9)
    uneven = onset(mixed, "resistance", against="voltage", form="plateau_end")[-1]
    assert uneven.verdict == "descriptive"
    assert "Of 4 specimens" in uneven.statement


def test_outliers_are_named_and_do_not_make_onsets():
    items = series(rising, VOLTAGES, 0.5)
    bad = [Observable(one.quantity, one.value + (15 if place == 4 else 0), one.unit, one.sample, one.components, variant="bare", state=one.state)
           for place, one in enumerate(items)]  # fmt: skip
    (kept,) = onset(bad, "resistance", against="voltage", form="kink")
    (named,) = onset(bad, "resistance", against="voltage", form="kink", outliers="name")
    assert named.high - named.low < 0.6 * (kept.high - kept.low)
    assert any("at 4.1 V" in words and "left out" in words for words in named.caveats)
    assert named.low <= 4.41 <= named.high


def test_stated_sizes_are_taken_at_their_word_and_unknown_ones_are_not():
    items = series(rising, VOLTAGES, 1.0)
    halves = {}
    for errors in ("scaled", "stated"):
        big = [
            Observable(
                i.quantity,
                i.value,
                i.unit,
                i.sample,
                {k: 3 * v for k, v in i.components.items()},
                variant="bare",
                state=i.state,
            )
            for i in items
        ]
        (finding,) = onset(big, "resistance", against="voltage", form="kink", errors=errors)
        halves[errors] = finding.high - finding.low
    assert halves["stated"] > 2 * halves["scaled"]
    (finding,) = onset(
        series(rising, VOLTAGES, 1.0, own=False), "resistance", against="voltage", form="kink", errors="stated"
    )
    assert any("their scatter was taken" in words for words in finding.caveats)


def test_units_of_the_axis_change_nothing():
    volts = onset(series(rising, VOLTAGES, 0.5), "resistance", against="voltage", form="kink")[0]
    other = onset(
        series(lambda x: rising(x / 1000), VOLTAGES * 1000, 0.5, axis_unit="mV"),
        "resistance",
        against="voltage",
        form="kink",
    )[0]
    np.testing.assert_allclose([other.low / 1000, other.high / 1000], [volts.low, volts.high], atol=1e-4)


def test_few_points_are_told_and_observables_survive_a_table():
    made = onset(series(rising, VOLTAGES[:3], 0.5), "resistance", against="voltage")
    assert made[0].verdict == "undecided"
    assert "too few" in made[0].statement
    assert made.observables[0].state is None
    none = onset(series(flat, VOLTAGES, 1.0, seed=3), "resistance", against="voltage").observables
    (back,) = from_frame(to_frame(none))
    assert back.value is None
    assert back.state.value == 4.7


def test_the_figure_shows_the_numbers_of_the_finding():
    made = onset(series(rising, VOLTAGES, 0.5, half=0.01), "resistance", against="voltage", form="kink", simulated=True)
    figure, finding = made.figures[0], made[0]
    data, ratio = figure.panels
    assert figure.simulated
    assert data.markers[0].at == finding.estimate
    np.testing.assert_allclose(data.bands[0].x, [finding.low, finding.high])
    assert ratio.bands[0].x[0] == finding.details["low_without_states_and_shared"]
    assert ratio.lines[0].y.min() == 0.0
    assert data.x_label == "Voltage / V"
    assert data.y_label == "Resistance / ohm"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"form": "bend"}, "Allowed: auto"),
        ({"direction": "up"}, "Allowed: any, fall, rise"),
        ({"number": 4}, "from 1 to 3"),
        ({"number": 2, "form": "jump"}, "from 1 to 1"),
        ({"level": 1.5}, "between 0 and 1"),
        ({"form": "jump", "direction": "rise"}, "no single direction"),
        ({"outliers": "drop"}, "Allowed: keep, name"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(StudyError, match=words):
        onset(series(rising, VOLTAGES, 0.5), "resistance", against="voltage", **options)


def test_an_onset_that_is_barely_found_is_marked():
    marked = 0
    for seed in range(30):
        items = series(lambda x: 20 * max(x - 4.41, 0.0), VOLTAGES, 1.5, seed=seed)
        (finding,) = onset(items, "resistance", against="voltage", form="kink")
        barely = any("barely" in words for words in finding.caveats)
        assert barely == (finding.kind == "onset" and finding.details["probability_without"] > 0.005)
        marked += barely
    assert marked >= 2


def test_a_ramp_in_the_middle_of_the_axis_is_not_overlooked():
    states = np.linspace(0.0, 1.0, 20)
    found = []
    for seed in range(8):
        items = series(lambda x: (max(x - 0.31, 0) - max(x - 0.68, 0)) / 0.37, states, 0.05, seed=seed)
        found.append(len(onset(items, "resistance", against="voltage", number="auto").observables))
    assert found.count(2) >= 7
