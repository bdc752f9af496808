"""How do the two lines run while a layer is etched away?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.design.signals.etching import Profile
from interlith.design.signals.overlayer_answers import Told
from interlith.design.signals.propagating import drawn
from interlith.model import Figure
from interlith.model.figure import Band, Line, Marker, Panel

Array = NDArray[np.float64]

_POINTS, _DRAWS, _SPHERE_DRAWS = 60, 120, 30


def figures(profile: Profile, told: Told) -> tuple[Figure, ...]:
    """Intensities with their band, and the ratio with what was measured."""
    sample = profile.sample
    best = {name: np.array([[item.value]]) for name, item in sample.declared.items()}
    best |= {} if told.fit is None else {name: np.array([[value]]) for name, value in told.fit.best.items()}
    last = (
        float(profile.depths.max())
        if profile.depths.size
        else float(best["thickness"].item() + 4 * best["mixing"].item())
    )
    depths = np.concatenate([[0.0], np.linspace(1e-3, 1.2 * last, _POINTS)])
    panels = [_intensities(profile, depths, best, told)]
    if profile.depths.size:
        panels.append(_ratio(profile, depths, best))
    caption = (
        f"{sample.layer.name} on {sample.substrate.name}: intensities over those of the pure solids. The step at zero is the "
        "mixing by the first ions." + (" Band: 95 % of draws of the declared inputs." if told.fit is None else "")
    )
    return (
        Figure(
            "sputter_profile",
            "Sputter profile",
            caption,
            tuple(panels),
            width=2 if len(panels) > 1 else 1,
            columns=len(panels),
        ),
    )


def _intensities(profile: Profile, depths: Array, best: dict[str, Array], told: Told) -> Panel:
    pair = profile.sample.pairs[0]
    curves = profile.both(depths[None, :], best)
    names = (pair.line.name, pair.substrate_line.name)
    lines = tuple(Line(depths, curve[0], name, variant=name) for curve, name in zip(curves, names, strict=True))
    bands: tuple[Band, ...] = ()
    if told.fit is None:
        count = _SPHERE_DRAWS if profile.sample.sphere else _DRAWS
        rows = {key: item[:, None] for key, item in drawn(profile.sample.declared, count=count).items()}
        made = profile.both(np.broadcast_to(depths, (count, depths.size)), rows)
        ends = [np.quantile(item, [0.025, 0.975], axis=0) for item in made]
        bands = tuple(Band(depths, low, high, variant=name) for (low, high), name in zip(ends, names, strict=True))
    marked = [item for item in told.observables if item.quantity == "depth_layer_gone" and item.value is not None]
    markers = tuple(Marker(float(item.value or 0.0), f"{names[0]} gone") for item in marked)
    return Panel("Etched depth / nm", "Intensity over pure solid", lines, bands, markers, y_limits=(0.0, 1.05))


def _ratio(profile: Profile, depths: Array, best: dict[str, Array]) -> Panel:
    pair = profile.sample.pairs[0]
    values, stds = (np.array(column) for column in zip(*profile.ratios, strict=True))
    lines = (
        Line(profile.depths, values, "measured (limits as zero)", variant="measured", std=stds, style="points"),
        Line(depths, profile.ratio(depths[None, :], best)[0], "best layer", variant="model"),
    )
    return Panel("Etched depth / nm", f"{pair.line.name} over {pair.substrate_line.name}", lines)
