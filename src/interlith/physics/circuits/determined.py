"""Which parameters of a fitted circuit are numbers, and of which can only a bound be said?

A parameter is a bound where its uncertainty exceeds half of it and one end of its profile stays open, and where the process it
belongs to is slower or faster than the frequencies that were measured: there the value rests on the form of the element alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.numerics.fitting.profile import profile_ends
from interlith.numerics.fitting.solver import Settings
from interlith.physics.circuits.blocks import Block, arc, blocks_of, seen, time_constant
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import Grid
from interlith.physics.circuits.fitted import CircuitFit
from interlith.physics.circuits.tree import leaves, shape

#: Standard uncertainty (natural logarithm; of exponents absolute) from which a profile decides.
LOOSE, LOOSE_EXPONENT = 0.5, 0.25
#: An end of a profile farther out than this factor is open: beyond, only the anchor of the fit speaks.
_OPEN, _FAR = 100.0, 1e6
#: Beyond the window by more than this factor a process is a bound however sharp its numbers look; below it, if an uncertainty exceeds
#: the second number (relative).
_BEYOND, _SHARP = 3.0, 0.1
#: A fit that leaves over more than this part of the impedance (root mean square) says nothing of its parameters.
_NOTHING_LIKE = 0.5
#: Where the arc of a finite diffusion has its top: omega tau.
_TOP = {"Wo": 2.54, "Ws": 2.54}
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one parameter: a value with its 95 % interval, or `None` with the interval that remains.

    `flag` says in words what must stand beside it.
    """

    value: float | None
    low: float
    high: float
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A relaxation with a time constant: names of its resistance and its own time constant (empty for an arc), and its circuit."""

    block: Block
    resistance: str
    duration: str
    top: float


def processes(circuit: Circuit) -> tuple[Process, ...]:
    """The relaxations of a circuit: (R|C) and (R|Q) in series with the rest, and elements that carry a time constant."""
    found = [
        Process(block, next(name for name in block.circuit.names if name.startswith("R")), "", 1.0)
        for block in blocks_of(circuit)
        if arc(block)
    ]
    for leaf in leaves(circuit.tree):
        own = Circuit(leaf.name)
        if "time" in {parameter.kind for parameter in own.parameters}:
            block = Block(own, circuit.places[leaf.name], shape(leaf))
            found.append(Process(block, own.names[0], own.names[1], _TOP.get(leaf.symbol, 1.0)))
    return tuple(found)


def judged(fit: CircuitFit) -> list[dict[str, Verdict]]:
    """Verdict of every parameter of every spectrum.

    Notes
    -----
    Intervals of positive parameters are symmetric in the logarithm. The assumption that fails first: that the circuit is right. A
    bound says what these frequencies allow under that assumption.
    """
    verdicts = [{name: _plain(fit, member, k) for k, name in enumerate(fit.names)} for member in range(len(fit.values))]
    _profiled(fit, verdicts)
    for process in processes(fit.circuit):
        _outside(fit, process, verdicts)
    missed = _missed(fit)
    for member in np.flatnonzero((missed > _NOTHING_LIKE) & fit.converged):
        said = f"the circuit misses this spectrum by {100 * missed[member]:.0f} % of its size"
        verdicts[member] = {
            name: Verdict(None, 0.0 if positive else -math.inf, math.inf, said)
            for name, positive in zip(fit.names, fit.logarithmic, strict=True)
        }
    return verdicts


def _missed(fit: CircuitFit) -> NDArray[np.float64]:
    """Root mean square of what each fit leaves over, in parts of the impedance, shape (b,)."""
    used = np.broadcast_to(fit.used, fit.observed.shape)
    size = np.where(used, np.abs(fit.observed), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(np.nanmean((np.abs(fit.fitted - fit.observed) / size) ** 2, axis=1)))


def _plain(fit: CircuitFit, member: int, k: int) -> Verdict:
    """Verdict by the covariance alone."""
    value, size = float(fit.values[member, k]), float(fit.relative_std[member, k])
    parameter, side = fit.circuit.parameters[k], int(fit.solution.side[member, k])
    low, high = (parameter.low, parameter.high) if not parameter.logarithmic else (0.0, math.inf)
    if not fit.converged[member]:
        return Verdict(None, low, high, fit.reason(member))
    if fit.solution.parameters.items[k].fixed is True:
        return Verdict(value, value, value, "held at a given value")
    if not math.isfinite(size):
        return Verdict(None, low, high, "not fixed by the data")
    if parameter.logarithmic:
        spread = math.exp(min(_NORMAL_95 * size, 300.0))
        words = "at a bound that was given" if side else ""
        return Verdict(value, value / spread, value * spread, words)
    ends = max(low, value - _NORMAL_95 * size), min(high, value + _NORMAL_95 * size)
    if size > LOOSE_EXPONENT:
        return Verdict(None, *ends, "not fixed by the data")
    if side > 0:
        return Verdict(
            value,
            *ends,
            "at its upper bound 1: an ideal element does as well" if value == 1.0 else "at its upper bound",
        )
    if side < 0:
        return Verdict(None, *ends, "at its lower bound: this element is not what is there")
    return Verdict(value, *ends)


def _profiled(fit: CircuitFit, verdicts: list[dict[str, Verdict]]) -> None:
    """Profiles for positive parameters that are known badly."""
    wanted = (fit.relative_std > LOOSE) & fit.logarithmic & fit.converged[:, None]
    members, places = np.nonzero(wanted & np.isfinite(fit.solution.std))
    if not len(members):
        return
    low, high = _ends(fit, members, places)
    for member, k, bottom, top in zip(members, places, low, high, strict=True):
        value, name = float(fit.values[member, k]), fit.names[k]
        bottom = bottom if bottom * _OPEN > value else 0.0
        # What is pinned may stand far below the values that the data allow.
        top = top if top < value * (_FAR if fit.pinned[member, k] else _OPEN) else math.inf
        closed = bottom > 0 and math.isfinite(top)
        flag = f"known to a factor of {math.sqrt(top / bottom):.2g} only" if closed else _bound_words(bottom, top)
        verdicts[member][name] = Verdict(value if closed else None, float(bottom), float(top), flag)


def _ends(
    fit: CircuitFit, members: NDArray[np.intp], places: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % ends of profiles in units of the parameters."""
    solution = fit.free
    stated = fit.weights == "given"
    quantile = np.square(special.stdtrit(np.maximum(solution.dof[members], 1.0), 0.975))
    rise = np.full(len(members), _NORMAL_95**2) if stated else quantile * solution.reduced_cost[members]
    found = profile_ends(solution, members, places, rise, settings=Settings(most_steps=25, tolerance=1e-2))
    with np.errstate(over="ignore"):
        return np.exp(found.low), np.exp(found.high)


def _bound_words(low: float, high: float) -> str:
    if low > 0:
        return f"a lower bound: at least {low:.3g}; the data do not end it above"
    if math.isfinite(high):
        return f"an upper bound: at most {high:.3g}; the data do not end it below"
    return "not fixed by the data"


def _outside(fit: CircuitFit, process: Process, verdicts: list[dict[str, Verdict]]) -> None:
    """Resistance and time constant of a process that the frequencies do not reach become bounds."""
    values = fit.values[:, process.block.columns]
    tau = time_constant(process.block, values) / process.top
    measured = np.where(fit.used, fit.frequency, np.nan)
    slow, fast = (1.0 / (2.0 * math.pi * end(measured, axis=1)) for end in (np.nanmin, np.nanmax))
    names = [name for name in (process.resistance, process.duration) if name]
    sizes = np.stack([fit.relative_std[:, fit.circuit.index(name)] for name in names]).max(axis=0)
    beyond = np.maximum(tau / slow, fast / tau)
    rests = (beyond > 1.0) & fit.converged
    for member in np.flatnonzero(rests):
        is_slow = bool(tau[member] > slow[member])
        edge = process.top * float(slow[member] if is_slow else fast[member])
        words = (
            f"its time constant, {tau[member] * process.top:.3g} s, lies {'above' if is_slow else 'below'} what the frequencies "
            f"reach, {edge:.3g} s"
        )
        part = float(seen(process.block, values[member][None], _ends_of(fit, int(member)))[0])
        for name in names:
            old = verdicts[member][name]
            if beyond[member] <= _BEYOND and sizes[member] <= _SHARP:
                verdicts[member][name] = replace(old, flag=f"{words}: it rests on the form of the element")
            elif name == process.duration:
                low, high = (edge, math.inf) if is_slow else (0.0, edge)
                verdicts[member][name] = Verdict(None, low, high, f"a bound: {words}")
            else:
                low = min(old.low, part) if old.low > 0 else part
                verdicts[member][name] = Verdict(None, low, math.inf, f"a lower bound: at least {low:.3g}; {words}")


def _ends_of(fit: CircuitFit, member: int) -> Grid:
    """The highest and the lowest frequency of a spectrum."""
    measured = fit.frequency[member][fit.used[member]]
    return Grid([measured.max(), measured.min()])
