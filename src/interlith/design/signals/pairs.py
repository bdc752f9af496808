"""What ratio of two lines would a layer of some thickness and coverage give, and how sure is that model?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.design.signals.lines import Photoline
from interlith.errors import StudyError, nearest
from interlith.physics.attenuation import Lengths, flat, sphere
from interlith.physics.attenuation_lengths import Formula, Material, attenuation_length, average_matrix_length

Array = NDArray[np.float64]

Geometry = Literal["flat", "sphere"]
RatioIs = Literal["atomic", "cross section", "pure"]


@dataclass(frozen=True)
class Pair:
    """A line of the layer over a line of the substrate at one emission angle.

    Parameters
    ----------
    line, substrate_line
        The two lines.
    angle
        Emission from the surface normal (deg); of no meaning for spheres.
    lengths
        Attenuation lengths (nm).
    pure
        The ratio that the two pure thick solids would give, in the measure of the ratio.
    in_layer, in_substrate
        How often the lengths in either material enter `pure` (1 or 0).
    shared
        Line of the substrate from the pure layer over that from the pure substrate, where the layer holds that element too.
    """

    line: Photoline
    substrate_line: Photoline
    angle: float
    lengths: Lengths
    pure: float
    in_layer: float
    in_substrate: float
    shared: float = 0.0

    def ratio(
        self, thickness: ArrayLike, coverage: ArrayLike, layer: ArrayLike = 1.0, substrate: ArrayLike = 1.0,
        radius: ArrayLike | None = None,
    ) -> Array:  # fmt: skip
        """The ratio for thickness (nm) and coverage; `layer` and `substrate` multiply all lengths in that material.

        With a `radius` (nm) of the core the layer is the shell of spheres.
        """
        first, second = np.asarray(layer, dtype=float), np.asarray(substrate, dtype=float)
        own = self.lengths
        scaled = Lengths(
            np.asarray(own.layer_in_layer) * first, np.asarray(own.substrate_in_layer) * first,
            np.asarray(own.layer_in_substrate) * second, np.asarray(own.substrate_in_substrate) * second,
        )  # fmt: skip
        above, below = _both(thickness, coverage, scaled, self.angle, radius)
        if self.shared:
            same = Lengths(
                scaled.substrate_in_layer, scaled.substrate_in_layer, scaled.substrate_in_substrate, scaled.substrate_in_substrate,
            )  # fmt: skip
            below = below + self.shared * first / second * _both(thickness, coverage, same, self.angle, radius)[0]
        pure = self.pure * first**self.in_layer / second**self.in_substrate
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(pure * above / np.maximum(below, 1e-300))


def _both(
    thickness: ArrayLike, coverage: ArrayLike, lengths: Lengths, angle: float, radius: ArrayLike | None
) -> tuple[Array, Array]:
    if radius is None:
        return flat(thickness, coverage, lengths, angle)
    return sphere(radius, thickness, coverage, lengths)


def pair(
    line: Photoline, substrate_line: Photoline, layer: Material, substrate: Material, *, angle: float = 0.0,
    ratio_is: str = "atomic", formula: Formula = "S3",
) -> Pair:  # fmt: skip
    """Two lines with their attenuation lengths and the ratio of the pure solids.

    Parameters
    ----------
    line, substrate_line
        Of an element of the layer, and of one of the substrate.
    layer, substrate
        The two materials.
    angle
        Emission from the normal (deg).
    ratio_is
        ``atomic``: at% over at% as software prints, sensitivity factors of homogeneous solids (average matrix). ``cross
        section``: areas over cross section and transmission alone. ``pure``: each area over that of a thick pure reference.
    formula
        Of the attenuation lengths.

    Raises
    ------
    StudyError
        If the element of a line is not in its material, the element of the layer is in the substrate too, or an option is wrong.
    """
    kinds = get_args(RatioIs)
    if ratio_is not in kinds:
        raise StudyError(f"ratio_is is '{ratio_is}'; {nearest(ratio_is, kinds)}.")
    if not 0 <= angle < 85:
        raise StudyError(
            f"An emission angle of {angle:g} deg from the normal is outside 0 to 85; for grazing exit no model here holds."
        )
    above, below = layer.number_density(line.element), substrate.number_density(substrate_line.element)
    if substrate.composition.get(line.element, 0.0) > 0:
        raise StudyError(
            f"{line.element} is in the substrate ({substrate.name}) too; choose a line of an element that only the layer holds."
        )
    lengths = Lengths(
        attenuation_length(line.kinetic, layer, formula), attenuation_length(substrate_line.kinetic, layer, formula),
        attenuation_length(line.kinetic, substrate, formula), attenuation_length(substrate_line.kinetic, substrate, formula),
    )  # fmt: skip
    shared = 0.0
    if layer.composition.get(substrate_line.element, 0.0) > 0:
        dense = layer.number_density(substrate_line.element) / below
        shared = (
            dense * float(np.asarray(lengths.substrate_in_layer)) / float(np.asarray(lengths.substrate_in_substrate))
        )
    if ratio_is == "pure":
        return Pair(line, substrate_line, angle, lengths, 1.0, 0.0, 0.0, shared)
    ratio = (
        above / below * float(np.asarray(lengths.layer_in_layer)) / float(np.asarray(lengths.substrate_in_substrate))
    )
    if ratio_is == "atomic":
        ratio *= float(average_matrix_length(substrate_line.kinetic)) / float(average_matrix_length(line.kinetic))
    return Pair(line, substrate_line, angle, lengths, ratio, 1.0, 1.0, shared)
