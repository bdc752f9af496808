"""Figures equal results, say what n and bands are, and stay usable with one cell or two hundred."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.model import Figure, Line
from interlith.techniques.cycling.derivative import differential
from interlith.techniques.cycling.example import example
from interlith.techniques.cycling.figures import figures
from interlith.techniques.cycling.rates import rate_table
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.synthetic import MadeCell, summary
from tests.techniques.cycling.test_rates import CAPACITIES, RATES, rate_cell


def named(made: list[Figure]) -> dict[str, Figure]:
    return {item.name: item for item in made}


def labels(lines: tuple[Line, ...]) -> list[str]:
    return [line.label for line in lines if line.label]


def test_every_figure_of_the_example_is_there_with_units_and_numbers_of_cells() -> None:
    result = summarise(example().series)
    made = named(figures([result, retention(result, reference_cycle=3), differential(result)]))
    assert {"capacity", "retention", "coulombic_efficiency", "mean_voltage", "hysteresis", "voltage_profiles"} <= set(
        made
    )
    assert made["capacity"].panels[0].y_label == "Discharge capacity / mAh g⁻¹"
    assert "bare: n = 2" in made["capacity"].caption
    assert "With two cells the band is their range" in made["capacity"].caption
    for figure in made.values():
        for panel in figure.panels:
            assert " / " in panel.y_label or panel.y_label == "Cycle"
            assert panel.lines
            for line in panel.lines:
                assert line.x.shape == line.y.shape
                assert np.isfinite(line.y).all()


def test_figures_equal_results() -> None:
    result = summarise(example().series)
    lines = named(figures([result]))["capacity"].panels[0].lines
    pieces = {name: [line for line in lines if line.sample == name] for name in ("bare_1", "bare_2", "coated_1")}
    shown = {
        name: np.concatenate([line.y for line in own])[np.argsort(np.concatenate([line.x for line in own]))]
        for name, own in pieces.items()
    }
    for sample in ("bare_1", "bare_2", "coated_1"):
        values = [item.value for item in result.observables("discharge_capacity") if item.sample == sample]
        assert shown[sample].tolist() == values
    (mean,) = [line for line in lines if line.label.startswith("bare")]
    both = (shown["bare_1"] + shown["bare_2"]) / 2
    assert mean.y == pytest.approx(both[mean.x.astype(int) - 1])


def test_the_band_of_three_cells_is_student_t_and_shrinks_to_the_cells_that_are_left() -> None:
    lengths = (20, 20, 12)
    cells = [MadeCell(f"B{n}", 150.0 + n - 0.1 * np.arange(count)) for n, count in enumerate(lengths)]
    panel = named(figures([summary(cells)]))["capacity"].panels[0]
    (band,) = panel.bands
    assert band.high[0] - band.low[0] == pytest.approx(2 * 4.303 / np.sqrt(3), rel=1e-3)
    assert band.high[-1] - band.low[-1] == pytest.approx(2 * 12.706 * np.std([0, 1], ddof=1) / np.sqrt(2), rel=1e-3)
    assert band.label == "bare: 95 % interval of the mean"


def test_two_hundred_cells_have_one_legend_entry_a_variant() -> None:
    random = np.random.default_rng(0)
    cells = [
        MadeCell(f"C{n}", 150 + random.standard_normal() - 0.05 * np.arange(70), variant="bare" if n % 2 else "coated")
        for n in range(200)
    ]
    made = named(figures([summary(cells)]))
    panel = made["capacity"].panels[0]
    assert sorted(labels(panel.lines)) == ["bare (n = 100)", "coated (n = 100)"]
    assert sum(line.faint for line in panel.lines) == 200
    assert not any(line.std is not None for line in panel.lines)


def test_cells_without_a_mass_have_a_panel_of_their_own() -> None:
    cells = [MadeCell("B1", np.full(5, 150.0)), MadeCell("B2", np.full(5, 0.6), mass=None)]
    panels = named(figures([summary(cells)]))["capacity"].panels
    assert sorted(panel.y_label.split(" / ")[1] for panel in panels) == ["mAh", "mAh g⁻¹"]


def test_the_first_efficiencies_do_not_flatten_the_others() -> None:
    result = summarise(example().series)
    figure = named(figures([result]))["coulombic_efficiency"]
    limits = figure.panels[0].y_limits
    assert limits is not None
    assert limits[0] > 98
    assert "First cycles and single points may lie outside" in figure.caption


def test_the_rate_test_shows_its_steps() -> None:
    made = summary([rate_cell()])
    panel = named(figures([made, rate_table(made)]))["rate_test"].panels[0]
    assert panel.lines[0].y.tolist() == np.repeat(CAPACITIES, 5).tolist()
    assert [marker.label for marker in panel.markers] == ["C/10", "C/5", "C/3.33", "C/2", "1C", "C/10"]
    assert len(panel.markers) == len(RATES)


def test_nothing_gives_no_figures() -> None:
    assert figures([]) == []
    assert "capacity" not in named(figures([summary([MadeCell("B1", np.array([150.0]))])]))


def test_cycles_at_another_current_are_points_of_their_own() -> None:
    current = np.full(30, 1e-3)
    current[[0, 1, 14]] = 1e-4
    capacity = 150 - 0.1 * np.arange(30) + 8 * (current < 5e-4)
    panel = named(figures([summary([MadeCell("B1", capacity, current=current)])]))["capacity"].panels[0]
    line, points = panel.lines
    assert points.style == "points"
    assert points.x.tolist() == [1, 2, 15]
    assert points.y.tolist() == capacity[[0, 1, 14]].tolist()
    assert line.x.tolist() == [n for n in range(1, 31) if n not in (1, 2, 15)]
    several = [MadeCell(f"B{n}", capacity + n, current=current) for n in range(3)]
    figure = named(figures([summary(several)]))["capacity"]
    (mean,) = [line for line in figure.panels[0].lines if line.label]
    assert 15 not in mean.x
    assert "cycles at another current than most" in figure.caption
    steps = np.repeat([1e-4, 2e-4, 5e-4], 10)
    (alone,) = named(figures([summary([MadeCell("B1", capacity, current=steps)])]))["capacity"].panels[0].lines
    assert alone.x.size == 30


def test_retention_names_its_reference_cycle() -> None:
    result = summarise(example().series)
    figure = named(figures([result, retention(result, reference_cycle=3)]))["retention"]
    assert figure.panels[0].y_label == "Capacity retention / % of cycle 3"
