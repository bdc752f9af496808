"""What is the activation energy of a conductivity or resistance, and is there one at all?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Citation, Flag, Given, Observable, Result, State, Step
from interlith.model.observable import NORMAL_95
from interlith.techniques.impedance.arrhenius_fit import Line, Vogel, arrhenius, vogel
from interlith.techniques.impedance.records import QualityRow, how, result
from interlith.units import convert

Array = NDArray[np.float64]

#: Forms by the words a person writes; a resistance stands for its reciprocal.
FORMS = ("ln(sigma T)", "ln(sigma)")
#: A probability of curvature below this is told: the law of Arrhenius does not hold.
BENT = 0.05
#: Errors that multiply all conductivities of a specimen alike: they cancel in the slope even where they are unknown.
_FACTORS = ("area:", "calibration:thickness/", "calibration:cell_constant/")
FULCHER = Citation(
    "fulcher1925",
    "Fulcher 1925, J. Am. Ceram. Soc. 8, 339",
    "@article{fulcher1925, author={Fulcher, G. S.}, title={Analysis of recent measurements of the viscosity of glasses}, "
    "journal={Journal of the American Ceramic Society}, volume={8}, pages={339--355}, year={1925}, "
    "doi={10.1111/j.1151-2916.1925.tb16731.x}}",
)
METHODS = (
    "Activation energies are slopes of {form} against 1/kT; intervals are those of Student t from the scatter about the line. A "
    "parabola was tested against the line; where it is significant, local activation energies at the coldest and the warmest "
    "temperature and the law of Vogel, Tammann and Fulcher are given."
)


@dataclass(frozen=True, slots=True)
class _Points:
    """One specimen by rising temperature: observables, temperatures (K), ln(rate), and their uncertainties."""

    observables: tuple[Observable, ...]
    kelvin: Array
    logarithm: Array
    std: Array
    temperature_std: Array
    common: dict[str, Array]


def activation_energy(
    found: Result, quantity: str = "ionic_conductivity", *, form: str | None = None, sample: str | None = None
) -> Result:
    """Activation energies of a quantity that was found at several temperatures.

    Parameters
    ----------
    found
        Holds the quantity with temperatures as states.
    quantity
        A conductivity, or a resistance (any name with the unit ohm).
    form
        ``ln(sigma T)``, the default for conductivities, as hopping ions ask; or ``ln(sigma)``, the default for resistances,
        which are taken as their reciprocal. The two differ by about kT (0.03 eV).
    sample
        Of one specimen only.

    Returns
    -------
    Result
        ``activation_energy``: observables ``activation_energy`` (eV); where the line bends also ``local_activation_energy`` at
        both ends, ``vogel_energy`` (eV) and ``vogel_temperature`` (K). Data ``points`` with the lines.

    Raises
    ------
    StudyError
        If the quantity, the form or the specimen is unknown.

    Notes
    -----
    Errors of the geometry cancel, also unknown ones. Errors of single temperatures are taken from the bounds of the states. The
    assumption that fails first: that one process limits at all temperatures; a line that does not bend within its scatter is
    no proof of it.
    """
    known = found.table.get_column("quantity").unique().to_list()
    if quantity not in known:
        raise StudyError(f"The result has no quantity '{quantity}'; {nearest(quantity, known)}.")
    every = found.observables(quantity)
    if sample is not None:
        names = {one.sample for one in every}
        if sample not in names:
            raise StudyError(f"The result has no sample '{sample}'; {nearest(sample, names)}.")
        every = [one for one in every if one.sample == sample]
    chosen = _form(form, every)
    observables: list[Observable] = []
    quality: list[QualityRow] = []
    flags: dict[str, list[Flag]] = {}
    rows: list[pl.DataFrame] = []
    for name in dict.fromkeys(one.sample for one in every):
        own = [one for one in every if one.sample == name]
        try:
            points = _points(own, chosen)
            line = arrhenius(points.kelvin, points.logarithm, points.std, points.temperature_std)
        except FitError as error:
            quality.append((name, "activation_energy", False, str(error)))
            continue
        missing = [one for one in own if one.value is None]
        if missing:
            flags.setdefault(name, []).append(_incomplete(name, missing, len(own)))
        bent = line.bend_chance < BENT
        curve = _curve(points) if bent else None
        said = _sentence(name, line, curve, points, chosen) if bent else ""
        observables += _energies(points, line, curve, quantity, _written(chosen, own), said)
        quality.append((name, "activation_energy", not bent, said))
        if bent:
            flags.setdefault(name, []).append(Flag("not_arrhenius", said, name, "warning"))
        rows.append(_table(points, line, curve))
    record = how("Arrhenius", {"quantity": quantity, "form": chosen}, METHODS.format(form=chosen), (FULCHER,))
    data = {"points": pl.concat(rows)} if rows else {}
    return result("activation_energy", observables, data=data, quality=quality, record=record, flags=flags)


def _step(given: Given) -> Result:
    return activation_energy(given.result("conductivity"), form=given.options["conductivity"].get("form"))


def _wanted(options: Mapping[str, Any]) -> bool:
    return options.get("conductivity") is not None


def _asked(options: Mapping[str, Any]) -> bool:
    """Conductivities at one temperature have no activation energy, and nobody asked for one."""
    return _wanted(options) and options["conductivity"].get("form") is not None


STEP = Step("activation_energy", _step, after=("conductivity",), words=("conductivity",), wanted=_wanted, asked=_asked)


def _incomplete(name: str, missing: Sequence[Observable], count: int) -> Flag:
    places = ", ".join(_degrees(one.state) for one in missing)
    reason = missing[0].flag or "incomplete"
    return Flag(
        "temperatures_left_out",
        f"{name}: {len(missing)} of {count} temperatures have no number ({places}): {reason}.",
        name,
        "warning",
    )


def _form(form: str | None, every: Sequence[Observable]) -> str:
    if form is None:
        return FORMS[1] if every[0].unit == "ohm" else FORMS[0]
    if form not in FORMS:
        raise StudyError(f"form is '{form}'; {nearest(form, FORMS)}.")
    return form


def _written(form: str, own: Sequence[Observable]) -> str:
    """The form in terms of what was measured."""
    if own[0].unit != "ohm":
        return form
    return "ln(T/R)" if form == FORMS[0] else "ln(1/R)"


def _points(every: Sequence[Observable], form: str) -> _Points:
    own = [one for one in every if one.value is not None and one.value > 0]
    if any(one.state is None or one.state.name != "temperature" for one in own):
        raise FitError(
            "Not every number has a temperature as its state; order the spectra by it: against='temperature'."
        )
    if len(own) < 3:
        raise FitError(f"An activation energy with an interval needs three temperatures; there are {len(own)} numbers.")
    states = [one.state for one in own if one.state is not None]
    order = np.argsort([state.value for state in states], kind="stable")
    own, states = [own[k] for k in order], [states[k] for k in order]
    kelvin = np.array([convert(state.value, state.unit, "K") for state in states])
    spread = np.array([(state.high - state.low) / (2 * NORMAL_95) for state in states])
    values = np.array([one.value for one in own], dtype=float)
    sign = -1.0 if own[0].unit == "ohm" else 1.0
    logarithm = sign * np.log(values) + (np.log(kelvin) if form == FORMS[0] else 0.0)
    std, common = _sizes(own, values, sign)
    return _Points(tuple(own), kelvin, logarithm, std, np.where(np.isfinite(spread), spread, 0.0), common)


def _sizes(own: Sequence[Observable], values: Array, sign: float) -> tuple[Array, dict[str, Array]]:
    """Relative errors that each point has for itself, and those that several share, by source."""
    shared: dict[str, Array] = {}
    for source in dict.fromkeys(source for one in own for source in one.components):
        sizes = np.array([one.components.get(source, 0.0) for one in own], dtype=float)
        if source.startswith(_FACTORS):
            continue
        shared[source] = sign * sizes / values
    common = {source: sizes for source, sizes in shared.items() if np.count_nonzero(sizes) > 1}
    single = [sizes for source, sizes in shared.items() if source not in common]
    std = np.sqrt(np.square(single).sum(axis=0)) if single else np.zeros(values.size)
    # Where the error of a single point is unknown no weight can be given: all count alike.
    return (std if np.isfinite(std).all() else np.zeros(values.size)), common


def _energies(
    points: _Points, line: Line, curve: Vogel | None, quantity: str, form: str, said: str
) -> list[Observable]:
    first = points.observables[0]
    base = replace(
        first, state=None, cycle=None, unit="eV", method=f"{form} against 1/kT, {quantity}", fit="", flag="", low=None, high=None, id=""
    )  # fmt: skip
    source = f"fit:{first.sample}/arrhenius/{quantity}"
    shared = {name: _along(line.operator, sizes) for name, sizes in points.common.items()}
    shared = {name: size for name, size in shared.items() if size != 0}
    half = line.quantile * line.std
    wider = math.sqrt(half**2 + (NORMAL_95**2) * sum(size * size for size in shared.values()))
    flag = f"Arrhenius does not hold: local {line.local[0]:.3f} to {line.local[1]:.3f} eV" if said else ""
    made = [
        replace(
            base, quantity="activation_energy", value=line.energy, components={source: line.std} | shared,
            low=line.energy - wider, high=line.energy + wider, flag=flag,
        )
    ]  # fmt: skip
    if curve is None:
        return made
    for value, std, place in zip(line.local, line.local_std, (0, -1), strict=True):
        reach = line.local_quantile * std
        made.append(
            replace(
                base, quantity="local_activation_energy", value=value, components={source + "/local": std}, low=value - reach,
                high=value + reach, state=points.observables[place].state,
            )
        )  # fmt: skip
    return made + _vogel(base, curve, source)


def _curve(points: _Points) -> Vogel | None:
    if np.unique(points.kelvin).size < 5:
        return None
    # Scatter about a line that bends says nothing of the weights: only the stated errors do, where there are any.
    stated = points.std if (points.std > 0).all() else np.ones(points.std.size)
    return vogel(points.kelvin, points.logarithm, np.hypot(stated, float(np.median(stated))))


def _along(operator: Array, sizes: Array) -> float:
    return float(operator @ sizes) if np.isfinite(sizes).all() else math.inf


def _vogel(base: Observable, curve: Vogel, source: str) -> list[Observable]:
    made = []
    ranges = {
        "vogel_energy": (curve.energy, curve.energy_low, curve.energy_high, "eV"),
        "vogel_temperature": (curve.zero, curve.zero_low, curve.zero_high, "K"),
    }
    for quantity, (value, low, high, unit) in ranges.items():
        std = (high - low) / (2 * NORMAL_95)
        flag = "reaches 0 K, where the law is that of Arrhenius" if quantity == "vogel_temperature" and low < 1 else ""
        made.append(
            replace(
                base,
                quantity=quantity,
                value=value,
                unit=unit,
                components={f"{source}/{quantity}": std},
                low=low,
                high=high,
                flag=flag,
            )
        )
    return made


def _sentence(name: str, line: Line, curve: Vogel | None, points: _Points, form: str) -> str:
    cold, warm = (_degrees(points.observables[k].state) for k in (0, -1))
    bent = (
        f"{name}: the law of Arrhenius does not hold from {cold} to {warm}: {form} bends (probability by chance "
        f"{line.bend_chance:.1g}). One activation energy would be {line.energy:.3f} eV, but it is {line.local[0]:.3f} +- "
        f"{line.local_std[0]:.3f} eV at {cold} and {line.local[1]:.3f} +- {line.local_std[1]:.3f} eV at {warm}"
    )
    if curve is None:
        return bent + "."
    return (
        f"{bent}. Vogel, Tammann and Fulcher: {curve.energy:.4f} eV ({curve.energy_low:.4f} to {curve.energy_high:.4f}) and "
        f"{curve.zero:.0f} K ({curve.zero_low:.0f} to {curve.zero_high:.0f}), scatter {100 * curve.scatter:.1f} % against "
        f"{100 * line.scatter:.1f} %."
    )


def _degrees(state: State | None) -> str:
    return "?" if state is None else f"{state.value:g} {state.unit}"


def _table(points: _Points, line: Line, curve: Vogel | None) -> pl.DataFrame:
    count = points.kelvin.size
    return pl.DataFrame(
        {
            "sample": [points.observables[0].sample] * count, "temperature": points.kelvin, "reciprocal": 1000 / points.kelvin,
            "logarithm": points.logarithm, "std": points.std, "line": line.fitted,
            "vogel": curve.fitted if curve is not None else np.full(count, np.nan),
        }
    )  # fmt: skip
