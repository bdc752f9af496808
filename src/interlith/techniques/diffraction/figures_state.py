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
        rows = table.filter(
            (pl.col("quantity") == quantity) & pl.col("value").is_not_null() & pl.col("state_value").is_not_null()
        )
        if rows.height == 0:
            continue
        panels.append(_panel(rows, quantity, (onsets or {}).get(quantity)))
    if not panels:
        return None
    return Figure(
        name, title, f"{caption} Bands: 95 % intervals.", tuple(panels), width=1 if len(panels) == 1 else 2,
        columns=min(3, len(panels)), tags=("diffraction",),
    )  # fmt: skip


def _panel(rows: pl.DataFrame, quantity: str, onset: tuple[float, float, float] | None) -> Panel:
    lines: list[Line] = []
    bands: list[Band] = []
    for (sample,), own in list(rows.partition_by("sample", as_dict=True, maintain_order=True).items())[:MOST_SPECIMENS]:
        own = own.sort("state_value")
        x, y, std = (own.get_column(column).cast(pl.Float64).to_numpy() for column in ("state_value", "value", "std"))
        variant = str(own.item(0, "variant") or "")
        half = np.where(np.isfinite(std), _TWO_SIDED * std, np.nan)
        if np.isfinite(half).any() and x.size > 1:
            bands.append(Band(x, y - half, y + half, variant=variant))
        lines.append(
            Line(
                x,
                y,
                label=str(sample) if rows.get_column("sample").n_unique() > 1 else "",
                variant=variant,
                sample=str(sample),
                style="both",
                observable=quantity,
            )
        )
    markers: tuple[Marker, ...] = ()
    if onset is not None and lines:
        at, low, high = onset
        reach = (min(float(np.nanmin(line.y)) for line in lines), max(float(np.nanmax(line.y)) for line in lines))
        bands.append(
            Band(np.array([low, high]), np.full(2, reach[0]), np.full(2, reach[1]), label="onset, 95 %", colour=2)
        )
        markers = (Marker(at, "onset"),)
    unit, state, state_unit = (str(rows.item(0, column) or "") for column in ("unit", "state", "state_unit"))
    words = quantity.replace("_", " ")
    return Panel(state_label(state, state_unit), labelled(words, unit), tuple(lines), tuple(bands), markers)


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
