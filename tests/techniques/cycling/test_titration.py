"""GITT: coefficients from an exact finite diffusion simulation, and every condition of the formula refused when broken."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError, UnitError
from interlith.model import Measurement, Sample, Series, Source, Table
from interlith.techniques.cycling.titration import diffusion
from interlith.techniques.cycling.titration_pulses import find_pulses, finite_size_bias
from tests.techniques.cycling.synthetic import Array, MadeCell, summary

RADIUS = 5e-6
PULSE, REST = 600.0, 14400.0


def surface(theta: Array) -> Array:
    """Concentration at the surface of a sphere for a unit flux, in units of flux R / D; theta = D t / R^2."""
    n = np.arange(1, 4000)
    roots = (n + 0.5) * math.pi
    roots = roots - 1 / roots
    for _ in range(20):
        roots = roots - (np.sin(roots) - roots * np.cos(roots)) / (roots * np.sin(roots))
    late = 3 * theta + 0.2 - 2 * (np.exp(-np.outer(theta, roots**2)) / roots**2).sum(axis=1)
    # Before the series has converged: the half-space with the curvature of the sphere to first order.
    early = 2 * np.sqrt(theta / math.pi) + theta
    return np.where(theta > 3e-6, late, early)


def titrated(
    coefficient: float, *, pulses: int = 5, rest: float = REST, noise: float = 0.0, slope: float = 0.02, pulse: float = PULSE,
    radius: float = RADIUS, seed: int = 0, falling: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """A simulated titration: linear equilibrium voltage, ohmic drop of 20 mV, exact diffusion in spheres."""
    times, currents = [np.linspace(0, 600, 20)], [np.zeros(20)]
    edges = []
    begin = 600.0
    for _ in range(pulses):
        edges.append((begin, begin + pulse))
        on = begin + np.concatenate([[0.05], np.arange(5.0, pulse + 0.1, 5.0)])
        off = begin + pulse + np.concatenate([[1.0], np.geomspace(5.0, rest, 80)])
        times += [on, off]
        currents += [np.full(len(on), 1e-4), np.zeros(len(off))]
        begin += pulse + rest
    time, current = np.concatenate(times), np.concatenate(currents)
    # One pulse raises the mean concentration by 3 D tau / R^2 in units of flux R / D; the equilibrium by `slope` volt.
    per_unit = slope / (3 * coefficient * pulse / radius**2)
    voltage = np.full(len(time), 3.8)
    for start, end in edges:
        for moment, sign in ((start, 1.0), (end, -1.0)):
            since = np.maximum(time - moment, 0.0)
            voltage += np.where(time > moment, sign * per_unit * surface(coefficient * since / radius**2), 0.0)
    voltage += np.where(current > 0, 0.02, 0.0) + noise * np.random.default_rng(seed).standard_normal(len(time))
    turn = -1.0 if falling else 1.0
    return pl.DataFrame({"test_time": time, "current": turn * current, "voltage": 3.8 + turn * (voltage - 3.8)})


def series(frame: pl.DataFrame) -> Series:
    source = Source("simulated.csv", "0" * 64, 1, "simulated", "1")
    return Series((Measurement(Sample("G1"), "cycling", source, Table(frame.lazy(), tuple(frame.columns))),))


SUMMARY = summary([MadeCell("G1", np.array([150.0]))])


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("coefficient", [2e-16, 1e-15])
def test_the_coefficient_of_the_simulation_is_recovered(coefficient: float, falling: bool) -> None:
    result = diffusion(
        SUMMARY,
        series=series(titrated(coefficient, falling=falling, noise=2e-5, rest=2e5)),
        particle_radius="5.0 +- 0.05 um",
    )
    found = [item for item in result.observables("chemical_diffusion") if item.value is not None]
    assert len(found) == 5
    for item in found:
        assert item.unit == "cm^2/s"
        assert item.value is not None
        # The bias of the finite size is known, and is a component of the uncertainty.
        theta = 9 * coefficient * PULSE / RADIUS**2
        assert item.value == pytest.approx(1e4 * coefficient * finite_size_bias(theta, "sphere"), rel=0.06)
        assert abs(item.value - 1e4 * coefficient) < 3 * item.std
        assert item.components["radius:study"] == pytest.approx(0.02 * item.value)


def test_pulls_from_the_noise_have_about_unit_width() -> None:
    coefficient = 2e-16
    expected = 1e4 * coefficient * finite_size_bias(9 * coefficient * PULSE / RADIUS**2, "sphere")
    pulls = []
    clean = titrated(coefficient, rest=2e5)
    for seed in range(40):
        noise = 2e-4 * np.random.default_rng(seed).standard_normal(clean.height)
        frame = clean.with_columns(pl.col("voltage") + pl.Series(noise))
        result = diffusion(SUMMARY, series=series(frame), particle_radius="5.0 +- 0.0 um")
        for item in result.observables("chemical_diffusion"):
            assert item.value is not None
            pulls.append((item.value - expected) / item.part({"fit", "counting"}))
    assert 0.6 < np.std(pulls) < 1.3


def test_without_a_length_it_is_refused_with_the_cell_to_fill() -> None:
    with pytest.raises(StudyError, match="particle_radius: 5") as refused:
        diffusion(SUMMARY, molar_volume="20.3 cm^3/mol")
    assert "missing: molar_mass, contact_area" in str(refused.value)
    with pytest.raises(UnitError):
        diffusion(SUMMARY, particle_radius="5 s")
    with pytest.raises(StudyError, match="must be positive"):
        diffusion(SUMMARY, particle_radius="0 um")


def test_a_radius_without_uncertainty_leaves_the_coefficient_without_one() -> None:
    result = diffusion(SUMMARY, series=series(titrated(2e-16, rest=2e5)), particle_radius="5 um")
    assert all(math.isinf(item.std) for item in result.observables("chemical_diffusion"))


def test_mass_molar_volume_and_area_make_the_same_length() -> None:
    # 4 mg of 182.7 g/mol and 40 cm^3/mol with an area that gives L = R / 3.
    area = 4e-6 * 40e-6 / (0.1827 * RADIUS / 3)
    options = {
        "molar_volume": "40.0 +- 0.4 cm^3/mol",
        "molar_mass": "182.7 +- 0.1 g/mol",
        "contact_area": f"{area:.10f} +- {area / 50:.10f} m^2",
    }
    frame = titrated(2e-16, rest=2e5)
    plane = diffusion(SUMMARY, series=series(frame), **options).observables()  # type: ignore[arg-type]
    sphere = diffusion(SUMMARY, series=series(frame), particle_radius="5.0 +- 0.05 um").observables()
    assert [item.value for item in plane] == pytest.approx([item.value for item in sphere], rel=1e-6)
    assert plane[0].components["mass:G1"] == pytest.approx(2 * 0.02 * plane[0].value, rel=1e-6)
    nameless = summary([MadeCell("G1", np.array([0.6]), mass=None)])
    refused = diffusion(nameless, series=series(frame), **options)  # type: ignore[arg-type]
    assert "active mass" in refused.quality.item(0, "reason")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"coefficient": 5e-14}, "not straight|not short|changes by"),
        ({"coefficient": 2e-16, "rest": 600.0}, "before equilibrium"),
        ({"coefficient": 2e-16, "rest": 2e5, "slope": 5e-4, "noise": 3e-4}, "moves by|not straight"),
    ],
)
def test_each_condition_gives_null_with_its_reason(changes: dict[str, float], words: str) -> None:
    result = diffusion(SUMMARY, series=series(titrated(**changes)), particle_radius="5.0 +- 0.1 um")  # type: ignore[arg-type]
    found = result.observables("chemical_diffusion")
    assert len(found) == 5
    assert all(item.value is None for item in found)
    assert any(word in found[1].flag for word in words.split("|"))
    assert not result.quality.item(0, "ok")


def test_ordinary_cycling_has_no_pulses() -> None:
    time = np.linspace(0, 36000, 2000)
    current = np.where(np.sin(time / 3000) > 0, 1e-3, -1e-3)
    assert find_pulses(time, current, 3.8 + 0.1 * np.sin(time / 3000)) == []
    result = diffusion(SUMMARY, particle_radius="5 um")
    assert "pass the raw series" in result.quality.item(0, "reason")


def test_a_pulse_cut_by_the_voltage_limit_is_left_out() -> None:
    frame = titrated(2e-16, rest=2e5)
    last = frame.filter(pl.col("current") > 0).get_column("test_time").max()
    assert isinstance(last, float)
    cut = frame.filter(~pl.col("test_time").is_between(last - 400, last))
    pulses = find_pulses(*(cut.get_column(name).to_numpy() for name in ("test_time", "current", "voltage")))
    assert len(pulses) == 4


def test_the_bias_of_the_formula_vanishes_for_short_pulses() -> None:
    assert finite_size_bias(1e-3, "plane") == pytest.approx(1.0, abs=1e-6)
    assert finite_size_bias(1e-7, "sphere") == pytest.approx(1.0, abs=1e-3)
    assert finite_size_bias(1.0, "plane") < 0.8
    assert finite_size_bias(0.1, "sphere") < finite_size_bias(0.01, "sphere") < 1
