"""What came out of the fit of a circuit: values, uncertainties, curves, and the components of any number made of them?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting import Fit
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.element import Array, Complex


@dataclass(frozen=True, slots=True, eq=False)
class CircuitFit:
    """Fits of one circuit to m spectra.

    Parameters
    ----------
    circuit
        What was fitted.
    solution
        The fit as the fitter knows it: positive parameters as logarithms.
    values
        (units of the parameters), shape (m, p).
    frequency, observed, fitted, used
        (Hz), (ohm), (ohm) and whether a point was used, shape (m, n), as they were handed over.
    sizes
        (ohm), shape (m, n): standard uncertainties of real and imaginary part; without given ones, up to a factor.
    weights
        ``unit``, ``modulus``, ``noise`` or ``given``.
    logarithmic
        Which parameters are fitted as logarithms, shape (p,).
    shared
        Names of parameters that have one value for all spectra.
    pinned
        Parameters on a plateau, shape (m, p): held where they stand so that the others could be found; their uncertainty is infinite.
    free
        The fit for profiles, in which they are not held.
    """

    circuit: Circuit
    solution: Fit
    values: Array
    frequency: Array
    observed: Complex
    fitted: Complex
    used: NDArray[np.bool_]
    sizes: Array
    weights: str
    logarithmic: NDArray[np.bool_]
    shared: tuple[str, ...]
    pinned: NDArray[np.bool_]
    free: Fit

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.circuit.names

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which spectra were fitted, shape (m,)."""
        return self.solution.converged

    @property
    def std(self) -> Array:
        """(units of the parameters), shape (m, p): standard uncertainties, ``inf`` where unknown."""
        return np.asarray(self.relative_std * self._factor)

    @property
    def relative_std(self) -> Array:
        """Standard uncertainties relative to the value; of exponents absolute, shape (m, p)."""
        return np.where(self.pinned, math.inf, self.solution.std)

    @property
    def _factor(self) -> Array:
        return np.where(self.logarithmic, self.values, 1.0)

    @property
    def covariance(self) -> Array:
        """(units of the parameters), shape (m, p, p)."""
        factor = self._factor
        return np.asarray(self.solution.covariance * factor[:, :, None] * factor[:, None, :])

    @property
    def basis(self) -> str:
        """What the covariance rests on, in words."""
        return self.solution.basis

    @property
    def scatter(self) -> Array:
        """(share of `sizes`), shape (m,): root of chi squared per degree of freedom; with modulus weights the relative noise."""
        return np.sqrt(self.solution.reduced_cost)

    def value(self, name: str, member: int = 0) -> float:
        """Value of one parameter."""
        return float(self.values[member, self.circuit.index(name)])

    def uncertainty(self, name: str, member: int = 0) -> float:
        """Standard uncertainty of one parameter."""
        return float(self.std[member, self.circuit.index(name)])

    def reason(self, member: int = 0) -> str:
        """One sentence on how a spectrum ended; empty where all is well."""
        return self.solution.reason(member)

    def gradient(self, slopes: Mapping[str, float], member: int) -> dict[str, float]:
        """Derivatives with respect to parameters turned into those the fitter moved."""
        factor = self._factor[member]
        return {name: slope * float(factor[self.circuit.index(name)]) for name, slope in slopes.items()}

    def components(
        self, slopes: str | Mapping[str, float], prefix: str, member: int = 0, *, common: str = ""
    ) -> dict[str, float]:
        """Uncertainty by component of a parameter, or of a number with these derivatives with respect to parameters.

        All numbers of one spectrum with one `prefix` share their sources, so that what is common cancels in a ratio.

        Parameters
        ----------
        slopes
            Name of a parameter, or name -> derivative.
        prefix
            Of the sources of this spectrum.
        member
            Which spectrum.
        common
            Of the sources of parameters that all spectra share; empty where nothing is shared.

        Raises
        ------
        FitError
            If a name is unknown.

        Notes
        -----
        What smoothness along a series makes alike in neighbours is not in the components: their differences are then overstated.
        """
        wanted = self.gradient({slopes: 1.0} if isinstance(slopes, str) else slopes, member)
        open_ = [name for name, slope in wanted.items() if slope and self.pinned[member, self.circuit.index(name)]]
        if open_:
            return {f"{prefix}/{name}": math.inf for name in open_}
        if not self.shared or not common:
            return self.solution.components(wanted, prefix, member)
        order = sorted(range(len(self.names)), key=lambda k: self.names[k] not in self.shared)
        covariance = self.solution.covariance[member]
        known = [k for k in order if 0 < covariance[k, k] < math.inf]
        unknown = [name for name in wanted if not math.isfinite(covariance[self.circuit.index(name)].max())]
        if unknown:
            return {f"{prefix}/{name}": math.inf for name in unknown}
        sizes = np.sqrt(np.diag(covariance)[known])
        scaled = covariance[np.ix_(known, known)] / sizes[:, None] / sizes[None, :]
        # Shared parameters come first: their columns are the same for every spectrum of the series.
        factor = np.linalg.cholesky(scaled + 1e-12 * np.eye(len(known))) * sizes[:, None]
        parts: dict[str, float] = {}
        for column, k in enumerate(known):
            source = f"{common if self.names[k] in self.shared else prefix}/{column}"
            size = sum(
                wanted.get(self.names[row], 0.0) * float(factor[place, column]) for place, row in enumerate(known)
            )
            if size:
                parts[source] = size
        return parts

    def information(self) -> tuple[Array, Array]:
        """Akaike (corrected) and Bayesian information criteria of every spectrum, shape (m,); lower is better.

        Notes
        -----
        Gaussian errors of known ratios and unknown size, so that the size counts as a parameter. Comparable between circuits only
        for the same points and the same `sizes`.
        """
        points = 2.0 * self.used.sum(axis=1)
        free = points - self.solution.dof + 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            base = points * np.log(self.solution.cost / points)
            corrected = np.where(points > free + 1, 2 * free + 2 * free * (free + 1) / (points - free - 1), math.inf)
        return np.asarray(base + corrected), np.asarray(base + free * np.log(points))
