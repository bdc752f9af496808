"""Elements keep their roles along a series."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.model import Series
from interlith.physics.circuits import Circuit, fit_circuit
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.circuit import fit
from interlith.techniques.impedance.circuit_line import in_line
from interlith.techniques.impedance.spectra import spectra_of

TEXT = "R0-(R1|Q1)-Ws2"
TRUTH = {"R0": 5.0, "R1": 30.0, "Q1": 8e-4, "Q1_exponent": 0.9, "Ws2_resistance": 40.0, "Ws2_time_constant": 9.0}
FREQUENCY = np.geomspace(1e4, 0.1, 46)


def _series(count: int = 12) -> Series:
    """Simulated, 1 % noise, ending at 0.1 Hz: the diffusion lies mostly outside."""
    random = np.random.default_rng(3)
    z = Circuit(TEXT).impedance(TRUTH, FREQUENCY)
    items = []
    for number in range(count):
        noise = random.standard_normal(46) + 1j * random.standard_normal(46)
        items.append(spectrum(FREQUENCY, z + 0.01 * np.abs(z) * noise, sample="S", state={"cycle": number}))
    return Series(tuple(items))


def test_a_spectrum_whose_elements_changed_roles_is_put_in_line() -> None:
    spectra = spectra_of(_series())
    impedance = np.stack([one.impedance for one in spectra])
    found = fit_circuit(spectra[0].frequency, impedance, TEXT)
    values = found.values.copy()
    # One spectrum is given the values of an arc for its diffusion and the other way round.
    values[4] = [5.0, 120.0, 0.3, 0.6, 33.0, 0.05]
    moved = _with_values(found, values)
    held = in_line(spectra, moved, {})
    assert list(held) == [4]
    again, member, verdicts = held[4]
    assert again.value("R1", member) == pytest.approx(30.0, rel=0.2)
    assert set(verdicts) == set(found.names)


def test_a_series_in_line_and_a_short_one_stay_as_they_are() -> None:
    spectra = spectra_of(_series())
    found = fit_circuit(spectra[0].frequency, np.stack([one.impedance for one in spectra]), TEXT)
    assert in_line(spectra, found, {}) == {}
    few = spectra[:3]
    assert in_line(few, fit_circuit(few[0].frequency, np.stack([one.impedance for one in few]), TEXT), {}) == {}


def test_the_verb_gives_bounds_for_all_of_the_series() -> None:
    result = fit(_series(), TEXT)
    diffusion = result.observables("Ws2_resistance")
    assert len(diffusion) == 12
    assert [one.value for one in diffusion] == [None] * 12
    arcs = [one.value for one in result.observables("R1")]
    assert np.mean(arcs) == pytest.approx(30.0, rel=0.05)


def _with_values(found, values):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    cost = found.solution.cost.copy()
    return replace(found, values=values, solution=replace(found.solution, cost=cost))
