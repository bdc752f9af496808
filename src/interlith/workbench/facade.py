"""What does a person in a notebook call, with paths and bare results instead of our types?"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from interlith.errors import StudyError, nearest
from interlith.model import Finding, Measurement, Result, Sample, Series, Study, Technique
from interlith.numerics.threads import one_thread
from interlith.workbench.discovery import techniques
from interlith.workbench.reading import as_series, measure_all

#: What a cell can be; fixes the direction of every efficiency.
CELL_KINDS = ("half_cathode", "half_anode", "full")


class Verbs:
    """The verbs and nouns of one technique, ``il.cycling.summarise(...)``; a verb takes a path wherever it takes a series."""

    def __init__(self, technique: Technique) -> None:
        self._technique = technique
        nouns = f" Nouns: {', '.join(technique.nouns)}." if technique.nouns else ""
        self.__doc__ = f"Verbs of '{technique.name}': {', '.join(technique.verbs)}.{nouns}"

    def __getattr__(self, name: str) -> Any:
        verbs, nouns = self._technique.verbs, self._technique.nouns
        if name in nouns:
            return nouns[name]
        if name not in verbs:
            what = "verb or noun" if nouns else "verb"
            raise AttributeError(f"'{self._technique.name}' has no {what} '{name}'; {nearest(name, [*verbs, *nouns])}.")
        return _with_paths(verbs[name], self._technique)

    def __dir__(self) -> list[str]:
        return sorted([*self._technique.verbs, *self._technique.nouns])


def _with_paths(verb: Callable[..., Any], technique: Technique) -> Callable[..., Any]:
    """Accept a path, a measurement or a list of these, or bare arrays, as the first argument of a verb."""

    @functools.wraps(verb)
    def called(data: Any, *arguments: Any, cell_kind: str | None = None, **options: Any) -> Any:
        plain = isinstance(data, (str, Path, Measurement)) or (
            isinstance(data, (list, tuple)) and all(isinstance(item, (str, Path, Measurement)) for item in data)
        )
        if cell_kind is not None and not plain:
            raise StudyError("cell_kind goes with a bare path; cells of a study declare it in study.yaml, cells: kind.")
        if cell_kind is not None and cell_kind not in CELL_KINDS:
            raise StudyError(f"cell_kind is '{cell_kind}'; {nearest(cell_kind, CELL_KINDS)}.")
        if plain:
            data = as_series(data, kind=cell_kind, technique=technique.name)
        elif technique.take is not None and not isinstance(data, (Series, Result)):
            data = technique.take(data)
        with one_thread():
            return verb(data, *arguments, **options)

    called.__signature__ = inspect.signature(verb)  # type: ignore[attr-defined]
    return called


def read(path: str | Path, *, cell_kind: str | None = None, options: Mapping[str, Any] | None = None) -> Measurement:
    """Read one raw file by its content, without a study.

    Parameters
    ----------
    path
        The file.
    cell_kind
        ``half_cathode``, ``half_anode`` or ``full``; fixes the direction of efficiencies.
    options
        For the reader, for instance ``{"mapping": {"test_time": "Time [h]", ...}}``.

    Raises
    ------
    ReadError
        If no format knows the content or the file is damaged.
    """
    return read_all(path, cell_kind=cell_kind, options=options)[0]


def read_all(
    path: str | Path, *, cell_kind: str | None = None, options: Mapping[str, Any] | None = None
) -> tuple[Measurement, ...]:
    """Read one raw file and the measurements of other techniques inside it: impedance spectra between cycling steps.

    Parameters
    ----------
    path, cell_kind, options
        As for `read`.

    Raises
    ------
    ReadError
        If no format knows the content or the file is damaged.
    """
    if cell_kind is not None and cell_kind not in CELL_KINDS:
        raise StudyError(f"cell_kind is '{cell_kind}'; {nearest(cell_kind, CELL_KINDS)}.")
    file = Path(path)
    return measure_all(file, Sample(name=file.stem, variant=file.stem, cell_kind=cell_kind), options=options)


def compare(
    data: Study | Result | Sequence[Result],
    quantity: str,
    *,
    at: Mapping[str, float] | None = None,
    to: str | None = None,
    kind: Literal["ratio", "difference"] = "ratio",
    study: Study | None = None,
    allow_unlike: bool = False,
    level: float = 0.95,
) -> tuple[Finding, ...]:
    """Compare variants in one quantity at one state; see `interlith.evidence.compare` for the statistics.

    Parameters
    ----------
    data
        A result such as the one of ``il.cycling.summarise``, several, or a study (which is run first).
    quantity
        For instance ``capacity_retention``.
    at
        State, for instance ``{"cycle": 200}``.
    to
        Reference variant; the one of the study by default.
    kind
        ``ratio`` or ``difference``.
    study
        Where replication, primary endpoint and reference are declared, if `data` is no study.
    allow_unlike
        Compare although window, rate or temperature differ; the finding says so.
    level
        Level of the interval.

    Raises
    ------
    StudyError
        If the quantity or state occurs nowhere, the reference is missing, or the conditions differ.
    """
    from interlith.workbench.contrasts import contrast, gather

    if isinstance(data, Study):
        from interlith.workbench.running.run import run

        outcome = run(data, contrasts=False)
        study, results = data, outcome.results
    else:
        results = _with_derived((data,) if isinstance(data, Result) else tuple(data), quantity, study)
    return contrast(
        gather(results), quantity, at=at or {}, to=to, kind=kind, study=study, results=results,
        allow_unlike=allow_unlike, level=level,
    )  # fmt: skip


def _with_derived(results: tuple[Result, ...], quantity: str, study: Study | None) -> tuple[Result, ...]:
    """Add what follows from the results where the quantity asked for is not among them: a retention from a summary."""
    from interlith.workbench.contrasts import gather

    found = list(results)
    for result in results:
        derive = techniques()[result.technique].derive if result.technique in techniques() else None
        if derive is not None and quantity not in set(gather(found).get_column("quantity")):
            found += derive(result, study.analyses.get(result.technique, {}) if study else {})
    return tuple(found)


def equivalent(
    data: Result | Sequence[Result],
    quantity: str,
    *,
    at: Mapping[str, float] | None = None,
    to: str | None = None,
    bound: str | float | None = None,
    study: Study | None = None,
    level: float = 0.95,
) -> tuple[Finding, ...]:
    """State how small a difference is, instead of "no difference"; see `interlith.evidence.equivalent`.

    Raises
    ------
    StudyError
        If the quantity or state occurs nowhere or the reference is missing.
    """
    from interlith.evidence import equivalent as found_equivalent
    from interlith.workbench.contrasts import conditions, gather

    results = _with_derived((data,) if isinstance(data, Result) else tuple(data), quantity, study)
    return found_equivalent(
        gather(results),
        quantity,
        at=at or {},
        to=to,
        bound=bound,
        study=study,
        conditions=conditions(results, at or {}),
        level=level,
    )


def series_of(paths: Sequence[str | Path], *, cell_kind: str | None = None) -> Series:
    """Several raw files as one series, each file its own specimen.

    Raises
    ------
    ReadError
        If a file cannot be read.
    """
    return as_series(list(paths), kind=cell_kind)
