"""An instrument from a file, from the data, from words: which number wins, which is assumed, which is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from interlith.errors import ReadError, StudyError
from interlith.layouts.instrument_facts import InstrumentFacts
from interlith.layouts.instrument_files import instrument_bank, write_instrument_file
from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.instruments import facts_of, known_instrument

LAB = {"radiation": "x-ray", "anode": "Cu", "wavelengths": [1.540598, 1.544426], "ratio": 0.5, "radius": 240.0}
LAB |= {"geometry": "bragg-brentano", "monochromator": 26.4}
FULL = Instrument(
    (0.41389,), radiation="x-ray", polarisation=0.98, gauss=(6e-4, -7e-5, 3.5e-5), lorentz=(0.0017, 0.001), sample_ratio=0.0011,
    slit_ratio=0.0012, geometry="debye-scherrer", radius=1000.0, name="11-BM", source="LaB6",
)  # fmt: skip


def test_what_the_data_say_is_taken_and_the_rest_is_told() -> None:
    found = known_instrument(None, {"instrument": LAB, "scans": []})
    one = found.instrument
    assert (one.wavelengths, one.ratio, one.radius, one.monochromator) == ((1.540598, 1.544426), 0.5, 240.0, 26.4)
    assert (one.geometry, one.polarisation) == ("bragg-brentano", 0.5)
    told = " ".join(found.assumed)
    assert "polarised" in told
    assert "widths" in told
    assert "axial" in told
    for said in ("radius", "geometry", "X-rays", "K-alpha"):
        assert said not in told


def test_metadata_may_be_given_with_or_without_what_is_around_it() -> None:
    assert known_instrument(None, {"instrument": LAB}) == known_instrument(None, LAB)


@pytest.mark.parametrize("source", [None, "Cu", "neutron", "synchrotron"])
def test_usual_widths_are_those_of_peaks(source: str | None) -> None:
    metadata = LAB if source is None else {}
    one = known_instrument(source, metadata, wavelength=None if source in (None, "Cu") else 1.494).instrument
    theta = np.radians(np.linspace(1, 80, 200))
    squared = one.gauss[0] * np.tan(theta) ** 2 + one.gauss[1] * np.tan(theta) + one.gauss[2]
    assert squared.min() > 0
    assert one.geometry == ("debye-scherrer" if source in ("neutron", "synchrotron") else "bragg-brentano")
    assert one.radiation == ("neutron" if source == "neutron" else "x-ray")


def test_a_complete_instrument_passes_unchanged_and_nothing_is_assumed() -> None:
    found = known_instrument(FULL, {"wavelengths": [0.41389]})
    assert found.instrument == FULL
    assert found.assumed == ()
    assert found.notes == ()


def test_an_instrument_file_wins_over_the_data(tmp_path: Path) -> None:
    path = write_instrument_file(
        facts_of(FULL, zero=0.004, std={"gauss_u": 1e-5, "zero": 2e-4}), tmp_path / "11bm.toml"
    )
    found = known_instrument("11bm.toml", {"wavelengths": [0.4139], "radius": 500.0, "anode": "Cu"}, folder=tmp_path)
    assert found.instrument == FULL
    assert found.zero == 0.004
    assert found.std == {"gauss_u": 1e-5, "zero": 2e-4}
    assert len(found.notes) == 2
    assert "radius" in found.notes[0]
    assert "0.4139" in found.notes[1]
    assert known_instrument(path, None).instrument == FULL
    assert known_instrument(instrument_bank(path), None).instrument == FULL


def test_the_way_back_keeps_every_number(tmp_path: Path) -> None:
    doublet = known_instrument("Cu", {}).instrument
    std = {"lorentz_x": 0.001, "lorentz_y": 0.002, "slit_ratio": 1e-4}
    path = write_instrument_file(facts_of(doublet, zero=-0.01, std=std), tmp_path / "lab.toml")
    again = known_instrument(path, None)
    assert (again.instrument.wavelengths, again.instrument.gauss) == (doublet.wavelengths, doublet.gauss)
    assert (again.zero, again.std, again.assumed) == (-0.01, std, ())


def test_a_file_that_says_little_never_brings_nan() -> None:
    found = known_instrument(
        InstrumentFacts("FullProf", gauss=(0.01, -0.01, 0.01), lorentz=(0.0, 0.0)), {"anode": "Co"}
    )
    one = found.instrument
    numbers = [*one.wavelengths, one.ratio, one.polarisation, one.monochromator, *one.gauss, *one.lorentz, one.radius]
    assert all(map(math.isfinite, [*numbers, one.sample_ratio, one.slit_ratio, found.zero]))
    assert one.wavelengths[0] == pytest.approx(1.788996)
    assert not any("widths" in said for said in found.assumed)
    assert any("S/L = H/L = 0 " in said for said in found.assumed)


def test_an_unknown_radius_is_told_where_it_stays_nan() -> None:
    found = known_instrument("synchrotron", {}, wavelength=0.2411)
    assert math.isnan(found.instrument.radius)
    assert any("displacement of the specimen cannot be refined" in said for said in found.assumed)


def test_widths_of_zero_are_no_statement() -> None:
    found = known_instrument(Instrument((0.7,), name="bare"), None)
    assert found.instrument.gauss[2] > 0
    assert any("widths" in said for said in found.assumed)


def test_the_wavelength_that_is_asked_for_wins() -> None:
    assert known_instrument(FULL, {"wavelengths": [0.6]}, wavelength=0.4585).instrument.wavelengths == (0.4585,)
    assert known_instrument(None, {}, wavelength=1.494).instrument.wavelengths == (1.494,)


def test_a_tube_of_one_line_says_that_the_other_is_missing() -> None:
    assert any("K-alpha 2" in said for said in known_instrument(None, {}, wavelength=1.5406).assumed)
    assert not any("K-alpha 2" in said for said in known_instrument("Cu K-alpha 1", {}).assumed)


def test_what_cannot_be_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"wavelength is unknown.*Cu"):
        known_instrument(None, {"step": 0.02})
    with pytest.raises(StudyError, match="wavelength is unknown"):
        known_instrument("neutron", None)
    with pytest.raises(StudyError, match="two instruments"):
        known_instrument(FULL, {"wavelengths": [0.4585]})
    with pytest.raises(StudyError, match="is for x-ray and the data file says neutron"):
        known_instrument(FULL, {"radiation": "neutron"})
    with pytest.raises(ReadError, match="time of flight"):
        known_instrument(InstrumentFacts("GSAS", "POWGEN", time_of_flight=True), {})
    with pytest.raises(StudyError, match=r"neither a file nor a known word.*neutron"):
        known_instrument("neutrino", {})
    with pytest.raises(ReadError, match="no instrument file"):
        known_instrument("absent.toml", {}, folder=tmp_path)


def test_real_instrument_files(data_folder: Path) -> None:
    folder = data_folder / "diffraction"
    sequence = known_instrument(folder / "seq_CuCr2O4_11bm" / "OH_00.prm", {"wavelengths": [0.413263]})
    assert sequence.instrument.polarisation == 0.99
    assert not any("widths" in said for said in sequence.assumed)
    tube = known_instrument(folder / "pbso4" / "INST_XRY.PRM", {})
    assert (tube.instrument.ratio, len(tube.instrument.wavelengths)) == (0.5, 2)
    neutron = known_instrument("inst_d1a.prm", {}, folder=folder / "pbso4")
    assert neutron.instrument.radiation == "neutron"
    with pytest.raises(StudyError, match="two instruments"):
        known_instrument(folder / "tof_nac_powgen" / "11bm_gsas.prm", {"wavelengths": [0.413263]})
    with pytest.raises(ReadError, match="time-of-flight"):
        known_instrument(folder / "tof_vulcan_seq" / "Vulcan.prm", {}, bank=1)
