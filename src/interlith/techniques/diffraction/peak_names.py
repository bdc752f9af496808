"""Which track does a user mean by an index and an angle, and which cell follows from the spacings of named tracks?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

#: Crystal system -> names of its edges, and how 1/d^2 is linear in their inverse squares.
SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "cubic": ("cell_a",),
    "tetragonal": ("cell_a", "cell_c"),
    "hexagonal": ("cell_a", "cell_c"),
    "orthorhombic": ("cell_a", "cell_b", "cell_c"),
}
#: A named track may begin this far from the angle that was given (deg).
_REACH = 1.0


def indices(name: str) -> tuple[int, int, int] | None:
    """Miller indices of a name such as ``003``, ``1 0 -4`` or ``(101)``; `None` where it is just a name."""
    text = name.strip().strip("()")
    found = re.findall(r"-?\d+", text) if re.search(r"[ ,-]", text) else list(text) if text.isdigit() else []
    return (int(found[0]), int(found[1]), int(found[2])) if len(found) == 3 else None


def label(name: str) -> str:
    """A name as part of the name of a quantity: ``1 0 -4`` becomes ``10m4``."""
    return re.sub(r"[^0-9A-Za-z]", "", name.replace("-", "m"))


def chosen(wanted: Mapping[str, float], position: Array, area: Array, seen: NDArray[np.bool_]) -> dict[str, int | None]:
    """Track of each name: the largest of those that begin near the angle given, nearest first where they are alike.

    Parameters
    ----------
    wanted
        Name -> two theta (deg) at the beginning of the series.
    position, area, seen
        Of the tracks, shape (t, m).
    """
    found: dict[str, int | None] = {}
    for name, angle in wanted.items():
        best: tuple[float, int] | None = None
        for row in range(len(position)):
            where = np.flatnonzero(seen[row])
            if not where.size or row in found.values():
                continue
            apart = abs(float(position[row, where[0]]) - angle) / _REACH
            if apart <= 1.0:
                size = float(np.nanmedian(area[row, where])) * where.size
                score = np.log(max(size, 1e-300)) - 4.0 * apart
                best = (score, row) if best is None or score > best[0] else best
        found[name] = None if best is None else best[1]
    return found


def terms(system: str, hkl: Sequence[tuple[int, int, int]]) -> Array:
    """1/d^2 = terms @ (1/a^2, ...) of reflections, shape (n, k).

    Raises
    ------
    StudyError
        If the system is unknown.
    """
    if system not in SYSTEMS:
        raise StudyError(f"cell is '{system}'; {nearest(system, SYSTEMS)}.")
    h, k, index = (np.array(one, dtype=float) for one in zip(*hkl, strict=True))
    if system == "cubic":
        return np.asarray((h**2 + k**2 + index**2)[:, None])
    if system == "orthorhombic":
        return np.stack([h**2, k**2, index**2], axis=1)
    plane = (4.0 / 3.0) * (h**2 + h * k + k**2) if system == "hexagonal" else h**2 + k**2
    return np.stack([plane, index**2], axis=1)


def edges(system: str, hkl: Sequence[tuple[int, int, int]], spacing: Array, std: Array) -> tuple[Array, Array] | None:
    """Edges (angstrom), shape (k,), and their derivatives by the spacings, shape (k, n); `None` where these do not fix them."""
    matrix = terms(system, hkl)
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    inverse = spacing**-2.0
    weight = 1.0 / (2.0 * std * spacing**-3.0)
    solver = np.linalg.pinv(matrix * weight[:, None]) * weight[None]
    squares = solver @ inverse
    if not (squares > 0).all():
        return None
    found = squares**-0.5
    return found, (-0.5 * squares**-1.5)[:, None] * solver * (-2.0 * spacing**-3.0)[None]
