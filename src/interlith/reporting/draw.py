"""How does a declared figure become a picture at journal width, with the same bytes every time?"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Sheet
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from interlith.model import Band, Figure, Line, Panel
from interlith.reporting.draw_maps import add_mesh, add_note
from interlith.reporting.draw_ticks import label_decades
from interlith.reporting.legend import add_legends, panel_letters, plain, wrapped
from interlith.reporting.style import COLUMN_MM, MM_PER_INCH, NEUTRAL, Style, mix, placed, with_names

#: Height of one panel over its width; a panel with equal axes is higher.
ASPECT, ASPECT_EQUAL = 0.74, 0.92
#: Replicates in a panel from which on they get paler, so that fifty of them show where they are dense, not the last.
CROWD, FAINTEST = 12, 0.07
#: Axes on which only whole numbers exist.
COUNTED = frozenset({"Cycle"})
#: Of curves that are kept as an image because there are too many: 600 in print, half on the screen; and of a preview.
DOTS_PER_INCH = {"pdf": 600, "svg": 300, "png": 200}


def draw(figure: Figure, *, style: Style | None = None) -> Sheet:
    """Draw a figure; every plotted array is the one declared, untouched.

    Parameters
    ----------
    figure
        Panels, lines, bands and markers as data.
    style
        Fixed look of each variant; by default variants take colours in the order in which they appear.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; write it with `picture` or ``savefig``.
    """
    style = with_names(style, _variants(figure))
    columns = max(1, min(figure.columns, len(figure.panels)))
    rows = -(-len(figure.panels) // columns)
    width = COLUMN_MM[figure.width] / MM_PER_INCH
    aspect = ASPECT_EQUAL if any(panel.equal for panel in figure.panels) else ASPECT
    if columns == 1 and figure.width == 2:
        aspect = 0.45
    with quiet(), mpl.rc_context(_settings(style)):
        high = sum(figure.heights) if figure.heights else rows
        sheet = Sheet(figsize=(width, width / columns * aspect * high), layout="constrained")
        FigureCanvasAgg(sheet)
        sheet.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03)
        points = sum(line.x.size for panel in figure.panels for line in panel.lines)
        letters = panel_letters(figure, style.font_size)
        grid = sheet.add_gridspec(
            rows, columns, height_ratios=figure.heights or None, width_ratios=figure.widths or None
        )
        for number, panel in enumerate(figure.panels):
            axes = sheet.add_subplot(
                grid[number // columns, number % columns], **_sharing(sheet, figure, number, columns)
            )
            _panel(axes, panel, style, rasterise=points > style.rasterise_above, letters=letters)
            if len(figure.panels) > 1:
                _letter(axes, number)
            if figure.shared == "x" and number + columns < len(figure.panels):
                axes.tick_params(labelbottom=False)
                axes.set_xlabel("")
            if figure.shared == "y" and number % columns:
                axes.tick_params(labelleft=False)
                axes.set_ylabel("")
        if figure.simulated:
            _say_simulated(sheet)
        add_legends(sheet, figure)
    return sheet


def _sharing(sheet: Sheet, figure: Figure, number: int, columns: int) -> dict[str, Any]:
    """With which earlier axes a panel shares one of its own."""
    if figure.shared == "x" and number >= columns:
        return {"sharex": sheet.axes[number % columns]}
    if figure.shared == "y" and number % columns:
        return {"sharey": sheet.axes[number - number % columns]}
    return {}


def picture(figure: Figure, kind: str, *, style: Style | None = None) -> bytes:
    """The file of a figure: `kind` ``svg`` (words as words), ``pdf`` (fonts embedded) or ``png``; no dates inside."""
    return pictures(figure, (kind,), style=style)[kind]


def pictures(figure: Figure, kinds: Sequence[str], *, style: Style | None = None) -> dict[str, bytes]:
    """Files of a figure by kind, all of one drawing: the layout, which takes longest, is made once."""
    style = with_names(style, _variants(figure))
    sheet = draw(figure, style=style)
    nothing = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None, "Creator": None}}
    made = {}
    with quiet(), mpl.rc_context(_settings(style)):
        sheet.draw_without_rendering()
        # With an engine each file would be laid out once more, and drawn for it.
        sheet.set_layout_engine(None)
        for kind in kinds:
            target = io.BytesIO()
            sheet.savefig(target, format=kind, dpi=DOTS_PER_INCH[kind], metadata=nothing.get(kind))
            made[kind] = target.getvalue()
    if "svg" in made:
        made["svg"] = _open_fonts(made["svg"].decode("utf-8")).encode("utf-8")
    return made


@contextmanager
def quiet() -> Iterator[None]:
    """Names in scripts that the bundled font lacks are no defect of a figure: the SVG holds them as words."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        yield


def _settings(style: Style) -> Any:
    # DejaVu Sans comes with matplotlib: the layout is then the same on every machine.
    small = style.font_size - 0.5
    return {
        "font.family": "DejaVu Sans", "font.size": style.font_size, "axes.labelsize": style.font_size,
        "axes.titlesize": style.font_size, "xtick.labelsize": small, "ytick.labelsize": small,
        "legend.fontsize": small, "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
        "xtick.major.size": 2.6, "ytick.major.size": 2.6, "xtick.direction": "out", "ytick.direction": "out",
        "axes.spines.top": False, "axes.spines.right": False, "axes.labelpad": 2.5, "axes.unicode_minus": True,
        "axes.formatter.use_mathtext": False, "axes.formatter.useoffset": False,
        "svg.fonttype": "none", "svg.hashsalt": "interlith", "pdf.fonttype": 42, "path.simplify": True,
        "path.simplify_threshold": 0.12, "legend.frameon": False, "legend.handlelength": 1.8,
        "legend.columnspacing": 1.2, "legend.labelspacing": 0.3, "legend.borderaxespad": 0.2,
    }  # fmt: skip


def _variants(figure: Figure) -> Iterator[str]:
    for panel in figure.panels:
        yield from (line.variant for line in panel.lines if line.variant)
        yield from (band.variant for band in panel.bands if band.variant)


def _words(text: Text) -> Text:
    """Names are shown as written: a dollar sign in a sample name starts no formula."""
    text.set_parse_math(False)
    return text


def _panel(axes: Axes, panel: Panel, style: Style, *, rasterise: bool, letters: int) -> None:
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y:
        axes.set_yscale("log")
    if panel.sqrt_y:
        axes.set_yscale("function", functions=(_root, _squared))
    for mesh in panel.meshes:
        add_mesh(axes, mesh)
    for band in panel.bands:
        _band(axes, band, style)
    shades = _shades(panel)
    crowd = sum(line.faint for line in panel.lines)
    for number, line in enumerate(panel.lines):
        _line(axes, line, style, shades[number], rasterise=rasterise, crowd=crowd)
    for marker in panel.markers:
        _marker(axes, marker.at, plain(marker.label), vertical=marker.axis == "x")
    for note in panel.notes:
        _words(add_note(axes, note))
    _words(axes.set_xlabel(plain(panel.x_label)))
    _words(axes.set_ylabel(plain(panel.y_label)))
    if panel.title:
        _words(axes.set_title(wrapped(plain(panel.title), letters), loc="left", pad=4))
    if panel.x_label in COUNTED and not panel.log_x:
        axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 2.5, 5, 10]))
    for axis, names in ((axes.xaxis, panel.x_names), (axes.yaxis, panel.y_names)):
        if names:
            axis.set_ticks([place for place, _ in names], [plain(word) for _, word in names])
            axis.set_tick_params(length=0)
            for tick in axis.get_ticklabels():
                _words(tick)
    for axis, logarithmic in ((axes.xaxis, panel.log_x), (axes.yaxis, panel.log_y)):
        if logarithmic:
            label_decades(axis)
    if panel.equal:
        axes.set_aspect("equal", adjustable="datalim")
    if panel.x_limits is not None:
        axes.set_xlim(*panel.x_limits)
    if panel.y_limits is not None:
        axes.set_ylim(*panel.y_limits)
    if not any(line.x.size for line in panel.lines) and not panel.bands and not panel.meshes:
        _words(axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", va="center", color=NEUTRAL))


def _root(values: Any) -> Any:
    """Square root, with its sign: an axis reaches a little below zero."""
    return np.sign(values) * np.sqrt(np.abs(values))


def _squared(values: Any) -> Any:
    return np.sign(values) * np.square(values)


def _shades(panel: Panel) -> list[float]:
    """Several named curves of one variant in one panel (dQ/dV of cycles 1, 50, 100) run from pale to full colour."""
    named: dict[str, list[str]] = {}
    for line in panel.lines:
        labels = named.setdefault(line.variant, [])
        if line.label and line.label not in labels and not line.dashed and not line.faint:
            labels.append(line.label)
    shades = []
    for line in panel.lines:
        labels = named[line.variant]
        if line.label not in labels or len(labels) == 1 or line.colour is not None:
            shades.append(1.0)
        else:
            shades.append(0.35 + 0.65 * labels.index(line.label) / (len(labels) - 1))
    return shades


def _line(axes: Axes, line: Line, style: Style, shade: float, *, rasterise: bool, crowd: int) -> None:
    look = placed(style.look(line.variant), line.colour)
    colour = mix(look.colour, shade)
    dots = line.style in ("points", "both", "ticks")
    many = line.x.size > 60
    size = 5.0 if line.style == "ticks" else (1.6 if many else 2.6) * (0.8 if line.faint else 1.0)
    unknown = line.std is not None and not np.isfinite(line.std).any()
    dash: object = (
        (0, (3, 2))
        if line.dashed
        else (0, look.dash)
        if look.dash and style.dashes and not dots and not line.faint
        else "-"
    )
    common: dict[str, Any] = {
        "color": colour, "alpha": max(FAINTEST, 0.38 * min(1.0, CROWD / max(1, crowd))) if line.faint else 1.0, "zorder": 2.0 if line.faint else 3.0,
        "linewidth": 0.5 if line.faint else 1.1, "rasterized": rasterise and line.x.size > 20,
        "linestyle": dash if line.style in ("line", "both") else "none",
        "marker": "|" if line.style == "ticks" else look.marker if dots else "none", "markersize": size, "markeredgewidth": 0.5,
        "markerfacecolor": "white" if unknown else colour, "markeredgecolor": colour,
    }  # fmt: skip
    if crowd > CROWD and not line.faint:
        # A mean in the midst of its replicates is only seen with a rim of paper.
        common["path_effects"] = [withStroke(linewidth=2.6, foreground="white")]
    axes.plot(line.x, line.y, label=plain(line.label) or "_", **common)
    if line.std is not None and np.isfinite(line.std).any():
        bars = np.where(np.isfinite(line.std), line.std, np.nan)
        axes.errorbar(
            line.x, line.y, yerr=bars, fmt="none", ecolor=colour, elinewidth=0.5, capsize=1.2, capthick=0.5,
            alpha=common["alpha"], zorder=1.9,
        )  # fmt: skip


def _band(axes: Axes, band: Band, style: Style) -> None:
    colour = placed(style.look(band.variant), band.colour).colour
    share = 0.14 if colour == "#000000" else 0.2
    axes.fill_between(
        band.x, band.low, band.high, color=mix(colour, share), linewidth=0, zorder=1.0, label=plain(band.label) or "_"
    )


def _marker(axes: Axes, at: float, label: str, *, vertical: bool) -> None:
    line = axes.axvline if vertical else axes.axhline
    line(at, color=NEUTRAL, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1.5)
    if not label:
        return
    offset = (3, -2) if vertical else (-2, 2)
    _words(
        axes.annotate(
            label, (at, 1.0) if vertical else (1.0, at),
            xycoords=("data", "axes fraction") if vertical else ("axes fraction", "data"),
            xytext=offset, textcoords="offset points", rotation=90 if vertical else 0,
            ha="left" if vertical else "right", va="top" if vertical else "bottom",
            color=NEUTRAL, fontsize=mpl.rcParams["font.size"] - 1.0,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )
    )  # fmt: skip


def _letter(axes: Axes, number: int) -> None:
    axes.annotate(
        chr(ord("a") + number % 26), (0, 1), xycoords="axes fraction", xytext=(-22, 3), textcoords="offset points",
        fontweight="bold", fontsize=mpl.rcParams["font.size"] + 0.5, ha="left", va="bottom",
    )  # fmt: skip


def _say_simulated(sheet: Sheet) -> None:
    sheet.suptitle(
        "SIMULATED DATA", x=0.995, ha="right", fontsize=mpl.rcParams["font.size"] - 1.5, color="#a33b00",
        fontweight="bold",
    )  # fmt: skip


def _open_fonts(svg: str) -> str:
    """Name the fonts that journals ask for first; they are narrower than the one that was measured, so all fits."""
    return svg.replace("'DejaVu Sans'", "Arial, Helvetica, 'DejaVu Sans', sans-serif")
