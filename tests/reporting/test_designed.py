"""Does the page of a design say that nothing was measured, what contradicts it and what to learn?"""

from __future__ import annotations

import re
from pathlib import Path

import interlith as il
from interlith.design import concentration
from interlith.reporting.designed import design_steps, leading
from interlith.reporting.write import gather
from tests.crystal.crystals import layered, spinel


def test_the_page_of_a_design(tmp_path: Path) -> None:
    right = concentration(spinel(std=0.01), "Li", reported={"concentration": "24.4 mol/L"})
    wrong = concentration(layered(), "Li", reported={"concentration": "20.0 mol/L"})
    outcome = gather([right, wrong], tmp_path / "x")
    assert outcome.only_designed
    page = il.report([right, wrong], tmp_path / "x.html").read_text(encoding="utf-8")
    assert "Nothing was measured" in page
    assert "Of 2 reported numbers 1 contradicts them." in re.sub(r"\s+", " ", page)
    assert "was measured (" not in page
    assert design_steps(outcome)[0].startswith("Give the uncertainty of the layered a")
    first = leading(outcome, 3)
    assert [number for number, _ in first] == [1, 3, 4]
    assert first[-1][1].verdict == "contradicted"


def test_a_finding_alone_is_no_design(tmp_path: Path) -> None:
    made = concentration(spinel(std=0.01), "Li")
    assert not gather([made[0]], tmp_path / "x").only_designed
