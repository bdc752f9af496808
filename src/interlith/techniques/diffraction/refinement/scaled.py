"""How well can a pattern fit while its lines stay where they are: background and scales solved for, and what that says of each phase?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.nonnegative import amounts_of
from interlith.physics.powder.pattern_model import PatternModel

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Share of the largest scale that a scale of nothing gets: its phase keeps slopes by its cell.
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """A pattern with background and scales at their best for the rest.

    Parameters
    ----------
    values
        Of all names, shape (p,).
    calculated
        Intensity, shape (n,).
    cost
        Chi squared.
    linear
        Names that were solved for, shape (p,), q of them.
    rows
        Their curves over the standard uncertainties, shape (q, n).
    """

    values: Array
    calculated: Array
    cost: float
    linear: Mask
    rows: Array


def scaled(model: PatternModel, values: Array, intensity: Array, std: Array) -> Scaled:
    """Background and scales solved for together, scales not negative; one evaluation of the model.

    Parameters
    ----------
    model, values
        The pattern as a function of its names, and their values, shape (p,).
    intensity, std
        Observed, shape (n,).
    """
    terms = np.array([name.startswith("background_") for name in model.names])
    scales = np.zeros(len(terms), dtype=bool)
    scales[[model.place_of(f"{one.name}_scale") for one in model.phases]] = True
    linear = terms | scales
    # The pattern is linear in these: its slopes are their curves. What else stands in it are humps.
    columns = model.with_slopes(values, linear)[1][linear]
    bare = values.copy()
    bare[terms] = 0.0
    beside = model.background_of(bare)
    rows = columns / std
    found = amounts_of(rows, (intensity - beside) / std, terms[linear])
    own = scales[linear]
    found[own] = np.maximum(found[own], _NOTHING * max(float(found[own].max(initial=0.0)), 1e-30))
    out = values.copy()
    out[linear] = found
    calculated = found @ columns + beside
    residual = (intensity - calculated) / std
    return Scaled(out, calculated, float(residual @ residual), linear, rows)
