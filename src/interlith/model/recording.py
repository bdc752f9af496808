"""How does a technique write down a result: numbers of specimens, quality rows, method and versions?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from interlith.errors import StudyError
from interlith.model.choice import Choice
from interlith.model.measurement import Flag, Measurement
from interlith.model.observable import Observable, State, to_frame
from interlith.model.result import Citation, How, Result
from interlith.model.sample import Sample
from interlith.units import convert, parse

if TYPE_CHECKING:
    import polars as pl

#: Sample, step, whether it went well, and why not.
QualityRow = tuple[str, str, bool, str]
#: Packages whose versions every result names.
PACKAGES = ("interlith", "numpy", "polars", "scipy")


@cache
def _version(package: str) -> str:
    # Looked up on disk: too slow to be asked for every number.
    return version(package)


def versions_of(*packages: str) -> dict[str, str]:
    """Versions of packages as they are installed."""
    return {name: _version(name) for name in packages}


def quality_table(rows: Sequence[QualityRow]) -> pl.DataFrame:
    """Quality rows with fixed columns."""
    import polars as pl

    schema = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def target_of(item: Measurement, part: str) -> str:
    """Name of a part of a file that survives renaming."""
    return f"{item.source.path}#sha256:{item.source.sha256[:12]}/{part}"


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes down the results of one technique."""

    technique: str

    def result(
        self,
        name: str,
        observables: Iterable[Observable],
        *,
        method: str,
        options: Mapping[str, Any],
        quality: Sequence[QualityRow],
        data: Mapping[str, Any] | None = None,
        words: str = "",
        citations: tuple[Citation, ...] = (),
        choices: Iterable[Choice] = (),
        flags: Mapping[str, tuple[Flag, ...]] | None = None,
    ) -> Result:
        """A result with its record; `words` go into the Methods section."""
        how = How(self.technique, method, dict(options), versions_of(*PACKAGES), citations, words)
        return Result(
            self.technique, name, to_frame(observables), dict(data or {}), quality_table(quality), how, tuple(choices),
            dict(flags or {}),
        )  # fmt: skip

    def number(
        self, sample: Sample, quantity: str, value: float | None, unit: str, components: Mapping[str, float], *,
        source: str, state: State | None = None, cycle: int | None = None, method: str = "", fit: str = "", flag: str = "",
        low: float | None = None, high: float | None = None,
    ) -> Observable:  # fmt: skip
        """An observable of a specimen; a value that is no number becomes none with a flag."""
        known = value is not None and math.isfinite(value)
        return Observable(
            quantity, value if known else None, unit, sample.name, dict(components), sample.variant, sample.batch,
            sample.replicate, self.technique, state, cycle, low=low, high=high, method=method, fit=fit, source=source,
            flag=flag if known or flag else "cannot be determined",
        )  # fmt: skip


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
