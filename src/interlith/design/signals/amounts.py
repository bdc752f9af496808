"""How much dopant lies on each area of the particles if all of a dose is at the surface?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.elements import TRANSITION_METALS
from interlith.crystal.structure import Structure
from interlith.design.recording import digest_of, number
from interlith.design.signals.asking import Asked
from interlith.design.signals.propagating import propagate
from interlith.errors import StudyError
from interlith.model import Observable

Array = NDArray[np.float64]


def per_area(host: Structure, element: str, asked: Asked, draws: Mapping[str, Array]) -> list[Observable]:
    """Dopant per surface area (1/nm^2), and its density in the layer (1/nm^3) where the layer is one.

    Parameters
    ----------
    host
        Whose transition metals (groups 3 to 12) the dose counts; atoms of them per volume times volume over surface.
    element
        Name of the dopant.
    asked, draws
        The declared inputs and their draws.

    Raises
    ------
    StudyError
        If the host holds no transition metal.
    """
    metals = sum(count for name, count in host.composition.items() if name in TRANSITION_METALS)
    if not metals > 0:
        raise StudyError(
            f"{host.name} holds no transition metal, so that a dose per transition metal says nothing of it."
        )
    density = 1000.0 * metals / host.cell.volume

    def area(values: Mapping[str, Array]) -> Array:
        return np.asarray(values["dose"] * density / asked.particle(values).surface_to_volume)

    def filled(values: Mapping[str, Array]) -> Array:
        particle, width = asked.particle(values), values["layer thickness"]
        left = np.zeros(width.shape)
        for share, reach in zip(particle.weights, particle.reaches, strict=True):
            left = left + share * np.maximum(1.0 - width / reach, 0.0) ** 3
        return np.asarray(values["dose"] * density / (1.0 - left))

    rows = [("dopant_per_surface_area", "1/nm^2", area)]
    if asked.surface.kind == "layer":
        rows.append(("dopant_density_in_layer", "1/nm^3", filled))
    made = []
    for quantity, unit, function in rows:
        item = propagate(function, asked.inputs, draws)
        made.append(
            number(
                quantity,
                item.value,
                unit,
                item.components,
                sample=f"{element} in {host.name}",
                source=digest_of(host),
                method="all of the dose at the surface; transition metals of groups 3 to 12 counted",
                low=item.low,
                high=item.high,
            )
        )
    return made
