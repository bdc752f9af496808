"""Refined numbers and shares along a series are drawn with their intervals, and nothing else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.reporting.draw import draw
from interlith.techniques.diffraction.analysis import analyse
from interlith.techniques.diffraction.example import example
from interlith.techniques.diffraction.figures_state import parameters_figure, stack_figure


def test_numbers_stand_with_their_intervals_and_onsets() -> None:
    table = next(one for one in analyse(example().series, example().options) if one.name == "tracks").table
    figure = parameters_figure(
        table, ["cell_a", "absent", "cell_c"], "f", "t", "c.", onsets={"cell_c": (350.0, 300.0, 400.0)}
    )
    assert figure is not None
    first, second = figure.panels
    assert (first.x_label, first.y_label) == ("Temperature / °C", "cell a / Å")
    rows = table.filter(pl.col("quantity") == "cell_a").sort("state_value")
    np.testing.assert_allclose(first.lines[0].y, rows["value"].to_numpy())
    np.testing.assert_allclose(first.bands[0].high - first.bands[0].low, 2 * 1.95996398 * rows["std"].to_numpy())
    assert first.markers == ()
    assert second.markers[0].at == 350.0
    assert second.bands[-1].x.tolist() == [300.0, 400.0]
    draw(figure).draw_without_rendering()
    assert parameters_figure(table, ["absent"], "f", "t", "c.") is None


def test_shares_are_stacked_to_the_whole() -> None:
    along = np.array([2.0, 0.0, 1.0])
    grown = np.array([0.3, 0.0, np.nan])
    shares = {"spinel": (1 - np.nan_to_num(grown), np.full(3, 0.01)), "perovskite": (grown, np.full(3, 0.02))}
    (panel,) = stack_figure(along, shares, "f", "t", "c.", along_label="Dose / %").panels
    assert panel.lines[-1].x.tolist() == [0.0, 1.0, 2.0]
    assert panel.lines[-1].y == pytest.approx([100.0, 100.0, 100.0])
    assert panel.bands[1].low == pytest.approx([100.0, 100.0, 70.0])
    std = panel.lines[-1].std
    assert std is not None
    assert np.isnan(std[0])
    assert std[2] == pytest.approx(2.0)
