"""Simulated operando studies: patterns, mishaps, clocks and the cells behind them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import Table
from interlith.simulate.powder_operando import simulate_operando
from interlith.simulate.powder_recipes import OPERANDO, SWING
from interlith.simulate.powder_truth import PowderTruth

COUNT = 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PowderTruth]:
    folder = tmp_path_factory.mktemp("stack")
    return folder, simulate_operando(folder, patterns=COUNT, corrupt=0.2, seed=5, limits=(8.5, 20.0), step=0.03)


def _frames(folder: Path) -> list[pl.DataFrame]:
    item = next(one for one in il.open_study(folder).measurements if one.technique == "diffraction")
    assert isinstance(item.payload, Table)
    return item.payload.frame.collect().partition_by("frame", maintain_order=True)


def test_frames_and_truth_belong_together(stack: tuple[Path, PowderTruth]) -> None:
    folder, truth = stack
    assert il.open_study(folder).unread == ()
    frames, known = _frames(folder), truth.of("bare_01")
    assert len(frames) == known.height == COUNT
    assert [frame["frame"][0] for frame in frames] == known["frame"].to_list() == list(range(COUNT))
    every, offset = truth.values["bare_01"]["every"], truth.values["bare_01"]["clock_offset"]
    own = np.array([frame["test_time"][0] for frame in frames])
    np.testing.assert_allclose(own, every * np.arange(COUNT), atol=1e-6)
    # The truth is told on the log's clock, for the middle of the exposure.
    np.testing.assert_allclose(known["test_time"].to_numpy(), own + offset + 0.475 * every, atol=1e-6)


def test_what_happened_to_a_frame_is_told(stack: tuple[Path, PowderTruth]) -> None:
    folder, truth = stack
    kinds = truth.patterns["corrupt"].to_list()
    assert sum(bool(kind) for kind in kinds) == 12
    assert kinds[0] == kinds[-1] == ""
    for frame, kind in zip(_frames(folder), kinds, strict=True):
        counts = frame["intensity"].to_numpy()
        assert (not counts.any()) == (kind == "empty frame")
        assert bool((counts == 2**20 - 1).any()) == (kind == "saturated spikes")
        assert bool((counts == 0).any()) == (kind in ("empty frame", "dead stretch"))


def test_the_strongest_line_follows_the_cell(stack: tuple[Path, PowderTruth]) -> None:
    folder, truth = stack
    for frame, row in zip(_frames(folder), truth.patterns.rows(named=True), strict=True):
        if row["corrupt"]:
            continue
        near = frame.filter((pl.col("two_theta") - row["peak_003_position"]).abs() < 0.15)
        weight = near["intensity"].to_numpy() - near["intensity"].to_numpy().min()
        place = float((near["two_theta"].to_numpy() * weight).sum() / weight.sum())
        assert place == pytest.approx(row["peak_003_position"], abs=0.012)
        assert row["peak_003_d_spacing"] == pytest.approx(row["layered_cell_c"] / 3)


def test_c_grows_and_then_falls_below_its_start(stack: tuple[Path, PowderTruth]) -> None:
    _, truth = stack
    known = truth.patterns.filter(pl.col("corrupt") == "")
    edge, extracted = known["layered_cell_c"].to_numpy(), known["extracted"].to_numpy()
    highest, lowest = int(np.argmax(edge)), int(np.argmin(edge))
    assert 0.35 < extracted[highest] < 0.5
    assert extracted[lowest] > 0.95
    assert edge[lowest] < edge[0] < edge[highest]
    swing = truth.values["bare_01"]["peak_003_d_swing"]
    assert swing == pytest.approx((edge.max() - edge.min()) / 3)


def test_phases_are_born_at_their_time(stack: tuple[Path, PowderTruth]) -> None:
    _, truth = stack
    known, values = truth.patterns, truth.values["bare_01"]
    for birth in OPERANDO[0].births:
        time = values[f"{birth.phase}_birth"]
        share = known[f"{birth.phase}_weight_fraction"].to_numpy()
        assert not share[known["test_time"].to_numpy() < time].any()
        assert np.all(np.diff(share[known["test_time"].to_numpy() > time]) > 0)
    names = [f"{one.name}_weight_fraction" for one in OPERANDO[0].phases]
    assert known.select(pl.sum_horizontal(names)).to_series().to_list() == pytest.approx([1.0] * COUNT)


def test_the_wall_clock_of_the_cycler_is_ahead(stack: tuple[Path, PowderTruth]) -> None:
    folder, truth = stack
    import h5py

    with h5py.File(folder / "xrd" / "bare_01.h5") as file:
        first = datetime.fromisoformat(file["entry/start_time"][()].decode())
    log = pl.read_csv(folder / "cycler" / "bare_01.csv", infer_schema_length=0)
    begun = datetime.fromisoformat(log["Date"][0])
    apart = (first - begun).total_seconds()
    assert apart == pytest.approx(truth.values["bare_01"]["clock_offset"] - 600.0, abs=1e-3)


def test_single_files_are_joined_to_the_log(tmp_path: Path) -> None:
    truth = simulate_operando(
        tmp_path, patterns=12, corrupt=0.0, clock_error=0.0, files="single", limits=(9.0, 20.0), step=0.1, seed=2
    )
    study = il.open_study(tmp_path)
    assert study.unread == ()
    assert {one.sample.name for one in study.measurements} == {"bare_01"}
    assert study.join["diffraction"]["log"] == "cycler/bare_01.csv"
    # With the true offset the joined states are those of the truth.
    series = il.model.Series(tuple(one for one in study.measurements if one.technique == "diffraction"))
    own = truth.values["bare_01"]
    began = own["every"] * np.arange(12)
    joined = il.join_state(
        series, tmp_path / "cycler" / "bare_01.csv", offset=f"{own['clock_offset']} +- 1 s", drift=0, time=began.tolist(),
        exposure=f"{0.95 * own['every']:.2f} s", quantities=["voltage"],
    )  # fmt: skip
    for item, row in list(zip(joined.series, truth.patterns.rows(named=True), strict=True))[1:-1]:
        assert item.state["voltage"].low <= row["voltage"] <= item.state["voltage"].high
        assert item.state["test_time"].value * 3600 == pytest.approx(row["test_time"], abs=0.1)


def test_bare_and_coated_swing_differently(tmp_path: Path) -> None:
    truth = simulate_operando(
        tmp_path, recipes=SWING, patterns=40, cells=2, spread=0.05, corrupt=0.0, voltage_in_files=True, whole_cycle=False, limits=(9.0, 10.0),
        step=0.05, seed=4,
    )  # fmt: skip
    swings = {name: values["peak_003_d_swing"] for name, values in truth.values.items()}
    assert set(swings) == {"bare_01", "bare_02", "coated_01", "coated_02"}
    assert swings["bare_01"] != swings["bare_02"]
    assert max(swings["coated_01"], swings["coated_02"]) < 0.7 * min(swings["bare_01"], swings["bare_02"])
    held = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert held["values"]["coated_01"]["peak_003_d_swing"] == pytest.approx(swings["coated_01"])
    frame = _frames(tmp_path)[20]
    assert frame["voltage"][0] == pytest.approx(truth.patterns["voltage"][20], abs=3e-3)


def test_the_same_seed_gives_the_same_numbers(tmp_path: Path) -> None:
    made = [
        simulate_operando(tmp_path / name, patterns=4, seed=seed, limits=(9.0, 20.0), step=0.1)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    frames = [pl.concat(_frames(tmp_path / name)) for name in "abc"]
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])
    assert made[0].values == made[1].values != made[2].values


def test_impossible_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="two patterns"):
        simulate_operando(tmp_path, patterns=1)
    with pytest.raises(StudyError, match="stack or single"):
        simulate_operando(tmp_path, files="heap")
    with pytest.raises(StudyError, match="into a stack only"):
        simulate_operando(tmp_path, files="single", voltage_in_files=True)
