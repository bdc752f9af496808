"""Formats and techniques are found by scan; a broken plug-in is named."""

from __future__ import annotations

import importlib.metadata

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
