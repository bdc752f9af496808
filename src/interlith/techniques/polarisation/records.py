"""How does a result of this technique say how it came about, whose its numbers are, and where it failed?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import polars as pl

from interlith.errors import StudyError
from interlith.model import Choice, Citation, Flag, How, Measurement, Observable, Result, Sample, State, to_frame
from interlith.units import convert, parse

TECHNIQUE_NAME = "polarisation"
QUALITY = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}


@cache
def _version(package: str) -> str:
    return version(package)


def result(
    name: str,
    observables: Iterable[Observable],
    *,
    method: str,
    options: Mapping[str, Any],
    quality: Sequence[tuple[str, str, bool, str]],
    data: Mapping[str, Any] | None = None,
    words: str = "",
    citations: tuple[Citation, ...] = (),
    choices: Iterable[Choice] = (),
    flags: Mapping[str, tuple[Flag, ...]] | None = None,
) -> Result:
    """A result with its record; `quality` holds (sample, step, ok, reason)."""
    versions = {package: _version(package) for package in ("interlith", "numpy", "polars", "scipy")}
    return Result(
        TECHNIQUE_NAME, name, to_frame(observables), dict(data or {}), pl.DataFrame(list(quality), schema=QUALITY, orient="row"),
        How(TECHNIQUE_NAME, method, dict(options), versions, citations, words), tuple(choices), dict(flags or {}),
    )  # fmt: skip


def number(
    sample: Sample, quantity: str, value: float | None, unit: str, components: Mapping[str, float], *, source: str,
    state: State | None = None, cycle: int | None = None, method: str = "", fit: str = "", flag: str = "",
    low: float | None = None, high: float | None = None,
) -> Observable:  # fmt: skip
    """An observable of a specimen; a value that is no number becomes none with a flag."""
    known = value is not None and math.isfinite(value)
    return Observable(
        quantity, value if known else None, unit, sample.name, dict(components), sample.variant, sample.batch, sample.replicate,
        TECHNIQUE_NAME, state, cycle, low=low, high=high, method=method, fit=fit, source=source,
        flag=flag if known or flag else "cannot be determined",
    )  # fmt: skip


def target(item: Measurement, part: str) -> str:
    """Name of a part of a file that survives renaming."""
    return f"{item.source.path}#sha256:{item.source.sha256[:12]}/{part}"


def declared(text: str | float, unit: str, what: str, *, positive: bool = True) -> tuple[float, float]:
    """A declared number in a unit, and its standard uncertainty, ``inf`` where none is given.

    Raises
    ------
    StudyError
        If it is not positive though it must be.
    UnitError
        If it has no or a wrong unit.
    """
    given = parse(text, what=what)
    value = convert(given.value, given.unit, unit)
    if positive and not value > 0:
        raise StudyError(f"{what} is '{text}'; it must be positive.")
    scale = abs(convert(1.0, given.unit, unit) - convert(0.0, given.unit, unit))
    return value, math.inf if math.isnan(given.std) else given.std * scale
