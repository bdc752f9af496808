"""Which process of one spectrum is which process of the next, along a whole series?

One assignment problem: every process of a spectrum is linked to at most one of the next spectra, at the cost of how far time constant and resistance move; a link may skip a few spectra at
extra cost. Chains of links are the identities, numbered by their time constant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float64]

#: Costs: of one step in ln tau and in ln resistance squared, of a spectrum without the process, and above which no link is made.
_PER_TAU, _PER_RESISTANCE, _PER_GAP, _DEAREST = 1.0, 0.25, 1.0, 4.0
#: Spectra that a process may be missing from.
_SKIP = 3


def track(log_tau: Sequence[Array], resistance: Sequence[Array]) -> list[NDArray[np.intp]]:
    """Identity of each process of each spectrum of a series, from 1 by time constant.

    Parameters
    ----------
    log_tau, resistance
        Per spectrum, in the order of the series, its processes: ln tau, and resistance (ohm), shape (p_j,).

    Returns
    -------
    list
        Per spectrum, shape (p_j,): equal numbers are the same process.

    Notes
    -----
    Solved as one minimum-cost path cover: a bipartite assignment of all processes as ends to all processes as beginnings of links. Where the course of ln tau over the
    last spectra is known, a link is measured from where that course leads, so that crossing processes keep their names.
    """
    places = [(spectrum, number) for spectrum, one in enumerate(log_tau) for number in range(len(one))]
    if not places:
        return [np.zeros(0, dtype=np.intp) for _ in log_tau]
    spectra = np.array([place[0] for place in places])
    tau = np.concatenate([np.asarray(one, dtype=float) for one in log_tau])
    size = np.log(np.maximum(np.abs(np.concatenate([np.asarray(one, dtype=float) for one in resistance])), 1e-300))
    drift = np.zeros((2, tau.size))
    chain = _chains(_links(spectra, tau, size, drift))
    for _ in range(2):
        # Second look: the courses found so far say where each process leads.
        drift = _drifts(chain, spectra, tau, size)
        chain = _chains(_links(spectra, tau, size, drift))
    names = _numbered(chain, tau)
    bounds = np.cumsum([len(one) for one in log_tau])[:-1]
    return [np.asarray(part, dtype=np.intp) for part in np.split(names, bounds)]


def _links(spectra: NDArray[np.intp], tau: Array, size: Array, drift: Array) -> NDArray[np.intp]:
    """For each process the one that follows it, -1 where none."""
    gap = spectra[None, :] - spectra[:, None]
    allowed = (gap >= 1) & (gap <= 1 + _SKIP)
    ahead = tau[:, None] + drift[0][:, None] * gap
    ahead_size = size[:, None] + drift[1][:, None] * gap
    cost = _PER_TAU * (tau[None] - ahead) ** 2 + _PER_RESISTANCE * (size[None] - ahead_size) ** 2 + _PER_GAP * (gap - 1)
    count = tau.size
    # Every process may also end, each at the price of the dearest link.
    table = np.full((count, 2 * count), 1e6)
    table[:, :count] = np.where(allowed & (cost < _DEAREST), cost, 1e6)
    table[np.arange(count), count + np.arange(count)] = _DEAREST
    _, columns = linear_sum_assignment(table)
    return np.where(columns < count, columns, -1)


def _chains(links: NDArray[np.intp]) -> NDArray[np.intp]:
    """Chain of each process, from 0."""
    chain = np.full(links.size, -1, dtype=np.intp)
    followed = set(links[links >= 0].tolist())
    number = 0
    for first in range(links.size):
        if first in followed:
            continue
        place = first
        while place >= 0:
            chain[place] = number
            place = int(links[place])
        number += 1
    return chain


def _drifts(chain: NDArray[np.intp], spectra: NDArray[np.intp], tau: Array, size: Array) -> Array:
    """Slope per spectrum of ln tau and ln resistance of each process, from up to four members of its chain so far."""
    made = np.zeros((2, tau.size))
    for number in range(int(chain.max()) + 1):
        members = np.flatnonzero(chain == number)
        for end in range(3, members.size + 1):
            last = members[max(0, end - 4) : end]
            x = spectra[last] - spectra[last].mean()
            made[:, last[-1]] = [float(x @ tau[last] / (x @ x)), float(x @ size[last] / (x @ x))]
    return made


def _numbered(chain: NDArray[np.intp], tau: Array) -> NDArray[np.intp]:
    """Names from 1 by the median time constant of each chain."""
    middle = np.array([np.median(tau[chain == number]) for number in range(int(chain.max()) + 1)])
    rank = np.empty(middle.size, dtype=np.intp)
    rank[np.argsort(middle, kind="stable")] = np.arange(1, middle.size + 1)
    return rank[chain]
