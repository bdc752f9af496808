"""Radii of ions: known rows, both scales, and what is said where there is no row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from interlith.crystal.radii import _document, ion_of, known_radii, parse_ion, radius, usual_spin
from interlith.errors import StudyError


@pytest.mark.parametrize(
    ("ion", "coordination", "spin", "expected"),
    [
        ("La3+", 6, None, 1.032), ("Mn4+", 6, None, 0.53), ("Ni2+", 6, None, 0.69), ("Y3+", 6, None, 0.90),
        ("Al3+", 6, None, 0.535), ("Ga3+", 4, None, 0.47), ("Mn3+", 6, "high", 0.645), ("Mn3+", 6, "low", 0.58),
        ("Mn3+", 6, None, 0.645), ("Co3+", 6, None, 0.545), ("O2-", 6, None, 1.40), ("Li+", 4, None, 0.59),
    ],
)  # fmt: skip
def test_known_radii(ion: str, coordination: int, spin: str | None, expected: float) -> None:
    assert radius(ion, coordination, spin).value == expected  # type: ignore[arg-type]


def test_crystal_radii_are_larger_for_cations_and_smaller_for_anions() -> None:
    assert radius("La3+", 6, kind="crystal").value == pytest.approx(1.172)
    assert radius("O2-", 6, kind="crystal").value == pytest.approx(1.26)


def test_a_missing_coordination_lists_those_there_are() -> None:
    with pytest.raises(StudyError, match=r"no radius of La3\+ with 4 neighbours.*6: 1.032; 7: 1.1"):
        radius("La3+", 4)


def test_a_missing_ion_lists_the_charges_there_are() -> None:
    with pytest.raises(StudyError, match=r"no radius of La4\+.*of La there are La3\+"):
        radius("La4+", 6)


def test_reading_between_rows_is_asked_for_and_said() -> None:
    with pytest.raises(StudyError, match="interpolate=True"):
        radius("Y3+", 12)
    found = radius("La3+", 11, interpolate=True)
    assert found.value == pytest.approx((1.27 + 1.36) / 2)
    assert found.doubt > 0
    assert "between 10 (1.27) and 12" in found.interpolated
    assert radius("La3+", 10, interpolate=True).interpolated == ""


def test_nothing_is_extrapolated() -> None:
    with pytest.raises(StudyError, match="no radius of La3"):
        radius("La3+", 4, interpolate=True)


def test_spin_is_refused_where_it_is_none() -> None:
    with pytest.raises(StudyError, match="no spin state"):
        radius("Mn3+", 6, "middle")  # type: ignore[arg-type]
    assert usual_spin("Co+3") == "low"
    assert usual_spin("Al3+") == ""


def test_square_planar_is_not_tetrahedral() -> None:
    assert radius("Ni2+", 4).value == 0.55
    assert known_radii("Ni2+")["4 square"] == 0.49


@given(element=some.sampled_from(["Li", "La", "O", "Mn"]), charge=some.integers(-4, 7).filter(bool))
def test_names_of_ions_round_trip(element: str, charge: int) -> None:
    assert parse_ion(ion_of(element, charge)) == (element, charge)


def test_names_that_are_no_ions_are_refused() -> None:
    with pytest.raises(StudyError, match="names no ion"):
        parse_ion("La")
    with pytest.raises(StudyError, match="is no ion"):
        ion_of("Mn", 3.5)


def test_radii_grow_with_coordination_and_shrink_with_charge() -> None:
    rows = _document()["ionic_radii"]
    for ion, row in rows.items():
        for spin in ("", "low", "high"):
            same = {
                int(key.split()[0]): value for key, value in row.items() if key.split()[1:] == ([spin] if spin else [])
            }
            values = [same[number] for number in sorted(same)]
            # The lone pair of Sb3+: Shannon has 0.80 for five and 0.76 for six neighbours.
            assert values == sorted(values) or ion == "Sb3+", ion
    for element in ("Fe", "Co", "Ni", "Ti", "V", "Ce", "Nb", "Mo"):
        charged = sorted(
            (parse_ion(ion)[1], max(value for key, value in row.items() if key.startswith("6")))
            for ion, row in rows.items()
            if parse_ion(ion)[0] == element and any(key.startswith("6") for key in row)
        )
        assert [value for _, value in charged] == sorted((value for _, value in charged), reverse=True), element
