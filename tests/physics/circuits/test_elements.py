"""Elements have the impedance of their formula, the derivatives of their impedance, and limits without overflow."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import FitError
from interlith.physics.circuits import ELEMENTS, Circuit
from interlith.physics.circuits.element import Grid

FREQUENCY = np.logspace(-4, 6, 61)
OMEGA = 2 * np.pi * FREQUENCY


@pytest.mark.parametrize(
    "text", [*ELEMENTS, "R0-(R1|Q1)-(R2-W1|Q2)", "L1-R0-(Q1|R1-(R2-Ws1|C2))", "(R1|C1-L1)|TLM1-HN1"]
)
def test_derivatives_are_those_of_the_impedance(text: str) -> None:
    circuit = Circuit(text)
    values = np.random.default_rng(1).uniform(0.3, 0.9, (4, len(circuit.names)))
    impedance, slopes = circuit.with_slopes(values, Grid(FREQUENCY))
    for k, name in enumerate(circuit.names):
        step = 1e-6 * values[:, k]
        up, down = values.copy(), values.copy()
        up[:, k] += step
        down[:, k] -= step
        numerical = (circuit.impedance(up, FREQUENCY) - circuit.impedance(down, FREQUENCY)) / (2 * step[:, None])
        scale = np.abs(impedance) / values[:, k, None]
        assert np.max(np.abs(numerical - slopes[:, k]) / scale) < 1e-8, name


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_no_overflow_far_outside_of_any_measurement(symbol: str) -> None:
    circuit = Circuit(symbol)
    values = np.full((1, len(circuit.names)), 0.7)
    impedance, slopes = circuit.with_slopes(values, Grid([1e-30, 1e30]))
    assert np.isfinite(impedance).all()
    assert np.isfinite(slopes).all()


def _at(text: str, values: list[float]) -> np.ndarray:
    return Circuit(text).impedance(values, FREQUENCY)


def test_formulas() -> None:
    j = 1j * OMEGA
    np.testing.assert_allclose(_at("Q1", [2e-3, 0.8]), 1 / (2e-3 * j**0.8), rtol=1e-12)
    np.testing.assert_allclose(_at("W1", [5.0]), 5 * (1 - 1j) / np.sqrt(OMEGA), rtol=1e-12)
    x = np.sqrt(j[:35] * 3.0)
    np.testing.assert_allclose(_at("Wo1", [7.0, 3.0])[:35], 7 / (np.tanh(x) * x), rtol=1e-11)
    np.testing.assert_allclose(_at("Ws1", [7.0, 3.0])[:35], 7 * np.tanh(x) / x, rtol=1e-11)
    np.testing.assert_allclose(_at("G1", [7.0, 3.0]), 7 / np.sqrt(1 + 3 * j), rtol=1e-12)
    np.testing.assert_allclose(_at("HN1", [7.0, 3.0, 0.9, 0.6]), 7 / (1 + (3 * j) ** 0.9) ** 0.6, rtol=1e-12)


def test_one_curve_in_two_parameterisations() -> None:
    np.testing.assert_allclose(_at("K1", [5.0, 0.02]), _at("R1|C1", [5.0, 0.004]), rtol=1e-12)
    np.testing.assert_allclose(_at("Zarc1", [5.0, 0.02, 0.8]), _at("R1|Q1", [5.0, 0.02**0.8 / 5, 0.8]), rtol=1e-12)
    np.testing.assert_allclose(_at("HN1", [5.0, 0.02, 0.8, 1.0]), _at("Zarc1", [5.0, 0.02, 0.8]), rtol=1e-12)
    np.testing.assert_allclose(_at("HN1", [5.0, 0.02, 1.0, 0.5]), _at("G1", [5.0, 0.02]), rtol=1e-12)


def test_limits_of_diffusion() -> None:
    low = Circuit("Ws1").impedance([7.0, 3.0], [1e-9])[0]
    assert low == pytest.approx(7.0, rel=1e-6)
    wall = Circuit("Wo1").impedance([7.0, 3.0], [1e-6])[0]
    assert wall.real == pytest.approx(7.0 / 3.0, rel=1e-4)
    assert -1 / (wall.imag * 2 * np.pi * 1e-6) == pytest.approx(3.0 / 7.0, rel=1e-6)
    sigma = 7.0 / np.sqrt(2 * 3.0)
    for symbol in ("Wo1", "Ws1"):
        high = Circuit(symbol).impedance([7.0, 3.0], [1e5])
        np.testing.assert_allclose(high, Circuit("W1").impedance([sigma], [1e5]), rtol=1e-9)


def _ladder(ionic: float, electronic: float, wall: np.ndarray, *, blocked: bool) -> np.ndarray:
    """Two rails of 400 segments solved node by node: ions enter at the left, electrons at the right (or at both ends)."""
    count = 400
    answers = []
    for interface in wall:
        size = 2 * (count + 1)
        matrix = np.zeros((size, size), dtype=complex)
        for rail, total in ((0, ionic), (count + 1, electronic)):
            for k in range(count):
                pair = [rail + k, rail + k + 1]
                matrix[np.ix_(pair, pair)] += count / total * np.array([[1, -1], [-1, 1]])
        for k in range(count + 1):
            share = (0.5 if k in (0, count) else 1.0) / count
            pair = [k, count + 1 + k]
            matrix[np.ix_(pair, pair)] += share / interface * np.array([[1, -1], [-1, 1]])
        enter, leave = (count + 1, size - 1) if blocked else (0, size - 1)
        right = np.zeros(size, dtype=complex)
        right[enter] = 1.0
        keep = [k for k in range(size) if k != leave]
        answers.append(np.linalg.solve(matrix[np.ix_(keep, keep)], right[keep])[keep.index(enter)])
    return np.array(answers)


@pytest.mark.parametrize(
    ("text", "values", "wall", "blocked"),
    [
        ("TLME1", [30.0, 10.0, 50.0, 2e-3, 0.85], True, False),
        ("TLMB1", [30.0, 10.0, 2e-3, 0.85], False, True),
        ("TLMR1", [30.0, 50.0, 2e-3, 0.85], True, False),
        ("TLM1", [30.0, 2e-3, 0.85], False, False),
    ],
)
def test_lines_are_the_limit_of_ladders(text: str, values: list[float], wall: bool, blocked: bool) -> None:
    frequency = np.logspace(-2, 2, 5)
    admittance = values[-2] * (2j * np.pi * frequency) ** values[-1] + (1 / values[-3] if wall else 0)
    electronic = values[1] if text in ("TLME1", "TLMB1") else 1e-9
    expected = _ladder(values[0], electronic, 1 / admittance, blocked=blocked)
    np.testing.assert_allclose(Circuit(text).impedance(values, frequency), expected, rtol=2e-4)


def test_members_may_have_frequencies_of_their_own() -> None:
    circuit = Circuit("R0-(R1|Q1)")
    values = np.array([[1.0, 2.0, 1e-3, 0.9], [3.0, 4.0, 1e-4, 0.8]])
    both = circuit.impedance(values, np.stack([FREQUENCY, 2 * FREQUENCY]))
    np.testing.assert_allclose(both[1], circuit.impedance(values[1], 2 * FREQUENCY))
    assert both.shape == (2, 61)


def test_values_by_name_are_checked() -> None:
    circuit = Circuit("R0-(R1|C1)")
    np.testing.assert_allclose(circuit.impedance({"R0": 1, "C1": 1e-3, "R1": 2}, [1e9]).real, 1.0, rtol=1e-6)
    with pytest.raises(FitError, match="missing: C1"):
        circuit.impedance({"R0": 1, "R1": 2}, [1.0])
    with pytest.raises(FitError, match="no parameter 'R7'"):
        circuit.impedance({"R7": 1}, [1.0])
