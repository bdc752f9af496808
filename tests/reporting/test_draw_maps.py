"""Maps in colours and words beside points."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.model import Figure, Line, Mesh, Note, Panel
from interlith.reporting import draw, figure_numbers, picture
from interlith.reporting.draw_maps import edges


def _figure(*, log: bool = False) -> Figure:
    x, y = np.geomspace(1e-6, 1.0, 7), np.linspace(3.0, 4.7, 5)
    values = np.outer(y, np.arange(7.0))
    panel = Panel("Time constant / s", "Voltage / V", meshes=(Mesh(x, y, values, "γ / Ω", log=log),), log_x=True)
    nyquist = Panel(
        "Z' / Ω", "-Z'' / Ω", (Line(np.array([1.0, 2.0]), np.array([0.5, 0.1])),), notes=(Note(1.0, 0.5, "1 kHz"),),
        equal=True,
    )  # fmt: skip
    return Figure("map", "A map", "Simulated.", (panel, nyquist), width=2, columns=2)


@pytest.mark.parametrize("log", [False, True])
def test_the_colours_are_the_values(log: bool) -> None:
    figure = _figure(log=log)
    sheet = draw(figure)
    mesh = sheet.axes[0].collections[0]
    values = np.ma.filled(np.ma.asarray(mesh.get_array()), np.nan).reshape(5, 7)
    held = figure.panels[0].meshes[0].values
    assert np.allclose(values[:, 1:], held[:, 1:])
    assert np.isnan(values[:, 0]).all() == log, "what is not positive has no logarithm and stays white"
    assert "1 kHz" in [text.get_text() for text in sheet.axes[1].texts]
    assert picture(figure, "svg", style=None) == picture(figure, "svg", style=None)


def test_every_number_of_a_map_is_in_its_csv() -> None:
    numbers = figure_numbers(_figure())
    mesh = numbers.filter(pl.col("element") == "mesh")
    assert mesh.height == 35
    row = mesh.filter(pl.col("y") == 4.7).row(3, named=True)
    assert row["value"] == pytest.approx(4.7 * 3)
    assert row["x"] == pytest.approx(1e-3)
    assert numbers.filter(pl.col("element") == "note").row(0, named=True)["label"] == "1 kHz"


def test_cells_meet_half_way() -> None:
    assert edges(np.array([1.0, 2.0, 4.0]), log=False).tolist() == [0.5, 1.5, 3.0, 5.0]
    assert edges(np.array([1.0, 100.0]), log=True) == pytest.approx([0.1, 10.0, 1000.0])
