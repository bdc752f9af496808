"""How fast does lithium diffuse, from the pulses and rests of a galvanostatic intermittent titration, where that may be asked?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Citation, Given, Observable, Result, Series, State, Step, Table
from interlith.techniques.cycling.over_cycles import (
    Cell,
    Scale,
    cells,
    need,
    result,
    scale_of,
    split_by_sample,
)
from interlith.techniques.cycling.titration_pulses import Pulse, find_pulses, finite_size_bias
from interlith.units import convert, parse

Array = NDArray[np.float64]

#: Below these the formula is not applied: straightness of V over sqrt(t), change of its slope along the pulse.
LEAST_R2 = 0.99
MOST_BEND = 0.25
#: What is left of the relaxation at the end of a rest, relative to the step of the equilibrium voltage.
MOST_UNRELAXED = 0.10
#: A larger step of the equilibrium voltage (V) averages the diffusion coefficient over too wide a range.
LARGEST_STEP = 0.10
#: Relative error of the short-time formula by the finite size of the particle: told above the first, refused above the second.
TOLD_BIAS, MOST_BIAS = 0.10, 0.30

WEPPNER = Citation(
    "weppner1977",
    "Weppner and Huggins 1977, J. Electrochem. Soc. 124, 1569",
    "@article{weppner1977, author={Weppner, W. and Huggins, R. A.}, title={Determination of the kinetic parameters of "
    "mixed-conducting electrodes and application to the system Li3Sb}, journal={Journal of The Electrochemical Society}, "
    "volume={124}, pages={1569--1578}, year={1977}, doi={10.1149/1.2133112}}",
)
METHODS = (
    "Chemical diffusion coefficients are those of Weppner and Huggins, D = 4 L^2 (dE_s)^2 / (pi (tau dE/dsqrt(t))^2), "
    "with the slope of the voltage over the square root of time within the pulse (its first 4 % left out, so that no ohmic "
    "drop enters) and L the volume over the surface of the particles. Pulses were kept where the voltage is straight in "
    "sqrt(t), the rest reached equilibrium and the pulse is short against L^2/D."
)


@dataclass(frozen=True, slots=True)
class Length:
    """Volume over surface of the active material (m), how it was declared, and its relative uncertainty by source."""

    value: float
    shape: Literal["sphere", "plane"]
    relative: dict[str, float]


def diffusion(
    summary: Result,
    *,
    series: Series | None = None,
    particle_radius: str | None = None,
    molar_volume: str | None = None,
    molar_mass: str | None = None,
    contact_area: str | None = None,
) -> Result:
    """Chemical diffusion coefficient from every pulse of a GITT, or the reason why there is none.

    Parameters
    ----------
    summary
        Result of `summarise`.
    series
        The measurements themselves: the curves of the summary are usually too coarse for pulses.
    particle_radius
        Radius of spherical particles, ``5 +- 1 um``; without a standard uncertainty the coefficient has none either
        (``inf``).
    molar_volume, molar_mass, contact_area
        Instead of a radius: ``20.3 cm^3/mol``, ``182.7 g/mol`` and the area through which lithium enters; the active mass
        is that of the cell.

    Returns
    -------
    Result
        Observables ``chemical_diffusion`` (cm^2/s) at the state ``voltage``; null with the condition that failed.
        `data["pulses"]`: steps and slopes of the voltage and the value of every condition.

    Raises
    ------
    StudyError
        If neither the radius nor the other three are declared: the message names the cell to fill.
    UnitError
        If a declared number has no or a wrong unit.

    Notes
    -----
    The formula takes one diffusion length for all particles; that is the assumption that fails first, and a radius that
    is wrong by a factor of two is wrong by four in the coefficient.

    References
    ----------
    Weppner and Huggins 1977, 10.1149/1.2133112, equation 26.
    """
    declared = {"molar_volume": molar_volume, "molar_mass": molar_mass, "contact_area": contact_area}
    _enough(particle_radius, declared)
    scales = scale_of(summary)
    observables: list[Observable] = []
    quality: list[tuple[str, str, bool, str]] = []
    rows: list[dict[str, Any]] = []
    traces = _traces(summary, series)
    for cell in cells(summary):
        length = _length(particle_radius, declared, scales[cell.sample], cell)
        if length is None:
            quality.append(
                (
                    cell.sample,
                    "diffusion",
                    False,
                    "its active mass is not declared and confirmed: fill active_mass in measurements.csv, or declare particle_radius",
                )
            )
            continue
        pulses = [
            pulse
            for time, current, voltage in traces.get(cell.sample, [])
            for pulse in find_pulses(time, current, voltage)
        ]
        if not pulses:
            quality.append((cell.sample, "diffusion", False, _none_found(series)))
            continue
        for number, pulse in enumerate(pulses, 1):
            found, row = _coefficient(cell, number, pulse, length)
            observables.append(found)
            rows.append(row)
        good = sum(item.value is not None for item in observables if item.sample == cell.sample)
        quality.append(
            (
                cell.sample,
                "diffusion",
                good > 0,
                ""
                if good == len(pulses)
                else f"{len(pulses) - good} of {len(pulses)} pulses fail a condition of the formula",
            )
        )
    options = {"particle_radius": particle_radius, **declared, "raw_series": series is not None}
    return result(
        "diffusion", summary, observables, data={"pulses": pl.DataFrame(rows, infer_schema_length=None)},
        quality=quality, options=options, method="Weppner and Huggins", methods_text=METHODS, citations=(WEPPNER,),
    )  # fmt: skip


def _enough(radius: str | None, declared: dict[str, str | None]) -> None:
    missing = [name for name, value in declared.items() if value is None]
    if radius is None and missing:
        raise StudyError(
            "A diffusion coefficient needs the length over which lithium diffuses, which no cycler file holds. Declare in "
            "study.yaml, under analyses: cycling: titration:, either particle_radius: 5 +- 1 um, or molar_volume, "
            f"molar_mass and contact_area together (missing: {', '.join(missing)})."
        )


def _none_found(series: Series | None) -> str:
    if series is None:
        return "no pulses with ten points and a rest on both sides in the curves of the summary; pass the raw series"
    return "there is no sequence of three like pulses with a rest on both sides: this is no GITT"


def _traces(summary: Result, series: Series | None) -> dict[str, list[tuple[Array, Array, Array]]]:
    """Time, current and voltage of every part of a test, or of every half-cycle where there is only the summary."""
    found: dict[str, list[tuple[Array, Array, Array]]] = {}
    if series is not None:
        for item in series:
            if isinstance(item.payload, Table):
                names = ("test_time", "current", "voltage")
                frame = item.payload.frame.select(names).drop_nulls().collect()
                found.setdefault(item.sample.name, []).append(_arrays(frame, names))
        return found
    (curves,) = need(summary, "curves")
    for name, part in split_by_sample(curves).items():
        halves = part.partition_by("half_cycle", maintain_order=True)
        found[name] = [
            _arrays(half.drop_nulls(["time", "current", "voltage"]), ("time", "current", "voltage")) for half in halves
        ]
    return found


def _arrays(frame: pl.DataFrame, names: Sequence[str]) -> tuple[Array, Array, Array]:
    time, current, voltage = (frame.get_column(name).to_numpy().astype(float) for name in names)
    return time, current, voltage


def _length(radius: str | None, declared: dict[str, str | None], scale: Scale, cell: Cell) -> Length | None:
    if radius is not None:
        value, relative = _number(radius, "m", "particle_radius")
        return Length(value / 3, "sphere", {"radius:study": relative})
    if scale.unit != "mAh/g":
        return None
    volume, volume_std = _number(str(declared["molar_volume"]), "m^3/mol", "molar_volume")
    molar, molar_std = _number(str(declared["molar_mass"]), "kg/mol", "molar_mass")
    area, area_std = _number(str(declared["contact_area"]), "m^2", "contact_area")
    mass = 1.0 / scale.factor
    parts = {"molar_volume:study": volume_std, "molar_mass:study": molar_std, f"area:{cell.sample}/contact": -area_std}
    # The shown capacity falls with the mass, the length rises with it.
    parts |= {source: -size for source, size in scale.relative.items() if source.startswith("mass:")}
    return Length(mass * volume / (molar * area), "plane", parts)


def _number(text: str, unit: str, what: str) -> tuple[float, float]:
    """A declared number in inside units and its relative standard uncertainty, ``inf`` where none is given."""
    given = parse(text, what=what)
    value = convert(given.value, given.unit, unit)
    if not value > 0:
        raise StudyError(f"{what} is '{text}'; it must be positive.")
    return value, math.inf if math.isnan(given.std) else given.std / given.value


def _coefficient(cell: Cell, number: int, pulse: Pulse, length: Length) -> tuple[Observable, dict[str, Any]]:
    noise = pulse.noise
    step, duration = pulse.step, pulse.duration
    value = 4 * length.value**2 * step**2 / (math.pi * (duration * pulse.slope) ** 2) if pulse.slope else math.nan
    theta = value * duration / length.value**2
    bias = finite_size_bias(theta, length.shape) - 1 if math.isfinite(theta) else math.nan
    unrelaxed = abs(pulse.drift * pulse.rest_duration / step) if step else math.inf
    # Only what the drift exceeds its own noise by counts against the pulse; all of it is in the uncertainty.
    surely = max(abs(pulse.drift) - 2 * pulse.drift_std, 0.0) * pulse.rest_duration / abs(step) if step else math.inf
    reason, words = _judged(pulse, step, noise, surely, bias)
    parts = {source: 2 * size for source, size in length.relative.items()}
    parts |= {
        f"fit:{cell.sample}/pulse/{number}": 2 * pulse.slope_std / abs(pulse.slope) if pulse.slope else math.inf,
        f"noise:{cell.sample}/pulse/{number}": 2 * noise * math.sqrt(2 / 3) / abs(step) if step else math.inf,
        f"model:{cell.sample}/finite_size/{number}": bias,
        f"model:{cell.sample}/equilibrium/{number}": 2 * unrelaxed,
    }
    shown = 1e4 * value
    state = State(
        "voltage", (pulse.before + pulse.after) / 2, min(pulse.before, pulse.after), max(pulse.before, pulse.after), "V"
    )
    found = cell.observable(
        "chemical_diffusion", None if reason else shown, "cm^2/s", {source: size * shown for source, size in parts.items()},
        state=state, fit=f"pulse {number}", flag=reason or words,
        method=f"Weppner and Huggins, {'charge' if pulse.current > 0 else 'discharge'} pulse {number}, {length.shape}",
    )  # fmt: skip
    row = {
        "sample": cell.sample, "pulse": number, "start_time": pulse.start, "duration": duration, "current": pulse.current,
        "before": pulse.before, "after": pulse.after, "step": step, "slope": pulse.slope, "slope_std": pulse.slope_std,
        "r2": pulse.r2, "bend": pulse.bend, "drift": pulse.drift, "unrelaxed": unrelaxed, "theta": theta, "bias": bias,
        "coefficient": None if reason else shown, "flag": reason or words,
    }  # fmt: skip
    return found, row


def _judged(pulse: Pulse, step: float, noise: float, unrelaxed: float, bias: float) -> tuple[str, str]:
    """Why the formula does not apply (empty if it does), and what must be said where it does."""
    conditions = (
        (abs(step) < 5 * noise, f"the equilibrium voltage moves by {1e3 * step:.3g} mV only, with a noise of {1e3 * noise:.2g} mV"),
        (step * pulse.slope <= 0, "equilibrium voltage and voltage within the pulse move in opposite directions"),
        (step * pulse.current <= 0, "the equilibrium voltage moves against the current"),
        (pulse.r2 < LEAST_R2, f"the voltage is not straight over the root of time (R2 = {pulse.r2:.3f})"),
        (abs(pulse.bend) > MOST_BEND, f"the slope over the root of time changes by {100 * pulse.bend:.0f} % along the pulse"),
        (unrelaxed > MOST_UNRELAXED, f"the rest ends before equilibrium: about {100 * unrelaxed:.0f} % of the step is still to come"),
        (not abs(bias) <= MOST_BIAS, "the pulse is not short against L^2/D: the formula would err by more than 30 %"),
    )  # fmt: skip
    failed = [sentence for fails, sentence in conditions if fails]
    told = []
    if abs(step) > LARGEST_STEP:
        told.append(f"the equilibrium voltage moves by {1e3 * abs(step):.0f} mV: an average over a wide range")
    if abs(bias) > TOLD_BIAS:
        told.append(f"the finite particle size biases the formula by {100 * bias:+.0f} %")
    return "; ".join(failed), "; ".join(told)


def run(given: Given) -> Result:
    """Diffusion coefficients of one specimen."""
    words = {word: value for word, value in given.options["titration"].items() if value is not None}
    return diffusion(given.result("summary"), series=given.series, **words)


def wanted(options: Mapping[str, Any]) -> bool:
    """Only on request."""
    return options.get("titration") is not None


STEP = Step("diffusion", run, after=("summary",), words=("titration",), reads=True, wanted=wanted)
