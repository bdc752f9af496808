"""Do audits find what holds, what contradicts and what cannot be told?"""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.evidence import audit, list_claims
from interlith.model import Finding

EXAMPLE = """\
source: 001_eeea2056b59f98a2.txt
values:
  specific: 218.3 mAh/g
  loading: 19.1 mg/cm^2
  areal: 4.17 mAh/cm^2
  areal_end: 3.38 mAh/cm^2
  retention_text: 81.1 %
  retention_abstract: 81.8 %
  composite: 25 mg
  diameter: 10 mm
  parts_active: 60
  parts_electrolyte: 40
  parts_carbon: 5
claims:
  - areal = specific * loading                                        # holds
  - retention_text = areal_end / areal                                # holds
  - retention_abstract = areal_end / areal                            # contradicts
  - loading = composite * parts_active / (parts_active + parts_electrolyte + parts_carbon) / (pi * (diameter / 2)^2)
rounding: last printed digit                                          # the uncertainty of a number without one
"""


def one(claim: str, **values: str) -> Finding:
    return audit({"values": values, "claims": [claim]})[0]


def test_the_example_of_the_design(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    found = audit(path)
    assert [item.verdict for item in found] == ["supported", "supported", "contradicted", "contradicted"]
    assert found[3].estimate == pytest.approx(5.0, abs=0.05)
    assert found[2].details["line"] == 17
    assert "81.8 against 81.055 %" in found[2].statement
    assert any("Whole numbers are taken as exact" in words for words in found[3].caveats)


@pytest.mark.parametrize("name", sorted(list_claims()))
def test_shipped_files_give_the_verdicts_they_expect(name: str) -> None:
    for found in audit(name):
        assert found.details["expect"] == found.details["verdict"], found.statement
        assert found.details["source"]


def test_shipped_files_cover_the_arithmetic_audits() -> None:
    expected = {
        "a1_coverage",
        "a2_threshold",
        "a5_wetting",
        "a8_wording",
        "b10_depths",
        "b4_cells",
        "b5_window",
        "c1_refinement",
        "c_pouch",
        "d1_expansion",
        "d5_order",
        "d7_units",
    }
    assert expected <= set(list_claims())
    assert (resources.files("interlith.reference") / "claims" / "b4_cells.yaml").is_file()


@pytest.mark.parametrize(
    ("name", "claim", "verdict", "left", "right"),
    [
        ("a1_coverage", "coverage = 3 * sqrt(6) * surface_printed / volume_printed", "contradicted", 0.88e-9, 86.15e-9),
        ("a1_coverage", "coverage = 3 * sqrt(6) * surface_cell / volume_cell", "contradicted", 0.88e-9, 0.8666e-9),
        ("b4_cells", "retention_abstract = areal_end / areal", "contradicted", 0.818, 0.81055),
        ("b4_cells", "start_rate_test = capacity_left / retention_500", "contradicted", 704160.0, 709702.0),
        ("b5_window", "diffusion_to <= window_end", "contradicted", 100.0, 1.5915),
        ("c1_refinement", "goodness = r_weighted / r_expected", "supported", 18.0, 18.07),
        ("c_pouch", "per_side = 2 * face * (cathode + anode)", "supported", 0.1176, 0.11762),
        ("d1_expansion", "growth = volume_hot / volume_cold - 1", "supported", 0.0213, 0.021257),
        ("b5_window", "'0.10' = share_in(sweep, diffusion)", "supported", 0.1, math.log10(1 / (0.2 * math.pi)) / 2),
        ("d5_order", "layer <= 2 * reach", "contradicted", 15e-9, 4e-9),
        ("d5_order", "motion <= products", "contradicted", 723.15, 653.15),
        ("b10_depths", "radius <= high(scandium)", "contradicted", 6.25e-6, 8e-9),
        ("a2_threshold", "threshold < first_coating", "undecided", 0.005, 0.005),
        ("a5_wetting", "gain > 2 * elastic", "contradicted", 0.255, 0.32),
        ("d7_units", "lithium_needed = concentration / per_lithium", "supported", 0.357, 0.35696),
    ],
)
def test_numbers_of_the_systems(name: str, claim: str, verdict: str, left: float, right: float) -> None:
    found = next(item for item in audit(name) if item.quantity == claim)
    assert found.verdict == verdict
    assert found.details["left"] == pytest.approx(left, rel=1e-3)
    assert found.details["right"] == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("1.00", "1.01", "supported"),  # 1.005 and 1.005 meet
        ("1.00", "1.02", "contradicted"),
        ("1.000(2)", "1.003", "supported"),
        ("1.000(2)", "1.010", "contradicted"),
        ("1.00 +- 0.10", "1.15", "supported"),
        ("0.1", "0.1", "undecided"),  # one digit leaves 100 % either way
        ("", "1.0", "undecided"),
    ],
)
def test_rounding_and_printed_uncertainty(a: str, b: str, verdict: str) -> None:
    assert one("a = b", a=a, b=b).verdict == verdict


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("a < b", "supported"),
        ("a <= b", "supported"),
        ("a > b", "contradicted"),
        ("b >= a", "supported"),
        ("a < c", "undecided"),
    ],
)
def test_inequalities(claim: str, verdict: str) -> None:
    assert one(claim, a="1.0", b="1.2", c="1.0").verdict == verdict


def test_the_same_number_on_both_sides_is_one_number() -> None:
    assert one("a = a", a="0.1").verdict == "supported"
    assert one("2 * a = a + a", a="0.1").low == pytest.approx(0.0)
    assert one("a = 1.1 * a", a="0.1").verdict == "contradicted"


def test_quoted_values_carry_their_rounding() -> None:
    assert one("'3.46 nm^-2' = 1 / a", a="0.289 nm^2").verdict == "supported"
    assert one("'3.40 nm^-2' = 1 / a", a="0.289 nm^2").verdict == "contradicted"


def test_rounding_can_be_switched_off_or_given() -> None:
    values = {"a": "1.0", "b": {"value": "1.04", "rounding": "none"}}
    content = {"values": values, "claims": ["a = b"]}
    assert audit(content)[0].verdict == "supported"
    assert audit(content | {"rounding": "none"})[0].verdict == "contradicted"
    assert audit(content | {"rounding": "5 %"})[0].verdict == "supported"


def test_division_by_zero_is_undecidable() -> None:
    assert one("a = a / (b - b)", a="1.00", b="2.00").verdict == "undecided"


def test_expectation_that_is_not_met_is_said() -> None:
    (found,) = audit({"values": {"a": "1.00"}, "claims": [{"claim": "a = 2", "expect": "holds", "note": "n"}]})
    assert found.caveats == ("The file expects 'holds', the numbers say 'contradicts'.",)
    assert found.details["note"] == "n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("values: {a: 1.0}\nclaim: [a = 1]", r"line 2: 'claim' is no word of a claims file; did you mean 'claims'"),
        ("values:\n  a: 1.0\n  a: 2.0\nclaims: [a = 1]", r"line 3: 'a' stands here twice \(first on line 2\)"),
        (
            "values:\n  length: 1.0\nclaims:\n  - lenght = 1",
            r"line 4: there is no value 'lenght'; did you mean 'length'",
        ),
        ("values:\n  a: 1.0 mAhh\nclaims:\n  - a = 1", r"line 2: 'mAhh' is not a unit"),
        ("values:\n  a: 1.0 mAh\n  b: 1.0 g\nclaims:\n  - a = b", r"line 5: 'a = b': cannot compare"),
        ("values:\n  a: 0.3 C\nclaims:\n  - a = 1", r"line 2: 'C' may be coulomb or a C-rate"),
        ("values:\n  a: 1,5\nclaims:\n  - a = 1", r"line 2: .*decimal point"),
        (
            "values: {a: 1.0}\nclaims:\n  - {claim: a = 1, expect: hold}",
            r"line 3: expect is 'hold'; did you mean 'holds'",
        ),
        ("values: {a: {value: 1.0, unit: g}}\nclaims: [a = 1]", r"line 1: 'unit' is no word of the value 'a'"),
        ("values: {a: 1.0}\nrounding: last digit\nclaims: [a = 1]", r"did you mean 'last printed digit'"),
        ("values: [1, 2]\nclaims: [a = 1]", r"line 1: values must be a mapping"),
        ("values: {a: 1.0}\nclaims: a = 1", r"line 2: `claims:` is a list"),
        ("values: {a: 1.0}\nderived: {b: c + 1}\nclaims: [a = b]", r"derived 'b': there is no value 'c'"),
        ("values: {a: 1.0}\nderived: {b: b + 1}\nclaims: [a = b]", r"itself"),
        (
            "values:\n  a: 20-10 nm\nclaims:\n  - a = 1",
            r"line 2: 'a' is '20-10 nm', a range whose first end is not below",
        ),
        ("values:\n  a: 10 -20 nm\nclaims:\n  - a = 1", r"line 2: .*may be a range; write '10-20 nm'"),
        ("values:\n  a: 1e5-\nclaims:\n  - a = 1", r"line 2: '-' is not a unit"),
        ("values: {a: 1-2}\nclaims:\n  - low(a, a) = 1", r"line 3: .*low\(\) takes one argument, not 2"),
        (
            "values: {a: 1-2}\nclaims:\n  - overlap(a, 3) = 1",
            r"line 3: .*takes a range such as '10-20 nm', not a number",
        ),
        ("values: {a: 1-2}\nclaims:\n  - a = 2 * a", r"line 3: .*the range 'a' stands on both sides"),
        ("values: {a: 1-2}\nclaims:\n  - a - a = 0", r"line 3: .*the range 'a' stands here twice"),
        ("values: {a: 1-2}\nclaims:\n  - within(1, a) = 1", r"line 3: .*'=' is left over"),
        ("values: {a: 1-2}\nclaims:\n  - 2 * within(1, a) = 1", r"line 3: .*is a claim by itself"),
        ("values: {a: 1-2}\nclaims:\n  - window(a, 3) = 1", r"line 3: .*two frequencies, not a range"),
        ("values: {a: 1.0", r"line \d"),
        ("", r"is empty"),
    ],
)
def test_errors_name_the_line_and_the_nearest_word(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=words):
        audit(path)


def test_unknown_name_lists_shipped_files() -> None:
    with pytest.raises(StudyError, match="did you mean 'b4_cells'"):
        audit("b4_cell")
