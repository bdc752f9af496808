"""Activation energies have intervals that hold, geometry cancels, and a bent line is said to be bent."""

from __future__ import annotations

import ast
import csv
import math
from pathlib import Path

import numpy as np
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Observable, Result, Series, State
from interlith.techniques.impedance.arrhenius import activation_energy
from interlith.techniques.impedance.arrhenius_fit import BOLTZMANN, arrhenius, vogel
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.conductivity import conductivity
from interlith.techniques.impedance.records import how, result

CELSIUS = np.linspace(-20, 60, 9)
KELVIN = CELSIUS + 273.15


def conducting(logarithm: np.ndarray, *, std: float = 0.02, shared: dict[str, float] | None = None) -> Result:
    """Conductivities (S/cm) with ln(sigma) as given, at `CELSIUS`."""
    made = []
    for k, value in enumerate(np.exp(logarithm)):
        sizes = {f"fit:{k}": value * std} | {name: value * size for name, size in (shared or {}).items()}
        state = State("temperature", float(CELSIUS[k]), float(CELSIUS[k]), float(CELSIUS[k]), "degC")
        made.append(
            Observable("ionic_conductivity", float(value), "S/cm", "A", sizes, state=state, technique="impedance")
        )
    return result("conductivity", made, data={}, quality=[], record=how("test", {}, ""))


def straight(energy: float, seed: int, *, noise: float = 0.02) -> np.ndarray:
    return np.asarray(3 - energy / (BOLTZMANN * KELVIN) + noise * np.random.default_rng(seed).standard_normal(9))


def test_the_boltzmann_constant() -> None:
    assert pytest.approx(8.617333262e-5, rel=1e-9) == BOLTZMANN


@pytest.mark.parametrize("extra", [0.0, 0.05])
def test_intervals_hold_with_and_without_scatter_that_nobody_stated(extra: float) -> None:
    random = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        logarithm = straight(0.3, 0, noise=0.0) + random.normal(0, np.hypot(0.02, extra), 9)
        line = arrhenius(KELVIN, logarithm, 0.02)
        hits += abs(line.energy - 0.3) < line.quantile * line.std
    assert 366 <= hits <= 392  # 95 % of 400, with a probability of 1 % to lie outside


def test_the_two_forms_differ_by_kT_and_say_which_they_are() -> None:
    found = conducting(straight(0.3, 1))
    with_t, without = activation_energy(found), activation_energy(found, form="ln(sigma)")
    (one,), (other,) = with_t.observables(), without.observables()
    assert other.value == pytest.approx(0.3, abs=3 * other.std)
    assert (one.value or 0) - (other.value or 0) == pytest.approx(BOLTZMANN * KELVIN.mean(), abs=5e-4)
    assert one.method == "ln(sigma T) against 1/kT, ionic_conductivity"
    assert other.method.startswith("ln(sigma) against")
    assert one.unit == "eV"
    assert one.interval()[0] < one.value - 1.96 * one.std


def test_a_resistance_counts_as_its_reciprocal() -> None:
    from dataclasses import replace

    from interlith.model import to_frame

    found = conducting(straight(0.4, 2))
    turned = [
        replace(one, quantity="R1", unit="ohm", value=1 / (one.value or 1), components={f"fit:{k}": 0.02 / (one.value or 1)})
        for k, one in enumerate(found.observables())
    ]  # fmt: skip
    (one,) = activation_energy(replace(found, table=to_frame(turned)), "R1").observables()
    assert one.value == pytest.approx(0.4, abs=0.02)
    assert one.method.startswith("ln(1/R) against")


def test_geometry_cancels_even_where_it_is_unknown_and_leads_do_not() -> None:
    unknown = {"area:A": math.inf, "calibration:thickness/A": 0.1}
    plain = activation_energy(conducting(straight(0.3, 3))).observables()[0]
    free = activation_energy(conducting(straight(0.3, 3), shared=unknown)).observables()[0]
    assert free.std == pytest.approx(plain.std)
    tilted = conducting(straight(0.3, 3), shared={"calibration:leads/A": math.inf})
    assert math.isinf(activation_energy(tilted).observables()[0].std)


def test_a_bent_line_is_said_aloud_with_local_energies_and_the_law_that_bends() -> None:
    logarithm = 2 - 0.04 / (BOLTZMANN * (KELVIN - 150)) + 0.01 * np.random.default_rng(5).standard_normal(9)
    found = activation_energy(conducting(logarithm, std=0.01), form="ln(sigma)")
    names = [one.quantity for one in found.observables()]
    assert names == ["activation_energy", *["local_activation_energy"] * 2, "vogel_energy", "vogel_temperature"]
    energy, cold, warm, strength, zero = found.observables()
    assert "Arrhenius does not hold" in energy.flag
    assert cold.state is not None
    assert (cold.state.value, cold.value > energy.value > warm.value) == (-20.0, True)
    assert zero.interval()[0] < 150 < zero.interval()[1]
    assert strength.interval()[0] < 0.04 < strength.interval()[1]
    (flag,) = found.flags["A"]
    assert flag.code == "not_arrhenius"
    assert "One activation energy would be" in flag.message
    assert not found.quality.item(0, "ok")


def test_a_straight_line_is_seldom_called_bent() -> None:
    alarms = sum(arrhenius(KELVIN, straight(0.3, seed), 0.02).bend_chance < 0.05 for seed in range(300))
    assert 4 <= alarms <= 28


def test_a_law_that_does_not_bend_allows_that_of_arrhenius() -> None:
    curve = vogel(KELVIN, straight(0.3, 8), 1.0)
    assert curve.zero_low == pytest.approx(0.0, abs=1e-6)
    assert curve.energy_high == pytest.approx(arrhenius(KELVIN, straight(0.3, 8), 0.02).energy, rel=1e-3)


def test_temperatures_that_are_not_sure_widen_the_interval() -> None:
    sure = arrhenius(KELVIN[:4], straight(0.3, 8, noise=1e-3)[:4], 0.001)
    unsure = arrhenius(KELVIN[:4], straight(0.3, 8, noise=1e-3)[:4], 0.001, [0.1, 0.1, 0.1, 5.0])
    assert unsure.operator[3] == pytest.approx(0, abs=abs(sure.operator[3]) * 0.05)


def test_what_cannot_be_answered_is_said() -> None:
    with pytest.raises(FitError, match="three temperatures"):
        arrhenius([300.0, 310.0], [0.0, 1.0], 0.1)
    found = conducting(straight(0.3, 1))
    with pytest.raises(StudyError, match="no quantity 'R7'"):
        activation_energy(found, "R7")
    with pytest.raises(StudyError, match="form is 'log'"):
        activation_energy(found, form="log")
    with pytest.raises(StudyError, match="no sample 'B'"):
        activation_energy(found, sample="B")
    few = activation_energy(Result(found.technique, found.name, found.table.head(2), {}, found.quality, found.how))
    assert few.table.is_empty()
    assert "three temperatures" in few.quality.item(0, "reason")


def test_a_real_electrolyte(data_folder: Path) -> None:
    path = data_folder / "realsets" / "eis_electrolyte_T" / "madap_conductivity_EIS_4electrolytes.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in csv.reader(lines, delimiter=";") if row[1] == "WOC_23032021_BM063_4"]
    measured = []
    for row in rows:
        frequency, real, imaginary = (np.array(ast.literal_eval(row[k])) for k in (6, 7, 8))
        measured.append(spectrum(frequency, real + 1j * imaginary, sample="A", state={"temperature": float(row[2])}))
    constant = ast.literal_eval(rows[0][9])
    found = conductivity(Series(tuple(measured)), cell_constant=f"{constant[0]} +- {constant[1]} 1/cm")
    recorded = {float(row[2]): float(row[3]) for row in rows}
    for one in found.observables("ionic_resistance"):
        assert one.state is not None
        assert one.value == pytest.approx(recorded[one.state.value], rel=0.06, abs=3 * one.std)
        # The arc in front of the tail is the same one in both windows, whatever its number.
        assert one.std < 0.05 * one.value
    made = activation_energy(found, form="ln(sigma)")
    assert made.observables("activation_energy")[0].value == pytest.approx(0.148, abs=0.012)
    assert "not_arrhenius" in [flag.code for flag in made.flags["A"]]
