"""Shared real files of impedance: each is read, flagged or refused rightly, and twins agree."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import Reading
from interlith.workbench.reading import read_file
from tests.formats.test_impedance_vendors import codes, frame_of, impedance_of

TWINS = "hybriddrt__PEIS_LPSCl_IonBlocking_-25C"
ZHANG = {"frequencies": {"from": "20 kHz", "to": "0.02 Hz", "points": 60}}


@pytest.fixture(scope="module")
def folder(data_folder: Path) -> Path:
    found = data_folder / "impedance"
    if not found.is_dir():
        pytest.skip(f"the real spectra are absent: {found}")
    return found


@pytest.fixture(scope="module")
def sets(data_folder: Path) -> Path:
    found = data_folder / "realsets"
    if not found.is_dir():
        pytest.skip(f"the real sets are absent: {found}")
    return found


#: File -> format, spectra, points, first point of the file, and codes of warnings.
FILES = {
    "bayesdrt__550C.0.5V.DTA": ("gamry_dta", 1, 61, (100195.3, 0.6641507, 0.1476726), set()),
    "bayesdrt__PDAC_COM3_02109_Contact10_2065C_500C.txt": ("gamry_dta", 1, 106, (1.00002e6, 1798.84, -457.5437), set()),
    "hybriddrt__EISGALV_EISTest3.DTA": ("gamry_dta", 1, 71, (1000078, 0.04711733, 0.1695821), set()),
    f"{TWINS}.mpr": ("biologic_mpr", 1, 79, (7000018.5, 359.24146, -290.92038), set()),
    f"{TWINS}.txt": ("biologic_mpt", 1, 79, (7000018.5, 359.24146, -290.92038), set()),
    f"{TWINS}_RelaxIS.txt": ("relaxis", 1, 79, (0.10002180933952332, 1799427.625, -8093785.5), set()),
    "hybriddrt__PEIS_SSB.mpr": ("biologic_mpr", 1, 89, None, set()),
    "impedancepy__Circuit1_EIS_1.z": ("zplot", 1, 48, (5e4, 29.036, 0.63662), set()),
    "impedancepy__Circuit1_EIS_2.z": ("zplot", 1, 48, None, set()),
    "impedancepy__Circuit2_EIS_1.z": ("zplot", 1, 56, None, set()),
    "impedancepy__Circuit2_EIS_2.z": ("zplot", 1, 56, None, set()),
    "impedancepy__exampleData.csv": ("impedance_bare", 1, 66, (3.1623e-3, 0.0494998977640506, -0.0204386985444189), {"units_not_printed"}),
    "impedancepy__exampleDataAutolab.txt": ("z60w", 1, 41, (1e4, 0.013785863964281, 0.007191946305823), set()),
    "impedancepy__exampleDataBioLogic.mpt": ("biologic_mpt", 1, 43, None, set()),
    "impedancepy__exampleDataCHInstruments.txt": ("ch_instruments", 1, 73, (99610, 98.91, -2.748), set()),
    "impedancepy__exampleDataGamry.DTA": ("gamry_dta", 1, 72, (200015.6, 825.8584, -1367.239), set()),
    "impedancepy__exampleDataParstat.txt": (
        "parstat", 1, 31, (1e4, -0.00049816280376104, 0.0175143479976367), {"negative_real_part", "not_causal"},
    ),
    "impedancepy__exampleDataPowersuite.txt": (
        "powersuite", 1, 30, (0.1, 423929.46, -49014.063), {"negative_real_part", "not_causal"},
    ),
    # The file announces 56 points and was cut by those who published it.
    "impedancepy__exampleDataZPlot.z": ("zplot", 1, 21, None, {"truncated"}),
    "pydrttools__LIB_data.txt": ("impedance_bare", 1, 107, (999.040405, 0.112362966, 0.00318273902), {"units_not_printed"}),
    "pydrttools__negami_data.txt": ("impedance_bare", 1, 81, (1e6, 10.02387, 0.019442), {"units_not_printed"}),
}  # fmt: skip


@pytest.mark.parametrize("file", list(FILES))
def test_every_shared_spectrum_is_read(file: str, folder: Path) -> None:
    name, spectra, points, first, warnings = FILES[file]
    found, reading = read_file(folder / file)
    frame = frame_of(reading)
    assert found.name == name
    assert frame["vendor_cycle"].n_unique() == spectra
    assert frame.height == points
    assert codes(reading, notes=False) == warnings
    if first is not None:
        np.testing.assert_allclose(frame.row(0)[:3], first, rtol=3e-8)
    # All of these cells are capacitive at low frequency.
    low = frame.sort("frequency").head(points // 3)
    assert low["impedance_imaginary"].mean() < 0


@pytest.mark.parametrize("file", ["hybriddrt__SSB_sample_info.txt", "hybriddrt__sample_info.txt"])
def test_notes_are_no_spectrum(file: str, folder: Path) -> None:
    with pytest.raises(ReadError, match="no reader knows this content"):
        read_file(folder / file)


def test_a_file_its_text_and_an_export_of_another_program_agree_to_the_last_digit(folder: Path) -> None:
    """The .mpr holds single precision; its text prints eight digits of it, RelaxIS all of it."""
    raw, text, other = (frame_of(read_file(folder / f"{TWINS}{end}")[1]) for end in (".mpr", ".txt", "_RelaxIS.txt"))
    columns = ("frequency", "impedance_real", "impedance_imaginary")
    assert other.sort("frequency", descending=True).select(columns).equals(raw.select(columns))
    lines = (folder / f"{TWINS}.txt").read_text(encoding="cp1252").splitlines()[65:]
    printed = [line.split("\t")[:3] for line in lines]
    for row, fields in zip(raw.select(columns).iter_rows(), printed, strict=True):
        for value, field in zip((row[0], row[1], -row[2]), fields, strict=True):
            exact = Decimal(value)
            last = Decimal(1).scaleb(exact.adjusted() - 7)
            # EC-Lab rounds a half up where Python rounds it to even.
            assert exact.quantize(last, ROUND_HALF_UP) == Decimal(field), (value, field)
    for name in columns:
        assert (text[name].cast(pl.Float32) == raw[name].cast(pl.Float32)).all()


def test_the_table_of_solid_cells_equals_its_raw_files(sets: Path) -> None:
    ssb = sets / "eis_ssb"
    with pytest.raises(ReadError, match="8 cells"):
        read_file(ssb / "EISdata1_SoC0_Cyc1to100.csv")
    every = frame_of(read_file(ssb / "EISdata1_SoC0_Cyc1to100.csv", options={"cell": "all"})[1])
    assert every["vendor_cycle"].n_unique() == 148
    first = frame_of(read_file(ssb / "EISdata1_SoC0_Cyc1to100.csv", options={"cell": 1})[1])
    assert first.group_by("vendor_cycle", maintain_order=True).first()["cycle"].to_list() == [
        *range(1, 12),
        21,
        41,
        *range(51, 92, 10),
    ]
    forming = frame_of(read_file(ssb / "Cell001_Form_20uA_25T_30RH_Cycle1to10_01_GEIS_CA1.mpr")[1])
    cycling = frame_of(read_file(ssb / "Cell001_Cyc_20uA_25T_30RH_Cycle11to100_01_GEIS_CA1.mpr")[1])
    raw = [impedance_of(forming, number) for number in range(1, 11)]
    # The authors left the third sweep of the second file out.
    raw += [impedance_of(cycling, number) for number in range(1, 10) if number != 3]
    for number, z in enumerate(raw, start=1):
        # The table prints six digits, frequencies rising.
        np.testing.assert_allclose(impedance_of(first, number)[::-1], z, rtol=2e-5)


def test_electrolytes_over_temperature(sets: Path) -> None:
    path = sets / "eis_electrolyte_T" / "madap_conductivity_EIS_4electrolytes.csv"
    with pytest.raises(ReadError, match="4 cells"):
        read_file(path)
    every = read_file(path, options={"cell": "all"})[1]
    assert frame_of(every)["vendor_cycle"].n_unique() == 39
    counts = []
    for cell in ("PYA_25082021_BM169_1", "WOC_02112021_BM241_3", "WOC_18012022_BM-K004_4", "WOC_23032021_BM063_4"):
        reading = read_file(path, options={"cell": cell})[1]
        frame = frame_of(reading)
        counts.append(frame["vendor_cycle"].n_unique())
        one = reading.metadata["spectra"][0]
        # The real part at the highest frequencies is the recorded resistance.
        assert frame["impedance_real"][0] == pytest.approx(float(one["resistance [Ohm]"]), rel=0.15)
        assert re.match(r"\(4\.\d+, 0\.\d+\)", one["cell constant, standard deviation"])
        assert frame["temperature"].unique().sort().to_list()[-1] == 60.0
    assert counts == [9, 10, 10, 10]


def test_spectra_without_frequencies(sets: Path) -> None:
    path = sets / "eis_zhang2020" / "EIS_data.txt"
    with pytest.raises(ReadError, match=r"60 points each.*Declare the frequencies"):
        read_file(path)
    reading = read_file(path, options=ZHANG)[1]
    frame = frame_of(reading)
    assert frame["vendor_cycle"].n_unique() == 1358
    assert frame.row(0)[:2] == pytest.approx((2e4, 0.3847))
    # Printed turned: the first number behind the real parts is negative, as of an inductance at 20 kHz.
    assert frame["impedance_imaginary"][0] > 0
    assert frame.filter(pl.col("frequency") < 1)["impedance_imaginary"].max() < 0
    assert codes(reading, notes=False) == {"units_not_printed"}


@pytest.mark.parametrize("state", ["10a", "10f", "30a", "30f", "50a", "50f"])
def test_first_harmonics_are_read_and_second_ones_refused(state: str, sets: Path) -> None:
    options = {"files": {"Z*": {"frequencies": {"file": f"freq_{state}.txt"}}}}
    reading = read_file(sets / "eis_nleis" / f"Z1s_{state}.txt", options=options)[1]
    frame = frame_of(reading)
    assert frame["vendor_cycle"].value_counts()["count"].to_list() == [66, 66, 66]
    assert (frame["frequency"].min(), frame["frequency"].max()) == (3.1623e-3, 1e4)
    assert frame["impedance_imaginary"][0] < 0
    with pytest.raises(ReadError, match=r"real parts are negative.*second harmonic"):
        read_file(sets / "eis_nleis" / f"Z2s_{state}.txt", options=options)
    with pytest.raises(ReadError, match="no reader knows this content"):
        read_file(sets / "eis_nleis" / f"freq_{state}.txt")


def test_the_first_30_percent_aged_spectrum_is_the_example_of_impedance_py(folder: Path, sets: Path) -> None:
    """Two public sets hold one measurement: a headerless file and the first row of a matrix."""
    one = frame_of(read_file(folder / "impedancepy__exampleData.csv")[1])
    options = {"frequencies": {"file": "freq_30a.txt"}}
    other = frame_of(read_file(sets / "eis_nleis" / "Z1s_30a.txt", options=options)[1])
    spread = [np.abs(impedance_of(other, number) / impedance_of(one) - 1).max() for number in (1, 2, 3)]
    assert min(spread) < 0.02


def _reading(folder: Path, name: str) -> Reading:
    return read_file(folder / name)[1]


def test_what_headers_say_is_kept(folder: Path) -> None:
    assert _reading(folder, "impedancepy__Circuit1_EIS_1.z").metadata["Open Circuit Potential (V)"] == "0.0033"
    assert _reading(folder, "impedancepy__exampleDataCHInstruments.txt").metadata["Amplitude (V)"] == "0.025"
    (about,) = _reading(folder, f"{TWINS}_RelaxIS.txt").metadata["spectra"]
    assert about["constants"] == {"DC": -0.080042, "TM": 33.741076, "J": -5e-6, "FV2": 1.0}
    # What stands still was not measured.
    home_made = _reading(folder, "bayesdrt__PDAC_COM3_02109_Contact10_2065C_500C.txt")
    assert "time_stands_still" in codes(home_made)
    assert "test_time" not in frame_of(home_made).columns
