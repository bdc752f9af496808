"""Which constants does a crystal class leave free, and what is known of the stiffness of a material?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.physics.elasticity import check_stable

Array = NDArray[np.float64]

#: Crystal class -> constants that it needs, in GPa except nu.
CLASSES: dict[str, tuple[str, ...]] = {
    "isotropic": ("E", "nu"),
    "cubic": ("C11", "C12", "C44"),
    "hexagonal": ("C11", "C12", "C13", "C33", "C44"),
    "trigonal": ("C11", "C12", "C13", "C14", "C33", "C44"),
    "tetragonal": ("C11", "C12", "C13", "C33", "C44", "C66"),
    "orthorhombic": ("C11", "C12", "C13", "C22", "C23", "C33", "C44", "C55", "C66"),
    "monoclinic": ("C11", "C12", "C13", "C15", "C22", "C23", "C25", "C33", "C35", "C44", "C46", "C55", "C66"),
    "triclinic": tuple(f"C{row}{column}" for row in range(1, 7) for column in range(row, 7)),
}
#: Constants that follow from others: class -> (place, constant, factor), first match of what is not given.
_TIES: dict[str, tuple[tuple[str, tuple[tuple[str, float], ...]], ...]] = {
    "cubic": (
        ("C22", (("C11", 1.0),)), ("C33", (("C11", 1.0),)), ("C13", (("C12", 1.0),)), ("C23", (("C12", 1.0),)),
        ("C55", (("C44", 1.0),)), ("C66", (("C44", 1.0),)),
    ),
    "hexagonal": (
        ("C22", (("C11", 1.0),)), ("C23", (("C13", 1.0),)), ("C55", (("C44", 1.0),)),
        ("C66", (("C11", 0.5), ("C12", -0.5))),
    ),
    "trigonal": (
        ("C22", (("C11", 1.0),)), ("C23", (("C13", 1.0),)), ("C55", (("C44", 1.0),)),
        ("C66", (("C11", 0.5), ("C12", -0.5))), ("C24", (("C14", -1.0),)), ("C56", (("C14", 1.0),)),
    ),
    "tetragonal": (("C22", (("C11", 1.0),)), ("C23", (("C13", 1.0),)), ("C55", (("C44", 1.0),))),
}  # fmt: skip


def isotropic(young: float, poisson: float) -> Array:
    """Stiffness of a solid without directions (GPa), shape (6, 6).

    Raises
    ------
    StudyError
        If it is not stable: Young's modulus must be positive and Poisson's ratio between -1 and 0.5.
    """
    if not (young > 0 and -1 < poisson < 0.5):
        raise StudyError(
            f"A Young's modulus of {young:g} GPa with a Poisson's ratio of {poisson:g} is no solid; write a positive modulus "
            "and a ratio between -1 and 0.5."
        )
    shear = young / (2 * (1 + poisson))
    first = young * poisson / ((1 + poisson) * (1 - 2 * poisson))
    matrix = np.zeros((6, 6))
    matrix[:3, :3] = first
    matrix[np.arange(3), np.arange(3)] += 2 * shear
    matrix[np.arange(3, 6), np.arange(3, 6)] = shear
    return matrix


def from_constants(crystal_class: str, constants: Mapping[str, float]) -> Array:
    """Stiffness (GPa), shape (6, 6), from the constants that a crystal class leaves free.

    Parameters
    ----------
    crystal_class
        A key of `CLASSES`: ``trigonal`` and ``tetragonal`` are the Laue groups -3m and 4/mmm, ``monoclinic`` has its axis
        along y.
    constants
        By name, ``C11`` ... in GPa (``E`` and ``nu`` for ``isotropic``).

    Raises
    ------
    StudyError
        If the class is unknown, constants are missing or do not belong to it, or the crystal would not be stable.
    """
    if crystal_class not in CLASSES:
        raise StudyError(
            f"There is no crystal class '{crystal_class}' of stiffness; {nearest(crystal_class, CLASSES)}."
        )
    wanted = CLASSES[crystal_class]
    missing = [name for name in wanted if name not in constants]
    foreign = [name for name in constants if name not in wanted]
    if missing or foreign:
        words = (
            f"lack {', '.join(missing)}"
            if missing
            else f"hold {', '.join(foreign)}, which that class does not leave free"
        )
        raise StudyError(f"The constants of a {crystal_class} crystal {words}; write {', '.join(wanted)}.")
    if crystal_class == "isotropic":
        return isotropic(float(constants["E"]), float(constants["nu"]))
    values = {name: float(constants[name]) for name in wanted}
    for place, parts in _TIES.get(crystal_class, ()):
        values[place] = sum(factor * float(constants[name]) for name, factor in parts)
    matrix = np.zeros((6, 6))
    for name, value in values.items():
        row, column = int(name[1]) - 1, int(name[2]) - 1
        matrix[row, column] = matrix[column, row] = value
    check_stable(matrix, what=f"The stiffness of this {crystal_class} crystal")
    return matrix


@dataclass(frozen=True)
class Elastic:
    """What a row of the table says of one material.

    Parameters
    ----------
    name, crystal_class, constants, std
        Row, class, constants (GPa; E in GPa and nu) and their standard uncertainties where the source gives them.
    kind
        ``measured``, ``polycrystal`` or ``computed``; ``declared`` where a user gave the constants.
    source, note, checked
        Reference, words on it, and whether numbers and source have been seen together.
    along_c
        Whether the constants refer to z along c (and y along b) instead of x along a.
    """

    name: str
    crystal_class: str
    constants: Mapping[str, float]
    std: Mapping[str, float] = field(default_factory=dict)
    kind: str = "declared"
    source: str = ""
    note: str = ""
    checked: bool = True
    along_c: bool = False

    @property
    def stiffness(self) -> Array:
        """Voigt matrix (GPa), shape (6, 6), in the axes that the row says."""
        return from_constants(self.crystal_class, self.constants)

    @property
    def words(self) -> str:
        """Where the numbers come from, for captions and caveats."""
        doubt = "" if self.checked else ", numbers not checked against the source"
        note = f"; {self.note}" if self.note else ""
        return f"{self.name}: {self.kind} ({self.source or 'as declared'}{doubt}{note})"

    def sample(self, random: np.random.Generator, count: int) -> list[Array]:
        """Stiffness matrices drawn within the uncertainty of the constants, unstable draws left out."""
        drawn: list[Array] = []
        for _ in range(count):
            constants = {name: random.normal(value, self.std.get(name, 0.0)) for name, value in self.constants.items()}
            try:
                drawn.append(from_constants(self.crystal_class, constants))
            except StudyError:
                continue
        return drawn


@cache
def _document() -> dict[str, Any]:
    text = (resources.files("interlith.reference") / "elastic.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def table() -> dict[str, Elastic]:
    """All rows of the table of stiffness, by name."""
    rows = {}
    for name, row in _document().items():
        if name != "absent":
            rows[name] = Elastic(
                name,
                row["class"],
                row["constants"],
                row.get("std", {}),
                row["kind"],
                row["source"],
                row.get("note", ""),
                row["checked"],
                row.get("axes", "").startswith("z along c"),
            )
    return rows


def absent() -> dict[str, str]:
    """Materials without a row, and what is known of where to look."""
    return dict(_document()["absent"])


def known(name: str) -> Elastic | None:
    """The row of a material: a measured one before a computed one; `None` if there is none."""
    rows = table()
    return rows.get(name) or rows.get(f"{name}_computed")


def elastic(source: str | Mapping[str, Any] | Elastic) -> Elastic:
    """Stiffness of a material by its row, or from declared constants.

    Parameters
    ----------
    source
        A name of `table`; or a mapping such as ``{"class": "cubic", "C11": 320, "C12": 100, "C44": 110}`` (GPa), which may
        hold ``source`` in words and ``std`` by constant.

    Raises
    ------
    StudyError
        If there is no such row (the message says where numbers are said to stand), or the constants are wrong.
    """
    if isinstance(source, Elastic):
        return source
    if isinstance(source, str):
        row = known(source)
        if row is not None:
            return row
        where = f" ({absent()[source]})" if source in absent() else ""
        raise StudyError(
            f"The table of stiffness holds no '{source}'{where}; give its constants, such as "
            f"{{'class': 'cubic', 'C11': 320, 'C12': 100, 'C44': 110}} in GPa, or a row: {nearest(source, table())}."
        )
    given = {str(key): value for key, value in source.items()}
    crystal_class, words, std = str(given.pop("class", "")), str(given.pop("source", "")), dict(given.pop("std", {}))
    row = Elastic("declared constants", crystal_class, given, std, source=words)
    check_stable(row.stiffness)
    return row
