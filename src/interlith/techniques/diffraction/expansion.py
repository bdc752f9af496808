"""How much of the change of a cell on heating is thermal expansion, as a reference shows it, and how much is left for composition?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Flag, Observable, Result
from interlith.model.observable import NORMAL_95
from interlith.model.recording import Recorder, declared
from interlith.numerics.reference_curve import Reference, reference_curve
from interlith.units import convert

Array = NDArray[np.float64]

_RECORDER = Recorder("diffraction")
METHODS = (
    "The reference cell was described by a polynomial in temperature; the cell that expansion alone would give is the first measured cell times the "
    "relative expansion of the reference. What is left is put down to composition. Uncertainties hold those of the polynomial, shared by all "
    "temperatures, of the first cell, and of each cell and temperature."
)


def expansion(
    measured: Result, reference: Result, *, quantity: str = "cell_volume", sample: str | None = None, degree: int | None = None,
    per_lithium: str | None = None, formulas: float = 1.0,
) -> Result:  # fmt: skip
    """Thermal expansion taken off a cell that was measured on heating.

    Parameters
    ----------
    measured, reference
        Hold the quantity with temperatures as states: of the specimen, and of the material alone.
    quantity
        ``cell_volume``, an edge or a spacing, in both; of a phase it carries the name of the phase.
    sample
        Specimen of `measured`; needed where it holds several.
    degree
        Of the polynomial of the reference; the lowest that is enough by default.
    per_lithium
        Change of the cell by one lithium per formula unit: ``"1.1 +- 0.2 angstrom^3"``; then the uptake is reported as well.
    formulas
        Formula units in the cell.

    Returns
    -------
    Result
        At every temperature ``<quantity>_expansion`` and ``<quantity>_composition`` (relative changes since the first), and ``lithium_uptake`` (per formula
        unit) where asked; ``linear_expansion`` (1/K) of the reference between first and last common temperature. Beyond the reference's range there is no value.

    Raises
    ------
    StudyError
        If a quantity or specimen is unknown.
    FitError
        If temperatures are missing or too few.

    Notes
    -----
    A temperature that is off by the same in both series cancels; the bounds of the states are taken for errors of the specimen's temperatures alone.
    The assumption that fails first: that the material expands as much with its new composition as without.
    """
    own = _of(measured, quantity, sample)
    other = _of(reference, quantity, None)
    temperature = _columns(own)[0]
    reference_temperature, reference_values, reference_sizes, _ = _columns(other)
    curve = reference_curve(reference_temperature, reference_values, reference_sizes, degree=degree)
    name = own[0].sample
    uptake = None if per_lithium is None else declared(per_lithium, own[0].unit, "per_lithium")
    if bool(curve.outside(temperature[:1])[0]):
        raise FitError(
            f"The first temperature of {name} lies outside the reference ({curve.low:g} to {curve.high:g} degC); nothing can be compared."
        )
    made, rows = _every(own, curve, quantity, uptake, formulas)
    made.append(_coefficient(own[0], curve, temperature, quantity))
    beyond = sum(row["outside"] for row in rows)
    flags = (
        [
            Flag(
                "beyond_reference",
                f"{beyond} of {len(own)} temperatures lie beyond the reference and have no value.",
                name,
            )
        ]
        if beyond
        else []
    )
    return _RECORDER.result(
        "expansion", made, method="reference subtracted", options={"quantity": quantity, "degree": curve.degree, "per_lithium": per_lithium},
        quality=[(name, "expansion", beyond < len(own), "")], data={"expansion": pl.DataFrame(rows)}, words=METHODS, flags={name: tuple(flags)},
    )  # fmt: skip


def _every(
    own: Sequence[Observable], curve: Reference, quantity: str, uptake: tuple[float, float] | None, formulas: float
) -> tuple[list[Observable], list[dict[str, Any]]]:
    """Numbers and rows of every temperature."""
    temperature, values, sizes, spread = _columns(own)
    name = own[0].sample
    made: list[Observable] = []
    rows: list[dict[str, Any]] = []
    for k, one in enumerate(own):
        away = bool(curve.outside(temperature[k : k + 1])[0])
        grown, left, parts_grown, parts_left = _split(curve, temperature, values, sizes, spread, k, name, quantity)
        said = f"beyond the reference, which ends at {curve.low:g} and {curve.high:g} degC" if away else ""
        told: dict[str, Any] = {
            "state": one.state,
            "source": one.source,
            "fit": f"reference of degree {curve.degree}",
            "flag": said,
        }
        for what, value, parts in (("expansion", grown, parts_grown), ("composition", left, parts_left)):
            made.append(_like(one, f"{quantity}_{what}", None if away else value, "1", parts, told))
        if uptake is not None:
            made.append(_uptake(one, None if away else left, parts_left, values[0], uptake, formulas, name, told))
        rows.append({"temperature": temperature[k], "expansion": grown, "composition": left, "outside": away})
    return made, rows


def _of(found: Result, quantity: str, sample: str | None) -> list[Observable]:
    known = found.table.get_column("quantity").unique().to_list()
    if quantity not in known:
        raise StudyError(f"The result has no quantity '{quantity}'; {nearest(quantity, known)}.")
    own = [
        one for one in found.observables(quantity) if one.value is not None and (sample is None or one.sample == sample)
    ]
    names = sorted({one.sample for one in own})
    if len(names) != 1:
        raise StudyError(
            f"Say which specimen: sample='{names[0]}'."
            if names
            else f"No specimen '{sample}' has a value of '{quantity}'."
        )
    if any(one.state is None or one.state.name != "temperature" for one in own):
        raise FitError(
            f"Not every {quantity} has a temperature as its state; order the patterns by it: against='temperature'."
        )
    return sorted(own, key=lambda one: one.state.value if one.state else math.nan)


def _columns(own: Sequence[Observable]) -> tuple[Array, Array, Array, Array]:
    states = [one.state for one in own if one.state is not None]
    temperature = np.array([convert(state.value, state.unit, "degC") for state in states])
    spread = np.array([(state.high - state.low) / (2 * NORMAL_95) for state in states])
    return (
        temperature,
        np.array([one.value for one in own], dtype=float),
        np.array([one.std for one in own]),
        np.where(np.isfinite(spread), spread, 0.0),
    )


def _split(
    curve: Reference, temperature: Array, values: Array, sizes: Array, spread: Array, k: int, name: str, quantity: str
) -> tuple[float, float, dict[str, float], dict[str, float]]:
    """Relative expansion and rest at one temperature with what is behind the uncertainty of each."""
    here, first = (float(curve.value(temperature[row])[0]) for row in (k, 0))
    ratio = here / first
    measured = values[k] / values[0]
    rest = measured / ratio
    by_terms = (curve.powers(temperature[k]) / here - curve.powers(temperature[0]) / first).ravel() * ratio
    columns = by_terms @ curve.factor()
    shared = {f"fit:{name}/reference/{quantity}/{column}": float(size) for column, size in enumerate(columns)}
    steep = float(curve.slope(temperature[k : k + 1])[0]) / here * ratio
    grown_parts = {**shared, f"temperature:{name}/{k}": steep * spread[k]}
    left_parts = {source: -rest / ratio * size for source, size in grown_parts.items()}
    if k:
        left_parts[f"noise:{name}/{quantity}/{k}"] = rest * sizes[k] / values[k]
        left_parts[f"noise:{name}/{quantity}/0"] = -rest * sizes[0] / values[0]
    else:
        left_parts = dict.fromkeys(left_parts, 0.0)
    return ratio - 1.0, rest - 1.0, grown_parts, left_parts


def _uptake(
    one: Observable, left: float | None, parts: Mapping[str, float], first: float, uptake: tuple[float, float], formulas: float, name: str,
    told: Mapping[str, Any],
) -> Observable:  # fmt: skip
    """Lithium per formula unit that makes up the rest."""
    slope = first / (uptake[0] * formulas)
    value = None if left is None else left * slope
    sources = {source: size * slope for source, size in parts.items()}
    sources[f"calibration:{name}/per_lithium"] = -(value or 0.0) * uptake[1] / uptake[0]
    return _like(one, "lithium_uptake", value, "1", sources, told)


def _coefficient(one: Observable, curve: Reference, temperature: Array, quantity: str) -> Observable:
    """Mean linear coefficient of the reference over the range that both have."""
    ends = np.array([max(curve.low, float(temperature[0])), min(curve.high, float(temperature[-1]))])
    values, powers = curve.value(ends), curve.powers(ends)
    power = 1.0 / 3.0 if "volume" in quantity else 1.0
    span = float(ends[1] - ends[0])
    ratio = float(values[1] / values[0]) ** power
    slopes = (powers[1] / values[1] - powers[0] / values[0]) * power * ratio / span
    parts = {
        f"fit:{one.sample}/reference/{quantity}/{k}": float(size) for k, size in enumerate(slopes @ curve.factor())
    }
    told = {
        "state": None,
        "source": one.source,
        "fit": f"reference of degree {curve.degree}",
        "flag": f"mean from {ends[0]:g} to {ends[1]:g} degC",
    }
    return _like(one, "linear_expansion", (ratio - 1.0) / span, "1/K", parts, told)


def _like(
    one: Observable, quantity: str, value: float | None, unit: str, parts: Mapping[str, float], told: Mapping[str, Any]
) -> Observable:
    return Observable(
        quantity, value, unit, one.sample, dict(parts), one.variant, one.batch, one.replicate, "diffraction", told["state"],
        method="reference subtracted", fit=str(told["fit"]), source=str(told["source"]), flag=str(told["flag"]),
    )  # fmt: skip
