"""Does page 1 say what somebody needs who reads one page and then decides?"""

from dataclasses import replace

import pytest

from interlith.model import Gap
from interlith.reporting.choices import choice_groups
from interlith.reporting.decision import gap_groups, page_one, question
from interlith.reporting.forest import criterion_of, forest, no_change
from interlith.reporting.headline import columns, sampled, spread_states, spreads
from interlith.reporting.style import Style
from tests.reporting.fakes import make_outcome


@pytest.fixture(scope="module")
def outcome():
    return make_outcome(6, 40)


def test_the_question_is_the_declared_one(outcome) -> None:
    assert question(outcome) == "Does C0.5La change the capacity retention at cycle 40 by at least +5 % against bare?"
    assert question(make_outcome(1, 10, variants=1)) == "How large is the capacity retention at cycle 10?"
    undeclared = replace(outcome, study=replace(outcome.study, primary=None))
    assert question(undeclared).endswith("No primary endpoint is declared.")


def test_primary_finding_leads_and_others_speak_against(outcome) -> None:
    page = page_one(outcome)
    assert page.verdict == "undecided"
    assert page.sentence == outcome.findings[0].statement
    assert [number for number, _ in page.primary] == [1]
    assert "allows both answers" in page.against[0].text
    assert page.against[0].anchor == "f-1"
    assert "1 of the 6 values" in page.against[1].text
    assert page.next_steps == ("6 (4 to 21) cells a variant to find the declared criterion with 80 % power "
                               "(now 3 of C0.5La and 3 of bare).",)  # fmt: skip


def test_a_supported_finding_still_meets_its_contradiction(outcome) -> None:
    first = replace(outcome.findings[0], verdict="supported", opposing=(), caveats=("The data are simulated.",))
    page = page_one(replace(outcome, findings=(first, *outcome.findings[1:])))
    assert [item.text for item in page.against] == [outcome.findings[1].statement]


def test_each_objection_is_told_once_in_its_order(outcome) -> None:
    first = outcome.findings[0]
    other = replace(first, units={"C1La": 3, "bare": 3}, opposing=())
    page = page_one(replace(outcome, findings=(first, other, first)))
    assert [item.anchor for item in page.against] == ["f-1", "f-2"]


def test_choices_are_ranked_by_influence_and_told_once(outcome) -> None:
    many = tuple(replace(choice, target=f"{choice.target}/{n}") for choice in outcome.choices for n in range(50))
    groups = choice_groups(replace(outcome, choices=many))
    assert [group.field for group in groups] == ["step_type", "reference_cycle", "cycle_join", "column"]
    assert all(len(group.targets) == 50 for group in groups)
    assert len(page_one(outcome).choices) == 3


def test_the_same_gap_is_told_once_with_all_its_cells() -> None:
    gaps = [Gap(f"measurements.csv, row {row}, active_mass", "No mass", "mAh") for row in range(2, 202)]
    groups = gap_groups([*gaps, Gap("study.yaml, reference", "No reference", "nothing is compared")])
    assert [len(group.places) for group in groups] == [200, 1]


def test_one_cell_says_what_can_be_said() -> None:
    page = page_one(make_outcome(1, 10, variants=1))
    assert page.verdict == "nothing compared"
    assert "only bare was measured" in page.sentence
    assert page.against == ()
    assert page.next_steps[0].startswith("Measure a second variant")


def test_below_two_units_more_cells_are_the_next_step() -> None:
    page = page_one(make_outcome(2, 10))
    assert page.verdict == "descriptive"
    assert page.next_steps[0].startswith("Measure at least one more cell of C0.5La and bare")


def test_columns_lead_with_the_primary_endpoint_and_the_reference_cycle(outcome) -> None:
    shown = columns(outcome)
    assert (shown[0].quantity, shown[0].value) == ("capacity_retention", 40.0)
    capacity = [(column.unit, column.value) for column in shown if column.quantity == "discharge_capacity"]
    assert capacity == [("mAh/g", 4.0), ("mAh/g", 40.0), ("mAh", 4.0), ("mAh", 40.0)]


def test_plain_description_counts_what_is_missing(outcome) -> None:
    shown = [column for column in columns(outcome) if column.quantity == "initial_coulombic_efficiency"]
    rows = spreads(outcome.observables, shown, ["bare", "C0.5La"])
    assert [(row.variant, row.count, row.missing) for row in rows] == [("bare", 2, 1), ("C0.5La", 3, 0)]
    held = shown[0].rows(outcome.observables).filter(variant="C0.5La")["value"]
    assert rows[1].mean == pytest.approx(held.mean())
    assert rows[1].deviation == pytest.approx(held.std())


def test_sampled_cycles_are_observables(outcome) -> None:
    item = next(item for item in sampled(outcome) if item.quantity == "capacity_retention")
    assert item.states[0] == 1.0
    assert item.states[-1] == 40.0
    assert item.total == 40
    held = outcome.observables.filter(quantity="capacity_retention", sample="bare_02", cycle=40)["value"].item()
    assert item.rows["bare_02"][-1]["value"] == held
    assert spread_states([3.0, 1.0, 2.0]) == [1.0, 2.0, 3.0]
    assert len(spread_states([float(n) for n in range(1000)])) == 8


def test_the_forest_puts_criterion_and_interval_on_one_scale(outcome) -> None:
    item = outcome.findings[0]
    assert no_change(item) == 0.0
    assert criterion_of(item) == 5.0
    value = replace(item, details={"criterion_limit": 80.0, "criterion_reading": "value of the variant: at least 80 %"})
    assert criterion_of(value) is None
    drawn = str(forest([item], ["<b>"], Style(variants=("bare", "x")), ["x"]))
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    unknown = replace(item, low=float("-inf"), high=float("inf"))
    assert "stroke-dasharray" in str(forest([unknown], ["x"], Style(), ["x"]))
    assert forest([replace(item, estimate=None)], ["x"], Style(), ["x"]) == ""


def test_what_is_not_known_is_no_evidence_and_what_was_measured_is(outcome) -> None:
    unknown = "The charge rate of C0.5La_3 is not known, so it is not compared."
    first = replace(outcome.findings[0], verdict="supported", opposing=(), probability=0.9995, caveats=(unknown,))
    page = page_one(replace(outcome, findings=(first,)))
    assert page.against == ()
    lost = "C0.5La_3 has no value of capacity_retention at cycle 40: it ends at cycle 31."
    page = page_one(replace(outcome, findings=(replace(first, caveats=(unknown, lost)),)))
    assert [item.text for item in page.against] == [lost]
    page = page_one(replace(outcome, findings=(replace(first, low=-1.0),)))
    assert "includes no change" in page.against[0].text
    kept = {**first.details, "with_excluded_low": -3.0, "with_excluded_high": 4.0}
    above = replace(first, low=5.5, high=7.5, details=kept)
    assert "with the excluded specimens" in page_one(replace(outcome, findings=(above,))).against[0].text
    same = replace(above, details={**kept, "with_excluded_low": 5.1, "with_excluded_high": 8.0})
    assert page_one(replace(outcome, findings=(same,))).against == ()


def test_a_decided_criterion_asks_for_no_more_cells(outcome) -> None:
    first = replace(outcome.findings[0], verdict="supported", probability=0.9995)
    (step,) = page_one(replace(outcome, findings=(first,))).next_steps
    assert "the declared criterion is decided (probability that it is met > 99.9 %)" in step
    assert "power" not in step


def test_declared_choices_are_no_automatic_ones(outcome) -> None:
    groups = {group.field: group.who for group in choice_groups(outcome)}
    assert groups["reference_cycle"] == "study file"
    assert "reference_cycle" not in [group.field for group in page_one(outcome).choices]
    free = replace(outcome, study=replace(outcome.study, analyses={}))
    chosen = replace(outcome.choices[1], reason="no reference_cycle is declared; cycle 4 is the first that all have.")
    echo = replace(chosen, reason="retention of bare_1 counts from cycle 4.")
    groups = choice_groups(replace(free, choices=(chosen, echo)))
    assert [(group.who, len(group.targets)) for group in groups] == [("automatic", 1)]


def test_a_variant_without_numbers_says_what_became_of_its_file(outcome) -> None:
    bare = replace(outcome, observables=outcome.observables.filter(variant="bare"), findings=())
    assert "C0.5La: declared, but its file was read and gave no number" in page_one(bare).next_steps[0]
    path = next(item.source.path for item in bare.study.measurements if item.sample.variant == "C0.5La")
    failed = replace(bare, failures=(("cycling", f"{path}: no current flows in this file."),))
    assert "C0.5La: declared, but no current flows in its file." in page_one(failed).next_steps[0]
    kept = tuple(item for item in bare.study.measurements if item.sample.variant == "bare")
    unread = replace(bare, study=replace(bare.study, measurements=kept))
    assert "without a readable file" in page_one(unread).next_steps[0]
