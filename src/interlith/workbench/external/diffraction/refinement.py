"""What does one refinement of another program say: numbers under our names, and of which pattern?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from interlith.errors import StudyError

#: The six cell parameters and the volume: name -> unit.
CELL = {
    "cell_a": "angstrom", "cell_b": "angstrom", "cell_c": "angstrom", "cell_alpha": "deg", "cell_beta": "deg",
    "cell_gamma": "deg", "cell_volume": "angstrom^3",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """One number as the program prints it.

    Parameters
    ----------
    value, std
        In `unit`; the standard uncertainty is nan where none is printed.
    unit
        Ours.
    common
        Whether one number belongs to several patterns.
    note
        What has to be known before it is compared.
    """

    value: float
    std: float = math.nan
    unit: str = "1"
    common: bool = False
    note: str = ""


@dataclass(slots=True)
class Refinement:
    """What a program says of one pattern.

    Parameters
    ----------
    program, version
        Name and version; the version is empty where the file does not state it.
    raw
        Name of the pattern's file as the program writes it; empty if it does not.
    place
        Which part of the file this is, for people: ``histogram 3``.
    numbers
        Quantity -> number.
    """

    program: str
    version: str
    raw: str = ""
    place: str = ""
    numbers: dict[str, Stated] = field(default_factory=dict)


def phase_quantity(phase: str, name: str) -> str:
    """``LNMO_cell_a`` from a phase as a program names it; signs that are no letters or digits become one underline."""
    word = re.sub(r"[^\w.]+", "_", re.sub(r"\.cif$", "", phase.strip(), flags=re.IGNORECASE)).strip("_")
    return f"{word}_{name}" if word else name


def number(text: str, where: str) -> float:
    """A printed number.

    Raises
    ------
    StudyError
        If it is none, or the program printed stars because it did not fit.
    """
    try:
        return float(text.strip().replace("D", "E"))
    except ValueError:
        raise StudyError(f"{where}: '{text.strip()}' is no number; export the refinement again.") from None
