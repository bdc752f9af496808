"""Formats and techniques are found by scan; a broken plug-in is named."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from interlith.errors import MissingDependency, StudyError
from interlith.workbench import discovery


def test_own_formats_and_techniques_are_found() -> None:
    assert "neware_csv" in discovery.formats()
    assert "cycling" in discovery.techniques()


def test_an_unknown_technique_names_the_nearest() -> None:
    with pytest.raises(StudyError, match="did you mean 'cycling'"):
        discovery.technique("cyclng")


def test_a_broken_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("theirs", "no_such_package.reader:FORMAT", "interlith.formats")
    monkeypatch.setattr(discovery, "entry_points", lambda group: [point])
    discovery.formats.cache_clear()
    try:
        with pytest.raises(MissingDependency, match="theirs"):
            discovery.formats()
    finally:
        discovery.formats.cache_clear()


def test_a_technique_is_imported_when_it_is_looked_up() -> None:
    code = (
        "import sys; import interlith as il; from interlith.workbench.discovery import techniques; "
        "known = list(techniques()); il.read; il.voltammetry.peaks; assert 'impedance' in known; "
        "print(sorted(name for name in known if f'interlith.techniques.{name}' in sys.modules), 'scipy.stats' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["['voltammetry']", "False"]


def test_a_technique_of_others_may_not_take_a_name_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("theirs", "interlith.techniques.cycling:TECHNIQUE", "interlith.techniques")
    monkeypatch.setattr(discovery, "entry_points", lambda group: [point])
    discovery.techniques.cache_clear()
    try:
        with pytest.raises(StudyError, match="named 'cycling', a name already taken"):
            discovery.techniques()
    finally:
        discovery.techniques.cache_clear()


def test_techniques_are_a_mapping_of_ours_and_theirs() -> None:
    theirs = discovery.techniques()["cycling"]
    found = discovery.Techniques(("cycling", "voltammetry"), {"toy": theirs})
    assert list(found) == ["cycling", "voltammetry", "toy"]
    assert len(found) == 3
    assert found["toy"] is theirs
    assert [one.name for one in found.values()] == ["cycling", "voltammetry", "cycling"]
    assert "impedance" not in found
    assert found.get("impedance") is None
