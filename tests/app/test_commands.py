"""The command line: sentences, exit codes, start-up time."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench.folders import write_cell, write_study

COMMAND = [sys.executable, "-m", "interlith"]


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_help_starts_quickly() -> None:
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert call("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.3


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, interlith.app.main; print(sorted({'polars', 'numpy', 'matplotlib', 'pint', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [("run",), ("nonsense",), ("run", "no/such/folder"), ("check", "no/such/folder")])
def test_a_wrong_command_ends_with_2_and_a_sentence(arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_init_check_run(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "with spaces and ü")
    assert call("init", folder).returncode == 0
    checked = call("check", folder)
    assert checked.returncode == 0, checked.stderr
    assert "cell G5 (active_mass)" in checked.stdout
    ran = call("run", folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for name in ("observables.csv", "observables.parquet", "report.html"):
        assert (folder / "results" / name).stat().st_size > 1000


def test_unread_files_end_with_3(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "cells" / "bare_1.csv").write_bytes(b"\x00garbage")
    checked = call("check", folder)
    assert checked.returncode == 3
    assert "unread: cells/bare_1.csv" in checked.stdout
    assert call("run", folder).returncode == 3


def test_read_one_file(tmp_path: Path) -> None:
    path = write_cell(tmp_path / "cell.csv")
    out = tmp_path / "rows.csv"
    done = call("read", path, "--kind", "half_cathode", "--csv", out)
    assert done.returncode == 0, done.stderr
    assert "6 half-cycles" in done.stdout
    assert "1.0000 mAh" in done.stdout
    assert {"test_time", "current", "voltage"} <= set(out.read_text().splitlines()[0].split(","))


def test_read_nothing_readable(tmp_path: Path) -> None:
    path = tmp_path / "cell.ndax"
    path.write_bytes(b"")
    done = call("read", path)
    assert done.returncode == 2
    assert "0 bytes" in done.stderr


def test_compare(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    done = call("compare", folder, "capacity_retention", "--at", "cycle=3")
    assert done.returncode == 0, done.stderr
    assert "coated" in done.stdout
    wrong = call("compare", folder, "capacity_retenton", "--at", "cycle=3")
    assert wrong.returncode == 2
    assert "did you mean 'capacity_retention'" in wrong.stderr


def test_audits_that_ship(tmp_path: Path) -> None:
    listed = call("audit")
    assert listed.returncode == 0
    names = [line.strip() for line in listed.stdout.splitlines()[1:]]
    assert len(names) >= 5
    done = call("audit", names[0])
    assert done.returncode == 0, done.stderr


def test_the_demo_overwrites_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: mine\n")
    done = call("demo", tmp_path)
    assert done.returncode == 2
    assert "did not write" in done.stderr
    assert (tmp_path / "study.yaml").read_text() == "study: mine\n"


def test_an_unwritable_place_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert call("demo", tmp_path / "file").returncode == 2
    assert call("demo", tmp_path / "file" / "below").returncode == 2


def test_a_wrong_kind_of_cell_is_refused(tmp_path: Path) -> None:
    done = call("read", write_cell(tmp_path / "cell.csv"), "--kind", "kathode")
    assert done.returncode == 2
    assert "half_cathode" in done.stderr
