"""What a reader is told enters what is remembered of its file, files beside it included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import interlith as il
from interlith.techniques.impedance.spectra import spectra_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two simulated spectra a line, real parts before imaginary ones, their frequencies in a file beside."""
    frequency = np.geomspace(1e4, 0.1, 12)
    z = 10 + 50 / (1 + 2j * np.pi * frequency * 1e-2)
    rows = np.stack([np.concatenate([z.real * k, -z.imag * k]) for k in (1.0, 1.1, 1.2)])
    np.savetxt(tmp_path / "matrix.txt", rows, fmt="%.6f", delimiter="\t")
    np.savetxt(tmp_path / "freq.txt", frequency)
    words = (
        "{frequencies: {file: freq.txt}, imaginary: negated, units: {impedance_real: ohm, impedance_imaginary: ohm}}"
    )
    (tmp_path / "study.yaml").write_text(f"study: simulated\nanalyses:\n  impedance: {words}\n", encoding="utf-8")
    table = "include,file,technique,sample,replicate\nyes,matrix.txt,impedance,A,1\n"
    (tmp_path / "measurements.csv").write_text(table, encoding="utf-8")
    return tmp_path


def test_a_changed_file_of_frequencies_is_noticed(folder: Path) -> None:
    first = il.open_study(folder, execute="inline")
    assert not first.unread, first.unread
    (spectrum, *_) = spectra_of(first["impedance"])
    assert spectrum.frequency[0] == pytest.approx(1e4)
    np.savetxt(folder / "freq.txt", np.geomspace(2e4, 0.2, 12))
    (again, *_) = spectra_of(il.open_study(folder, execute="inline")["impedance"])
    assert again.frequency[0] == pytest.approx(2e4)
    assert len(spectra_of(first["impedance"])) == 3
