"""`interlith refine` redoes a part of a study, says what came of it and keeps what is better."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from interlith.app import refining
from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.refining import Asked, refine_again
from interlith.errors import StudyError
from interlith.model import Table
from interlith.workbench.running.run import run
from tests.techniques.diffraction.refined_series import patterns

HEAD = "include,file,technique,sample,batch,replicate,active_mass,active_mass_source,area,electrolyte,cycle,voltage,temperature,dose,depth,note"


def write(folder: Path, extra: str = "    bounds: {NaCl_cell_a: [5.63, 5.655]}\n") -> Path:
    """A study of three patterns, the last of which its bounds spoil."""
    folder.mkdir()
    rows = []
    for number, item in enumerate(patterns()[:3]):
        assert isinstance(item.payload, Table)
        frame = item.payload.frame.collect()
        lines = [f"{x:.4f} {y:.1f}" for x, y in zip(frame["two_theta"], frame["intensity"], strict=True)]
        (folder / f"p{number}.xy").write_text("\n".join(lines) + "\n")
        rows.append(f"yes,p{number}.xy,diffraction,salt,,1,,,,,,,{25 + 100 * number} degC,,,")
    (folder / "measurements.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    words = f"study: salt\nreplication: {{unit: cell}}\nsamples:\n  salt: {{}}\nanalyses:\n  diffraction:\n    phases: [NaCl, Si]\n    instrument: Cu\n    background: 3\n{extra}"
    (folder / "study.yaml").write_text(words)
    return folder


def test_what_failed_is_refined_again_and_kept_where_it_is_better(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "salt")
    written: list[Path] = []
    # Drawing a report takes longer than all the rest.
    monkeypatch.setattr(refining, "_written", written.append)
    # Without a bound the failed pattern is good; the report and the decision say so.
    assert refine_again(folder, Asked(released=True, who="me", as_json=True)) == FINE
    told = json.loads(capsys.readouterr().out)
    assert [row["pattern"] for row in told["patterns"]] == [2]
    (row,) = told["patterns"]
    assert (row["outcome"], told["kept"]) == ("better", True)
    assert row["goodness"] < 1.5 < row["goodness_before"]
    assert "sigma" in row["changed"]
    decided = (folder / "decisions.yaml").read_text()
    assert "patterns/2" in decided
    assert "released" in decided
    assert written == [folder]
    kept = run(folder, execute="inline").observables.filter(pl.col("quantity") == "NaCl_cell_a")
    assert kept.height == 3
    # Again brings nothing: what was decided stands as it did.
    assert refine_again(folder, Asked(only="2", released=True, who="me")) == FINE
    said = capsys.readouterr().out
    assert "as before" in said
    assert "nothing became better" in said
    assert (folder / "decisions.yaml").read_text() == decided
    assert refine_again(folder, Asked()) == FINE
    assert "no pattern failed" in capsys.readouterr().out


def test_what_stays_bad_is_told_and_leaves_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "salt")
    assert refine_again(folder, Asked(start="fresh")) == INCOMPLETE
    said = capsys.readouterr().out
    assert "failed" in said
    assert "chi squared" in said
    decisions = folder / "decisions.yaml"
    assert not decisions.exists() or "target" not in decisions.read_text()
    for asked, words in (
        (Asked(only="9"), "numbered from 0 to 2"),
        (Asked(only="x"), "names no patterns"),
        (Asked(sample="salty"), "salt"),
        (Asked(start="nearest"), "nearest-good"),
    ):
        with pytest.raises(StudyError, match=words):
            refine_again(folder, asked)


def test_one_of_several_specimens_is_refined_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "salt", "")
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("p2.xy,diffraction,salt,,1", "p2.xy,diffraction,other,,1"))
    study = folder / "study.yaml"
    study.write_text(study.read_text().replace("  salt: {}\n", "  salt: {}\n  other: {}\n"))
    assert refine_again(folder, Asked(only="0", sample="salt_1", start="fresh")) == FINE
    said = capsys.readouterr().out
    assert "salt_1" in said
    assert "nothing became better" in said


def test_a_study_without_phases_is_told_what_to_write(tmp_path: Path) -> None:
    folder = write(tmp_path / "salt", "")
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(
        text.replace("    phases: [NaCl, Si]\n    instrument: Cu\n    background: 3\n", "    peaks: off\n")
    )
    with pytest.raises(StudyError, match="phases"):
        refine_again(folder, Asked())
