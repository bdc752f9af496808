"""Are weights of a mixture found from observables, with refusals and doubts where the data cannot give them?"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.evidence.sums.mixture import mixture
from interlith.evidence.sums.mixture_curves import align
from interlith.model import Observable, State

PLACES = (25, 200, 350, 400, 500, 600, 650, 700)


def step(at, place, width=25):
    return 1 / (1 + math.exp(-(at - place) / width))


def open_(at):
    return 10 + 12 * step(at, 400)


def closed(at):
    return 10 + 25 * step(at, 600)


def powder(at):
    return 0.35 * open_(at) + 0.65 * closed(at)


def curve(name, shape, places=PLACES, *, error=0.3, seed=0, meter=0.01, sample="", unit="ohm"):
    random = np.random.default_rng([seed, *name.encode()])
    sample, made = sample or f"{name}_1", []
    for at in places:
        value = float(shape(at) + random.normal(0, error or 1e-3))
        parts = {f"fit:{sample}/{at}": error} if error else {}
        parts |= {"calibration:meter": meter * shape(at)} if meter else {}
        state = State("temperature", at, at - 2, at + 2, "degC")
        made.append(Observable("r_int", value, unit, sample, parts, variant=name, state=state, id=f"{sample}/{at}"))
    return made


def items(seed=0, **more):
    return [*curve("open", open_, seed=seed, **more), *curve("closed", closed, seed=seed, **more), *curve("powder", powder, seed=seed, **more)]  # fmt: skip


ASKED = {"against": "temperature", "of": "powder", "parts": ("open", "closed")}


def mixed(source, **more):
    return mixture(source, "r_int", **(ASKED | more))


def test_weights_are_found_and_add_up():
    found = mixed(items(), errors="stated")
    one, two = found[1], found[2]
    assert one.low < 0.35 < one.high
    assert one.estimate + two.estimate == pytest.approx(1.0)
    assert one.verdict == "supported"
    assert "powder" in one.statement
    assert any("one specimen each" in words for words in one.caveats)
    assert [item.quantity for item in found.observables] == ["weight_of_open", "weight_of_closed"]


@pytest.mark.parametrize("errors", ["stated", "scaled"])
def test_coverage_of_the_weight(errors):
    held, repeats = 0, 50
    for seed in range(repeats):
        found = mixed(items(seed=seed + 1, error=0.8), errors=errors)[1]
        held += found.low <= 0.35 <= found.high
    assert 0.86 <= held / repeats < 1.0


def test_a_meter_common_to_all_cancels_in_the_weight():
    item = mixed(items(), errors="stated").observables[0]
    assert abs(item.components["calibration:meter"]) < 0.01 * item.std
    assert item.std < 1.1 * mixed(items(meter=0.0), errors="stated").observables[0].std


def test_a_mixture_is_supported_only_within_a_tolerance():
    assert mixed(items(), errors="stated")[0].verdict == "undecided"
    assert mixed(items(), errors="stated", tolerance=2.0)[0].verdict == "supported"


def test_no_mixture_is_told_with_the_place_and_leaves_no_verdict_on_weights():
    strange = [*items()[:16], *curve("powder", lambda at: powder(at) + 4 * (at == 500))]
    found = mixed(strange, errors="stated")
    assert found[0].verdict == "contradicted"
    assert "departs most at temperature 500 degC" in found[0].statement
    assert found[1].verdict == "undecided"
    assert any("no sure meaning" in words for words in found[1].caveats)


def test_an_absent_part_gets_a_one_sided_interval():
    pure = [*items()[:16], *curve("powder", closed)]
    found = mixed(pure, errors="stated")
    weight = found[1]
    assert weight.low == 0.0
    assert 0.0 < weight.high < 0.2
    assert weight.verdict == "undecided"


def test_parts_that_are_alike_are_named_and_get_no_number():
    same = [*curve("open", open_), *curve("closed", open_), *curve("powder", open_)]
    found = mixed(same, errors="stated")
    for weight in found.findings[1:]:
        assert weight.estimate is None
        assert weight.verdict == "undecided"
        assert "open and closed are too alike" in weight.statement
    assert found.observables[0].value is None


def test_other_states_are_interpolated_and_said_so():
    other = [*curve("open", open_, range(25, 750, 30)), *curve("closed", closed, range(25, 750, 25)), *items()[16:]]
    found = mixed(other, errors="stated")
    assert found[0].details["states_used"] == "interpolated"
    assert any("interpolated on straight lines" in words for words in found[0].caveats)
    assert found[1].low < 0.35 < found[1].high
    with pytest.raises(StudyError, match="in common"):
        mixed(other, states="common")


def test_unknown_errors_are_scaled_and_the_mixture_stays_untested():
    found = mixed(items(error=0.0, meter=0.0), errors="stated")
    assert found[0].verdict == "undecided"
    assert "state no uncertainty" in found[0].statement
    assert found[1].low < 0.35 < found[1].high


def test_an_unknown_shared_size_leaves_bounds():
    lost = [replace(item, components=item.components | {"area:film": math.inf}) for item in items()]
    found = mixed(lost)
    assert found[1].verdict == "undecided"
    assert found[1].low == -math.inf
    assert "at least as wide as" in found[1].statement
    assert "area:film" in found[1].caveats[-1]


def test_an_area_error_of_one_specimen_widens_the_weight():
    plain = items()
    loose = [
        replace(item, components=item.components | {"area:powder_1": 0.05 * item.value})
        if item.variant == "powder"
        else item
        for item in plain
    ]
    one, two = mixed(plain, errors="stated").observables[0], mixed(loose, errors="stated").observables[0]
    assert two.std > 1.05 * one.std
    assert abs(two.components["area:powder_1"]) > 0


def test_several_specimens_of_a_variant_carry_their_spread():
    twice = [*items(), *curve("open", lambda at: 1.1 * open_(at), sample="open_2", seed=9)]
    found = mixed(twice, errors="stated")
    assert found[0].units == {"powder": 1, "open": 2, "closed": 1}
    assert "replicate" in found.observables[0].includes


def test_offset_scale_and_free_sum():
    moved = [*items()[:16], *curve("powder", lambda at: 3 + 1.5 * powder(at))]
    found = mixed(moved, errors="stated", offset=True, scale=True)
    assert found[1].low < 0.35 < found[1].high
    assert found[0].details["scale"] == pytest.approx(1.5, rel=0.15)
    loose = mixed([*items()[:16], *curve("powder", lambda at: 1.5 * powder(at))], errors="stated", sum_to_one=False)
    assert loose[1].low < 0.525 < loose[1].high


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0.1, 10.0))
def test_order_and_scale_do_not_matter(random, scale):
    base = mixed(items())[1]
    shuffled = [
        replace(item, value=scale * item.value, components={k: scale * v for k, v in item.components.items()})
        for item in items()
    ]
    random.shuffle(shuffled)
    moved = mixed(shuffled)[1]
    assert moved.low == pytest.approx(base.low, rel=1e-4)
    assert moved.high == pytest.approx(base.high, rel=1e-4)


def test_the_figure_shows_the_numbers_of_the_findings():
    found = mixed(items(), errors="stated", simulated=True)
    curves, left, weights = found.figures[0].panels
    np.testing.assert_allclose(weights.lines[0].x, [found[1].low, found[1].estimate, found[1].high])
    np.testing.assert_allclose(left.lines[0].y, curves.lines[-1].y - curves.lines[-2].y)
    assert found.figures[0].simulated
    assert "The data are simulated." in found[0].caveats
    assert "ohm" in curves.y_label


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"parts": ("open", "close")}, "did you mean 'closed'"),
        ({"parts": ("open",)}, "two to four"),
        ({"parts": ("open", "powder")}, "two to four"),
        ({"errors": "scalde"}, "did you mean 'scaled'"),
        ({"states": "comon"}, "did you mean 'common'"),
        ({"level": 3.0}, "level is 3.0"),
        ({"tolerance": -1.0}, "tolerance is -1.0"),
        ({"exclude": {"open_1": ""}}, "has no reason"),
    ],
)
def test_refusals_say_what_to_do(asked, words):
    with pytest.raises(StudyError, match=words):
        mixed(items(), **asked)


def test_too_few_states_and_doubles_are_refused():
    few = [item for item in items() if item.state.value < 300]
    with pytest.raises(StudyError, match="are needed"):
        mixed(few)
    with pytest.raises(StudyError, match="two values"):
        mixed([*items(), items()[0]])


def test_interpolation_costs_what_the_curvature_of_a_part_makes_it():
    """A straight line between two points of a parabola is off by half its curvature times both distances."""

    def bowl(at):
        return 1e-3 * (at - 300) ** 2

    places = tuple(range(0, 601, 100))
    source = [
        *curve("open", bowl, places, error=1e-4, meter=0.0),
        *curve("closed", closed, places, error=1e-4, meter=0.0),
        *curve("powder", powder, (50, 150, 230, 350, 450, 550), error=1e-4, meter=0.0),
    ]
    made = align(source, "r_int", "temperature", ("powder", "open", "closed"), None, "interpolated", 3)
    off = made.y[1] - np.array([bowl(at) for at in made.x])
    np.testing.assert_allclose(np.sqrt(np.diag(made.own[1])), off, rtol=1e-2)
    assert off[0] == pytest.approx(0.5 * 2e-3 * 50 * 50, rel=1e-2)
