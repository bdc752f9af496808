"""Did the cell change between repeated spectra, and do all spectra of a series err alike at one frequency?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.model import Flag
from interlith.numerics.kramers_kronig import Check
from interlith.techniques.impedance.spectra import NUMBER, Spectrum

Array = NDArray[np.float64]

#: States that only count, and do not say that anything was changed on purpose.
_COUNTING = (NUMBER, "sweep")
#: Two-sided probability below which repeats are said to drift, and fewest spectra that may show a common error.
_LEVEL, _FEWEST = 0.01, 5


def along_series(spectra: Sequence[Spectrum], checks: Sequence[Check], limit: float) -> list[Flag]:
    """Flags of one specimen: repeats at one state whose resistance changes in the order of measurement.

    Parameters
    ----------
    spectra, checks
        Of one specimen, in order.
    limit
        Relative change that is forgiven.

    Notes
    -----
    Real parts at two frequencies that all repeats have, one in the middle of the window and the lowest. Two repeats are
    compared with their noise; three or more with their scatter about a straight line, so that what varies from spectrum to
    spectrum (a cable, a temperature) is not taken for a trend.
    """
    flags = []
    for group in _repeats(spectra):
        common = _common([spectra[k] for k in group])
        if len(group) < 2 or common.size < 2:
            continue
        for frequency in dict.fromkeys((float(common[common.size // 2]), float(common[-1]))):
            found = _change(*_values([spectra[k] for k in group], [checks[k] for k in group], frequency))
            if found is not None and found[2] < _LEVEL and abs(found[0]) > limit:
                flags.append(_drift_flag([spectra[k] for k in group], frequency, found))
                break
    return flags


def _repeats(spectra: Sequence[Spectrum]) -> list[list[int]]:
    groups: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for number, one in enumerate(spectra):
        key = tuple(sorted((name, state.value) for name, state in one.states.items() if name not in _COUNTING))
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _common(spectra: Sequence[Spectrum]) -> Array:
    """Frequencies that all spectra have among their used points, falling."""
    kept = set(np.round(np.log10(spectra[0].kept[0]), 3))
    for one in spectra[1:]:
        kept &= set(np.round(np.log10(one.kept[0]), 3))
    return np.asarray(sorted(kept, reverse=True), dtype=float)


def _values(spectra: Sequence[Spectrum], checks: Sequence[Check], place: float) -> tuple[Array, Array]:
    """Real parts at a frequency and their noise."""
    at = [int(np.argmin(np.abs(np.log10(one.frequency) - place))) for one in spectra]
    values = np.array([one.impedance[k].real for one, k in zip(spectra, at, strict=True)])
    sizes = np.array([abs(one.impedance[k]) for one, k in zip(spectra, at, strict=True)])
    return values, sizes * np.array([check.noise for check in checks])


def _change(values: Array, noise: Array) -> tuple[float, float, float] | None:
    """Relative change from the first to the last, its standard uncertainty and its probability by chance."""
    mean = float(np.mean(values))
    if mean == 0 or not np.isfinite(noise).all():
        return None
    if values.size == 2:
        change, std = float(values[1] - values[0]), float(np.hypot(*noise))
        chance = float(2 * special.ndtr(-abs(change) / max(std, 1e-300)))
        return change / abs(mean), std / abs(mean), chance
    order = np.arange(values.size) - (values.size - 1) / 2
    slope = float(order @ values / (order @ order))
    rest = values - mean - slope * order
    dof = values.size - 2
    spread = max(float(rest @ rest) / dof, float(np.mean(noise**2)) if dof < 3 else 0.0)
    std = math.sqrt(spread / float(order @ order))
    chance = float(2 * special.stdtr(dof, -abs(slope) / max(std, 1e-300)))
    span = values.size - 1
    return slope * span / abs(mean), std * span / abs(mean), chance


def _drift_flag(spectra: Sequence[Spectrum], place: float, found: tuple[float, float, float]) -> Flag:
    change, std, _ = found
    word = "rises" if change > 0 else "falls"
    known = [name for name in spectra[0].states if name not in _COUNTING]
    where = f"at one {' and '.join(known)}" if known else "with no state declared"
    return Flag(
        "drifts_along_series",
        f"{spectra[0].sample.name}: the real part at {10**place:.3g} Hz {word} by {100 * abs(change):.1f} +- {100 * std:.1g} % "
        f"over {len(spectra)} spectra {where}; they are no repeats of one cell.",
        spectra[0].target,
        "warning" if known else "note",
    )


def common_residuals(spectra: Sequence[Spectrum], checks: Sequence[Check]) -> list[Flag]:
    """A flag where most spectra of one specimen err alike at one frequency: that is the instrument, not the cell."""
    good = [k for k, check in enumerate(checks) if check.verdict in ("passes", "fails at points", "drifts")]
    common = _common([spectra[k] for k in good]) if len(good) >= _FEWEST else np.zeros(0)
    worst = (0.0, 0.0, 0.0)
    for place in common:
        at = [int(np.argmin(np.abs(np.log10(spectra[k].frequency) - place))) for k in good]
        found = np.array([checks[k].residuals[i] for k, i in zip(good, at, strict=True)])
        noise = float(np.median([checks[k].noise for k in good]))
        middle = complex(np.median(found.real), np.median(found.imag))
        if abs(middle) > max(worst[0], 2 * noise) and abs(middle) > 5 * float(np.std(np.abs(found))) / math.sqrt(
            len(good)
        ):
            worst = (abs(middle), float(place), noise)
    if worst[0] == 0:
        return []
    return [
        Flag(
            "common_residual",
            f"{spectra[0].sample.name}: at {10 ** worst[1]:.3g} Hz the {len(good)} spectra lie {100 * worst[0]:.1f} % of |Z| to "
            f"the same side of their fits, at a noise of {100 * worst[2]:.2f} %: an error of the instrument.",
            spectra[0].target,
            "note",
        )
    ]
