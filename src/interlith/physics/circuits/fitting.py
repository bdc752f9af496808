"""Which parameters of a circuit describe spectra best, with no starts from the user, and how sure are they?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.fitting import Curves, Fit, Parameter, Parameters, Settings
from interlith.numerics.fitting import fit as solve
from interlith.numerics.fitting.result import Errors
from interlith.physics.circuits.asked import Asked, asked
from interlith.physics.circuits.blocks import blocks_of, ordered
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import Array, Complex, Grid
from interlith.physics.circuits.fitted import CircuitFit
from interlith.physics.circuits.noise import check_weights, relative_std
from interlith.physics.circuits.spectra import Spectra, spectra_of
from interlith.physics.circuits.starts import starts_of

#: Evaluations of every start, then of the best few; the best of all is followed to its end.
_FIRST, _SECOND, _FEW = 10, 50, 3
#: Starts that are followed.
_USUAL, _MANY = 8, 24
#: A spectrum that is not at its end by then lies on a plateau: its circuit has parameters that it does not fix.
_LAST = Settings(most_steps=100, tolerance=1e-4)
#: Size of the residuals, relative to their stated uncertainties, that is assumed before the first fit has told it.
_NOISE = 1e-3
#: Standard deviation (natural logarithm) with which a parameter is held about the middle of what the spectrum could tell: a factor
#: of e^5 either way says nothing, yet a parameter that the data do not fix stays a number.
_LOOSE = 5.0
#: The same for a parameter that the first fit has shown to be known better than this: then it must not matter at all.
_FREE, _KNOWN = 1e3, 0.3
#: The same about the place itself, for a parameter whose plateau kept a fit from ending; and how many more fits that may take.
_NEAR, _PINNED = 0.3, 2
#: Fits with weights from the fit before: two leave a change of the weights of second order in the noise.
_REWEIGHTED = 2


@dataclass(frozen=True, slots=True)
class _Task:
    """What stays the same over the passes of one fit."""

    circuit: Circuit
    spectra: Spectra
    grid: Grid
    wanted: Asked
    logarithmic: NDArray[np.bool_]


def fit_circuit(
    frequency: ArrayLike,
    impedance: ArrayLike,
    circuit: str | Circuit,
    *,
    weights: str = "modulus",
    std: ArrayLike | None = None,
    parameters: Mapping[str, float | Mapping[str, float]] | None = None,
    shared: Sequence[str] = (),
    smooth: Mapping[str, float] | None = None,
    starts: int | None = None,
) -> CircuitFit:
    """Fit a circuit to one spectrum or many.

    Parameters
    ----------
    frequency
        (Hz), shape (n,) for all or (m, n), in any order; nan where a spectrum has no point.
    impedance
        (ohm), complex, shape (n,) or (m, n); nan where a point is not to be used.
    circuit
        As text or object.
    weights
        ``modulus``, ``unit`` or ``noise``, see `interlith.physics.circuits.noise`: the size of the scatter then comes from the
        residuals, and the covariance says so.
    std
        (ohm), shape (n,) or (m, n): standard uncertainty of real and imaginary part, taken at its word instead of `weights`.
    parameters
        Name -> value that is held, or name -> ``start``, ``low``, ``high``, ``fixed`` in units of the parameter.
    shared
        Names of parameters that have one value for all spectra.
    smooth
        Name -> change from one spectrum to the next (relative; absolute for exponents) if the series is to be smooth in it.
    starts
        How many of the starts that are found are followed; by default 8, or 24 where a part has three numbers or more to its shape.

    Returns
    -------
    CircuitFit
        Parts of one form are in order of their time constants, the lowest number the fastest. A spectrum that could not be fitted
        has infinite uncertainties and a reason.

    Raises
    ------
    FitError
        If the circuit, a name or a shape is wrong, or the circuit has more parameters than a spectrum has numbers.

    Notes
    -----
    Positive parameters are fitted as logarithms. Weights that depend on the modulus are taken from the fitted spectrum and
    refreshed. The assumption that fails first: that the circuit is the right one; a good fit does not show it.

    References
    ----------
    Boukamp 1986, 10.1016/0167-2738(86)90031-7 (complex non-linear least squares of circuits).
    """
    whole = circuit if isinstance(circuit, Circuit) else Circuit(circuit)
    check_weights(weights)
    spectra = spectra_of(frequency, impedance, std)
    wanted = asked(whole, parameters, shared, smooth)
    spectra.check(int((~wanted.fixed).sum()), whole.text)
    task = _Task(
        whole, spectra, Grid(spectra.frequency), wanted, np.array([one.logarithmic for one in whole.parameters])
    )
    sizes = relative_std(weights, spectra.impedance, None, spectra.used) if spectra.std is None else spectra.std
    blocks = blocks_of(whole)
    found = _from_starts(task, sizes, starts or (_MANY if any(block.involved for block in blocks) else _USUAL))
    made, sizes, anchors = _refined(task, found, sizes, weights)
    found = _outer(task, made.values)
    if wanted.coupled:
        made, sizes = _as_series(task, found, sizes, made, weights)
        anchors = replace(anchors, pinned=np.zeros_like(anchors.pinned))
    return _concluded(task, made, sizes, weights, anchors)


def _refined(task: _Task, found: Array, sizes: Array, weights: str) -> tuple[Fit, Array, Anchors]:
    """Fits followed to their ends, weights and anchors being taken from the fit before."""
    spectra, blocks, ended = task.spectra, blocks_of(task.circuit), False
    anchors = _first_anchors(task)
    for number in range(_REWEIGHTED + _PINNED):
        begun = ordered(blocks, found, task.wanted.touched)
        turned = not np.array_equal(begun, found)
        if number >= _REWEIGHTED and ended and not turned:
            break
        if turned:
            # Anchors belong to places in the circuit; what changes places begins with new ones.
            rows = (begun != found).any(axis=1)
            anchors = anchors.renewed(rows, _first_anchors(task))
        if spectra.std is None:
            model = task.circuit.with_slopes(begun, task.grid)[0]
            sizes = relative_std(weights, model, spectra.impedance - model, spectra.used)
        made = _solved(task, sizes, begun, anchors)
        found = _outer(task, made.values)
        ended, last = bool(made.converged.all()), anchors
        anchors = _next_anchors(task, made, anchors)
    return made, sizes, last


def _errors(spectra: Spectra) -> Errors:
    return "scaled" if spectra.std is None else "stated"


def _solved(task: _Task, sizes: Array, begun: Array, anchors: Anchors) -> Fit:
    problem = _problem(task, sizes, anchors=anchors)
    with np.errstate(invalid="ignore"):  # a bound that nothing pushes against is infinitely far from its end
        return solve(problem, start=_inner(task, begun), errors=_errors(task.spectra), retries=0, settings=_LAST)


def _scatter(made: Fit, spectra: Spectra) -> Array:
    """Size of the residuals in units of their uncertainties, shape (m,); one where these were given."""
    if spectra.std is not None:
        return np.ones(spectra.members)
    return np.maximum(np.sqrt(np.maximum(np.nan_to_num(made.reduced_cost), 0.0)), 1e-9)


def _first_anchors(task: _Task) -> Anchors:
    """Anchors in the middle of what the spectra could tell."""
    shape = (task.spectra.members, len(task.circuit.names))
    unit = 1.0 if task.spectra.std is not None else _NOISE
    middle = _inner(task, task.wanted.bounds(task.circuit, task.spectra)[2])
    return Anchors(middle, np.full(shape, _LOOSE / unit), np.zeros(shape, dtype=np.bool_))


def _next_anchors(task: _Task, made: Fit, anchors: Anchors) -> Anchors:
    """Anchors for the next fit: weaker where a parameter is known, at the place itself where its plateau kept a fit from ending.

    On a plateau (a resistance that is not there) the logarithm runs on and on; held near where it stands, all others come to their ends.
    """
    scatter = _scatter(made, task.spectra)[:, None]
    size = np.where(made.std < _KNOWN, _FREE, _LOOSE)
    centre, pinned = anchors.centre.copy(), anchors.pinned.copy()
    rows = np.flatnonzero(~made.converged & np.isfinite(made.cost))
    if rows.size:
        hessian = made.problem.normal(made.values[rows], rows, made.loss).hessian
        variance = np.einsum("bii->bi", np.linalg.pinv(hessian, hermitian=True)) * scatter[rows] ** 2
        moving = ~task.wanted.fixed & task.logarithmic
        unknown = (np.sqrt(np.maximum(variance, 0.0)) > _KNOWN) & moving
        pinned[rows] |= unknown
        centre[rows] = np.where(pinned[rows], made.values[rows], centre[rows])
    size = np.where(pinned, _NEAR, size)
    return Anchors(centre, size / scatter, pinned)


def _from_starts(task: _Task, sizes: Array, count: int) -> Array:
    """Values (m, p) of the lowest cost reached from the starts."""
    spectra, wanted = task.spectra, task.wanted
    blocks = blocks_of(task.circuit)
    size = len(task.circuit.names)
    begun = np.empty((spectra.members, count, size))
    weight = np.where(spectra.used, 1.0 / sizes, 0.0)
    for rows in spectra.groups():
        begun[rows] = starts_of(
            blocks, spectra.frequency[rows[0]], spectra.impedance[rows], weight[rows], count, wanted.held(task.circuit)
        )
    begun = np.where(np.isnan(wanted.start), begun, wanted.start)
    for steps, kept in ((_FIRST, _FEW), (_SECOND, 1)):
        if begun.shape[1] > 1:
            begun = _followed(task, sizes, begun, steps, kept)
    return np.asarray(begun[:, 0])


def _followed(task: _Task, sizes: Array, begun: Array, steps: int, kept: int) -> Array:
    """Starts (m, t, p) followed for some steps, the `kept` of lowest cost, best first."""
    members, count, size = begun.shape
    problem = _problem(task, sizes, np.repeat(np.arange(members), count))
    flat = _inner(task, begun.reshape(-1, size))
    tried = solve(problem, start=flat, errors="stated", retries=0, settings=Settings(most_steps=steps, tolerance=1e-3))
    cost = np.where(np.isfinite(tried.cost), tried.cost, np.inf).reshape(members, count)
    best = np.argsort(cost, axis=1, kind="stable")[:, :kept]
    reached = _outer(task, tried.values).reshape(members, count, size)
    return np.take_along_axis(reached, best[:, :, None], axis=1)


def _inner(task: _Task, values: Array) -> Array:
    """Values as they are fitted: logarithms of what is positive."""
    with np.errstate(divide="ignore"):
        return np.where(task.logarithmic, np.log(np.maximum(values, 1e-300)), values)


def _outer(task: _Task, inner: Array) -> Array:
    return np.where(task.logarithmic, np.exp(np.where(task.logarithmic, inner, 0.0)), inner)


def _problem(
    task: _Task, sizes: Array, base: NDArray[np.intp] | None = None, *, anchors: Anchors | None = None, coupled: bool = False
) -> Anchored:  # fmt: skip
    """The spectra (or members `base` of them) as curves, real parts in front of imaginary ones, then the anchors."""
    spectra, wanted = task.spectra, task.wanted
    rows = np.arange(spectra.members) if base is None else base
    low, high = (_inner(task, one[rows]) for one in wanted.bounds(task.circuit, spectra)[:2])
    held_near = anchors or _first_anchors(task)
    start = np.where(np.isnan(wanted.start), 1.0, wanted.start)
    held = _inner(task, start[None])[0]
    items = [
        Parameter(
            name, held[k], low=low[:, k], high=high[:, k], fixed=bool(wanted.fixed[k]),
            shared=coupled and name in wanted.shared, smooth=wanted.smooth.get(name) if coupled else None, scale=1.0,
        )
        for k, name in enumerate(task.circuit.names)
    ]  # fmt: skip
    # Part by part: a complex nan has an imaginary part of zero.
    real, imaginary = (
        np.where(spectra.used, part, np.nan)[rows] for part in (spectra.impedance.real, spectra.impedance.imag)
    )
    return Anchored(
        Parameters(items), np.concatenate([real, imaginary, held_near.centre[rows]], axis=1),
        _Model(task, None if base is None else base),
        np.concatenate([sizes[rows], sizes[rows], held_near.size[rows]], axis=1),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where parameters are held, how loosely (in units of the residuals) and which at a place on a plateau, shape (m, p) each."""

    centre: Array
    size: Array
    pinned: NDArray[np.bool_]

    def renewed(self, rows: NDArray[np.bool_], other: Anchors) -> Anchors:
        """Those of `other` for some members."""
        pairs = ((self.centre, other.centre), (self.size, other.size), (self.pinned, other.pinned))
        return Anchors(*(np.where(rows[:, None], new, old) for old, new in pairs))


class Anchored(Curves):
    """Curves whose last points hold the parameters, one each, so weakly that it matters only where the data say nothing.

    Without them a parameter that the data do not fix would run to the ends of the numbers. They count as no points.
    """

    __slots__ = ()

    def __init__(self, parameters: Parameters, observed: Array, model: _Model, std: Array) -> None:
        super().__init__(parameters, observed, model, std=std)

    @property
    def points(self) -> NDArray[np.intp]:
        """Number of points of every member without the anchors, shape (m,)."""
        return np.asarray(self.used.sum(axis=1) - len(self.parameters), dtype=np.intp)


class _Model:
    """The circuit as the fitter wants it; member k of the problem has the frequencies of member `base[k]`."""

    def __init__(self, task: _Task, base: NDArray[np.intp] | None) -> None:
        self.task, self.base = task, base

    def __call__(self, inner: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        task = self.task
        values = _outer(task, inner)
        found, slopes = task.circuit.with_slopes(values, task.grid.of(which if self.base is None else self.base[which]))
        count = found.shape[1]
        model = np.concatenate([found.real, found.imag, inner], axis=1)
        factor = np.where(task.logarithmic, values, 1.0)[:, :, None]
        derivatives = np.empty((*slopes.shape[:2], 2 * count + inner.shape[1]))
        np.multiply(slopes.real, factor, out=derivatives[:, :, :count])
        np.multiply(slopes.imag, factor, out=derivatives[:, :, count : 2 * count])
        derivatives[:, :, 2 * count :] = np.eye(inner.shape[1])
        return model, derivatives


def _as_series(task: _Task, found: Array, sizes: Array, made: Fit, weights: str) -> tuple[Fit, Array]:
    """All members as one problem, started from where each of them ended; shared parameters from their median."""
    inner, spectra = _inner(task, found), task.spectra
    scatter, anchors = _scatter(made, spectra), _next_anchors(task, made, _first_anchors(task))
    for name in task.wanted.shared:
        place = task.circuit.index(name)
        inner[:, place] = np.median(inner[:, place])
    for _ in range(_REWEIGHTED):
        # One factor stands for the errors of the whole series; what each spectrum scatters by itself goes into its weights.
        if spectra.std is None:
            model: Complex = task.circuit.with_slopes(_outer(task, inner), task.grid)[0]
            sizes = relative_std(weights, model, spectra.impedance - model, spectra.used)
        own = sizes * scatter[:, None]
        problem = _problem(task, own, anchors=replace(anchors, size=anchors.size * scatter[:, None]), coupled=True)
        made = solve(problem, start=inner, errors=_errors(spectra))
        inner = made.values
    return made, own


def _concluded(task: _Task, made: Fit, sizes: Array, weights: str, anchors: Anchors) -> CircuitFit:
    # What is held is that very number, not the exponential of its logarithm.
    values = np.where(task.wanted.fixed, task.wanted.start, _outer(task, made.values))
    spectra = task.spectra
    model = task.circuit.with_slopes(values, task.grid)[0]
    if not np.isfinite(values).all():
        raise FitError(f"The fit of {task.circuit.text} ran out of the numbers; give bounds for its parameters.")
    return CircuitFit(
        circuit=task.circuit, solution=made, values=values, frequency=spectra.frequency, observed=spectra.impedance,
        fitted=model, used=spectra.used, sizes=sizes, weights="given" if spectra.std is not None else weights,
        logarithmic=task.logarithmic, shared=task.wanted.shared, pinned=anchors.pinned, free=_unpinned(task, made, sizes, anchors),
    )  # fmt: skip


def _unpinned(task: _Task, made: Fit, sizes: Array, anchors: Anchors) -> Fit:
    """The same fit for profiles: what is pinned may move as far as the data let it."""
    if not anchors.pinned.any():
        return made
    size = np.where(anchors.pinned, _FREE / _scatter(made, task.spectra)[:, None], anchors.size)
    return replace(made, problem=_problem(task, sizes, anchors=replace(anchors, size=size)))
