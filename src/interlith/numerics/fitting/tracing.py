"""Where do derivatives come from when nobody derived them by hand: a function traced through JAX, alone or as the first
link of a chain?

Shapes are static and data are arguments, so one model shape is compiled once; the compiled code is kept on disk and a
later process loads it. On a machine with an accelerator the same call sums the normal equations there.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from interlith.errors import MissingDependency
from interlith.numerics.fitting.losses import Linear, Loss, Poisson
from interlith.numerics.fitting.parameters import Array, Parameters
from interlith.numerics.fitting.problem import Curves, Guess, Members, Model, Normal

#: Smallest batch that is compiled; larger ones are padded to powers of two, so that a shrinking batch compiles little.
_SMALLEST = 1
_KEPT = "INTERLITH_COMPILED"


def jax_module() -> Any:
    """JAX in double precision, with its compiled code kept on disk.

    The folder is ``INTERLITH_COMPILED``, by default one in the user's cache; an empty value keeps nothing.

    Raises
    ------
    MissingDependency
        If JAX is not installed.
    """
    try:
        jax: Any = importlib.import_module("jax")
    except ImportError as error:
        raise MissingDependency(
            "Tracing a model needs JAX, which is not installed; install interlith[autodiff], or derive the model by hand."
        ) from error
    jax.config.update("jax_enable_x64", True)
    folder = os.environ.get(_KEPT)
    if folder is None:
        from platformdirs import user_cache_path

        folder = str(user_cache_path("interlith") / "compiled")
    if folder and jax.config.jax_compilation_cache_dir is None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return jax


def traced(function: Callable[..., Any], *data: ArrayLike) -> Model:
    """A model with derivatives from a function of JAX arrays.

    Parameters
    ----------
    function
        Parameters (p,) and one member's data -> model (n,) or intermediate numbers (r,), written with ``jax.numpy``.
    data
        Arrays handed to the function; one whose first axis counts members, shape (m, ...), is split by member, a
        one-dimensional one or a number is common to all.

    Returns
    -------
    Values (b, p) and members (b,) -> model (b, n) and derivatives (b, p, n).

    Raises
    ------
    MissingDependency
        If JAX is not installed.

    Notes
    -----
    Forward mode: the cost grows with the number of parameters. For sums over many points (a powder profile) trace only the
    step from parameters to the list of peaks, and chain the sum by hand (`chained`).
    """
    jax = jax_module()
    arrays = [np.asarray(item, dtype=np.float64) for item in data]
    split = tuple(0 if item.ndim > 1 else None for item in arrays)

    def both(values: Any, *parts: Any) -> tuple[Any, Any]:
        return function(values, *parts), jax.jacfwd(function)(values, *parts).T

    compiled = jax.jit(jax.vmap(both, in_axes=(0, *split)))

    def model(values: Array, which: Members) -> tuple[Array, Array]:
        count = len(values)
        rows = _padded(count)
        parts = [item if axis is None else item[which[rows]] for item, axis in zip(arrays, split, strict=True)]
        found, derivatives = compiled(values[rows], *parts)
        return np.asarray(found)[:count], np.asarray(derivatives)[:count]

    return model


def _padded(count: int) -> Members:
    """Row numbers of a batch, the last one repeated up to a power of two."""
    size = _SMALLEST
    while size < count:
        size *= 2
    return np.minimum(np.arange(size), count - 1)


def chained(first: Model, second: Callable[[Array, Members], tuple[Array, Array]]) -> Model:
    """Model of a model: numbers of the first (peak positions, widths, areas) are the arguments of the second (their sum).

    Parameters
    ----------
    first
        Values (b, p) -> numbers (b, r) and their derivatives (b, p, r): traced, or by hand.
    second
        Numbers (b, r) and members (b,) -> model (b, n) and derivatives (b, r, n), by hand.
    """

    def model(values: Array, which: Members) -> tuple[Array, Array]:
        numbers, inner = first(values, which)
        found, outer = second(numbers, which)
        return found, np.matmul(inner, outer)

    return model


class TracedCurves(Curves):
    """`Curves` of a function of JAX arrays; on an accelerator the sums over points stay there.

    Parameters
    ----------
    parameters, observed, std, guess
        As for `Curves`.
    function, data
        As for `traced`.
    sums
        Whether the normal equations are summed by the compiled code too: ``True``, ``False``, or ``None`` for where there is an
        accelerator. Losses other than least squares and Poisson are summed by NumPy in any case.

    Raises
    ------
    MissingDependency
        If JAX is not installed.
    FitError
        As `Curves`.
    """

    __slots__ = ("_arrays", "_compiled")
    _arrays: list[Array]
    _compiled: dict[str, Callable[..., Any]]

    def __init__(
        self, parameters: Parameters, observed: ArrayLike, function: Callable[..., Any], *data: ArrayLike,
        std: ArrayLike | None = None, guess: Guess | None = None, sums: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parameters, observed, traced(function, *data), std=std, guess=guess)
        wanted = any(kind != "cpu" for kind in devices()) if sums is None else sums
        arrays = [np.asarray(item, dtype=np.float64) for item in data]
        object.__setattr__(self, "_arrays", arrays)
        object.__setattr__(self, "_compiled", _normal_of(function, arrays) if wanted else {})

    def normal(self, values: Array, which: Members, loss: Loss) -> Normal:
        """See `Problem`."""
        compiled = self._compiled.get(loss.name)
        if compiled is None:
            return Curves.normal(self, values, which, loss)
        count, rows = len(values), _padded(len(values))
        members = which[rows]
        std = np.ones((1, 1)) if self.std is None else self.std[members]
        std = np.broadcast_to(std, (len(rows), self.observed.shape[1]))
        parts = [item if item.ndim < 2 else item[members] for item in self._arrays]
        found = compiled(values[rows], self.observed[members], std, self.used[members], *parts)
        cost, gradient, hessian = (np.array(item[:count]) for item in found)
        return Normal(np.where(np.isnan(cost), np.inf, cost), gradient, hessian)


def _normal_of(function: Callable[..., Any], arrays: Sequence[Array]) -> dict[str, Callable[..., Any]]:
    """Compiled normal equations by the name of the loss."""
    jax = jax_module()
    numpy = jax.numpy
    split = tuple(0 if item.ndim > 1 else None for item in arrays)

    def by(poisson: bool) -> Callable[..., Any]:
        def one(values: Any, observed: Any, std: Any, used: Any, *parts: Any) -> tuple[Any, Any, Any]:
            model, derivatives = function(values, *parts), jax.jacfwd(function)(values, *parts)
            if poisson:
                rate = numpy.where(model > 0, model, 1.0)
                counted = numpy.where(observed > 0, observed, 1.0)
                cost = 2.0 * (rate - observed + observed * numpy.log(counted / rate))
                cost = numpy.where(model > 0, cost, numpy.inf)
                slope, weight = 1.0 - observed / rate, 1.0 / rate
            else:
                weight = 1.0 / std**2
                slope = (model - observed) * weight
                cost = slope * (model - observed)
            cost, slope, weight = (numpy.where(used, item, 0.0) for item in (cost, slope, weight))
            return cost.sum(), derivatives.T @ slope, (derivatives.T * weight) @ derivatives

        return cast(Callable[..., Any], jax.jit(jax.vmap(one, in_axes=(0, 0, 0, 0, *split))))

    return {Linear().name: by(poisson=False), Poisson().name: by(poisson=True)}


def devices() -> Sequence[str]:
    """Kinds of the devices JAX would use (``cpu``, ``gpu``); empty without JAX."""
    try:
        jax = jax_module()
    except MissingDependency:
        return ()
    return tuple(device.platform for device in jax.devices())
