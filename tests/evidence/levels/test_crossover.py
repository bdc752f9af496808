"""Is a crossing held, its absence told, and does what both curves share cancel?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError, StudyError
from interlith.evidence.curves import Curve, curves
from interlith.evidence.levels.crossover import crossover
from interlith.evidence.levels.crossover_fit import make_pair
from interlith.model import Observable, State
from interlith.numerics.levels.crossings import crossing_pieces
from interlith.numerics.levels.curve_rows import interpolation_rows, polynomial_rows
from interlith.reporting.draw import picture

X = np.arange(100.0, 701.0, 100.0)
NOISE = np.array([0.31, -0.52, 0.20, 0.13, -0.41, 0.55, -0.26])


def specimen(name, variant, y, *, x=X, own=0.4, shared=None, unit="ohm"):
    return [
        Observable(
            "resistance", float(value), unit, name,
            {f"fit:{name}/{state:g}": own} | {source: share * value for source, share in (shared or {}).items()},
            variant=variant, id=f"{name}-{state:g}", state=State("temperature", float(state), float(state), float(state), "degC"),
        )
        for state, value in zip(x, y, strict=True)
    ]  # fmt: skip


def opened(x=X):
    return 10 + 0.02 * x


def closed(x=X):
    return 20 - 0.005 * x


BOTH = [*specimen("o1", "open", opened() + NOISE), *specimen("c1", "closed", closed() - NOISE[::-1])]


def replicated(spread=0.4, count=3):
    random = np.random.default_rng(3)
    made = []
    for number in range(count):
        for name, shape in (("open", opened), ("closed", closed)):
            made += specimen(
                f"{name}{number}", name, shape() + spread * random.standard_normal() + 0.2 * random.standard_normal(7)
            )
    return made


def ask(data, **options):
    return crossover(data, "resistance", **({"against": "temperature", "between": ("open", "closed")} | options))


def test_two_lines_cross_where_their_difference_does() -> None:
    statement = ask(BOTH, simulated=True)
    (finding,) = statement
    first, second = np.polyfit(X, opened() + NOISE, 1), np.polyfit(X, closed() - NOISE[::-1], 1)
    assert finding.estimate == pytest.approx((second[1] - first[1]) / (first[0] - second[0]))
    assert finding.low < 400 < finding.high
    assert finding.verdict == "descriptive"
    assert "The resistance of open and closed cross at temperature 4" in finding.statement
    assert "before it closed is the higher, after it open" in finding.statement
    assert any("says nothing of other specimens" in words for words in finding.caveats)
    (observable,) = statement.observables
    assert observable.quantity == "crossover_of_resistance"
    assert observable.value == finding.estimate
    assert observable.interval() == (finding.low, finding.high)
    assert statement.figures[0].simulated
    (named,) = ask(BOTH, between=("o1", "c1"))
    assert named.verdict == "supported"


def test_the_ends_are_where_the_difference_is_just_distinct_from_zero() -> None:
    (finding,) = ask(BOTH, degree=1)
    pair = make_pair(
        curves(BOTH, "resistance", against="temperature"), ("open", "closed"), degree=1, errors="scaled", level=0.95
    )
    for end in (finding.low, finding.high):
        middle, half = pair.difference(np.array([end]))
        assert abs(middle[0]) == pytest.approx(half[0], rel=1e-4)


def test_specimens_scatter_and_the_verdict_stands() -> None:
    (finding,) = ask(replicated())
    assert finding.verdict == "supported"
    assert finding.units == {"open": 3, "closed": 3}
    assert "3 and 3 specimens" in finding.statement
    assert finding.low < 400 < finding.high
    (wide,) = ask(replicated(spread=1.5))
    assert wide.high - wide.low > 1.5 * (finding.high - finding.low)
    (pieces,) = ask(replicated(), degree="interpolation")
    assert "straight pieces between states" in pieces.statement
    assert pieces.estimate == pytest.approx(finding.estimate, abs=25)


def test_what_both_share_cancels_and_what_one_has_does_not() -> None:
    area = {"area:study": 0.05}
    data = [
        *specimen("o1", "open", opened() + NOISE, shared=area),
        *specimen("c1", "closed", closed() - NOISE[::-1], shared=area),
    ]
    both, plain = ask(data), ask(BOTH)
    assert both.observables[0].components["area:study"] == pytest.approx(0.0, abs=1e-6)
    assert both[0].high - both[0].low == pytest.approx(plain[0].high - plain[0].low, rel=0.02)
    alone = ask([*specimen("o1", "open", opened() + NOISE, shared=area), *BOTH[7:]])
    assert abs(alone.observables[0].components["area:study"]) > 20
    assert alone[0].high - alone[0].low > 1.5 * (plain[0].high - plain[0].low)


def test_curves_apart_do_not_cross() -> None:
    data = [*BOTH[:7], *specimen("c1", "closed", opened() + 5 - NOISE)]
    (finding,) = ask(data)
    assert "do not cross within temperature 100 to 700 degC: closed stays above open" in finding.statement
    assert finding.estimate is None
    assert 3 < finding.details["least_distance"] < finding.details["closest_difference"] < 6
    assert not ask(data).observables


def test_curves_that_are_not_told_apart_leave_it_undecided() -> None:
    (same,) = ask([*BOTH[:7], *specimen("c1", "closed", opened() - NOISE)])
    assert same.verdict == "undecided"
    assert "are not told apart anywhere" in same.statement
    assert (same.low, same.high) == (-math.inf, math.inf)
    data = [*BOTH[:7], *specimen("c1", "closed", 24.3 - 0.0005 * X - NOISE)]
    (edge,) = ask(data)
    assert edge.verdict == "undecided"
    assert edge.high == math.inf
    assert edge.low > 500


def test_two_crossings_are_two_findings() -> None:
    data = [*BOTH[:7], *specimen("c1", "closed", opened() + 4e-5 * (X - 200) * (X - 600) + 0.3 * NOISE)]
    data = [*specimen("o1", "open", opened() + 0.3 * NOISE[::-1]), *data[7:]]
    statement = ask(data)
    assert [finding.details["degree"] for finding in statement] == [2, 2]
    for finding, truth in zip(statement, (200, 600), strict=True):
        assert finding.low < truth < finding.high
    assert len(statement.observables) == 2


def test_the_degree_follows_a_bend() -> None:
    y = closed() + 3e-5 * (X - 400) ** 2 + 0.2 * NOISE
    data = [*specimen("o1", "open", opened() + 0.2 * NOISE[::-1]), *specimen("c1", "closed", y)]
    assert ask(data)[0].details["degree"] == 2
    (line,) = ask(data, degree=1)
    assert line.verdict == "undecided"
    assert any("do not follow the points" in words for words in line.caveats)


def test_an_unknown_source_of_one_curve_opens_the_interval() -> None:
    data = [
        Observable(item.quantity, item.value, item.unit, item.sample, {**item.components, "calibration:zero": math.inf}, variant=item.variant, state=item.state)
        for item in BOTH
    ]  # fmt: skip
    (finding,) = ask(data)
    assert (finding.verdict, finding.low, finding.high) == ("undecided", -math.inf, math.inf)
    assert "at least as wide as" in finding.statement


@pytest.mark.parametrize(("specimens", "degree"), [(1, 1), (3, 1), (3, "interpolation")])
def test_coverage(specimens: int, degree: object) -> None:
    random = np.random.default_rng(6)
    x = np.linspace(0.0, 1.0, 6)
    held = 0
    for _ in range(400):
        found = [
            Curve(f"{name}{k}", name, "q", "ohm", "t", "V", x, x, x, shape + 0.1 * random.standard_normal(6), np.ones(6), {}, (), ())
            for name, shape in (("a", 1 - x), ("b", 0.2 + x))
            for k in range(specimens)
        ]  # fmt: skip
        pair = make_pair(found, ("a", "b"), degree=degree, errors="scaled", level=0.95)  # type: ignore[arg-type]
        middle, half = pair.difference(np.array([0.4]))
        held += abs(middle[0]) <= half[0]
    assert 0.92 < held / 400 < 0.985


@given(st.permutations(range(14)), st.floats(0.1, 10), st.floats(-50, 50))
@settings(max_examples=8, deadline=None)
def test_order_units_and_shifts(order: list[int], scale: float, shift: float) -> None:
    (first,) = ask(BOTH, degree=1)
    data = [
        *specimen("o1", "open", scale * (opened() + NOISE) + shift, own=0.4 * scale),
        *specimen("c1", "closed", scale * (closed() - NOISE[::-1]) + shift, own=0.4 * scale),
    ]
    (second,) = ask([data[k] for k in order], degree=1)
    assert [second.estimate, second.low, second.high] == pytest.approx(
        [first.estimate, first.low, first.high], rel=1e-4
    )


def test_rows_give_heights() -> None:
    y = opened() + NOISE
    at = np.array([150.0, 333.0, 700.0])
    np.testing.assert_allclose(
        polynomial_rows(X, np.ones(7), 2, at) @ y, np.polyval(np.polyfit(X, y, 2), at), rtol=1e-9
    )
    np.testing.assert_allclose(interpolation_rows(X, np.ones(7), at) @ y, np.interp(at, X, y))
    twice = np.concatenate([X, X])
    np.testing.assert_allclose(
        interpolation_rows(twice, np.ones(14), at) @ np.concatenate([y, y + 2]), np.interp(at, X, y + 1)
    )
    with pytest.raises(FitError, match="reach from 100 to 700"):
        interpolation_rows(X, np.ones(7), np.array([50.0]))
    with pytest.raises(FitError, match="needs 3 different abscissas"):
        polynomial_rows([1, 2], [1, 1], 2, [1])


def test_a_narrow_crossing_between_two_places_is_found() -> None:
    (piece,) = crossing_pieces(lambda x: (x - 0.4567, np.full(x.size, 1e-9)), 0.0, 1.0)
    assert piece.crosses
    assert piece.low <= 0.4567 <= piece.high
    assert piece.high - piece.low < 1e-6
    assert crossing_pieces(lambda x: (x + 1.0, np.full(x.size, 0.1)), 0.0, 1.0) == ()
    touching = crossing_pieces(lambda x: ((x - 0.5) ** 2 + 0.01, np.full(x.size, 0.02)), 0.0, 1.0)
    assert not touching[0].crosses
    assert touching[0].roots == ()


def test_the_figure_shows_the_numbers_of_the_finding() -> None:
    statement = ask(BOTH)
    (finding,) = statement
    left, right = statement.figures[0].panels
    assert (left.x_label, left.y_label, right.y_label) == (
        "Temperature / degC",
        "Resistance / ohm",
        "closed − open / ohm",
    )
    assert list(left.bands[0].x) == pytest.approx([finding.low, finding.high])
    difference = right.lines[0]
    assert float(np.interp(0.0, -difference.y, difference.x)) == pytest.approx(finding.estimate, abs=0.1)
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"between": "open"}, "name two variants"),
        ({"between": ("open", "close")}, "did you mean 'closed'"),
        ({"between": ("open", "open")}, "does not cross itself"),
        ({"degree": 7}, "Allowed: 1, 2, 3, auto, interpolation"),
        ({"degree": "interpolation"}, "leaves no scatter"),
        ({"errors": "state"}, "did you mean 'stated'"),
        ({"within": (800, 900)}, "have 100 to 700 in common"),
        ({"level": 2}, "between 0.5 and 1"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        ask(BOTH, **options)


def test_layouts_that_cannot_be_asked() -> None:
    with pytest.raises(StudyError, match="known on one side only"):
        ask([*replicated()[:21], *BOTH[7:]], between=("open", "c1"))
    with pytest.raises(StudyError, match="without a common range"):
        ask([*BOTH[:7], *specimen("c1", "closed", closed(), x=X + 700)])
    (inner,) = ask(BOTH, within=(300, 500))
    assert 300 < inner.low < inner.high < 500
