"""How well does a pellet or an electrolyte conduct ions, from a resistance and the geometry of the cell?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.model import Choice, Given, Observable, Result, Series, Step
from interlith.techniques.impedance.conductivity_geometry import Geometry, Spelled, geometry_of
from interlith.techniques.impedance.conductivity_intercept import Intercept, intercept
from interlith.techniques.impedance.records import QualityRow, about, described, how, observable, result
from interlith.techniques.impedance.spectra import Spectrum, spectra_of
from interlith.techniques.impedance.validity import used_points
from interlith.units import factor

METHODS = (
    "Ionic conductivities are {geometry} over the resistance {resistance}; errors of the geometry are common to all spectra of "
    "a specimen."
)


def conductivity(
    resistances: Result | Series,
    *,
    resistance: str | Sequence[str] | None = None,
    thickness: Spelled = None,
    diameter: Spelled = None,
    area: Spelled = None,
    cell_constant: Spelled = None,
    leads: Spelled = None,
    validity: Result | None = None,
    window: Any = None,
    against: str | None = None,
) -> Result:
    """Conductivity of specimens from their resistance.

    Parameters
    ----------
    resistances
        A result that holds resistances, or spectra between blocking electrodes: then the resistance is what remains of the
        spectrum in front of its capacitive tail.
    resistance
        With a result: name of the resistance, or names that are added up: ``["R1", "R2"]`` for bulk and grain boundaries.
    thickness, diameter, area
        ``"1.02 +- 0.02 mm"``, ``"10.0 +- 0.1 mm"``, ``"0.785 +- 0.008 cm^2"``: for all, or by the name of the specimen.
    cell_constant
        Instead: length over area, ``"4.72 +- 0.01 1/cm"``.
    leads
        Resistance of leads and contacts, taken off: ``"0.5 +- 0.1 ohm"``.
    validity
        Which points are used (`interlith.techniques.impedance.validity.validate`); with spectra.
    window, against
        As in `validate`; with spectra.

    Returns
    -------
    Result
        ``conductivity``: observables ``ionic_resistance`` (ohm) and ``ionic_conductivity`` (S/cm), one a spectrum.

    Raises
    ------
    StudyError
        If the geometry is missing or said twice, or a name is unknown.
    UnitError
        If a length has no unit.

    Notes
    -----
    An error that nobody gave is unknown: the conductivity then has an infinite uncertainty, its activation energy not, since the
    geometry cancels there. The assumption that fails first: that the current fills the cross-section evenly, which needs
    electrodes over the whole face and a pellet without cracks.
    """
    told = {"thickness": thickness, "diameter": diameter, "area": area, "cell_constant": cell_constant, "leads": leads}
    if isinstance(resistances, Result):
        found = _from_result(resistances, resistance)
        intercepts: list[tuple[Spectrum, Intercept]] = []
        words = " + ".join(_names(resistance))
    else:
        if resistance is not None:
            raise StudyError(
                "resistance names numbers of a result; spectra have none yet. Hand over the result of a fit."
            )
        spectra = spectra_of(resistances, against=against, window=window)
        spectra = spectra if validity is None else used_points(spectra, validity)
        intercepts = [(one, intercept(one)) for one in spectra]
        found = [_observed(one, value) for one, value in intercepts]
        words = "in front of the capacitive tail of the spectrum"
    samples = {} if isinstance(resistances, Result) else {one.name: one for one in resistances.samples}
    names = dict.fromkeys(one.sample for one in found)
    geometries = {name: geometry_of(name, told, samples.get(name)) for name in names}
    return _conducting(found, geometries, intercepts, words)


def _step(given: Given) -> Result:
    asked = given.options["conductivity"]
    spelled = {name: asked.get(name) for name in ("thickness", "diameter", "area", "cell_constant", "leads")}
    (validity,) = given.results["validity"]
    return conductivity(
        given.series,
        **spelled,
        validity=validity,
        window=given.options.get("window"),
        against=given.options.get("against"),
    )


def _wanted(options: Mapping[str, Any]) -> bool:
    return options.get("conductivity") is not None


STEP = Step(
    "conductivity",
    _step,
    after=("validity",),
    words=("conductivity", "window", "against"),
    reads=True,
    wanted=_wanted,
)


def _names(resistance: str | Sequence[str] | None) -> tuple[str, ...]:
    if resistance is None:
        raise StudyError(
            "resistance is missing: name the resistance of the electrolyte, for instance R1, or R1 and R2."
        )
    return (resistance,) if isinstance(resistance, str) else tuple(resistance)


def _from_result(found: Result, resistance: str | Sequence[str] | None) -> list[Observable]:
    """Sums of the named resistances, one for every specimen and state."""
    names = _names(resistance)
    known = set(found.table.filter(pl.col("unit") == "ohm").get_column("quantity"))
    for name in names:
        if name not in known:
            raise StudyError(f"The result has no resistance '{name}'; {nearest(name, known)}.")
    groups: dict[tuple[str, str, str, object], dict[str, Observable]] = {}
    for name in names:
        for one in found.observables(name):
            groups.setdefault((one.sample, one.source, one.fit, one.state), {})[name] = one
    made = []
    for parts in groups.values():
        first = next(iter(parts.values()))
        missing = [name for name in names if name not in parts or parts[name].value is None]
        if missing:
            flag = f"{' and '.join(missing)} is no number here"
            made.append(
                replace(first, quantity="ionic_resistance", value=None, components={}, low=None, high=None, flag=flag)
            )
            continue
        sizes: dict[str, float] = {}
        for one in parts.values():
            for source, size in one.components.items():
                sizes[source] = sizes.get(source, 0.0) + size
        value = sum(one.value or 0.0 for one in parts.values())
        flags = "; ".join(dict.fromkeys(one.flag for one in parts.values() if one.flag))
        made.append(
            replace(
                first,
                quantity="ionic_resistance",
                value=value,
                components=sizes,
                low=None,
                high=None,
                flag=flags,
                id="",
            )
        )
    return made


def _observed(spectrum: Spectrum, found: Intercept) -> Observable:
    return observable(
        spectrum, "ionic_resistance", found.value, "ohm", found.components, method=f"intercept, {found.circuit}",
        flag=found.flag,
    )  # fmt: skip


def _conducting(
    resistances: Sequence[Observable], geometries: Mapping[str, Geometry], intercepts: Sequence[tuple[Spectrum, Intercept]], words: str
) -> Result:  # fmt: skip
    observables, quality = [], list[QualityRow]()
    for one in resistances:
        bare = geometries[one.sample].without_leads(one)
        made = _conductivity(bare, geometries[one.sample])
        observables += [bare, made]
        quality.append((one.sample, "conductivity", made.value is not None, made.flag if made.value is None else ""))
    geometry = next(iter(geometries.values())).words if geometries else "length over area"
    data = {"intercepts": pl.DataFrame([about(one) | value.row() for one, value in intercepts])} if intercepts else {}
    choices = [_choice(one, value) for one, value in intercepts if value.runner_up]
    record = how(
        "conductivity", {"geometry": geometry, "resistance": words}, METHODS.format(geometry=geometry, resistance=words)
    )
    return result("conductivity", observables, data=data, quality=quality, record=record, choices=choices)


def _conductivity(resistance: Observable, geometry: Geometry) -> Observable:
    """Cell constant over resistance, with the sign of every component kept."""
    value = resistance.value
    if value is None or value <= 0:
        flag = resistance.flag or "the leads have more resistance than the specimen"
        return replace(
            resistance,
            quantity="ionic_conductivity",
            value=None,
            unit="S/cm",
            components={},
            low=None,
            high=None,
            flag=flag,
            id="",
        )
    scale = factor("1/m", "1/cm")
    found = geometry.constant * scale / value
    sizes = {
        source: -found / value * size if math.isfinite(size) else math.inf
        for source, size in resistance.components.items()
    }
    sizes |= {source: found * size for source, size in geometry.relative.items()}
    return replace(
        resistance,
        quantity="ionic_conductivity",
        value=found,
        unit="S/cm",
        components=sizes,
        low=None,
        high=None,
        id="",
    )


def _choice(spectrum: Spectrum, found: Intercept) -> Choice:
    other = "none" if found.other is None else f"{found.other:.4g} ohm"
    return Choice(
        spectrum.target, "intercept_circuit", found.circuit, found.runner_up, found.margin, ("ionic_resistance", "ionic_conductivity"),
        f"{described(spectrum)}: the resistance in front of the tail is {found.value or float('nan'):.4g} ohm by {found.circuit}, "
        f"{other} by {found.runner_up}.",
    )  # fmt: skip
