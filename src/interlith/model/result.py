"""What did one analysis produce, how good is it, what was decided on the way, and how was it done?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interlith.model.choice import Choice
from interlith.model.measurement import Flag
from interlith.model.observable import Observable, from_frame

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Citation:
    """A work that a user of the method should cite; `bibtex` is ready to paste, `text` is for the Methods section."""

    key: str
    text: str
    bibtex: str


@dataclass(frozen=True, slots=True)
class How:
    """How a result came about: what a stranger needs to repeat it."""

    technique: str
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    citations: tuple[Citation, ...] = ()
    methods_text: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of an analysis over a series.

    Parameters
    ----------
    technique, name
        ``cycling`` and for instance ``summary``.
    table
        Observables, columns as `interlith.model.SCHEMA`.
    data
        Curves and wide tables by name (polars frames or xarray datasets).
    quality
        One row a specimen and step: columns ``sample``, ``step``, ``ok``, ``reason``.
    choices
        Automatic decisions.
    how
        Method, options, versions, citations.
    flags
        What readers and checks noticed, by specimen name.
    """

    technique: str
    name: str
    table: pl.DataFrame
    data: Mapping[str, Any]
    quality: pl.DataFrame
    how: How
    choices: tuple[Choice, ...] = ()
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)

    def observables(self, quantity: str | None = None) -> list[Observable]:
        """The observables as objects, all of them or those of one quantity."""
        import polars as pl

        frame = self.table if quantity is None else self.table.filter(pl.col("quantity") == quantity)
        return from_frame(frame)
