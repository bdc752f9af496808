"""How is a mixture drawn: the curve, its parts, the sum with its band, what is left over, and the weights?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from interlith.evidence.kernel import quantile
from interlith.evidence.sums.mixture_curves import Aligned
from interlith.evidence.wording import axis_label
from interlith.model import Band, Figure, Line, Marker, Panel
from interlith.numerics.sums.mixing import Mixing
from interlith.numerics.sums.mixtures import Weights

Array = NDArray[np.float64]


def mixture_figure(
    aligned: Aligned,
    problem: Mixing,
    found: Weights,
    model: Array,
    quantity: str,
    against: str,
    level: float,
    simulated: bool,
) -> Figure:
    """Three panels: curves, residual, weights."""
    first = aligned.curves[0][0]
    unit = "" if first.unit == "1" else f" / {first.unit}"
    x_label = axis_label(against, first.axis_unit)
    half = quantile(level, math.inf) * _spread(problem, found)
    lines = [
        Line(aligned.x, y, name, variant=name, dashed=True, style="both", faint=True)
        for name, y in zip(aligned.names[1:], aligned.y[1:], strict=True)
    ]
    target = aligned.names[0]
    sizes = np.sqrt(float(found.size) * np.diag(problem.own[0]))
    lines.append(Line(aligned.x, model, "weighted sum", variant="sum"))
    lines.append(Line(aligned.x, aligned.y[0], target, variant=target, std=sizes, style="points"))
    band = Band(aligned.x, model - half, model + half, f"{100 * level:.4g} % interval of the sum", "sum")
    curves = Panel(x_label, axis_label(quantity, first.unit), tuple(lines), (band,))
    rest = aligned.y[0] - model
    bars = np.sqrt(float(found.size) * np.diag(_total(problem, found)))
    left = Panel(
        x_label, f"Departure{unit}", (Line(aligned.x, rest, variant=target, std=bars, style="both"),), (),
        (Marker(0.0, "", axis="y"),),
    )  # fmt: skip
    return Figure(
        name=f"mixture_{quantity}_{target}",
        title=f"{axis_label(quantity, '1')} of {target} as a mixture",
        caption=(
            "(a) The curve with its parts and their weighted sum. (b) What the sum leaves, bars of one standard uncertainty of curve "
            f"and parts. (c) Weights with {100 * level:.4g} % intervals."
        ),
        panels=(curves, left, _weights(aligned, problem, found)),
        width=2,
        columns=2,
        simulated=simulated,
        tags=("mixture",),
    )


def _weights(aligned: Aligned, problem: Mixing, found: Weights) -> Panel:
    lines, markers = [], [Marker(0.0, ""), Marker(1.0, "")]
    names: list[tuple[float, str]] = []
    count = problem.count
    for place, name in enumerate(aligned.names[1:]):
        at = float(count - place)
        ends = [found.low[place], found.value[place], found.high[place]]
        drawn = np.clip(np.array(ends, dtype=float), -2.0, 3.0)
        lines.append(Line(drawn, np.full(3, at), variant=name, style="both"))
        names.append((at, name))
    spread = [float(v) for v in (*found.low, *found.high) if math.isfinite(v)]
    low, high = min([-0.08, *spread]), max([1.08, *spread])
    return Panel(
        "Weight", "", tuple(lines), (), tuple(markers), x_limits=(max(low, -2.0), min(high, 3.0)),
        y_limits=(0.4, count + 0.8), y_names=tuple(names),
    )  # fmt: skip


def _total(problem: Mixing, found: Weights) -> Array:
    return np.asarray(problem.own[0] + np.einsum("p,pmn->mn", np.square(found.coefficients), problem.own[1:]))


def _spread(problem: Mixing, found: Weights) -> Array:
    """Standard uncertainty of the sum at each state: errors of the parts, and of the weights as far as independent of them."""
    own = np.einsum("p,pmn->mn", np.square(found.coefficients), problem.own[1:])
    moved = problem.parts[: problem.count].T @ found.operator
    matrix = np.eye(len(problem.target)) - moved
    seen = matrix @ own @ matrix.T + moved @ problem.own[0] @ moved.T
    return np.asarray(np.sqrt(np.maximum(float(found.size) * np.diag(seen), 0.0)))
