"""A study asks for what a notebook asks with several results: candidates, and expansion against a reference specimen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.crystal.phases import phase
from interlith.crystal.writing import write_cif
from interlith.errors import StudyError
from interlith.model import Sample, Series
from interlith.techniques.diffraction.analysis import analyse
from interlith.techniques.diffraction.example import EXPANSION, TEMPERATURES, example
from interlith.techniques.diffraction.named_files import crystal, crystals, shown

TRACKS = {"tracks": {"003": 18.7, "101": 36.6, "104": 44.5}, "cell": "hexagonal", "against": "temperature"}


def two_specimens() -> Series:
    """The heated oxide, and the same bytes as if they were those of the material alone."""
    items = list(example().series)
    alone = [
        replace(item, sample=Sample("alone", variant="alone"), source=replace(item.source, sha256="0" * 64))
        for item in items
    ]
    return Series((*items, *alone))


def test_expansion_is_split_against_the_reference() -> None:
    found = {
        one.name: one
        for one in analyse(two_specimens(), {**TRACKS, "expansion": {"reference": "alone", "of": "cell_c"}})
    }
    table = found["expansion"].table
    assert table["sample"].unique().to_list() == ["oxide"]
    last = table.filter(pl.col("quantity") == "cell_c_expansion").sort("state_value").row(-1, named=True)
    assert last["value"] == pytest.approx(EXPANSION[1] * (TEMPERATURES[-1] - 25.0), rel=0.03)
    rest = table.filter(pl.col("quantity") == "cell_c_composition")
    pulls = rest["value"].to_numpy()[1:] / rest["std"].to_numpy()[1:]
    assert np.abs(pulls).max() < 4
    quality = found["expansion"].quality
    assert quality.filter(pl.col("sample") == "alone").item(0, "reason") == "The reference is not compared with itself."


def test_an_unknown_reference_stops_the_analysis() -> None:
    with pytest.raises(StudyError, match="alone"):
        analyse(two_specimens(), {**TRACKS, "expansion": {"reference": "aloen"}})


def test_candidates_are_ranked_from_files_of_the_study() -> None:
    mine = {"file": "mine.cif", "text": write_cif(phase("NCM111"))}
    found = {one.name: one for one in analyse(Series((example().series[0],)), {"candidates": [mine, "NiO"]})}
    ranking = found["candidates"].data["ranking"]
    assert set(ranking["sample"]) == {"oxide"}
    assert ranking.height == 2
    assert found["candidates"].how.options["candidates"] == ["mine.cif", "NiO"]


def test_phases_are_named_by_their_files_or_by_words() -> None:
    text = write_cif(phase("LNMO"))
    assert list(crystals(["LNMO", {"file": "sub/a.cif", "text": text}], "phases")) == ["LNMO", "a"]
    assert crystals({"spinel": "LNMO.cif"}, "phases")["spinel"].number == 227
    assert crystal({"file": "a.cif", "text": text}, name="spinel").name == "spinel"
    with pytest.raises(StudyError, match="two phases named LNMO"):
        crystals(["LNMO", "LNMO.cif"], "phases")
    with pytest.raises(StudyError, match="A phase is"):
        crystal(3)
    assert shown({"a": [{"file": "a.cif", "text": text}]}) == {"a": ["a.cif"]}
