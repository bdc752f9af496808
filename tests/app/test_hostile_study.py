"""One folder with everything that can be wrong with a file: the others are analysed, and each one is named."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.workbench.folders import HEADER, write_study

COMMAND = [sys.executable, "-m", "interlith"]
PATIENCE = 120


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def _hostile(folder: Path) -> list[str]:
    """Put files into a folder that cannot be read; their names."""
    good = (folder / "cells" / "bare_1.csv").read_bytes()
    header, *rows = good.splitlines(keepends=True)
    contents = {
        "empty.csv": b"", "one_byte.csv": b"\x00", "garbage.csv": bytes(range(256)) * 50, "header_only.csv": header,
        "binary.mpr": b"BIO-LOGIC MODULAR FILE\x1a" + b"\xff" * 200,
        "words.csv": header + b"".join(rows[:50]).replace(b"0.001", b"abc"),
    }  # fmt: skip
    for name, content in contents.items():
        (folder / "cells" / name).write_bytes(content)
    with zipfile.ZipFile(folder / "cells" / "bomb.ndax", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.ndc", b"\x00" * (80 << 20))
    (folder / "cells" / "dangling.csv").symlink_to(folder / "nowhere.csv")
    (folder / "cells" / "round.csv").symlink_to(folder / "cells" / "round.csv")
    (folder / "cells" / "folder.csv").mkdir()
    names = [*contents, "bomb.ndax", "dangling.csv", "round.csv", "folder.csv"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "cells" / "pipe.csv")
        names.append("pipe.csv")
    return names


@pytest.fixture
def study(tmp_path: Path) -> tuple[Path, list[str]]:
    folder = write_study(tmp_path / "study")
    return folder, _hostile(folder)


def test_files_that_cannot_be_read_are_named_and_the_others_are_analysed(study: tuple[Path, list[str]]) -> None:
    folder, names = study
    table = folder / "measurements.csv"
    fields = len(HEADER.split(","))
    rows = [f"yes,cells/{name},cycling,bare,b1,{number}".split(",") for number, name in enumerate(names, start=11)]
    lines = [",".join([*row, *[""] * (fields - len(row))]) for row in rows]
    table.write_text(table.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")
    ran = call("run", folder)
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said
    assert ran.returncode == 3, said
    for name in names:
        assert name in said, name
    with (folder / "results" / "observables.csv").open(encoding="utf-8", newline="") as handle:
        found = list(csv.DictReader(handle))
    samples = {row["sample"] for row in found if row["quantity"] == "discharge_capacity" and row["value"]}
    assert len(samples) == 4, samples


def test_init_passes_by_what_is_no_file(study: tuple[Path, list[str]]) -> None:
    folder, _ = study
    for name in ("study.yaml", "measurements.csv"):
        (folder / name).unlink()
    made = call("init", folder)
    assert made.returncode in (0, 3), made.stderr
    assert "Traceback" not in made.stdout + made.stderr
    listed = (folder / "measurements.csv").read_text(encoding="utf-8")
    assert "bare_1.csv" in listed
    for name in ("pipe.csv", "folder.csv", "dangling.csv", "round.csv"):
        assert name not in listed
