"""Conductivities follow from resistance and geometry with every error once; spectra give the resistance by themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.errors import StudyError, UnitError
from interlith.model import Declared, Result, Sample, Series, State
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.conductivity import conductivity
from interlith.techniques.impedance.conductivity_geometry import geometry_of
from interlith.techniques.impedance.records import how, observable, result
from interlith.techniques.impedance.spectra import spectra_of

FREQUENCY = np.logspace(6, 1, 50)
OMEGA = 2j * np.pi * FREQUENCY


def series(impedance: np.ndarray, temperature: float = 25.0) -> Series:
    return Series((spectrum(FREQUENCY, impedance, sample="pellet", state={"temperature": temperature}),))


def pellet(seed: int, *, noise: float = 2e-3, total: float = 30.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    clean = total / 3 + (2 * total / 3) / (1 + (OMEGA * 3e-7) ** 0.9) + 1 / (4e-6 * OMEGA**0.92)
    scatter = random.standard_normal(50) + 1j * random.standard_normal(50)
    return np.asarray(clean + noise * np.abs(clean) * scatter)


def fitted() -> Result:
    """Bulk 20 +- 0.2 and grain boundary 10 +- 0.3 ohm whose errors are opposed."""
    (one,) = spectra_of(series(pellet(1)))
    made = [
        observable(one, "R1", 20.0, "ohm", {"fit:a/0": 0.2}),
        observable(one, "R2", 10.0, "ohm", {"fit:a/0": -0.2, "fit:a/1": math.sqrt(0.05)}),
        observable(one, "Q1_exponent", 0.9, "1", {"fit:a/2": 0.1}),
    ]
    return result("fit", made, data={}, quality=[], record=how("test", {}, ""))


def test_errors_of_fit_and_geometry_add_up_by_component() -> None:
    found = conductivity(fitted(), resistance=["R1", "R2"], thickness="1.00 +- 0.02 mm", diameter="10.0 +- 0.1 mm")
    resistance, made = found.observables()
    assert resistance.value == pytest.approx(30.0)
    assert resistance.std == pytest.approx(math.sqrt(0.05))
    assert made.value == pytest.approx(0.1 / (math.pi * 0.25) / 30)
    assert made.unit == "S/cm"
    relative = {source: size / made.value for source, size in made.components.items()}
    assert relative["calibration:thickness/pellet"] == pytest.approx(0.02)
    assert relative["area:pellet"] == pytest.approx(-0.02)
    assert relative["fit:a/1"] == pytest.approx(-math.sqrt(0.05) / 30)
    assert relative["fit:a/0"] == pytest.approx(0.0, abs=1e-12)


def test_the_published_numbers_of_two_solid_electrolytes_have_plausible_resistances() -> None:
    # 4.2 and 8.9 mS/cm in a die of 10 mm: pellets of a millimetre have 30 and 14 ohm.
    for expected, total in ((4.2e-3, 30.3), (8.9e-3, 14.3)):
        found = conductivity(series(pellet(2, total=total)), thickness="1.00 +- 0.02 mm", diameter="10.0 +- 0.1 mm")
        assert found.observables("ionic_conductivity")[0].value == pytest.approx(expected, rel=0.02)


def test_unknown_errors_are_infinite_and_not_zero() -> None:
    (made,) = conductivity(fitted(), resistance="R1", thickness="1.00 mm", diameter="10.0 +- 0.1 mm").observables(
        "ionic_conductivity"
    )
    assert math.isinf(made.std)
    assert made.components["area:pellet"] == pytest.approx(-0.02 * (made.value or 0))


def test_leads_are_taken_off_and_a_cell_constant_replaces_the_geometry() -> None:
    found = conductivity(fitted(), resistance="R1", cell_constant="4.72 +- 0.01 1/cm", leads="0.5 +- 0.1 ohm")
    resistance, made = found.observables()
    assert resistance.value == pytest.approx(19.5)
    assert made.value == pytest.approx(4.72 / 19.5)
    assert made.components["calibration:leads/pellet"] == pytest.approx(made.value * 0.1 / 19.5)
    none = conductivity(fitted(), resistance="R1", cell_constant="1 1/cm", leads="30 ohm")
    assert none.observables("ionic_conductivity")[0].value is None
    assert not none.quality.item(0, "ok")


def test_what_is_missing_or_said_twice_is_asked_for() -> None:
    with pytest.raises(StudyError, match="thickness is missing"):
        conductivity(fitted(), resistance="R1", diameter="10 mm")
    with pytest.raises(StudyError, match="area is missing"):
        conductivity(fitted(), resistance="R1", thickness="1 mm")
    with pytest.raises(StudyError, match="both diameter and area"):
        conductivity(fitted(), resistance="R1", thickness="1 mm", diameter="10 mm", area="1 cm^2")
    with pytest.raises(StudyError, match="both cell_constant and thickness"):
        conductivity(fitted(), resistance="R1", thickness="1 mm", cell_constant="1 1/cm")
    with pytest.raises(StudyError, match="no resistance 'R9'"):
        conductivity(fitted(), resistance="R9", thickness="1 mm", diameter="1 mm")
    with pytest.raises(StudyError, match="resistance is missing"):
        conductivity(fitted(), thickness="1 mm", diameter="1 mm")
    with pytest.raises(UnitError):
        conductivity(fitted(), resistance="R1", thickness="1.0", diameter="10 mm")
    with pytest.raises(StudyError, match="positive"):
        conductivity(fitted(), resistance="R1", thickness="0 mm", diameter="10 mm")
    with pytest.raises(StudyError, match="not pellet"):
        conductivity(fitted(), resistance="R1", thickness={"other": "1 mm"}, diameter="10 mm")


def test_a_declared_area_is_used() -> None:
    sample = Sample("pellet", area=Declared(1e-4, "m^2", 1e-6))
    told = {"thickness": "1 +- 0 mm", "diameter": None, "area": None, "cell_constant": None, "leads": None}
    geometry = geometry_of("pellet", told, sample)
    assert geometry.constant == pytest.approx(10.0)
    assert geometry.relative["area:pellet"] == pytest.approx(-0.01)


def test_the_resistance_in_front_of_the_tail_holds_the_truth() -> None:
    pulls, circuits = [], set()
    for seed in range(3):
        found = conductivity(series(pellet(seed)), cell_constant="1 +- 0 1/cm")
        one = found.observables("ionic_resistance")[0]
        assert one.value is not None
        pulls.append((one.value - 30) / one.std)
        circuits.add(found.data["intercepts"].item(0, "circuit"))
    assert circuits <= {"R0-(R1|Q1)-Q2", "R0-(R1|Q1)-(R2|Q2)-Q3"}
    assert np.abs(pulls).max() < 3.5
    assert 0.01 < one.std < 0.1


def test_electrodes_that_do_not_block_are_refused() -> None:
    clean = 10 + 50 / (1 + OMEGA * 1e-4) + 8 * np.sqrt(2) / np.sqrt(OMEGA)
    noise = 1e-3 * np.random.default_rng(1).standard_normal(50)
    found = conductivity(series(clean * (1 + noise)), cell_constant="1 1/cm")
    resistance, made = found.observables()
    assert resistance.value is None
    assert "do not block" in resistance.flag
    assert made.value is None
    assert not found.quality.item(0, "ok")


def test_states_stay_with_the_numbers() -> None:
    found = conductivity(series(pellet(1), temperature=60.0), cell_constant="1 1/cm", against="temperature")
    assert found.observables("ionic_conductivity")[0].state == State("temperature", 60.0, 60.0, 60.0, "degC")
