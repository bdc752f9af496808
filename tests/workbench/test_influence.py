"""Are choices ordered by what hangs on them, and are doubtful specimens told without ever being left out?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError
from interlith.model import (
    Choice,
    Decision,
    Effect,
    Measurement,
    Observable,
    Primary,
    Sample,
    Source,
    State,
    Study,
    Table,
    Variant,
    read_target,
)
from interlith.model.observable import to_frame
from interlith.model.study import Replication
from interlith.numerics.outliers import deleted_residuals
from interlith.workbench.corrections.doubtful import doubtful, files_of
from interlith.workbench.corrections.influence import as_decision, by_influence, effects, influence, places

FIELDS = {
    "step_type": "pause, charge or discharge", "split_voltage": "a voltage such as 4.45 V, or none",
    "reference_cycle": "a cycle number", "cycle_join": "joined or separate", "include": "yes or no",
    "resolution": "a voltage", "current": "the current of the line: a current", "blocks": "the cycles of each block", "line": "a current, or as the report prints it",
}  # fmt: skip
FILES = {"B1_02": ("cells/B1_02.ndax#sha256:9f2c41d0a7b3", "cells/B1_02b.ndax#sha256:03ab99e1c5d7")}


def _choice(
    field: str, runner_up: str, target: str = "B1_02/plateau_share", margin: float = 0.5, **words: object
) -> Choice:
    made = Choice(target, field, "taken", runner_up, margin, ("capacity_retention",), "it is so.")
    return replace(made, **words)


@pytest.mark.parametrize(
    ("choice", "target", "value"),
    [
        (_choice("split_voltage", "4.478 V"), "cells/B1_02.ndax#sha256:9f2c41d0a7b3/plateau_share", "4.478 V"),
        (_choice("reference_cycle", "5", "cycling"), "cycling", 5),
        (_choice("reference_cycle", "5", "B1_02"), "cells/B1_02.ndax#sha256:9f2c41d0a7b3", 5),
        (_choice("step_type", "pause", "x y.csv#sha256:0123456789ab/half_cycle/3"), "x y.csv#sha256:0123456789ab/half_cycle/3", "pause"),
        (_choice("cycle_join", "separate"), "cells/B1_02.ndax#sha256:9f2c41d0a7b3/plateau_share", "separate"),
        (_choice("include", "no", FILES["B1_02"][1]), FILES["B1_02"][1], False),
        (_choice("line", "12 mA / 12 mA", "B1_02/fade"), "cells/B1_02.ndax#sha256:9f2c41d0a7b3/fade", "12 mA / 12 mA"),
        (_choice("resolution", "20 mV"), "cells/B1_02.ndax#sha256:9f2c41d0a7b3/plateau_share", "20 mV"),
    ],
)  # fmt: skip
def test_a_runner_up_becomes_the_decision_that_takes_it(choice: Choice, target: str, value: object) -> None:
    made = as_decision(choice, fields=FIELDS, files=FILES)
    assert made is not None
    assert (made.target.text, made.value, made.field) == (target, value, choice.field)
    assert type(made.value) is type(value)


@pytest.mark.parametrize(
    "choice",
    [
        _choice("split_voltage", "none"), _choice("current", "12 mA / 12 mA"), _choice("split_voltage", ""),
        _choice("blocks", "3 rates at four times the tolerance"), _choice("step_type", "paus"), _choice("step_type", "EIS gap"),
        _choice("column", "energy"), _choice("split_voltage", "4.478 bananas"), _choice("resolution", "20 mV", "differential/discharge"),
        _choice("step_type", "pause", "C9_99/half_cycle/3"), _choice("include", "perhaps", FILES["B1_02"][1]), _choice("include", "no"),
    ],
)  # fmt: skip
def test_what_no_decision_can_say_is_none(choice: Choice) -> None:
    assert as_decision(choice, fields=FIELDS, files=FILES) is None


def _row(
    quantity: str, sample: str, value: float | None, std: float = 0.1, cycle: int | None = None, **words: str
) -> Observable:
    state = None if cycle is None else State("cycle", cycle, cycle, cycle, "1")
    parts = {f"counter:{sample}/{cycle}": std}
    return Observable(
        quantity, value, words.pop("unit", "%"), sample, parts, state=state, cycle=cycle, technique="cycling", **words
    )


def _cells(shift: float = 0.0, samples: tuple[str, ...] = ("a", "b"), cycles: int = 3) -> pl.DataFrame:
    rows = [
        _row("capacity_retention", name, 90.0 - n + shift, 0.5, n) for name in samples for n in range(1, cycles + 1)
    ]
    rows += [_row("capacity_decay", name, 0.1 + shift, math.inf) for name in samples]
    rows += [_row("plateau_share", name, 40.0, 1.0, 2) for name in samples]
    return to_frame(rows)


HEAD = ("capacity_retention", "capacity_decay", "plateau_share", "absent")


def test_headlines_are_looked_at_where_all_specimens_have_them() -> None:
    table = _cells()
    assert places(table, HEAD, {"cycle": 2.0}) == {
        "capacity_retention": 2,
        "capacity_decay": None,
        "plateau_share": None,
    }
    assert places(table, HEAD, {"cycle": 99.0})["capacity_retention"] == 3
    longer = pl.concat([_cells(samples=("a",), cycles=9), _cells(samples=("b",))])
    assert places(longer, HEAD, {})["capacity_retention"] == 3


def test_the_moved_number_is_told_with_and_without() -> None:
    choice = _choice("split_voltage", "4.4 V")
    (told,) = effects([choice], _cells(), lambda one: _cells(-1.0, ("b",)), HEAD, at={"cycle": 2})
    first, second = told.effects
    assert first == Effect("capacity_retention", "b", "cycle 2", 88.0, 87.0, 0.5, "%")
    # The uncertainty of the decay is unknown: the shift is known all the same, and stands behind.
    assert (second.quantity, second.std, round(second.other, 6)) == ("capacity_decay", None, -0.9)
    assert influence(told) == (3, 2.0)


def test_a_number_lost_with_the_runner_up_weighs_most_and_no_change_least() -> None:
    base = _cells()
    lost = base.filter((pl.col("sample") == "a") & (pl.col("quantity") != "capacity_retention"))
    frames = {
        "lost": lost,
        "moved": _cells(1.0, ("a",)),
        "same": base,
        "unknown": _cells(1.0).filter(pl.col("quantity") != "capacity_retention"),
    }
    del frames["unknown"]
    choices = [_choice(name, "5", margin=0.5) for name in ("same", "cannot", "moved", "lost")]
    choices.append(_choice("closer", "5", margin=0.1))
    choices.append(_choice("idle", "5", margin=0.0, moves=()))
    told = effects(choices, base, lambda one: frames.get(one.field), HEAD, at={})
    assert [one.field for one in told] == ["lost", "moved", "closer", "cannot", "idle", "same"]
    assert told[0].effects[0].other is None
    assert told[-1].effects == (Effect("capacity_retention", "a", "cycle 3", 87.0, 87.0, 0.5, "%"),)
    assert {one.field for one in told if not one.effects} == {"closer", "cannot", "idle"}


def test_only_so_many_are_recomputed_people_first_then_the_least_clear() -> None:
    asked: list[str] = []

    def redo(one: Choice) -> pl.DataFrame | None:
        asked.append(one.field)
        if one.field == "f0":
            raise FitError("not with these data")
        return _cells(1.0)

    choices = [_choice(f"f{k}", "5", margin=k / 10) for k in range(9, -1, -1)]
    choices.append(_choice("mine", "5", margin=0.9, who="mk"))
    effects(choices, _cells(), redo, HEAD, at={}, most=3)
    assert asked == ["mine", "f0", "f1", "f2"]


def test_effects_of_another_unit_or_specimen_are_no_effects() -> None:
    other = _cells(5.0, ("b",)).with_columns(pl.lit("mAh").alias("unit"))
    (told,) = effects([_choice("f", "5")], _cells(), lambda one: other, HEAD, at={})
    assert told.effects == ()
    assert by_influence([told]) == (told,)


def _study(values: dict[str, list[float]], primary: Primary | None, std: float = 0.01) -> tuple[Study, pl.DataFrame]:
    rows, items, samples = [], [], []
    for variant, numbers in values.items():
        for k, value in enumerate(numbers):
            sample = Sample(f"{variant}_{k}", variant, "b1", str(k), "half_cathode")
            source = Source(f"cells/{sample.name}.csv", f"{len(items):02d}" * 32, 10, "x", "1")
            items.append(Measurement(sample, "cycling", source, Table(pl.LazyFrame(), ())))
            samples.append(sample)
            rows.append(_row("capacity_retention", sample.name, value, std, 200, variant=variant))
            rows.append(_row("capacity_retention", sample.name, value + 1, std, 100, variant=variant))
    study = Study(
        "s",
        Path(),
        next(iter(values)),
        Replication(),
        primary,
        {name: Variant(name) for name in values},
        tuple(samples),
        tuple(items),
    )
    return study, to_frame(rows)


def test_a_cell_far_from_its_fellows_is_a_choice_to_keep_it() -> None:
    primary = Primary("capacity_retention", {"cycle": 200.0})
    values = {"bare": [85.1, 85.4, 84.9, 85.2, 71.0], "coated": [90.1, 90.6, 89.8]}
    study, table = _study(values, primary)
    (told,) = doubtful(study, table, {"capacity_retention": "ratio"})
    assert (told.target, told.field, told.value, told.runner_up) == (
        f"cells/bare_4.csv#sha256:{'04' * 6}",
        "include",
        "yes",
        "no",
    )
    assert told.margin < 0.05
    assert "bare_4 at cycle 200 is 71" in told.reason
    assert "the other 4 of bare lie between 84.9" in told.reason
    contrast, mean = told.effects
    assert (contrast.sample, contrast.unit) == ("coated against bare", "%")
    assert contrast.value == pytest.approx(
        100 * (np.exp(np.mean(np.log(values["coated"])) - np.mean(np.log(values["bare"]))) - 1)
    )
    assert contrast.other == pytest.approx(
        100 * (np.exp(np.mean(np.log(values["coated"])) - np.mean(np.log(values["bare"][:4]))) - 1)
    )
    assert contrast.std is not None
    assert contrast.std > 0
    assert (mean.value, mean.other) == (
        pytest.approx(np.mean(values["bare"])),
        pytest.approx(np.mean(values["bare"][:4])),
    )
    made = as_decision(told, fields=FIELDS, files=files_of(study))
    assert made is not None
    assert made.value is False
    assert len(study.measurements) == 8


def test_who_keeps_an_odd_cell_knowingly_is_named() -> None:
    study, table = _study({"bare": [85.1, 85.4, 84.9, 85.2, 71.0], "coated": [90.1, 90.6, 89.8]}, None)
    kept = Decision(read_target(f"x.csv#sha256:{'04' * 6}"), "include", True, "the leak came later", "mk")
    (told,) = doubtful(replace(study, decisions=(kept,)), table, {"capacity_retention": "ratio"})
    assert told.who == "mk"
    assert told.reason.startswith("kept (the leak came later): ")


def test_nothing_is_told_of_two_cells_of_equal_ones_or_of_what_the_measurement_explains() -> None:
    headlines = {"capacity_retention": "ratio"}
    for values, std in (
        ({"bare": [85.0, 60.0], "coated": [90.0, 20.0]}, 0.01),
        ({"bare": [85.0, 85.0, 85.0, 85.0], "coated": [90.0] * 3}, 0.01),
        ({"bare": [85.0, 85.0, 85.0, 85.001], "coated": [90.0] * 3}, 0.01),
        ({"bare": [85.0, 85.3, 84.8, 85.1, 84.1], "coated": [90.0, 90.3, 89.9]}, 0.01),
    ):
        study, table = _study(values, None, std)
        assert doubtful(study, table, headlines) == ()
    study, table = _study({"bare": [85.0, 85.0, 85.0, 86.0], "coated": [90.0] * 3}, None, 0.01)
    assert [one.target[:16] for one in doubtful(study, table, headlines)] == ["cells/bare_3.csv"]


def test_deleted_residuals_are_those_of_the_book() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    residuals, chances = deleted_residuals(values)
    others = values[:3]
    by_hand = (9 - others.mean()) / (others.std(ddof=1) * math.sqrt(1 + 1 / 3))
    assert residuals[3] == pytest.approx(by_hand)
    # Two degrees of freedom have a closed form.
    assert chances[3] == pytest.approx(1 - by_hand / math.sqrt(2 + by_hand**2))
    with pytest.raises(ValueError, match="at least 3"):
        deleted_residuals(np.array([1.0, 2.0]))


@pytest.mark.parametrize("count", [3, 4, 6, 12])
def test_chance_finds_an_outlier_in_one_study_of_twenty(count: int) -> None:
    random = np.random.default_rng(count)
    draws = 4000
    hits = sum(bool((deleted_residuals(random.normal(size=count))[1] * count < 0.05).any()) for _ in range(draws))
    assert 0.035 < hits / draws < 0.062
