"""Processes of distributions: resistance, time constant, sharing, bounds, single relaxations, tracking."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.numerics.relaxation import distributions, peaks, track
from tests.numerics.relaxation.spectra import FREQUENCY, OMEGA, TWO, arcs, noisy


def test_resistance_and_time_constant_within_their_uncertainties() -> None:
    found = distributions(FREQUENCY, noisy(arcs(*TWO), 24))
    made = [peaks(one) for one in found.bands]
    assert all(one.count == 2 for one in made)
    truth = np.array([[r, np.log(t)] for r, t, _ in TWO])
    pulls = np.stack([(one.values[:, :2] - truth) / one.std[:, :2] for one in made])
    assert (np.abs(pulls) < 2).mean() > 0.9
    assert (pulls.std(axis=0) > 0.35).all()
    assert all(one.side == ("", "") for one in made)
    assert made[0].probability.min() > 0.95


def test_overlap_enters_the_uncertainty() -> None:
    near, far = ((80.0, 3e-3, 0.85), (60.0, 3e-2, 0.85)), ((80.0, 3e-5, 0.85), (60.0, 3e-2, 0.85))
    std = []
    for parts in (near, far):
        made = peaks(distributions(FREQUENCY, noisy(arcs(*parts), 1)).bands[0])
        assert made.count == 2
        std.append(made.std[0, 0])
    assert std[0] > 3 * std[1]


def test_a_process_beyond_the_window_is_a_bound() -> None:
    made = peaks(distributions(FREQUENCY, noisy(arcs(TWO[0], (200.0, 100.0, 0.85)), 1)).bands[0])
    assert made.side[-1] == "slow"
    assert 0 < made.inside_low[-1] < 200.0
    assert made.side[0] == ""


def test_single_relaxations_are_found_as_such() -> None:
    data = noisy(arcs(TWO[1]) + 40 / (1 + OMEGA * 1e-5), 3)
    found = distributions(FREQUENCY, data, spikes=True)
    assert found.spikes[:, :, 0] == pytest.approx(np.full((3, 1), 40.0), rel=0.02)
    assert found.spikes[:, :, 1] / np.log(10) == pytest.approx(np.full((3, 1), -5.0), abs=0.02)
    made = peaks(found.bands[0])
    assert made.discrete.tolist() == [True, False]
    assert made.values[1, 0] == pytest.approx(90.0, rel=0.05)


def test_nothing_but_single_relaxations() -> None:
    data = noisy(15 + 50 / (1 + OMEGA * 1e-4) + 80 / (1 + OMEGA * 1e-2), 3)
    for one in distributions(FREQUENCY, data, spikes=True).bands:
        made = peaks(one)
        assert made.discrete.tolist() == [True, True]
        assert made.values[:, 0] == pytest.approx([50.0, 80.0], rel=0.02)


def test_a_resistor_has_no_process_of_any_size() -> None:
    found = distributions(FREQUENCY, noisy(np.full(80, 25.0 + 0j), 2))
    for member, one in enumerate(found.bands):
        assert abs(found.polarisation[member]) < 0.2
        assert all(side or size < 0.3 for side, size in zip(peaks(one).side, peaks(one).values[:, 0], strict=True))


def test_broad_processes_are_no_single_relaxations() -> None:
    found = distributions(FREQUENCY, noisy(arcs((60.0, 1e-4, 0.9), TWO[1]), 3), spikes=True)
    assert found.spikes.shape[1] == 0


def test_a_negative_loop_is_a_negative_resistance() -> None:
    data = noisy(arcs(TWO[0]) - 30 / (1 + (OMEGA * 2.0) ** 0.85), 1)
    made = peaks(distributions(FREQUENCY, data, signed=True).bands[0])
    assert made.values[:, 0] == pytest.approx([50.0, -30.0], rel=0.1)


def test_names_survive_crossing_gaps_and_appearing() -> None:
    steps = range(12)
    tau = [np.array([-8 + 0.4 * k, -3 - 0.4 * k, 1.0])[: 3 if k > 6 else 2] for k in steps]
    size = [np.array([50.0, 200.0, 20.0])[: one.size] for one in tau]
    tau[4], size[4] = tau[4][1:], size[4][1:]
    order = [np.argsort(one) for one in tau]
    named = track(
        [one[o] for one, o in zip(tau, order, strict=True)], [one[o] for one, o in zip(size, order, strict=True)]
    )
    by_size = [
        dict(zip(one[o].tolist(), numbers.tolist(), strict=True))
        for one, o, numbers in zip(size, order, named, strict=True)
    ]
    for resistance in (50.0, 200.0, 20.0):
        assert len({held[resistance] for held in by_size if resistance in held}) == 1
    assert len({number for held in by_size for number in held.values()}) == 3
