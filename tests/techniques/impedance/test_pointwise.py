"""What one step says a left-out point changes, against fits without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interlith.numerics.kramers_kronig.ladder import stacked
from interlith.numerics.relaxation import distributions
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.fitting import fit_circuit
from interlith.techniques.impedance.bare import taken
from interlith.techniques.impedance.pointwise import Linearised, of_circuit, of_ladder, of_relaxation, pointwise
from interlith.techniques.impedance.spectra import Spectrum, spectra_of

TEXT = "R0-(R1|Q1)-(R2|Q2)"
TRUTH = {"R0": 5.0, "R1": 20.0, "Q1": 3e-5, "Q1_exponent": 0.9, "R2": 60.0, "Q2": 4e-3, "Q2_exponent": 0.8}
AWAY = 23


@pytest.fixture(scope="module")
def spectrum() -> Spectrum:
    """Simulated: two arcs with 0.5 % noise, one point 5 % off."""
    random = np.random.default_rng(4)
    frequency = np.geomspace(1e5, 0.01, 57)
    z = Circuit(TEXT).impedance(TRUTH, frequency)
    z = z + 0.005 * np.abs(z) * (random.standard_normal(57) + 1j * random.standard_normal(57))
    z[AWAY] *= 1.05
    (one,) = spectra_of(taken((frequency, z)))
    return one


def _without(spectrum: Spectrum) -> Spectrum:
    used = spectrum.used.copy()
    used[AWAY] = False
    return replace(spectrum, used=used)


def test_a_circuit_moves_as_it_does_when_fitted_anew(spectrum: Spectrum) -> None:
    less = _without(spectrum)
    first = fit_circuit(spectrum.frequency, spectrum.impedance, TEXT)
    again = fit_circuit(less.frequency, np.where(less.used, less.impedance, np.nan), TEXT)
    values, std = of_circuit(spectrum, first, 0).without(spectrum.used, less.used)
    moved = again.values[0] - first.values[0]
    assert (np.abs(values - again.values[0]) < 0.1 * np.abs(moved) + 0.02 * again.std[0]).all()
    assert np.abs(moved / first.std[0]).max() > 0.5, "the point matters"
    assert std == pytest.approx(again.std[0], rel=0.05)


def test_a_point_can_be_taken_back(spectrum: Spectrum) -> None:
    less = _without(spectrum)
    first = fit_circuit(less.frequency, np.where(less.used, less.impedance, np.nan), TEXT)
    values, _ = of_circuit(less, first, 0).without(less.used, spectrum.used)
    whole = fit_circuit(spectrum.frequency, spectrum.impedance, TEXT)
    assert (
        np.abs(values - whole.values[0]) < 0.25 * np.abs(whole.values[0] - first.values[0]) + 0.05 * whole.std[0]
    ).all()


def test_nothing_changes_where_no_point_does(spectrum: Spectrum) -> None:
    fit = fit_circuit(spectrum.frequency, spectrum.impedance, TEXT)
    values, std = of_circuit(spectrum, fit, 0).without(spectrum.used, spectrum.used)
    assert values == pytest.approx(fit.values[0])
    assert std == pytest.approx(fit.std[0], rel=0.02)


def test_the_ladder_is_exact(spectrum: Spectrum) -> None:
    """The same linear problem solved from the start with fewer rows."""
    less = _without(spectrum)
    part = of_ladder(spectrum)
    values, _ = part.without(spectrum.used, less.used)
    rows = np.concatenate([less.used, less.used])
    data = part.residual + part.jacobian @ part.values
    columns = part.jacobian[rows]
    direct = np.linalg.solve(columns.T @ columns + part.prior, columns.T @ data[rows])
    assert part.jacobian @ values == pytest.approx(part.jacobian @ direct, abs=1e-6)
    left = part.residual - part.jacobian @ (values - part.values)
    assert abs(left[AWAY]) > abs(part.residual[AWAY]) > 3


def test_rows_stand_for_points(spectrum: Spectrum) -> None:
    part: Linearised = of_ladder(spectrum)
    found = pointwise(spectrum, [part])
    assert found.points[AWAY] == spectrum.point(AWAY)
    relative = stacked(spectrum.impedance / np.abs(spectrum.impedance))
    assert part.residual.shape == relative.shape
    assert part.size.shape == spectrum.frequency.shape


def test_a_distribution_moves_as_it_does_when_solved_anew(spectrum: Spectrum) -> None:
    less = _without(spectrum)
    first = distributions(spectrum.frequency, spectrum.impedance, used=spectrum.used)
    again = distributions(less.frequency, less.impedance, used=less.used)
    part = of_relaxation(spectrum, first, 0)
    same, _ = part.without(spectrum.used, spectrum.used)
    assert same == pytest.approx(part.values)
    values, _ = part.without(spectrum.used, less.used)
    was, now = np.exp(part.shown @ part.values), np.exp(part.shown @ values)
    true = again.gamma[0][again.grid.inside]
    assert was == pytest.approx(first.gamma[0][first.grid.inside], rel=1e-9)
    assert np.linalg.norm(now - true) < 0.6 * np.linalg.norm(was - true), "one step goes most of the way"


@pytest.mark.parametrize("weights", ["unit", "modulus", "noise"])
def test_a_circuit_keeps_the_weights_of_its_fit(spectrum: Spectrum, weights: str) -> None:
    less = _without(spectrum)
    fit = fit_circuit(less.frequency, np.where(less.used, less.impedance, np.nan), TEXT, weights=weights)
    values, std = of_circuit(less, fit, 0).without(less.used, less.used)
    assert values == pytest.approx(fit.values[0])
    assert std == pytest.approx(fit.std[0], rel=0.03)
