"""Is the best level among those told, the optimum in its interval, and nothing claimed that a grid cannot show?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError, StudyError, UnitError
from interlith.evidence.levels.optimum import optimum
from interlith.model import Observable, Replication, State
from interlith.numerics.levels.best_levels import (
    chances_of_best,
    largest_losses,
    one_sided_critical,
    pooled_scatter,
    possible_bests,
    possible_bests_separate,
)
from interlith.numerics.levels.stationary import stationary_place
from interlith.numerics.levels.vertices import fit_vertex
from interlith.reporting.draw import picture

DOSES = {"C0.3": "0.3 at%", "C0.5": "0.5 at%", "C0.7": "0.7 at%", "C1.0": "1.0 at%"}
NOISE = np.array([[0.5, -0.7, 0.3], [-0.2, 0.6, -0.5], [0.1, 0.4, -0.6], [-0.4, 0.7, -0.2]])


def cell(variant, number, value, *, own=0.1, shared=None):
    parts = {f"counter:{variant}_{number}": own} if own else {}
    parts |= {source: share * value for source, share in (shared or {}).items()}
    return Observable(
        "capacity_retention", float(value), "%", f"{variant}_{number}", parts, variant=variant, id=f"{variant}_{number}",
        state=State("cycle", 200, 200, 200, "1"), cycle=200,
    )  # fmt: skip


def cells(shape=lambda dose: 80 - 60 * (dose - 0.55) ** 2, size=1.0, count=3, **options):
    return [
        cell(variant, k, shape(float(text.split()[0])) + size * NOISE[row, k], **options)
        for row, (variant, text) in enumerate(DOSES.items())
        for k in range(count)
    ]


def ask(data, **options):
    asked = {"over": ("dose",), "levels": DOSES, "at": {"cycle": 200}} | options
    return optimum(data, "capacity_retention", **asked)


def test_the_best_dose_and_the_optimum_between() -> None:
    best, between = ask(cells(size=2.0), simulated=True)
    assert best.kind == "best_level"
    assert best.details["best_level"] == "0.5 at%"
    assert "is highest at dose 0.5 at% (79.78 %, 4 levels, 3 cells each)" in best.statement
    assert best.details["may_be_best"] == "0.5 at%; 0.7 at%"
    assert best.verdict == "undecided"
    assert "but 0.7 at% cannot be excluded as best (95 % confidence over all levels)" in best.statement
    chances = [value for name, value in best.details.items() if name.startswith("probability")]
    assert sum(chances) == pytest.approx(1.0)
    assert best.probability == max(chances)
    assert between.low < 0.55 < between.high
    assert between.verdict == "supported"
    assert "is highest at dose 0.5" in between.statement
    assert "The data are simulated." in best.caveats
    (clear, _) = ask(cells(size=0.2))
    assert clear.verdict == "supported"
    assert "every other level is excluded as best" in clear.statement


def test_lowest_is_highest_upside_down() -> None:
    up, vertex = ask(cells())
    down, other = ask([Observable(item.quantity, -item.value, "%", item.sample, item.components, variant=item.variant, state=item.state, cycle=200) for item in cells()], best="lowest")  # fmt: skip
    assert down.details["may_be_best"] == up.details["may_be_best"]
    assert [other.estimate, other.low, other.high] == pytest.approx([vertex.estimate, vertex.low, vertex.high])
    assert "is lowest at dose" in other.statement


def test_units_of_levels_are_read_and_states_are_levels() -> None:
    mixed = DOSES | {"C0.3": "0.003", "C0.5": "0.005"}
    with pytest.raises(UnitError):
        ask(cells(), levels=DOSES | {"C0.3": "3 nm"})
    assert ask(cells(), levels=mixed)[0].details["best_level"]
    data = [
        Observable("resistance", item.value, "ohm", item.sample, {}, state=State("dose", float(DOSES[item.variant].split()[0]), 0, 1, "at%"))
        for item in cells()
    ]  # fmt: skip
    first, second = optimum(data, "resistance", over=("dose",))
    assert first.details["best_level"] == "0.5 at%"
    assert second.estimate == pytest.approx(ask(cells())[1].estimate)


def test_single_cells_are_descriptive_unless_a_spread_is_declared() -> None:
    best, between = ask(cells(count=1))
    assert best.verdict == "descriptive"
    assert best.statement.startswith("In these cells, the capacity retention is highest")
    assert best.details["basis"] == "measurement only"
    assert any("One cell each at" in words for words in best.caveats)
    assert between.verdict in ("descriptive", "undecided")
    declared = Replication(spread={"capacity_retention": (0.01, "earlier study")})
    best, between = ask(cells(count=1), replication=declared)
    assert best.details["basis"] == "declared spread"
    assert best.verdict == "undecided"
    assert between.verdict == "supported"
    (unknown, _) = ask(cells(count=1, own=None))
    assert unknown.probability is None
    assert "nothing is known of its scatter" in unknown.statement


def test_what_all_levels_share_cancels_and_a_batch_of_one_level_does_not() -> None:
    (plain, _), shared = ask(cells()), ask(cells(shared={"area:study": 0.05}))
    assert shared[0].details["loss_at_most"] == pytest.approx(plain.details["loss_at_most"], rel=0.2)
    assert shared.observables[0].components["area:study"] == pytest.approx(0.0, abs=1e-9)
    batch = [
        cell(item.variant, int(item.sample[-1]), item.value, shared={f"batch:{item.variant}": 0.05}) for item in cells()
    ]
    (wide, _) = ask(batch)
    assert wide.details["loss_at_most"] > plain.details["loss_at_most"] + 2
    unknown = [Observable(item.quantity, item.value, "%", item.sample, {**item.components, "calibration:rack": math.inf}, variant=item.variant, cycle=200) for item in cells(size=0.1)]  # fmt: skip
    assert [finding.verdict for finding in ask(unknown)] == ["undecided", "undecided"]


def test_an_optimum_at_the_edge_or_none() -> None:
    _, edge = ask(cells(lambda dose: 80 - 20 * (dose - 1.0) ** 2))
    assert edge.high == math.inf
    assert edge.verdict == "undecided"
    assert "at or above the edge of the grid at 1 at% not excluded" in edge.statement
    statement = ask(cells(lambda dose: 80 - 60 * (dose - 1.3) ** 2, size=0.3))
    assert "above the edge of the grid at dose 1 at%" in statement[1].statement
    assert statement[1].estimate is None
    assert statement.observables[0].value is None
    _, flat = ask(cells(lambda dose: 80 + 0 * dose))
    assert flat.estimate is None
    assert "curvature is not distinct from zero" in flat.statement
    assert not ask(cells(lambda dose: 80 + 0 * dose)).observables
    _, valley = ask(cells(lambda dose: 80 + 60 * (dose - 0.6) ** 2))
    assert valley.estimate is None


def test_levels_off_a_parabola_give_way_to_the_neighbours() -> None:
    def peak(dose: float) -> float:
        return 80 - 300 * (dose - 0.55) ** 2 if dose < 0.9 else 79.0

    _, between = ask(cells(peak, size=0.3))
    assert between.details["through"] == "neighbours"
    assert between.low < 0.55 < between.high
    assert any("do not lie on one parabola" in words for words in between.caveats)
    assert between.verdict == "undecided"
    _, forced = ask(cells(peak, size=0.3), through="all")
    assert forced.details["through"] == "all"
    assert forced.verdict == "undecided"


def grid_cells(size=0.5):
    random = np.random.default_rng(4)
    levels, made = {}, []
    for dose in (0.5, 1.0, 2.0):
        for temperature in (600, 700, 800):
            name = f"V{dose}_{temperature}"
            levels[name] = (f"{dose} wt%", f"{temperature} degC")
            value = 80 - 4 * (dose - 1.1) ** 2 - 2 * ((temperature - 710) / 70) ** 2
            made += [
                cell(name, k, value + size * random.standard_normal(), shared={"area:study": 0.02}) for k in range(2)
            ]
    return made, levels


def test_two_axes() -> None:
    data, levels = grid_cells()
    statement = ask(data, over=("dose", "temperature"), levels=levels)
    best, between = statement
    assert best.details["best_level"] == "1 wt%, 700 degC"
    assert between.details["low along dose"] < 1.1 < between.details["high along dose"]
    assert between.details["low along temperature"] < 710 < between.details["high along temperature"]
    names = [item.quantity for item in statement.observables]
    assert names == ["optimum_of_capacity_retention_along_dose", "optimum_of_capacity_retention_along_temperature"]
    assert [item.unit for item in statement.observables] == ["wt%", "degC"]
    assert statement.observables[1].components["area:study"] == pytest.approx(0.0, abs=1e-6)
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"
    few = [item for item in data if item.variant.endswith("700")]
    rows = {name: level for name, level in levels.items() if name.endswith("700")}
    assert "cannot be asked" in ask(few, over=("dose", "temperature"), levels=rows)[1].statement


def test_critical_values_are_those_of_the_tables() -> None:
    assert one_sided_critical(np.ones(2), 0, math.inf, 0.95) == pytest.approx(1.64485, abs=1e-4)
    assert one_sided_critical(np.ones(2), 0, 10.0, 0.95) == pytest.approx(1.81246, abs=2e-3)
    # Three treatments against a control, eight degrees of freedom: 2.42 in Dunnett's table.
    assert one_sided_critical(np.ones(4) / 3, 0, 8.0, 0.95) == pytest.approx(2.42, abs=0.006)


@pytest.mark.parametrize("counts", [(3, 3, 3, 3), (2, 2, 2), (2, 4, 6)])
def test_the_truly_best_is_kept(counts: tuple[int, ...]) -> None:
    random = np.random.default_rng(7)
    member = np.repeat(np.arange(len(counts)), counts)
    y = random.standard_normal((4000, member.size))
    means, scale, dof = pooled_scatter(y, member)
    kept = possible_bests(means, 1.0 / np.array(counts), scale, dof)
    assert 0.938 < kept[:, 0].mean() < 0.962
    losses = largest_losses(means, 1.0 / np.array(counts), scale, dof)
    assert (losses >= 0).all()
    spread = np.stack([y[:, member == k].var(axis=1, ddof=1) for k in range(len(counts))], axis=1)
    assert possible_bests_separate(means, spread, np.array(counts, dtype=float))[:, 0].mean() > 0.93


def test_chances_are_those_of_drawing() -> None:
    random = np.random.default_rng(1)
    means, variances, scale, dof = np.array([1.0, 1.6, 2.0]), np.array([0.5, 0.2, 1.0]), 0.8, 5.0
    factor = np.sqrt(dof / random.chisquare(dof, 200_000))
    drawn = means + scale * factor[:, None] * np.sqrt(variances) * random.standard_normal((200_000, 3))
    share = np.bincount(drawn.argmax(axis=1), minlength=3) / 200_000
    np.testing.assert_allclose(chances_of_best(means, variances, scale, dof), share, atol=0.006)
    assert chances_of_best(means, variances, 0.0, dof).tolist() == [0.0, 0.0, 1.0]


def test_coverage_of_the_vertex_and_its_gradient() -> None:
    random = np.random.default_rng(9)
    x = np.repeat([0.3, 0.5, 0.7, 1.0], 3)
    y = 80 - 60 * (x - 0.55) ** 2 + 1.5 * random.standard_normal((20_000, 12))
    assert 0.944 < fit_vertex(x, y, np.ones(12)).interval(0.95).holds(0.55).mean() < 0.956
    one = fit_vertex(x, y[0], np.ones(12))
    slope, bend = np.polyfit(x, y[0], 2)[1::-1]
    assert one.value == pytest.approx(-slope / 2 / bend)
    step = np.eye(12)[4] * 1e-5
    pair = [float(fit_vertex(x, y[0] + sign * step, np.ones(12)).value) for sign in (1, -1)]
    assert one.gradient[4] == pytest.approx((pair[0] - pair[1]) / 2e-5, rel=1e-4)


def test_the_region_of_a_surface_holds_its_top() -> None:
    random = np.random.default_rng(2)
    x = np.array([(a, b) for a in (0.5, 1.0, 2.0) for b in (6.0, 7.0, 8.0) for _ in range(2)])
    held = 0
    for _ in range(200):
        y = -4 * (x[:, 0] - 1.1) ** 2 - 2 * (x[:, 1] - 7.1) ** 2 + 0.3 * random.standard_normal(18)
        found = stationary_place(x, y, np.ones(18))
        place = tuple(int(np.abs(axis - value).argmin()) for axis, value in zip(found.axes, (1.1, 7.1), strict=True))
        held += found.kept[place]
    assert 0.90 < held / 200 <= 0.99
    with pytest.raises(FitError, match="three levels along both axes"):
        stationary_place(x[x[:, 1] < 8], np.ones(12), np.ones(12))


@given(st.permutations(range(12)), st.floats(0.1, 10), st.floats(-50, 50))
@settings(max_examples=8, deadline=None)
def test_order_scale_and_shift(order: list[int], scale: float, shift: float) -> None:
    first, vertex = ask(cells())
    data = [
        Observable(item.quantity, scale * item.value + shift, "%", item.sample, {}, variant=item.variant, state=item.state, cycle=200)
        for item in cells()
    ]  # fmt: skip
    second, other = ask([data[k] for k in order])
    assert second.details["may_be_best"] == first.details["may_be_best"]
    assert [other.estimate, other.low, other.high] == pytest.approx(
        [vertex.estimate, vertex.low, vertex.high], rel=1e-6
    )


def test_the_figure_shows_the_numbers_of_the_findings() -> None:
    statement = ask(cells(size=2.0))
    panel = statement.figures[0].panels[0]
    assert (panel.x_label, panel.y_label) == ("Dose / at%", "Capacity retention / %")
    shaded = [band for band in panel.bands if band.variant == "may be best"]
    assert [float(band.x.mean()) for band in shaded] == pytest.approx([0.5, 0.7])
    means = panel.lines[1]
    assert means.y.max() == pytest.approx(statement[0].estimate)
    curve = next(line for line in panel.lines if line.dashed)
    assert float(curve.x[curve.y.argmax()]) == pytest.approx(statement[1].estimate, abs=0.01)
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"best": "high"}, "did you mean 'highest'"),
        ({"through": "near"}, "Allowed: all, auto, neighbours"),
        ({"scatter": "pool"}, "did you mean 'pooled'"),
        ({"errors": "state"}, "did you mean 'stated'"),
        ({"level": 95}, "between 0.5 and 1"),
        ({"over": ("dose", "temperature")}, "gives 1 numbers for C0.3"),
        ({"over": ()}, "name one or two"),
        ({"levels": {"D1": 0.3, "D2": 0.5}}, "Allowed: C0.3"),
        ({"levels": {"C0.3": 0.3}}, "one level of dose only"),
        ({"levels": None}, "has the state 'dose'"),
        ({"exclude": {"C0.3_0": ""}}, "no reason"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        ask(cells(), **options)
