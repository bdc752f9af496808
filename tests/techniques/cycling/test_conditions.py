"""Are cells without a declared 1C compared by their current, on a basis that all of them share?"""

from __future__ import annotations

import pytest

from interlith.model import Declared, Sample, Series
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import cell, cycles, logged, measurement


def _names(*samples: Sample) -> dict[tuple[str, str], tuple[float, float, str]]:
    made = Series(
        tuple(measurement(logged(cycles(2, current=1e-3 * n)), sample) for n, sample in enumerate(samples, start=1))
    )
    rows = summarise(made).data["conditions"].filter(state_value=1.0)
    return {(row["sample"], row["name"]): (row["value"], row["tolerance"], row["unit"]) for row in rows.to_dicts()}


def test_currents_per_mass() -> None:
    found = _names(cell("A1"), cell("A2"))
    assert found["A1", "discharge_specific_current"][0] == pytest.approx(100.0)
    value, tolerance, unit = found["A2", "charge_specific_current"]
    assert (value, tolerance, unit) == (pytest.approx(200.0), pytest.approx(20.0), "mA/g")
    assert ("A1", "discharge_current") not in found


def test_currents_where_no_mass_is_known() -> None:
    found = _names(cell("A1", mass=None), cell("A2", mass=None))
    assert found["A1", "discharge_current"] == (pytest.approx(1.0), pytest.approx(0.1), "mA")
    assert found["A2", "discharge_current"][0] == pytest.approx(2.0)


def test_no_common_basis_is_not_compared() -> None:
    names = {name for _, name in _names(cell("A1"), cell("A2", mass=None))}
    assert names == {"upper_voltage", "lower_voltage"}


def test_rates_are_enough_where_all_cells_have_them() -> None:
    one = Declared(100.0, "A/kg", 0.0)
    both = _names(cell("A1", one_C=one), cell("A2", one_C=one))
    assert {name for _, name in both} == {"upper_voltage", "lower_voltage", "charge_rate", "discharge_rate"}
    mixed = _names(cell("A1", one_C=one), cell("A2"))
    assert ("A1", "discharge_specific_current") in mixed
    assert ("A2", "discharge_specific_current") in mixed
