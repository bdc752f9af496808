"""Figures of diffraction hold the numbers of their results: what is drawn is what was measured and fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.model import Figure, Result, Series, State
from interlith.reporting.draw import draw
from interlith.techniques.diffraction import figures_contour, figures_pattern
from interlith.techniques.diffraction.analysis import analyse
from interlith.techniques.diffraction.example import example
from interlith.techniques.diffraction.figures import figures
from interlith.techniques.diffraction.figures_contour import Map, Track, contour_figure, windows_figure
from interlith.techniques.diffraction.figures_pattern import Shown, pattern_figure

X = np.linspace(10, 60, 500)


def charged() -> Series:
    """The heated series as if it had been charged and discharged meanwhile, the last pattern after the log's end."""
    items = []
    for number, item in enumerate(example().series):
        state = {"test_time": State("test_time", number + 0.5, float(number), number + 1.0, "h")}
        if number < 6:
            up = min(number, 6 - number)
            state["specific_charge"] = State("specific_charge", 10.0 * up, 10.0 * up - 5, 10.0 * up + 5, "mAh/g")
            state["voltage"] = State("voltage", 3.5 + 0.2 * up, 3.4 + 0.2 * up, 3.6 + 0.2 * up, "V")
        items.append(replace(item, state=state))
    return Series(tuple(items))


@pytest.fixture(scope="module")
def results() -> tuple[Result, ...]:
    return analyse(charged(), {**example().options, "against": "test_time"})


@pytest.fixture(scope="module")
def made(results: tuple[Result, ...]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(results)}


def test_the_map_stands_beside_the_voltage_on_one_axis(made: dict[str, Figure]) -> None:
    figure = made["patterns"]
    assert figure.shared == "y"
    beside, picture = figure.panels
    assert (beside.x_label, beside.y_label, picture.x_label) == ("Voltage / V", "Time / h", "2θ / deg")
    assert beside.lines[0].x[:6] == pytest.approx([3.5, 3.7, 3.9, 4.1, 3.9, 3.7])
    assert np.isnan(beside.lines[0].x[6])
    assert beside.lines[0].y == pytest.approx(np.arange(7) + 0.5)
    assert picture.meshes[0].values.shape[0] == 7
    draw(figure).draw_without_rendering()


def test_tracks_are_the_observables(made: dict[str, Figure], results: tuple[Result, ...]) -> None:
    table = next(one for one in results if one.name == "tracks").table
    panels = {panel.title: panel for panel in made["tracks"].panels}
    for name in ("003", "101", "104"):
        rows = table.filter(pl.col("quantity") == f"peak_{name}_position").sort("state_value")
        (line,) = panels[f"({name})"].lines
        np.testing.assert_allclose(line.y, rows["value"].to_numpy())
        np.testing.assert_allclose(line.x, rows["state_value"].to_numpy())
        (band,) = panels[f"({name})"].bands
        np.testing.assert_allclose(band.high - band.low, 2 * 1.96 * rows["std"].to_numpy())


def test_tracks_against_charge_part_forth_from_back(made: dict[str, Figure]) -> None:
    panel = made["tracks_specific_charge"].panels[0]
    assert panel.x_label == "Charge / mAh g⁻¹"
    lines = {line.label: line for line in panel.lines}
    assert set(lines) == {"rising", "falling"}
    assert lines["rising"].x[0] == 0.0
    assert sum(line.x.size for line in panel.lines) == 6  # the pattern after the log has no charge


def test_windows_follow_their_tracks(made: dict[str, Figure]) -> None:
    figure = made["windows"]
    assert [panel.title for panel in figure.panels] == ["", "(003)", "(101)", "(104)"]
    for panel in figure.panels[1:]:
        low, high = panel.x_limits or (0, 0)
        assert low < panel.lines[0].x.min() < panel.lines[0].x.max() < high
        assert panel.meshes[0].x.min() >= low


def test_a_single_pattern_has_no_map() -> None:
    alone = Series((example().series[0],))
    assert figures(analyse(alone, {})) == []


def test_a_pattern_shows_its_difference_in_standard_uncertainties() -> None:
    observed = 100 + 50 * np.exp(-(((X - 30) / 0.3) ** 2))
    std = np.where(X < 12, np.nan, 10.0)
    shown = Shown(
        X,
        observed,
        std,
        observed - 20.0,
        np.full(X.size, 100.0),
        {"LNMO": np.array([5.0, 30.0]), "NiO": np.array([43.0])},
    )
    figure = pattern_figure(shown, "p", "t", "c.")
    top, ticks, rest = figure.panels
    assert figure.shared == "x"
    assert top.sqrt_y
    assert {line.label for line in top.lines} == {"observed", "calculated", "background"}
    assert [name for _, name in ticks.y_names] == ["NiO", "LNMO"]
    assert sum(line.x.size for line in ticks.lines) == 2  # one reflection lies outside
    assert rest.lines[0].y[-1] == pytest.approx(2.0)
    assert np.isnan(rest.lines[0].y[0])
    assert not pattern_figure(shown, "p", "t", "c.", linear=True).panels[0].sqrt_y
    draw(figure).draw_without_rendering()


def test_many_points_are_averaged_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_pattern, "MOST_POINTS", 100)
    observed = X.copy()
    figure = pattern_figure(Shown(X, observed, np.full(500, 5.0), observed - 1.0, observed * 0, {}), "p", "t", "c.")
    assert figure.panels[0].lines[0].x.size == 100
    assert figure.panels[0].lines[0].y[0] == pytest.approx(X[:5].mean())
    # A mean of five is sqrt(5) times surer.
    assert figure.panels[-1].lines[0].y[0] == pytest.approx(np.sqrt(5) / 5)
    assert "500 points, averaged to 100" in figure.caption


def test_a_map_orders_its_rows_and_leaves_out_what_has_no_place() -> None:
    along = np.array([3.0, np.nan, 1.0, 2.0])
    shown = Map(X, np.tile(np.array([9.0, 25.0, 1.0, 4.0])[:, None], (1, X.size)), along, "Time / h")
    (panel,) = contour_figure(shown, "f", "t", "c.").panels
    assert panel.meshes[0].y.tolist() == [1.0, 2.0, 3.0]
    assert panel.meshes[0].values[:, 0] == pytest.approx([1.0, 2.0, 3.0], abs=0.1)
    assert panel.y_limits == (0.5, 3.5)


def test_more_cells_than_dots_are_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_contour, "MOST_COLUMNS", 50)
    shown = Map(X, np.arange(3 * X.size, dtype=float).reshape(3, X.size), np.arange(3.0), "Time / h")
    mesh = contour_figure(shown, "f", "t", "c.").panels[0].meshes[0]
    assert mesh.values.shape == (3, 50)
    assert mesh.x[0] == pytest.approx(X[:10].mean())


def test_without_a_known_track_there_are_no_windows() -> None:
    shown = Map(X, np.ones((3, X.size)), np.arange(3.0), "Time / h")
    assert (
        windows_figure(shown, "f", "t", "c.", course=None, tracks=[Track("a", np.full(3, np.nan))], margin=0.5) is None
    )
