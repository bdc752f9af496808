"""Five kinds of wrong automatic choice: each corrected in one command, only dependants recomputed, shown, and undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.app.main import app
from interlith.model import StudyOutcome
from interlith.workbench.running.run import run

from .folders import HEADER, write_cell

STUDY = """\
study: five wrong choices
reference: bare
replication: {unit: cell}
samples: {bare: {}, coated: {parent: bare}}
cells: {kind: half_cathode, one_C: 140 mA/g, active_mass_uncertainty: 2 %}
analyses:
  cycling: {plateau: {split: null, cycle: 2}}
"""
#: Steps that follow from a summary.
AFTER = {
    "summary",
    "conditions",
    "fade",
    "retention",
    "rate_table",
    "resolution",
    "differential",
    "peaks",
    "plateau_share",
}
OTHERS = {"bare_2", "bare_3", "coated_1", "coated_2", "coated_3"}


def curve() -> tuple[np.ndarray, np.ndarray]:
    """State of charge over voltage of a cell with two plateaus."""
    voltage = np.linspace(3.0, 4.0, 400)
    charge = (
        0.4 / (1 + np.exp((3.35 - voltage) / 0.03)) + 0.4 / (1 + np.exp((3.65 - voltage) / 0.03)) + 0.2 * (voltage - 3)
    )
    return (charge - charge[0]) / (charge[-1] - charge[0]), voltage


def rows(turns: list[tuple[int, float]], *, start: float = 0.0) -> pl.DataFrame:
    """Constant-current steps: direction and the state of charge (0 to 1) at the end of each; 1 mAh, 1 mA."""
    known, level = curve()
    frames, clock, state = [], 0.0, start
    for number, (sign, goal) in enumerate(turns, 1):
        x = np.linspace(state, goal, 81)
        charge = 1e-3 * np.abs(x - state)
        time = charge / 1e-3 * 3600
        voltage = np.interp(x, known, level)
        energy = np.concatenate([[0.0], np.cumsum(0.5 * (voltage[1:] + voltage[:-1]) * np.diff(charge))])
        up, down = (charge, 0 * charge) if sign > 0 else (0 * charge, charge)
        frames.append(
            pl.DataFrame({
                "test_time": clock + time, "step_time": time, "current": np.full(81, sign * 1e-3), "voltage": voltage,
                "vendor_cycle": np.full(81, (number + 1) // 2), "vendor_step": np.full(81, number),
                "vendor_step_type": ["CC Chg" if sign > 0 else "CC DChg"] * 81, "charge_counter": up, "discharge_counter": down,
                "capacity_counter": charge, "energy_counter": energy, "charge_energy_counter": energy * (sign > 0),
                "discharge_energy_counter": energy * (sign < 0),
            })
        )  # fmt: skip
        clock, state = clock + float(time[-1]), goal
    return pl.concat(frames)


def fading(loss: float, cycles: int = 5) -> list[tuple[int, float]]:
    return [turn for k in range(cycles) for turn in ((1, 1.0 - loss * k), (-1, 0.0))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Bare 1 was charged by mistake for a while within a discharge; bare 2 was restarted within a charge."""
    table = [HEADER]
    broken = [*fading(0.05, 2), (1, 0.9), (-1, 0.5), (1, 0.8), (-1, 0.0), (1, 0.85), (-1, 0.0)]
    cells = {
        "bare_1.csv": ("bare", 1, rows(broken)),
        "bare_2.csv": ("bare", 2, rows([*fading(0.05, 2), (1, 0.5)])),
        "bare_2_part2.csv": (
            "bare",
            2,
            rows([(1, 0.9), (-1, 0.0), (1, 0.85), (-1, 0.0), (1, 0.8), (-1, 0.0)], start=0.5),
        ),
        "bare_3.csv": ("bare", 3, rows(fading(0.052))),
        "coated_1.csv": ("coated", 1, rows(fading(0.010))),
        "coated_2.csv": ("coated", 2, rows(fading(0.012))),
        "coated_3.csv": ("coated", 3, rows(fading(0.080))),
    }
    for name, (variant, number, frame) in cells.items():
        write_cell(tmp_path / "cells" / name, frame)
        table.append(f"yes,cells/{name},cycling,{variant},b1,{number},7.1 mg,balance,,LP30,,,26 degC,,,\n")
    (tmp_path / "measurements.csv").write_text("".join(table))
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def taken(outcome: StudyOutcome) -> set[tuple[str, str]]:
    return {(record.step, record.specimen) for record in outcome.records if not record.cached}


def value(outcome: StudyOutcome, quantity: str, sample: str, cycle: int) -> float | None:
    rows = outcome.observables.filter(
        (pl.col("quantity") == quantity) & (pl.col("sample") == sample) & (pl.col("cycle") == cycle)
    )
    return None if rows.is_empty() else rows.item(0, "value")


def command(*words: str) -> None:
    """`interlith ...` as it is typed."""
    # A run of cells that do not compare ends with 3: there are failed contrasts, and they are told.
    assert app([*words], standalone_mode=False) in (None, 0, 3)


def corrected(folder: Path, target: str, field: str, said: str) -> tuple[StudyOutcome, StudyOutcome]:
    """Outcomes before and after one command; the correction stands in the report and is taken back at the end."""
    before = run(folder)
    command("run", str(folder))
    command("decide", target, field, said, "--reason", "see the lab book, page 12", "--who", "mk", "-C", str(folder))
    after = run(folder, contrasts=False)
    command("run", str(folder))
    page = (folder / "results" / "report.html").read_text()
    assert "see the lab book, page 12" in page
    assert "mk" in page
    command("decide", "--undo", target, field, "-C", str(folder))
    undone = run(folder)
    assert not taken(undone)
    assert undone.observables.equals(before.observables)
    assert undone.choices == before.choices
    return before, after


def test_a_step_type(folder: Path) -> None:
    before, after = corrected(folder, "bare_1/half_cycle/7", "step_type", "pulse")
    assert before.observables.filter(pl.col("sample") == "bare_1").get_column("cycle").max() == 5
    assert after.observables.filter(pl.col("sample") == "bare_1").get_column("cycle").max() == 4
    # 0.9 down to 0, of which 0.3 was charged in between and given back: 0.4 + 0.8 - 0.3.
    assert value(after, "discharge_capacity", "bare_1", 3) == pytest.approx(0.9 / 7.1e-3, rel=1e-6)
    assert {name for _, name in taken(after)} <= {"bare_1"}
    assert {step for step, _ in taken(after)} <= AFTER


def test_a_cycle_join(folder: Path) -> None:
    before, after = corrected(folder, "bare_2/half_cycle/5", "cycle_join", "separate")
    assert value(before, "charge_capacity", "bare_2", 3) == pytest.approx(0.9 / 7.1e-3, rel=0.02)
    assert value(after, "charge_capacity", "bare_2", 3) != pytest.approx(0.9 / 7.1e-3, rel=0.02)
    assert {name for _, name in taken(after)} <= {"bare_2"}
    assert {step for step, _ in taken(after)} <= AFTER


def test_an_excluded_cell(folder: Path) -> None:
    before, after = corrected(folder, "cells/coated_3.csv", "include", "no")
    assert "coated_3" in set(before.observables.get_column("sample"))
    assert "coated_3" not in set(after.observables.get_column("sample"))
    assert [reason for _, reason in after.study.excluded] == ["see the lab book, page 12"]
    # What the cells have in common may change with a cell; what stands alone may not.
    assert not taken(after) & {(step, cell) for step in ("count", "summary", "fade", "rate_table") for cell in OTHERS}


def test_a_reference_cycle(folder: Path) -> None:
    before, after = corrected(folder, "cycling", "reference_cycle", "2")
    assert value(before, "capacity_retention", "bare_3", 1) == pytest.approx(100)
    assert value(after, "capacity_retention", "bare_3", 2) == pytest.approx(100)
    assert {step for step, _ in taken(after)} <= {"fade", "retention"}


def test_a_split_voltage(folder: Path) -> None:
    before, after = corrected(folder, "coated_1/plateau_share", "split_voltage", "3.6 V")
    first, second = (value(one, "plateau_share", "coated_1", 2) for one in (before, after))
    assert first is not None
    assert second is not None
    assert second < first - 1
    assert taken(after) <= {("plateau_share", "coated_1")}
