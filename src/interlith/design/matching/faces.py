"""Which faces of two crystals are to be laid on each other?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import Indices, Mesh, checked_hkl
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.numerics.coincidence import whole_vectors

#: An index, faces of one or of both crystals, or pairs of faces.
Miller = int | Sequence[Any] | Mapping[str, Any]
#: Beyond this index faces are so open that no lattice plane is a surface any more.
MOST_INDEX = 12


def faces(structure: Structure, bound: int) -> tuple[Indices, ...]:
    """Faces up to an index, one of each set that the point group makes equivalent; a face and its opposite count as one.

    Parameters
    ----------
    structure
        The crystal.
    bound
        Largest absolute index, in the axes of the structure; common factors are left out, so that (002) is (001).

    Raises
    ------
    StudyError
        If the bound is not 1 to `MOST_INDEX`.

    Notes
    -----
    Opposite faces have the same mesh, whatever the point group; their terminations may differ in crystals without a centre.
    """
    if not 1 <= bound <= MOST_INDEX:
        raise StudyError(
            f"A bound of {bound} on Miller indices is none; write 1 to {MOST_INDEX}, or the faces themselves."
        )
    span = range(bound, -bound - 1, -1)
    planes = [hkl for hkl in itertools.product(span, span, span) if math.gcd(*hkl) == 1]
    # Few negative indices first, then the largest first: (111) stands for (1 -1 1), (210) for (012).
    planes.sort(key=lambda hkl: (sum(index < 0 for index in hkl), [-index for index in hkl]))
    rotations = structure.point_group
    taken: set[Indices] = set()
    found: list[Indices] = []
    for plane in planes:
        if plane in taken:
            continue
        found.append(plane)
        images = np.array(plane) @ rotations
        taken.update((h, k, m) for h, k, m in np.concatenate([images, -images]).tolist())
    return tuple(sorted(found, key=lambda hkl: (max(map(abs, hkl)), sum(map(abs, hkl)), [-index for index in hkl])))


def face_pairs(host: Structure, film: Structure, miller: Miller) -> tuple[tuple[Indices, Indices], ...]:
    """Pairs of a host and a film face.

    Parameters
    ----------
    host, film
        The crystals.
    miller
        A bound for both: every face with every face; ``{"host": 1, "film": [[0, 0, 3], [1, 0, 4]]}``, a bound or faces for
        each; or a list of pairs ``[[[1, 1, 1], [1, 1, 2]], ...]``.

    Raises
    ------
    StudyError
        If it is none of these.
    """
    if isinstance(miller, bool) or not isinstance(miller, (int, Sequence, Mapping)) or isinstance(miller, str):
        raise StudyError(f"miller is {miller!r}; {_WRITE}")
    if isinstance(miller, int):
        miller = {"host": miller, "film": miller}
    if isinstance(miller, Mapping):
        unknown = set(miller) - {"host", "film"}
        if unknown or set(miller) != {"host", "film"}:
            raise StudyError(f"miller has the words {', '.join(sorted(miller)) or 'none'}; it needs host and film.")
        sides = [_listed(one, miller[word], word) for one, word in ((host, "host"), (film, "film"))]
        return tuple((one, other) for one in sides[0] for other in sides[1])
    pairs = []
    for entry in miller:
        if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
            raise StudyError(f"miller has the entry {entry!r}, which is no pair of faces; {_WRITE}")
        pairs.append((_face(entry[0], "host"), _face(entry[1], "film")))
    if not pairs:
        raise StudyError(f"miller names no face; {_WRITE}")
    return tuple(dict.fromkeys(pairs))


_WRITE = "write a bound such as 1, or pairs such as [[[1, 1, 1], [1, 1, 2]]], host first."


def _listed(structure: Structure, given: Any, word: str) -> tuple[Indices, ...]:
    if isinstance(given, int) and not isinstance(given, bool):
        return faces(structure, given)
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise StudyError(f"miller of the {word} is {given!r}; write a bound such as 1 or faces such as [[0, 0, 3]].")
    return tuple(dict.fromkeys(_face(entry, word) for entry in given))


def _face(given: Any, word: str) -> Indices:
    try:
        return checked_hkl(given, what=f"The face of the {word}")
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"The face of the {word} is {given!r}; write three whole Miller indices such as [1, 1, 1]."
        ) from error


def face_text(hkl: Sequence[int]) -> str:
    """``(111)``, ``(1 -1 0)``."""
    joint = "" if all(0 <= index < 10 for index in hkl) else " "
    return f"({joint.join(str(index) for index in hkl)})"


def direction_text(uvw: Sequence[float]) -> str:
    """``[110]`` of a direction whose indices are fractions of 24ths: the smallest whole ones."""
    whole = np.rint(np.asarray(uvw, dtype=float) * 24).astype(int)
    whole //= max(1, math.gcd(*(int(value) for value in whole)))
    joint = "" if all(0 <= index < 10 for index in whole) else " "
    return f"[{joint.join(str(index) for index in whole)}]"


@lru_cache(maxsize=512)
def uncentred(mesh: Mesh) -> NDArray[np.int64]:
    """Mesh of the lattice without centring in units of the mesh vectors, shape (2, 2): what a conventional cell cuts out."""
    return whole_vectors(np.rint(mesh.indices * 24).astype(np.int64), 24)
