"""Which crystals account for the peaks of a pattern, why those, and which peaks would tell two rivals apart?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.phases import phase, shipped
from interlith.crystal.structure import Structure
from interlith.errors import FitError
from interlith.model import Choice, Flag, Result, Series
from interlith.model.recording import Recorder, target_of
from interlith.physics.powder.line_match import Match, Predicted, Seen, match, predicted_lines
from interlith.physics.powder.line_patterns import Fitted
from interlith.physics.powder.line_tracks import found_lines, usual_widths
from interlith.techniques.diffraction.peak_series import Observed, observed

Array = NDArray[np.float64]

_RECORDER = Recorder("diffraction")
METHODS = (
    "Crystals were ranked by the observed peak area that their calculated lines explain, less what they promise in vain, positions being free by a zero and "
    "a small strain. Mixtures were built by adding the crystal that explains most of what is left, as long as that is more than {least:.0%} of the whole."
)
#: A further crystal of a mixture explains at least this share of the observed area, and so much of what a rival would.
LEAST = 0.02
#: A line so many times wider than the middle one is none.
_FAR_WIDER = 5.0
#: Rivals may differ in size by this strain: what tells them apart is the symmetry.
_ALIGNED = 0.05
#: Rivals are aligned with peaks at least so wide (deg), however sharp the real ones are: the trials lie that far apart.
_ALIGNING = 0.1
#: Lines of a slightly deformed crystal lie within this strain of the one that they come from.
_DEFORMED = 0.006
#: Two lines within this share of a width are one.
_RESOLVED = 0.5


@dataclass(frozen=True, slots=True)
class Telling:
    """A place where two crystals differ: two theta (deg), indices, intensity over the strongest line, and in words why."""

    position: float
    hkl: str
    intensity: float
    kind: str
    said: str


def candidates(
    series: Series, phases: Sequence[str | Path | Structure] | str | Path | Structure | None = None, *, most: int = 4, wavelength: float | None = None,
    limits: tuple[float, float] | None = None, widths: tuple[float, float] | None = None,
) -> Result:  # fmt: skip
    """Crystals ranked against the peaks of one pattern, and the mixture that explains them.

    Parameters
    ----------
    series
        One pattern (of a series the first is taken).
    phases
        Structures, CIF files or names of shipped structures, or one of them; all shipped ones by default, and with ``"shipped"``.
    most
        Crystals in the mixture at most.
    wavelength, limits, widths
        As for `tracks`.

    Returns
    -------
    Result
        `data`: ``ranking`` (alone against all peaks), ``mixture`` (in the order in which they were added), ``peaks`` with what explains each. Reasons are in words.

    Raises
    ------
    FitError
        If the pattern has no peak.
    StudyError
        If a structure is unknown or the wavelength is.

    Notes
    -----
    The assumption that fails first: that the right structures are among those offered, with cells within 2 % of the real ones.
    """
    seen = observed(series, wavelength=wavelength, limits=limits)
    curve = seen.curves[:1]
    narrow, wide = widths or usual_widths(curve, seen.radiation)
    fits, least = found_lines(curve, seen.radiation, narrow=narrow, wide=wide)
    lines = seen_lines(fits[0], seen, least)
    names: Sequence[str | Path | Structure]
    if phases is None or phases == "shipped":
        names = list(shipped())
    else:
        names = [phases] if isinstance(phases, (str, Path, Structure)) else phases
    structures = [phase(one) for one in names]
    wave = seen.radiation.wavelengths[0]
    promised = [predicted_lines(one, wave, lines.low, lines.high) for one in structures]
    alone = ranked(structures, promised, lines, wave, lines.area)
    chosen = _mixture(structures, promised, lines, wave, most)
    item, sample = series[0], series[0].sample
    data = {
        "ranking": pl.DataFrame([_row(one, found, lines) for one, found in alone], infer_schema_length=None),
        "mixture": pl.DataFrame([_row(one, found, lines) for one, found in chosen], infer_schema_length=None),
        "peaks": _peaks(lines, chosen),
    }
    left = 1.0 - float(sum(found.area.sum() for _, found in chosen) / lines.area.sum())
    flags = (
        Flag(
            "unexplained_peaks",
            f"{100 * left:.0f} % of the peak area is explained by none of the crystals offered.",
            "",
            "note",
        ),
    )
    good = bool(chosen)
    return _RECORDER.result(
        "candidates", (), method="peaks against calculated lines", options={"most": most}, words=METHODS.format(least=LEAST), data=data,
        quality=[(sample.name, "candidates", good, "" if good else "no crystal that was offered explains the peaks")], choices=_choices(item, alone, target_of(item, "phase")),
        flags={sample.name: (*seen.flags, *flags)},
    )  # fmt: skip


def seen_lines(found: Fitted, seen: Observed, least: float) -> Seen:
    """Fitted lines of the first pattern as candidates need them.

    Raises
    ------
    FitError
        If there is none.
    """
    if not len(found):
        raise FitError("The pattern has no peak that stands out of the noise; candidates have nothing to explain.")
    curve = seen.curves[0]
    error = found.std[1][np.isfinite(found.std[1])]
    limit = least * float(np.median(error)) if error.size else 0.0
    parts = _merged(found)
    return Seen(*parts, float(curve.x[0]), float(curve.x[-1]), limit)


def _merged(found: Fitted) -> tuple[Array, Array, Array, Array]:
    """Position, width, area and its uncertainty of lines, those nearer than a width taken for parts of one."""
    apart = np.diff(found.position) > np.maximum(found.width[1:], found.width[:-1])
    own = np.concatenate([[0], np.cumsum(apart)])
    area: Array = np.bincount(own, weights=found.area).astype(np.float64)
    position = np.bincount(own, weights=found.area * found.position) / np.maximum(area, 1e-300)
    width = np.bincount(own, weights=found.area * found.width) / np.maximum(area, 1e-300)
    variance = np.bincount(own, weights=np.where(np.isfinite(found.std[1]), found.std[1], 0.0) ** 2)
    # What is far wider than the other lines is background, not a line.
    kept = (area > 0) & (width < _FAR_WIDER * np.median(width))
    return position[kept], width[kept], area[kept], np.sqrt(variance)[kept]


def telling_peaks(
    first: Structure, second: Structure, wavelength: float, low: float, high: float, *, width: float = 0.1, least: float = 1e-3
) -> list[Telling]:  # fmt: skip
    """Peaks that the second crystal has and the first has not: extra lines, and lines of the first that it splits.

    Parameters
    ----------
    first, second
        Rivals, such as a cubic and a rhombohedral perovskite; the second is aligned with the first by a strain.
    wavelength, low, high
        (angstrom; deg).
    width
        Full width of the peaks (deg): what is nearer than half of it is not told apart.
    least
        Weakest line that counts, over the strongest.

    Returns
    -------
    list
        The strongest first; `Telling.said` names the detection limit or the resolution that it needs.
    """
    one, other = (predicted_lines(structure, wavelength, low, high) for structure in (first, second))
    strong = Seen(
        one.two_theta(wavelength),
        np.full(one.spacing.size, max(width, _ALIGNING)),
        one.intensity,
        0.01 * one.intensity,
        low,
        high,
        math.inf,
    )
    trials = [replace(other, spacing=other.spacing * (1.0 + size)) for size in np.linspace(-_ALIGNED, _ALIGNED, 13)]
    aligned = max(
        (match(one_more, strong, wavelength, strong.area) for one_more in trials), key=lambda found: found.score
    )
    other = aligned.predicted
    place = other.two_theta(wavelength, aligned.zero, aligned.strain)
    mine = strong.position
    reach = np.maximum(6 * width, np.degrees(2 * _DEFORMED * np.tan(np.radians(mine / 2))))
    made: list[Telling] = []
    nearest = np.argmin(np.abs(place[:, None] - mine[None]), axis=1)
    for row in np.argsort(-other.intensity):
        if other.intensity[row] < least or not low <= place[row] <= high:
            continue
        apart = abs(float(place[row] - mine[nearest[row]]))
        hkl = " ".join(str(int(k)) for k in other.hkl[row])
        family = np.flatnonzero(
            (nearest == nearest[row])
            & (np.abs(place - mine[nearest[row]]) < reach[nearest[row]])
            & (other.intensity >= least)
        )
        size = float(other.intensity[row])
        if apart > reach[nearest[row]]:
            said = f"only {second.name} has {hkl} at {place[row]:.2f} deg; seen if lines of {100 * size:.2g} % of the strongest are"
            made.append(Telling(float(place[row]), hkl, size, "extra", said))
        elif family.size > 1 and row == family[np.argmax(other.intensity[family])]:
            split = float(np.ptp(place[family]))
            resolved = (
                "resolved" if split > _RESOLVED * width else f"needs peaks narrower than {split / _RESOLVED:.3f} deg"
            )
            said = f"{second.name} splits the line at {mine[nearest[row]]:.2f} deg by {split:.3f} deg; {resolved}"
            made.append(Telling(float(place[row]), hkl, size, "split", said))
    return made


def ranked(
    structures: Sequence[Structure], promised: Sequence[Predicted], lines: Seen, wave: float, left: Array
) -> list[tuple[Structure, Match]]:
    """Crystals with how they account for what is left of some lines, the best first.

    Parameters
    ----------
    structures, promised
        Crystals and the lines that they would have.
    lines
        Observed ones.
    wave
        Wavelength (angstrom).
    left
        Area of each line that nothing has explained yet, shape (k,).
    """
    found = [
        (one, match(table, lines, wave, left, uniaxial=_uniaxial(one)))
        for one, table in zip(structures, promised, strict=True)
        if table.spacing.size
    ]
    return sorted(found, key=lambda pair: -pair[1].score)


def _uniaxial(one: Structure) -> bool:
    return one.number < 195


def _mixture(
    structures: Sequence[Structure], promised: Sequence[Predicted], lines: Seen, wave: float, most: int
) -> list[tuple[Structure, Match]]:
    """Crystals added one by one, each to what the others leave."""
    left = lines.area.copy()
    chosen: list[tuple[Structure, Match]] = []
    rest = list(zip(structures, promised, strict=True))
    while rest and len(chosen) < most:
        found = ranked([one for one, _ in rest], [table for _, table in rest], lines, wave, left)
        best = found[0] if found else None
        if best is None or best[1].score < LEAST:
            break
        chosen.append(best)
        left = np.maximum(left - best[1].area, 0.0)
        rest = [(one, table) for one, table in rest if one is not best[0]]
    return chosen


def _row(one: Structure, found: Match, lines: Seen) -> dict[str, Any]:
    return {
        "phase": one.name, "score": found.score, "explained": found.explained, "matched": int((found.partner >= 0).sum()),
        "missing": int(found.missing.sum()), "zero": found.zero, "strain": found.strain, "misfit": found.misfit, "reason": reason_of(one, found, lines),
    }  # fmt: skip


def reason_of(one: Structure, found: Match, lines: Seen) -> str:
    """Why a crystal stands where it stands."""
    count = int(np.unique(found.partner[found.partner >= 0]).size)
    words = [
        f"{one.name} explains {100 * found.explained:.0f} % of the peak area with {count} of {lines.position.size} peaks"
    ]
    words.append(
        f"its lines lie {found.misfit:.3f} deg off after a zero of {found.zero:+.3f} deg and a strain of {100 * found.strain:+.2f} %"
    )
    if found.missing.any():
        rows = np.flatnonzero(found.missing)
        row = int(rows[np.argmax(found.predicted.intensity[rows])])
        hkl = " ".join(str(int(k)) for k in found.predicted.hkl[row])
        words.append(f"{rows.size} lines that it promises are missing, the strongest {hkl}")
    strongest = int(np.argmax(lines.area))
    if found.area[strongest] < 0.2 * lines.area[strongest]:
        words.append(f"the strongest peak, at {lines.position[strongest]:.2f} deg, is not its")
    return "; ".join(words) + "."


def _peaks(lines: Seen, chosen: Sequence[tuple[Structure, Match]]) -> pl.DataFrame:
    rows = []
    for k in range(lines.position.size):
        shares = [(float(found.area[k] / lines.area[k]), one.name) for one, found in chosen if found.area[k] > 0]
        said = ", ".join(f"{name} {100 * share:.0f} %" for share, name in sorted(shares, reverse=True)) or "unexplained"
        rows.append(
            {
                "position": lines.position[k],
                "width": lines.width[k],
                "area": lines.area[k],
                "area_std": lines.std[k],
                "explained_by": said,
            }
        )
    return pl.DataFrame(rows)


def _choices(item: Any, alone: Sequence[tuple[Structure, Match]], target: str) -> list[Choice]:
    if len(alone) < 2:
        return []
    (best, first), (other, second) = alone[0], alone[1]
    margin = (first.score - second.score) / max(abs(first.score), 1e-9)
    del item
    return [
        Choice(
            target,
            "phase",
            best.name,
            other.name,
            float(np.clip(margin, 0.0, 1.0)),
            (),
            f"Explained area less lines in vain: {first.score:.2f} against {second.score:.2f}.",
        )
    ]
