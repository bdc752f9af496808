"""How do refined numbers and shares of phases change along a series, and where does something begin?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Band, Figure, Line, Marker, Panel
from interlith.techniques.diffraction.figures_words import labelled, state_label

Array = NDArray[np.float64]

#: Specimens in one panel, and panels of one figure at most.
MOST_SPECIMENS, MOST_PANELS = 8, 9
#: Colours of the palette that phases take in a stack.
_PHASES = (1, 2, 3, 4, 5, 6, 0)
_TWO_SIDED = 1.959963984540054


def parameters_figure(
    table: pl.DataFrame, quantities: Sequence[str], name: str, title: str, caption: str, *, onsets: Mapping[str, tuple[float, float, float]] | None = None
) -> Figure | None:  # fmt: skip
    """One panel a quantity: value and 95 % interval of every specimen along its state, with onsets as marked bands.

    Parameters
    ----------
    table
        Observables.
    quantities
        Those drawn, in order; what the table lacks is left out.
    name, title, caption
        Of the figure.
    onsets
        Quantity -> onset, low and high in the unit of the state.
    """
    panels = []
    for quantity in [one for one in quantities if one in table.get_column("quantity").to_list()][:MOST_PANELS]:
        rows = table.filter((pl.col("quantity") == quantity) & pl.col("state_value").is_not_null())
        if rows.filter(pl.col("value").is_not_null()).height == 0:
            continue
        panels.append(_panel(rows, quantity, (onsets or {}).get(quantity)))
    if not panels:
        return None
    return Figure(
        name, title, f"{caption} Bands: 95 % intervals; where no value stands, only a bound is known.".strip(), tuple(panels), width=1 if len(panels) == 1 else 2,
        columns=min(3, len(panels)), tags=("diffraction",),
    )  # fmt: skip


def _panel(rows: pl.DataFrame, quantity: str, onset: tuple[float, float, float] | None) -> Panel:
    lines: list[Line] = []
    bands: list[Band] = []
    limits: list[list[Line]] = []
    several = rows.get_column("sample").n_unique() > 1
    for (sample,), own in list(rows.partition_by("sample", as_dict=True, maintain_order=True).items())[:MOST_SPECIMENS]:
        variant = str(own.item(0, "variant") or "")
        own = own.sort("state_value")
        seen = own.filter(pl.col("value").is_not_null())
        x, y, std = (seen.get_column(column).cast(pl.Float64).to_numpy() for column in ("state_value", "value", "std"))
        low, high = _interval(seen, y, std)
        if np.isfinite(high - low).any() and x.size > 1:
            bands.append(Band(x, low, high, variant=variant))
        lines.append(
            Line(
                x,
                y,
                label=str(sample) if several else "",
                variant=variant,
                sample=str(sample),
                style="both",
                observable=quantity,
            )
        )
        limits.append(_bounds(own.filter(pl.col("value").is_null()), variant, str(sample)))
    markers: tuple[Marker, ...] = ()
    if onset is not None and lines:
        at, begin, end = onset
        reach = _reach(lines)
        bands.append(
            Band(np.array([begin, end]), np.full(2, reach[0]), np.full(2, reach[1]), label="onset, 95 %", colour=2)
        )
        markers = (Marker(at, "onset"),)
    unit, state, state_unit = (str(rows.item(0, column) or "") for column in ("unit", "state", "state_unit"))
    words = quantity.replace("_", " ")
    frame = _limits(lines, bands)
    lines += [line for part in limits for line in part if _near(line, lines)]
    where = rows.get_column("state_value").cast(pl.Float64).to_numpy()
    margin = 0.03 * float(np.ptp(where))
    # A panel that lacks values at an end must not look as if the series ended there.
    short = bool(rows.get_column("value").null_count()) and margin > 0
    return Panel(
        state_label(state, state_unit), labelled(words, unit), tuple(lines), tuple(bands), markers, y_limits=frame,
        x_limits=(float(where.min()) - margin, float(where.max()) + margin) if short else None,
    )  # fmt: skip


def _interval(rows: pl.DataFrame, y: Array, std: Array) -> tuple[Array, Array]:
    """95 % intervals: those that are stated, else the normal ones; nan where there is none."""
    half = np.where(np.isfinite(std), _TWO_SIDED * std, np.nan)
    ends = []
    for column, usual in (("low", y - half), ("high", y + half)):
        given = (
            rows.get_column(column).cast(pl.Float64).fill_null(np.nan).to_numpy() if column in rows.columns else usual
        )
        ends.append(np.where(np.isfinite(given), given, usual))
    return ends[0], ends[1]


def _bounds(rows: pl.DataFrame, variant: str, sample: str) -> list[Line]:
    """Bounds of numbers that have no value."""
    found = []
    for column, words in (("low", "lower bound"), ("high", "upper bound")):
        # An upper bound of a share or an area stands with 0 as its lower one.
        known = rows.filter(
            pl.col(column).is_not_null() & (pl.col("high").is_null() if column == "low" else pl.lit(True))
        )
        if known.height:
            x, y = (known.get_column(name).cast(pl.Float64).to_numpy() for name in ("state_value", column))
            found.append(Line(x, y, label=words, variant=variant, sample=sample, style="ticks", faint=True))
    return found


def _near(bound: Line, lines: Sequence[Line]) -> bool:
    """Whether bounds are no farther from the values than those from each other: others would squeeze all values to a line."""
    low, high = _reach(lines)
    return bool(np.all((bound.y >= 2 * low - high) & (bound.y <= 2 * high - low)))


def _limits(lines: Sequence[Line], bands: Sequence[Band]) -> tuple[float, float] | None:
    """Limits that keep a few wide intervals from squeezing all values to a line; `None` where the usual ones do."""
    low, high = _reach(lines)
    reach = high - low
    least = min((float(np.nanmin(band.low)) for band in bands), default=low)
    most = max((float(np.nanmax(band.high)) for band in bands), default=high)
    if reach <= 0 or (least >= low - reach and most <= high + reach):
        return None
    return max(low - reach, least - 0.05 * reach), min(high + reach, most + 0.05 * reach)


def _reach(lines: Sequence[Line]) -> tuple[float, float]:
    shown = np.concatenate([line.y for line in lines])
    return float(np.nanmin(shown)), float(np.nanmax(shown))


def stack_figure(
    along: Array, shares: Mapping[str, tuple[Array, Array]], name: str, title: str, caption: str, *, along_label: str
) -> Figure:
    """Shares of phases on top of each other along a series, each with the standard uncertainty of its own share.

    Parameters
    ----------
    along
        Place of each member, shape (m,).
    shares
        Phase -> shares (1) and their standard uncertainties, shape (m,); nan where a phase was not refined counts as nothing.
    name, title, caption, along_label
        Words.
    """
    order = np.argsort(along, kind="stable")
    x = along[order]
    bottom = np.zeros(x.size)
    bands, lines = [], []
    for place, (phase, (value, std)) in enumerate(shares.items()):
        colour = _PHASES[place % len(_PHASES)]
        share = np.nan_to_num(100 * value[order])
        top = bottom + share
        bands.append(Band(x, bottom, top, label=phase, colour=colour))
        size = np.where(share > 0, 100 * std[order], np.nan)
        lines.append(Line(x, top, std=size if np.isfinite(size).any() else None, style="line", colour=colour))
        bottom = top
    return Figure(
        name, title, f"{caption} Bars: standard uncertainty of the share below each line.",
        (Panel(along_label, "Share of the mass / %", tuple(lines), tuple(bands), y_limits=(0.0, max(100.0, float(np.max(bottom, initial=0.0))))),),
        width=1, tags=("diffraction",),
    )  # fmt: skip
