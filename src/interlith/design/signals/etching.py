"""What was declared of a sputter profile, and which ratios of lines does it give at each depth?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain, uncertain
from interlith.design.signals.line_ratios import LAYER_LENGTH, SUBSTRATE_LENGTH, Sample
from interlith.errors import StudyError, UnitError, nearest
from interlith.physics.sputtering import Etching, signals, sphere_signals
from interlith.units import convert, parse

Array = NDArray[np.float64]

#: Width of the zone that Ar ions of 0.5 to 3 keV mix, where none is declared: our assumption, about their range.
ASSUMED_MIXING = "1-3 nm"
#: One-sided 95 % of a normal distribution: what "less than" a limit of detection means for a signal that is zero.
_LIMIT = 1.6448536269514722
DEPTH_SCALE = "etched depth"


@dataclass(frozen=True)
class Profile:
    """A sputter profile as declared.

    Parameters
    ----------
    sample
        Layer and lines; `declared` also holds ``mixing`` (nm) and the relative ``etched depth``.
    depths
        Nominal etched depths (nm), shape (n,), of `ratios`; empty where nothing was measured.
    ratios
        Value and standard uncertainty at each; a limit of detection is zero with its limit / 1.64.
    roughness
        Standard deviation of the etched depth (nm).
    ion_angle
        Between ions and analyser (deg), for spheres.
    """

    sample: Sample
    depths: Array
    ratios: tuple[tuple[float, float], ...]
    roughness: float
    ion_angle: float

    def both(self, depths: Array, values: Mapping[str, Array]) -> tuple[Array, Array]:
        """Intensities of layer and substrate over pure solids at depths (nm), shape (b, n), for inputs of shape (b, 1)."""
        return self._signals(depths, values, shared=False)

    def _signals(self, depths: Array, values: Mapping[str, Array], *, shared: bool) -> tuple[Array, Array]:
        pair = self.sample.pairs[0]
        scale = values[LAYER_LENGTH]
        below = np.asarray(pair.lengths.substrate_in_layer) * scale
        above = below if shared else np.asarray(pair.lengths.layer_in_layer) * scale
        etching = Etching(above, below, values["mixing"], np.full(scale.shape, self.roughness), pair.angle)
        depth = depths * values[DEPTH_SCALE]
        if self.sample.sphere:
            return sphere_signals(depth, values["thickness"], values["coverage"], etching, ion_angle=self.ion_angle)
        return signals(depth, values["thickness"], values["coverage"], etching)

    def ratio(self, depths: Array, values: Mapping[str, Array]) -> Array:
        """Ratio of the lines at depths (nm)."""
        pair = self.sample.pairs[0]
        first, second = values[LAYER_LENGTH], values[SUBSTRATE_LENGTH]
        layer, below = self.both(depths, values)
        if pair.shared:
            below = below + pair.shared * first / second * self._signals(depths, values, shared=True)[0]
        return np.asarray(
            pair.pure * first**pair.in_layer / second**pair.in_substrate * layer / np.maximum(below, 1e-300)
        )


def read_depths(
    measured: Sequence[Mapping[str, str | float]] | None,
    rate: str | float | Uncertain | None,
    depth_uncertainty: str | float,
) -> tuple[Array, tuple[tuple[float, float], ...], Uncertain]:
    """Depths, ratios, and the relative scale of the depth.

    Parameters
    ----------
    measured
        Mappings with ``depth`` (``2 nm``, or a time where a rate is given) and ``ratio`` (``0.3 +- 0.03``, or ``< 0.02``).
    rate
        ``2 +- 0.2 nm/min``: turns times into depths, its uncertainty into that of the scale.
    depth_uncertainty
        Relative standard uncertainty of the depth scale where depths are given.

    Raises
    ------
    StudyError
        If an entry lacks something or has an unknown word.
    UnitError
        If a number cannot be read.
    """
    if rate is not None:
        speed = uncertain(rate, "nm/min", "the etching rate")
        size = speed.std / speed.value
        scale = Uncertain(1.0, size, "1", 1.0 - size, 1.0 + size, "normal")
    else:
        speed = None
        spread = parse(depth_uncertainty, what="the relative uncertainty of the depth")
        size = spread.value * (0.01 if spread.unit == "%" else 1.0)
        scale = Uncertain(1.0, size, "1", 1.0 - size, 1.0 + size, "normal" if size else "exact")
    depths, ratios = [], []
    for row in measured or ():
        for name in row:
            if name not in ("depth", "ratio"):
                raise StudyError(f"An entry of a sputter profile names '{name}'; {nearest(name, ('depth', 'ratio'))}.")
        if len(row) < 2:
            raise StudyError(
                "An entry of a sputter profile needs 'depth' and 'ratio', for instance {'depth': '2 nm', 'ratio': '< 0.02'}."
            )
        depths.append(_depth(row["depth"], speed))
        ratios.append(_ratio(row["ratio"]))
    if depths and len(set(depths)) < len(depths):
        raise StudyError("Two entries of the sputter profile have the same depth; average them first.")
    return np.array(depths, dtype=float), tuple(ratios), scale


def _depth(text: str | float, rate: Uncertain | None) -> float:
    given = parse(text, what="an etched depth")
    if given.unit == "":
        if given.value == 0:
            return 0.0
        raise UnitError(f"An etched depth is '{text}' without a unit; write for instance '{text} nm'.")
    try:
        return convert(given.value, given.unit, "nm")
    except UnitError:
        if rate is None:
            raise StudyError(
                f"The depth '{text}' is no length; a time needs the rate, for instance rate='2 +- 0.2 nm/min'."
            ) from None
        return convert(given.value, given.unit, "min") * rate.value


def _ratio(text: str | float) -> tuple[float, float]:
    words = str(text).strip()
    if words.startswith("<"):
        limit = parse(words[1:], what="a limit of detection").value
        if not limit > 0:
            raise StudyError(f"The limit '{text}' must be positive; write for instance '< 0.02'.")
        return 0.0, limit / _LIMIT
    given = uncertain(text, "1", "a measured ratio", positive=False)
    if not given.std > 0:
        raise StudyError(
            f"The measured ratio {text} has no uncertainty; write for instance '{text} +- 0.03' or '< {text}'."
        )
    return given.value, given.std
