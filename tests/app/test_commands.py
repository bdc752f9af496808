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


def test_read_a_file_whose_charge_is_withheld(tmp_path: Path) -> None:
    rows = "".join(f"{n}\t1\t1\t{10 * n}\t{10 * n}\t{n / 3600:.6f}\t0\t2.0\t3.5\tC\t1\n" for n in range(200))
    path = tmp_path / "x.001"
    path.write_text("Rec#\tCyc#\tStep\tTest (Sec)\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\n" + rows)
    done = call("read", path)
    assert done.returncode == 0, done.stderr
    assert "withheld" in done.stdout


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--executor", "proceses"), "did you mean 'processes'"),
        (("--executor", "tcp://192.0.2.1:8786"), "is not this machine"),
        (("--workers", "-1"), "above zero"),
        (("--time-limit", "0"), "above zero"),
        (("--output", "study.yaml"), "is a file"),
    ],
)
def test_a_wrong_option_is_refused_even_if_nothing_is_to_do(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    folder = write_study(tmp_path)
    said = [str(folder / word) if word == "study.yaml" else word for word in arguments]
    done = call("run", folder, *said)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (folder / "results").exists()


def test_no_study_has_no_decisions_to_list(tmp_path: Path) -> None:
    done = call("decide", "--list", "-C", tmp_path)
    assert done.returncode == 2
    assert "no study.yaml" in done.stderr


def test_a_decision_keeps_what_the_study_files_said(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    done = call("decide", "bare_1", "include", "no", "--reason", "leaked", "-C", folder)
    assert done.returncode == 0, done.stderr
    assert "include is no (was yes): leaked" in done.stdout
    listed = call("decide", "--list", "-C", folder)
    assert "include is no (was yes): leaked" in listed.stdout


def test_verify_and_clean_say_what_to_name(tmp_path: Path) -> None:
    done = call("verify", tmp_path)
    assert done.returncode == 2
    assert "is a folder" in done.stderr
    assert "--older-than" in call("clean").stdout


def test_a_package_is_a_zip_or_a_folder(tmp_path: Path) -> None:
    done = call("export", tmp_path, tmp_path / "package.tar")
    assert done.returncode == 2
    assert ".zip" in done.stderr


def test_a_full_disk_says_that_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    import errno

    from interlith.app.exits import guarded

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "store")

    assert guarded(full) == 2
    assert "what was finished is kept" in capsys.readouterr().err
