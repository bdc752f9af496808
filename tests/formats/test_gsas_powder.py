"""Banks of GSAS powder files: every type and binning, what their numbers mean, and what is left open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import bruker_raw, diffraction_text, gsas_powder, rigaku_raw
from interlith.model import Reading
from tests.formats.samples.diffraction_texts import fixed, with_std
from tests.formats.samples.diffraction_vendor import ABOUT, pattern

COUNTS = pattern()["intensity"].to_numpy()
SIZE = COUNTS.size


def _read(path: Path, text: str, **options: Any) -> tuple[pl.DataFrame, Reading]:
    path.write_bytes(text.encode())
    reading = gsas_powder.read(path, options)
    return reading.payload.frame.collect(), reading  # type: ignore[union-attr]


def _codes(reading: Reading) -> list[str]:
    return sorted({flag.code for flag in reading.flags})


def _std(detectors: float | np.ndarray[Any, Any] = 1.0, header: str = "CONST 1800 2 0 0", **words: Any) -> str:
    return fixed("STD", np.stack([np.broadcast_to(detectors, SIZE), COUNTS], axis=1), header, **words)


def _free(header: str, kind: str = "FXYE", x: Any = None, *, above: str = "") -> str:
    place = 1800 + 2.0 * np.arange(SIZE) if x is None else x
    rows = [
        f"{at:.6f} {y:.4f}" + (f" {np.sqrt(y):.5f}" if kind == "FXYE" else "")
        for at, y in zip(place, COUNTS, strict=True)
    ]
    return "\n".join(["title", *([above] if above else []), f"BANK 1 {SIZE} {SIZE} {header} {kind}", *rows]) + "\n"


def test_counts_of_one_detector_have_no_uncertainty_of_their_own(tmp_path: Path) -> None:
    frame, reading = _read(tmp_path / "a.raw", _std())
    np.testing.assert_allclose(frame["two_theta"], 18 + 0.02 * np.arange(SIZE))
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    assert frame.columns == ["two_theta", "intensity"]
    assert reading.metadata["scans"][0]["intensity_unit"] == "counts"
    blank, _ = _read(tmp_path / "b.raw", _std().replace("\r\n 1", "\r\n  "))
    np.testing.assert_array_equal(blank["intensity"], COUNTS)


def test_the_mean_of_n_detectors_has_the_variance_over_n(tmp_path: Path) -> None:
    detectors = np.where(np.arange(SIZE) < 10, 1, np.where(np.arange(SIZE) < 25, 4, 12))
    frame, reading = _read(tmp_path / "a.raw", _std(detectors))
    np.testing.assert_array_equal(frame["intensity"], COUNTS)
    np.testing.assert_allclose(frame["intensity_std"], np.sqrt(COUNTS / detectors))
    assert _codes(reading) == ["mean_of_detectors"]
    # Without a type the data are counts of this kind.
    bare, _ = _read(tmp_path / "b.raw", _std(detectors).replace(" STD", "    "))
    assert bare.equals(frame)


def test_uncertainties_of_esd(tmp_path: Path) -> None:
    std = np.linspace(3, 9, SIZE)
    std[4] = 0.0
    frame, reading = _read(tmp_path / "a.gsa", fixed("ESD", np.stack([COUNTS, std], axis=1), "CONS 1800.0 2.0 0 0"))
    np.testing.assert_allclose(frame["two_theta"], 18 + 0.02 * np.arange(SIZE))
    np.testing.assert_allclose(frame["intensity_std"].drop_nulls(), np.delete(std, 4), atol=0.006)
    assert frame["intensity_std"][4] is None
    assert _codes(reading) == ["points_without_weight"]


def test_alt_has_parts_of_microseconds_and_hidden_decimals(tmp_path: Path) -> None:
    time = np.round(20000 * 1.001 ** np.arange(SIZE), 1)
    values = np.stack([time * 32, COUNTS * 100, np.sqrt(COUNTS) * 50], axis=1)
    frame, reading = _read(tmp_path / "a.gsa", fixed("ALT", values, "RALF 640000 640 640000 0.001"))
    np.testing.assert_allclose(frame["time_of_flight"], time, atol=0.02)
    np.testing.assert_allclose(frame["intensity"], COUNTS / 100, atol=1e-4)
    np.testing.assert_allclose(frame["intensity_std"], np.sqrt(COUNTS) / 200, atol=1e-4)
    assert reading.metadata["instrument"] == {"radiation": "neutron"}


def test_ralf_may_be_angles_and_is_asked_for(tmp_path: Path) -> None:
    values = np.stack([(1800 + 2 * np.arange(SIZE)) * 32, COUNTS * 100, np.sqrt(COUNTS) * 50], axis=1)
    text = fixed("ALT", values, "RALF 57600 64 57600 0.001")
    with pytest.raises(ReadError, match=r"line 2: positions to 1878 in steps of RALF may be times of flight .*declare"):
        _read(tmp_path / "a.gsa", text)
    angle, _ = _read(tmp_path / "a.gsa", text, mapping={"two_theta": "1", "intensity": "2"})
    np.testing.assert_allclose(angle["two_theta"], 18 + 0.02 * np.arange(SIZE))
    time, _ = _read(tmp_path / "a.gsa", text, mapping={"time_of_flight": "1", "intensity": "2"})
    np.testing.assert_allclose(time["time_of_flight"], 1800 + 2.0 * np.arange(SIZE))
    told, _ = _read(tmp_path / "a.gsa", text.replace("LNMO", "TOF "))
    assert "time_of_flight" in told.columns


def test_constant_steps_beyond_half_a_turn_are_times(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.gsa", _free("CONS 2000 1000 0 0", x=2000 + 1000.0 * np.arange(SIZE)))
    assert frame["time_of_flight"][-1] == 41000
    with pytest.raises(ReadError, match=r"are no centidegrees of two theta"):
        _read(
            tmp_path / "a.gsa",
            _free("CONS 2000 1000 0 0", x=2000 + 1000.0 * np.arange(SIZE)),
            mapping={"two_theta": "1"},
        )
    frame, _ = _read(
        tmp_path / "a.gsa", _free("CONS 1800 2 0 0", above="# Total flight path 63.18m, tth 90deg, DIFC 22585.8")
    )
    assert "time_of_flight" in frame.columns


def test_logarithmic_steps_are_computed(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.gsa", _std(header="SLOG 5000 9000 0.004 0"))
    np.testing.assert_allclose(frame["time_of_flight"], 5000 * 1.004 ** np.arange(SIZE))


def test_a_time_map(tmp_path: Path) -> None:
    """Channels 1-20 of 10 pulses from pulse 5000 on, then of 20 pulses to 5600; a pulse is 100 ns."""
    numbers = "".join(f"{number:8d}" for number in (1, 5000, 10, 21, 5200, 20, 5600))
    text = _std(header="TIME_MAP 3").replace("BANK", f"TIME_MAP 3 7 1 TIME_MAP 100\r\n{numbers}\r\nBANK", 1)
    frame, _ = _read(tmp_path / "a.gsa", text)
    want = np.concatenate([5000 + 10 * np.arange(20), 5200 + 20 * np.arange(20)]) * 0.1
    np.testing.assert_allclose(frame["time_of_flight"], want)
    with pytest.raises(ReadError, match=r"names the time map 4, which the file does not hold"):
        _read(tmp_path / "a.gsa", text.replace("TIME_MAP 3 STD", "TIME_MAP 4 STD"))
    with pytest.raises(ReadError, match=r"40 points, but the time map has 20 channels"):
        _read(
            tmp_path / "a.gsa",
            text.replace("    5600", "    5210").replace("      21    5200      20", "      20    5190      20"),
        )
    with pytest.raises(ReadError, match=r"line 2: channels, times and widths of the map do not rise"):
        _read(tmp_path / "a.gsa", text.replace("    5200", "    4000"))


def test_positions_without_uncertainties(tmp_path: Path) -> None:
    frame, _ = _read(tmp_path / "a.gsa", _free("CONS 1800 2 0 0", "FXY"))
    np.testing.assert_allclose(frame["two_theta"], 18 + 0.02 * np.arange(SIZE))
    assert "intensity_std" not in frame.columns


def test_banks_are_frames_with_the_header_of_the_first(tmp_path: Path) -> None:
    above = "# Temp (K) = 300.0\n# Scan time = APR 25, 2011 12:35:45.325926\n# Calibrated wavelength = 0.413263"
    text = _free("CONS 1800 2 0 0", above=above) + _free("CONS 1800 2 0 0").partition("\n")[2].replace(
        "BANK 1", "BANK 4"
    )
    frame, reading = _read(tmp_path / "a.gsa", text)
    assert frame["frame"].to_list() == [0] * SIZE + [1] * SIZE
    assert [scan["bank"] for scan in reading.metadata["scans"]] == [1, 4]
    assert reading.metadata["instrument"]["wavelengths"] == [0.413263]
    assert reading.state["temperature"].value == pytest.approx(26.85)
    assert reading.test == {"start": "2011-04-25T12:35:45"}
    assert _codes(reading) == ["several_banks"]


def test_a_temperature_of_one_bank_is_not_that_of_another(tmp_path: Path) -> None:
    first = _free("CONS 1800 2 0 0", above="# Temp (K) = 300.0")
    rest = _free("CONS 1800 2 0 0").partition("\n")[2]
    frame, reading = _read(tmp_path / "a.gsa", first + "# Temp (K) = 350.0\n" + rest + rest)
    warm = frame.group_by("frame", maintain_order=True).first()["temperature"].to_list()
    assert warm == [pytest.approx(26.85), pytest.approx(76.85), None]
    assert reading.state == {}


def test_the_instrument_file_is_named(tmp_path: Path) -> None:
    _, reading = _read(tmp_path / "a.gsa", _free("CONS 1800 2 0 0", above="Instrument parameter file: d1a.prm"))
    assert reading.metadata["instrument_file"] == "d1a.prm"
    assert reading.metadata["title"] == "title"


@pytest.mark.parametrize(
    ("change", "said"),
    [(("CONST 1800", "EDS 1800"), r"line 2: points in steps of 'EDS' are not read"), (("STD", "XYZ"), r"data of type 'XYZ'"),
     ((f"BANK 1 {SIZE}", "BANK 1 4x0"), r"line 2: 'BANK 1 4x0 .* no whole BANK record"), ((f"BANK 1 {SIZE}", "BANK 1 0"), r"0 points are announced"),
     (("CONST 1800 2", "LOG6 1800 2"), r"not computed; export the pattern as FXYE"), (("CONST 1800 2", "CONST 1800 0"), r"not computed"),
     (("CONST 1800", "CONST x800"), r"no coefficients of CONST"), (("BANK", "BLANK"), r"no line begins with BANK")],
)  # fmt: skip
def test_a_bank_that_is_not_understood_is_refused(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=said):
        _read(tmp_path / "a.gsa", _std().replace(*change))


@pytest.mark.parametrize(
    ("cell", "said"),
    [(" 1   2 5", "no number in its 6 characters"), (" 1   2x5", "'2x5' is no number"), ("1234.567", "fields are shifted"),
     ("\t1   25 ", "or a tab"), ("a1    25", "'a1' is no number")],
)  # fmt: skip
def test_a_damaged_cell_is_named(cell: str, said: str, tmp_path: Path) -> None:
    lines = _std().split("\r\n")
    lines[3] = lines[3][:16] + cell + lines[3][24:]
    with pytest.raises(ReadError, match=rf"line 4: .*{said}"):
        _read(tmp_path / "a.gsa", "\r\n".join(lines))


def test_a_file_cut_short_keeps_its_whole_points(tmp_path: Path) -> None:
    frame, reading = _read(tmp_path / "a.gsa", _std()[: 82 * 4 + 20])
    assert frame.height == 22
    assert _codes(reading) == ["points_not_as_announced", "truncated"]
    text = _free("CONS 1800 2 0 0")
    frame, reading = _read(tmp_path / "a.fxye", text[:-12])
    assert frame.height == SIZE - 1
    assert _codes(reading) == ["points_not_as_announced", "truncated"]
    with pytest.raises(ReadError, match=r"line 2: no point follows"):
        _read(tmp_path / "a.fxye", text.partition("FXYE")[0] + "FXYE\n")


def test_a_position_that_goes_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"bank 1: the position of point 21 goes back from 1838 to 18\.4"):
        _read(tmp_path / "a.fxye", _free("CONS 1800 2 0 0").replace("1840.000000", "18.4"))


def test_a_raw_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    for write, mine in ((lambda: path.write_text(_std()), True), (lambda: bruker_raw.write(pattern(), path, ABOUT), False),
                        (lambda: rigaku_raw.write(pattern(), path, ABOUT), False)):  # fmt: skip
        write()
        head = path.read_bytes()[:65_536]
        assert gsas_powder.sniff(head, path) == (0.97 if mine else 0.0)
        assert (max(bruker_raw.sniff(head, path), rigaku_raw.sniff(head, path)) == 0.0) == mine
        assert diffraction_text.sniff(head, path) == 0.0


@given(
    axis=st.sampled_from(["two_theta", "time_of_flight"]),
    step=st.floats(1e-3, 0.5),
    points=st.lists(
        st.tuples(st.floats(0, 1e7, allow_subnormal=False), st.one_of(st.floats(1e-3, 1e4), st.none())),
        min_size=2,
        max_size=30,
    ),
    frames=st.integers(1, 3),
    temperature=st.floats(-260, 1500),
)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(
    axis: str, step: float, points: list[tuple[float, float | None]], frames: int, temperature: float, tmp_path: Path
) -> None:
    start, scale = (5.0, 1.0) if axis == "two_theta" else (20000.0, 1000.0)
    one = pl.DataFrame({axis: start + scale * step * np.arange(len(points)), "intensity": [point[0] for point in points],
                        "intensity_std": [point[1] for point in points]},
                       schema={axis: pl.Float64, "intensity": pl.Float64, "intensity_std": pl.Float64})  # fmt: skip
    frame = pl.concat([one.with_columns(frame=pl.lit(number)) for number in range(frames)])
    path = tmp_path / "a.fxye"
    gsas_powder.write(
        frame, path, {"instrument": {"wavelengths": [0.7748]}, "temperature": temperature, "sample": "simulated"}
    )
    reading = gsas_powder.read(path, {})
    found = reading.payload.frame.collect()  # type: ignore[union-attr]
    np.testing.assert_allclose(found[axis], frame[axis], rtol=1e-11)
    np.testing.assert_allclose(found["intensity"], frame["intensity"], rtol=1e-9, atol=1e-300)
    if "intensity_std" in found.columns:
        assert found["intensity_std"].is_null().to_list() == frame["intensity_std"].is_null().to_list()
        np.testing.assert_allclose(found["intensity_std"].drop_nulls(), frame["intensity_std"].drop_nulls(), rtol=1e-9)
    assert found.get_column("frame").n_unique() == frames if frames > 1 else "frame" not in found.columns
    assert reading.state["temperature"].value == pytest.approx(temperature, abs=1e-5)
    assert reading.metadata["title"] == "simulated"


def test_a_series_keeps_its_times_and_temperatures(tmp_path: Path) -> None:
    frame = with_std(pattern(3))
    gsas_powder.write(frame, tmp_path / "a.fxye", ABOUT)
    found = gsas_powder.read(tmp_path / "a.fxye", {}).payload.frame.collect()  # type: ignore[union-attr]
    for name in ("frame", "two_theta", "intensity", "intensity_std", "test_time", "temperature"):
        np.testing.assert_allclose(found[name], frame[name], rtol=1e-9, atol=1e-5 if name == "temperature" else 0)


def test_scattering_vectors_have_no_place_in_it(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"not scattering vectors"):
        gsas_powder.write(pl.DataFrame({"scattering_vector": [1.0], "intensity": [2.0]}), tmp_path / "a.fxye", {})
