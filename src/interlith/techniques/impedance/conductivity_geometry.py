"""Which length over which area does a specimen have, and how sure is that?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from interlith.errors import StudyError, UnitError
from interlith.model import Observable, Sample
from interlith.units import convert, parse

#: A text for all specimens, or one for each by name.
Spelled = str | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Geometry:
    """Length over area of one specimen.

    Parameters
    ----------
    constant
        (1/m).
    relative
        Relative standard uncertainty by source; infinite where nobody gave one.
    words
        How it came about.
    leads, leads_std
        (ohm): what is taken off every resistance.
    """

    constant: float
    relative: Mapping[str, float]
    words: str
    leads: float = 0.0
    leads_std: float = 0.0

    def without_leads(self, resistance: Observable) -> Observable:
        """The resistance of the specimen alone."""
        if (self.leads == 0 and self.leads_std == 0) or resistance.value is None:
            return resistance
        sizes = dict(resistance.components) | {
            f"calibration:leads/{resistance.sample}": -self.leads_std if math.isfinite(self.leads_std) else math.inf
        }
        return replace(resistance, value=resistance.value - self.leads, components=sizes, low=None, high=None)


def geometry_of(name: str, told: Mapping[str, Spelled], sample: Sample | None) -> Geometry:
    """Geometry of a specimen as it was told, or its declared area.

    Raises
    ------
    StudyError
        If something is missing, said twice or not positive.
    UnitError
        If a number has no unit or a wrong one.
    """
    texts = {word: _own(spelled, name, word) for word, spelled in told.items()}
    leads = _number(texts["leads"], "leads", "ohm", least=0.0) if texts["leads"] is not None else (0.0, 0.0)
    if texts["cell_constant"] is not None:
        doubled = [word for word in ("thickness", "diameter", "area") if texts[word] is not None]
        if doubled:
            raise StudyError(
                f"{name}: both cell_constant and {doubled[0]} are given; a cell constant is the length over the area."
            )
        value, std = _number(texts["cell_constant"], "cell_constant", "1/m")
        return Geometry(value, {f"calibration:cell_constant/{name}": std / value}, "the cell constant", *leads)
    if texts["thickness"] is None:
        raise StudyError(
            f"{name}: the thickness is missing; write for instance thickness='1.02 +- 0.02 mm', or a cell_constant."
        )
    length, length_std = _number(texts["thickness"], "thickness", "m")
    surface, surface_relative = _area(name, texts, sample)
    relative = {
        f"calibration:thickness/{name}": length_std / length,
        f"area:{name}": -surface_relative if math.isfinite(surface_relative) else math.inf,
    }
    return Geometry(length / surface, relative, "thickness over area", *leads)


def _area(name: str, texts: Mapping[str, str | None], sample: Sample | None) -> tuple[float, float]:
    """Area (m^2) and its relative standard uncertainty."""
    if texts["diameter"] is not None and texts["area"] is not None:
        raise StudyError(f"{name}: both diameter and area are given; leave one out.")
    if texts["diameter"] is not None:
        wide, std = _number(texts["diameter"], "diameter", "m")
        return math.pi * wide**2 / 4, 2 * std / wide
    if texts["area"] is not None:
        surface, std = _number(texts["area"], "area", "m^2")
        return surface, std / surface
    if sample is not None and sample.area is not None and sample.area.confirmed:
        return sample.area.value, sample.area.std / sample.area.value
    raise StudyError(f"{name}: the area is missing; write for instance diameter='10.0 +- 0.1 mm' or area='0.785 cm^2'.")


def _own(spelled: Spelled, name: str, word: str) -> str | None:
    if isinstance(spelled, Mapping):
        if name not in spelled:
            raise StudyError(f"{word} names {', '.join(spelled)}, but not {name}.")
        return spelled[name]
    return spelled


def _number(text: str | None, word: str, unit: str, *, least: float = 1e-300) -> tuple[float, float]:
    value = parse(str(text), what=word)
    if value.unit == "":
        raise UnitError(f"{word} is '{text}' without a unit; write one that is a {unit} or a multiple of it.")
    size = convert(value.value, value.unit, unit)
    if not math.isfinite(size) or size < least:
        raise StudyError(f"{word} is '{text}'; it must be a positive number.")
    std = value.to(unit).std
    return size, std if math.isfinite(std) else math.inf
