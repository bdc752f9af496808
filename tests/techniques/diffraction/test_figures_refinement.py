"""Figures of a refinement hold the numbers of its tables, and draw."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from interlith.model import Result, Series
from interlith.reporting.draw import draw
from interlith.techniques.diffraction.figures_refinement import phases_of, refinement_figures
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refined_series import patterns


@cache
def refined() -> Result:
    return refine(Series(patterns()), Pattern(["NaCl", "Si"], background=3))


def test_a_series_shows_patterns_quality_numbers_and_shares() -> None:
    result = refined()
    figures = {one.name: one for one in refinement_figures(result)}
    assert {"refinement_quality", "refined_1", "refined_2", "weight_fractions"} <= figures.keys()
    drawn = [one for one in figures if one.startswith("refinement_") and one != "refinement_quality"]
    assert 2 <= len(drawn) <= 3
    first = figures["refinement_first"]
    curve = result.data["curves"].filter(pl.col("pattern") == 0)
    np.testing.assert_allclose(first.panels[0].lines[0].y, curve.get_column("observed").to_numpy())
    assert [name for _, name in first.panels[1].y_names] == ["Si", "NaCl"]
    quality = figures["refinement_quality"].panels
    assert quality[0].lines[0].y == pytest.approx(100 * result.data["refined"].get_column("r_wp").to_numpy())
    edge = next(one for one in figures["refined_1"].panels if one.y_label.startswith("NaCl cell a"))
    values = result.table.filter(pl.col("quantity") == "NaCl_cell_a").get_column("value").to_numpy()
    assert edge.lines[0].y == pytest.approx(values)
    for one in figures.values():
        draw(one).draw_without_rendering()


def test_a_chain_over_specimens_is_one_line_and_a_single_pattern_one_figure() -> None:
    from dataclasses import replace

    items = [replace(one, sample=replace(one.sample, name=f"S{place}"), part=1) for place, one in enumerate(patterns())]
    chain = refine(Series(tuple(items)).order_by("temperature"), Pattern(["NaCl", "Si"], background=3))
    assert chain.data["refined"].get_column("sample").to_list() == ["S0", "S1", "S2", "S3"]
    assert chain.data["refined"].get_column("started_from").to_list() == [None, 0, 1, 2]
    assert chain.table.get_column("sample").unique().sort().to_list() == ["S0", "S1", "S2", "S3"]
    figures = {one.name: one for one in refinement_figures(chain)}
    assert len(figures["refined_1"].panels[0].lines) == 1
    alone = refine(Series((patterns()[3],)), Pattern(["NaCl", "Si"], background=3))
    assert [one.name for one in refinement_figures(alone)] == ["refinement"]


def test_phases_are_found_in_names_of_quantities() -> None:
    names = [
        "LNMO_cell_a",
        "LNMO_weight_fraction",
        "Li_rich_cell_volume",
        "amorphous_absolute_weight_fraction",
        "element_fraction",
    ]
    assert phases_of(names) == ["LNMO", "Li_rich"]


def test_where_a_phase_appears_stands_beside_its_share() -> None:
    from interlith.techniques.diffraction.new_phases import new_phases
    from tests.techniques.diffraction.refinement.simulated import LAB

    second = (0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.3)
    result = refine(
        Series(patterns((5.64,) * 8, second)), Pattern(["NaCl", "Si"], instrument=LAB, background=3, refine=("zero",))
    )
    appeared = new_phases(result)
    (onset,) = appeared.observables("Si_onset")
    figures = {one.name: one for one in refinement_figures(result, appeared)}
    shares = {one.y_label: one for name in ("refined_1", "refined_2") for one in figures[name].panels}
    (own,) = (one for label, one in shares.items() if label.startswith("Si weight"))
    assert own.markers[0].at == onset.value
    assert own.bands[-1].x.tolist() == [onset.low, onset.high]
    (other,) = (one for label, one in shares.items() if label.startswith("NaCl weight"))
    assert not other.markers
    draw(figures["refined_2"]).draw_without_rendering()
