"""How does an export of an impedance program stand in tables: evaluations, numbers, distributions, the points it carries?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlith.workbench.external.impedance.circuits import Translated
from interlith.workbench.external.impedance.evaluation import Evaluation

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds: its file, bytes and evaluations, each with its numbers under our names."""

    file: str
    sha256: str
    size: int
    evaluations: tuple[tuple[Evaluation, Translated], ...]


def fit_of(export: Export, one: Evaluation) -> str:
    """How an observable names its evaluation: file and place."""
    return f"{export.file}, {one.place}" if one.place else export.file


def evaluation_rows(export: Export) -> pl.DataFrame:
    """One row an evaluation: program, circuit, raw file, weights, points, and where definitions differ."""
    import polars as pl

    rows = [
        {
            "evaluation": number, "place": one.place, "fit": fit_of(export, one), "dialect": one.dialect, "program": one.program, "version": one.version, "raw": one.raw,
            "spectrum": one.number, "circuit": words.circuit, "circuit_as_written": one.circuit, "weights": one.weights,
            "points": one.points, "notes": "; ".join(words.notes),
            "discrete": one.distribution is not None and one.distribution.discrete,
        }
        for number, (one, words) in enumerate(export.evaluations, start=1)
    ]  # fmt: skip
    types = {"evaluation": pl.Int64, "spectrum": pl.Int64, "points": pl.Int64}
    return pl.DataFrame(rows, schema_overrides=types)


def number_rows(export: Export) -> pl.DataFrame:
    """Parameters of all circuits with what an observable does not hold: the program's label, last digit, whether it was held."""
    import polars as pl

    rows = [
        {
            "evaluation": number, "quantity": name, "label": words.labels[name], "value": one.value, "std": one.std,
            "unit": one.unit, "fixed": one.fixed, "resolution": one.resolution,
        }
        for number, (_, words) in enumerate(export.evaluations, start=1)
        for name, one in words.parameters.items()
    ]  # fmt: skip
    types = {
        "evaluation": pl.Int64, "quantity": pl.String, "label": pl.String, "value": pl.Float64, "std": pl.Float64,
        "unit": pl.String, "fixed": pl.Boolean, "resolution": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=types)


def spectrum_rows(export: Export) -> pl.DataFrame:
    """Points that an export carries along, without those that were masked."""
    import polars as pl

    names = ("frequency", "impedance_real", "impedance_imaginary")
    schema = {"evaluation": pl.Int64} | dict.fromkeys(names, pl.Float64)
    parts = [
        pl.DataFrame({
            "evaluation": [number] * len(one.spectrum[0]), "frequency": one.spectrum[0],
            "impedance_real": one.spectrum[1].real, "impedance_imaginary": one.spectrum[1].imag,
        }, schema_overrides=schema)
        for number, (one, _) in enumerate(export.evaluations, start=1)
        if one.spectrum is not None
    ]  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def distribution_rows(export: Export) -> pl.DataFrame:
    """All distributions: time constant (s), gamma and the ends of its band (ohm)."""
    import polars as pl

    names = ("time_constant", "gamma", "low", "high")
    parts = []
    for number, (one, _) in enumerate(export.evaluations, start=1):
        curve = one.distribution
        if curve is None:
            continue
        columns = (curve.time_constant, curve.gamma, curve.low, curve.high)
        parts.append(pl.DataFrame({"evaluation": [number] * len(curve.gamma)} | {
            name: [math.nan] * len(curve.gamma) if values is None else values for name, values in zip(names, columns, strict=True)
        }))  # fmt: skip
    schema = {"evaluation": pl.Int64} | dict.fromkeys(names, pl.Float64)
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
