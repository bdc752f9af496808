"""Which numbers of a specimen follow from a refined pattern, correlated as the refinement says?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Observable
from interlith.model.observable import NORMAL_95
from interlith.techniques.diffraction.records import number
from interlith.techniques.diffraction.refinement.amounts import Amount, Element, amounts, element_amount
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.standards import Standard, absolute_amounts

Array = NDArray[np.float64]


#: Names of widths with the unit and the quantity that is said.
_WIDTHS = tuple(
    (f"{name}{way}", unit, f"{quantity}{way}")
    for name, unit, quantity in (("inverse_size", "nm", "crystallite_size"), ("microstrain", "1", "microstrain"))
    for way in ("", "_along", "_across")
)
#: Said of a number that is where its bound is.
_ENDED = "ended at its bound: how uncertain it is nobody knows"
#: Components below this share of the largest are left out.
_LEAST = 1e-4


@dataclass(slots=True)
class Derived:
    """A number with its slopes by the names of the pattern, and what is said where a bound holds it."""

    quantity: str
    value: float
    unit: str
    slopes: Mapping[int, float]
    low: float | None = None
    high: float | None = None
    flag: str = ""
    known: bool = True


@dataclass(slots=True)
class Said:
    """Numbers of one pattern, and sentences about those that could not be given."""

    observables: list[Observable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def numbers_of(
    setup: Setup, one: Refined, *, element: Element | None = None, standard: Standard | None = None
) -> Said:  # fmt: skip
    """Observables of one refined pattern.

    Parameters
    ----------
    setup, one
        Of the series; a pattern whose refinement may be used.
    element
        Share of an element that is asked for.
    standard
        What was mixed in: shares in the specimen without it follow, ``amorphous`` among them.

    Notes
    -----
    Standard uncertainties are those of the refinement with neighbouring residuals taken as alike; shares of phases have further
    parts, see `interlith.techniques.diffraction.quantity_shares`.
    """
    fitted, said = one.fitted, Said()
    assert fitted is not None
    item = one.member.item
    own = f"{item.sample.name}/{item.source.sha256[:12]}/{one.member.frame}"
    told = {
        "source": f"sha256:{item.source.sha256}", "state": one.member.state, "fit": f"pattern {one.member.number}",
    }  # fmt: skip
    derived = list(_derived(setup, fitted))
    columns = _columns(fitted, derived)
    for row, each in enumerate(derived):
        sizes = columns[row].tolist()
        least = _LEAST * max(map(abs, sizes), default=0.0)
        parts = {f"fit:{own}/refined/{place}": size for place, size in enumerate(sizes) if abs(size) > least}
        if not each.known:
            parts = {f"fit:{own}/{each.quantity}": math.inf}
        value = None if each.flag and each.low is not None and each.high is None else each.value
        said.observables.append(
            number(
                item.sample, each.quantity, value, each.unit, parts or {f"fit:{own}/{each.quantity}": math.inf}, low=each.low,
                high=each.high, flag=each.flag, **told,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    free = [phase.name for phase in setup.pattern.phases if phase.intensities != "structure"]
    if free and len(setup.phases) > 1:
        said.notes.append(f"No shares are given: the intensities of {', '.join(free)} do not follow from a structure.")
    elif len(setup.phases) > 1:
        try:
            by_weight, by_number, fractions = amounts(setup, fitted, own)
        except StudyError as error:
            said.notes.append(str(error))
            return said
        for words, found in (("weight_fraction", by_weight), ("mole_fraction", by_number)):
            for name, amount in found.items():
                said.observables.append(_share(item, f"{name}_{words}", amount, told))
        if element is not None:
            said.observables.append(
                _share(item, "element_fraction", element_amount(setup, fractions, element, own), told)
            )
        if standard is not None:
            for name, amount in absolute_amounts(fractions, standard, own, item.sample.name).items():
                said.observables.append(_share(item, f"{name}_absolute_weight_fraction", amount, told))
    return said


def _share(item: object, quantity: str, amount: Amount, told: Mapping[str, object]) -> Observable:
    return number(
        item.sample, quantity, amount.value, "1", amount.components, low=amount.low, high=amount.high, **told,  # type: ignore[attr-defined, arg-type]
    )  # fmt: skip


def _derived(setup: Setup, fitted: Fitted) -> Iterator[Derived]:
    """Cells, volumes, sizes and strains of all phases that show them."""
    model, moving = fitted.model, fitted.moving
    for number_, phase in enumerate(setup.phases):
        if phase.name in fitted.held:
            continue
        part = model.slice_of(number_)
        own = fitted.values[part]
        count = len(phase.freedom.names)
        places = list(range(part.start + 1, part.start + 1 + count))
        if any(moving[places]):
            yield from _cell(setup, fitted, number_, own[1 : 1 + count], places)
        for name, unit, quantity in _WIDTHS:
            if f"{phase.name}_{name}" not in model.names:
                continue
            place = model.place_of(f"{phase.name}_{name}")
            if not moving[place]:
                continue
            found = (_size if name.startswith("inverse_size") else _strain)(
                fitted, place, f"{phase.name}_{quantity}", unit
            )
            if found is not None:
                yield found


def _size(fitted: Fitted, place: int, quantity: str, unit: str) -> Derived | None:
    """A size from its inverse: an interval that is not even about it, or a lower bound alone where it may be of any size above; none where nothing says it."""
    value, side = float(fitted.values[place]), int(fitted.fit.side[0, place])
    if side == 1:
        return Derived(quantity, 1 / value, unit, {}, flag=_ENDED, known=False)
    far = _half_width(fitted, place, side)
    if far is None:
        return None
    if side == -1 or value <= far:
        least = 1 / (max(value, 0.0) + far) if max(value, 0.0) + far > 0 else 0.0
        return Derived(quantity, math.nan, unit, {}, low=least, flag="wider than can be told: lower bound")
    return Derived(quantity, 1 / value, unit, {place: -1 / value**2}, low=1 / (value + far), high=1 / (value - far))


def _half_width(fitted: Fitted, place: int, side: int) -> float | None:
    """Half of a 95 % interval, or how far above a lower bound it reaches; `None` where nothing says it."""
    size = fitted.one_sided[place] if side == -1 else math.sqrt(max(fitted.inflated[place, place], 0.0))
    return NORMAL_95 * float(size) if _known(fitted, place) and math.isfinite(size) else None


def _strain(fitted: Fitted, place: int, quantity: str, unit: str) -> Derived | None:
    """A strain, its interval cut at 0; none where nothing says it."""
    value, side = float(fitted.values[place]), int(fitted.fit.side[0, place])
    if side == 1:
        return Derived(quantity, value, unit, {}, flag=_ENDED, known=False)
    far = _half_width(fitted, place, side)
    if far is None:
        return None
    if side == -1 or value < far:
        return Derived(quantity, max(value, 0.0), unit, {place: 1.0}, low=0.0, high=max(value, 0.0) + far)
    return Derived(quantity, value, unit, {place: 1.0})


def _cell(setup: Setup, fitted: Fitted, number_: int, free: Array, places: list[int]) -> Iterator[Derived]:
    """Edges, angles and volume of a phase."""
    phase, ended = setup.phases[number_], {place for place in places if fitted.fit.side[0, place] != 0}
    for name, value, place in zip(phase.freedom.names, free, places, strict=True):
        unit, sure = "angstrom" if name in ("a", "b", "c") else "deg", _known(fitted, place) and place not in ended
        flag = _ENDED if place in ended else ""
        yield Derived(f"{phase.name}_cell_{name}", float(value), unit, {place: 1.0}, known=sure, flag=flag)
    volume, slopes = _volume(phase.freedom.six(free), phase.freedom.matrix)
    known = all(_known(fitted, place) for place in places) and not ended
    by_place = dict(zip(places, slopes.tolist(), strict=True))
    flag = _ENDED if ended else ""
    yield Derived(f"{phase.name}_cell_volume", volume, "angstrom^3", by_place, known=known, flag=flag)


def _volume(six: Array, matrix: Array) -> tuple[float, Array]:
    """Volume (angstrom^3) and its slopes by the free parameters of a cell (n,)."""
    a, b, c = six[:3]
    alpha, beta, gamma = np.radians(six[3:])
    cosines, sines = np.cos([alpha, beta, gamma]), np.sin([alpha, beta, gamma])
    square = 1 - float(cosines @ cosines) + 2 * float(np.prod(cosines))
    root = math.sqrt(square)
    volume = float(a * b * c * root)
    product = np.array([cosines[1] * cosines[2], cosines[0] * cosines[2], cosines[0] * cosines[1]])
    by_angle = a * b * c / root * sines * (cosines - product) * math.pi / 180
    return volume, np.asarray(np.concatenate([volume / six[:3], by_angle]) @ matrix)


def _known(fitted: Fitted, place: int) -> bool:
    return bool(np.isfinite(fitted.inflated[place, place]) and fitted.inflated[place, place] >= 0)


def _columns(fitted: Fitted, derived: list[Derived]) -> Array:
    """Components of the uncertainty of each number, rows correlated as the refinement says, shape (k, q)."""
    slopes = np.zeros((len(derived), len(fitted.values)))
    for row, one in enumerate(derived):
        if one.known:
            for place, slope in one.slopes.items():
                slopes[row, place] = slope
    covariance = np.where(np.isfinite(fitted.inflated), fitted.inflated, 0.0)
    # What a bound holds has no variance of its own: it may lie inside by its one-sided distance.
    held = np.nan_to_num(fitted.one_sided, posinf=0.0) ** 2
    whole = slopes @ covariance @ slopes.T + np.diag(slopes**2 @ held)
    size = np.sqrt(np.maximum(np.diag(whole), 0.0))
    size[size == 0] = 1.0
    powers, ways = np.linalg.eigh(whole / np.outer(size, size))
    kept = powers > 1e-12
    return np.asarray(size[:, None] * ways[:, kept] * np.sqrt(powers[kept]))
