"""How are ranked dopants drawn, and radius and charge against the sites of the host?"""

from __future__ import annotations

import numpy as np

from interlith.design.mixing.hosts import HostIon
from interlith.design.mixing.numbers import Answered
from interlith.design.mixing.strain import GAS, charge_energy, misfit_energy, site_modulus
from interlith.model import Band, Figure, Line, Marker, Note, Panel

_MOST_PANELS = 4
_LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def figures(answered: Answered) -> tuple[Figure, ...]:
    """The ranking, and a map for each ion of the host."""
    return ranking_figure(answered), map_figure(answered)


def _limit(answered: Answered) -> float:
    """Energy of solution (kJ/mol) at which just the dose dissolves."""
    return -GAS * answered.temperature.value * float(np.log(answered.dose.value))


def shown(ion: str) -> str:
    """``La3+`` -> ``La³⁺``."""
    return ion.translate(str.maketrans("0123456789+-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻·"))


def ranking_figure(answered: Answered) -> Figure:
    """Energy of solution with its interval, the best dopant on top, and the probability that the dose dissolves."""
    ranked, names = answered.ranked, answered.names
    places = np.arange(len(names), 0, -1, dtype=float)
    quantiles = np.quantile(ranked.energies, _LEVELS, axis=1)
    lines: list[Line] = []
    for row, place in enumerate(places):
        ends = np.array([quantiles[0, row], quantiles[4, row]])
        lines.append(Line(ends, np.full(2, place), "95 % of the draws" if row == 0 else "", "interval"))
    lines.append(Line(quantiles[2], places, "median", "median", style="points"))
    limit = _limit(answered)
    hot = f"{answered.temperature.value - 273.15:.0f} °C"
    ticks = tuple((float(place), shown(name)) for place, name in zip(places, names, strict=True))
    energy = Panel(
        "Energy of solution / kJ mol⁻¹", "", tuple(lines), y_names=ticks, y_limits=(0.4, len(names) + 0.6),
        markers=(Marker(limit, f"{100 * answered.dose.value:g} % at {hot}"),), title=f"In {answered.structure.name}",
    )  # fmt: skip
    chance = Panel(
        f"Probability that {100 * answered.dose.value:g} % dissolve", "",
        (Line(ranked.enough, places, "", "median", style="points"),), y_names=ticks, y_limits=(0.4, len(names) + 0.6),
        x_limits=(-0.03, 1.03), title="Share of draws left of the line",
    )  # fmt: skip
    return Figure(
        f"miscibility_{answered.structure.name}".replace(" ", "_"), f"Dopants in {answered.structure.name}",
        "Estimated energy of solution of each dopant on its best site, median and 95 % interval of the draws. Left of the line "
        f"the dose dissolves at {hot}. Strain by two estimates, charge between nothing and a lonely one, competing phases as a "
        f"spread of {answered.competing:g} kJ/mol for each dopant.",
        (energy, chance), width=2, columns=2, tags=("miscibility",),
    )  # fmt: skip


def map_figure(answered: Answered) -> Figure:
    """Radius and charge of the dopants against each ion of the host, with the region that the dose allows."""
    panels = tuple(_panel(answered, host, place == 0) for place, host in enumerate(answered.hosts[:_MOST_PANELS]))
    return Figure(
        f"miscibility_map_{answered.structure.name}".replace(" ", "_"),
        f"Radius and charge of dopants in {answered.structure.name}",
        "Mismatch of ionic radius and charge of each dopant against each ion of the host with as many neighbours. Shaded: strain of "
        "an elastic sphere and half the energy of a lonely charge, at the middle of the inputs, stay below the energy at which the "
        "dose still dissolves, and below twice that. A dopant on two kinds of ions at once has no charge left over and is not "
        "shown as such.",
        panels, width=2 if len(panels) > 1 else 1, columns=len(panels) if len(panels) < _MOST_PANELS else 2,
        tags=("miscibility",),
    )  # fmt: skip


def _panel(answered: Answered, host: HostIon, first: bool) -> Panel:
    points = [
        (100 * (dopant.radii[host.name] / host.radius - 1), dopant.charge - host.charge, shown(dopant.ion))
        for dopant in answered.ranked.dopants
        if host.name in dopant.radii
    ]
    across = [x for x, _, _ in points] or [0.0]
    up = [y for _, y, _ in points] or [0.0]
    left, right = min(-45.0, min(across) - 10), max(70.0, max(across) + 25)
    bottom, top = min(-2.0, min(up)) - 0.6, max(2.0, max(up)) + 1.0
    limit = _limit(answered)
    bands = tuple(
        _region(answered, host, times * limit, (left, right), (bottom, top), words if first else "", f"{times} x")
        for times, words in ((2, f"below {2 * limit:.0f} kJ mol⁻¹"), (1, f"below {limit:.0f} kJ mol⁻¹"))
    )
    line = Line(np.array(across), np.array(up), "", "dopants", style="points")
    return Panel(
        f"Radius against {shown(host.ion)} / %", "Charge difference", (line,) if points else (), bands=bands,
        notes=tuple(_notes(points, top - bottom, right - left)), x_limits=(left, right), y_limits=(bottom, top),
        title=f"On {shown(host.ion)}, {host.coordination} neighbours",
    )  # fmt: skip


def _region(
    answered: Answered,
    host: HostIon,
    energy: float,
    across: tuple[float, float],
    up: tuple[float, float],
    words: str,
    variant: str,
) -> Band:
    """Where strain and half a lonely charge cost less than an energy."""
    x = np.linspace(*across, 1201)
    strain = misfit_energy(host.radius * (1 + x / 100), host.radius, site_modulus(host.charge, host.length))
    one = 0.5 * float(charge_energy(1.0, host.radius, answered.permittivity.value))
    inside = strain < energy
    half = np.sqrt(np.maximum(energy - strain, 0.0) / one)
    return Band(
        x[inside], np.maximum(-half, up[0])[inside], np.minimum(half, up[1])[inside], words, variant
    )  # fmt: skip


def _notes(points: list[tuple[float, float, str]], height: float, width: float) -> list[Note]:
    """Names beside points; names that would meet are stacked."""
    placed: list[Note] = []
    for x, y, text in sorted(points):
        free = (
            y + step * height
            for step in (0.0, 0.08, -0.1, 0.16, -0.18, 0.24)
            if not any(
                abs(note.x - x) < 0.12 * width and abs(note.y - y - step * height) < 0.07 * height for note in placed
            )
        )
        placed.append(Note(x, next(free, y), text))
    return placed
