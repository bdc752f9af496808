"""Are reported numbers judged by their digits and by our uncertainty, and slips of units named?"""

from __future__ import annotations

import math

import pytest

from interlith.design.recording import number
from interlith.design.reported import audited
from interlith.errors import StudyError, UnitError
from interlith.model import Observable


def _ours(value: float, std: float, unit: str = "1/nm^2") -> Observable:
    return number("areal_density", value, unit, {"declared:x": std}, sample="LNMO")


@pytest.mark.parametrize(
    ("value", "std", "text", "verdict"),
    [
        (3.46, 0.0, "3.5 1/nm^2", "supported"),
        (3.46, 0.0, "3.4 1/nm^2", "contradicted"),
        (3.46, 0.05, "3.4 1/nm^2", "supported"),
        (3.46, 0.0, "3.40 +- 0.04 1/nm^2", "supported"),
        (3.46, 0.0, "about 3.2 1/nm^2", "supported"),
        (3.46, math.inf, "3.4 1/nm^2", "contradicted"),
        (3.46, 0.0, "0.035 1/angstrom^2", "supported"),
    ],
)
def test_digits_and_uncertainty_decide(value: float, std: float, text: str, verdict: str) -> None:
    (found,) = audited([_ours(value, std)], {"areal_density": text})
    assert (found.kind, found.verdict) == ("audit", verdict)
    assert bool(found.caveats) is math.isinf(std)


def test_a_slip_of_units_is_named() -> None:
    (found,) = audited([_ours(3.46, 0.0)], {"areal_density": "0.00034 1/nm^2"})
    assert found.verdict == "contradicted"
    assert "a factor of 10^-4 looks like a slip of units, and is then still 1.7 % off" in found.statement


def test_another_reading_is_offered_where_it_fits() -> None:
    hints = {"areal_density": [("counting Ni as well", 6.92)]}
    (found,) = audited([_ours(3.46, 0.0)], {"areal_density": "6.9 1/nm^2"}, hints=hints)
    assert "counting Ni as well gives 6.920" in found.statement
    (other,) = audited([_ours(3.46, 0.0)], {"areal_density": "5.0 1/nm^2"}, hints=hints)
    assert "counting" not in other.statement


def test_a_number_that_we_do_not_have_cannot_be_checked() -> None:
    missing = number("areal_density", None, "1/nm^2", {}, sample="LNMO", flag="no facet")
    (found,) = audited([missing], {"areal_density": "3 1/nm^2"})
    assert found.verdict == "undecided"
    assert "no facet" in found.statement
    assert audited([missing], None) == ()


def test_wrong_names_and_units_are_refused() -> None:
    with pytest.raises(StudyError, match="did you mean 'areal_density'"):
        audited([_ours(1, 0)], {"areal_densty": "1 1/nm^2"})
    with pytest.raises(UnitError, match="without a unit"):
        audited([_ours(1, 0)], {"areal_density": "1"})
    with pytest.raises(UnitError, match="cannot be turned"):
        audited([_ours(1, 0)], {"areal_density": "1 nm"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3.40 1/nm^2", "1.7 % too small"),
        ("4.1 1/nm^2", "18 % too large"),
        ("0.00034 1/nm^2", "too small by a factor of 10200"),
        ("-3.46 1/nm^2", "of the other sign"),
    ],
)
def test_a_miss_is_told_as_people_say_it(text: str, words: str) -> None:
    (found,) = audited([_ours(3.46, 0.0)], {"areal_density": text})
    assert words in found.statement


def test_a_stored_interval_is_not_widened() -> None:
    ours = number("areal_density", 3.46, "1/nm^2", {"declared:x": 0.1}, sample="LNMO", low=3.3, high=3.6)
    verdicts = [
        audited([ours], {"areal_density": f"{value} 1/nm^2"})[0].verdict for value in ("3.29", "3.61", "3.30", "3.7")
    ]
    assert verdicts == ["contradicted", "contradicted", "supported", "contradicted"]
