"""The whole answer: four dopants of a spinel, what it rests on, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.design.mixing.bonds import bond_strength
from interlith.design.mixing.verb import miscibility
from interlith.design.mixing.words import groups
from interlith.errors import StudyError
from interlith.model import Statement
from tests.crystal.crystals import layered, spinel


@pytest.fixture(scope="module")
def four() -> Statement:
    return miscibility(spinel())


def test_lanthanum_stays_out_and_aluminium_and_gallium_go_in(four: Statement) -> None:
    chance = {row["dopant"]: row["probability_dissolves"] for row in four.data["ranking"].to_dicts()}
    assert chance["Al3+"] > 0.9
    assert chance["Ga3+"] > 0.9
    assert chance["La3+"] < 0.02
    # Yttrium is 30 % larger than Ni2+: tables alone do not let it in, and the answer must not be bent to say so.
    assert chance["La3+"] < chance["Y3+"] < 0.5


def test_order_and_its_steps(four: Statement) -> None:
    order = next(finding for finding in four if finding.kind == "solubility order")
    assert list(four.data["ranking"]["dopant"])[2:] == ["Y3+", "La3+"]
    assert order.verdict == "supported"
    assert "(not told apart), then Y3+, then La3+" in order.statement  # Al against Ga is open
    assert order.details["Y3+ above La3+"] > 0.95  # type: ignore[operator]
    probabilities = four.data["probabilities"]
    assert probabilities.filter(probabilities["dopant"] == "Y3+")["La3+"].item() > 0.95


def test_groups_end_where_all_are_told_apart() -> None:
    above = np.full((4, 4), 0.5)
    above[:2, 2:] = 0.99
    above[2, 3] = 0.94
    assert groups(("a", "b", "c", "d"), above) == [[0, 1], [2, 3]]
    above[0, 3] = 0.9
    assert groups(("a", "b", "c", "d"), above) == [[0, 1, 2, 3]]
    assert groups(("a",), np.array([[0.5]])) == [[0]]


def test_verdicts_follow_the_probability(four: Statement) -> None:
    for finding in four:
        if finding.kind == "dissolves":
            assert finding.probability is not None
            expected = (
                "supported"
                if finding.probability >= 0.95
                else "contradicted"
                if finding.probability <= 0.05
                else "undecided"
            )
            assert finding.verdict == expected
            assert any("An estimate from tables" in caveat for caveat in finding.caveats)
    lanthanum = next(finding for finding in four if finding.statement.startswith("La3+"))
    assert any("outside linear elasticity" in caveat for caveat in lanthanum.caveats)
    assert "Mn4+ becoming Mn3+" in lanthanum.statement


def test_numbers_have_causes(four: Statement) -> None:
    energy = four.number("solution_energy", sample="La3+ in spinel")
    assert math.isfinite(energy.std)
    assert energy.components["declared:competing phases La3+"] == pytest.approx(20, rel=0.1)
    low, high = energy.interval()
    assert low < energy.value < high  # type: ignore[operator]
    assert four.number("radius_mismatch", sample="La3+ in spinel").value == pytest.approx(100 * (1.032 / 0.69 - 1))
    assert four.number("ionic_radius", sample="Mn4+ (6)").value == 0.53
    assert four.number("bond_dissociation_energy", sample="La-O").value == 798
    assert four.number("bond_dissociation_energy", sample="La-O").std == math.inf


def test_it_is_the_same_each_time_and_seeds_differ(four: Statement) -> None:
    assert miscibility(spinel()).table.equals(four.table)
    other = miscibility(spinel(), seed=1).number("solution_energy", sample="La3+ in spinel")
    assert other.value != four.number("solution_energy", sample="La3+ in spinel").value
    assert other.value == pytest.approx(four.number("solution_energy", sample="La3+ in spinel").value, rel=0.05)


def test_reported_radii_are_audited() -> None:
    reported = {"radius La3+": "0.1032 nm", "radius Mn4+": "0.53 nm", "bond Ni-O": "366 kJ/mol"}
    audits = [finding for finding in miscibility(spinel(), samples=200, reported=reported) if finding.kind == "audit"]
    assert [finding.verdict for finding in audits] == ["supported", "contradicted", "supported"]
    assert "radius of La3+" in audits[0].statement
    assert "10^1" in audits[1].statement
    with pytest.raises(StudyError, match="bond La-O"):
        miscibility(spinel(), samples=200, reported={"solubility": "1 %"})


def test_hotter_dissolves_more_and_more_dose_less() -> None:
    def chance(**options: str) -> float:
        found = miscibility(spinel(), ("Y",), samples=2000, temperature=options.get("temperature", "850 degC"),
                            dose=options.get("dose", "0.5 %"))  # fmt: skip
        value = found.number("probability_dissolves").value
        assert value is not None
        return value

    assert chance(temperature="1100 degC") > chance(temperature="600 degC")
    assert chance(dose="0.01 %") > chance(dose="5 %")


def test_ions_and_charges_may_be_named() -> None:
    found = miscibility(layered(), ("Mn3+", "Ti", "Ni3+"), samples=500)
    assert set(found.data["ranking"]["dopant"]) == {"Mn3+", "Ti4+", "Ni3+"}
    lowered = miscibility(layered(), ("Ti",), charges={"Ti": 3}, samples=500)
    assert lowered.data["ranking"]["dopant"].to_list() == ["Ti3+"]
    only_lithium = miscibility(layered(), ("Mg",), sites=["Li"], samples=500)
    assert set(only_lithium.data["sites"]["on"]) == {"Li+"}


def test_a_single_dopant_has_no_order() -> None:
    kinds = [finding.kind for finding in miscibility(spinel(), ("Al",), samples=200)]
    assert kinds == ["dissolves", "bond strength"]


@pytest.mark.parametrize(
    ("dopants", "options", "words"),
    [
        ((), {}, "No dopant"),
        ("Al", {}, "write a list"),
        (("Xx",), {}, "no chemical element"),
        (("F",), {}, "is no cation"),
        (("Al",), {"dose": "150 %"}, "between 0 and 1"),
        (("Al",), {"youngs_modulus": "-5 GPa"}, "must be positive"),
    ],
)
def test_what_is_refused(dopants: tuple[str, ...], options: dict[str, str], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        miscibility(spinel(), dopants, samples=50, **options)  # type: ignore[arg-type]


def test_figures_hold_every_dopant(four: Statement) -> None:
    ranking, chart = four.figures
    assert len(ranking.panels[0].y_names) == 4
    assert len(ranking.panels[0].lines) == 5
    assert len(chart.panels) == 3
    assert {note.text for note in chart.panels[1].notes} == {"Al³⁺", "Ga³⁺", "Y³⁺", "La³⁺"}
    for panel in chart.panels:
        for note in panel.notes:
            assert panel.y_limits is not None
            assert panel.y_limits[0] <= note.y <= panel.y_limits[1]


def test_bonds_say_whether_they_were_checked() -> None:
    lanthanum, yttrium = bond_strength("La"), bond_strength("Y")
    assert lanthanum is not None
    assert yttrium is not None
    assert lanthanum.checked
    assert not yttrium.checked
    assert bond_strength("Xe") is None


def test_a_range_of_competing_phases_is_drawn_and_not_only_its_middle() -> None:
    """A spread that may itself be anything from 0 to 60 kJ/mol has wider tails than one of 30."""
    energies = []
    for competing in ("30 kJ/mol", "1-59 kJ/mol"):
        made = miscibility("LNMO", ("Al",), competing=competing, samples=4000, seed=3)
        low, high = made.data["ranking"].select("low", "high").row(0)
        energies.append(high - low)
    assert energies[1] > 1.05 * energies[0]
