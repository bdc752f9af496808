"""How do the words of a call become the inputs of a growth mode, and what is missing among them?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from interlith.crystal.facets import checked_hkl
from interlith.design.growing.asked import (
    ASSUMED_ANGLE,
    ASSUMED_SURFACE,
    Array,
    Asked,
    Phase,
    Reader,
    Text,
    layer_spacing,
    read_stiffness,
    split_cost,
    structure_of,
)
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError
from interlith.physics.elasticity import energy_density, in_plane

_GAINS = "gain='0.22-0.29 J/m^2', or surface_energy_host, surface_energy_film and interface_energy"


@dataclass(frozen=True, slots=True)
class Call:
    """The words of a call; see `interlith.design.growing.growth`."""

    host: Phase
    film: Phase
    facet: ArrayLike
    film_facet: ArrayLike | None
    misfit: Text | None
    strain: ArrayLike | None
    gain: Text | None
    later_gain: Text
    elastic_cost: Text | None
    stiffness: str | Mapping[str, Any] | None
    stiffness_facet: ArrayLike | None
    layer_spacing: Text | None
    surface_energy_film: Text | None
    surface_energy_host: Text | None
    interface_energy: Text | None
    facet_angle: Text | None
    relaxed: Text
    network_energy: Text | None
    burgers: Text | None
    beta: Text
    lambda_: Text


def ask(call: Call) -> Asked:
    """Read a call.

    Raises
    ------
    StudyError, UnitError
        If inputs are missing, contradict each other or cannot be read.
    """
    host, host_structure = structure_of(call.host)
    film, film_structure = structure_of(call.film)
    facet = checked_hkl(call.facet)
    film_facet = facet if call.film_facet is None else checked_hkl(call.film_facet, what="The facet of the film")
    row, normal, along, notes = read_stiffness(film, film_structure, film_facet, call.stiffness, call.stiffness_facet)
    reader = Reader()
    _energies(reader, call)
    reference = _elastic(reader, call, row is not None)
    strain = _strain(call.strain, row is not None)
    if strain is not None:
        _from_tensor(reader, strain, row.stiffness if row is not None else None, normal, along)
    if "misfit" not in reader.inputs:
        if not math.isfinite(reference):
            raise StudyError(
                f"How far {film} is strained on {host} is not known; give misfit, such as '5 %', or the strain of the elastic "
                "cost, such as '0.16 J/m^2 at 5 %'."
            )
        reader.inputs["misfit"] = Uncertain(reference, 0.0, "1", reference, reference, "exact")
    if not math.isfinite(reference):
        reference = reader.inputs["misfit"].value
    reader.read("layer spacing", layer_spacing(film_structure, film, film_facet, call.layer_spacing), "angstrom")
    if isinstance(call.layer_spacing, type(None)):
        spacing = reader.inputs["layer spacing"].value
        reader.inputs["layer spacing"] = Uncertain(spacing, 0.0, "angstrom", spacing, spacing, "exact")
        notes += (f"One layer is one repeat of {film} along its normal, {spacing:.4g} angstrom.",)
    _islands(reader, call)
    structures = tuple(item for item in (host_structure, film_structure) if item is not None)
    burgers = math.nan if call.burgers is None else uncertain(call.burgers, "angstrom", "the Burgers vector").value
    return Asked(
        host, film, facet, film_facet, reader.inputs, reference, strain, row, normal, along, burgers,
        uncertain(call.beta, "deg", "beta", positive=False).value, uncertain(call.lambda_, "deg", "lambda", positive=False).value,
        tuple(reader.assumed), tuple(reader.rounded), notes, structures,
    )  # fmt: skip


def _energies(reader: Reader, call: Call) -> None:
    """The gain of the first layer, or the three surfaces that it follows from."""
    reader.read("film surface energy", call.surface_energy_film, "J/m^2", default=ASSUMED_SURFACE)
    if call.gain is not None:
        reader.read("gain", call.gain, "J/m^2", positive=False)
    else:
        reader.read("host surface energy", call.surface_energy_host, "J/m^2")
        reader.read("interface energy", call.interface_energy, "J/m^2", positive=False)
        known = {"host surface energy", "interface energy"} <= set(
            reader.inputs
        ) and call.surface_energy_film is not None
        if not known:
            raise StudyError(f"What the first layer gains is not known; give {_GAINS}.")
    later = call.later_gain
    reader.read("later gain", later, "J/m^2", positive=False)
    if not isinstance(later, str) and later == 0:
        reader.inputs["later gain"] = Uncertain(0.0, 0.0, "J/m^2", 0.0, 0.0, "exact")


def _elastic(reader: Reader, call: Call, stiff: bool) -> float:
    """What one strained layer costs, and the strain at which; nan where it follows from the stiffness."""
    if call.misfit is not None and call.strain is not None:
        raise StudyError(
            "Both misfit and strain are given; a strain tensor says all that a misfit does, leave one out."
        )
    reader.read("misfit", call.misfit, "1", positive=False)
    misfit = reader.inputs.get("misfit")
    if misfit is not None and (misfit.low < 0 < misfit.high or abs(misfit.value) >= 1):
        raise StudyError(
            f"The misfit is {call.misfit}; write it as a share with one sign, such as '5 %' or '-2 +- 0.2 %'."
        )
    if call.elastic_cost is None:
        if not stiff:
            raise StudyError(
                "What a strained layer costs is not known; give elastic_cost, such as '0.16 J/m^2 at 5 %', or stiffness, a row "
                "of the table or constants."
            )
        return math.nan
    energy, reference = split_cost(call.elastic_cost)
    reader.read("elastic cost", energy, "J/m^2")
    if call.strain is not None:
        raise StudyError(
            "An elastic cost holds for the same strain in all directions of the plane and cannot be carried over to a strain "
            "tensor; leave out elastic_cost and give stiffness."
        )
    if misfit is None and not math.isfinite(reference):
        raise StudyError("The elastic cost holds at some strain; write it as '0.16 J/m^2 at 5 %', or give misfit.")
    return reference


def _strain(given: ArrayLike | None, stiff: bool) -> Array | None:
    if given is None:
        return None
    tensor = np.asarray(given, dtype=float)
    if tensor.shape != (2, 2):
        raise StudyError("A strain has shape (2, 2): components 11, 12 and 12, 22 in the plane of the facet.")
    in_plane(tensor)
    if not stiff:
        raise StudyError(
            "What a strain tensor costs follows from a stiffness; give stiffness, a row of the table or constants."
        )
    return tensor


def _from_tensor(
    reader: Reader, strain: Array, stiffness: Array | None, normal: Array | None, along: Array | None
) -> None:
    """The misfit, the same in all directions, that stores as much as a strain tensor."""
    assert stiffness is not None
    assert normal is not None
    share = energy_density(stiffness, normal, strain, along=along) / energy_density(stiffness, normal, 1.0)
    size = math.sqrt(share)
    reader.inputs["misfit"] = Uncertain(size, 0.0, "1", size, size, "exact")


def _islands(reader: Reader, call: Call) -> None:
    reader.read("facet angle", call.facet_angle, "deg", default=ASSUMED_ANGLE)
    reader.read("relaxed share", call.relaxed, "1", rounds=False)
    relaxed, angle = reader.inputs["relaxed share"], reader.inputs["facet angle"]
    if relaxed.shape == "exact" and relaxed.value == 1:
        reader.inputs["relaxed share"] = Uncertain(1.0, 0.0, "1", 1.0, 1.0, "exact")
    if relaxed.high > 1 + 1e-12:
        raise StudyError(
            f"An island relaxes at most all of its strain; relaxed is {call.relaxed}, write a share up to 1."
        )
    if not 0 < angle.low <= angle.high < 90:
        raise StudyError(f"The sides of an island stand at {call.facet_angle} to its base; write 0 to 90 deg.")
    reader.read("network energy", call.network_energy, "J/m^2", positive=False)
