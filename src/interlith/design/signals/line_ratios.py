"""What was declared of an overlayer: materials, lines, geometry, and the measured ratios?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.design.signals.lines import overlap, photon_energy, read_line, read_material
from interlith.design.signals.pairs import Pair, pair
from interlith.errors import StudyError, nearest
from interlith.physics.attenuation_lengths import Formula, Material, relative_uncertainty
from interlith.units import convert, parse

Array = NDArray[np.float64]

GEOMETRIES = ("flat", "sphere", "islands")
LAYER_LENGTH, SUBSTRATE_LENGTH = "attenuation length in the layer", "attenuation length in the substrate"
#: What a measured ratio may declare for itself.
OWN = ("ratio", "angle", "photon", "line", "substrate_line")


@dataclass(frozen=True)
class Sample:
    """An overlayer as declared.

    Parameters
    ----------
    layer, substrate
        Materials.
    pairs, ratios
        Each pair of lines, and the measured ratios (empty where nothing was measured).
    sphere
        Whether the layer is the shell of spheres.
    declared
        Name -> declared number: both attenuation lengths (relative to their formula), ``radius``, ``thickness`` (nm),
        ``coverage`` where given.
    free
        Which of ``thickness`` and ``coverage`` are looked for.
    formula, options, caveats
        Formula of the lengths, what was asked in plain words, and sentences to stand beside every number.
    """

    layer: Material
    substrate: Material
    pairs: tuple[Pair, ...]
    ratios: tuple[Uncertain, ...]
    sphere: bool
    declared: dict[str, Uncertain]
    free: tuple[str, ...]
    formula: str
    options: dict[str, str]
    caveats: tuple[str, ...]

    @property
    def deepest(self) -> float:
        """Thickness (nm) beyond which the substrate is buried and the lines tell nothing."""
        longest = max(
            float(np.asarray(one.lengths.substrate_in_layer)) * math.cos(math.radians(one.angle)) for one in self.pairs
        )
        return 12.0 * longest

    def ratio(self, place: int, values: Mapping[str, Array]) -> Array:
        """Ratio of a pair for thickness, coverage and declared numbers by name."""
        return self.pairs[place].ratio(
            values["thickness"], values["coverage"], values[LAYER_LENGTH], values[SUBSTRATE_LENGTH],
            values["radius"] if self.sphere else None,
        )  # fmt: skip


def read_sample(
    *, layer: str | Path | Structure, substrate: str | Path | Structure, line: str, substrate_line: str,
    measured: str | float | Sequence[Mapping[str, str | float]] | None, photon: str | float, geometry: str,
    radius: str | float | Uncertain | None, thickness: str | float | Uncertain | None,
    coverage: str | float | Uncertain | None, angle: str | float, ratio_is: str, formula: Formula,
    length_uncertainty: str | float | None, layer_gap: str | float | None, substrate_gap: str | float | None,
) -> Sample:  # fmt: skip
    """Put together what `interlith.design.overlayer` was asked.

    Raises
    ------
    StudyError
        If something is missing, doubled or of no meaning.
    """
    if geometry not in GEOMETRIES:
        raise StudyError(f"There is no geometry '{geometry}'; {nearest(geometry, GEOMETRIES)}.")
    if (geometry == "sphere") != (radius is not None):
        raise StudyError(
            "A radius belongs to geometry='sphere', and a sphere needs the radius of its core, for instance '80 nm'."
        )
    above, below = read_material(layer, "layer", layer_gap), read_material(substrate, "substrate", substrate_gap)
    shared: dict[str, str | float] = {"line": line, "substrate_line": substrate_line, "photon": photon, "angle": angle}
    rows = _rows(measured)
    pairs, ratios, caveats = [], [], []
    for row in rows or [{}]:
        asked = shared | {name: row[name] for name in row if name != "ratio"}
        energy = photon_energy(asked["photon"])
        first, second = (read_line(str(asked[name]), energy, name) for name in ("line", "substrate_line"))
        caveats.append(overlap(first, second))
        degrees = parse(asked["angle"], what="the emission angle")
        turned = degrees.value if degrees.unit == "" else convert(degrees.value, degrees.unit, "deg")
        pairs.append(pair(first, second, above, below, angle=turned, ratio_is=ratio_is, formula=formula))
        if row:
            ratios.append(_ratio(row["ratio"]))
    spread = _relative(length_uncertainty, formula)
    declared = {
        name: Uncertain(1.0, spread, "1", 1 - spread, 1 + spread, "normal") for name in (LAYER_LENGTH, SUBSTRATE_LENGTH)
    }
    if radius is not None:
        declared["radius"] = uncertain(radius, "nm", "the radius of the core")
    free = _unknowns(declared, thickness, coverage, geometry, measured=bool(rows))
    options = {name: str(value) for name, value in shared.items()} | {
        "layer": above.name, "substrate": below.name, "measured": str(measured or ""), "geometry": geometry,
        "ratio_is": ratio_is, "formula": formula, "thickness": str(thickness or ""), "coverage": str(coverage or ""),
    }  # fmt: skip
    return Sample(
        above, below, tuple(pairs), tuple(ratios), geometry == "sphere", declared, free, formula, options,
        tuple(dict.fromkeys(text for text in caveats if text)),
    )  # fmt: skip


def _rows(measured: str | float | Sequence[Mapping[str, str | float]] | None) -> list[Mapping[str, str | float]]:
    if measured is None:
        return []
    if isinstance(measured, (str, float, int)):
        return [{"ratio": measured}]
    rows = list(measured)
    for row in rows:
        for name in row:
            if name not in OWN:
                raise StudyError(f"A measured ratio names '{name}'; {nearest(name, OWN)}.")
        if "ratio" not in row:
            raise StudyError(
                "A measured ratio has no 'ratio'; write for instance {'ratio': '0.35 +- 0.03', 'angle': '60 deg'}."
            )
    return rows


def _ratio(text: str | float) -> Uncertain:
    given = uncertain(text, "1", "a measured ratio")
    if not given.std > 0:
        raise StudyError(f"The measured ratio {text} has no uncertainty; write for instance '{text} +- 0.03'.")
    return given


def _relative(text: str | float | None, formula: Formula) -> float:
    if text is None:
        return relative_uncertainty(formula)
    given = parse(text, what="the relative uncertainty of attenuation lengths")
    value = given.value * (0.01 if given.unit == "%" else 1.0)
    if not 0 <= value < 1:
        raise StudyError(f"A relative uncertainty of {text} makes no sense; write for instance '10 %'.")
    return value


def _unknowns(
    declared: dict[str, Uncertain], thickness: str | float | Uncertain | None, coverage: str | float | Uncertain | None,
    geometry: str, *, measured: bool,
) -> tuple[str, ...]:  # fmt: skip
    """What is looked for; what is not is written into `declared`."""
    if thickness is not None:
        declared["thickness"] = uncertain(thickness, "nm", "the thickness")
    loose = coverage == "free" or (coverage is None and (geometry == "islands" or (measured and thickness is not None)))
    if not loose:
        declared["coverage"] = uncertain(1.0 if coverage is None else coverage, "1", "the coverage")
        if coverage is None:
            declared["coverage"] = Uncertain(1.0, 0.0, "1", 1.0, 1.0, "exact")
        if declared["coverage"].value > 1:
            raise StudyError(f"A coverage of {coverage} is more than 1: write the covered share, '70 %'.")
    free = tuple(name for name in ("thickness", "coverage") if name not in declared)
    if measured and not free:
        raise StudyError(
            "Thickness and coverage are both declared: leave out the one that the measured ratio is to give."
        )
    if not measured and free:
        raise StudyError(f"Without a measured ratio the {' and the '.join(free)} must be declared.")
    return free
