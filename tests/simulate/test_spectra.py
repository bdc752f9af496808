"""Simulated impedance studies: files, states and truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import Series
from interlith.physics.circuits.circuit import Circuit
from interlith.simulate.spectra import simulate_in_situ, simulate_sintering
from interlith.simulate.spectra_recipes import IN_SITU, OPEN_SHARE, SINTERING, Kinked, SpectraRecipe
from interlith.techniques.impedance.spectra import spectra_of


def test_the_files_hold_the_truth_within_their_noise(tmp_path: Path) -> None:
    truth = simulate_in_situ(tmp_path, voltages=[4.0, 4.3, 4.5], noise=0.01, seed=5)
    study = il.open_study(tmp_path)
    assert not study.unread
    assert study.simulated
    spectra = spectra_of(Series(study.measurements))
    assert [one.sample.variant for one in spectra] == ["bare"] * 3 + ["coated"] * 3
    pulls = []
    for one in spectra:
        assert one.state.name == "voltage"
        known = truth.values[one.sample.name]
        place = int(np.argmin(np.abs(np.array(truth.states[one.sample.name]) - one.state.value)))
        circuit = Circuit(IN_SITU[0].circuit)
        true = circuit.impedance({name: known[name][place] for name in circuit.names}, one.frequency)
        pulls.append((one.impedance - true) / (0.01 * np.abs(true)))
    found = np.concatenate(pulls)
    assert found.real.std() == pytest.approx(1.0, abs=0.1)
    assert found.imag.std() == pytest.approx(1.0, abs=0.1)
    assert abs(found.mean()) < 0.15


def test_only_the_bare_cell_rises_above_its_onset(tmp_path: Path) -> None:
    truth = simulate_in_situ(tmp_path, voltages=[4.0, 4.4, 4.6])
    bare, coated = (truth.values[name]["charge_transfer_resistance"] for name in ("bare_01", "coated_01"))
    assert bare[0] == bare[1] < bare[2]
    assert len(set(coated)) == 1
    assert truth.at("bare_01", "charge_transfer_resistance", 4.61) == bare[2]
    held = json.loads((tmp_path / "truth.json").read_text())
    assert held["simulated"] is True
    assert held["values"]["bare_01"]["charge_transfer_resistance"] == pytest.approx(list(bare))


def test_the_powder_is_the_declared_mixture(tmp_path: Path) -> None:
    truth = simulate_sintering(tmp_path, seed=2)
    mixed = OPEN_SHARE * np.array(truth.values["open_01"]["R2"]) + (1 - OPEN_SHARE) * np.array(
        truth.values["closed_01"]["R2"]
    )
    assert np.allclose(truth.values["powder_01"]["R2"], mixed)
    study = il.open_study(tmp_path)
    spectra = spectra_of(Series(study.measurements))
    assert len(spectra) == 3 * len(truth.states["open_01"])
    assert {one.state.name for one in spectra} == {"temperature"}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate_sintering(tmp_path / name, temperatures=[25, 400], seed=9)
    first, second = (sorted((tmp_path / name / "eis").iterdir()) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    simulate_sintering(tmp_path / "c", temperatures=[25, 400], seed=10)
    assert (tmp_path / "c" / "eis" / first[0].name).read_bytes() != first[0].read_bytes()


def test_a_time_constant_fixes_the_constant_phase_element() -> None:
    recipe = SINTERING[0]
    values = recipe.values(25.0)
    tau = (values["R2"] * values["Q2"]) ** (1 / values["Q2_exponent"])
    assert tau == pytest.approx(2.5e-3)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no law for 'R1'"):
        SpectraRecipe("bare", "R0-R1", {"R0": 1.0}).values(4.0)
    with pytest.raises(StudyError, match="a positive noise"):
        simulate_in_situ(tmp_path, noise=0.0)
    assert Kinked(2.0, 4.0, 10.0, ceiling=3.0)(5.0) == 3.0
