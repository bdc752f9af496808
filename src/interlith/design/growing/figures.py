"""How are energies of layers, the growth diagram and the energy of islands drawn?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from interlith.design.growing.asked import Array, plane
from interlith.design.growing.numbers import LEVEL, Answered
from interlith.model import Band, Figure, Line, Marker, Mesh, Note, Panel
from interlith.notation import significant
from interlith.physics.growth.islands import IslandSize, Shape, island_energy, surface_cost
from interlith.physics.growth.layers import boundary_gain, boundary_misfit, cumulative, marginal

_LAYERS = 5
_DRAWN = 121
_CLOUD = 250
#: Draws that a band is taken from, a band of 95 % needs no more.
_BAND = 1000
_TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
_NM = 0.1


def figures(answered: Answered) -> tuple[Figure, ...]:
    """Energy per layer, growth diagram, and island energy against size."""
    made = (energy_figure(answered), diagram_figure(answered))
    return made if answered["stable_island_size"].value is None else (*made, island_figure(answered))


def _stem(answered: Answered) -> str:
    asked = answered.asked
    return f"{asked.film}_{asked.host}_{plane(asked.facet).replace(' ', '')}".replace(" ", "_")


def _band(x: Array, many: Array, label: str, variant: str) -> Band:
    low, high = np.quantile(many, _TAILS, axis=0)
    return Band(x, low, high, label, variant)


def energy_figure(answered: Answered) -> Figure:
    """What each layer adds, and what n layers cost beside one layer with large relaxed islands."""
    middle, drawn = answered.middle, answered.drawn
    count = np.arange(1, _LAYERS + 1, dtype=float)
    steps = marginal(middle.elastic, middle.gain, middle.later, count=_LAYERS)
    many = marginal(drawn.elastic, drawn.gain, drawn.later, count=_LAYERS)
    many = np.broadcast_to(many, (*np.shape(answered.drawn.mode), _LAYERS)).reshape(-1, _LAYERS)
    share = f"{100 * LEVEL:.3g} % interval of the draws"
    added = Panel(
        "Layer", "Energy that the layer adds / J m⁻²",
        (Line(count, steps, "", "strained film", std=np.std(many, axis=0), style="points"),),
        markers=(Marker(0.0, "", "y"),), title="Each layer", x_limits=(0.5, _LAYERS + 0.5),
    )  # fmt: skip
    whole = np.arange(0, _LAYERS + 1, dtype=float)
    sums = cumulative(middle.elastic, middle.gain, middle.later, count=_LAYERS)
    all_sums = np.concatenate([np.zeros((many.shape[0], 1)), np.cumsum(many, axis=1)], axis=1)
    best = float(np.min(sums))
    rest = int(np.argmin(sums))
    held = np.arange(rest, _LAYERS + 1, dtype=float)
    words = (
        f"{rest} strained layer{'s' if rest > 1 else ''}, the rest in large relaxed islands"
        if rest
        else "all in large relaxed islands"
    )
    relaxed = (Line(held, np.full(held.size, best), words, "islands", dashed=True),) if rest < _LAYERS else ()
    both = Panel(
        "Amount of film / layers", "Energy over the bare host / J m⁻²",
        (Line(whole, sums, "all layers strained", "strained film", style="both"), *relaxed),
        (_band(whole, all_sums, share, "strained film"),), (Marker(0.0, "", "y"),), title="All layers",
    )  # fmt: skip
    return Figure(
        f"growth_layers_{_stem(answered)}", f"Energy of strained layers of {answered.asked.where}",
        "Left: energy that each layer adds, strain less gain, with one standard deviation of the draws; below zero the layer "
        f"pays. Right: energy of all layers strained, with the {share}, and of the wetting layers with the rest of the film in "
        "relaxed islands too large for their surface to count.",
        (added, both), width=2, columns=2, tags=("growth",),
    )  # fmt: skip


def diagram_figure(answered: Answered) -> Figure:
    """Modes over misfit and gain with the draws of this film, and the energy of the first layer as a map."""
    middle, drawn = answered.middle, answered.drawn
    spacing = answered.inputs["layer spacing"].value
    size = len(next(iter(answered.draws.values())))
    misfits = np.abs(np.broadcast_to(answered.draws["misfit"], (size,)))
    gains = np.broadcast_to(drawn.gain, (size,))
    right = 1.8 * max(float(misfits.max()), 1e-3)
    edge = float(boundary_gain(middle.modulus, right, spacing))
    top = float(1.25 * max(gains.max(), 0.6 * edge, 1e-3))
    bottom = float(min(0.0, 1.2 * gains.min()))
    x = np.linspace(0.0, right, _DRAWN)
    line = np.clip(boundary_gain(middle.modulus, x, spacing), bottom, top)
    later = float(boundary_misfit(middle.modulus, middle.later, spacing))
    parted = Line(100 * x[line < top], line[line < top], "first layer costs what it gains", "boundary")
    cloud = Line(
        100 * misfits[:_CLOUD], gains[:_CLOUD], f"{min(_CLOUD, size)} draws of this film", "this film", style="points"
    )
    regions = [
        Band(100 * x, np.full_like(x, bottom), line, "Volmer-Weber", "Volmer-Weber"),
        Band(
            100 * x, np.where(x >= later, line, top), np.full_like(x, top), "Stranski-Krastanov", "Stranski-Krastanov"
        ),
    ]
    if later > 0:
        regions.append(
            Band(
                100 * x,
                np.where(x < later, line, top),
                np.full_like(x, top),
                "Frank-van der Merwe",
                "Frank-van der Merwe",
            )
        )
    across, up = (0.0, 100 * right), (bottom, top)
    labels = ("Misfit / %", "Gain of the first layer / J m⁻²")
    named = (
        Note(62 * right, bottom + 0.08 * (top - bottom), "Volmer-Weber"),
        Note(4 * right, bottom + 0.92 * (top - bottom), "Frank-van der Merwe" if later > 0 else "Stranski-Krastanov"),
    )
    modes = Panel(*labels, (parted, cloud), tuple(regions), title="Mode", x_limits=across, y_limits=up, notes=named)
    grid_x, grid_y = np.linspace(0, right, 73), np.linspace(bottom, top, 61)
    first = boundary_gain(middle.modulus, grid_x, spacing)[None, :] - grid_y[:, None]
    chart = Mesh(100 * grid_x, grid_y, first, "Energy that the first layer adds / J m⁻²")
    energy = Panel(*labels, (parted,), meshes=(chart,), title="Energy of the first layer", x_limits=across, y_limits=up)
    frank = (
        "Without a gain of later layers only a film without misfit grows in layers for ever (Frank-van der Merwe)."
        if middle.later == 0
        else f"Up to a misfit of {significant(100 * later, 3)} % every layer pays (Frank-van der Merwe)."
    )
    return Figure(
        f"growth_diagram_{_stem(answered)}", f"Growth modes of {answered.asked.where}",
        "Left: modes over misfit and gain, with draws of the inputs of this film. Right: the energy that the first layer adds. The "
        f"parabola gain = M f² d with M = {significant(float(middle.modulus), 3)} GPa and d = {significant(spacing, 3)} Å parts "
        f"Volmer-Weber (below) from Stranski-Krastanov growth (above). {frank}",
        (modes, energy), width=2, columns=2, tags=("growth",),
    )  # fmt: skip


def island_figure(answered: Answered) -> Figure:
    """Energy of an island over the strained film of the same volume, without and with a dislocation network below it."""
    middle, drawn = answered.middle, answered.drawn
    panels = [_island_panel(answered, middle.island, drawn.island, 0.0, 0.0)]
    below = ""
    if middle.networked is not None and drawn.networked is not None and np.isfinite(middle.networked.stable):
        panels = [
            replace(panels[0], title="Without dislocations"),
            replace(
                _island_panel(answered, middle.networked, drawn.networked, middle.network, drawn.network),
                title="With a dislocation network below",
            ),
        ]
        below = " Left: without dislocations below it. Right: with a network that takes up the whole misfit."
    return Figure(
        f"growth_islands_{_stem(answered)}", f"Energy of relaxed islands of {answered.asked.film}",
        "Energy of a pyramid over the strained film of the same volume against the width of its base: surface that it adds less "
        f"strain that it relaxes. Smaller than the nucleus it shrinks, from the second dashed line on it beats the film.{below}",
        tuple(panels), width=2 if len(panels) == 2 else 1, columns=len(panels), tags=("growth",),
    )  # fmt: skip


def _island_panel(answered: Answered, middle: IslandSize, drawn: IslandSize, network: Any, networks: Any) -> Panel:
    """Energy against size, the nucleus and the smallest stable island marked."""
    size = len(next(iter(answered.draws.values())))
    stable = 2 * _NM * float(middle.stable)
    high = 2 * _NM * float(np.quantile(drawn.stable, _TAILS[1], method="closest_observation"))
    right = min(1.25 * high, 3.0 * stable) if np.isfinite(high) and high > stable else 1.5 * stable
    x = np.linspace(0, right, _DRAWN)
    inputs, growth = answered.inputs, answered.middle
    energy = _island(inputs["facet angle"].value, inputs["film surface energy"].value, growth.driving, x, network)
    names = ("facet angle", "film surface energy")
    angle, surface = (np.broadcast_to(answered.draws[name], (size,))[:_BAND, None] for name in names)
    driving, cost = (np.broadcast_to(item, (size,))[:_BAND, None] for item in (answered.drawn.driving, networks))
    many = _island(angle, surface, driving, x[None, :], cost)
    reach = 3.0 * float(middle.barrier)
    return Panel(
        "Width of the base / nm", "Energy over the strained film / eV",
        (Line(x, energy, "declared values", "island"),),
        (_band(x, many, f"{100 * LEVEL:.3g} % interval of the draws", "island"),),
        (
            Marker(0.0, "", "y"),
            Marker(2 * _NM * float(middle.critical), "nucleus", "x"),
            Marker(stable, "stable", "x"),
        ),
        x_limits=(0.0, right), y_limits=(-reach, reach),
    )  # fmt: skip


def _island(
    angle: Array | float, surface: Array | float, driving: Array | float, width: Array, network: Array | float
) -> Array:
    shape = Shape(angle)
    cost = surface_cost(shape, surface, network=network)
    energy: Array = island_energy(shape, cost, driving, width / 2 / _NM)
    return energy
