"""Which weights and points a program used is read off the values alone."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.physics.circuits.fitting import fit_circuit
from interlith.workbench.methods.minima import AT_MINIMUM, minima

from .spectrum import CIRCUIT, FREQUENCY, impedance

ALL = {"": np.ones(len(FREQUENCY), dtype=np.bool_)}
FREE = np.ones(len(CIRCUIT.names), dtype=np.bool_)
Z = impedance()
OURS = fit_circuit(FREQUENCY, Z, CIRCUIT)


@pytest.mark.parametrize(
    ("power", "words"),
    [(0.0, "unit weights"), (0.5, "weights 1/|Z|"), (1.0, "weights 1/|Z|^2 of the measured spectrum")],
)
def test_the_weights_are_told(power: float, words: str) -> None:
    middle = float(np.median(np.abs(Z)))
    theirs = fit_circuit(FREQUENCY, Z, CIRCUIT, std=1e-3 * middle * (np.abs(Z) / middle) ** power)
    found = minima(CIRCUIT, theirs.values[0], FREE, OURS.std[0], FREQUENCY, Z, ALL)
    assert found[0].words == words
    assert found[0].step < 1e-3
    assert found[1].step > (AT_MINIMUM if power < 1 else 1e-3)


def test_our_own_weights_are_told() -> None:
    found = minima(CIRCUIT, OURS.values[0], FREE, OURS.std[0], FREQUENCY, Z, ALL)
    assert (found[0].words, found[0].step < 1e-3) == ("weights 1/|Z|^2 of the fitted spectrum", True)


def test_the_points_are_told() -> None:
    slow = {"": ALL[""], "the points below 300 Hz": FREQUENCY < 300}
    seen = np.where(FREQUENCY < 300, Z, np.nan)
    theirs = fit_circuit(FREQUENCY, seen, CIRCUIT, weights="unit")
    found = minima(CIRCUIT, theirs.values[0], FREE, OURS.std[0], FREQUENCY, Z, slow)
    assert found[0].words == "unit weights over the points below 300 Hz"
    assert found[0].step < 1e-3
    assert next(one.step for one in found if one.words == "unit weights") > AT_MINIMUM


def test_values_that_are_no_minimum_are_none_of_them() -> None:
    moved = OURS.values[0].copy()
    moved[1] += 0.7 * OURS.std[0][1]
    found = minima(CIRCUIT, moved, FREE, OURS.std[0], FREQUENCY, Z, ALL)
    assert found[0].step > 0.1


def test_what_was_held_does_not_count() -> None:
    theirs = fit_circuit(FREQUENCY, Z, CIRCUIT, weights="unit", parameters={"Q2_exponent": 0.9})
    free = np.array([name != "Q2_exponent" for name in CIRCUIT.names])
    held = minima(CIRCUIT, theirs.values[0], free, OURS.std[0], FREQUENCY, Z, ALL)
    assert (held[0].words, held[0].step < 1e-3) == ("unit weights", True)
    assert minima(CIRCUIT, theirs.values[0], FREE, OURS.std[0], FREQUENCY, Z, ALL)[0].step > AT_MINIMUM


def test_fourth_powers_are_told() -> None:
    """Squares of squared residuals, as a program that squares twice minimises them."""
    from scipy.optimize import least_squares

    from interlith.workbench.methods.minima import OBJECTIVES

    words = "fourth powers of the residuals over |Z|^4"
    start = OURS.values[0]

    def residual(shift: np.ndarray) -> np.ndarray:
        made = np.asarray(CIRCUIT.impedance(start * np.exp(shift), FREQUENCY))
        return 1e4 * OBJECTIVES[words](Z, made, made)

    done = least_squares(residual, np.zeros(len(start)), xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=500, x_scale=1e-3)
    found = minima(CIRCUIT, start * np.exp(done.x), FREE, OURS.std[0], FREQUENCY, Z, ALL)
    assert (found[0].words, found[0].step < AT_MINIMUM) == (words, True)
