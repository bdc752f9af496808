"""Energies of ions that do not fit: limits, closed forms and symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from interlith.crystal.site_energy import COULOMB, bond_depth
from interlith.design.mixing.strain import (
    GAS,
    GPA,
    KJ_MOL,
    charge_energy,
    misfit_energy,
    shell_energy,
    site_modulus,
    solubility,
)

AVOGADRO = 6.02214076e23


def test_modulus_of_a_site() -> None:
    assert float(site_modulus(2, 2.106)) == pytest.approx(1125 * 2 / 2.106**3)
    assert float(site_modulus(2, 2.106)) / 1.5 == pytest.approx(160, rel=0.02)  # bulk modulus of MgO (GPa)


def test_misfit_energy_in_units_of_the_paper() -> None:
    own, site, modulus = 1.032e-10, 0.69e-10, 250e9
    expected = 4 * math.pi * modulus * AVOGADRO * (site / 2 * (own - site) ** 2 + (own - site) ** 3 / 3) / 1000
    assert float(misfit_energy(1.032, 0.69, 250.0)) == pytest.approx(expected, rel=1e-6)


@given(size=some.floats(0.3, 1.5), gap=some.floats(-0.25, 0.4))
def test_misfit_costs_and_only_misfit(size: float, gap: float) -> None:
    energy = float(misfit_energy(size + gap, size, 200.0))
    assert energy >= 0
    assert float(misfit_energy(size, size, 200.0)) == 0
    assert float(misfit_energy(size + gap, size, 400.0)) == pytest.approx(2 * energy)


def _shell(gap: float, *, shear: float = 60.0, depth: float = 1.2, softness: float = 0.4) -> tuple[float, float]:
    energy, moved = shell_energy(2.0 + gap, 2.0, 6, depth, softness, shear)
    return float(energy), float(moved)


def test_small_misfit_is_two_springs_in_series() -> None:
    gap, shear, depth, softness = 1e-3, 60.0, 1.2, 0.4
    bonds, lattice = 6 * depth / softness**2, 16 * math.pi * shear * GPA * 2.0
    energy, moved = _shell(gap, shear=shear, depth=depth, softness=softness)
    assert energy == pytest.approx(KJ_MOL * bonds * lattice / (bonds + lattice) * gap**2 / 2, rel=5e-3)
    assert moved == pytest.approx(gap * bonds / (bonds + lattice), rel=5e-3)


def test_a_soft_lattice_gives_way_and_a_hard_one_does_not() -> None:
    soft, far = _shell(0.3, shear=1e-6)
    hard, near = _shell(0.3, shear=1e7)
    assert soft == pytest.approx(0, abs=1e-2)
    assert far == pytest.approx(0.3, abs=1e-4)
    assert near == pytest.approx(0, abs=1e-4)
    assert hard == pytest.approx(KJ_MOL * 6 * 1.2 / 2 * (math.exp(0.3 / 0.4) - 1) ** 2, rel=1e-3)


@given(gap=some.floats(-0.4, 0.5))
def test_the_shell_is_at_its_least_energy(gap: float) -> None:
    energy, moved = _shell(gap)
    for other in (moved - 1e-3, moved + 1e-3, 0.0, gap):
        bonds = 6 * 1.2 / 2 * (math.exp((gap - other) / 0.4) - 1) ** 2
        assert energy <= KJ_MOL * (bonds + 8 * math.pi * 60.0 * GPA * 2.0 * other**2) + 1e-9
    assert min(0.0, gap) <= moved <= max(0.0, gap)


def test_bonds_give_the_bulk_modulus_of_rock_salts() -> None:
    for ion, length, measured in (
        ("Mg2+", 2.106, 160),
        ("Ca2+", 2.405, 113),
        ("Mn2+", 2.22, 150),
        ("Ni2+", 2.088, 190),
    ):
        found = bond_depth(ion, "O2-", length, 1.0) / (3 * length) / GPA
        assert found == pytest.approx(measured, rel=0.2), ion


def test_charge_energy_by_hand() -> None:
    assert float(charge_energy(2, 0.7, 20)) == pytest.approx(KJ_MOL * COULOMB / 2 * 4 / (0.7 * 20))
    assert float(charge_energy(-1, 0.7, 20)) == float(charge_energy(1, 0.7, 20))


def test_solubility_limits() -> None:
    assert float(solubility(-10.0, 1123.15)) == 1.0
    assert float(solubility(GAS * 1123.15 * math.log(100), 1123.15)) == pytest.approx(0.01)
    rising = solubility(np.array([10.0, 20.0, 40.0]), 1123.15)
    assert np.all(np.diff(rising) < 0)
