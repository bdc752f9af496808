"""A log without a header is read as declared, with its sign; what nobody declared is refused with the words to write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import cycler_bare
from interlith.model import Reading

WORDS: dict[str, Any] = {
    "mapping": {"test_time": 1, "voltage": 2, "current": 3}, "units": {"voltage": "V", "current": "mA/g"},
}  # fmt: skip


def _written(path: Path) -> pl.DataFrame:
    """A charge, a rest, a discharge and a second charge that follows it without a rest."""
    time = np.arange(400) * 60.0
    current = np.repeat([1.0, 0.0, -0.5, 0.5], 100) * 1e-4
    voltage = np.concatenate(
        [np.linspace(3.6, 4.4, 100), np.full(100, 4.3), np.linspace(4.2, 3.2, 100), np.linspace(3.3, 3.9, 100)]
    )
    frame = pl.DataFrame({"test_time": time, "voltage": voltage, "current": current})
    cycler_bare.write(frame, path, {"active_mass": 2e-6})
    return frame


def _read(path: Path, **more: Any) -> Reading:
    return cycler_bare.read(path, WORDS | more)


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def test_a_current_without_sign_gets_that_of_the_voltage(tmp_path: Path) -> None:
    truth = _written(tmp_path / "log.txt")
    reading = _read(tmp_path / "log.txt", positive_current="both")
    found = _frame(reading)["specific_current"].to_numpy()
    np.testing.assert_allclose(found, truth["current"].to_numpy() / 2e-6, atol=1e-3)
    assert [flag.code for flag in reading.flags] == ["sign_from_voltage"]
    assert "1 stretches" in reading.flags[0].message


def test_a_mass_gives_the_current_itself(tmp_path: Path) -> None:
    truth = _written(tmp_path / "log.txt")
    found = _frame(_read(tmp_path / "log.txt", positive_current="both", mass="2 mg"))
    np.testing.assert_allclose(found["current"].to_numpy(), truth["current"].to_numpy(), atol=1e-9)
    assert found["test_time"][-1] == 399 * 60.0


def test_a_lost_sign_is_refused_until_it_is_declared(tmp_path: Path) -> None:
    _written(tmp_path / "log.txt")
    with pytest.raises(ReadError, match="positive_current: both"):
        _read(tmp_path / "log.txt")


def test_a_stretch_of_constant_voltage_has_no_direction(tmp_path: Path) -> None:
    lines = [f"00:{number:02d}:00 3.700 10.000" for number in range(30)]
    (tmp_path / "log.txt").write_text("\n".join(lines))
    reading = _read(tmp_path / "log.txt", positive_current="both")
    assert _frame(reading)["specific_current"].null_count() == 30
    assert "sign_unclear" in {flag.code for flag in reading.flags}


def test_a_dip_of_a_plateau_is_no_turn(tmp_path: Path) -> None:
    voltage = np.concatenate([np.linspace(3.2, 3.45, 20), np.linspace(3.43, 3.5, 39)])
    lines = [f"00:{number:02d}:00 {one:.3f} 10.0" for number, one in enumerate(voltage)]
    (tmp_path / "log.txt").write_text("\n".join(lines))
    assert (_frame(_read(tmp_path / "log.txt", positive_current="both"))["specific_current"] > 0).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mapping": None}, "mapping: {test_time: 1"),
        ({"mapping": {"test_time": 1, "voltage": 2}}, "lacks current"),
        ({"mapping": {"test_time": 1, "voltage": 2, "current": 7}}, "1 to 3"),
        ({"mapping": {"test_time": 1, "voltage": "U/V", "current": 3}}, "write the number"),
        ({"mapping": {"test_time": 1, "voltage": 2, "curent": 3}}, "current"),
        ({"units": {"voltage": "V", "current": "kg"}}, "no unit of current"),
        ({"positive_current": "sideways"}, "sideways"),
    ],
)
def test_a_wrong_declaration_is_told(words: Mapping[str, Any], said: str, tmp_path: Path) -> None:
    _written(tmp_path / "log.txt")
    with pytest.raises(ReadError, match=said):
        _read(tmp_path / "log.txt", **words)


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    _written(tmp_path / "log.txt")
    text = (tmp_path / "log.txt").read_text().splitlines()
    text[6] = "00:06:00 3.9"
    (tmp_path / "log.txt").write_text("\n".join(text))
    with pytest.raises(ReadError, match="line 7"):
        _read(tmp_path / "log.txt", positive_current="both")


def test_the_log_beside_real_patterns(data_folder: Path) -> None:
    path = data_folder / "diffraction" / "operando_licov" / "charge.txt"
    if not path.is_file():
        pytest.skip("the shared operando folder is not here")
    assert cycler_bare.sniff(path.read_bytes()[:65_536], path) > 0.4
    frame = _frame(_read(path, positive_current="both"))
    assert frame.height == 1613
    assert frame["specific_current"].unique().sort().to_list() == [-19.0, 0.0, 39.0]
