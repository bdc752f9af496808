"""Which shape does a particle have: its faces as families of planes, and surface, volume and sizes of it?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.facets import Indices, checked_hkl, family
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest
from interlith.numerics.polyhedra import Polyhedron, polyhedron

Array = NDArray[np.float64]

SizeName = Literal["edge", "radius", "diameter"]
#: edge; radius of the sphere through the outermost corners; diameter of the sphere of equal volume.
SIZES: tuple[SizeName, ...] = get_args(SizeName)
NAMES = (
    "cube", "cuboctahedron", "hexagonal prism", "octahedron", "plate", "rod", "sphere", "square prism",
    "truncated octahedron",
)  # fmt: skip
WULFF = "wulff"
#: A regular truncated octahedron: a third of the edge is cut off at each corner.
REGULAR = 1.0 / 3.0
#: Deeper cuts meet and leave a truncated cube.
DEEPEST_CUT = 0.5

_AXES = np.array([sign * np.eye(3)[axis] for axis in range(3) for sign in (1, -1)])
_DIAGONALS = np.array(list(product((1.0, -1.0), repeat=3)))
_KEY = re.compile(r"-?\d+")


@dataclass(frozen=True, eq=False)
class Faces:
    """Equivalent faces of a shape.

    Parameters
    ----------
    hkl
        One of them, in the axes of a cubic crystal (of a hexagonal or tetragonal one for prisms), or of the structure for a
        Wulff shape; `None` where a face is none of a crystal.
    planes
        Their indices among the planes of the body.
    share
        Of the surface of the shape.
    """

    hkl: Indices | None
    planes: tuple[int, ...]
    share: float


@dataclass(frozen=True, eq=False)
class Shape:
    """A shape in units of its own: every size of it is multiplied by one scale.

    Parameters
    ----------
    name
        In words.
    body
        Its planes; `None` for a sphere.
    faces
        Families of its faces.
    volume, area, curvature
        Volume, surface, and mean curvature integrated over the surface (see `interlith.numerics.polyhedra.steiner`).
    edge
        Length of what is called its edge; nan where nothing is.
    circumradius
        Distance of its outermost points from its centre of mass.
    axes
        Crystal axes in which its faces have the indices given: ``cubic``, ``hexagonal``, ``tetragonal``, those of the
        ``structure``, or none.
    edge_is
        What is called edge, in words.
    """

    name: str
    body: Polyhedron | None
    faces: tuple[Faces, ...]
    volume: float
    area: float
    curvature: float
    edge: float
    circumradius: float
    axes: Literal["cubic", "hexagonal", "tetragonal", "structure", ""]
    edge_is: str = "edge"

    @property
    def diameter(self) -> float:
        """Of the sphere of equal volume."""
        return math.cbrt(6.0 * self.volume / math.pi)

    def length(self, size: str) -> float:
        """The named size in units of the shape; sizes of one particle are in the proportion of these numbers.

        Raises
        ------
        StudyError
            If there is no such size, or the shape has none of that name.
        """
        if size not in SIZES:
            raise StudyError(f"There is no size '{size}'; {nearest(size, SIZES)}.")
        found = {"edge": self.edge, "radius": self.circumradius, "diameter": self.diameter}[size]
        if math.isnan(found):
            raise StudyError(
                f"A {self.name} has no edge; give its radius, or its diameter (of the sphere of equal volume)."
            )
        return found

    def surface_to_volume(self, size: str) -> float:
        """Surface over volume times the named size: 6 for the edge of a cube, 3 sqrt(6) for that of an octahedron.

        Raises
        ------
        StudyError
            As `length`.
        """
        return self.area / self.volume * self.length(size)

    def words(self, size: str) -> str:
        """What the named size is: ``edge``, ``radius`` (of the sphere through its corners) and so on."""
        if size == "edge":
            return self.edge_is
        if self.body is None:
            return size
        return "radius to the outermost corners" if size == "radius" else "diameter of the sphere of equal volume"


def named_shape(name: str, *, truncation: float | None = None, aspect: float | None = None) -> Shape:
    """A shape by its name.

    Parameters
    ----------
    name
        One of `NAMES`. ``plate`` and ``rod`` are hexagonal prisms, flat or long.
    truncation
        Share of the edge cut off at each corner of a truncated octahedron (default 1/3, the regular one). Its edge is that of
        the octahedron before the cut.
    aspect
        Height of a prism over its width between opposite side faces.

    Raises
    ------
    StudyError
        If the name is unknown, or a number is missing, not used by the shape, or outside its range.
    """
    word = name.strip().casefold()
    if word not in NAMES:
        raise StudyError(f"There is no shape '{name}'; {nearest(name, (*NAMES, WULFF))}.")
    if truncation is not None and word != "truncated octahedron":
        raise StudyError(f"A {word} has no truncation; write shape='truncated octahedron', or leave it out.")
    prism = word in ("plate", "rod", "hexagonal prism", "square prism")
    if aspect is not None and not prism:
        raise StudyError(f"A {word} has no aspect ratio; it belongs to a plate, a rod or a prism.")
    if word == "sphere":
        return Shape("sphere", None, (), 4 / 3 * math.pi, 4 * math.pi, 4 * math.pi, math.nan, 1.0, "")
    if prism:
        return _prism(word, aspect)
    if word == "cube":
        return _made(word, 1.0, "cubic", ((1, 0, 0), _AXES, 0.5))
    if word == "octahedron":
        return _made(word, 1.0, "cubic", ((1, 1, 1), _DIAGONALS, 1 / math.sqrt(6)))
    if word == "cuboctahedron":
        return _made(
            word, 1.0, "cubic", ((1, 1, 1), _DIAGONALS, math.sqrt(2 / 3)), ((1, 0, 0), _AXES, 1 / math.sqrt(2))
        )  # fmt: skip
    cut = REGULAR if truncation is None else truncation
    if not 0 < cut <= DEEPEST_CUT:
        raise StudyError(
            f"A truncation of {cut:g} is outside 0 to {DEEPEST_CUT:g}; write the share of the edge cut off at each corner."
        )
    return _made(
        word, 1.0, "cubic", ((1, 1, 1), _DIAGONALS, 1 / math.sqrt(6)), ((1, 0, 0), _AXES, (1 - cut) / math.sqrt(2)),
        edge_is="edge of the octahedron before its corners are cut",
    )  # fmt: skip


def _prism(word: str, aspect: float | None) -> Shape:
    if aspect is None or not 0 < aspect < math.inf:
        raise StudyError(f"A {word} needs aspect, its height over its width between opposite sides, such as 0.2.")
    if (word == "plate" and aspect > 1) or (word == "rod" and aspect < 1):
        raise StudyError(
            f"A {word} with an aspect ratio of {aspect:g} is none; height over width is below 1 for a plate."
        )
    sides = 4 if word == "square prism" else 6
    # Side faces (100): of hexagonal axes a* lies 30 deg off a, which is along x.
    turns = np.arange(sides) * 2 * math.pi / sides + (math.pi / 6 if sides == 6 else 0.0)
    around = np.stack([np.cos(turns), np.sin(turns), np.zeros(sides)], axis=1)
    half = (1.0 if sides == 4 else math.sqrt(3)) / 2
    axes: Literal["hexagonal", "tetragonal"] = "hexagonal" if sides == 6 else "tetragonal"
    name = word if word.endswith("prism") else f"hexagonal {word}"
    return _made(
        name, 1.0, axes, ((0, 0, 1), _AXES[4:], aspect * half), ((1, 0, 0), around, half), edge_is="edge of the base"
    )


def wulff(structure: Structure, energies: Mapping[Indices, float]) -> Shape:
    """The shape of least surface energy at given volume.

    Parameters
    ----------
    structure
        Its point group makes the family of each facet.
    energies
        Facet -> surface energy (J/m^2), positive. Facets that are not named do not occur.

    Returns
    -------
    Distances from the centre are the energies; facets that do not show have a share of 0.

    Raises
    ------
    StudyError
        If an energy is not positive, a family is named twice, or the facets enclose nothing.

    References
    ----------
    C. Herring, Phys. Rev. 82 (1951) 87 (10.1103/PhysRev.82.87).
    """
    normals: list[Array] = []
    distances: list[float] = []
    members: list[tuple[Indices, range]] = []
    taken: dict[Indices, Indices] = {}
    for hkl, energy in energies.items():
        if not 0 < energy < math.inf:
            raise StudyError(f"The surface energy of {hkl} is {energy:g} J/m^2; it must be positive.")
        planes = family(structure, coprime(hkl))
        if planes[0] in taken:
            raise StudyError(
                f"Facets {taken[planes[0]]} and {hkl} are equivalent in {structure.name}; name one of them."
            )
        taken |= dict.fromkeys(planes, hkl)
        members.append((hkl, range(len(normals), len(normals) + len(planes))))
        normals += list(structure.cell.normal(np.array(planes)))
        distances += [energy] * len(planes)
    try:
        body = polyhedron(np.array(normals), np.array(distances))
    except ValueError as error:
        raise StudyError(
            f"Facets {', '.join(map(str, energies))} of {structure.name} make no particle: {error}. Name further facets."
        ) from None
    return _shape("Wulff shape", body, members, math.nan, "structure", "edge")


def hkl_of(text: str | int | ArrayLike) -> Indices:
    """Indices from ``111`` (text or number), ``1 -1 0``, ``(0,0,1)`` or a list of three.

    Raises
    ------
    StudyError
        If they are no plane.
    """
    if isinstance(text, int):
        text = f"{text:03d}"
    if isinstance(text, str):
        words = text.strip("(){}[] ")
        packed = re.fullmatch(r"(-?\d){3}", words)
        return checked_hkl([int(item) for item in re.findall(r"-?\d", words) if packed] or _KEY.findall(words))
    return checked_hkl(text)


def coprime(hkl: Indices) -> Indices:
    """The same plane with indices that have no common factor: (003) -> (001)."""
    divisor = math.gcd(*hkl)
    return (hkl[0] // divisor, hkl[1] // divisor, hkl[2] // divisor)


def _made(
    name: str, edge: float, axes: Literal["cubic", "hexagonal", "tetragonal"], *families: tuple[Indices, Array, float],
    edge_is: str = "edge",
) -> Shape:  # fmt: skip
    members, start = [], 0
    for hkl, normals, _ in families:
        members.append((hkl, range(start, start + len(normals))))
        start += len(normals)
    body = polyhedron(
        np.concatenate([normals for _, normals, _ in families]),
        np.concatenate([np.full(len(normals), distance) for _, normals, distance in families]),
    )
    return _shape(name, body, members, edge, axes, edge_is)


def _shape(
    name: str, body: Polyhedron, members: list[tuple[Indices, range]], edge: float,
    axes: Literal["cubic", "hexagonal", "tetragonal", "structure"], edge_is: str,
) -> Shape:  # fmt: skip
    faces = tuple(
        Faces(hkl, tuple(planes), float(body.areas[list(planes)].sum()) / body.area) for hkl, planes in members
    )
    return Shape(name, body, faces, body.volume, body.area, body.curvature, edge, body.circumradius, axes, edge_is)
