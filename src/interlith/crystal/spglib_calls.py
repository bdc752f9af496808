"""What does spglib say: symmetry of atoms, reduced lattices, its list of 530 settings?

Every call to the library stands here, so that its warnings about its own future stay out of users' sight and its two ways
of failing (no answer, an exception) become one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]
Operations = frozenset[tuple[int, ...]]

#: Parts of an edge in which translations are compared.
_PARTS = 240


def _answer(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call returns (`None` where it fails), and why it failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = call()
        except Exception as error:
            # The class of the library's errors changed its name between versions.
            return None, str(error)
    return found, "" if found is not None else "the library found none"


def atoms_symmetry(vectors: Array, places: Array, kinds: Sequence[int], tolerance: float, hall: int = 0) -> Any:
    """Data set of symmetry of atoms in a cell; `hall` asks for one setting.

    Raises
    ------
    StudyError
        If there is none within the tolerance.
    """
    import spglib

    cell: Any = (vectors, places, list(kinds))
    found, reason = _answer(lambda: spglib.get_symmetry_dataset(cell, symprec=tolerance, hall_number=hall))
    if found is None:
        raise StudyError(
            f"No symmetry can be found within {tolerance:g} angstrom ({' '.join(reason.split())}); give a smaller tolerance, "
            "or look for atoms on top of each other."
        )
    return found


def reduced_lattice(vectors: Array) -> Array:
    """Niggli-reduced edges of a lattice, rows in Cartesian coordinates; those given where it cannot be reduced."""
    import spglib

    found, _ = _answer(lambda: spglib.niggli_reduce(vectors))
    return vectors if found is None else np.asarray(found, dtype=float)


def group_number(rotations: ArrayLike, translations: ArrayLike, vectors: Array) -> int:
    """Number of the space group of operations on any axes, 1 if it cannot be told."""
    import spglib

    found, _ = _answer(lambda: spglib.get_spacegroup_type_from_symmetry(rotations, translations, lattice=vectors))
    return 1 if found is None else int(found.number)


def setting_of(rotations: ArrayLike, translations: ArrayLike, number: int) -> int:
    """Number of a setting in the library's list (1 to 530), 0 if none has these operations."""
    listed = operation_rows(rotations, translations)
    return next((hall for hall in _settings(number) if _operations(hall) == listed), 0)


def short_symbol(hall: int) -> str:
    """Hermann-Mauguin symbol of the group of a setting."""
    return str(_kind(hall).international_short)


def operation_rows(rotations: ArrayLike, translations: ArrayLike) -> Operations:
    """Operations as rows of whole numbers, to be compared as sets."""
    parts = np.rint(np.asarray(translations) * _PARTS).astype(np.int64) % _PARTS
    rows = np.column_stack([np.asarray(rotations).reshape(-1, 9), parts])
    return frozenset(tuple(row) for row in rows.tolist())


@cache
def _settings(number: int) -> tuple[int, ...]:
    return tuple(hall for hall in range(1, 531) if int(_kind(hall).number) == number)


@cache
def _kind(hall: int) -> Any:
    import spglib

    return _answer(lambda: spglib.get_spacegroup_type(hall))[0]


@cache
def _operations(hall: int) -> Operations:
    import spglib

    found, _ = _answer(lambda: spglib.get_symmetry_from_database(hall))
    return operation_rows(found["rotations"], found["translations"])
