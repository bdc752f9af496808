"""Are the simulated files what a vendor would write, does the truth stand in them, and is everything repeatable?"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.physics.cell import Ageing
from interlith.physics.fluctuation import Fluctuation
from interlith.simulate.demo import BARE, COATED, write_demo
from interlith.simulate.design import Errors, StudyDesign
from interlith.simulate.recipes import Effects, Recipe, Spread, make_cell
from interlith.simulate.study import simulate_study
from interlith.simulate.truth import Truth

NO_ERRORS = Errors(mass=0.0, current=0.0, voltage=0.0, current_noise=0.0, voltage_noise=0.0)
CYCLES = 8


def small(folder: Path, *, seed: int = 3, errors: Errors | None = None) -> Truth:
    return simulate_study(
        folder, variants=(BARE, COATED), cells_per_variant=2, cycles=CYCLES, seed=seed, errors=errors,
        restarted=0, landt=1, missing_mass=3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return small(tmp_path_factory.mktemp("Zellen für Würzburg, Charge 2"), errors=NO_ERRORS)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def seconds(column: str) -> pl.Expr:
    part = pl.col(column).str.split(":")
    return sum(part.list.get(k).cast(pl.Float64) * 60 ** (2 - k) for k in range(3))


def read_plain(path: Path) -> pl.DataFrame:
    """Time (s), current (A), voltage (V), step of either vendor, by column name only: no reader of ours."""
    table = pl.read_csv(path, infer_schema_length=None)
    if "Total Time" in table.columns:
        return table.select(
            seconds("Total Time").alias("t"), pl.col("Current(A)").alias("i"), pl.col("Voltage(V)").alias("v"),
            pl.col("Cycle Index").alias("cycle"), pl.col("Step Index").alias("step"),
        )  # fmt: skip
    return table.select(
        pl.col("TestTime/Sec").alias("t"), (pl.col("Current/mA") / 1e3).alias("i"), pl.col("Voltage/V").alias("v"),
        pl.col("CycleNo").alias("cycle"), pl.col("StepNo").alias("step"),
    )  # fmt: skip


def half_cycle_sums(frames: list[pl.DataFrame]) -> tuple[np.ndarray, np.ndarray]:
    """Charge (Ah) and energy (Wh) of successive half-cycles by plain trapezoid over the printed columns."""
    pieces = []
    for frame in frames:
        run = pl.struct("cycle", "step").rle_id()
        power = pl.col("i") * pl.col("v")
        width = pl.col("t").diff().over(run) / 3600
        pieces.append(
            frame.with_columns(
                ((pl.col("i") + pl.col("i").shift(1).over(run)) / 2 * width).fill_null(0.0).alias("dq"),
                ((power + power.shift(1).over(run)) / 2 * width).fill_null(0.0).alias("de"),
            )
        )
    moving = pl.concat(pieces).filter(pl.col("i") != 0)
    sums = moving.group_by((pl.col("i") > 0).rle_id().alias("half"), maintain_order=True).agg(
        pl.sum("dq"), pl.sum("de")
    )
    return np.abs(sums.get_column("dq").to_numpy()), np.abs(sums.get_column("de").to_numpy())


def test_a_plain_trapezoid_of_the_written_files_gives_the_truth(study: Truth) -> None:
    for cell in study.cells.values():
        charge, energy = half_cycle_sums([read_plain(study.folder / name) for name in cell.files])
        truth = cell.half_cycles
        landt = "LANDT" if cell.sample == "bare_2" else "Neware"
        # Printed current over half a digit, and the last time to 1 ms, for the slowest half-cycle.
        digit = 0.5e-7 if landt == "LANDT" else 0.5e-8
        hours = truth.get_column("charge").to_numpy() / (140.0 * cell.active_mass) / truth.get_column("rate").to_numpy()
        assert np.all(np.abs(charge - truth.get_column("charge").to_numpy()) < digit * (hours + 0.5) + 2e-9), (
            cell.sample
        )
        assert energy == pytest.approx(truth.get_column("energy").to_numpy(), rel=1e-3)


def test_the_counters_of_the_vendor_agree_with_the_truth(study: Truth) -> None:
    cell = study.cells["C0.5La_1"]
    table = pl.read_csv(study.folder / cell.files[0], infer_schema_length=None)
    steps = table.group_by(pl.struct("Cycle Index", "Step Index").rle_id().alias("run"), maintain_order=True).agg(
        pl.col("Cycle Index").first(), pl.col("Chg. Cap.(Ah)").last(), pl.col("DChg. Cap.(Ah)").last(), pl.col("DChg. Energy(Wh)").last()
    )  # fmt: skip
    cycles = steps.group_by("Cycle Index", maintain_order=True).agg(pl.exclude("run").sum())
    truth = cell.half_cycles
    for column, direction, name in (
        ("Chg. Cap.(Ah)", "charge", "charge"),
        ("DChg. Cap.(Ah)", "discharge", "charge"),
        ("DChg. Energy(Wh)", "discharge", "energy"),
    ):
        stated = truth.filter(direction=direction).get_column(name).to_numpy()
        assert np.abs(cycles.get_column(column).to_numpy() - stated).max() < 1.5e-8


def test_errors_of_mass_and_current_show_in_the_files(tmp_path: Path) -> None:
    truth = small(tmp_path, errors=Errors(mass=0.05, current=0.02, voltage=0.0, current_noise=0.0, voltage_noise=0.0))
    cell = truth.cells["C0.5La_1"]
    charge, _ = half_cycle_sums([read_plain(tmp_path / name) for name in cell.files])
    true_charge = cell.half_cycles.get_column("charge").to_numpy()
    assert charge / true_charge == pytest.approx(1 + cell.current_gain, rel=2e-4)
    assert abs(cell.current_gain) > 1e-3
    counter = pl.read_csv(tmp_path / cell.files[0], infer_schema_length=None).get_column("DChg. Cap.(Ah)")
    most = cell.half_cycles.filter(direction="discharge").get_column("charge").max()
    assert counter.max() == pytest.approx(most * (1 + cell.current_gain), rel=1e-5)
    assert cell.declared_mass is not None
    assert abs(cell.active_mass / cell.declared_mass - 1) > 1e-3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        small(tmp_path / name, seed=seed)
    first, second, third = (digests(tmp_path / name) for name in "abc")
    assert first == second
    assert first.keys() == third.keys()
    assert all(first[name] != third[name] for name in first if name not in ("study.yaml",))


def test_one_cell_is_restarted_on_a_new_clock_in_the_middle_of_a_half_cycle(study: Truth) -> None:
    cell = study.cells["bare_1"]
    assert cell.files == ("cells/bare_1.csv", "cells/bare_1_restart.csv")
    first, second = (read_plain(study.folder / name) for name in cell.files)
    assert second.get_column("t")[0] == 0.0
    assert second.get_column("cycle")[0] == 1
    assert first.get_column("i")[-1] > 0
    assert second.get_column("i")[0] > 0
    assert cell.half_cycles.get_column("joined").sum() == 1


def test_measurements_and_study_file_are_those_of_a_user(study: Truth) -> None:
    with (study.folder / "measurements.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["file"] for row in rows] == [name for cell in study.cells.values() for name in cell.files]
    empty = [row["file"] for row in rows if not row["active_mass"]]
    assert empty == ["cells/C0.5La_2.csv"]
    assert {row["active_mass_source"] for row in rows if row["active_mass"]} == {"balance"}
    assert all("simulated" in row["note"] for row in rows)
    assert study.cells["C0.5La_2"].declared_mass is None
    for row in rows:
        cell = next(cell for cell in study.cells.values() if row["file"] in cell.files)
        if cell.declared_mass is not None:
            assert float(row["active_mass"].removesuffix(" mg")) == pytest.approx(cell.declared_mass * 1e6, abs=1e-9)
    text = (study.folder / "study.yaml").read_text(encoding="utf-8")
    assert "simulated: true" in text
    assert "SIMULATED" in text.splitlines()[0]
    assert "simulated" in next(line for line in text.splitlines() if line.startswith("study:")).casefold()


def test_the_study_opens_with_our_loader(study: Truth) -> None:
    opening = pytest.importorskip("interlith.workbench.opening")
    opened = opening.open_study(study.folder)
    assert opened.simulated
    assert not opened.unread
    assert {sample.name for sample in opened.samples} == set(study.cells)
    parts = [item.part for item in opened.measurements if item.sample.name == "bare_1"]
    assert parts == [0, 1]
    assert any("active_mass" in gap.where for gap in opened.gaps)


def test_the_truth_file_says_that_it_is_simulated_and_holds_the_numbers(study: Truth) -> None:
    document = json.loads((study.folder / "truth.json").read_text(encoding="utf-8"))
    assert document["simulated"] is True
    assert document["statement"].startswith("SIMULATED")
    cell = document["cells"]["bare_2"]
    assert cell["half_cycles"]["charge"] == pytest.approx(
        study.cells["bare_2"].half_cycles.get_column("charge").to_list()
    )
    assert cell["values"]["capacity_retention"]["8"] == pytest.approx(
        100 * cell["half_cycles"]["charge"][15] / cell["half_cycles"]["charge"][7]
    )
    assert document["variants"]["bare"]["initial_coulombic_efficiency"] == pytest.approx(85.0, abs=0.2)


def test_truth_of_a_variant_is_the_middle_of_many_cells(tmp_path: Path) -> None:
    loss = Recipe(
        "fading", ageing=Ageing(capacity_loss=5e-3, resistance_growth=1e-2, side_share=5e-3, first_side_share=0.1)
    )
    truth = simulate_study(tmp_path, variants=(loss,), cells_per_variant=40, cycles=CYCLES, seed=11, errors=NO_ERRORS)
    found = [cell.values["capacity_retention", CYCLES] for cell in truth.cells.values()]
    centre = truth.value("capacity_retention", variant="fading", cycle=CYCLES)
    assert np.std(found) > 0.02
    assert abs(np.mean(found) - centre) < 4 * np.std(found) / np.sqrt(40)


def test_batches_share_an_effect_and_hold_every_variant(tmp_path: Path) -> None:
    truth = simulate_study(
        tmp_path, variants=(BARE, COATED), cells_per_variant=4, cycles=4, seed=5, batches=2, errors=NO_ERRORS,
        cell_to_cell=Spread(0.0, 0.0, 0.0, 0.0), fluctuation=Fluctuation(0.0), batch_to_batch=Spread(0.05, 0.0, 0.0, 0.0),
    )  # fmt: skip
    by_batch: dict[tuple[str, str], list[float]] = {}
    for cell in truth.cells.values():
        by_batch.setdefault((cell.variant, cell.batch), []).append(cell.values["discharge_capacity", 2])
    assert set(by_batch) == {("bare", "b1"), ("bare", "b2"), ("C0.5La", "b1"), ("C0.5La", "b2")}
    assert all(np.ptp(values) < 0.1 for values in by_batch.values())
    assert abs(np.mean(by_batch["bare", "b1"]) - np.mean(by_batch["bare", "b2"])) > 0.5
    assert "group: batch" in (tmp_path / "study.yaml").read_text(encoding="utf-8")


def test_half_of_the_variance_of_a_batch_is_common_to_its_variants() -> None:
    still = Spread(0.0, 0.0, 0.0, 0.0)
    effects = []
    for seed in range(400):
        design = StudyDesign(
            (BARE, COATED), 2, 4, seed, 2, still, Spread(0.05, 0.0, 0.0, 0.0), Fluctuation(0.0), NO_ERRORS, {}, 4,
            None, None, None, 4.4e-6,
        )  # fmt: skip
        effects.append([design.plan(number).effects.capacity - 1 for number in range(4)])
    assert np.std(effects) == pytest.approx(0.05, rel=0.1)
    between = np.corrcoef(np.array(effects).T)  # bare b1, bare b2, coated b1, coated b2
    assert between[0, 2] == pytest.approx(0.5, abs=0.12)
    assert between[1, 3] == pytest.approx(0.5, abs=0.12)
    assert abs(between[0, 1]) < 0.15
    assert abs(between[0, 3]) < 0.15


def test_capacity_swings_with_memory_and_the_decay_is_that_of_the_trend(tmp_path: Path) -> None:
    swing = np.array(Fluctuation(2e-3, 0.6).draw(np.random.default_rng(1), 20_000)) - 1
    assert swing.std() == pytest.approx(2e-3, rel=0.05)
    assert np.corrcoef(swing[1:], swing[:-1])[0, 1] == pytest.approx(0.6, abs=0.03)
    words = {"cell_to_cell": Spread(0.0, 0.0, 0.0, 0.0), "cells_per_variant": 1, "cycles": 30, "errors": NO_ERRORS}
    wild = simulate_study(tmp_path / "wild", variants=(BARE,), fluctuation=Fluctuation(5e-3), **words)  # type: ignore[arg-type]
    calm = simulate_study(tmp_path / "calm", variants=(BARE,), fluctuation=Fluctuation(0.0), **words)  # type: ignore[arg-type]
    retention = [truth.cells["bare_1"].values["capacity_retention", 30] for truth in (wild, calm)]
    assert abs(retention[0] - retention[1]) > 0.1
    decay = [truth.cells["bare_1"].values["capacity_decay", None] for truth in (wild, calm)]
    assert decay[0] == pytest.approx(decay[1], rel=0.02)


def test_effects_multiply() -> None:
    both = Effects(1.1, 2.0, 0.5, 1.0).times(Effects(1.0, 0.5, 2.0, 3.0))
    assert both == Effects(1.1, 1.0, 1.0, 3.0)
    doubled = make_cell(BARE, active_mass=4e-6, effects=Effects(capacity=2.0, fade=3.0))
    plain = make_cell(BARE, active_mass=4e-6)
    assert doubled.capacity == pytest.approx(2 * plain.capacity)
    assert doubled.ageing.capacity_loss == pytest.approx(3 * plain.ageing.capacity_loss)


def test_wrong_requests_are_sentences(tmp_path: Path, study: Truth) -> None:
    with pytest.raises(StudyError, match=r"no cell 6; its cells are 0 to 3"):
        simulate_study(tmp_path, variants=(BARE, COATED), cells_per_variant=2, restarted=6)
    with pytest.raises(StudyError, match="needs cells"):
        simulate_study(tmp_path, variants=(BARE,), cells_per_variant=0)
    with pytest.raises(StudyError, match="did you mean 'li_rich'"):
        simulate_study(tmp_path, variants=(Recipe("x", chemistry="li_rch"),), cells_per_variant=1)
    with pytest.raises(StudyError, match="did you mean 'capacity_retention'"):
        study.value("capacity_retentoin", variant="bare", cycle=8)
    with pytest.raises(StudyError, match="4 to 8"):
        study.value("capacity_retention", variant="bare", cycle=2)


def test_the_demo_is_small_quick_and_decided_by_its_truth(tmp_path: Path) -> None:
    seen: list[str] = []
    truth = write_demo(tmp_path, cycles=12, progress=lambda done, total, name: seen.append(f"{done}/{total} {name}"))
    assert len(truth.cells) == 6
    assert seen[-1] == "6/6 C0.5La_3"
    assert sum(len(cell.files) == 2 for cell in truth.cells.values()) == 1
    assert sum(cell.declared_mass is None for cell in truth.cells.values()) == 1
    header = (tmp_path / truth.cells["C0.5La_2"].files[0]).read_text(encoding="utf-8").split("\n", 1)[0]
    assert "TestTime/Sec" in header
    assert truth.contrast("capacity_retention", variant="C0.5La", cycle=12) > 1.0
    assert truth.contrast("capacity_decay", variant="C0.5La", kind="difference") < 0.0
