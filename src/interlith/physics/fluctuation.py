"""How does the accessible capacity of a cell swing from cycle to cycle?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Fluctuation:
    """Swing of the accessible capacity from cycle to cycle: relative standard deviation, and memory of the last cycle.

    A first-order autoregressive process, as a room whose temperature drifts gives it: residuals of a fade line are then
    correlated.
    """

    size: float = 1e-3
    memory: float = 0.6

    def draw(self, random: np.random.Generator, cycles: int) -> tuple[float, ...]:
        """Factors on the capacity, one a cycle."""
        shocks = random.standard_normal(cycles) * self.size * (1 - self.memory**2) ** 0.5
        shocks[:1] /= (1 - self.memory**2) ** 0.5
        value, factors = 0.0, []
        for shock in shocks.tolist():
            value = self.memory * value + shock
            factors.append(1.0 + value)
        return tuple(factors)
