"""Is a series in memory the same as what stands in the files, and does each cell carry its declarations?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.model import Table
from interlith.physics.fluctuation import Fluctuation
from interlith.simulate.demo import BARE, COATED
from interlith.simulate.design import Errors, StudyDesign
from interlith.simulate.recipes import Spread
from interlith.simulate.series import simulate_series
from interlith.techniques.cycling.example import example


def design(seed: int = 2, **changes: int | None) -> StudyDesign:
    words: dict[str, int | None] = {"restarted": 0, "missing_mass": 3, "landt": None} | changes
    return StudyDesign(
        (BARE, COATED), 2, 5, seed, 1, Spread(), None, Fluctuation(), Errors(mass=0.03), {}, 4, words["restarted"],
        words["missing_mass"], words["landt"], 4.4e-6,
    )  # fmt: skip


def frame_of(payload: object) -> pl.DataFrame:
    assert isinstance(payload, Table)
    return payload.frame.collect()


def test_cells_carry_their_declarations_and_parts() -> None:
    series, truths = simulate_series(design(), prefix="s7/")
    assert set(truths) == {"s7/bare_1", "s7/bare_2", "s7/C0.5La_1", "s7/C0.5La_2"}
    assert [(item.sample.name, item.part) for item in series][:3] == [
        ("s7/bare_1", 0),
        ("s7/bare_1", 1),
        ("s7/bare_2", 0),
    ]
    masses = {item.sample.name: item.sample.active_mass for item in series}
    assert masses["s7/C0.5La_2"] is None
    declared = masses["s7/bare_2"]
    assert declared is not None
    assert declared.value == truths["s7/bare_2"].declared_mass
    assert declared.std == pytest.approx(0.03 * declared.value)
    assert abs(truths["s7/bare_2"].active_mass / declared.value - 1) > 1e-3
    assert all("simulated" in item.sample.note for item in series)
    assert len({item.source.sha256 for item in series}) == len(series)


def test_records_are_rounded_and_their_counters_hold_the_truth() -> None:
    series, truths = simulate_series(design(restarted=None))
    cell = truths["bare_2"]
    frame = frame_of(next(item for item in series if item.sample.name == "bare_2").payload)
    for name, digits in (("voltage", 4), ("current", 8), ("charge_counter", 8), ("test_time", 3)):
        values = frame.get_column(name).to_numpy()
        assert values == pytest.approx(np.round(values, digits), abs=1e-12), name
    steps = frame.group_by(pl.struct("vendor_cycle", "vendor_step").rle_id().alias("run"), maintain_order=True).agg(
        pl.col("vendor_cycle").first(), pl.col("discharge_counter").last()
    )
    found = steps.group_by("vendor_cycle", maintain_order=True).agg(pl.col("discharge_counter").sum())
    truth = cell.half_cycles.filter(direction="discharge").get_column("charge").to_numpy() * (1 + cell.current_gain)
    assert np.abs(found.get_column("discharge_counter").to_numpy() - truth).max() < 1e-8


def test_a_seed_fixes_every_record() -> None:
    first, second, other = (simulate_series(design(seed))[0] for seed in (2, 2, 3))
    assert [item.source.sha256 for item in first] == [item.source.sha256 for item in second]
    assert not {item.source.sha256 for item in first} & {item.source.sha256 for item in other}


def test_the_example_of_cycling_is_small_and_repeatable() -> None:
    one, two = example(), example()
    assert [item.source.sha256 for item in one.series] == [item.source.sha256 for item in two.series]
    assert one.truth == two.truth
    assert len(one.series.samples) == 3
    assert all(frame_of(item.payload).height < 10_000 for item in one.series)
    cycles = {cycle for _, quantity, cycle in one.truth if quantity == "capacity_retention"}
    assert min(cycle for cycle in cycles if cycle) == one.options["reference_cycle"]
