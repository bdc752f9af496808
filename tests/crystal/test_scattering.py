"""Do the tables of scattering say what they should, with finite limits and errors that help?"""

from __future__ import annotations

import math

import gemmi
import numpy as np
import pytest

from interlith.crystal.scattering import (
    MOTT_BETHE,
    anomalous,
    electron_factor,
    electron_wavelength,
    known_ions,
    photon_energy,
    photon_wavelength,
    relativistic_mass,
    scattering_length,
    xray_factor,
)
from interlith.errors import StudyError

ELEMENTS = ("Li", "O", "Al", "Si", "Mn", "Ni", "La", "Ce")


@pytest.mark.parametrize("element", ELEMENTS)
def test_forward_xrays_see_all_electrons(element: str) -> None:
    assert float(xray_factor(element, 0.0)) == pytest.approx(gemmi.Element(element).atomic_number, rel=1e-3)


@pytest.mark.parametrize("element", ELEMENTS)
def test_two_tables_of_form_factors_agree_within_what_the_page_states(element: str) -> None:
    s = np.linspace(0, 1.5, 40)
    other = np.array([gemmi.Element(element).it92.calculate_sf(float(value) ** 2) for value in s])
    assert xray_factor(element, s) == pytest.approx(other, abs=3e-3 * gemmi.Element(element).atomic_number)


def test_ions_have_their_charge_at_small_angles_only() -> None:
    assert float(xray_factor("O", 0.0, charge=-2)) == pytest.approx(10, abs=0.01)
    assert float(xray_factor("Mn", 0.0, charge=4)) == pytest.approx(21, abs=0.02)
    assert float(xray_factor("Mn", 1.0, charge=4)) == pytest.approx(float(xray_factor("Mn", 1.0)), rel=0.01)
    assert known_ions("Ni") == ("Ni", "Ni2+", "Ni3+")
    assert known_ions("N") == ("N",)


def test_dispersion_has_the_size_of_another_calculation() -> None:
    # Cromer-Liberman as computed by gemmi; away from edges the two differ by 0.1 to 0.2 electrons in f'.
    for element in ("Mn", "Ni", "O", "La", "Si"):
        real, imaginary = anomalous(element, 8047.8)
        expected = gemmi.cromer_liberman(gemmi.Element(element).atomic_number, 8047.8)
        assert real == pytest.approx(expected[0], abs=0.25)
        assert imaginary == pytest.approx(expected[1], rel=0.02)


def test_absorption_has_one_sign_for_every_probe() -> None:
    assert anomalous("Mn", 17479.0)[1] > 0
    assert scattering_length("Li", 6).imag == pytest.approx(0.261, abs=0.002)
    assert scattering_length("Gd").imag > 5


def test_neutrons_know_isotopes() -> None:
    assert scattering_length("Mn").real == pytest.approx(-3.75, abs=0.03)
    assert scattering_length("Li").real == pytest.approx(-1.90, abs=0.05)
    assert scattering_length("Li", 7).real == pytest.approx(-2.22, abs=0.1)
    assert scattering_length("O").real == pytest.approx(5.805, abs=0.01)
    assert scattering_length("Gd", None, 1.0) != scattering_length("Gd", None, 1.8)


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_two_tables_for_electrons_meet(element: str) -> None:
    s = np.linspace(0.1, 2.0, 50)
    peng = electron_factor(element, s)
    assert electron_factor(element, s, table="mott-bethe") == pytest.approx(peng, rel=0.15, abs=1e-3)
    low = electron_factor(element, np.array([0.0]))[0]
    assert electron_factor(element, 0.0, table="mott-bethe") == pytest.approx(low, rel=0.06)


@pytest.mark.parametrize("element", ELEMENTS)
def test_mott_bethe_is_smooth_towards_zero(element: str) -> None:
    s = np.array([0.0, 1e-6, 1e-4, 1e-3])
    found = electron_factor(element, s, table="mott-bethe")
    assert found == pytest.approx(found[0], rel=1e-3)
    s = np.array([0.3, 0.7])
    plain = MOTT_BETHE * (gemmi.Element(element).atomic_number - xray_factor(element, s)) / s**2
    assert electron_factor(element, s, table="mott-bethe") == pytest.approx(plain, rel=5e-3)


def test_a_charge_diverges_for_electrons() -> None:
    near = electron_factor("Mn", np.array([1e-3]), charge=2, table="mott-bethe")[0]
    assert near == pytest.approx(MOTT_BETHE * 2 / 1e-6, rel=1e-3)
    with pytest.raises(StudyError, match="no electron factor at s = 0"):
        electron_factor("Mn", 0.0, charge=2, table="mott-bethe")


def test_wavelengths() -> None:
    # 200 and 300 kV: values printed in every textbook.
    assert electron_wavelength(200e3) == pytest.approx(0.0250793, abs=1e-7)
    assert electron_wavelength(300e3) == pytest.approx(0.0196875, abs=1e-7)
    assert relativistic_mass(200e3) == pytest.approx(1.39139, abs=1e-5)
    assert photon_wavelength(photon_energy(1.5406)) == pytest.approx(1.5406)
    assert photon_energy(1.5406) == pytest.approx(8047.8, abs=0.2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: xray_factor("Mm", 0.1), "no chemical element; did you mean"),
        (lambda: xray_factor("Ni", 0.1, charge=2.5), r"those of Ni are Ni, Ni2\+, Ni3\+"),
        (lambda: xray_factor("Ni", 7.0), "from 0 to 6"),
        (lambda: electron_factor("Ni", 2.5), "from 0 to 2"),
        (lambda: electron_factor("Ni", 0.5, charge=2), "use 'mott-bethe'"),
        (lambda: electron_factor("Ni", 0.5, table="lobato"), "Allowed: mott-bethe, peng"),
        (lambda: electron_factor("Es", 0.5), "no electron factor of Es"),
        (lambda: scattering_length("Po"), "No neutron scattering length of natural Po"),
        (lambda: scattering_length("Li", 99), "no isotope 99"),
        (lambda: anomalous("Np", 8000.0), "no dispersion corrections for Np"),
        (lambda: anomalous("Mn", 0.77), "a wavelength was given for an energy"),
        (lambda: photon_energy(0.0), "give a positive number of angstrom"),
    ],
)
def test_what_is_not_known_is_said(call: object, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        call()  # type: ignore[operator]


def test_the_shape_is_kept() -> None:
    s = np.linspace(0, 1, 6).reshape(2, 3)
    assert xray_factor("O", s).shape == (2, 3)
    assert electron_factor("O", s).shape == (2, 3)
    assert not math.isnan(float(electron_factor("O", s).sum()))


@pytest.mark.parametrize("element", ["Si", "La", "O", "Ni"])
def test_the_international_tables_are_those_of_gemmi(element: str) -> None:
    s = np.linspace(0, 2, 41)
    expected = [gemmi.Element(element).it92.calculate_sf(value**2) for value in s]
    assert xray_factor(element, s, table="it92") == pytest.approx(expected, abs=1e-5)


def test_a_table_or_ion_that_is_none_is_refused() -> None:
    with pytest.raises(StudyError, match="did you mean 'it92'"):
        xray_factor("Si", 0.1, table="it93")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"not for Ni with charge \+4"):
        xray_factor("Ni", 0.1, charge=4, table="it92")
