"""Between which two states does a new peak first appear, and could noise have made it, given how many places were searched?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError
from interlith.model import Flag, Given, Observable, Result, Series, Step
from interlith.model.recording import Recorder
from interlith.numerics.first_appearance import Appearance, first_appearance
from interlith.techniques.diffraction.appearances import in_states

_RECORDER = Recorder("diffraction")
METHODS = (
    "A peak first appears within the interval of states that a likelihood ratio does not reject (95 %) for growth from nothing that is sudden, "
    "even or slow at first, and that ends at the first area that stands out of the noise. The chance of a false alarm is 5 % over all peaks of the series."
)
#: Peaks that were there at once, or of which too little is known, are no new peaks.
_LEAST_KNOWN = 6
#: Absolute normal deviate at the median.
_MEDIAN = 0.6744897501960817


def new_peaks(found: Result, *, names: tuple[str, ...] = ()) -> Result:
    """First appearances of peaks in a tracked series.

    Parameters
    ----------
    found
        Of `interlith.techniques.diffraction.tracks.tracks`.
    names
        Only these tracks (names as there, or numbers); by default all that were not there at the beginning.

    Returns
    -------
    Result
        Observables ``peak_<name>_onset`` in the unit of the state with the interval as bounds. `data`: ``appearances``, one row a track.

    Notes
    -----
    The interval is found along the order of the patterns, see `interlith.techniques.diffraction.appearances.in_states`. The assumption that fails first: as in `interlith.numerics.first_appearance.first_appearance`.
    """
    return run(Given(Series(()), results={"tracks": (found,)}, options={"names": names} if names else {}))


def run(given: Given) -> Result:
    """First appearances of one specimen."""
    before = given.result("tracks")
    table = before.data["tracks"]
    wanted = given.options.get("names")
    tracks = int(table.get_column("track").max()) + 1 if table.height else 0
    by_state = _states(before)
    made: list[Observable] = []
    rows: list[Mapping[str, Any]] = []
    for track in range(tracks):
        own = table.filter(pl.col("track") == track).sort("pattern")
        name = own.item(0, "name") or f"t{track + 1}"
        if wanted and name not in wanted:
            continue
        one = _appearance(own, tracks)
        if one is None:
            continue
        row = _row(name, own, one)
        rows.append(row)
        if one.present and math.isfinite(one.low) and math.isfinite(one.value) and by_state is not None:
            made.append(_observable(before, name, row, by_state))
    sample = before.quality.item(0, "sample") if before.quality.height else ""
    frame = pl.DataFrame([{"sample": sample, **row} for row in rows], infer_schema_length=None)
    flags = {sample: (Flag("new_peaks", f"{len(made)} of {tracks} peaks appear within the series.", "", "note"),)}
    quality = [(sample, "new_peaks", True, "")]
    return _RECORDER.result(
        "new_peaks", made, method="likelihood of first appearance", options=given.options, quality=quality, data={"appearances": frame},
        words=METHODS, flags=flags,
    )  # fmt: skip


def _appearance(own: pl.DataFrame, tracks: int) -> Appearance | None:
    known = own.filter(pl.col("area").is_not_null() & pl.col("area_std").is_not_null())
    if known.height < _LEAST_KNOWN:
        return None
    area, size = (known.get_column(name).to_numpy() for name in ("area", "area_std"))
    # Areas at places where nothing is seen show how large their errors really are: neighbours and the background add to the noise.
    unseen = ~known.get_column("seen").to_numpy()
    if np.count_nonzero(unseen) >= _LEAST_KNOWN:
        size = size * max(1.0, float(np.median(np.abs(area[unseen] / size[unseen]))) / _MEDIAN)
    try:
        return first_appearance(known.get_column("pattern").to_numpy().astype(float), area, size, places=float(tracks))
    except FitError:
        return None


def _row(name: str, own: pl.DataFrame, one: Appearance) -> dict[str, Any]:
    places = own.filter(pl.col("seen")).get_column("position")
    told = in_states(one, own.get_column("pattern").to_numpy(), own.get_column("state").to_numpy())
    return {"name": name, "track": own.item(0, "track"), "position": places[0] if places.len() else None, **told}


def _states(before: Result) -> Observable | None:
    """Any observable with a state, for its name, unit and specimen."""
    return next((one for one in before.observables() if one.state is not None), None)


def _observable(before: Result, name: str, row: Mapping[str, Any], like: Observable) -> Observable:
    del before
    state = like.state
    width = (float(row["high"]) - float(row["low"])) / 4.0
    return Observable(
        f"peak_{name}_onset", float(row["value"]), state.unit if state else "", like.sample, {f"noise:{like.sample}/onset/{name}": width},
        like.variant, like.batch, like.replicate, "diffraction", low=float(row["low"]), high=float(row["high"]),
        method="likelihood of first appearance", fit=f"track {name}", source=like.source,
    )  # fmt: skip


STEP = Step(
    "new_peaks",
    run,
    after=("tracks",),
    wanted=lambda options: options.get("tracks") is not None or options.get("peaks") in (True, "on"),
)
