"""Ivium .idf: what is known is read, all else is refused with the export to make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interlith.errors import ReadError
from interlith.formats import ivium
from interlith.model import Reading
from tests.formats.samples import table
from tests.formats.samples.ivium import text


def _read(folder: Path, content: bytes) -> Reading:
    path = folder / "x.idf"
    path.write_bytes(content)
    return ivium.read(path, {})


def test_a_transient(tmp_path: Path) -> None:
    reading = _read(tmp_path, text())
    frame = reading.payload.frame.collect()  # type: ignore[union-attr]
    for name in ("test_time", "current", "voltage"):
        np.testing.assert_allclose(frame[name], table()[name], rtol=1e-5, err_msg=name)
    assert reading.test == {"start": "2026-01-02T03:04:05"}
    assert [flag.code for flag in reading.flags] == ["columns_by_position"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (text("CyclicVoltammetry"), r"method 'CyclicVoltammetry'.*export the data as text"),
        (text("Impedance"), r"third column of an impedance block .* is no frequency"),
        (text(columns=4), r"4 columns.*export the data as text"),
        (text(rows=10**9), "announces 1000000000 rows"),
        (text(rows=61), "row 61 of 61 is 'end'"),
        (text().replace(b" 4.20000E+00", b" 4,20000E+00", 1), r"row \d+ of 60 is .*instead of three numbers"),
        (text().replace(b"1.05000E+01", b"9.05000E+09", 1), "first column falls at row 3"),
        (text().replace(b"primary_data", b"something"), "no block 'primary_data'"),
        (b"Version=11 but no more", "method 'unknown'"),
    ],
)
def test_what_is_not_known_is_refused(content: bytes, match: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=match):
        _read(tmp_path, content)
