"""What goes stale: exactly what depends on a change, and nothing else (asserted on counts of steps and numbers)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

import interlith
from interlith.model import StudyOutcome
from interlith.workbench.running.run import run

from .folders import write_study

#: Steps of a cell from its file to its numbers, in a study of three cycles without plateau and titration.
CHAIN = {"count", "summary", "conditions", "fade", "retention", "rate_table", "resolution", "differential", "peaks"}
CELLS = {"bare_1", "bare_2", "coated_1", "coated_2"}


def taken(outcome: StudyOutcome) -> set[tuple[str, str]]:
    """Steps that were computed now, with the specimen; files are named by their stem."""
    return {(record.step, Path(record.specimen).stem) for record in outcome.records if not record.cached}


def identifiers(outcome: StudyOutcome) -> dict[str, str]:
    """Identifier of every number, and the specimen it belongs to."""
    return dict(outcome.observables.select("id", "sample").iter_rows())


def values(outcome: StudyOutcome) -> pl.DataFrame:
    """Every number by name, in order."""
    names = ["sample", "quantity", "state_value", "cycle", "method", "value", "std"]
    return outcome.observables.select(names).sort(names[:5])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of four cells that was run once."""
    study = write_study(tmp_path / "study")
    first = run(study)
    assert not first.failures
    assert taken(first) == {(step, cell) for step in CHAIN for cell in CELLS}
    assert len(first.records) == len(CHAIN) * len(CELLS)
    return study


def test_a_second_run_computes_nothing_and_says_the_same(folder: Path) -> None:
    first, second = run(folder), run(folder)
    assert not taken(second)
    assert first.observables.equals(second.observables)
    assert [finding.statement for finding in first.findings] == [finding.statement for finding in second.findings]
    assert first.choices == second.choices


def test_one_raw_byte_makes_one_chain_stale(folder: Path) -> None:
    before = identifiers(run(folder))
    path = folder / "cells" / "bare_1.csv"
    raw = bytearray(path.read_bytes())
    place = len(raw) // 2
    while not chr(raw[place]).isdigit() or chr(raw[place - 1]) != "9":
        place += 1
    raw[place] = ord("1") if raw[place] != ord("1") else ord("2")
    stat = path.stat()
    path.write_bytes(raw)
    # Not even equal times and an equal size hide a changed byte.
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    outcome = run(folder)
    assert taken(outcome) == {(step, "bare_1") for step in CHAIN}
    after = identifiers(outcome)
    changed = {sample for identity, sample in after.items() if identity not in before}
    assert changed == {"bare_1"}
    kept = Counter(sample for identity, sample in after.items() if identity in before)
    assert kept == Counter(sample for sample in before.values() if sample != "bare_1")


def test_one_mass_leaves_the_pass_over_the_rows_alone(folder: Path) -> None:
    before = identifiers(run(folder))
    table = folder / "measurements.csv"
    lines = table.read_text().splitlines()
    lines[3] = lines[3].replace("7.1 mg", "7.3 mg")
    table.write_text("\n".join(lines) + "\n")
    outcome = run(folder)
    assert taken(outcome) == {(step, "coated_1") for step in CHAIN - {"count"}}
    assert {sample for identity, sample in identifiers(outcome).items() if identity not in before} == {"coated_1"}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("reference_cycle: 1", "reference_cycle: 2", {"fade", "retention"}),
        ("{reference_cycle: 1}", "{reference_cycle: 1, rate_blocks: [{cycles: 1-2, rate: C/10}]}", {"rate_table"}),
        ("{reference_cycle: 1}", "{reference_cycle: 1, normalise: area}", CHAIN - {"count"}),
        ("{reference_cycle: 1}", "{reference_cycle: 1, plateau: {split: 3.5 V}}", {"plateau_share"}),
        ("study: two variants", "study: another title", set()),
        ("at_least: +5 %", "at_least: +7 %", set()),
    ],
)
def test_one_option_makes_its_readers_stale(folder: Path, old: str, new: str, stale: set[str]) -> None:
    text = (folder / "study.yaml").read_text()
    assert old in text
    (folder / "study.yaml").write_text(text.replace(old, new))
    assert taken(run(folder)) == {(step, cell) for step in stale for cell in CELLS}


def test_an_option_put_back_computes_nothing(folder: Path) -> None:
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("reference_cycle: 1", "reference_cycle: 2"))
    run(folder)
    (folder / "study.yaml").write_text(text)
    assert not taken(run(folder))


def test_a_renamed_file_is_not_passed_over_again(folder: Path) -> None:
    (folder / "cells" / "bare_1.csv").rename(folder / "cells" / "bare_9.csv")
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("cells/bare_1.csv", "cells/bare_9.csv"))
    outcome = run(folder)
    assert taken(outcome) == {(step, "bare_9") for step in CHAIN - {"count"}}


def test_a_cell_more_leaves_the_others_as_they_are(folder: Path) -> None:
    write_study(folder, cells=3)
    text = (
        (folder / "measurements.csv")
        .read_text()
        .replace("coated_2.csv,cycling,coated,b1,2,7.1 mg,balance", "coated_2.csv,cycling,coated,b1,2,,")
    )
    (folder / "measurements.csv").write_text(text)
    outcome = run(folder)
    new = {"bare_3", "coated_3"}
    assert {cell for _, cell in taken(outcome)} == new
    assert taken(outcome) == {(step, cell) for step in CHAIN for cell in new}


SCRIPT = """
import sys
from interlith.workbench.running.run import run
outcome = run(sys.argv[1], execute="inline")
for record in outcome.records:
    if not record.cached:
        print(record.step, record.specimen.rpartition("/")[2].partition(".")[0])
"""


@pytest.mark.parametrize(
    ("module", "stale"),
    [
        ("techniques/cycling/retention.py", {"retention"}),
        ("techniques/cycling/rates.py", {"rate_table"}),
        ("techniques/cycling/peak_names.py", {"peaks"}),
        ("techniques/cycling/half_cycles.py", CHAIN - {"count"}),
        ("physics/counting_steps.py", CHAIN),
        ("evidence/contrasts.py", set()),
        ("reporting/page.py", set()),
        ("formats/landt_csv.py", set()),
    ],
)
def test_one_edited_module_makes_its_steps_stale(tmp_path: Path, own_store: Path, module: str, stale: set[str]) -> None:
    source = tmp_path / "source"
    shutil.copytree(Path(interlith.__file__).parent, source / "interlith", ignore=shutil.ignore_patterns("__pycache__"))
    study = write_study(tmp_path / "study", cells=1)
    assert computed(source, study) == {(step, cell) for step in CHAIN for cell in ("bare_1", "coated_1")}
    edited = source / "interlith" / module
    edited.write_text(edited.read_text() + "\n# an edit\n")
    assert computed(source, study) == {(step, cell) for step in stale for cell in ("bare_1", "coated_1")}
    assert not computed(source, study)


def computed(source: Path, study: Path) -> set[tuple[str, str]]:
    """Steps that a fresh process with this source computes."""
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(study)], capture_output=True, text=True, env=environment, check=True
    )
    return {(step, cell) for step, _, cell in (line.partition(" ") for line in done.stdout.splitlines())}
