"""Does a cell give the same alone, with what all cells agreed on handed in, as among others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interlith.model import Agreement, Decision, Result, Series, Step
from interlith.model.stepping import in_steps
from interlith.techniques.cycling.analysis import STEPS
from interlith.techniques.cycling.example import example
from tests.techniques.cycling.frames import cell, cycles, logged
from tests.techniques.cycling.real_files import series_of
from tests.techniques.cycling.steps_taken import files, together

OPTIONS: dict[str, Any] = {"plateau": {"split": None, "cycle": 2}, "titration": {"particle_radius": "5 +- 1 um"}}


def _listening(steps: Sequence[Step], heard: dict[str, Agreement]) -> tuple[Step, ...]:
    """Steps that remember what was agreed."""

    def listen(step: Step) -> Step:
        def agree(
            results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
        ) -> Agreement:
            assert step.agree is not None
            heard[step.name] = step.agree(results, options, decisions)
            return heard[step.name]

        return replace(step, agree=agree) if step.agree is not None else step

    return tuple(map(listen, steps))


def _told(steps: Sequence[Step], heard: Mapping[str, Agreement]) -> tuple[Step, ...]:
    """Steps that are told what was agreed."""

    def tell(step: Step) -> Step:
        return replace(step, agree=lambda *_: heard[step.name]) if step.agree is not None else step

    return tuple(map(tell, steps))


def _same(one: pl.DataFrame, other: pl.DataFrame, sample: str, what: str) -> None:
    mine = other.filter(pl.col("sample") == sample) if "sample" in other.columns else other
    if one.is_empty() and mine.is_empty():
        return
    try:
        assert_frame_equal(one, mine.select(one.columns), rel_tol=1e-12, abs_tol=1e-13, check_dtypes=False)
    except AssertionError as error:
        raise AssertionError(f"{what} of {sample}: {error}") from error


def _alone_as_together(series: Series, options: Mapping[str, Any]) -> dict[str, Agreement]:
    heard: dict[str, Agreement] = {}
    whole = {one.name: one for one in in_steps(_listening(STEPS, heard), series, options, technique="cycling")}
    for sample, own in series.by_sample().items():
        alone = {one.name: one for one in in_steps(_told(STEPS, heard), own, options, technique="cycling")}
        for name, result in whole.items():
            if not result.quality.filter(pl.col("sample") == sample).height:
                continue
            _same(alone[name].table, result.table, sample, f"observables of {name}")
            assert alone[name].quality.rows() == result.quality.filter(pl.col("sample") == sample).rows(), name
            assert alone[name].flags.get(sample) == result.flags.get(sample), name
            assert set(alone[name].choices) <= set(result.choices), name
            for table in result.data:
                if table in alone[name].data:
                    _same(alone[name].data[table], result.data[table], sample, f"{table} of {name}")
    return heard


def test_cells_of_a_study() -> None:
    heard = _alone_as_together(example().series, OPTIONS)
    assert heard["retention"].values == {"reference_cycle": 3}
    assert set(heard["differential"].values) <= {"charge", "discharge"}


def test_cells_that_differ_in_everything() -> None:
    one = files(logged(cycles(9, fade=0.01)))
    no_mass = files(logged(cycles(12, fade=0.02), interval=30.0), sample=cell("A2", mass=None))
    rates = [step for rate in (1e-3, 2e-3, 4e-3, 1e-3) for step in cycles(3, current=rate)]
    tested = files(logged(rates, interval=10.0), sample=cell("A3"))
    restarted = files(logged(cycles(3)), logged(cycles(2)), sample=cell("A4"))
    dead = files(logged([(600.0, 0.0, 3.5, 3.5)]), sample=cell("A5"))
    heard = _alone_as_together(together(one, no_mass, tested, restarted, dead), OPTIONS)
    assert heard["conditions"].values == {"basis": ""}  # one mass is missing


@pytest.mark.slow
def test_real_cells(data_folder: Path) -> None:
    names = ("fastnda_nw4-120-1-6-53.ndax", "fastnda_BTS85-36-6-5-110-20240424.ndax", "neware_uio.csv")
    real = [series_of(data_folder / "cycling", name) for name in names]
    _alone_as_together(together(*real), {})


def test_what_is_agreed_is_numbers_and_words() -> None:
    def plain(value: object) -> bool:
        if isinstance(value, (list, tuple)):
            return all(map(plain, value))
        return type(value) in (str, int, float, bool)

    heard: dict[str, Agreement] = {}
    in_steps(_listening(STEPS, heard), example().series, OPTIONS, technique="cycling")
    assert set(heard) == {"conditions", "retention", "differential", "peaks"}
    assert all(plain(value) for one in heard.values() for value in one.values.values())


def test_a_cell_that_agrees_makes_nothing_else_stale() -> None:
    """One more cell of the kind: what is agreed stays, so that no step key changes."""
    found: list[dict[str, Mapping[str, Any]]] = []
    cells = example().series.by_sample()
    for names in (("bare_1", "coated_1"), ("bare_1", "coated_1", "bare_2")):
        heard: dict[str, Agreement] = {}
        in_steps(
            _listening(STEPS, heard),
            together(*(cells[name] for name in names)),
            {"dqdv": {"resolution": "30 mV"}},
            technique="cycling",
        )
        found.append({name: one.values for name, one in heard.items()})
    assert found[0] == found[1]
