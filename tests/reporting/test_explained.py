"""Does every number of the page lead to its step, curve and bytes, and does the page stay light?"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.model import FileRecord, StepRecord
from interlith.reporting.explained import MOST_SKETCHES, origins
from interlith.reporting.headline import columns
from interlith.reporting.page import render
from interlith.reporting.trace import traced, traces
from interlith.workbench.running.identity import identify
from tests.reporting.fakes import make_outcome

MODULES = {"interlith.techniques.cycling.summary": "0123456789ab"}


def _with_curves(cells: int, cycles: int):
    """An outcome whose numbers carry identifiers of steps, with half-cycles and curves behind them."""
    outcome = make_outcome(cells, cycles)
    number = np.arange(1, 2 * cycles + 1)
    charge = np.linspace(0, 1, 40)
    half, curves, tables, records = [], [], [], []
    for item in outcome.study.measurements:
        name = item.sample.name
        half.append(
            pl.DataFrame({"half_cycle": number, "cycle": (number + 1) // 2}).with_columns(
                sample=pl.lit(name), direction=pl.when(pl.col("half_cycle") % 2 == 1).then(pl.lit("charge")).otherwise(pl.lit("discharge")),
                first_row=100 * pl.col("half_cycle"), last_row=100 * pl.col("half_cycle") + 99, part=pl.lit(0),
            )
        )  # fmt: skip
        curves.append(
            pl.DataFrame({"half_cycle": np.repeat(number, 40), "charge": np.tile(charge, 2 * cycles)}).with_columns(
                sample=pl.lit(name), voltage=4.8 - pl.col("charge") ** 4
            )
        )
        key = hashlib.sha256(f"summary {name}".encode()).hexdigest()
        tables.append(identify(outcome.observables.filter(pl.col("sample") == name), key))
        source = item.source
        file = FileRecord(source.path, source.sha256, source.size, source.reader, source.reader_version)
        records.append(
            StepRecord(key, "cycling", "summary", name, (file,), {"count": ("0" * 64,)}, {"normalise": "area"}, code="c" * 64,
                       modules=MODULES, decisions=({"target": "x", "field": "include", "value": True},))
        )  # fmt: skip
    result = replace(outcome.results[0], data={"half_cycles": pl.concat(half), "curves": pl.concat(curves)})
    table = pl.concat(tables)
    new = dict(zip(outcome.observables["id"], table["id"], strict=True))
    findings = tuple(
        replace(one, supporting=tuple(new[i] for i in one.supporting), opposing=tuple(new[i] for i in one.opposing))
        for one in outcome.findings
    )
    return replace(outcome, results=(result,), observables=table, records=tuple(records), findings=findings)


@pytest.fixture(scope="module")
def outcome():
    return _with_curves(6, 30)


@pytest.fixture(scope="module")
def found(outcome):
    rows = traced(outcome, columns(outcome))
    return rows, origins(outcome, rows)


def test_each_number_has_the_step_that_its_identifier_proves(outcome, found) -> None:
    rows, made = found
    keys = {one.specimen: one.key for one in outcome.records}
    assert rows.height > 20
    for row in rows.iter_rows(named=True):
        behind = made.of(row["id"])
        assert behind.key == keys[row["sample"]][:12]
        assert behind.decisions == ("include = True",)
    foreign = origins(replace(outcome, records=(replace(outcome.records[0], key="f" * 64),)), rows)
    assert {foreign.of(identity).key for identity in rows["id"]} == {""}


def test_steps_are_told_once_whatever_the_number_of_cells(found) -> None:
    (step,) = found[1].steps
    assert (step.step, step.results, step.options) == ("summary", 6, "normalise = area")
    assert step.modules == tuple(MODULES.items())


def test_a_number_shows_the_half_cycle_of_its_cycle(found) -> None:
    rows, made = found
    row = rows.filter((pl.col("quantity") == "discharge_capacity") & (pl.col("cycle") == 30)).row(0, named=True)
    (curve,) = made.of(row["id"]).curves
    assert (curve.label, curve.rows) == ("discharge 30", "rows 6000 to 6099")
    points = [tuple(map(int, pair.split(","))) for pair in curve.path[1:].split()]
    assert points[0] == (0, 0)
    assert points[-1] == (96, 28)
    assert len(points) <= 60


def test_the_page_links_what_it_shows(outcome) -> None:
    page = render(outcome)
    row = outcome.observables.filter((pl.col("quantity") == "discharge_capacity") & (pl.col("cycle") == 30)).row(
        0, named=True
    )
    line = re.search(rf'<tr id="o-{row["id"]}">.*?</tr>', page, re.DOTALL)
    assert line is not None
    for words in ('href="#k-1"', f'href="#s-{row["source"][7:19]}"', "rows 6000 to 6099", "decided: include = True"):
        assert words in line[0]
    assert f"interlith explain {re.search(r'<tr id=.o-([0-9a-f]{16})', page)[1]}" in page
    used, drawn = set(re.findall(r'<use href="#(w-\d+)"', page)), re.findall(r'<path id="(w-\d+)"', page)
    assert used <= set(drawn)
    assert len(drawn) == len(set(drawn))


def test_a_page_without_records_still_traces(outcome) -> None:
    bare = replace(outcome, records=())
    page = render(bare)
    assert 'id="steps"' not in page
    rows = traced(bare, columns(bare))
    assert all(item.behind.step == 0 for item in traces(bare, rows, origins(bare, rows)))


def test_two_hundred_cells_cost_little() -> None:
    outcome = _with_curves(200, 20)
    rows = traced(outcome, columns(outcome))
    made = origins(outcome, rows)
    assert len(made.curves) <= MOST_SKETCHES
    section = render(replace(outcome, figures=())).partition('<h2 id="origin">')[2]
    assert len(section.encode()) / rows.height < 1400
