"""Does an answer keep its causes, its numbers and where they came from?"""

from __future__ import annotations

import math

import pytest

from interlith.design.inputs import uncertain
from interlith.design.recording import answer, cell_components, components, digest_of, number
from interlith.errors import StudyError
from tests.crystal.crystals import layered, spinel


def test_unknown_inputs_stay_unknown() -> None:
    given = {"edge": (2.0, uncertain("3(1) nm", "nm", "edge")), "dose": (1.0, uncertain("3 nm", "nm", "dose"))}
    assert components(given) == {"declared:edge": 2.0, "declared:dose": math.inf}
    assert components({"edge": (0.0, uncertain("3 nm", "nm", "edge"))}) == {}


def test_a_cell_brings_its_uncertainty() -> None:
    assert cell_components(spinel(std=0.01), lambda cell: cell.a**2) == {"calibration:spinel a": pytest.approx(0.1634)}


def test_the_digest_tells_structures_apart() -> None:
    assert digest_of(spinel()) == digest_of(spinel())
    assert (
        len({digest_of(spinel()), digest_of(spinel(8.18)), digest_of(layered()), digest_of(spinel(), layered())}) == 4
    )


def test_an_answer_finds_its_numbers() -> None:
    made = answer(
        "coverage",
        [number("a", 1.0, "nm", {}, sample="x"), number("b", None, "nm", {}, sample="x")],
        options={},
        words=".",
    )
    assert made.number("a").value == 1.0
    assert made.number("a").std == 0.0
    assert made.number("b").flag == "cannot be determined"
    assert made.table.height == 2
    assert made.how is not None
    assert made.how.technique == "design"
    with pytest.raises(StudyError, match="no number 'c'"):
        made.number("c")
    twice = answer("x", [number("a", 1.0, "nm", {}, sample=name) for name in "xy"], options={}, words=".")
    assert twice.number("a", sample="y").sample == "y"
    with pytest.raises(StudyError, match="stands here 2 times"):
        twice.number("a")
