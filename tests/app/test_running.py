"""When does `interlith run` find nothing to do, and does it never leave a changed result standing?"""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.app.running import STAMP, Means, run_folder
from tests.workbench.folders import write_study

MEANS = Means(execute="inline")


def nothing_to_do(folder: Path, capsys: pytest.CaptureFixture[str], output: Path | None = None) -> bool:
    run_folder(folder, output, MEANS)
    return capsys.readouterr().out.startswith("nothing changed")


def other_digit(path: Path) -> bytes:
    """Change one digit of a file, size and times as before; returns what it held."""
    whole = path.read_bytes()
    place = next(k for k in range(len(whole) // 2, len(whole)) if chr(whole[k]).isdigit())
    path.write_bytes(whole[:place] + (b"8" if whole[place : place + 1] == b"9" else b"9") + whole[place + 1 :])
    return whole


def test_results_that_somebody_changed_are_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path / "study", cells=1)
    numbers = folder / "results" / "observables.csv"
    assert not nothing_to_do(folder, capsys)
    assert nothing_to_do(folder, capsys)
    whole = other_digit(numbers)
    assert not nothing_to_do(folder, capsys)
    assert numbers.read_bytes() == whole
    numbers.unlink()
    assert not nothing_to_do(folder, capsys)
    assert numbers.read_bytes() == whole
    (folder / "results" / STAMP).unlink()
    assert not nothing_to_do(folder, capsys)
    (folder / "claims.yaml").write_text(
        "source: x\nvalues:\n  a: {value: 1 nm, statement: a}\nclaims:\n  - claim: a = a\n"
    )
    assert not nothing_to_do(folder, capsys)
    assert nothing_to_do(folder, capsys)
    # Results within the study are no raw files of it.
    assert not nothing_to_do(folder, capsys, folder / "cells" / "results of today")
    assert nothing_to_do(folder, capsys, folder / "cells" / "results of today")
    assert nothing_to_do(folder, capsys)
