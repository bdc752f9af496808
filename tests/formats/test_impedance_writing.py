"""Spectra that the simulator writes come back exactly to the digits written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.formats import biologic_mpt, zplot
from interlith.workbench.reading import read_file, recognise
from tests.formats.samples import impedance
from tests.formats.test_impedance_vendors import codes, frame_of

COLUMNS = ("frequency", "impedance_real", "impedance_imaginary")


def _digits(values: pl.Series, digits: int) -> list[str]:
    return [f"{value:.{digits}E}" for value in values]


@pytest.mark.parametrize("technique", ["PEIS", "GEIS"])
def test_several_spectra_as_mpt(technique: str, tmp_path: Path) -> None:
    frame, path = impedance.frame(3), tmp_path / "x.mpt"
    biologic_mpt.write(frame, path, {"start": "2026-01-02T03:04:05", "technique": technique, "area": "1.13 cm^2"})
    assert recognise(path).technique == "impedance"
    reading = read_file(path)[1]
    back = frame_of(reading)
    assert back["vendor_cycle"].to_list() == frame["vendor_cycle"].to_list()
    for name in COLUMNS:
        assert _digits(back[name], 7) == _digits(frame[name], 7), name
    np.testing.assert_allclose(back["test_time"], frame["test_time"], rtol=1e-15)
    np.testing.assert_allclose(back["voltage"], frame["voltage"], rtol=1e-7)
    assert codes(reading, notes=False) == set()
    assert reading.test["start"].startswith("2026-01-02T03:")
    text = path.read_text(encoding="cp1252").splitlines()
    assert text[0] == "EC-Lab ASCII FILE"
    assert text[int(text[1].split(":")[1]) - 1].startswith("freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm")
    # Written once more, nothing changes.
    again = tmp_path / "again.mpt"
    biologic_mpt.write(back, again, {"start": "2026-01-02T03:04:05", "technique": technique, "area": "1.13 cm^2"})
    assert frame_of(read_file(again)[1]).equals(back)


def test_a_spectrum_as_z(tmp_path: Path) -> None:
    frame, path = impedance.frame(), tmp_path / "x.z"
    zplot.write(frame, path, {"start": "2026-01-22T03:04:05", "area": "1.13 cm^2", "voltage": 3.8})
    reading = read_file(path)[1]
    back = frame_of(reading)
    for name in (*COLUMNS, "test_time"):
        assert _digits(back[name], 6) == _digits(frame[name], 6), name
    assert reading.test == {"start": "2026-01-22T03:04:05"}
    assert (reading.metadata["Surface Area"], reading.metadata["Open Circuit Potential (V)"]) == ("1.13", "3.8")
    again = tmp_path / "again.z"
    zplot.write(back, again, {})
    assert frame_of(read_file(again)[1]).select(COLUMNS).equals(back.select(COLUMNS))


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"A \.z holds one spectrum, and the frame has 2"):
        zplot.write(impedance.frame(2), tmp_path / "x.z", {})
    for write in (zplot.write, biologic_mpt.write):
        with pytest.raises(StudyError, match="no column impedance_real"):
            write(impedance.frame().drop("impedance_real"), tmp_path / "x", {})
        with pytest.raises(StudyError, match="no place for the metadata 'colour'"):
            write(impedance.frame(), tmp_path / "x", {"colour": "red"})
    with pytest.raises(StudyError, match="technique is 'EIS'"):
        biologic_mpt.write(impedance.frame(), tmp_path / "x", {"technique": "EIS"})
    holed = impedance.frame().with_columns(
        pl.when(pl.col("frequency") > 9e4).then(None).otherwise(pl.col("impedance_real")).alias("impedance_real")
    )
    with pytest.raises(StudyError, match=r"Row 1 of the spectra to be written has no Re\(Z\)/Ohm"):
        biologic_mpt.write(holed, tmp_path / "x", {})
