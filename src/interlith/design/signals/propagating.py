"""How sure is a number that follows from declared ones: by cause, and as an interval?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain

Array = NDArray[np.float64]

DRAWS = 4000
SEED = 20261129


@dataclass(frozen=True)
class Propagated:
    """A number and what its inputs make of it.

    Parameters
    ----------
    value
        At the declared values.
    components
        ``declared:<input>`` or the source of `sources` -> signed size; ``inf`` for an input whose uncertainty nobody declared.
    low, high
        95 % interval from draws; `None` where nothing was declared to draw from, or an input is of unknown uncertainty.
    draws
        The number for each draw of the inputs, unknown uncertainties taken as none, shape (DRAWS,).
    """

    value: float
    components: dict[str, float]
    low: float | None
    high: float | None
    draws: Array

    @property
    def known(self) -> bool:
        """Whether the uncertainty of every input that matters was declared."""
        return all(math.isfinite(size) for size in self.components.values())


def drawn(inputs: Mapping[str, Uncertain], *, seed: int = SEED, count: int = DRAWS) -> dict[str, Array]:
    """Draws of each input, by a stream that depends on its name alone; positive numbers stay positive."""
    found = {}
    for name, given in inputs.items():
        random = np.random.default_rng([seed, *name.encode()])
        found[name] = np.maximum(given.sample(random, count), 1e-6 * abs(given.value))
    return found


def propagate(
    function: Callable[[Mapping[str, Array]], Array],
    inputs: Mapping[str, Uncertain],
    draws: Mapping[str, Array],
    *,
    sources: Mapping[str, str] | None = None,
) -> Propagated:
    """A function of declared numbers.

    Parameters
    ----------
    function
        Inputs by name, arrays of one shape, to the number.
    inputs, draws
        The declared numbers and the draws of them; see `drawn`.
    sources
        Input -> source of its component where it is not ``declared:<input>``.
    """
    names = list(inputs)
    centre = {name: inputs[name].value for name in names}
    rows: list[dict[str, float]] = [centre]
    for name in names:
        given = inputs[name]
        # Unknown uncertainties: a step of 1 % tells whether the answer depends on the input at all.
        step = 0.01 * abs(given.value) if math.isnan(given.std) else given.std
        rows += [centre | {name: max(given.value + sign * step, 1e-6 * abs(given.value))} for sign in (1.0, -1.0)]
    columns = {name: np.array([row[name] for row in rows]) for name in names}
    values = function(columns)
    components: dict[str, float] = {}
    for place, name in enumerate(names):
        slope = (values[2 * place + 1] - values[2 * place + 2]) / 2.0
        source = (sources or {}).get(name, f"declared:{name}")
        if inputs[name].std == 0 or abs(slope) <= 1e-12 * abs(values[0]):
            continue
        components[source] = math.inf if math.isnan(inputs[name].std) else float(slope)
    made = function(draws)
    known = all(math.isfinite(size) for size in components.values())
    low, high = (float(end) for end in np.quantile(made, [0.025, 0.975])) if known and components else (None, None)
    return Propagated(float(values[0]), components, low, high, made)


def unknown(found: Propagated) -> str:
    """Sentence that names the inputs of which no uncertainty was declared, or nothing."""
    names = [source.partition(":")[2] for source, size in found.components.items() if math.isinf(size)]
    if not names:
        return ""
    return f"No uncertainty was declared of the {' and the '.join(names)}: the interval is not known."
