"""Small models with derivatives, for the tests of the fitter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting.problem import Model

Array = NDArray[np.float64]


def line(x: Array) -> Model:
    """``a + b x``."""

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        columns = np.stack([np.ones_like(x), x])
        return values @ columns, np.broadcast_to(columns, (len(values), *columns.shape))

    return model


def shapes(table: Array) -> Model:
    """``sum of c_k table_k``, linear in everything; table (p, n)."""

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        return values @ table, np.broadcast_to(table, (len(values), *table.shape))

    return model


def decay(x: Array) -> Model:
    """``a exp(-k x)``."""

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        e = np.exp(-values[:, 1, None] * x)
        return values[:, :1] * e, np.stack([e, -values[:, :1] * x * e], axis=1)

    return model


def gaussian(x: Array) -> Model:
    """``height exp(-(x - centre)^2 / (2 width^2)) + level``."""

    def model(values: Array, _: Any) -> tuple[Array, Array]:
        height, centre, width = (values[:, k, None] for k in range(3))
        u = (x - centre) / width
        e = np.exp(-0.5 * u * u)
        slope = height * e * u / width
        return height * e + values[:, 3, None], np.stack([e, slope, slope * u, np.ones_like(e)], axis=1)

    return model
