"""How do position, width and area of peaks change along a series, and which spacings, cells and swings follow?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Flag, Given, Observable, Result, Sample, Series, Step
from interlith.model.recording import QualityRow, Recorder
from interlith.physics.powder.line_tracks import Tracks, track_lines, usual_widths
from interlith.techniques.diffraction.options import plain
from interlith.techniques.diffraction.peak_names import SYSTEMS, chosen, edges, indices, label
from interlith.techniques.diffraction.peak_series import Member, Observed, observed

Array = NDArray[np.float64]

_RECORDER = Recorder("diffraction")
METHODS = (
    "Peaks were searched in every pattern by weighted comparison with peaks of many widths on a straight background, fitted in groups as sums of "
    "pseudo-Voigt doublets on straight backgrounds, and linked to tracks over the whole series. Where a track was not seen, its area was fitted at the "
    "place where it would be. Standard uncertainties are those of the fits, widened by the goodness of fit where that is above one; errors of the "
    "zero and of the height of the specimen, alike in all patterns, are not in them."
)
#: A track without a name is reported where it was seen in this share of the patterns.
REPORTED = 0.5
#: Area over its standard uncertainty from which on a lost line is there all the same.
_STANDS = 5.0
#: Neighbouring patterns that a parabola goes through for a swing: the largest of many noisy numbers is too large.
_SMOOTH = 5
#: Options that this step reads.
WORDS = ("tracks", "cell", "widths", "against", "wavelength", "limits", "masks", "skip")


def tracks(
    series: Series, *, tracks: Mapping[str, float] | None = None, cell: str | None = None, widths: tuple[float, float] | None = None,
    against: str | None = None, wavelength: float | None = None, limits: tuple[float, float] | None = None,
    masks: Mapping[int, Sequence[tuple[float, float]]] | None = None, skip: Sequence[int] = (),
) -> Result:  # fmt: skip
    """Peaks over a series of patterns.

    Parameters
    ----------
    series
        Patterns: tables with ``two_theta`` and ``intensity``.
    tracks
        Index or name -> two theta (deg) where the track begins: ``{"003": 18.7, "101": 36.8}``. Without it all tracks that are
        seen in half of the patterns are reported, by number.
    cell
        Crystal system of the named indices: ``cubic``, ``tetragonal``, ``hexagonal``, ``orthorhombic``; its edges are then reported.
    widths
        Smallest and largest width (deg) of a peak; found from the strong ones by default.
    against
        State along which the series goes, ``pattern`` for the number.
    wavelength
        (angstrom) where the files do not say it.
    limits, masks, skip
        Range of two theta (deg); ranges to be left out by number of the pattern, -1 for all; patterns to be left out.

    Returns
    -------
    Result
        Observables ``peak_003_position`` (deg, of K-alpha 1), ``..._width`` (deg), ``..._area`` (intensity x deg), ``..._d_spacing`` (angstrom) at every state;
        where a peak is not seen its area has no value but an upper bound. ``peak_003_d_swing`` over the series; ``cell_a`` ... where asked.
        `data`: ``tracks`` (one row a track and pattern) and ``patterns``.

    Raises
    ------
    StudyError
        If an option is not understood or the wavelength is unknown.
    FitError
        If there is no pattern.
    """
    options = {
        "tracks": tracks, "cell": cell, "widths": widths, "against": against, "wavelength": wavelength, "limits": limits, "masks": masks,
        "skip": tuple(skip) or None,
    }  # fmt: skip
    return run(Given(series, options={word: value for word, value in options.items() if value is not None}))


def run(given: Given) -> Result:
    """Tracks of one specimen."""
    options = plain(given.options)
    if options.get("cell") is not None and options["cell"] not in SYSTEMS:
        raise StudyError(f"cell is '{options['cell']}'; it must be one of {', '.join(SYSTEMS)}.")
    wave = options.get("wavelength")
    seen = observed(
        given.series, against=options.get("against"), wavelength=None if wave is None else float(wave), limits=options.get("limits"),
        masks=options.get("masks"), skip=options.get("skip", ()),
    )  # fmt: skip
    narrow, wide = options.get("widths") or usual_widths(seen.curves, seen.radiation)
    found = track_lines(seen.curves, seen.radiation, narrow=narrow, wide=wide)
    sample = given.series[0].sample
    rows, quality = _named(options.get("tracks"), found, sample)
    made: list[Observable] = []
    for name, row in rows.items():
        made += _of_track(name, row, found, seen, sample)
    if options.get("cell") is not None:
        made += _cells(str(options["cell"]), rows, found, seen, sample)
    own = pl.lit(sample.name).alias("sample")
    data = {"tracks": _table(found, seen, rows).with_columns(own), "patterns": _patterns(found, seen).with_columns(own)}
    return _RECORDER.result(
        "tracks", made, method="fitted peaks linked over the series", options=options, quality=quality, data=data, words=METHODS,
        flags={sample.name: (*seen.flags, *_unseen(rows, found))},
    )  # fmt: skip


def _named(
    wanted: Mapping[str, float] | None, found: Tracks, sample: Sample
) -> tuple[dict[str, int], list[QualityRow]]:
    if not wanted:
        often = np.flatnonzero(found.seen.mean(axis=1) >= REPORTED)
        nothing = "" if often.size else "no peak stands out of the noise in half of the patterns"
        return {str(number + 1): int(row) for number, row in enumerate(often)}, [
            (sample.name, "tracks", bool(often.size), nothing)
        ]
    picked = chosen({name: float(angle) for name, angle in wanted.items()}, found.position, found.area, found.seen)
    quality: list[QualityRow] = []
    for name, row in picked.items():
        begin = [float(found.position[k][found.seen[k]][0]) for k in range(len(found.position)) if found.seen[k].any()]
        near = ", ".join(f"{one:.2f}" for one in sorted(begin, key=lambda one: abs(one - float(wanted[name])))[:3])
        reason = (
            ""
            if row is not None
            else f"no track begins within 1 deg of {float(wanted[name]):g} deg; the nearest begin at {near} deg"
        )
        quality.append((sample.name, f"track {name}", row is not None, reason))
    return {name: row for name, row in picked.items() if row is not None}, quality


def _of_track(name: str, row: int, found: Tracks, seen: Observed, sample: Sample) -> list[Observable]:
    made, quantity = [], f"peak_{label(name)}"
    for member, one in enumerate(seen.members):
        if found.hidden[row, member]:
            continue
        own = _own(sample, one, name)
        told: dict[str, Any] = {
            "source": f"sha256:{one.item.source.sha256}",
            "state": one.state,
            "fit": f"pattern {member} peak {name}",
        }
        area, size = float(found.area[row, member]), float(found.area_std[row, member])
        if not found.seen[row, member] and area > _STANDS * size > 0:
            lost = "the track is lost here: area at the place where its neighbours have it"
            parts = {f"noise:{own}/area": size}
            made.append(_RECORDER.number(sample, f"{quantity}_area", area, "1", parts, flag=lost, **told))
            continue
        if not found.seen[row, member]:
            made.append(
                _RECORDER.number(
                    sample, f"{quantity}_area", None, "1", {f"noise:{own}/area": size}, low=0.0, high=float(found.limit[row, member]),
                    flag="not seen: upper bound", **told,
                )
            )  # fmt: skip
            continue
        position, error = float(found.position[row, member]), float(found.position_std[row, member])
        slope = float(seen.radiation.spacing_slope(position))
        made += [
            _RECORDER.number(sample, f"{quantity}_position", position, "deg", {f"noise:{own}/position": error}, **told),
            _RECORDER.number(
                sample,
                f"{quantity}_width",
                float(found.width[row, member]),
                "deg",
                # A width that was held is that of the neighbours: how uncertain it is nobody knows.
                {f"noise:{own}/width": float(found.width_std[row, member]) or math.inf},
                **told,
            ),
            _RECORDER.number(sample, f"{quantity}_area", area, "1", {f"noise:{own}/area": size}, **told),
            _RECORDER.number(
                sample,
                f"{quantity}_d_spacing",
                float(seen.radiation.spacing(position)),
                "angstrom",
                {f"noise:{own}/position": slope * error},
                **told,
            ),
        ]
    swing = _swing(name, row, found, seen, sample)
    return made if swing is None else [*made, swing]


def _own(sample: Sample, one: Member, name: str) -> str:
    return f"{sample.name}/{one.item.source.sha256[:12]}/{one.frame}/{label(name)}"


def _swing(name: str, row: int, found: Tracks, seen: Observed, sample: Sample) -> Observable | None:
    """Largest less smallest spacing, each from a parabola through its neighbours."""
    where = np.flatnonzero(found.seen[row])
    if where.size < _SMOOTH:
        return None
    spacing = seen.radiation.spacing(found.position[row, where])
    error = np.abs(seen.radiation.spacing_slope(found.position[row, where])) * found.position_std[row, where]
    smoother = _smoother(where.astype(np.float64))
    smooth = smoother @ spacing
    high, low = int(np.argmax(smooth)), int(np.argmin(smooth))
    share = smoother[high] - smoother[low]
    parts = {
        f"noise:{_own(sample, seen.members[member], name)}/position": float(share[k] * error[k])
        for k, member in enumerate(where)
        if share[k]
    }
    first = seen.members[0].item
    return _RECORDER.number(
        sample, f"peak_{label(name)}_d_swing", float(smooth[high] - smooth[low]), "angstrom", parts, source=f"sha256:{first.source.sha256}",
        method=f"parabolas through {_SMOOTH} neighbouring patterns",
    )  # fmt: skip


def _smoother(place: Array) -> Array:
    """Matrix that replaces each value by that of a parabola through its nearest neighbours, shape (n, n)."""
    matrix = np.zeros((place.size, place.size))
    for k in range(place.size):
        first = min(max(0, k - _SMOOTH // 2), place.size - _SMOOTH)
        rows = np.arange(first, first + _SMOOTH)
        matrix[k, rows] = np.linalg.pinv(np.vander(place[rows] - place[k], 3, increasing=True))[0]
    return matrix


def _cells(system: str, rows: Mapping[str, int], found: Tracks, seen: Observed, sample: Sample) -> list[Observable]:
    made: list[Observable] = []
    named = {name: hkl for name in rows if (hkl := indices(name)) is not None}
    for member, one in enumerate(seen.members):
        here = [name for name in named if found.seen[rows[name], member]]
        if not here:
            continue
        position = np.array([found.position[rows[name], member] for name in here])
        error = np.array([found.position_std[rows[name], member] for name in here])
        slope = seen.radiation.spacing_slope(position)
        solved = edges(system, [named[name] for name in here], seen.radiation.spacing(position), np.abs(slope) * error)
        if solved is None:
            continue
        values, derivatives = solved
        told: dict[str, Any] = {
            "source": f"sha256:{one.item.source.sha256}", "state": one.state, "fit": f"pattern {member}",
            "method": f"from {', '.join(here)}", "flag": "" if len(here) > len(values) else "as many peaks as edges",
        }  # fmt: skip
        for number, edge in enumerate(SYSTEMS[system]):
            parts = {
                f"noise:{_own(sample, one, name)}/position": float(derivatives[number, k] * slope[k] * error[k])
                for k, name in enumerate(here)
            }
            made.append(_RECORDER.number(sample, edge, float(values[number]), "angstrom", parts, **told))
    return made


def _unseen(rows: Mapping[str, int], found: Tracks) -> list[Flag]:
    flags = []
    for name, row in rows.items():
        hidden = int(found.hidden[row].sum())
        if hidden:
            said = f"Peak {name} cannot be told from a neighbour, or lies outside, in {hidden} of {found.seen.shape[1]} patterns."
            flags.append(Flag("peak_hidden", said, name, "note"))
    return flags


def _table(found: Tracks, seen: Observed, rows: Mapping[str, int]) -> pl.DataFrame:
    tracks, members = found.seen.shape
    names = {row: name for name, row in rows.items()}
    parts = {
        "track": np.repeat(np.arange(tracks), members), "pattern": np.tile(np.arange(members), tracks),
        "state": np.tile(seen.states, tracks),
    }  # fmt: skip
    for name in ("position", "position_std", "width", "width_std", "area", "area_std", "seen", "hidden", "expected"):
        parts[name] = getattr(found, name).ravel()
    frame = pl.DataFrame(parts).with_columns(pl.Series("limit", found.limit.ravel()))
    return frame.with_columns(pl.Series("name", [names.get(row, "") for row in parts["track"].tolist()])).fill_nan(None)


def _patterns(found: Tracks, seen: Observed) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pattern": np.arange(len(seen.members)), "file": [one.item.source.path for one in seen.members],
            "frame": [one.frame for one in seen.members], "state": seen.states,
            "goodness": [float(np.nanmedian(fit.goodness)) if len(fit) else math.nan for fit in found.fits],
            "least": np.full(len(seen.members), found.least),
        }
    )  # fmt: skip


def wanted(options: Mapping[str, Any]) -> bool:
    """A study asks for tracks by naming some, or with ``peaks: on``."""
    return options.get("tracks") is not None or options.get("peaks") in (True, "on")


STEP = Step("tracks", run, words=("peaks", *WORDS), reads=True, wanted=wanted)
