"""Where would a reflection half way between those of host and film lie, and which network of dislocations would make it?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from interlith.crystal.cell import Cell
from interlith.crystal.facets import Indices, checked_hkl
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.design.matching.asking import Phase
from interlith.design.matching.faces import face_text
from interlith.design.recording import answer, cell_components, components, digest_of, number
from interlith.design.reported import audited
from interlith.errors import StudyError
from interlith.model import Figure, Finding, Line, Marker, Observable, Panel, Statement
from interlith.notation import significant

#: The two reflections are one where they differ by less than this share of 1/d.
_SAME = 1e-6


def two_theta(spacing: float, wavelength: float) -> float:
    """Angle 2 theta (deg) of planes of a distance (angstrom) for a wavelength (angstrom); nan where they do not reflect."""
    sine = wavelength / (2 * spacing)
    return 2 * math.degrees(math.asin(sine)) if sine <= 1 else math.nan


def half_way(first: float, second: float) -> tuple[float, float]:
    """Plane distance half way between two in 1/d, and the period of a modulation that puts its satellites there (angstrom).

    Parameters
    ----------
    first, second
        Plane distances (angstrom).

    Notes
    -----
    A modulation of period L puts satellites at 1/d +- 1/L. Half way between both lies 1/L = \\|1/d2 - 1/d1\\| / 2: twice the
    distance of dislocations whose Burgers vector is one plane distance, which put theirs on the other reflection.
    """
    middle, apart = (1 / first + 1 / second) / 2, abs(1 / second - 1 / first)
    return 1 / middle, math.inf if apart < _SAME * middle else 2 / apart


def satellite(
    host: Phase, film: Phase, *, planes: Sequence[Sequence[int]] = ((2, 2, 0), (1, 1, 0)), wavelength: str | float = "1.5406 angstrom",
    reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """Position of the reflection half way between one of the host and one of the film.

    Parameters
    ----------
    host, film
        Names, CIFs or structures.
    planes
        Reflection of the host and of the film.
    wavelength
        Of the diffraction pattern; the default is Cu K-alpha 1.
    reported
        Numbers of a paper to check: ``satellite_two_theta``, ``satellite_spacing``, ``host_two_theta``, ``network_period`` ...

    Returns
    -------
    Statement
        Findings: the position with its network, and one for each reported number.

    Raises
    ------
    StudyError, UnitError, ReadError
        If a plane does not reflect at that wavelength, or an input cannot be read.

    Notes
    -----
    Half way in 1/d, of the cells as they are. The assumption that fails first: that a weak line there is none of a third phase.
    """
    on, onto = phase(host), phase(film)
    if len(planes) != 2:
        raise StudyError(f"planes is {planes!r}; write one plane of the host and one of the film.")
    first, second = (
        checked_hkl(planes[0], what="The plane of the host"),
        checked_hkl(planes[1], what="The plane of the film"),
    )
    wave = uncertain(wavelength, "angstrom", "the wavelength")
    lengths = (float(on.cell.spacing(first)), float(onto.cell.spacing(second)))
    _check_reflects(((lengths[0], first, on), (lengths[1], second, onto)), wave.value)
    observables = _numbers(on, onto, (first, second), wave)
    spacing, period = half_way(*lengths)
    angles = [two_theta(length, wave.value) for length in (*lengths, spacing)]
    names = (f"{on.name} {face_text(first)}", f"{onto.name} {face_text(second)}")
    finding = Finding(
        "satellite",
        f"Half way between {names[0]} ({significant(lengths[0])} angstrom) and {names[1]} ({significant(lengths[1])} angstrom) lies "
        f"{significant(spacing)} angstrom, at {angles[2]:.2f} deg for {wave.value:g} angstrom. "
        + (
            "Both reflections fall together, so that nothing lies between."
            if math.isinf(period)
            else f"A network that puts its first satellites there repeats every {significant(period / 10, 3)} nm, as dislocations do "
            f"whose Burgers vector spans two of these planes of the host; those that span one lie {significant(period / 20, 3)} nm "
            "apart."
        ),
        "descriptive", "satellite_two_theta", angles[2], unit="deg",
        caveats=("A line of a third phase at this place looks the same: look for its other lines.",),
    )  # fmt: skip
    return answer(
        "satellite", observables, findings=(finding, *audited(observables, reported)),
        figures=(_figure(names, angles, wave.value),),
        options={"host": on.name, "film": onto.name, "planes": [list(first), list(second)], "wavelength": wave.value},
        words=f"The position half way, in 1/d, between {names[0]} and {names[1]} was calculated from both cells.",
        data={"spacing": spacing, "period": period},
    )  # fmt: skip


def _check_reflects(planes: Sequence[tuple[float, Indices, Structure]], wavelength: float) -> None:
    for length, plane, structure in planes:
        if wavelength > 2 * length:
            raise StudyError(
                f"{structure.name} {face_text(plane)} has planes {length:.4g} angstrom apart, which do not reflect a wavelength "
                f"of {wavelength:g} angstrom; it must be below {2 * length:.4g}."
            )


def _numbers(
    on: Structure, onto: Structure, planes: tuple[tuple[int, int, int], ...], wave: Uncertain
) -> list[Observable]:
    sample, source = f"{onto.name} on {on.name}", digest_of(on, onto)

    def spacings(host: Cell, film: Cell) -> tuple[float, float, float]:
        pair = (float(host.spacing(planes[0])), float(film.spacing(planes[1])))
        return (*pair, half_way(*pair)[0])

    def period(host: Cell, film: Cell) -> float:
        return half_way(*spacings(host, film)[:2])[1]

    def made(name: str, unit: str, of: Callable[[Cell, Cell, float], float], *, waves: bool) -> Observable:
        value = of(on.cell, onto.cell, wave.value)
        if not math.isfinite(value):
            return number(name, None, unit, {}, sample=sample, source=source, flag="both reflections fall together")
        parts = {
            **cell_components(on, lambda cell: of(cell, onto.cell, wave.value)),
            **cell_components(onto, lambda cell: of(on.cell, cell, wave.value)),
        }
        if waves:
            step = 1e-5 * wave.value
            slope = (of(on.cell, onto.cell, wave.value + step) - of(on.cell, onto.cell, wave.value - step)) / (2 * step)
            parts |= components({"wavelength": (slope, wave)})
        return number(name, value, unit, parts, sample=sample, source=source)

    def spacing(place: int) -> Callable[[Cell, Cell, float], float]:
        return lambda host, film, _: spacings(host, film)[place]

    def angle(place: int) -> Callable[[Cell, Cell, float], float]:
        return lambda host, film, length: two_theta(spacings(host, film)[place], length)

    found = []
    for place, name in enumerate(("host", "film", "satellite")):
        found.append(made(f"{name}_spacing", "angstrom", spacing(place), waves=False))
        found.append(made(f"{name}_two_theta", "deg", angle(place), waves=True))
    found.append(made("network_period", "angstrom", lambda h, f, w: period(h, f), waves=False))
    found.append(made("dislocation_spacing", "angstrom", lambda h, f, w: period(h, f) / 2, waves=False))
    return found


def _figure(names: tuple[str, str], angles: Sequence[float], wavelength: float) -> Figure:
    import numpy as np

    labels = (*names, "half way")
    apart = max(abs(angles[1] - angles[0]), 0.2)
    lines = tuple(
        Line(np.array([angle, angle]), np.array([0.0, height]), label, label)
        for angle, label, height in zip(angles, labels, (1.0, 1.0, 0.3), strict=True)
    )
    panel = Panel(
        "2θ / deg", "Position (heights mean nothing)", lines, x_limits=(min(angles) - apart, max(angles) + apart),
        markers=(Marker(0.0, "", "y"),),
    )  # fmt: skip
    return Figure(
        "satellite", "Half-way satellite",
        f"Positions of {names[0]}, {names[1]} and of a satellite half way between both in 1/d, wavelength {wavelength:g} Å.",
        (panel,),
    )  # fmt: skip
