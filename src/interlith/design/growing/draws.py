"""What follows for layers and islands when every input is drawn within its uncertainty?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from interlith.design.growing.asked import Asked
from interlith.design.inputs import Uncertain
from interlith.errors import StudyError
from interlith.physics.elasticity import averages, biaxial_modulus
from interlith.physics.growth.dislocations import (
    Dislocation,
    critical_thickness,
    critical_thickness_energy,
    network_energy,
)
from interlith.physics.growth.islands import IslandSize, Shape, island_size, surface_cost
from interlith.physics.growth.layers import PER_AREA, elastic_energy, implied_modulus, mode, wetting_gain

Array = NDArray[np.float64]

#: Inputs that cannot be negative: draws below zero are drawn again.
_POSITIVE = frozenset(
    {
        "elastic cost",
        "layer spacing",
        "film surface energy",
        "host surface energy",
        "facet angle",
        "relaxed share",
        "biaxial modulus",
    }
)
#: A width of the dislocation in People and Bean's balance (over b): 2 sqrt(2) a with b = a / sqrt(2) gives 4.
_SPREAD = 4.0
_REDRAWS = 100


@dataclass(frozen=True)
class Growth:
    """Numbers that follow from one set of inputs, or from many (then arrays of the same length).

    Parameters
    ----------
    gain, later, elastic
        Gain of the first and of later layers, and strain energy of one layer (J/m^2).
    mode
        Index into `interlith.physics.growth.layers.MODES`.
    modulus
        Biaxial modulus that the strain energy stands for (GPa).
    largest_misfit
        Misfit up to which the first layer pays.
    driving
        What a relaxed island saves for each volume (GPa): the share of the strain energy that it relaxes, less what later
        layers of the film gain.
    island, networked
        Sizes without and with the energy of a dislocation network below the island; the second `None` where unknown.
    network
        That energy (J/m^2), or `None`.
    height
        Height of an island over the radius of its base.
    forces, energies
        Critical thickness by balance of forces and of energies (angstrom); `None` where no dislocation is known.
    """

    gain: Any
    later: Any
    elastic: Any
    mode: Any
    modulus: Any
    largest_misfit: Any
    driving: Any
    island: IslandSize
    networked: IslandSize | None
    network: Any
    height: Any
    forces: Any
    energies: Any


def modulus_input(asked: Asked) -> Uncertain | None:
    """M(hkl) of the stiffness (GPa) with what the uncertainty of its constants does to it; `None` without stiffness."""
    if asked.row is None or asked.normal is None:
        return None
    value = biaxial_modulus(asked.row.stiffness, asked.normal)
    if not asked.row.std:
        return Uncertain(value, math.nan, "GPa", value, value, "exact")
    drawn = [biaxial_modulus(item, asked.normal) for item in asked.row.sample(np.random.default_rng(0), 400)]
    spread = float(np.std(drawn))
    return Uncertain(value, spread, "GPa", value - spread, value + spread, "normal")


def draw(asked: Asked, inputs: Mapping[str, Uncertain], samples: int, seed: int) -> dict[str, Array]:
    """Draws of all inputs, each shape (samples,).

    Raises
    ------
    StudyError
        If an input that cannot be negative nearly always is.
    """
    found = {}
    for name, given in inputs.items():
        # A stream for each name: one input more does not change the draws of the others.
        random = np.random.default_rng([seed, crc32(name.encode())])
        values = given.sample(random, samples)
        if name in _POSITIVE:
            for _ in range(_REDRAWS):
                wrong = np.flatnonzero((values <= 0) | ((values > 1) if name == "relaxed share" else False))
                if wrong.size == 0:
                    break
                values[wrong] = given.sample(random, wrong.size)
            else:
                raise StudyError(
                    f"The {name} of {asked.film} is {given.value:g} +- {given.std:g} {given.unit} and would mostly be "
                    "impossible; give a smaller uncertainty or a range."
                )
        found[name] = values
    return found


def central(inputs: Mapping[str, Uncertain]) -> dict[str, Array]:
    """The declared values, each shape ()."""
    return {name: np.asarray(given.value) for name, given in inputs.items()}


def follow(asked: Asked, values: Mapping[str, Array]) -> Growth:
    """All numbers from values of the inputs; ``biaxial modulus`` (GPa) stands among them where the stiffness is known."""
    misfit, spacing = values["misfit"], values["layer spacing"]
    stated = values.get("biaxial modulus")
    if "elastic cost" in values:
        modulus = implied_modulus(values["elastic cost"], asked.reference, spacing)
    else:
        assert stated is not None
        modulus = stated
    elastic = elastic_energy(modulus, misfit, spacing)
    gain = (
        values["gain"]
        if "gain" in values
        else wetting_gain(values["host surface energy"], values["film surface energy"], values["interface energy"])
    )
    driving = values["relaxed share"] * modulus * misfit**2 - values["later gain"] / (PER_AREA * spacing)
    shape = Shape(values["facet angle"])
    line = dislocation(asked)
    declared = values.get("network energy")
    cost = surface_cost(shape, values["film surface energy"])
    network = declared if declared is not None else None if line is None else _network(values, line, modulus)
    networked = None
    if network is not None:
        both = surface_cost(shape, values["film surface energy"], network=network)
        networked = island_size(shape, both, driving)
    stiff = modulus if stated is None else stated
    return Growth(
        gain, values["later gain"], elastic, mode(elastic, gain, values["later gain"]), modulus,
        np.sqrt(np.maximum(gain, 0) / elastic_energy(modulus, 1.0, spacing)), driving,
        island_size(shape, cost, driving), networked, network, shape.height,
        None if line is None else critical_thickness(stiff, misfit, line),
        None if line is None else critical_thickness_energy(stiff, misfit, line, width=_SPREAD * asked.burgers),
    )  # fmt: skip


def _network(values: Mapping[str, Array], line: Dislocation, modulus: Any) -> Any:
    """Energy of a full network (J/m^2) in a film as stiff as its strain energy says: both follow from one stiffness."""
    return network_energy(values["misfit"], line) * modulus / values["biaxial modulus"]


def dislocation(asked: Asked) -> Dislocation | None:
    """The misfit dislocation that was declared, with the isotropic means of the stiffness; `None` where either is missing."""
    if asked.row is None or math.isnan(asked.burgers):
        return None
    mean = averages(asked.row.stiffness)
    return Dislocation(asked.burgers, mean.shear, mean.poisson, asked.beta, asked.lambda_)


def spread(values: Any, draws: Mapping[str, Array], inputs: Mapping[str, Uncertain]) -> dict[str, float]:
    """Uncertainty of a drawn number by input, ``declared:<name>``: the part that is linear in each, and what is left.

    Inputs are drawn independently, so that the slope of a number against one of them is their covariance over its variance.
    """
    drawn = np.asarray(values, dtype=float)
    if drawn.ndim == 0 or not np.all(np.isfinite(drawn)):
        return {}
    found: dict[str, float] = {}
    centred = drawn - drawn.mean()
    for name, given in inputs.items():
        sample = draws[name]
        size = float(np.std(sample))
        if given.shape != "exact" and size > 0:
            found[f"declared:{name}"] = float(centred @ (sample - sample.mean())) / len(sample) / size
    total = float(np.var(drawn))
    rest = total - sum(part * part for part in found.values())
    # Covariances of independent draws scatter by 1 / sqrt(n); only more than that is curvature.
    if rest > 4 * total / math.sqrt(len(drawn)):
        found["model:curvature"] = math.sqrt(rest)
    return found
