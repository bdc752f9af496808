"""Which distribution, which noise and which strength of the prior are the most probable together, for many spectra at once?

Newton's steps for the coefficients, each followed by one step for the noise and one for the bends of the prior (marginal likelihood in the Laplace
approximation). All members of a batch walk together; those that have arrived leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.data import Projected, project, span
from interlith.numerics.relaxation.kernel import Grid, point_impedance
from interlith.numerics.relaxation.noise import better_noise, noise_std
from interlith.numerics.relaxation.prior import _LEVEL_PULL, Prior, better_bends, curvature_variances, curvatures

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Steps before bends are looked for, steps at most, largest step in log gamma.
_WARM, _MOST, _LARGEST = 3, 60, 2.0
#: Members solved together: few enough to stay in the cache of the processor.
TOGETHER = 16
#: Steps after which the noise goes half the way.
_SETTLING = 20
#: Arrived: change of gamma over its highest value, and of log noise.
_STILL, _STILL_NOISE = 3e-3, 5e-3
#: How well the place of a spike is known before (ln tau), and its log resistance.
_SPIKE_PLACE, _SPIKE_SIZE = 1.0, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Spectra at the same frequencies, and what may explain them.

    Parameters
    ----------
    grid, prior
        Nodes and expectations.
    data
        Real, then imaginary parts (ohm), shape (m, 2 n).
    used
        1 for parts that take part, else 0, shape (m, 2 n).
    allowed
        Which of the four terms beside the distribution each spectrum has, shape (m, 4).
    std
        Known noise (ohm), shape (m, 2 n), or `None` where it is estimated.
    scale
        Mean of the distribution (ohm), shape (m,): sets the start, and the unit of a signed one.
    toward
        Coefficients that neighbours in a series suggest, shape (m, c), with `pull` (1/length), shape (m,).
    spikes
        Where single relaxations were proposed: ln of resistance and ln tau, shape (m, e, 2).
    """

    grid: Grid
    prior: Prior
    data: Array
    used: Array
    allowed: Mask
    std: Array | None
    scale: Array
    toward: Array | None = None
    pull: Array | None = None
    spikes: Array | None = None

    def of(self, members: NDArray[np.intp]) -> Task:
        """The same for some members."""
        changed = {
            one.name: getattr(self, one.name)[members]
            for one in fields(self)
            if one.name not in ("grid", "prior") and getattr(self, one.name) is not None
        }
        return replace(self, **changed)


@dataclass(slots=True, eq=False)
class State:
    """Where a batch stands; all arrays have m as first axis.

    Parameters
    ----------
    values
        Coefficients of log gamma, or of gamma over `Task.scale`, shape (m, c).
    terms
        Coefficients of the terms in units of their scale (ohm), shape (m, 4).
    spikes
        ln of resistance (ohm) and ln tau of each single relaxation, shape (m, e, 2).
    bends, noise, damping
        Hyperparameters and damping, shape (m, q), (m, 2), (m,).
    steps, arrived
        How many steps each took, and whether it stood still at the end.
    covariance
        Of values, terms, spikes, shape (m, p, p).
    evidence
        ln of the marginal likelihood up to a constant, shape (m,).
    freedom
        How many parameters the data have fixed, shape (m,).
    cost
        Sum of squared residuals over their variances, shape (m,).
    """

    values: Array
    terms: Array
    spikes: Array
    bends: Array
    noise: Array
    damping: Array
    steps: NDArray[np.intp]
    arrived: Mask
    covariance: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))
    evidence: Array = field(default_factory=lambda: np.zeros(0))
    freedom: Array = field(default_factory=lambda: np.zeros(0))
    cost: Array = field(default_factory=lambda: np.zeros(0))

    _CORE = ("values", "terms", "spikes", "bends", "noise", "damping", "steps", "arrived")

    def of(self, members: NDArray[np.intp]) -> State:
        """The walking part of some members."""
        return State(*(getattr(self, name)[members] for name in self._CORE))

    def single(self, member: int) -> State:
        """One member as a batch of its own, covariance and evidence included."""
        names = (*self._CORE, "covariance", "evidence", "freedom", "cost")
        return State(*(getattr(self, name)[member : member + 1].copy() for name in names))

    def put(self, members: NDArray[np.intp], other: State) -> None:
        """Write members back."""
        for name in self._CORE:
            getattr(self, name)[members] = getattr(other, name)


def start(task: Task) -> State:
    """A flat distribution, and noise of one per cent."""
    members, size = len(task.data), task.grid.basis.shape[1]
    level = np.log(task.scale) if task.prior.logarithmic else np.zeros(members)
    terms = np.zeros((members, 4))
    real = np.where(task.used > 0, task.data, np.inf)[:, : task.grid.frequency.size]
    terms[:, 0] = np.where(task.allowed[:, 0], real.min(axis=1), 0.0)
    spikes = np.zeros((members, 0, 2)) if task.spikes is None else task.spikes.copy()
    return State(
        np.repeat(level[:, None], size, axis=1), terms, spikes,
        np.zeros((members, task.prior.field.shape[1])), np.tile([0.0, 1e-4], (members, 1)), np.ones(members),
        np.zeros(members, dtype=np.intp), np.zeros(members, dtype=bool),
    )  # fmt: skip


def gamma_of(task: Task, values: Array) -> Array:
    """The distribution at the nodes (ohm), shape (m, k)."""
    inner = values @ task.grid.basis.T
    if task.prior.logarithmic:
        return np.asarray(np.exp(np.clip(inner, -80.0, 80.0)))
    return np.asarray(inner * task.scale[:, None])


def spike_parts(grid: Grid, spikes: Array) -> tuple[Array, Array]:
    """Parts of each single relaxation and their derivative by ln tau, shape (m, e, 2 n)."""
    members, count = spikes.shape[:2]
    flat = point_impedance(grid.frequency, spikes[:, :, 1].ravel()).T * np.exp(spikes[:, :, 0]).ravel()[:, None]
    unit = flat / np.exp(spikes[:, :, 0]).ravel()[:, None]
    moved = flat * (unit - 1)
    shape = (members, count, 2 * grid.frequency.size)
    return (
        np.concatenate([flat.real, flat.imag], axis=1).reshape(shape),
        np.concatenate([moved.real, moved.imag], axis=1).reshape(shape),
    )


def model_of(task: Task, state: State) -> Array:
    """Real and imaginary parts that a state predicts (ohm), shape (m, 2 n)."""
    made = gamma_of(task, state.values) @ task.grid.kernel.T
    made = made + (state.terms / span(task.grid).scale) @ task.grid.terms.T
    if state.spikes.shape[1]:
        made = made + spike_parts(task.grid, state.spikes)[0].sum(axis=1)
    return np.asarray(made)


def solve(task: Task, state: State | None = None, *, most: int = _MOST, warm: int = _WARM) -> State:
    """The most probable state of every member, with covariance and evidence.

    Parameters
    ----------
    task
        The spectra.
    state
        Where to start; a flat distribution by default.
    most, warm
        Steps at most, and steps before bends of the prior are looked for.
    """
    state = start(task) if state is None else state
    state.steps[:] = 0
    state.arrived[:] = False
    active = np.arange(len(task.data))
    for number in range(most):
        part, here = task.of(active), state.of(active)
        _step(part, here, number, warm)
        state.put(active, here)
        active = active[~here.arrived]
        if not active.size:
            break
    return _finish(task, state)


def _step(task: Task, state: State, number: int, warm: int) -> None:
    """One step of everything, in place."""
    std, modulus, _ = _weights(task, state)
    projected = project(span(task.grid), task.data, task.used / std**2)
    stiffness = np.exp(-task.prior.variance(state.bends))
    slopes, pull = task.prior.slopes(state.values if number >= 2 else None, len(stiffness), robust=number >= warm)
    precision, pull = _with_neighbours(task, task.prior.from_stiffness(stiffness, slopes), pull)
    normal, gradient, before = _normal(task, state, projected, precision, pull)
    place = np.arange(task.grid.basis.shape[1])
    normal[:, place, place] += 1e-2 * state.damping[:, None]
    covariance = np.asarray(np.linalg.inv(normal), dtype=float)
    step = (covariance @ gradient[:, :, None])[:, :, 0]
    step *= np.minimum(1.0, _LARGEST / np.maximum(np.abs(step[:, place]).max(axis=1), 1e-300))[:, None]
    moved = _moved(task, state, step)
    after = _cost(task, moved, projected, precision, pull)
    good = np.isfinite(after) & (after <= before + 1e-9 * np.abs(before) + 1e-9)
    old_noise = noise_std(state.noise, modulus)
    for name in ("values", "terms", "spikes"):
        now, then = getattr(moved, name), getattr(state, name)
        setattr(state, name, np.where(good.reshape(-1, *[1] * (then.ndim - 1)), now, then))
    change = _change(task, state, step, good)
    state.damping = np.clip(np.where(good, state.damping / 8, state.damping * 20), 1e-7, 1e12)
    freedom = _freedom(covariance, precision, task)
    if task.std is None:
        residual = (task.data - model_of(task, state)) ** 2
        better = better_noise(state.noise, modulus, residual, task.used, freedom)
        # Where the noise is not told apart into its two parts, full steps go to and fro between them for ever.
        state.noise = better if number < _SETTLING else 0.5 * (state.noise + better)
    if number >= warm:
        square = curvatures(state.values, task.prior.spacing) ** 2
        known = np.clip(
            1 - stiffness * curvature_variances(covariance[:, place][:, :, place], task.prior.spacing), 1e-3, 1
        )
        state.bends = better_bends(task.prior, state.bends, square, known)
    state.steps += 1
    louder = np.abs(np.log(noise_std(state.noise, modulus) / old_noise)).max(axis=1) if task.std is None else 0.0
    state.arrived = good & (change < _STILL) & (louder < _STILL_NOISE) & (number > warm + (2 if warm else 0))


def _change(task: Task, state: State, step: Array, good: Mask) -> Array:
    """Largest change of gamma inside the window over its highest value."""
    inner = step[:, : task.grid.basis.shape[1]] @ task.grid.basis[task.grid.inside].T
    if task.prior.logarithmic:
        height = gamma_of(task, state.values)[:, task.grid.inside]
        highest = height.max(axis=1)
        if state.spikes.shape[1]:
            highest = np.maximum(highest, np.exp(state.spikes[:, :, 0]).max(axis=1))
        inner = inner * height / highest[:, None]
    return np.where(good, np.abs(inner).max(axis=1), np.inf)


def _weights(task: Task, state: State) -> tuple[Array, Array, Array]:
    """Standard uncertainties, |Z| and parts of the model, each (m, 2 n)."""
    model = model_of(task, state)
    count = task.grid.frequency.size
    # Before the first steps the model says nothing about |Z|.
    source = np.where((state.steps > 2)[:, None], model, task.data)
    modulus = np.hypot(source[:, :count], source[:, count:])
    modulus = np.concatenate([modulus, modulus], axis=1)
    std = task.std if task.std is not None else noise_std(state.noise, np.maximum(modulus, 1e-300))
    return std, np.maximum(modulus, 1e-300), model


def _with_neighbours(task: Task, precision: Array, pull: Array) -> tuple[Array, Array]:
    level = np.log(task.scale)[:, None] if task.prior.logarithmic else 0.0
    pull = pull + _LEVEL_PULL * level
    if task.toward is None or task.pull is None:
        return precision, pull
    place = np.arange(precision.shape[1])
    weight = task.pull[:, None] * task.prior.spacing
    precision = precision.copy()
    precision[:, place, place] += weight
    return precision, pull + weight * task.toward


def _normal(task: Task, state: State, data: Projected, precision: Array, pull: Array) -> tuple[Array, Array, Array]:
    """Normal matrix, gradient and cost."""
    size = task.grid.basis.shape[1]
    gamma = gamma_of(task, state.values)
    rate = gamma if task.prior.logarithmic else np.repeat(task.scale[:, None], gamma.shape[1], axis=1)
    columns = [data.columns(rate, task.grid.basis), data.terms * task.allowed[:, None, :]]
    predicted = data.seen(gamma) + (data.terms @ state.terms[:, :, None])[:, :, 0]
    if state.spikes.shape[1]:
        whole, moved = _projected_spikes(task, state, data)
        predicted = predicted + whole.sum(axis=2)
        columns += [whole, moved]
    jacobian = np.concatenate(columns, axis=2)
    residual = data.data - predicted
    normal = jacobian.transpose(0, 2, 1) @ jacobian
    gradient = (residual[:, None, :] @ jacobian)[:, 0]
    normal[:, :size, :size] += precision
    gradient[:, :size] += pull - (precision @ state.values[:, :, None])[:, :, 0]
    place = np.arange(4)
    # A term that is not allowed stands still; an allowed one has a flat prior.
    normal[:, size + place, size + place] += np.where(task.allowed, 1e-14, 1.0)
    if state.spikes.shape[1]:
        _spike_prior(task, state, normal, gradient)
    cost = (residual**2).sum(axis=1) + _prior_cost(task, state, precision, pull)
    return normal, gradient, cost


def _spike_off(task: Task, state: State) -> Array:
    """How far the spikes are from where they were proposed, in standard deviations of their prior, shape (m, 2 e)."""
    if task.spikes is None:
        return np.zeros((len(task.data), 0))
    off = (state.spikes - task.spikes) / np.array([_SPIKE_SIZE, _SPIKE_PLACE])
    return np.concatenate([off[:, :, 0], off[:, :, 1]], axis=1)


def _spike_prior(task: Task, state: State, normal: Array, gradient: Array) -> None:
    count = state.spikes.shape[1]
    place = np.arange(normal.shape[1] - 2 * count, normal.shape[1])
    weight = np.repeat([1 / _SPIKE_SIZE, 1 / _SPIKE_PLACE], count)
    normal[:, place, place] += weight**2
    gradient[:, place] -= _spike_off(task, state) * weight


def _projected_spikes(task: Task, state: State, data: Projected) -> tuple[Array, Array]:
    """Columns of the spikes in the whitened space: derivatives by ln resistance (the parts themselves) and by ln tau."""
    whole, moved = spike_parts(task.grid, state.spikes)
    return data.whiten(whole), data.whiten(moved)


def _prior_cost(task: Task, state: State, precision: Array, pull: Array) -> Array:
    bent = (precision @ state.values[:, :, None])[:, :, 0]
    return np.asarray(((bent - 2 * pull) * state.values).sum(axis=1) + (_spike_off(task, state) ** 2).sum(axis=1))


def _cost(task: Task, state: State, data: Projected, precision: Array, pull: Array) -> Array:
    gamma = gamma_of(task, state.values)
    predicted = data.seen(gamma) + (data.terms @ state.terms[:, :, None])[:, :, 0]
    if state.spikes.shape[1]:
        predicted = predicted + _projected_spikes(task, state, data)[0].sum(axis=2)
    return np.asarray(((data.data - predicted) ** 2).sum(axis=1)) + _prior_cost(task, state, precision, pull)


def _moved(task: Task, state: State, step: Array) -> State:
    size, count = task.grid.basis.shape[1], state.spikes.shape[1]
    spikes = state.spikes
    if count:
        spikes = spikes + np.stack([step[:, size + 4 : size + 4 + count], step[:, size + 4 + count :]], axis=2)
    return replace(
        state, values=state.values + step[:, :size], terms=state.terms + step[:, size : size + 4], spikes=spikes
    )


def _freedom(covariance: Array, precision: Array, task: Task) -> Array:
    """How many parameters the data have fixed."""
    size = precision.shape[1]
    shared = (covariance[:, :size, :size] * precision).sum(axis=(1, 2))
    return np.asarray(size - shared + task.allowed.sum(axis=1))


def _finish(task: Task, state: State) -> State:
    """Covariance and evidence where the walk ended."""
    std, _, _ = _weights(task, state)
    projected = project(span(task.grid), task.data, task.used / std**2)
    stiffness = np.exp(-task.prior.variance(state.bends))
    slopes, pull = task.prior.slopes(state.values, len(stiffness), robust=True)
    precision, pull = _with_neighbours(task, task.prior.from_stiffness(stiffness, slopes), pull)
    normal, _, cost = _normal(task, state, projected, precision, pull)
    place = np.arange(normal.shape[1])
    sign, volume = np.linalg.slogdet(normal)
    if (sign <= 0).any():
        normal[:, place, place] *= 1 + 1e-10
    state.covariance = np.asarray(np.linalg.inv(normal), dtype=float)
    _, before = np.linalg.slogdet(precision)
    residual = task.data - model_of(task, state)
    state.cost = (task.used * (residual / std) ** 2).sum(axis=1)
    centre = np.linalg.solve(precision, pull[:, :, None])[:, :, 0]
    constant = (centre * pull).sum(axis=1)
    state.freedom = _freedom(state.covariance, precision, task)
    loud = (task.used * np.log(std)).sum(axis=1)
    state.evidence = (
        -0.5 * (cost + projected.rest + constant) - loud + 0.5 * (before - volume) - 0.5 * (state.bends**2).sum(axis=1)
    )
    state.evidence -= state.spikes.shape[1] * np.log(_SPIKE_SIZE * _SPIKE_PLACE)
    return state
