"""What does a distribution of relaxation times look like near its optimum, point by point: for asking what a point changes?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.data import span
from interlith.numerics.relaxation.distributions import Distributions
from interlith.numerics.relaxation.solver import spike_parts

Array = NDArray[np.float64]


def derivatives(found: Distributions, member: int) -> Array:
    """Derivatives of real, then imaginary parts (ohm) by all parameters of one member, shape (2 n, p).

    Parameters
    ----------
    found
        Distributions; points in the order of `found.grid.frequency`.
    member
        Which. Parameters stand as in `found.bands[member].centre`: coefficients, four terms, single relaxations.
    """
    bands, grid = found.bands[member], found.grid
    gamma = bands.gamma(bands.centre[: bands.size])
    rate = gamma if bands.logarithmic else np.full(gamma.size, bands.scale)
    columns = [grid.kernel @ (rate[:, None] * grid.basis), grid.terms * found.allowed[member] / span(grid).scale]
    rest = bands.centre[bands.size + 4 :]
    if rest.size:
        half = rest.size // 2
        whole, moved = spike_parts(grid, np.stack([rest[:half], rest[half:]], axis=1)[None])
        columns += [whole[0].T, moved[0].T]
    return np.concatenate(columns, axis=1)
