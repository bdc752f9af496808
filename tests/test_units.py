"""Numbers as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith import units
from interlith.errors import UnitError


@pytest.mark.parametrize(
    ("text", "value", "unit", "std", "resolution"),
    [
        ("4.41 mg", 4.41, "mg", math.nan, 0.01),
        ("4.940(1) angstrom", 4.940, "angstrom", 0.001, 0.001),
        ("14.539(2) Å", 14.539, "Å", 0.002, 0.001),
        ("131 +- 2 mAh/g", 131.0, "mAh/g", 2.0, 1.0),
        ("131 ± 2 mAh g⁻¹", 131.0, "mAh g⁻¹", 2.0, 1.0),
        ("+5 %", 5.0, "%", math.nan, 1.0),
        ("1.96e-4 S/cm", 1.96e-4, "S/cm", math.nan, 1e-6),
        ("0.5 at% of TM", 0.5, "at% of TM", math.nan, 0.1),
        ("−19.6 meV", -19.6, "meV", math.nan, 0.1),
    ],
)
def test_parse(text: str, value: float, unit: str, std: float, resolution: float) -> None:
    found = units.parse(text)
    assert found.value == pytest.approx(value)
    assert found.unit == unit
    assert found.std == pytest.approx(std, nan_ok=True)
    assert found.resolution == pytest.approx(resolution)


@pytest.mark.parametrize("text", ["4,41 mg", "mg", "", "four mg", "1 2 mg", "4.41 mgg", "1,377 V"])
def test_what_is_no_number_with_a_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        units.parse(text)


@pytest.mark.parametrize(
    ("text", "quantity", "value"),
    [
        ("4.41 mg", "active_mass", 4.41e-6),
        ("1.131 cm^2", "area", 1.131e-4),
        ("1.131 cm²", "area", 1.131e-4),
        ("140 mA/g", "one_C", 140.0),
        ("140 mA g^-1", "one_C", 140.0),
        ("26 degC", "temperature", 26.0),
        ("299.15 K", "temperature", 26.0),
        ("19.1 mg/cm^2", "loading", 0.191),
    ],
)
def test_inside_units(text: str, quantity: str, value: float) -> None:
    assert units.inside(text, quantity) == pytest.approx(value)


def test_a_bare_number_is_refused_with_the_unit_to_write() -> None:
    with pytest.raises(UnitError, match=r"without a unit; write for instance '4\.41 mg'"):
        units.inside("4.41", "active_mass")


def test_a_wrong_dimension_is_refused() -> None:
    with pytest.raises(UnitError, match="cannot be turned"):
        units.inside("4.41 mm", "active_mass")


def test_an_unknown_quantity_names_the_nearest() -> None:
    with pytest.raises(UnitError, match="did you mean 'voltage'"):
        units.quantity_kind("voltag")


@pytest.mark.parametrize(("text", "rate"), [("C/10", 0.1), ("0.5C", 0.5), ("2 C", 2.0), ("C", 1.0), ("C / 3", 1 / 3)])
def test_rates(text: str, rate: float) -> None:
    assert units.parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["C/0", "10", "fast", "C/"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        units.parse_rate(text)


@given(st.floats(1e-6, 1e6), st.sampled_from([("mg", "kg"), ("mAh/g", "Ah/kg"), ("cm^2", "m^2"), ("nm", "angstrom")]))
def test_conversion_there_and_back(value: float, pair: tuple[str, str]) -> None:
    there = units.convert(value, pair[0], pair[1])
    assert units.convert(there, pair[1], pair[0]) == pytest.approx(value, rel=1e-12)


def test_every_quantity_can_be_shown() -> None:
    for kind in units.QUANTITIES.values():
        if kind.unit:
            assert math.isfinite(units.convert(1.0, kind.unit, kind.shown)), kind.name


def test_common_units_are_those_of_the_registry() -> None:
    from interlith.units import _COMMON, clean, registry

    for one, (dimension, size) in _COMMON.items():
        for other, (another, goal) in _COMMON.items():
            if dimension == another:
                start, end = (
                    registry().parse_units(clean(unit)) if unit not in ("", "1") else registry().dimensionless
                    for unit in (one, other)
                )
                assert (1.0 * start).to(end).magnitude == pytest.approx(size / goal, rel=1e-14), (one, other)
