"""The page on which points are left out by a click."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.model import Sample
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.fitting import fit_circuit
from interlith.reporting.points_page import MOST_SPECTRA, write_points_page
from interlith.techniques.impedance.bare import taken
from interlith.techniques.impedance.pointwise import Pointwise, of_circuit, of_ladder, pointwise
from interlith.techniques.impedance.spectra import spectra_of

FREQUENCY = np.geomspace(1e5, 0.1, 31)
TEXT = "R0-(R1|Q1)"


@pytest.fixture(scope="module")
def spectrum() -> Pointwise:
    """Simulated: one arc with 0.3 % noise."""
    random = np.random.default_rng(8)
    z = Circuit(TEXT).impedance({"R0": 5.0, "R1": 20.0, "Q1": 3e-4, "Q1_exponent": 0.9}, FREQUENCY)
    z = z + 0.003 * np.abs(z) * (random.standard_normal(31) + 1j * random.standard_normal(31))
    (one,) = spectra_of(taken((FREQUENCY, z)))
    return pointwise(one, [of_ladder(one), of_circuit(one, fit_circuit(one.frequency, one.impedance, TEXT), 0)])


def _data(text: str) -> dict[str, object]:
    held = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert held is not None
    found: dict[str, object] = json.loads(held[1])
    return found


def test_the_page_holds_the_numbers_of_the_fit(spectrum: Pointwise, tmp_path: Path) -> None:
    page = write_points_page([spectrum], tmp_path / "points.html", title="A study", folder="study", simulated=True)
    text = page.read_text(encoding="utf-8")
    (one,) = _data(text)["spectra"]
    assert one["frequency"] == spectrum.spectrum.frequency.tolist()
    assert one["points"] == list(spectrum.points)
    circuit = one["parts"][1]
    assert circuit["values"] == spectrum.parts[1].values.tolist()
    packed = np.frombuffer(base64.b64decode(circuit["jacobian"]), dtype="<f4").reshape(62, 4)
    assert np.allclose(packed, spectrum.parts[1].jacobian, rtol=1e-6)
    assert "SIMULATED" in text


def test_the_page_asks_no_other_machine(spectrum: Pointwise, tmp_path: Path) -> None:
    text = write_points_page([spectrum], tmp_path / "points.html", title="A study").read_text(encoding="utf-8")
    assert "SIMULATED DATA" not in text
    assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(?:link|img|iframe)|\bsrc=", text)


def test_a_hostile_name_stays_a_name(spectrum: Pointwise, tmp_path: Path) -> None:
    bad = Sample(name="</script><script>alert(1)</script>", variant="x")
    hostile = replace(spectrum, spectrum=replace(spectrum.spectrum, sample=bad))
    text = write_points_page([hostile], tmp_path / "points.html", title="<b>title</b>").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<b>title" not in text
    assert str(_data(text)["spectra"][0]["label"]).startswith(bad.name)


def test_too_many_spectra_are_refused(spectrum: Pointwise, tmp_path: Path) -> None:
    for count in (0, MOST_SPECTRA + 1):
        with pytest.raises(StudyError, match="name one specimen"):
            write_points_page([spectrum] * count, tmp_path / "points.html", title="A study")
