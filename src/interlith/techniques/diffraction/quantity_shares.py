"""Which shares follow from one refined pattern, with every part of their uncertainty, and as observables that stay correlated?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import Fractions, weight_fractions
from interlith.techniques.diffraction.quantity_absorption import (
    absorption_part,
    attenuation,
    corrected,
    corrected_weights,
    grain_radius,
    mean_attenuation,
)
from interlith.techniques.diffraction.quantity_information import Information, information
from interlith.techniques.diffraction.quantity_model import (
    beyond_counting,
    few_stretches,
    left_out_covariance,
    misfit_covariance,
    peak_blocks,
)

Array = NDArray[np.float64]

#: Mass of one cell (u) over density (g/cm^3) times volume (angstrom^3): Avogadro's number x 1e-24, exact since 2019.
_UNIT = 0.602214076
#: Standard uncertainty of displacement parameters (angstrom^2) that come with a structure, and of those that are a guess.
#: Refinements of one compound by X-rays and neutrons differ by about the first; ordered oxides spread by about the second.
DISPLACEMENT = {True: 0.1, False: 0.3}
#: Kind of uncertainty of each part (see `interlith.model.observable.KINDS`).
_KINDS = {"fit": "fit", "model": "model", "absorption": "model", "displacement": "model", "standard": "calibration"}

#: A direction with less than this part of the most information is unseen; a scale that makes up this much of it is touched by it.
_BLIND, _TOUCHED = 1e-11, 1e-3


@dataclass(frozen=True, eq=False, slots=True)
class Refined:
    """What the shares of one pattern are worked out from.

    Parameters
    ----------
    structures
        Of the phases, cells as refined; n of them.
    scales
        Place of the scale of each phase among the parameters, shape (n,).
    values
        Of all refined parameters, shape (p,).
    jacobian
        Slopes of the calculated intensity over the standard uncertainty of the points, shape (p, m).
    residual
        Observed less calculated, over the same, shape (m,).
    bragg
        Calculated intensity above the background, shape (m,).
    std
        Standard uncertainty of the points, shape (m,).
    two_theta
        Shape (m,) (deg).
    wavelength
        Angstrom.
    roughness
        q of the loss exp(-q / sin(theta)) at low angles (1); 0 where it was not asked for.
    x_rays
        False for neutrons: grains hardly absorb then.
    """

    structures: Sequence[Structure]
    scales: NDArray[np.intp]
    values: Array
    jacobian: Array
    residual: Array
    bragg: Array
    std: Array
    two_theta: Array
    wavelength: float
    roughness: float = 0.0
    x_rays: bool = True


def shares(refined: Refined, *, radii: Sequence[float] | None = None) -> Fractions:
    """Weight fractions with their parts ``fit``, ``model``, ``displacement`` and ``absorption``.

    Parameters
    ----------
    refined
        One pattern.
    radii
        Of the grains of each phase (um) where known: the weights are corrected for them, and a factor of 1.5 in the sizes is
        their uncertainty. Without, the weights stay as seen and likely grains are part of the uncertainty.

    Raises
    ------
    StudyError
        If nothing scatters, there are not as many radii as phases, or the pattern cannot tell the scales of some phases apart.

    Notes
    -----
    The assumption that fails first: no phase is amorphous or forgotten; see `with_standard`.
    """
    structures = refined.structures
    told = information(refined.jacobian)
    _told_apart(refined, told)
    if radii is not None and len(radii) != len(structures):
        raise StudyError(f"There are {len(radii)} sizes of grains for {len(structures)} phases; give one for each.")
    place = np.ix_(refined.scales, refined.scales)
    blocks = peak_blocks(refined.bragg, refined.std)
    volumes = np.array([one.cell.volume for one in structures])
    density = np.array([one.density for one in structures])
    scales = np.maximum(refined.values[refined.scales], 0.0)
    counting = told.covariance[place]
    found = weight_fractions(
        [one.name for one in structures],
        scales,
        density * volumes * _UNIT,
        volumes,
        parts={
            "fit": counting,
            "model": _misfit(refined, told, blocks, counting),
            "displacement": _displacements(refined, scales),
        },
    )
    if not refined.x_rays:
        return found
    mu = np.array([attenuation(one, refined.wavelength) for one in structures])
    if radii is None:
        radius = grain_radius(refined.roughness, mean_attenuation(found.values, mu, density))
        return found.with_part("absorption", absorption_part(found, mu, density, radius))
    right, _ = corrected(found, mu, density, radii)
    sizes = np.asarray(radii, dtype=float)
    way = np.where(np.eye(len(sizes), dtype=bool), 1.5, 1.0)
    ends = corrected_weights(found.values, mu, density, np.concatenate([sizes * way, sizes / way]))
    half = (ends[: len(sizes)] - ends[len(sizes) :]) / 2.0
    return right.with_part("absorption", half.T @ half)


def _misfit(refined: Refined, told: Information, blocks: NDArray[np.intp], counting: Array) -> Array:
    """Covariance of the scales for what the model does not have, beyond counting, shape (n, n)."""
    place = np.ix_(refined.scales, refined.scales)

    def without() -> Array:
        return left_out_covariance(told, refined.residual, blocks)[place]

    seen = misfit_covariance(told, refined.residual, blocks)[place]
    found = beyond_counting(seen, counting, int(blocks[-1]) + 1, without)
    if not found.any():
        return found
    wider = few_stretches(refined.jacobian[refined.scales], blocks)
    return np.asarray(found * np.outer(wider, wider))


def sources(fractions: Fractions, own: str) -> list[dict[str, float]]:
    """Components of uncertainty of each share, such that shares of one pattern stay correlated as they are.

    Parameters
    ----------
    fractions
        Of one pattern.
    own
        Text that no other pattern has; what stands before its first stroke names the specimen.

    Returns
    -------
    One mapping a phase: source -> signed size; a source is ``kind:own/cause/number``.

    Notes
    -----
    Grains that absorb are the same in all patterns of a specimen, and displacement parameters those of the structure wherever it is
    used: these causes have one source for each phase, named without the pattern, so that a change from pattern to pattern is surer
    than a share. The assumption that fails first: that the grains of a phase stay as they are.
    """
    found: list[dict[str, float]] = [{} for _ in fractions.names]
    common = {"displacement": "", "absorption": f"{own.partition('/')[0]}/"}
    parts = {cause: one for cause, one in fractions.parts.items() if one.any()}
    if not parts:
        return found
    for cause, powers, ways in zip(parts, *np.linalg.eigh(np.array(list(parts.values()))), strict=True):
        kind = _KINDS.get(cause, "model")
        powers = np.where(powers > 1e-12 * max(float(powers.max()), 0.0), powers, 0.0)
        if cause in common:
            # The symmetric root: its columns do not swap or turn around from pattern to pattern.
            columns = (ways * np.sqrt(powers)) @ ways.T
            words = [f"{kind}:{common[cause]}{cause}/{name}" for name in fractions.names]
        else:
            columns = (ways * np.sqrt(powers))[:, ::-1]
            words = [f"{kind}:{own}/{cause}/{number}" for number in range(len(powers))]
        for row, one in zip(columns, found, strict=True):
            one |= {word: float(size) for word, size in zip(words, row, strict=True) if size}
    return found


def _told_apart(refined: Refined, told: Information) -> None:
    """Refuse scales that move along a direction the data do not see: a pseudo-inverse would call them sure."""
    blind = told.ways[:, told.powers < _BLIND * told.powers.max()]
    touched = (np.abs(blind[refined.scales]) > _TOUCHED).any(axis=1) | ~told.seen[refined.scales]
    if touched.any():
        names = ", ".join(one.name for one, lost in zip(refined.structures, touched, strict=True) if lost)
        raise StudyError(
            f"The pattern does not fix the scales of {names}: other parameters do the same to it. Leave out a phase, or fix what it is "
            "entangled with."
        )


def _displacements(refined: Refined, scales: Array) -> Array:
    """What wrong displacement parameters of the structures do to the scales: covariance, shape (n, n)."""
    inverse_square = (np.sin(np.radians(refined.two_theta / 2.0)) / refined.wavelength) ** 2
    spread = np.zeros(len(scales))
    for phase, (structure, row) in enumerate(zip(refined.structures, refined.scales, strict=True)):
        # The slope by a scale is the intensity of its phase: its square weights the mean that a fit of the scale takes.
        weight = refined.jacobian[row] ** 2
        mean = float((weight * inverse_square).sum() / max(float(weight.sum()), 1e-300))
        spread[phase] = 2.0 * mean * DISPLACEMENT[has_displacements(structure)] * scales[phase]
    return np.diag(spread**2)


def has_displacements(structure: Structure) -> bool:
    """Whether a structure comes with displacements of all its sites."""
    return all(np.isfinite(site.u_iso) and site.u_iso > 0 for site in structure.sites)


def described(fractions: Fractions) -> Mapping[str, str]:
    """Each share in words, with its largest cause of doubt."""
    told = {}
    for phase, name in enumerate(fractions.names):
        parts = {cause: float(np.sqrt(max(one[phase, phase], 0.0))) for cause, one in fractions.parts.items()}
        most = max(parts, key=parts.__getitem__, default="nothing")
        told[name] = f"{fractions.values[phase]:.2%} +- {fractions.std[phase]:.2%} (mostly {most})"
    return told
