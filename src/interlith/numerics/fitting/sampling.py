"""Which parameters are plausible, drawn from the likelihood between the bounds?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError, MissingDependency
from interlith.numerics.fitting.parameters import Array
from interlith.numerics.fitting.reduced import reduced
from interlith.numerics.fitting.result import Fit, check_member


def sampled(found: Fit, member: int, *, draws: int = 2000, seed: int = 20261127) -> Array:
    """Parameters drawn from the posterior of one member, shape (draws, p), flat in the parameters between their bounds.

    Parameters
    ----------
    found
        Where the walkers start.
    member
        Which member.
    draws
        How many are kept of the second half of the walk.

    Raises
    ------
    MissingDependency
        If emcee is not installed.
    FitError
        If the fit of the member failed, its cost is no likelihood, or members are coupled.

    Notes
    -----
    With stated errors the density is ``exp(-cost / 2)``; where the scatter gives their size that size is integrated out,
    which leaves ``cost ** (-n / 2)``. Assumption that fails first: a flat prior; a parameter that the data do not bound needs
    bounds that mean something.

    References
    ----------
    Foreman-Mackey et al. 2013, 10.1086/670067.
    """
    try:
        import emcee
    except ImportError as error:
        raise MissingDependency(
            "Sampling needs emcee, which is not installed; install interlith[sampling], or ask for method='profile'."
        ) from error
    _check(found, member)
    problem, space = found.problem, reduced(found.problem)
    places = np.array(found.parameters.independent)
    free = np.flatnonzero(~space.held[member])
    centre = found.values[member, places]
    scaled = "chi squared per" in found.basis
    points = float(problem.points[member])

    def whole(walkers: Array) -> Array:
        inner = np.repeat(centre[None], len(walkers), axis=0)
        inner[:, free] = walkers
        return inner

    def density(walkers: Array) -> Array:
        inner = whole(walkers)
        which = np.full(len(inner), member, dtype=np.intp)
        cost = problem.normal(space.full(inner), which, found.loss).cost
        box = space.box(inner, which)
        inside = ((box.low <= 0) & (box.high >= 0) | box.held).all(axis=1)
        inside &= ((box.row_low <= 0) & (box.row_high >= 0)).all(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            log = -0.5 * points * np.log(cost) if scaled else -0.5 * cost
        return np.where(inside & np.isfinite(log), log, -math.inf)

    walkers = max(2 * len(free) + 2, 32)
    begun = _begun(found, member, places[free], centre[free], walkers, density, np.random.default_rng(seed))
    rounds = max(200, 2 * math.ceil(draws / walkers) * 2)
    sampler = emcee.EnsembleSampler(walkers, len(free), density, vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(begun, rounds, skip_initial_state_check=True)
    chain = sampler.get_chain(discard=rounds // 2, flat=True)
    kept = chain[np.linspace(0, len(chain) - 1, draws).astype(int)]
    return space.full(whole(kept))


def _check(found: Fit, member: int) -> None:
    check_member(found, member)
    if not (found.loss.quadratic or found.loss.likelihood):
        raise FitError(
            f"The {found.loss.name} loss is no likelihood, so nothing can be sampled from it; ask for method='bootstrap'."
        )
    if found.parameters.flags("shared").any() or np.isfinite(found.parameters.smoothness()).any():
        raise FitError("A coupled series is not sampled; ask for method='profile' or 'covariance'.")


def _begun(
    found: Fit, member: int, places: NDArray[np.intp], centre: Array, walkers: int, density: Callable[[Array], Array],
    random: np.random.Generator,
) -> Array:  # fmt: skip
    """Starts of the walkers about the fit, all of them where the density is not zero."""
    sizes = found.std[member, places]
    sizes = np.where(np.isfinite(sizes) & (sizes > 0), sizes, np.maximum(np.abs(centre), 1e-6) * 1e-3)
    begun = centre + sizes * random.standard_normal((walkers, len(centre)))
    for _ in range(60):
        outside = ~np.isfinite(density(begun))
        if not outside.any():
            break
        sizes = sizes * 0.7
        begun[outside] = centre + np.abs(sizes) * random.standard_normal((int(outside.sum()), len(centre)))
    return np.asarray(begun)
