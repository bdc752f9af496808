"""Are tables read without xraydb the same as with it?"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xraydb

from interlith.crystal.elements import symbols
from interlith.crystal.xray_tables import (
    atomic_mass,
    dispersion,
    dispersion_range,
    form_factors,
    mass_attenuation,
)

ENERGIES = (1041.0, 5414.8, 8047.8, 8400.0, 17479.4, 59318.0)


@pytest.mark.parametrize("symbol", ["H", "Li", "O", "Mn", "Ni", "La", "Bi", "U"])
def test_dispersion_is_that_of_xraydb(symbol: str) -> None:
    for energy in ENERGIES:
        real, imaginary = dispersion(symbol, energy)
        assert real == pytest.approx(float(np.ravel(xraydb.f1_chantler(symbol, energy))[0]), abs=1e-9)
        assert imaginary == pytest.approx(float(np.ravel(xraydb.f2_chantler(symbol, energy))[0]), rel=1e-9)
    low, high = dispersion_range(symbol)
    assert low < 1000
    assert high > 1e5


@pytest.mark.parametrize("symbol", ["H", "Li", "O", "Mn", "Ni", "La", "Bi", "U"])
def test_attenuation_is_that_of_xraydb(symbol: str) -> None:
    for energy in ENERGIES:
        assert mass_attenuation(symbol, energy) == pytest.approx(float(xraydb.mu_elam(symbol, energy)), rel=1e-9)
    assert atomic_mass(symbol) == xraydb.atomic_mass(symbol)


def test_a_table_ends_where_it_ends() -> None:
    assert mass_attenuation("Ni", 10.0) == mass_attenuation("Ni", 100.0)


def test_form_factors_at_rest_count_the_electrons() -> None:
    found = form_factors()
    for number, symbol in enumerate(symbols()[:92], start=1):
        heights, _, offset = found[symbol]
        assert sum(heights) + offset == pytest.approx(number, abs=0.05)
    heights, _, offset = found["Ni2+"]
    assert sum(heights) + offset == pytest.approx(26.0, abs=0.05)


def test_xraydb_is_not_loaded() -> None:
    code = (
        "import sys; from interlith.crystal import xray_tables as t; t.form_factors(); t.dispersion('Ni', 8000.0); "
        "t.mass_attenuation('Ni', 8000.0); print('xraydb' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
