"""Do other programs get the same numbers as we from the same measurement, and where they do not, what is the likely cause?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from interlith.errors import InterlithError, StudyError
from interlith.model import Figure, Finding, Measurement, Observable, Result, Series, Statement, Study
from interlith.physics.circuits.circuit import Circuit
from interlith.workbench.external.impedance.reading import is_export, read_impedance_results
from interlith.workbench.external.reading import read_external
from interlith.workbench.methods.evaluations import Answer, Asked, circuit_answer, table_answer
from interlith.workbench.methods.evidence import SUMMARY
from interlith.workbench.methods.fits import our_fit
from interlith.workbench.methods.relaxation import distribution_answer
from interlith.workbench.methods.spectra import Place, places_of
from interlith.workbench.opening import open_study
from interlith.workbench.reading import as_series
from interlith.workbench.running.run import run

IMPEDANCE = "impedance"
Data = Study | Series | Measurement | str | Path | Result | Sequence[Result]
External = Result | str | Path | Sequence[Result | str | Path]


def compare_methods(
    data: Data,
    external: External,
    *,
    circuit: str = "",
    names: Mapping[str, str] | None = None,
    spectrum: int | None = None,
    weights: str = "modulus",
    level: float = 0.95,
) -> Statement:
    """Compare what other programs made of a measurement with what we make of it.

    Parameters
    ----------
    data
        The measurement as the other program had it (a raw file, a measurement, a series), a study or its folder, or results
        of ours.
    external
        Exports of impedance programs, tables of external results, or results read from them.
    circuit
        For exports that do not tell their circuit, in our spelling or that of the program; for tables of its parameters beside a
        raw file.
    names
        Label of an element in the export -> name of ours: ``{"Rct": "R1"}``.
    spectrum
        Which spectrum of the file, from 1, where it holds several and the export does not tell.
    weights
        Of our fit: ``modulus``, ``unit`` or ``noise``.
    level
        Of the bound on a difference.

    Returns
    -------
    Statement
        For every evaluation a finding ``compare_methods_summary`` (verdicts counted, likely cause), then a finding
        ``compare_methods`` for every number: difference over our standard error, whose error is larger, verdict. Of
        distributions the distance, and a finding ``compare_distributions`` a peak.

    Raises
    ------
    StudyError
        If nothing can be compared: the message says why for every evaluation.
    FitError
        If the circuit is none.

    Notes
    -----
    Circuits are fitted again by us, with the same parameters held; all other numbers are paired by quantity, specimen and state.
    Assumption that fails first: that the other program saw the points that our file holds. Where its export carries them along
    they are compared.
    """
    if not 0.5 <= level < 1:
        raise StudyError(f"level is {level}; write a probability such as 0.95.")
    if isinstance(data, (str, Path)) and (Path(data).is_dir() or Path(data).name == "study.yaml"):
        data = open_study(data if Path(data).is_dir() else Path(data).parent)
    study = data if isinstance(data, Study) else None
    results = [_read(item, study, circuit, names) for item in _several(external)]
    asked = Asked(weights, circuit, spectrum, level, "compare_methods", bool(study and study.simulated))
    answers, failures = _answers(_Ours(data, asked), results, asked)
    if not answers:
        raise StudyError("\n".join(failures) or "The exports hold no number that can be compared.")
    made = [finding for answer in answers for finding in answer.findings]
    made += [Finding(SUMMARY, text, "undecided") for text in failures]
    ours: list[Observable] = [item for answer in answers for item in answer.observables]
    drawn: list[Figure] = [answer.figure for answer in answers if answer.figure is not None]
    return Statement(tuple(made), tuple(ours), tuple(drawn))


def _several(external: External) -> list[Result | str | Path]:
    return [external] if isinstance(external, (Result, str, Path)) else list(external)


def _read(item: Result | str | Path, study: Study | None, circuit: str, names: Mapping[str, str] | None) -> Result:
    if isinstance(item, Result):
        return item
    if is_export(Path(item)):
        return read_impedance_results(item, study=study, circuit=circuit, names=names)
    return read_external(item, study=study)


class _Ours:
    """Our side, made when it is asked for."""

    def __init__(self, data: Data, asked: Asked) -> None:
        self._data, self._asked = data, asked

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The spectra that an evaluation may belong to."""
        data = self._data
        if isinstance(data, Study):
            return places_of(data[IMPEDANCE])
        if isinstance(data, (Series, Measurement, str, Path)):
            return places_of(as_series(data, technique=IMPEDANCE))
        return ()

    @cached_property
    def observables(self) -> tuple[Observable, ...]:
        """Our numbers where results are at hand, or a study can be run."""
        data = self._data
        if isinstance(data, Study):
            results: Sequence[Result] = run(data, contrasts=False).results
        elif isinstance(data, Result):
            results = (data,)
        elif isinstance(data, (Series, Measurement, str, Path)):
            return self._fitted()
        else:
            results = data
        return tuple(item for one in results if not one.how.method.startswith("external") for item in one.observables())

    def _fitted(self) -> tuple[Observable, ...]:
        """The parameters of the circuit that was asked for, from the only spectrum of a raw file."""
        if not self._asked.circuit:
            raise StudyError(
                "A raw file alone holds no number to compare a table with; name the circuit whose parameters are in the table, or "
                "hand over a study or results such as that of il.cycling.summarise(file)."
            )
        number = self._asked.spectrum
        left = [one for one in self.places if number in (None, one.spectrum.number)]
        if len(left) != 1:
            raise StudyError(f"The file holds {len(self.places)} spectra; name one by its number, from 1.")
        fit = our_fit(
            left[0].spectrum,
            Circuit(self._asked.circuit),
            held={},
            weights=self._asked.weights,
            measurement=left[0].measurement,
        )
        return tuple(fit.observables.values())

    @property
    def raw(self) -> bool:
        """Whether there are raw data that we can evaluate as the other program did."""
        return not isinstance(self._data, Result) and isinstance(self._data, (Study, Series, Measurement, str, Path))


def _answers(ours: _Ours, results: Sequence[Result], asked: Asked) -> tuple[list[Answer], list[str]]:
    answers: list[Answer] = []
    failures: list[str] = []
    for result in results:
        for evaluate in _evaluations(ours, result):
            try:
                answers.append(evaluate(replace(asked, name=f"{asked.name}_{len(answers) + 1}")))
            except InterlithError as error:
                failures.append(str(error))
    return answers, list(dict.fromkeys(failures))


def _evaluations(ours: _Ours, result: Result) -> Iterator[Callable[[Asked], Answer]]:
    """What can be compared of one external result: circuits and distributions against the raw data, all else by name."""
    if "evaluations" not in result.data or not ours.raw:
        yield lambda asked: table_answer(result, ours.observables, asked)
        return
    with_numbers = set(result.data["numbers"].get_column("evaluation").to_list())
    with_curve = set(result.data["distributions"].get_column("evaluation").to_list())
    for row in result.data["evaluations"].to_dicts():
        if row["evaluation"] in with_numbers:
            yield lambda asked, row=row: circuit_answer(result, row, ours.places, asked)  # type: ignore[misc]
        if row["evaluation"] in with_curve:
            yield lambda asked, row=row: distribution_answer(result, row, ours.places, asked)  # type: ignore[misc]
