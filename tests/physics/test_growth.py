"""Layers, dislocations and islands in the limits where closed forms hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.physics.growth.dislocations import (
    Dislocation,
    critical_thickness,
    critical_thickness_energy,
    film_energy,
    network_energy,
    residual_strain,
)
from interlith.physics.growth.islands import Shape, island_energy, island_size, surface_cost
from interlith.physics.growth.layers import (
    MODES,
    boundary_gain,
    boundary_misfit,
    cumulative,
    elastic_energy,
    implied_modulus,
    marginal,
    mode,
    wetting_gain,
)

#: Silicon-germanium as Matthews and Blakeslee treat it: 60 deg dislocations on {111}.
ALLOY = Dislocation(burgers=3.84, shear=60.0, poisson=0.28, beta=60.0, lambda_=60.0)
MODULUS = 2 * 60.0 * 1.28 / 0.72


def test_units_of_the_strain_energy():
    """165 GPa at 5 % on 3.88 angstrom is 0.16 J/m^2, worked out in SI."""
    joule = 165e9 * 0.05**2 * 3.88e-10
    assert elastic_energy(165.0, 0.05, 3.88) == pytest.approx(joule, rel=1e-12)
    assert implied_modulus(0.16, 0.05, 3.88) == pytest.approx(0.16 / (0.05**2 * 3.88e-10) / 1e9, rel=1e-12)
    assert implied_modulus(0.16, 0.05, 3.88) == pytest.approx(164.9, abs=0.1)


def test_layers_in_the_thin_and_thick_limit():
    energies = cumulative(0.16, 0.25, 0.03, count=100_000)
    assert energies[0] == 0.0
    assert energies[1] == pytest.approx(0.16 - 0.25, rel=1e-12)
    assert energies[-1] / 100_000 == pytest.approx(0.13 - (0.25 - 0.03) / 100_000, rel=1e-9)
    assert np.allclose(np.diff(energies), marginal(0.16, 0.25, 0.03, count=100_000), rtol=1e-6)


@pytest.mark.parametrize(
    ("elastic", "gain", "later", "expected"),
    [
        (0.16, 0.25, 0.0, "Stranski-Krastanov"),
        (0.16, 0.10, 0.0, "Volmer-Weber"),
        (0.16, 0.25, 0.20, "Frank-van der Merwe"),
        (0.0, 0.25, 0.0, "Frank-van der Merwe"),
        (0.16, 0.16, 0.0, "Stranski-Krastanov"),
        (0.16, 0.10, 0.20, "Volmer-Weber"),
    ],
)
def test_mode_is_the_sign_of_what_a_layer_adds(elastic, gain, later, expected):
    assert MODES[int(mode(elastic, gain, later))] == expected


@given(st.floats(10, 600), st.floats(0.001, 0.1), st.floats(1, 10), st.floats(-0.3, 0.3))
def test_boundaries_are_where_the_mode_changes(modulus, misfit, spacing, extra):
    cost = elastic_energy(modulus, misfit, spacing)
    edge = boundary_gain(modulus, misfit, spacing)
    assert boundary_misfit(modulus, edge, spacing) == pytest.approx(misfit, rel=1e-9)
    step = 1e-9 + abs(extra)
    assert mode(cost, edge + step) == 1
    assert mode(cost, edge - step) == 2


def test_gain_of_three_surfaces():
    assert wetting_gain(1.2, 0.8, 0.1) == pytest.approx(0.3)


def test_critical_thickness_solves_its_balance_and_matches_the_printed_formula():
    for misfit in (0.002, 0.005, 0.01, 0.02):
        h = critical_thickness(MODULUS, misfit, ALLOY)
        b, nu = ALLOY.burgers, ALLOY.poisson
        printed = (
            b
            * (1 - nu * math.cos(math.radians(60)) ** 2)
            / (8 * math.pi * misfit * (1 + nu) * math.cos(math.radians(60)))
        )
        assert h == pytest.approx(printed * (math.log(h / b) + 1), rel=1e-10)
    # Germanium-silicon at 1 %: about 100 angstrom, in the range that textbooks draw.
    assert 60 < critical_thickness(MODULUS, 0.01, ALLOY) < 140


@settings(max_examples=60)
@given(st.floats(0.0005, 0.05))
def test_energy_balance_begins_where_the_forces_balance(misfit):
    h = critical_thickness(MODULUS, misfit, ALLOY)
    if math.isnan(h):
        return
    below, above = h * (1 - 1e-6), h * (1 + 1e-6)
    assert film_energy(MODULUS, misfit, below, ALLOY) == pytest.approx(
        elastic_energy(MODULUS, misfit, below), rel=1e-12
    )
    assert film_energy(MODULUS, misfit, above, ALLOY) < elastic_energy(MODULUS, misfit, above)
    assert residual_strain(MODULUS, misfit, above, ALLOY) < misfit


def test_film_in_the_thin_and_thick_limit():
    thin = 1.0
    assert film_energy(MODULUS, 0.01, thin, ALLOY) == pytest.approx(elastic_energy(MODULUS, 0.01, thin), rel=1e-12)
    thick = 1e12
    closed = 0.1 * 2 * 0.01 * ALLOY.line_energy(thick) / ALLOY.across
    assert film_energy(MODULUS, 0.01, thick, ALLOY) == pytest.approx(closed, rel=1e-6)
    assert residual_strain(MODULUS, -0.01, thick, ALLOY) == pytest.approx(0.0, abs=1e-9)
    heights = np.geomspace(4, 1e5, 200)
    assert np.all(np.diff(film_energy(MODULUS, 0.01, heights, ALLOY)) > 0)


def test_large_misfit_has_no_critical_thickness_and_none_has_infinite():
    assert math.isnan(critical_thickness(MODULUS, 0.2, ALLOY))
    assert critical_thickness(MODULUS, 0.0, ALLOY) == math.inf
    many = critical_thickness(MODULUS, np.array([0.0, 0.01, 0.2]), ALLOY)
    assert many.shape == (3,)
    assert np.isnan(many[2])


def test_people_and_bean():
    """Their printed formula for silicon-germanium: h = (1-nu)/(1+nu)/(16 pi sqrt 2) b^2/a f^-2 ln(h/b)."""
    a, b, nu, misfit = 5.54, 4.0, 0.28, 0.02
    screw = Dislocation(b, 60.0, nu, beta=0.0, core=0.0)
    # Screw: 1 - nu cos^2(0) cancels 1 - nu, so that L = G b^2 / (4 pi) ln(h/b).
    h = critical_thickness_energy(2 * 60 * (1 + nu) / (1 - nu), misfit, screw, width=2 * math.sqrt(2) * a)
    factor = (1 - nu) / (1 + nu) / (16 * math.pi * math.sqrt(2)) * b**2 / a / misfit**2
    assert h == pytest.approx(factor * math.log(h / b), rel=1e-10)
    assert h > critical_thickness(2 * 60 * (1 + nu) / (1 - nu), misfit, ALLOY)


def test_network_grows_with_misfit():
    values = network_energy(np.array([0.0, 0.01, 0.03]), ALLOY)
    assert values[0] == 0.0
    assert np.all(np.diff(values) > 0)
    spacing = ALLOY.across / 0.01
    assert values[1] == pytest.approx(0.1 * 2 * ALLOY.line_energy(spacing / 2) / spacing, rel=1e-12)


@pytest.mark.parametrize("sides", [0, 3, 4, 6])
def test_pyramid_against_its_closed_form(sides):
    """r0 = 3 gamma tan(theta / 2) / (R w): the number of sides does not matter."""
    shape = Shape(40.0, sides)
    found = island_size(shape, surface_cost(shape, 1.1), 0.4, relaxed=0.8)
    expected = 3 * 1.1 * math.tan(math.radians(20.0)) / (0.1 * 0.8 * 0.4)
    assert found.stable == pytest.approx(expected, rel=1e-12)
    assert found.critical == pytest.approx(2 * expected / 3, rel=1e-12)


@settings(max_examples=60)
@given(
    st.floats(10, 85),
    st.floats(0, 0.9),
    st.sampled_from([0, 3, 4, 6]),
    st.floats(0.1, 3),
    st.floats(0.02, 2),
    st.floats(0.1, 1),
)
def test_energy_of_islands_has_its_maximum_and_its_zero_where_told(angle, flat, sides, surface, density, relaxed):
    shape = Shape(angle, sides, flat)
    cost = surface_cost(shape, surface)
    found = island_size(shape, cost, density, relaxed=relaxed)

    def energy(radius):
        return island_energy(shape, cost, density, radius, relaxed=relaxed)

    assert energy(found.critical) == pytest.approx(found.barrier, rel=1e-9)
    assert energy(found.critical) >= max(energy(0.99 * found.critical), energy(1.01 * found.critical))
    assert energy(found.stable) == pytest.approx(0.0, abs=1e-9 * found.barrier)
    assert energy(1.01 * found.stable) < 0 < energy(0.99 * found.stable)


def test_area_and_volume_of_a_truncated_pyramid_by_counting():
    shape = Shape(50.0, 4, 0.4)
    heights = np.linspace(0, shape.height, 20_001)
    middle = 0.5 * (heights[1:] + heights[:-1])
    half = 1 - middle / math.tan(math.radians(50.0))
    assert np.sum((2 * half) ** 2 * np.diff(heights)) == pytest.approx(shape.volume, rel=1e-6)
    assert shape.side == pytest.approx(4 * (2 + 0.8) / 2 * shape.height / math.sin(math.radians(50.0)), rel=1e-12)
    assert shape.top == pytest.approx(0.64, rel=1e-12)


def test_limits_of_islands():
    shape = Shape(45.0)
    assert island_size(shape, 1.0, 0.0).stable == math.inf
    assert island_size(shape, -0.3, 0.4).stable == 0.0
    assert (
        island_size(shape, surface_cost(shape, 1.0, network=0.5), 0.4).stable
        > island_size(shape, surface_cost(shape, 1.0), 0.4).stable
    )
    flat = Shape(45.0, flat=0.999999)
    # A plate as wide as it likes adds only its rim.
    assert surface_cost(flat, 1.0) / flat.base == pytest.approx(0.0, abs=1e-5)


def test_wrong_islands_and_dislocations_are_refused():
    with pytest.raises(StudyError, match="90 deg"):
        Shape(90.0)
    with pytest.raises(StudyError, match="3 sides"):
        Shape(45.0, 2)
    with pytest.raises(StudyError, match="between 0 and 1"):
        island_size(Shape(45.0), 1.0, 0.4, relaxed=1.2)
    with pytest.raises(StudyError, match="no misfit"):
        Dislocation(4.0, 60.0, 0.3, lambda_=90.0)
    with pytest.raises(StudyError, match="Poisson"):
        Dislocation(4.0, 60.0, 0.7)
    with pytest.raises(StudyError, match="width"):
        critical_thickness_energy(100.0, 0.01, ALLOY, width=0.0)
