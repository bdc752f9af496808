"""Real spectra give the published values, without starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interlith.physics.circuits import fit_circuit


@pytest.fixture(scope="module")
def impedance_folder(data_folder: Path) -> Path:
    folder = data_folder / "impedance"
    if not folder.is_dir():
        pytest.skip(f"the real spectra are absent: {folder}")
    return folder


@pytest.mark.parametrize("text", ["R0-(R1|C1)-(R2-Wo1|C2)", "R0-p(R1,C1)-p(R2-Wo1,C2)", "[R(RC)([RWo]C)]"])
def test_example_of_impedance_py(impedance_folder: Path, text: str) -> None:
    """Values and standard errors as its documentation prints them."""
    table = np.loadtxt(impedance_folder / "impedancepy__exampleData.csv", delimiter=",")
    frequency, impedance = table[:, 0], table[:, 1] + 1j * table[:, 2]
    capacitive = impedance.imag < 0
    found = fit_circuit(frequency[capacitive], impedance[capacitive], text, weights="unit")
    published = np.array([0.01652, 0.00868, 3.321, 0.00539, 0.0631, 232.5, 0.2195])
    errors = np.array([0.00015, 0.00019, 0.190, 0.00021, 0.0019, 16.2, 0.0175])
    assert found.names[4:6] == ("Wo1_resistance", "Wo1_time_constant")
    assert (np.abs(found.values[0] - published) < errors).all()
    np.testing.assert_allclose(found.std[0], errors, rtol=0.1)


@pytest.mark.parametrize(("circuit", "resistances"), [("Circuit1", (29.1, 46.7)), ("Circuit2", (148.7, 504.4))])
def test_repeats_of_one_measurement_agree(
    impedance_folder: Path, circuit: str, resistances: tuple[float, float]
) -> None:
    """Two sweeps over one dummy cell, a resistor with a resistor and a capacitor: alike to a thousandth, the exponent near one."""
    spectra = [_zplot(impedance_folder / f"impedancepy__{circuit}_EIS_{k}.z") for k in (1, 2)]
    found = fit_circuit(spectra[0][0], np.stack([one[1] for one in spectra]), "L1-R0-(R1|Q1)")
    assert found.converged.all()
    assert found.scatter.max() < 0.003
    for name, value in zip(("R0", "R1"), resistances, strict=True):
        place = found.names.index(name)
        assert found.values[:, place] == pytest.approx([value, value], rel=1e-3)
        assert np.ptp(found.values[:, place]) < 5 * found.std[:, place].max()
    assert found.values[:, -1] == pytest.approx(0.996, abs=0.003)


def _zplot(path: Path) -> tuple[np.ndarray, np.ndarray]:
    lines = path.read_text(encoding="latin-1").splitlines()
    table = np.array([line.split() for line in lines[lines.index("End Comments") + 1 :] if line.strip()], dtype=float)
    return table[:, 0], table[:, 4] + 1j * table[:, 5]
