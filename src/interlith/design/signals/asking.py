"""What was declared for an electron yield: particle, escape depth, where the dopant is, how much of it?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, nearest
from interlith.physics.electron_yield import Body, Kind, Profile, body, escaping_share
from interlith.physics.straight_escape import straight_polyhedron, straight_share

Array = NDArray[np.float64]
Escape = Literal["nearest", "straight"]
_PROFILE = re.compile(r"^\s*(?P<kind>exponential|erfc|linear|layer)\s+(?P<width>.+)$")
#: Escape depths in a depth from which 95 % of the electrons come: exp(-3) = 5 %.
INFORMATION = -float(np.log(0.05))


@dataclass(frozen=True)
class Placed:
    """A place of the dopant: profile and the name of the input that is its width (empty where it has none)."""

    kind: Kind
    width: str

    def profile(self, values: Mapping[str, Array]) -> Profile:
        """The profile for drawn inputs."""
        return Profile(self.kind, values[self.width] if self.width else 0.0)


@dataclass(frozen=True)
class Asked:
    """Everything declared; `inputs` by the names under which they stand in components."""

    shape: str
    size_is: str
    truncation: float
    escape: Escape
    surface: Placed
    other: Placed
    inputs: dict[str, Uncertain] = field(default_factory=dict)

    def particle(self, values: Mapping[str, Array]) -> Body:
        """The particle for drawn inputs."""
        size: dict[str, Any] = {self.size_is: values[self.size_is]}
        return body(self.shape, truncation=self.truncation, **size)

    def share(self, place: Placed, values: Mapping[str, Array], escape: Escape | None = None) -> Array:
        """Mean share of electrons that get out."""
        particle, depth = self.particle(values), values["escape depth"]
        if (escape or self.escape) == "nearest":
            return escaping_share(particle, depth, place.profile(values))
        if self.shape == "sphere":
            return straight_share(values["radius"], depth, place.profile(values))
        one = {name: float(item.flat[0]) for name, item in values.items()}
        single = self.particle({name: np.array(item) for name, item in one.items()})
        profile = Profile(place.kind, one[place.width] if place.width else 0.0)
        return np.full(depth.shape, straight_polyhedron(single, one["escape depth"], profile))

    def contrast(self, values: Mapping[str, Array], escape: Escape | None = None) -> Array:
        """Signal of the dopant at the surface over that of the other place, doses included."""
        ratio = self.share(self.surface, values, escape) / self.share(self.other, values, escape)
        if "dose" in values:
            ratio = ratio * values["dose"] / values["other dose"]
        return ratio

    def contrast_to_host(self, values: Mapping[str, Array]) -> Array:
        """The same with each signal over that of the host of its own sample; a layer holds no host."""
        hosts = []
        for place in (self.surface, self.other):
            covered = Placed("core", place.width) if place.kind == "layer" else Placed("homogeneous", "")
            hosts.append(self.share(covered, values))
        return self.contrast(values) * hosts[1] / hosts[0]


def placed(text: str | float | Uncertain, name: str) -> tuple[Placed, dict[str, Uncertain]]:
    """Where a dopant is, from words.

    Parameters
    ----------
    text
        ``homogeneous``; a thickness such as ``0.4-0.8 nm``; or a profile and its width, ``erfc 10 +- 2 nm``.
    name
        Under which a width stands.

    Raises
    ------
    StudyError
        If the words are none of these.
    UnitError
        If a width cannot be read.
    """
    if isinstance(text, str):
        words = text.strip()
        if words == "homogeneous":
            return Placed("homogeneous", ""), {}
        found = _PROFILE.match(words)
        if found is not None:
            kind: Any = found["kind"]
            return Placed(kind, name), {name: uncertain(found["width"], "nm", f"the width of the {kind} profile")}
        if words[:1].isalpha():
            first = words.split()[0]
            raise StudyError(
                f"'{text}' is no place of a dopant; {nearest(first, ('homogeneous', 'layer', 'exponential', 'erfc', 'linear'))}. "
                "Write for instance '0.4-0.8 nm', 'homogeneous' or 'erfc 10 nm'."
            )
    return Placed("layer", name), {name: uncertain(text, "nm", "the thickness of the layer")}


def escape_depth(depth: str | float | Uncertain, meaning: str) -> Uncertain:
    """The depth L of exp(-d / L) from a declared depth.

    Raises
    ------
    StudyError
        If the meaning is unknown.
    """
    given = uncertain(depth, "nm", "the depth")
    if meaning == "escape depth":
        return given
    if meaning == "95 %":
        return given.times(1.0 / INFORMATION, "nm")
    raise StudyError(f"depth_is is '{meaning}'; {nearest(meaning, ('escape depth', '95 %'))}.")
