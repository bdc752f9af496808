"""What stands beside ours in one evaluation of another program: parameters of a circuit, a distribution, a table of numbers?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Figure, Finding, Observable, Result
from interlith.physics.circuits.circuit import Circuit
from interlith.workbench.methods.causes import cause
from interlith.workbench.methods.evidence import Comparison, figure, findings
from interlith.workbench.methods.fits import OurFit, in_our_order, our_fit
from interlith.workbench.methods.numbers import compared, pairs
from interlith.workbench.methods.spectra import Place, place_of

if TYPE_CHECKING:
    import polars as pl

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Answer:
    """Findings, the numbers of ours behind them, and a figure."""

    findings: tuple[Finding, ...]
    observables: tuple[Observable, ...] = ()
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How to compare: weights of our fit, circuit for tables, number of the spectrum, level, name of the figure, simulated."""

    weights: str
    circuit: str
    spectrum: int | None
    level: float
    name: str
    simulated: bool = False


def circuit_answer(result: Result, row: Mapping[str, Any], places: Sequence[Place], asked: Asked) -> Answer:
    """The parameters of a circuit beside our fit of the same circuit to the same spectrum.

    Parameters
    ----------
    result, row
        External result of an impedance program, and the row of its ``evaluations``.
    places
        Spectra that come into question.
    asked
        How to compare.

    Raises
    ------
    StudyError
        If the circuit is not known, or the spectrum cannot be told.
    FitError
        If our fit fails.
    """
    program = _program(row)
    numbers = _rows(result.data["numbers"], row["evaluation"])
    circuit = _circuit(row, numbers, program)
    carried = _carried(result, row["evaluation"])
    place, told = place_of(
        places, raw=row["raw"], number=asked.spectrum or row["spectrum"], carried=carried, program=program
    )
    theirs = {
        item["quantity"]: item for item in numbers if item["quantity"] in circuit.names and math.isfinite(item["value"])
    }
    held = {name: item["value"] for name, item in theirs.items() if item["fixed"]}
    fit = our_fit(place.spectrum, circuit, held=held, weights=asked.weights, measurement=place.measurement)
    order = in_our_order(fit, {name: item["value"] for name, item in theirs.items()})
    values = {name: theirs[there]["value"] for name, there in order.items() if there in theirs}
    found = [
        pair for name in circuit.names if order[name] in theirs
        and (pair := _pair(fit.observables[name], theirs[order[name]], result, asked.level)) is not None
    ]  # fmt: skip
    why = cause(
        place.spectrum, fit, values, held=held, carried=carried,
        rounding={name: theirs[there]["resolution"] / 2 for name, there in order.items() if there in theirs},
    )  # fmt: skip
    known = {theirs[there]["quantity"] for there in order.values() if there in theirs}
    one = Comparison(
        program, f"{place.spectrum.target}, circuit {circuit.text}", tuple(found), why,
        tuple(item for item in _own(result, row) if item.quantity not in known),
        (*told, *_notes(row), *_moved(order, program), *_points(row, carried, place), *_bounds(fit)), level=asked.level,
        details={"circuit": circuit.text, "weights_external": row["weights"] or None, "weights_ours": fit.words},
    )  # fmt: skip
    return Answer(findings(one), tuple(fit.observables.values()), figure(one, asked.name, simulated=asked.simulated))


def _program(row: Mapping[str, Any]) -> str:
    return f"{row['program']} {row['version']}".strip()


def _circuit(row: Mapping[str, Any], numbers: Sequence[Mapping[str, Any]], program: str) -> Circuit:
    if row["circuit"]:
        circuit = Circuit(row["circuit"])
        if any(item["quantity"] in circuit.names for item in numbers):
            return circuit
        listed = ", ".join(item["quantity"] for item in numbers) or "none"
        raise StudyError(
            f"{program}: no parameter of the circuit {circuit.text} ({', '.join(circuit.names)}) is in the export ({listed}); "
            "number the elements of the circuit as there, or name them with names={'Rct': 'R1'}."
        )
    written = row["circuit_as_written"]
    if written:
        raise StudyError(
            f"{program} fitted {written}, which holds an element that is not ours; nothing can be compared."
        )
    listed = ", ".join(item["quantity"] for item in numbers)
    raise StudyError(
        f"{program} does not say which circuit it fitted; name it with circuit=, for instance R0-(R1|Q1), with the numbers of "
        f"the elements as in the export ({listed})."
    )


def _pair(ours: Observable, item: Mapping[str, Any], result: Result, level: float) -> Any:
    number = Observable(
        ours.quantity, item["value"], item["unit"], ours.sample,
        {f"fit:{result.how.options['sha256'][:12]}/{item['quantity']}": item["std"]} if math.isfinite(item["std"]) else {},
        state=ours.state,
    )  # fmt: skip
    return compared(ours, number, resolution=item["resolution"], held=item["fixed"], level=level)


def _own(result: Result, row: Mapping[str, Any]) -> list[Observable]:
    """Numbers of one evaluation."""
    return [item for item in result.observables() if item.fit == row["fit"]]


def _notes(row: Mapping[str, Any]) -> list[str]:
    return [f"{note[:1].upper()}{note[1:]}." for note in row["notes"].split("; ") if note]


def _moved(order: Mapping[str, str], program: str) -> list[str]:
    moved = [f"{there} is our {name}" for name, there in order.items() if name != there]
    return [f"{program} has parts of the same form in another order: {', '.join(moved)}."] if moved else []


def _bounds(fit: OurFit) -> list[str]:
    """Parameters that the spectrum does not fix, whatever another program prints, and what our fit says of itself."""
    told = [
        f"{name} is compared with nothing, because the spectrum gives no number for it: {one.flag or 'a bound only'}."
        for name, one in fit.observables.items()
        if one.value is None
    ]
    flags = dict.fromkeys(one.flag for one in fit.observables.values() if one.value is not None and one.flag)
    return told + [f"Of our fit: {flag.rstrip('.')}." for flag in flags]


def _points(row: Mapping[str, Any], carried: tuple[Array, Complex] | None, place: Place) -> list[str]:
    used = int(place.spectrum.used.sum())
    theirs = len(carried[0]) if carried is not None else row["points"]
    if theirs is None or theirs == used:
        return []
    return [f"{_program(row)} used {theirs} points, we {used}."]


def _rows(frame: pl.DataFrame, evaluation: int) -> list[dict[str, Any]]:
    import polars as pl

    return frame.filter(pl.col("evaluation") == evaluation).drop("evaluation").to_dicts()


def _carried(result: Result, evaluation: int) -> tuple[Array, Complex] | None:
    import polars as pl

    frame = result.data["carried"].filter(pl.col("evaluation") == evaluation)
    if frame.is_empty():
        return None
    real, imaginary = (frame.get_column(f"impedance_{part}").to_numpy() for part in ("real", "imaginary"))
    return frame.get_column("frequency").to_numpy(), real + 1j * imaginary


def table_answer(result: Result, ours: Sequence[Observable], asked: Asked) -> Answer:
    """Numbers of another program beside ours of the same quantity, specimen and state, whatever the technique.

    Parameters
    ----------
    result
        External result.
    ours
        All our numbers.
    asked
        How to compare.

    Raises
    ------
    StudyError
        If no number has a counterpart: the message says which quantities and specimens meet.
    """
    theirs = result.observables()
    met = pairs(ours, _rehomed(theirs, ours))
    found = [
        pair for own, other in met
        if (pair := compared(own, other, same_data=_same_bytes(own, other) is not False, level=asked.level)) is not None
    ]  # fmt: skip
    program = result.how.method.removeprefix("external:").strip() or "the other program"
    if not found:
        sides = [
            f"{word} {', '.join(sorted({getattr(item, word) for item in theirs})[:8]) or 'none'} against "
            f"{', '.join(sorted({getattr(item, word) for item in ours})[:8]) or 'none'} of ours"
            for word in ("sample", "quantity")
        ]
        raise StudyError(
            f"{program}: no number has a counterpart at the same sample, quantity and state; {'; '.join(sides)}."
        )
    known = {(pair.theirs.sample, pair.theirs.quantity) for pair in found}
    alone = tuple(item for item in _rehomed(theirs, ours) if (item.sample, item.quantity) not in known)
    apart = [pair for pair in found if _same_bytes(pair.ours, pair.theirs) is False]
    one = Comparison(
        program, result.how.options["file"], tuple(found), None, alone,
        (f"{len(apart)} numbers are of another raw file than ours.",) if apart else (), not apart, asked.level,
    )  # fmt: skip
    return Answer(findings(one), tuple(pair.ours for pair in found), figure(one, asked.name, simulated=asked.simulated))


def _rehomed(theirs: Sequence[Observable], ours: Sequence[Observable]) -> list[Observable]:
    """Numbers of one specimen each side belong to one another, whatever the file was called."""
    mine, others = {item.sample for item in ours}, {item.sample for item in theirs}
    if len(mine) == len(others) == 1 and mine != others:
        (sample,) = mine
        return [replace(item, sample=sample) for item in theirs]
    return list(theirs)


def _same_bytes(ours: Observable, theirs: Observable) -> bool | None:
    """Whether both evaluated the same bytes; `None` where that is not stated."""
    raw = theirs.source.partition(" of sha256:")[2]
    mine = ours.source.removeprefix("sha256:")
    if not raw or not mine:
        return None
    return mine.startswith(raw) or raw.startswith(mine)
