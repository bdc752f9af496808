"""What must a technique provide so that a study can run it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from interlith.model.figure import Figure
from interlith.model.result import Citation, Result
from interlith.model.series import Series
from interlith.model.step import Step


@dataclass(frozen=True, slots=True)
class Example:
    """Simulated data with known truth: `truth` maps (sample, quantity, cycle or None) to the value in shown units."""

    series: Series
    truth: Mapping[tuple[str, str, int | None], float]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Technique:
    """One technique: found by package scan and entry points.

    Parameters
    ----------
    name
        Word used in `measurements.csv` and as ``il.<name>``.
    payload
        ``table``, ``arrays`` or ``run``.
    needs
        Quantities that the payload must hold.
    analyse
        ``analyse(series, options) -> tuple[Result, ...]``: everything the report shows for this technique.
    options
        Allowed words under ``analyses: <name>:`` in `study.yaml`, each with one sentence.
    example
        Simulated data with known truth.
    figures
        ``figures(results) -> sequence of Figure``.
    verbs
        The public functions of ``il.<name>`` by name.
    headlines
        Quantities that are compared between variants by default, the most telling first, each with how: ``ratio``
        (relative change) or ``difference`` (in the unit of the quantity).
    derive
        ``derive(result, options)``: what follows from a first result without the raw data (retention and decay from a
        summary); lets a person compare it without asking for it first.
    cites
        What a user of the technique should cite.
    check
        ``check(options)`` raises `StudyError` for a value that is not understood, before anything runs.
    take
        ``take(arrays) -> Series``: what a person in a notebook may hand to a verb instead of a series or a path.
    nouns
        Types that a person makes before calling a verb, such as the model of what is measured, by the name under which ``il.<name>`` has
        them; none may have the name of a verb.
    steps
        The separate steps that `analyse` takes, in order; a study keeps the result of each and repeats only those that
        a change touches.
    """

    name: str
    payload: str
    needs: tuple[str, ...]
    analyse: Callable[[Series, Mapping[str, Any]], tuple[Result, ...]]
    options: Mapping[str, str]
    example: Callable[[], Example]
    figures: Callable[[Sequence[Result]], Sequence[Figure]]
    verbs: Mapping[str, Callable[..., Result]]
    headlines: Mapping[str, Literal["ratio", "difference"]] = field(default_factory=dict)
    derive: Callable[[Result, Mapping[str, Any]], tuple[Result, ...]] | None = None
    cites: tuple[Citation, ...] = ()
    check: Callable[[Mapping[str, Any]], None] | None = None
    take: Callable[[object], Series] | None = None
    nouns: Mapping[str, type] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
