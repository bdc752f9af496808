"""What did another program make of one spectrum: parameters of a circuit, a distribution, a check, and from which data?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as the export states it.

    Parameters
    ----------
    value, std
        In the unit of the program; `std` is ``inf`` where no error is stated.
    unit
        As written; empty where nothing is written.
    fixed
        Whether the program held it instead of fitting it.
    resolution
        One unit of the last printed digit; 0 where the number was stored in full.
    place
        Where it stands: ``line 4``.
    """

    value: float
    std: float = math.inf
    unit: str = ""
    fixed: bool = False
    resolution: float = 0.0
    place: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of relaxation times.

    Parameters
    ----------
    time_constant
        (s), shape (n,), rising.
    gamma
        (ohm per e-fold of time constant), shape (n,).
    low, high
        (ohm), shape (n,), the band that the program states; `None` without one.
    resistance, inductance
        (ohm), (H) in series with it; `None` where not stated.
    discrete
        Whether these are heights of single peaks instead of a curve.
    """

    time_constant: Array
    gamma: Array
    low: Array | None = None
    high: Array | None = None
    resistance: float | None = None
    inductance: float | None = None
    discrete: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of one spectrum by another program.

    Parameters
    ----------
    program, version
        Its maker; the version is empty where the export does not tell.
    dialect
        Whose names and definitions of elements hold: ``zview``, ``relaxis``, ``pyimpspec``, ``impedance_py``, ``drttools``.
    parameters
        Label of an element -> name of its parameter (empty for the element itself) -> number.
    circuit
        As the program writes it; empty where the export does not tell.
    raw, number
        File that it evaluated as the export names it, and which spectrum of that file, from 1; empty and `None` if not told.
    spectrum
        Frequencies (Hz) and impedances (ohm) that the export carries along, masked points left out.
    weights, points
        In the words of the program; points that were fitted.
    distribution
        Where one was computed.
    checks
        Further numbers by name with unit: chi squared, results of a Kramers-Kronig test.
    place
        Where in the file: ``fit 2``, ``line 7``; empty where the file holds one evaluation.
    """

    program: str
    version: str = ""
    dialect: str = ""
    parameters: Mapping[str, Mapping[str, Stated]] = field(default_factory=dict)
    circuit: str = ""
    raw: str = ""
    number: int | None = None
    spectrum: tuple[Array, Complex] | None = None
    weights: str = ""
    points: int | None = None
    distribution: Distribution | None = None
    checks: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    place: str = ""
