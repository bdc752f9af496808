"""Words above a pattern: which are understood, in which unit, and which are not."""

from __future__ import annotations

import math

import pytest

from interlith.layouts import diffraction_columns as columns
from interlith.layouts import diffraction_header as header
from interlith.layouts.diffraction_lines import decoded, head_lines


@pytest.mark.parametrize(
    ("line", "angstrom"),
    [("# Calibrated wavelength = 0.413263", 0.413263), ("Wavelength: 7.2932e-11m", 0.72932), ("! lambda1: 1.5406 A", 1.5406),
     ("# Wavelength (nm) = 0.07748", 0.7748), ("# K-Alpha1 wavelength: 1.54060", None), ("# Kalpha1 = 1.5406", 1.5406),
     ("# wavelength = 12.4 keV", None), ("# wavelength = 1540.6", None), ("# Energy = 30 keV", None), ("# λ = 0.7 Å", 0.7)],
)  # fmt: skip
def test_wavelengths(line: str, angstrom: float | None) -> None:
    told = header.instrument_of(header.words_of([line]))
    assert told.get("wavelengths") == (None if angstrom is None else pytest.approx([angstrom]))


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [("# Temp (K) = 6.778", -266.3725, -266.3715), ("Temperature: 25.0 C", 24.95, 25.05), ("# sample temperature = 300 K", 26.35, 27.35),
     ("# Temperature = 25", None, None), ("# Temp (K) = UNKNOWN", None, None), ("# Temp (K) = -5", None, None),
     ("# Temperature gradient = 5 K", None, None)],
)  # fmt: skip
def test_temperatures(line: str, low: float | None, high: float | None) -> None:
    state = header.state_of(header.words_of([line]))
    if low is None:
        assert state == {}
    else:
        assert state["temperature"][1:] == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("line", "iso"),
    [("# Scan time = APR 25, 2011 12:35:45.325926", "2011-04-25T12:35:45"), ("Start time: 2024-03-05 06:07:08", "2024-03-05T06:07:08"),
     ("_x", ""), ("# Scan time = 0.1 s", ""), ("Date: 2024-03-05 06:07:08", ""), ("# Scan time = APR 45, 2011 12:35:45", "")],
)  # fmt: skip
def test_starts(line: str, iso: str) -> None:
    assert header.start_of(header.words_of([line])) == iso


@pytest.mark.parametrize(
    ("printed", "half"), [("25", 0.5), ("25.0", 0.05), ("2.5e3", 50.0), ("1e950000", 0.5e300), ("1e-950000", 0.5e-300)]
)
def test_half_a_digit(printed: str, half: float) -> None:
    assert header.half_digit(printed) == pytest.approx(half)


def test_a_ratio_needs_two_wavelengths() -> None:
    assert "ratio" not in header.instrument_of({"Lambda1": "1.5406", "R": "0.5"})
    assert header.instrument_of({"Lambda1": "1.5406", "Lambda2": "1.5444", "R": "0.5"})["ratio"] == 0.5
    assert "ratio" not in header.instrument_of(
        {"Lambda1": "1.5406", "Lambda2": "1.5444", "R": "435"}
    )  # that is a radius


def test_the_first_of_two_words_counts() -> None:
    assert header.words_of(["a = 1", "a = 2"]) == {"a": "1"}


@pytest.mark.parametrize(
    ("name", "axis", "unit"),
    [("2Theta", "two_theta", "deg"), ("2-Theta Angle (Degrees)", "two_theta", "deg"), ("2θ (°)", "two_theta", "deg"), ("tth", "two_theta", "deg"),
     ("2th_rad", "two_theta", "rad"), ("two theta", "two_theta", "deg"), ("Position [°2Th.]", "two_theta", "deg"), ("Q", "scattering_vector", ""),
     ("q [nm-1]", "scattering_vector", "1/nm"), ("Q(A^-1)", "scattering_vector", "1/angstrom"), ("TOF (µs)", "time_of_flight", "us"),
     ("tof", "time_of_flight", ""), ("Time (s)", "", ""), ("quantity", "", ""), ("energy", "", ""), ("2nd cycle", "", ""), ("theta", "", "")],
)  # fmt: skip
def test_names_of_positions(name: str, axis: str, unit: str) -> None:
    assert columns.axis_of(name) == (axis, unit)


def test_factors_of_units() -> None:
    assert columns.UNITS["two_theta"]["rad"] * math.pi == pytest.approx(180)
    assert columns.UNITS["scattering_vector"]["1/nm"] == 0.1


def test_code_pages() -> None:
    assert decoded("Образец".encode("cp1251")) == "Образец"
    assert decoded("Größe in µm".encode("cp1252")) == "Größe in µm"
    assert decoded("Größe".encode()) == "Größe"
    assert head_lines(b"\x00\x01") == ()
