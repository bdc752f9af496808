"""Short simulated series of mixtures that refine in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from interlith.model import Measurement, State
from tests.techniques.diffraction.refinement.simulated import measured, model_of, strength, truth

Array = NDArray[np.float64]

ANGLES = np.arange(25.0, 60.0, 0.04)
#: Edges of NaCl (angstrom) of four patterns, and the share of the strongest line of Si.
EDGES = (5.640, 5.650, 5.690, 5.700)
SECOND = (0.0, 0.1, 0.2, 0.3)


@cache
def patterns(edges: Sequence[float] = EDGES, second: Sequence[float] = SECOND) -> tuple[Measurement, ...]:
    """Patterns of NaCl that grows, and of Si that appears, at rising temperature."""
    random = np.random.default_rng(3)
    model = model_of(("NaCl", "Si"), ANGLES)
    found = []
    for number, (edge, part) in enumerate(zip(edges, second, strict=True)):
        values = truth(model, NaCl_cell_a=edge)
        values[model.place_of("NaCl_scale")] = strength(model, values, "NaCl", 3000.0)
        values[model.place_of("Si_scale")] = strength(model, values, "Si", 3000.0 * part) if part else 0.0
        at = 25.0 + 100 * number
        state = {"temperature": State("temperature", at, at - 1, at + 1, "degC")}
        found.append(measured(ANGLES, random.poisson(model.intensity(values)).astype(float), number, state))
    return tuple(found)
