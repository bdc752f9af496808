"""Which peaks does each pattern hold by itself, and how sure are position, width and area of each?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interlith.model import Flag, Given, Observable, Result, Series, Step
from interlith.model.recording import Recorder
from interlith.physics.powder.line_patterns import Fitted
from interlith.physics.powder.line_tracks import found_lines, usual_widths
from interlith.techniques.diffraction.peak_series import Member, Observed, observed
from interlith.techniques.diffraction.tracks import METHODS, WORDS

_RECORDER = Recorder("diffraction")
#: A group fitted no better than this is told: its profile or background is not that of the model.
POOR = 3.0


def peaks(
    series: Series, *, widths: tuple[float, float] | None = None, against: str | None = None, wavelength: float | None = None,
    limits: tuple[float, float] | None = None, masks: Mapping[int, Sequence[tuple[float, float]]] | None = None, skip: Sequence[int] = (),
) -> Result:  # fmt: skip
    """Peaks of every pattern, each pattern by itself.

    Parameters
    ----------
    series, widths, against, wavelength, limits, masks, skip
        As for `interlith.techniques.diffraction.tracks.tracks`.

    Returns
    -------
    Result
        Observables ``peak_<n>_position`` (deg, of K-alpha 1), ``..._width`` (deg), ``..._area`` (intensity x deg), ``..._d_spacing`` (angstrom), n counting from the lowest angle of
        each pattern. `data`: ``peaks``, one row each with the goodness of its group and whether its fit may be trusted.

    Raises
    ------
    StudyError, FitError
        As for `tracks`.

    Notes
    -----
    The assumption that fails first: symmetric peaks; at low angles an asymmetric one is found at its centre of gravity.
    """
    options = {
        "widths": widths,
        "against": against,
        "wavelength": wavelength,
        "limits": limits,
        "masks": masks,
        "skip": tuple(skip) or None,
    }
    return run(Given(series, options={word: value for word, value in options.items() if value is not None}))


def run(given: Given) -> Result:
    """Peaks of the patterns of one specimen."""
    options = given.options
    wave = options.get("wavelength")
    seen = observed(
        given.series, against=options.get("against"), wavelength=None if wave is None else float(wave), limits=options.get("limits"),
        masks=options.get("masks"), skip=options.get("skip", ()),
    )  # fmt: skip
    narrow, wide = options.get("widths") or usual_widths(seen.curves, seen.radiation)
    fits, least = found_lines(seen.curves, seen.radiation, narrow=narrow, wide=wide)
    sample = given.series[0].sample
    made: list[Observable] = []
    rows: list[dict[str, Any]] = []
    for number, (one, found) in enumerate(zip(seen.members, fits, strict=True)):
        for peak in range(len(found)):
            made += _observables(one, found, peak, seen)
            rows.append(_row(number, one, found, peak))
    poor = sum(row["goodness"] > POOR for row in rows)
    flags = [
        Flag(
            "poor_fits",
            f"{poor} of {len(rows)} peaks lie in groups with a goodness of fit above {POOR:g}; their uncertainties are widened by it.",
            "",
        )
    ]
    nothing = "" if rows else f"no peak stands out of the noise by {least:.1f} standard uncertainties"
    return _RECORDER.result(
        "peaks", made, method="fitted peaks", options=options, quality=[(sample.name, "peaks", bool(rows), nothing)],
        data={"peaks": pl.DataFrame(rows, infer_schema_length=None)}, words=METHODS, flags={sample.name: (*seen.flags, *(flags if poor else ()))},
    )  # fmt: skip


def _observables(one: Member, found: Fitted, peak: int, seen: Observed) -> list[Observable]:
    sample = one.item.sample
    own, quantity = f"{sample.name}/{one.item.source.sha256[:12]}/{one.frame}/{peak + 1}", f"peak_{peak + 1}"
    flag = "" if found.trusted[peak] else "ends at a bound of its fit"
    told: dict[str, Any] = {
        "source": f"sha256:{one.item.source.sha256}",
        "state": one.state,
        "fit": quantity,
        "flag": flag,
    }
    position, error = float(found.position[peak]), float(found.std[0, peak])
    slope = float(seen.radiation.spacing_slope(position))
    values = (
        ("position", position, "deg", "position", error),
        ("width", float(found.width[peak]), "deg", "width", _known(float(found.std[2, peak]))),
        ("area", float(found.area[peak]), "1", "area", float(found.std[1, peak])),
        ("d_spacing", float(seen.radiation.spacing(position)), "angstrom", "position", slope * error),
    )
    return [
        _RECORDER.number(sample, f"{quantity}_{name}", value, unit, {f"noise:{own}/{source}": size}, **told)
        for name, value, unit, source, size in values
    ]


def _known(size: float) -> float:
    """A width that was held has no uncertainty of its own: unknown."""
    return size if size > 0 else math.inf


def _row(number: int, one: Member, found: Fitted, peak: int) -> dict[str, Any]:
    return {
        "pattern": number, "file": one.item.source.path, "frame": one.frame, "peak": peak + 1, "position": float(found.position[peak]),
        "position_std": float(found.std[0, peak]), "width": float(found.width[peak]), "width_std": float(found.std[2, peak]),
        "area": float(found.area[peak]), "area_std": float(found.std[1, peak]), "share": float(found.share[peak]),
        "goodness": float(found.goodness[peak]), "group": int(found.group[peak]), "trusted": bool(found.trusted[peak]),
    }  # fmt: skip


def _wanted(options: Mapping[str, Any]) -> bool:
    return options.get("peaks") == "each"


STEP = Step(
    "peaks",
    run,
    words=("peaks", *(word for word in WORDS if word not in ("tracks", "cell"))),
    reads=True,
    wanted=_wanted,
)
