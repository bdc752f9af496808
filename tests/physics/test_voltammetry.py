"""The forward model against what is known of voltammograms: Nicholson and Shain, Laviron's surface couple, and the laws of Ohm and Faraday."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.physics.voltammetry import FARADAY, GAS, Couple, triangle, voltammogram

Array = NDArray[np.float64]

AREA, RATE, DIFFUSIVITY = 1e-4, 0.1, 1e-9
THERMAL = GAS * 298.15 / FARADAY


def scaled(current: Array, electrons: int = 1) -> Array:
    """Current function pi^1/2 chi."""
    return current / (electrons * FARADAY * AREA * np.sqrt(electrons * DIFFUSIVITY * RATE / THERMAL))


def top(voltage: Array, current: Array) -> tuple[float, float]:
    """Potential and height of a maximum, from a parabola through the highest points."""
    k = int(np.argmax(current))
    near = slice(k - 6, k + 7)
    a, b, c = np.polyfit(voltage[near] - voltage[k], current[near], 2)
    return float(voltage[k] - b / (2 * a)), float(c - b * b / (4 * a))


@pytest.mark.parametrize("electrons", [1, 2])
def test_a_reversible_wave_has_the_peak_of_nicholson_and_shain(electrons: int) -> None:
    voltage = triangle(-0.4, 0.4, -0.4, step=5e-4)
    half = len(voltage) // 2
    couple = Couple(0.0, 1.0, DIFFUSIVITY, electrons=electrons)
    chi = scaled(voltammogram(voltage, [couple], scan_rate=RATE, area=AREA), electrons)
    place, height = top(voltage[:half], chi[:half])
    assert height == pytest.approx(0.4463, rel=4e-4)
    assert place == pytest.approx(0.02850 / electrons, abs=1e-4)
    rising = int(np.argmax(chi[:half]))
    middle = float(np.interp(height / 2, chi[:rising], voltage[:rising]))
    assert place - middle == pytest.approx(0.0565 / electrons, abs=2e-4)
    back, _ = top(voltage[half:], -chi[half:])
    assert 0.057 / electrons < place - back < 0.060 / electrons


def test_the_current_is_proportional_to_the_root_of_the_scan_rate_and_the_peak_stays() -> None:
    voltage = triangle(-0.3, 0.3, -0.3, step=1e-3)
    slow, fast = (voltammogram(voltage, [Couple(0.0, 1.0, DIFFUSIVITY)], scan_rate=v, area=AREA) for v in (0.01, 1.0))
    assert fast == pytest.approx(10 * slow, rel=1e-6, abs=1e-12)


def test_a_slow_couple_has_the_irreversible_peak() -> None:
    voltage = triangle(-0.3, 1.2, -0.3, step=1e-3)
    half = len(voltage) // 2
    couple = Couple(0.0, 1.0, DIFFUSIVITY, rate_constant=1e-9, transfer=0.5)
    chi = scaled(voltammogram(voltage, [couple], scan_rate=RATE, area=AREA))
    place, height = top(voltage[:half], chi[:half])
    assert height == pytest.approx(0.4958 * np.sqrt(0.5), rel=2e-3)
    rising = int(np.argmax(chi[:half]))
    middle = float(np.interp(height / 2, chi[:rising], voltage[:rising]))
    assert place - middle == pytest.approx(1.857 * THERMAL / 0.5, rel=0.01)


@pytest.mark.parametrize(("psi", "separation"), [(20, 61), (7, 63), (2, 72), (1, 84), (0.5, 105), (0.25, 141)])
def test_the_separation_follows_nicholsons_table(psi: float, separation: float) -> None:
    voltage = triangle(-0.5, 0.141 + 0.0, -0.5, step=1e-3)
    constant = psi * np.sqrt(np.pi * DIFFUSIVITY * RATE / THERMAL)
    current = voltammogram(voltage, [Couple(0.0, 1.0, DIFFUSIVITY, rate_constant=constant)], scan_rate=RATE, area=AREA)
    half = len(voltage) // 2 + 1
    turn = int(np.argmax(voltage))
    apart = top(voltage[:turn], current[:turn])[0] - top(voltage[turn:], -current[turn:])[0]
    assert half > 0
    assert 1e3 * apart == pytest.approx(separation, abs=2.5)


def test_a_surface_couple_is_a_symmetric_peak_whose_charge_is_that_of_faraday() -> None:
    voltage = triangle(-0.4, 0.4, -0.4, step=5e-4)
    half = len(voltage) // 2
    amount = 2e-6
    current = voltammogram(voltage, [Couple(0.0, amount, confined=True)], scan_rate=RATE, area=AREA)
    place, height = top(voltage[:half], current[:half])
    assert height == pytest.approx(FARADAY * RATE * AREA * amount / (4 * THERMAL), rel=1e-3)
    assert place == pytest.approx(0.0, abs=5e-4)
    wide = np.ptp(voltage[:half][current[:half] > height / 2])
    assert wide == pytest.approx(3.53 * THERMAL, abs=1e-3)
    assert np.trapezoid(current[:half], voltage[:half]) / RATE == pytest.approx(FARADAY * AREA * amount, rel=1e-4)
    assert current[half + 1 :] == pytest.approx(-current[1 : half + 1], abs=0.01 * height)


def test_a_thin_layer_gives_all_its_charge_and_a_deep_one_acts_as_if_it_had_no_end() -> None:
    voltage = triangle(-0.4, 0.4, -0.4, step=1e-3)
    half = len(voltage) // 2
    thin = Couple(0.0, 1.0, DIFFUSIVITY, thickness=5e-6)
    current = voltammogram(voltage, [thin], scan_rate=1e-3, area=AREA)
    assert np.trapezoid(current[:half], voltage[:half]) / 1e-3 == pytest.approx(FARADAY * AREA * 5e-6, rel=2e-3)
    deep, endless = (
        voltammogram(voltage, [Couple(0.0, 1.0, DIFFUSIVITY, thickness=t)], scan_rate=RATE, area=AREA)
        for t in (1e-3, np.inf)
    )
    assert deep == pytest.approx(endless, rel=1e-3, abs=1e-3 * endless.max())


def test_with_a_resistance_the_semi_integral_follows_the_voltage_behind_it() -> None:
    """Nernst at the surface: the semi-integral of the current is n F A c D^1/2 / (1 + exp(-F (E - iR)/RT)), whatever the waveform."""
    voltage = triangle(-0.3, 0.3, -0.3, step=5e-4)
    current = voltammogram(voltage, [Couple(0.0, 1.0, DIFFUSIVITY)], scan_rate=RATE, area=AREA, resistance=50.0)
    order = np.arange(1, len(voltage))
    weights = np.concatenate([[1.0], np.cumprod((order - 0.5) / order)])
    semi = np.convolve(weights, current)[: len(voltage)] * np.sqrt(5e-4 / RATE)
    expected = FARADAY * AREA * np.sqrt(DIFFUSIVITY) / (1 + np.exp(-(voltage - 50.0 * current) / THERMAL))
    assert semi[1:] == pytest.approx(expected[1:], abs=4e-3 * expected.max())


def test_the_double_layer_is_charged_through_the_resistance() -> None:
    voltage = triangle(-0.4, 0.4, -0.4, step=1e-3)
    half = len(voltage) // 2
    layer = voltammogram(voltage, [], scan_rate=RATE, area=AREA, capacitance=2e-5)
    assert layer[1:half] == pytest.approx(2e-6)
    slow = voltammogram(voltage, [], scan_rate=RATE, area=AREA, capacitance=2e-5, resistance=1e4)
    time = np.arange(len(voltage)) * 1e-3 / RATE
    assert slow[5:half] == pytest.approx(2e-6 * (1 - np.exp(-time[5:half] / 0.2)), rel=0.03)


def test_what_is_no_scan_is_refused() -> None:
    with pytest.raises(FitError, match="positive scan rate"):
        voltammogram(triangle(0.0, 1.0, 0.0, step=0.1), [], scan_rate=0.0, area=1.0)
