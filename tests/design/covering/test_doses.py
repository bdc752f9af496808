"""Doses: every unit into every other, with what the published numbers mean, and words that do not say of what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.crystal.elements import atomic_mass
from interlith.design.covering.doses import BASES, Masses, mass_basis, read_dose
from interlith.errors import StudyError, UnitError

LNMO = (atomic_mass("Li") + 0.5 * atomic_mass("Ni") + 1.5 * atomic_mass("Mn") + 4 * atomic_mass("O")) / 2


def read(text, coating="", basis="host"):
    """A dose of La."""
    return read_dose(text, element="La", coating=coating, basis=basis)


def test_the_published_share_of_mass():
    masses = Masses(LNMO, atomic_mass("La"), float("nan"))
    # 0.1 at% La of TM: two metals for each formula unit.
    assert 100 * masses.share(0.001, "element", "host") == pytest.approx(0.1521, abs=5e-5)
    assert 100 * masses.share(0.001, "element", "host plus element") == pytest.approx(0.1518, abs=5e-5)


@given(st.floats(1e-6, 0.3), st.sampled_from(["element", "coating"]), st.sampled_from(BASES))
def test_shares_of_mass_turn_back_into_atoms(atoms, what, basis):
    masses = Masses(91.3, 138.9, 245.0)
    if what == "coating" and basis == "host plus element":
        return
    assert masses.atoms(masses.share(atoms, what, basis), what, basis) == pytest.approx(atoms, rel=1e-12)


def test_units_of_a_dose():
    masses = Masses(91.3, 138.9, 245.0)
    assert read("0.5 at%").atoms(0.005, masses, None) == 0.005
    assert read("0.5 at% of TM").basis == "TM"
    for words in ("La+TM", "La plus TM", "TM and La"):
        assert read(f"0.5 at% of {words}").atoms(0.005, masses, None) == pytest.approx(0.005 / 0.995)
    dose = read("1 wt%", coating="Li3ScF6")
    assert (dose.what, dose.basis) == ("coating", "host")
    assert dose.atoms(0.01, masses, None) == pytest.approx(0.01 * 91.3 / 245.0)
    dose = read("1 wt% La of product", coating="LaMnO3")
    assert (dose.what, dose.basis) == ("element", "host plus coating")
    assert read("1 wt% of product").basis == "host plus element"
    assert read("1 wt%", basis="host plus La").basis == "host plus element"
    layers = read("2 monolayers").atoms(2.0, masses, lambda: np.array(0.004))
    assert layers == pytest.approx(0.008)
    assert read("0.4-0.6 at%").number.shape == "uniform"
    assert read("0.5 +- 0.1 at%").number.std == pytest.approx(0.001)
    assert read("0.50(2) wt%").number.std == pytest.approx(0.0002)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("0.5 %", UnitError, "does not say of what"),
        (0.5, UnitError, "does not say of what"),
        ("0.5 mol%", UnitError, "formula units or metals"),
        ("about half", UnitError, "does not say of what"),
        ("0.5 at% of oxygen", StudyError, "Allowed: La\\+TM, TM"),
        ("1 wt% Sc", StudyError, "weighs 'Sc'"),
        ("1 wt% of everything", StudyError, "share of mass"),
        ("1 wt% of host plus coating", StudyError, "needs the coating"),
        ("120 at%", StudyError, "below 100"),
        ("-1 at%", StudyError, "positive"),
    ],
)
def test_wrong_doses(text, error, words):
    with pytest.raises(error, match=words):
        read(text)


def test_more_than_there_can_be():
    with pytest.raises(StudyError, match="more than host plus coating"):
        read("99 wt% La of product", coating="LaMnO3").atoms(0.99, Masses(91.3, 138.9, 245.0), None)
    with pytest.raises(StudyError, match="size of the particles"):
        read("1 ML").atoms(1.0, Masses(91.3, 138.9, 245.0), None)
    assert mass_basis("host + La", element="La", coating="") == "host plus element"


def test_a_coating_may_be_called_by_its_formula() -> None:
    made = read_dose("0.5 wt% Al2O3", element="Al", coating="corundum", basis="host", formula="Al2O3")
    assert made.what == "coating"
    with pytest.raises(StudyError, match="Allowed: Al, Al2O3, corundum"):
        read_dose("0.5 wt% ZrO2", element="Al", coating="corundum", basis="host", formula="Al2O3")
