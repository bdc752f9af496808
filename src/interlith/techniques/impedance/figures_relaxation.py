"""How are distributions of relaxation times drawn: curves with bands, the map over the state, peaks over the state?"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Band, Figure, Line, Mesh, Panel, Result
from interlith.techniques.impedance.figures_words import MOST_PANELS, STATES, drawn

Array = NDArray[np.float64]

#: Spectra from which on a map says more than curves.
ENOUGH_FOR_MAP = 8


def relaxation_figures(result: Result) -> list[Figure | None]:
    """Distributions with their bands, and maps of long series."""
    return [_distributions(result), _maps(result)]


def _distributions(result: Result) -> Figure | None:
    panels = []
    for sample, spectra in drawn(result.data["distribution"], by="tau").items():
        variant = str(spectra[0][1].item(0, "variant"))
        lines, bands = [], []
        for place, (words, one) in enumerate(spectra):
            tau, gamma, low, high = (one.get_column(name).to_numpy() for name in ("tau", "gamma", "low", "high"))
            lines.append(Line(tau, gamma, words, variant, sample))
            if place in (0, len(spectra) - 1):
                label = (
                    "95 % credible, first and last"
                    if place == 0 and len(spectra) > 1
                    else "95 % credible"
                    if place == 0
                    else ""
                )
                bands.append(Band(tau, low, high, label, variant))
        panels.append(Panel("τ / s", "γ(ln τ) / Ω", tuple(lines), tuple(bands), title=sample, log_x=True))
    if not panels:
        return None
    caption = "Distributions of relaxation times over the measured window, τ = 1/(2πf); bands hold the truth at 95 % of the places."
    return Figure("relaxation_times", "Relaxation times", caption, tuple(panels), width=2, columns=2)


def _maps(result: Result) -> Figure | None:
    panels: list[Panel] = []
    for (sample,), rows in (
        result.data["distribution"].partition_by("sample", as_dict=True, maintain_order=True).items()
    ):
        if rows.get_column("number").n_unique() < ENOUGH_FOR_MAP or len(panels) == MOST_PANELS:
            continue
        panel = _map(str(sample), rows)
        panels += [] if panel is None else [panel]
    if not panels:
        return None
    caption = (
        "Distribution of relaxation times along the series, one row of colour a spectrum. A process that was taken as a single "
        "relaxation is no part of it and leaves a gap."
    )
    return Figure(
        "relaxation_map", "Map of relaxation times", caption, tuple(panels), width=2, columns=min(2, len(panels))
    )


def _map(sample: str, rows: pl.DataFrame) -> Panel | None:
    counts = rows.group_by("tau").len().filter(pl.col("len") == pl.col("len").max())
    tau = counts.get_column("tau").sort().to_numpy()
    wide = rows.filter(pl.col("tau").is_in(tau.tolist())).sort("number", "tau")
    spectra = wide.group_by("number", maintain_order=True).agg(
        pl.col("gamma"), pl.col("state_value").first(), pl.col("state").first()
    )
    spectra = spectra.filter(pl.col("gamma").list.len() == tau.size).sort("state_value")
    if spectra.height < 2:
        return None
    values = np.stack([np.asarray(one) for one in spectra.get_column("gamma").to_list()])
    places = spectra.get_column("state_value").to_numpy()
    if (np.diff(places) <= 0).any():
        places = np.arange(1.0, spectra.height + 1)
        label = "Spectrum"
    else:
        label = STATES.get(str(spectra.item(0, "state")), "State")
    mesh = Mesh(tau, places, values, "γ(ln τ) / Ω")
    return Panel("τ / s", label, title=sample, meshes=(mesh,), log_x=True)
