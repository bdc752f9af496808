"""Which lines would a crystal put into a pattern, and how well do they account for the ones that are there?

Positions may be off by a zero and by a small strain, along the unique axis another one; what counts is how much of the observed area a crystal
explains, and what it promises that is not there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.radiation import Probe, XRays
from interlith.crystal.reflections import reflections
from interlith.crystal.structure import Structure
from interlith.crystal.structure_factors import structure_factors

Array = NDArray[np.float64]
Integers = NDArray[np.int_]

#: Largest strain and zero (deg) that are tried, and steps of the strain.
STRAIN, ZERO, _STEP = 0.015, 0.15, 0.001
#: Standard deviation of the strain that a candidate is expected to have: a crystal that fits without one is preferred.
USUAL_STRAIN = 0.007
#: Lines that a first look uses, over the strongest.
_STRONG = 0.03
#: This share of the predicted intensity may be missing (texture) before a crystal is taken to be absent.
_MISSING = 0.35
#: Predicted lines weaker than this share of the strongest are left out; displacement where a structure has none (angstrom^2).
_WEAK, _UNKNOWN_U = 1e-4, 0.008


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Lines of a crystal: indices (n, 3), d (angstrom), intensity over the strongest, share of the unique axis in 1/d^2; shape (n,)."""

    hkl: Integers
    spacing: Array
    intensity: Array
    axial: Array

    def two_theta(self, wavelength: float, zero: float = 0.0, strain: float = 0.0, axial: float = 0.0) -> Array:
        """Positions (deg) for a zero (deg) and strains along all axes and the unique one, shape (n,); nan where out of reach."""
        sine = wavelength / (2.0 * self.spacing * (1.0 + strain + axial * self.axial))
        return np.asarray(np.degrees(2.0 * np.arcsin(np.where(sine < 1.0, sine, math.nan))) + zero)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Observed lines: position, width (deg), area and its uncertainty, shape (k,); range looked at, least area that would be seen."""

    position: Array
    width: Array
    area: Array
    std: Array
    low: float
    high: float
    limit: float


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """How a crystal accounts for observed lines.

    Parameters
    ----------
    score
        Observed area that it explains less what it promises in vain, over all observed area.
    explained
        Share of the observed area.
    zero, strain, axial
        Shift of all lines (deg), relative strain of all axes, further strain of the unique axis.
    scale
        Area of its strongest line.
    area
        What it gives to each observed line, shape (k,).
    partner
        Observed line of each predicted one, -1 where none, shape (n,).
    missing
        Predicted lines that should stand out and are not there, shape (n,).
    misfit
        Root mean square distance of matched lines (deg).
    predicted
        The lines.
    """

    score: float
    explained: float
    zero: float
    strain: float
    axial: float
    scale: float
    area: Array
    partner: NDArray[np.intp]
    missing: NDArray[np.bool_]
    misfit: float
    predicted: Predicted


def predicted_lines(
    structure: Structure,
    wavelength: float,
    low: float,
    high: float,
    *,
    probe: Probe | None = None,
    polarisation: float = 0.5,
) -> Predicted:
    """Lines of a crystal in a range of two theta (deg), coinciding ones as one.

    Parameters
    ----------
    polarisation
        Share of the intensity polarised in the plane of diffraction: 0.5 for a tube.
    """
    longest = wavelength / (2.0 * math.sin(math.radians(max(low - 1.0, 0.5) / 2.0)))
    table = reflections(structure, two_theta_max=min(high + 1.0, 179.0), wavelength=wavelength, d_max=longest)
    table = table.where(table.inside)
    if not len(table):
        empty = np.zeros(0)
        return Predicted(np.zeros((0, 3), dtype=np.int_), empty, empty, empty)
    factors = structure_factors(structure, table.hkl, probe or XRays(wavelength), unknown_displacement=_UNKNOWN_U)
    theta = np.radians(table.two_theta(wavelength) / 2.0)
    polarised = polarisation * np.cos(2 * theta) ** 2 + (1.0 - polarisation)
    strength = table.multiplicity * np.abs(factors) ** 2 * polarised / (np.sin(theta) ** 2 * np.cos(theta))
    reciprocal = np.linalg.inv(structure.cell.metric)
    axial = table.hkl[:, 2] ** 2 * reciprocal[2, 2] * table.spacing**2
    same = np.concatenate([[0], np.cumsum(np.abs(np.diff(table.spacing)) > 1e-5 * table.spacing[1:])])
    total = np.bincount(same, weights=strength)
    first = np.unique(same, return_index=True)[1]
    kept = total > _WEAK * total.max()
    return Predicted(table.hkl[first][kept], table.spacing[first][kept], total[kept] / total.max(), axial[first][kept])


def match(predicted: Predicted, seen: Seen, wavelength: float, left: Array, *, uniaxial: bool = False) -> Match:
    """Best account of the observed lines by one crystal.

    Parameters
    ----------
    predicted, seen
        Lines of both sides.
    wavelength
        (angstrom).
    left
        Area of each observed line that no other crystal has explained, shape (k,).
    uniaxial
        Whether the unique axis may be strained by itself.

    Notes
    -----
    The area of the strongest line is the one that a third of the predicted intensity falls short of: lines that other crystals share are then too
    strong without harm. The assumption that fails first: a specimen without strong texture.
    """
    trials = [
        (strain, zero)
        for strain in np.arange(-STRAIN, STRAIN + _STEP / 2, _STEP)
        for zero in (-ZERO / 2, 0.0, ZERO / 2)
    ]
    rows = predicted.intensity > _STRONG
    strong = Predicted(predicted.hkl[rows], predicted.spacing[rows], predicted.intensity[rows], predicted.axial[rows])
    scored = [
        (_account(strong, seen, wavelength, left, (zero, strain, 0.0), loose=2.0).score, -abs(strain), strain, zero)
        for strain, zero in trials
    ]
    *_, strain, zero = max(scored)
    shift = (float(zero), float(strain), 0.0)
    for loose in (2.0, 1.5, 1.0):
        found = _account(predicted, seen, wavelength, left, shift, loose=loose)
        shift = _refined(found, seen, wavelength, shift, uniaxial)
    return _account(predicted, seen, wavelength, left, shift, loose=1.0)


def _account(
    predicted: Predicted, seen: Seen, wavelength: float, left: Array, shift: tuple[float, float, float], *, loose: float
) -> Match:
    place = predicted.two_theta(wavelength, *shift)
    inside = np.isfinite(place) & (place > seen.low) & (place < seen.high)
    apart = np.abs(np.where(inside, place, 1e9)[:, None] - seen.position[None])
    window = loose * 0.5 * np.maximum(seen.width, 0.02)
    partner = np.where((apart < window[None]).any(axis=1), np.argmin(apart / window[None], axis=1), -1)
    promised = np.zeros(seen.position.size)
    matched = partner >= 0
    np.add.at(promised, partner[matched], predicted.intensity[matched])
    ratio = np.divide(left, promised, out=np.zeros_like(left), where=promised > 0)
    weight = np.concatenate([promised[promised > 0], predicted.intensity[inside & ~matched]])
    ratios = np.concatenate([ratio[promised > 0], np.full(np.count_nonzero(inside & ~matched), 0.0)])
    scale = _quantile(ratios, weight, _MISSING)
    given = np.minimum(scale * promised, left)
    vain = np.where(inside & ~matched & (scale * predicted.intensity > seen.limit), scale * predicted.intensity, 0.0)
    too_much = np.maximum(scale * promised - left, 0.0)
    total = float(seen.area.sum())
    # What chance would match: the share of the range that lies within reach of some observed line.
    chance = min(0.95, float(2.0 * window.sum()) / (seen.high - seen.low))
    gain = float(given.sum() - vain.sum() - too_much.sum()) / total if total else 0.0
    reached = float(predicted.intensity[matched & inside].sum() / max(predicted.intensity[inside].sum(), 1e-300))
    worth = max(0.0, (reached - chance) / (1.0 - chance)) * math.exp(
        -0.5 * ((shift[1] + shift[2] / 3.0) / USUAL_STRAIN) ** 2
    )
    distance = apart[matched, partner[matched]]
    misfit = (
        float(np.sqrt(np.average(distance**2, weights=predicted.intensity[matched]))) if matched.any() else math.nan
    )
    return Match(
        gain * worth if gain > 0 else gain,
        float(given.sum()) / total if total else 0.0,
        *shift,
        scale,
        given,
        partner,
        vain > 0,
        misfit,
        predicted,
    )


def _quantile(values: Array, weight: Array, share: float) -> float:
    if not values.size or weight.sum() <= 0:
        return 0.0
    order = np.argsort(values)
    rising = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][min(int(np.searchsorted(rising, share)), values.size - 1)])


def _refined(
    found: Match, seen: Seen, wavelength: float, shift: tuple[float, float, float], uniaxial: bool
) -> tuple[float, float, float]:
    """Zero and strains that bring matched lines together, held near nothing where lines are few."""
    rows = np.flatnonzero(found.partner >= 0)
    if rows.size < 2:
        return shift
    predicted = found.predicted
    theta = np.radians(predicted.two_theta(wavelength, *shift)[rows] / 2.0)
    steep = -2.0 * np.degrees(np.tan(theta))
    columns = [np.ones(rows.size), steep] + ([steep * predicted.axial[rows]] if uniaxial else [])
    matrix = np.stack(columns, axis=1)
    miss = seen.position[found.partner[rows]] - predicted.two_theta(wavelength, *shift)[rows]
    weight = np.sqrt(predicted.intensity[rows]) / (0.1 * seen.width[found.partner[rows]] + 0.005)
    # Priors: zero 0.1 deg, strains 1 %.
    prior = np.diag(1.0 / np.array([0.1, 0.01, 0.01][: matrix.shape[1]]))
    at = np.array(shift[: matrix.shape[1]])
    step = np.linalg.lstsq(
        np.vstack([matrix * weight[:, None], prior]), np.concatenate([miss * weight, -prior @ at]), rcond=None
    )[0]
    new = at + step
    return float(new[0]), float(np.clip(new[1], -1.5 * STRAIN, 1.5 * STRAIN)), float(new[2]) if uniaxial else 0.0
