"""Panels that share an axis, ticks of reflections, and heights by their square root are drawn as declared."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from interlith.model import Figure, Line, Mesh, Panel
from interlith.reporting.draw import draw
from interlith.reporting.style import OKABE_ITO

X = np.linspace(10, 60, 50)


def _figure(shared: str) -> Figure:
    top = Panel(
        "2θ / deg", "Intensity", (Line(X, X**2, colour=2), Line(X, X, label="background", colour=3)), sqrt_y=True
    )
    ticks = Panel(
        "2θ / deg", " ", (Line(np.array([20.0, 30.0]), np.zeros(2), style="ticks", colour=1),), y_names=((0.0, "LNMO"),)
    )
    return Figure(
        "f", "t", "c", (top, ticks), width=2, columns=1 if shared == "x" else 2, shared=shared,  # type: ignore[arg-type]
        heights=(1.0, 0.2) if shared == "x" else (1.3,), widths=() if shared == "x" else (0.3, 1.0),
    )  # fmt: skip


def test_panels_that_share_x_name_it_once_and_have_their_heights() -> None:
    sheet = draw(_figure("x"))
    sheet.draw_without_rendering()
    first, second = sheet.axes
    assert first.get_xlim() == second.get_xlim()
    assert (first.get_xlabel(), second.get_xlabel()) == ("", "2θ / deg")
    heights = [axes.get_position().height for axes in (first, second)]
    assert heights[0] / heights[1] == pytest.approx(5.0, rel=0.05)


def test_panels_that_share_y_name_it_once_and_have_their_widths() -> None:
    sheet = draw(_figure("y"))
    sheet.draw_without_rendering()
    first, second = sheet.axes
    assert first.get_ylim() == second.get_ylim()
    assert (first.get_ylabel(), second.get_ylabel()) == ("Intensity", "")
    widths = [axes.get_position().width for axes in (first, second)]
    assert widths[1] / widths[0] == pytest.approx(1 / 0.3, rel=0.05)


def test_heights_go_by_their_square_root() -> None:
    axes = draw(_figure("x")).axes[0]
    places = [axes.transData.transform((10, value))[1] for value in (0.0, 100.0, 400.0)]
    assert (places[2] - places[0]) / (places[1] - places[0]) == pytest.approx(2.0)


def test_ticks_are_marks_without_a_line_and_parts_of_a_model_keep_their_colour() -> None:
    first, second = draw(_figure("x")).axes
    (mark,) = second.get_lines()
    assert (mark.get_marker(), mark.get_linestyle()) == ("|", "None")
    assert to_hex(mark.get_color()).upper() == OKABE_ITO[1]
    # Two parts of one model are no pale and strong curves of one variant.
    assert [to_hex(line.get_color()).upper() for line in first.get_lines()] == [OKABE_ITO[2], OKABE_ITO[3]]


def test_a_map_without_a_bar_has_none() -> None:
    values = np.arange(12.0).reshape(3, 4)
    for bar, children in ((True, 1), (False, 0)):
        panel = Panel("x", "y", meshes=(Mesh(np.arange(4.0), np.arange(3.0), values, "√ intensity", bar=bar),))
        axes = draw(Figure("f", "t", "c", (panel,))).axes[0]
        assert len(axes.child_axes) == children
