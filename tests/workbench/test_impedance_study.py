"""A study of simulated spectra from raw files to findings, and a point that a person leaves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import StudyOutcome
from interlith.simulate.spectra import SpectraTruth, simulate_in_situ, simulate_sintering
from interlith.simulate.spectra_recipes import IN_SITU, OPEN_SHARE

VOLTAGES = [3.6, 3.8, 4.0, 4.1, 4.2, 4.3, 4.4, 4.5, 4.6, 4.7]


@pytest.fixture(scope="module")
def in_situ(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SpectraTruth, StudyOutcome]:
    folder = tmp_path_factory.mktemp("in situ")
    truth = simulate_in_situ(folder, voltages=VOLTAGES, seed=8)
    return folder, truth, il.run(folder, store=folder / "store", execute="inline")


def _table(outcome: StudyOutcome) -> pl.DataFrame:
    return pl.concat([result.table for result in outcome.results if result.technique == "impedance"])


def test_resistances_hold_their_truth(in_situ: tuple[Path, SpectraTruth, StudyOutcome]) -> None:
    _, truth, outcome = in_situ
    table = _table(outcome)
    pulls = []
    for sample, known in truth.values.items():
        for quantity in ("interphase_resistance", "charge_transfer_resistance", "diffusion_resistance"):
            rows = table.filter((pl.col("sample") == sample) & (pl.col("quantity") == quantity)).sort("state_value")
            assert rows.height == len(VOLTAGES)
            assert rows.get_column("state_value").to_numpy() == pytest.approx(VOLTAGES, abs=1e-3)
            pulls.append(
                (rows.get_column("value").to_numpy() - np.array(known[quantity])) / rows.get_column("std").to_numpy()
            )
    found = np.concatenate(pulls)
    assert 0.75 < found.std() < 1.3
    assert np.abs(found).max() < 4.5


def test_the_onset_of_the_bare_cell_is_found_and_the_coated_has_none(
    in_situ: tuple[Path, SpectraTruth, StudyOutcome],
) -> None:
    _, _, outcome = in_situ
    onsets = [one for one in outcome.findings if one.quantity == "onset_of_charge_transfer_resistance"]
    (bare,) = [one for one in onsets if " of bare" in one.statement]
    (coated,) = [one for one in onsets if " of coated" in one.statement]
    assert bare.low is not None
    assert bare.high is not None
    assert bare.low <= 4.4 <= bare.high
    assert coated.kind == "no_onset"


def test_variants_are_compared_at_the_last_voltage(in_situ: tuple[Path, SpectraTruth, StudyOutcome]) -> None:
    _, truth, outcome = in_situ
    (finding,) = [
        one for one in outcome.findings if one.quantity == "charge_transfer_resistance" and one.details.get("variant") == "coated"
    ]  # fmt: skip
    ratio = truth.at("coated_01", "charge_transfer_resistance", 4.7) / truth.at(
        "bare_01", "charge_transfer_resistance", 4.7
    )
    assert finding.estimate == pytest.approx(100 * (ratio - 1), abs=3)
    assert "4.7" in finding.statement
    assert finding.verdict == "descriptive", "one cell a variant"


def test_a_point_that_a_person_leaves_out_is_not_used(in_situ: tuple[Path, SpectraTruth, StudyOutcome]) -> None:
    folder, _, outcome = in_situ
    (validity,) = [one for one in outcome.results if one.name == "validity"]
    rows = validity.data["residuals"].filter((pl.col("sample") == "bare_01") & (pl.col("number") == 4)).sort("point")
    frequency = float(rows.item(30, "frequency"))
    target = f"{rows.item(30, 'spectrum')}/point/{frequency:.4g} Hz"
    il.decide(folder, target, "use", False, reason="mains", who="mk")
    again = il.run(folder, store=folder / "store", execute="inline")
    (after,) = [one for one in again.results if one.name == "validity"]
    held = after.data["residuals"].filter((pl.col("spectrum") == rows.item(30, "spectrum")) & (pl.col("point") == 30))
    assert held.get_column("used").to_list() == [False]
    assert any(one.target == target and one.who == "mk" for one in after.choices)
    before, now = (
        _table(one)
        .filter((pl.col("quantity") == "R0") & (pl.col("sample") == "bare_01"))
        .sort("state_value")
        .get_column("value")
        for one in (outcome, again)
    )
    assert before[3] != now[3]
    assert before[2] == now[2]


def test_what_ends_too_early_is_a_bound(tmp_path: Path) -> None:
    recipes = [replace(one, lowest=0.1) for one in IN_SITU]
    simulate_in_situ(tmp_path, recipes=recipes, voltages=[3.8, 4.2, 4.6], seed=4)
    outcome = il.run(tmp_path, store=tmp_path / "store", execute="inline")
    rows = _table(outcome).filter(pl.col("quantity") == "diffusion_resistance")
    assert rows.height == 6
    assert rows.get_column("value").null_count() == 6
    assert (rows.get_column("flag").str.len_chars() > 0).all()
    assert not any(one.quantity == "onset_of_diffusion_resistance" for one in outcome.findings)


def test_the_powder_is_a_mixture_of_open_and_closed(tmp_path: Path) -> None:
    simulate_sintering(tmp_path, seed=6)
    outcome = il.run(tmp_path, store=tmp_path / "store", execute="inline")
    onsets = {
        name: next(one for one in outcome.findings if one.kind == "onset" and f" of {name}" in one.statement)
        for name in ("closed", "open")
    }
    for name, true in (("closed", 600.0), ("open", 400.0)):
        assert onsets[name].low is not None
        assert onsets[name].low <= true <= onsets[name].high, onsets[name].statement
    (weight,) = [one for one in outcome.findings if one.kind == "weight" and " of open " in one.statement]
    assert weight.low is not None
    assert weight.low - 0.02 <= OPEN_SHARE <= weight.high + 0.02


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("circuit: R0-(R1|", "circuit: "),
        ("circuit: R0-R1, names: {R7: film_resistance}", "no resistance 'R7'"),
        ("window: [1 MHz, 1 Hz]", "second frequency must be higher"),
        ("limit: 3", "no share of the modulus"),
        ("against: volts", "'volts' is unknown"),
        ("circuit: auto, names: {R1: film_resistance}", "name a circuit"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_refused_before_anything_runs(words: str, said: str, tmp_path: Path) -> None:
    simulate_sintering(tmp_path, temperatures=[25, 400], seed=6)
    (tmp_path / "study.yaml").write_text(f"study: s\nanalyses:\n  impedance: {{{words}}}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"analyses: impedance: ") as wrong:
        il.run(tmp_path, store=tmp_path / "store", execute="inline")
    assert said in str(wrong.value)
