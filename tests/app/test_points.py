"""The page of points from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.app.points import points_page
from interlith.errors import StudyError
from interlith.simulate.spectra import simulate_sintering


def test_the_page_of_a_specimen_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate_sintering(tmp_path, temperatures=[25, 400], seed=2)
    with pytest.raises(StudyError, match="name one with --sample"):
        points_page(tmp_path, None, None, None)
    with pytest.raises(StudyError, match="no spectra of 'opem_01'; did you mean 'open_01'"):
        points_page(tmp_path, "opem_01", None, None)
    assert points_page(tmp_path, "open_01", None, None) == 0
    page = tmp_path / "results" / "points_open_01.html"
    assert str(page) in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "SIMULATED DATA" in text
    assert text.count('"kind": "circuit"') == text.count('"kind": "ladder"') == text.count('"kind": "relaxation"') == 2


def test_a_study_without_spectra_has_no_page(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: s\n", encoding="utf-8")
    (tmp_path / "measurements.csv").write_text("include,file,technique,sample\n", encoding="utf-8")
    with pytest.raises(StudyError, match="no impedance spectra"):
        points_page(tmp_path, None, None, None)
