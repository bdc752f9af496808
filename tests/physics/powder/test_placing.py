"""Lines as an instrument sees them: every slope of the chain against differences, and laws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from interlith.crystal.phases import phase
from interlith.physics.powder.free_lines import free_lines
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel, PhaseOf
from interlith.physics.powder.phase_lines import phase_lines
from interlith.physics.powder.placing import COMMON

Array = NDArray[np.float64]

TUBE = Instrument(
    (1.5406, 1.5444), 0.5, gauss=(0.004, -0.003, 0.006), lorentz=(0.02, 0.03), sample_ratio=0.02, slit_ratio=0.03, radius=200.0,
    monochromator=26.6,
)  # fmt: skip
BEAM = Instrument((0.41,), polarisation=0.99, gauss=(1e-4, 0.0, 1e-5), geometry="debye-scherrer", radius=1000.0)


def made(kind: str, instrument: Instrument) -> PatternModel:
    corundum, x = phase("corundum"), np.arange(15.0, 60.0, 0.05)
    last = 60.0 if instrument.wavelengths[0] > 1 else 18.0
    if kind == "free":
        one: PhaseOf = free_lines(corundum, instrument, last, name="corundum", size="uniaxial", axis=(0, 0, 1))
    elif kind == "stephens":
        one = phase_lines(corundum, instrument, last, name="corundum", strain="stephens", texture=(0, 0, 1))
    else:
        one = phase_lines(
            corundum, instrument, last, name="corundum", size="uniaxial", strain="uniaxial", axis=(0, 0, 1), u_iso="all"
        )
    return PatternModel(x, (one,), instrument, background=2, humps=((30.0, 10.0),))


VALUES = {
    "zero": 0.02, "displacement": 0.05, "roughness": 0.05, "transparency": 0.1, "absorption": 0.6, "corundum_scale": 2.0,
    "corundum_inverse_size_along": 0.03, "corundum_inverse_size_across": 0.01, "corundum_microstrain_along": 0.001,
    "corundum_microstrain_across": 0.0004, "corundum_texture": 0.8, "corundum_inverse_size": 0.02,
}  # fmt: skip


def at_work(model: PatternModel) -> Array:
    values = model.start
    for name, value in VALUES.items():
        if name in model.names:
            values[model.place_of(name)] = value
    return values


def table(model: PatternModel, values: Array) -> Array:
    lines = model.lines(values)
    return np.stack([lines.position, lines.area, lines.gauss, lines.lorentz])


@pytest.mark.parametrize("instrument", [TUBE, BEAM], ids=["tube", "beam"])
@pytest.mark.parametrize("kind", ["free", "stephens", "uniaxial"])
def test_the_chain_is_that_of_differences(kind: str, instrument: Instrument) -> None:
    model = made(kind, instrument)
    values = at_work(model)
    _, chain = model.moved_lines(values)
    moved = 0
    for place, name in enumerate(model.names):
        # Small values, such as those of Stephens' terms, are moved by a part of themselves.
        step = min(1e-5, 1e-4 * abs(values[place])) or (1e-8 if "gauss" in name else 1e-5)
        high, low = (
            table(model, np.where(np.arange(values.size) == place, values + way * step, values)) for way in (1, -1)
        )
        expected = (high - low) / (2 * step)
        for term in range(4):
            largest = np.abs(expected[term]).max()
            noise = 1e-10 * np.abs(high[term]).max() / step
            assert chain[:, term, place] == pytest.approx(expected[term], abs=1e-6 * largest + noise), (name, term)
        moved += int(np.any(expected != 0))
    assert moved > 10
    assert np.all(chain[:, 4, model.place_of("sample_ratio")] == 1)
    assert np.all(chain[:, 5, model.place_of("slit_ratio")] == 1)


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.sets(st.integers(0, 30)))
def test_what_moves_has_the_same_slopes_as_when_all_moves(numbers: set[int]) -> None:
    model = made("stephens", TUBE)
    values = at_work(model)
    total, every = model.with_slopes(values)
    moving = np.isin(np.arange(values.size), list(numbers))
    found, some = model.with_slopes(values, moving)
    assert found == pytest.approx(total, rel=1e-12)
    assert some[moving] == pytest.approx(every[moving], rel=1e-9, abs=1e-12 * np.abs(every).max())
    assert not some[~moving].any()


def test_normal_equations_are_those_of_the_slopes_whatever_was_asked_before() -> None:
    model = made("uniaxial", TUBE)
    values = at_work(model)
    values[model.place_of("hump_0_area")] = 20.0
    random = np.random.default_rng(3)
    observed = random.uniform(0, 100, model.two_theta.size)
    weight = random.uniform(0, 1, model.two_theta.size)
    weight[::7] = 0.0
    calculated, slopes = model.with_slopes(values)
    for count, offset in ((5, None), (len(values), 3.0 * np.ones(observed.size)), (5, None)):
        moving = np.arange(values.size) % (values.size // count) == 0
        found = model.normal(values, moving, observed, weight, offset)
        rest = calculated - observed + (0.0 if offset is None else offset)
        assert found.cost == pytest.approx(np.sum(weight * rest**2))
        assert found.gradient == pytest.approx(slopes[moving] @ (weight * rest))
        assert found.hessian == pytest.approx((slopes[moving] * weight) @ slopes[moving].T)
        assert found.calculated == pytest.approx(rest + observed)


def test_a_beam_that_enters_shifts_lines_by_the_sine_of_two_theta() -> None:
    model = made("stephens", TUBE)
    values = model.start
    before = table(model, values)
    values[model.place_of("transparency")] = 0.2
    after = table(model, values)
    assert after[0] - before[0] == pytest.approx(-0.1 * np.sin(np.radians(before[0])), abs=1e-12)
    assert np.array_equal(after[1:], before[1:])
    values[model.place_of("absorption")] = 0.5
    assert np.array_equal(table(model, values), after)


def integral(mu: float, theta: float) -> float:
    """Transmission of a cylinder of radius 1 in the plane across its axis."""
    grid = (np.arange(300) + 0.5) / 150 - 1
    x, y = (one[np.add.outer(grid**2, grid**2) < 1] for one in np.meshgrid(grid, grid))
    paths = np.zeros(x.size)
    for angle in (math.pi, 2 * theta):
        along = x * math.cos(angle) + y * math.sin(angle)
        paths += -along + np.sqrt(along**2 + 1 - x**2 - y**2)
    return float(np.exp(-mu * paths).mean())


@pytest.mark.parametrize("mu", [0.1, 0.5, 1.0])
def test_absorption_is_that_of_the_integral_over_a_cylinder(mu: float) -> None:
    beam = replace(BEAM, wavelengths=(1.5,), gauss=(0.0, 0.0, 0.01))
    model = PatternModel(
        np.arange(15.0, 150.0, 0.5), (phase_lines(phase("Si"), beam, 150, name="silicon"),), beam, background=0
    )
    values = model.start
    before = table(model, values)
    values[model.place_of("absorption")] = mu
    after = table(model, values)
    expected = np.array([integral(mu, math.radians(one) / 2) for one in before[0]])
    assert after[1] / before[1] == pytest.approx(expected, rel=0.013)
    assert after[1][-1] / before[1][-1] > after[1][0] / before[1][0]


def test_what_is_common_starts_at_the_instrument_and_at_nothing_else() -> None:
    model = made("stephens", TUBE)
    start = dict(zip(model.names, model.start, strict=True))
    known = {"gauss_u": 0.004, "gauss_v": -0.003, "gauss_w": 0.006, "lorentz_x": 0.02, "lorentz_y": 0.03}
    known |= {"sample_ratio": 0.02, "slit_ratio": 0.03}
    assert {name: start[name] for name in COMMON} == {name: known.get(name, 0.0) for name in COMMON}
    assert model.names[: len(COMMON)] == COMMON
