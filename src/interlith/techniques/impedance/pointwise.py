"""What would change if one point of a spectrum were left out, or taken back: everything a page needs to say so at once?

Each analysis of a spectrum is handed over as its linear part at the optimum: derivatives of the weighted model, weighted
residuals, and the curvature that the prior adds. Leaving points out then moves the parameters by one step of Gauss and
Newton: exact for the Kramers-Kronig test, first order for a circuit and for relaxation times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.model import Decision, Series
from interlith.numerics.kramers_kronig.ladder import ladder, ridge, stacked
from interlith.numerics.relaxation import Distributions, distributions
from interlith.numerics.relaxation.linear import derivatives
from interlith.physics.circuits.element import Grid
from interlith.physics.circuits.fitted import CircuitFit
from interlith.physics.circuits.fitting import fit_circuit
from interlith.techniques.impedance.circuit_choice import choose_for
from interlith.techniques.impedance.circuit_line import stacked as stacked_spectra
from interlith.techniques.impedance.spectra import Spectrum, spectra_of
from interlith.techniques.impedance.validity import used_points, validate

Array = NDArray[np.float64]
#: Time constants of the ladder in a decade, and decades beyond the window.
_PER_DECADE, _BEYOND = 5.0, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """An analysis of one spectrum near its optimum; rows are the real parts of all points, then the imaginary ones.

    Parameters
    ----------
    kind
        ``ladder``, ``circuit`` or ``relaxation``.
    title
        In words, for the page.
    names, units, values, logarithmic
        Parameters (p,), and which of them are moved as logarithms.
    jacobian
        Derivatives of the model over the standard uncertainties, shape (2n, p); also of points that were not used.
    residual
        Data minus model over the standard uncertainties, shape (2n,).
    prior
        Curvature that does not come from points, shape (p, p).
    size
        (ohm), shape (n,): standard uncertainty of real and imaginary part.
    places, shown
        Of a distribution: time constants (s), shape (k,), and what the logarithm of the distribution there is made of the
        parameters, shape (k, p).
    """

    kind: str
    title: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    logarithmic: NDArray[np.bool_]
    jacobian: Array
    residual: Array
    prior: Array
    size: Array
    places: Array = field(default_factory=lambda: np.zeros(0))
    shown: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def without(self, used: NDArray[np.bool_], now: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Values and standard uncertainties (p,) with other points.

        Parameters
        ----------
        used, now
            Points of the fit as it is, and those to be used instead, shape (n,).

        Notes
        -----
        At the optimum the gradient over the used points and the prior vanishes; what is left of it over the new points is
        that of the rows that changed sides. Uncertainties of a circuit follow the scatter of the points that are left.
        """
        rows = np.concatenate([now, now])
        change = rows.astype(float) - np.concatenate([used, used])
        kept = self.jacobian[rows]
        curvature = kept.T @ kept + self.prior
        step = np.linalg.solve(curvature, self.jacobian.T @ (change * self.residual))
        values = np.where(self.logarithmic, self.values * np.exp(step), self.values + step)
        spread = np.sqrt(np.maximum(np.diag(np.linalg.inv(curvature)), 0.0))
        if self.kind == "circuit":
            left = (self.residual - self.jacobian @ step)[rows]
            spread = spread * np.sqrt(left @ left / max(left.size - step.size, 1))
        return values, np.where(self.logarithmic, values, 1.0) * spread


@dataclass(frozen=True, slots=True, eq=False)
class Pointwise:
    """One spectrum with its points by name and the analyses that depend on them."""

    spectrum: Spectrum
    points: tuple[str, ...]
    parts: tuple[Linearised, ...]


def of_ladder(spectrum: Spectrum) -> Linearised:
    """The linear Kramers-Kronig test with the strength of its prior held."""
    used, size = spectrum.used, np.abs(spectrum.impedance)
    kept = spectrum.frequency[used]
    window = (float(kept.min()), float(kept.max()))
    columns = stacked(ladder(spectrum.frequency, window, per_decade=_PER_DECADE, beyond=_BEYOND) / size[:, None])
    rows = np.concatenate([used, used])
    norms = np.sqrt(np.mean(np.square(columns[rows]), axis=0))
    columns = columns / norms
    data = stacked(spectrum.impedance / size)
    found = ridge(columns[rows], data[rows])
    noise = float(np.sqrt(found.variance))
    count = columns.shape[1]
    return Linearised(
        "ladder", "Kramers-Kronig residual", tuple(str(k) for k in range(count)), ("1",) * count, found.coefficients,
        np.zeros(count, dtype=bool), columns / noise, (data - columns @ found.coefficients) / noise,
        np.eye(count) / (found.strength * found.variance), noise * size,
    )  # fmt: skip


def of_circuit(spectrum: Spectrum, fit: CircuitFit, member: int) -> Linearised:
    """A circuit as it was fitted to the used points of a spectrum, with its weights; unused points get them by their modulus."""
    values = fit.values[member]
    model, slopes = fit.circuit.with_slopes(values[None], Grid(spectrum.frequency))
    held = fit.sizes[member, : spectrum.frequency.size]
    used, modulus = spectrum.used, np.abs(model[0])
    other = held if fit.weights == "unit" else modulus * float(np.median(held[used] / modulus[used]))
    size = np.where(used, held, other) * (1.0 if fit.weights == "given" else float(fit.scatter[member]))
    factor = np.where(fit.logarithmic, values, 1.0)
    jacobian = np.concatenate([slopes[0].real, slopes[0].imag], axis=1) * factor[:, None] / np.concatenate([size, size])
    return Linearised(
        "circuit", str(fit.circuit), fit.names, fit.circuit.units, values, fit.logarithmic, jacobian.T,
        stacked(spectrum.impedance - model[0]) / np.concatenate([size, size]), np.zeros((values.size, values.size)), size,
    )  # fmt: skip


def of_relaxation(spectrum: Spectrum, found: Distributions, member: int) -> Linearised:
    """A distribution of relaxation times with the strengths of its prior held; non-negative ones only."""
    bands, grid = found.bands[member], found.grid
    size = found.std[member]
    jacobian = derivatives(found, member) / size[:, None]
    rows = np.concatenate([spectrum.used, spectrum.used])
    inside = grid.inside
    shown = np.zeros((int(inside.sum()), bands.centre.size))
    shown[:, : bands.size] = grid.basis[inside]
    names = tuple(str(k) for k in range(bands.centre.size))
    count = spectrum.frequency.size
    return Linearised(
        "relaxation", "relaxation times", names, ("1",) * bands.centre.size, bands.centre, np.zeros(bands.centre.size, dtype=bool),
        jacobian, stacked(found.residuals[member]) / size,
        np.linalg.inv(bands.covariance) - jacobian[rows].T @ jacobian[rows], size[:count],
        np.exp(grid.log_tau[inside]), shown,
    )  # fmt: skip


def pointwise_of(
    series: Series, options: Mapping[str, Any], decisions: Sequence[Decision] = (), *, most: int | None = None
) -> tuple[Pointwise, ...]:
    """Every spectrum of a series with the Kramers-Kronig test and, where a circuit is asked for, its fit.

    Parameters
    ----------
    series
        Spectra.
    options
        Words of ``analyses: impedance:``; ``circuit``, ``weights``, ``parameters``, ``window``, ``against`` are read.
    decisions
        Of people about points.
    most
        At most so many spectra, spread over the series.

    Raises
    ------
    FitError
        If a measurement holds no spectrum or the circuit is none.
    """
    window, against = options.get("window"), options.get("against")
    checked = validate(series, window=window, against=against, limit=options.get("limit"), decisions=decisions)
    spectra = used_points(spectra_of(series, against=against, window=window), checked)
    if most is not None and len(spectra) > most:
        spectra = tuple(spectra[k] for k in np.unique(np.linspace(0, len(spectra) - 1, most).round().astype(int)))
    parts = [[of_ladder(one)] for one in spectra]
    for one, own in zip(spectra, parts, strict=True):
        own.append(of_relaxation(one, distributions(one.frequency, one.impedance, used=one.used), 0))
    text, weights = options.get("circuit"), str(options.get("weights") or "modulus")
    if text == "auto":
        text, _ = choose_for(spectra, None, weights)
    if text:
        frequency, impedance = stacked_spectra(spectra)
        fit = fit_circuit(frequency, impedance, str(text), weights=weights, parameters=options.get("parameters"))
        for member, (one, own) in enumerate(zip(spectra, parts, strict=True)):
            if fit.converged[member]:
                own.append(of_circuit(one, fit, member))
    return tuple(pointwise(one, own) for one, own in zip(spectra, parts, strict=True))


def pointwise(spectrum: Spectrum, parts: Sequence[Linearised]) -> Pointwise:
    """A spectrum with its analyses."""
    return Pointwise(spectrum, tuple(spectrum.point(k) for k in range(spectrum.frequency.size)), tuple(parts))
