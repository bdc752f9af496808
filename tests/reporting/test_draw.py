"""Do the pictures show the numbers of the results, at journal size, the same every time?"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.model import Band, Figure, Line, Panel
from interlith.reporting import draw, figure_numbers, picture
from interlith.reporting.inline import inline
from interlith.reporting.legend import covers, wrapped
from interlith.reporting.style import OKABE_ITO, Style, mix, style_for
from tests.reporting.fakes import HOSTILE, make_outcome


@pytest.fixture(scope="module")
def outcome():
    return make_outcome(6, 40, simulated=True)


def test_plotted_numbers_are_the_figure_and_the_figure_is_the_observables(outcome, tmp_path) -> None:
    figure = outcome.figures[0]
    numbers = figure_numbers(figure)
    sheet = draw(figure)
    drawn = [line for line in sheet.axes[0].get_lines() if len(line.get_xdata())]
    for line, artist in zip(figure.panels[0].lines, drawn, strict=True):
        np.testing.assert_array_equal(artist.get_xdata(), line.x)
        np.testing.assert_array_equal(artist.get_ydata(), line.y)
    for line in figure.panels[0].lines:
        if not line.sample:
            continue
        told = numbers.filter((pl.col("sample") == line.sample) & (pl.col("element") == "line"))
        held = outcome.observables.filter(
            (pl.col("sample") == line.sample) & (pl.col("quantity") == "discharge_capacity")
        ).sort("cycle")
        assert told["y"].to_list() == line.y.tolist() == held["value"].to_list()
    assert numbers.filter(pl.col("element") == "line").height == sum(line.x.size for line in figure.panels[0].lines)
    assert numbers.filter(pl.col("element") == "band").height == sum(band.x.size for band in figure.panels[0].bands)


def test_pictures_are_the_same_every_time_and_hold_no_date(outcome) -> None:
    for kind in ("svg", "pdf"):
        first, second = (picture(outcome.figures[0], kind) for _ in range(2))
        assert first == second
        assert b"CreationDate" not in first
        assert b"dc:date" not in first


def test_words_stay_words_and_say_simulated(outcome) -> None:
    svg = picture(outcome.figures[0], "svg").decode()
    words = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert "SIMULATED DATA" in words
    assert "Discharge capacity / mAh g⁻¹" in words
    measured = picture(replace(outcome.figures[0], simulated=False), "svg").decode()
    assert "SIMULATED" not in measured


@pytest.mark.parametrize(("width", "millimetres"), [(1, 85.0), (2, 178.0)])
def test_journal_widths(width, millimetres) -> None:
    panel = Panel("x / 1", "y / 1", (Line(np.arange(3.0), np.arange(3.0)),))
    sheet = draw(Figure("f", "t", "c", (panel, panel), width, 2))
    assert sheet.get_size_inches()[0] * 25.4 == pytest.approx(millimetres)


def test_a_variant_has_one_colour_in_every_figure(outcome) -> None:
    style = style_for(["C0.5La", "bare"], "bare")
    assert style.variants == ("bare", "C0.5La")
    for figure in outcome.figures[:3]:
        lines = draw(figure, style=style).axes[0].get_lines()
        colours = {
            line.variant: artist.get_color()
            for line, artist in zip(figure.panels[0].lines, lines, strict=False)
            if line.variant
        }
        assert colours == {"bare": OKABE_ITO[0].lower(), "C0.5La": OKABE_ITO[1].lower()}
    looks = [Style(variants=tuple("abcdefg")).look(name) for name in "abcdefg"]
    assert len({look.colour for look in looks}) == len({look.marker for look in looks}) == 7
    assert mix("#000000", 1.0) == "#000000"
    assert mix("#0072B2", 0.0) == "#ffffff"


def test_unknown_uncertainty_is_drawn_hollow_without_bars() -> None:
    x = np.arange(3.0)
    known = Line(x, x, variant="a", std=np.full(3, 0.1), style="points")
    unknown = Line(x, x, variant="a", std=np.full(3, np.inf), style="points")
    filled, hollow = (draw(Figure("f", "t", "c", (Panel("x", "y", (line,)),))).axes[0] for line in (known, unknown))
    assert filled.get_lines()[0].get_markerfacecolor() != "white"
    assert len(filled.containers) == 1
    assert hollow.get_lines()[0].get_markerfacecolor() == "white"
    assert not hollow.containers


def test_hostile_words_are_words(tmp_path) -> None:
    x = np.arange(3.0)
    words = (*HOSTILE, "bell\x07 and nul\x00", "正极 🔋")
    lines = tuple(Line(x, x + place, label=word, variant=word, sample=word) for place, word in enumerate(words))
    figure = Figure("f", HOSTILE[0], HOSTILE[1], (Panel(HOSTILE[0], HOSTILE[3], lines, title=HOSTILE[2]),))
    svg = picture(figure, "svg")
    picture(figure, "pdf")
    root = ElementTree.fromstring(svg.decode())
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    held = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert HOSTILE[0] in held
    assert HOSTILE[3] in held
    assert "<script>" not in str(inline(svg, figure, "fig1"))


def test_many_points_become_an_image_and_few_do_not() -> None:
    x = np.linspace(0, 1, 4000)
    figure = Figure("f", "t", "c", (Panel("x", "y", tuple(Line(x, np.sin(9 * x + n), faint=True) for n in range(5))),))
    assert b"<image" in picture(figure, "svg")
    assert b"<image" not in picture(figure, "svg", style=Style(rasterise_above=100_000))
    assert figure_numbers(figure).height == 20_000


def test_empty_panels_say_so_and_log_axes_work() -> None:
    empty = Figure("f", "t", "c", (Panel("x", "y"),))
    assert b"no data" in picture(empty, "svg")
    assert figure_numbers(empty).is_empty()
    line = Line(np.array([0.1, 1.0, 10.0]), np.array([1.0, 2.0, 3.0]))
    assert (
        draw(Figure("f", "t", "c", (Panel("x", "y", (line,), log_x=True, log_y=True),))).axes[0].get_xscale() == "log"
    )


def test_inlined_identifiers_differ_between_figures(outcome) -> None:
    svg = picture(outcome.figures[0], "svg")
    ids = [set(re.findall(r'\bid="([^"]+)"', str(inline(svg, outcome.figures[0], prefix)))) for prefix in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]
    text = str(inline(svg, outcome.figures[0], "a"))
    assert set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text)) <= ids[0]


def test_drawing_leaves_no_global_state(outcome) -> None:
    import matplotlib as mpl
    from matplotlib import pyplot

    before = dict(mpl.rcParams)
    draw(outcome.figures[0])
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []


LONG = ("SINTEF__LiGrR2032__2024-04-30__25degC__Landt", "SINTEF__LiGrR2032__2024-05-12__25degC__Neware")


def test_a_legend_never_lies_on_data_nor_leaves_the_sheet() -> None:
    x = np.linspace(0, 1, 50)
    # Curves and a band fill the axes: there is no free place within.
    full = tuple(Line(x, np.sin(40 * x + n), label=f"{name}, cell {n}", variant=name) for n, name in enumerate(LONG))
    band = Band(x, -np.ones(50), np.ones(50), label=f"{LONG[0]}: 95 % interval of the mean")
    for columns, width in ((1, 1), (2, 2)):
        other = Panel("x", "y", (full[0],))
        panels = (Panel("x", "y", full, (band,)), other)[:columns]
        sheet = draw(Figure("f", "t", "c", panels, width, columns))
        plain_height = draw(Figure("f", "t", "c", (Panel("x", "y", (full[0],)),) * columns, width, columns))
        axes = sheet.axes[0]
        legend = axes.get_legend()
        assert legend is not None
        sheet.draw_without_rendering()
        box = legend.get_window_extent()
        assert box.y1 < axes.get_window_extent().y0
        assert box.x0 >= 0
        assert box.x1 <= sheet.bbox.x1
        assert box.y0 >= 0
        assert sheet.get_size_inches()[1] > plain_height.get_size_inches()[1] - 0.5
        shown = "".join(text.get_text() for text in legend.get_texts()).replace("\n", "").replace(" ", "")
        assert all(line.label.replace(" ", "") in shown for line in full)


def test_a_legend_stays_inside_where_it_is_free() -> None:
    x = np.linspace(0, 1, 50)
    sheet = draw(Figure("f", "t", "c", (Panel("x", "y", tuple(Line(x, x + n, label=f"v{n}") for n in (0, 1))),)))
    (axes,) = sheet.axes
    legend = axes.get_legend()
    assert legend is not None
    assert not covers(sheet, axes, legend)
    assert legend.get_window_extent().y0 > axes.get_window_extent().y0


def test_long_titles_are_wrapped_and_lose_no_letter() -> None:
    text = f"{LONG[0]}: {LONG[1]} (n = 3)"
    for letters in (8, 20, 41):
        lines = wrapped(text, letters).split("\n")
        assert max(map(len, lines)) <= letters
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    panels = tuple(Panel("x", "y", (Line(np.arange(3.0), np.arange(3.0)),), title=f"{name}: {name}") for name in LONG)
    sheet = draw(Figure("f", "t", "c", panels, 2, 2))
    sheet.draw_without_rendering()
    first, second = (axes.get_tightbbox() for axes in sheet.axes)
    assert first.x1 <= second.x0 + 1


def test_cycles_have_whole_numbers_as_ticks() -> None:
    x = np.arange(1.0, 4.0)
    (axes,) = draw(Figure("f", "t", "c", (Panel("Cycle", "y", (Line(x, x),)),))).axes
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_an_axis_that_counts_things_shows_their_names() -> None:
    line = Line(np.array([1.0, 2.0]), np.array([1.0, 2.0]), style="points")
    panel = Panel("Onset / V", "", (line,), y_names=((1.0, "bare_1 ($x$)"), (2.0, "coated_1")))
    words = [tick.get_text() for tick in draw(Figure("f", "t", "c", (panel,))).axes[0].get_yticklabels()]
    assert words == ["bare_1 ($x$)", "coated_1"]
    svg = picture(Figure("f", "t", "c", (panel,)), "svg").decode()
    assert "bare_1 ($x$)" in svg
