"""Which columns of a text are position, intensity and uncertainty: by their names, or by a declaration?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlith.errors import ReadError, nearest
from interlith.layouts.diffraction_table import COMMENT, Place, fields, is_number

POSITIONS = ("two_theta", "scattering_vector", "time_of_flight")
DECLARABLE = (*POSITIONS, "intensity", "intensity_std")
#: Factor into the inside unit, by quantity and unit; of intensities the unit itself.
UNITS: dict[str, dict[str, float]] = {
    "two_theta": {"deg": 1.0, "rad": 180.0 / math.pi, "centidegree": 0.01},
    "scattering_vector": {"1/angstrom": 1.0, "1/nm": 0.1},
    "time_of_flight": {"us": 1.0, "ms": 1000.0},
    "intensity": {"counts": 1.0, "counts/s": 1.0},
    "intensity_std": {"counts": 1.0, "counts/s": 1.0},
}
_BRACKETS = re.compile(r"[^\s(\[]+(?:\s*[(\[][^)\]]*[)\]])?")
_TWO_THETA = re.compile(
    r"(2|two)[\s_\-*]*(theta|th|t)\b|2th[_.]|tth\b|twotheta|2theta|position\s*\[?.?2|2-theta angle|bragg"
)
_Q = re.compile(r"q(?:[\s_(\[,/]|$)|q_|scattering\s*vector|momentum\s*transfer")
_TOF = re.compile(r"tof\b|tof_|time[\s_-]*of[\s_-]*flight")
_STD = re.compile(
    r"(?:sigma|esds?|su|s\.u\.|std|stdev|errors?|err|e|uncertainty|di|sig|sigma\(?i\)?|intensitysu|e\.s\.d\.)$"
)
_FITTED = re.compile(r"y?calc|y?bkg|y?back|y?diff|y?obs\s*-|residu|weight|w$|delta|resid")
_INTENSITY = re.compile(r"i$|int|count|cps|y$|y?obs|iobs|yobs|psd|signal|.*\.(?:raw|xy|xye|xrdml|brml|dat|uxd|ras)$")
#: Names of columns that speak of another method.
FOREIGN = re.compile(
    r"energy|\bev\b|/ev|volt|\btime\b|freq|wave\s*number|raman|shift|capacity|current|temperature|binding|wave\b|ohm|z'|zre|"
    r"cycle|charge|potential|mass|strain|stress|mu\b|transmission|absorb|#wave|\bph\b|k\.e\.|b\.e\.", re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what (from 0), the factor of the position, the unit of intensities, and names of the columns left out."""

    axis: str
    position: int
    intensity: int
    std: int | None
    factor: float = 1.0
    unit: str = ""
    left: tuple[str, ...] = ()


def names_above(lines: Sequence[str], place: Place) -> tuple[str, ...]:
    """Names of the columns in the lines above a table; empty where there are none."""
    for number in range(place.start - 1, max(-1, place.start - 40), -1):
        rows = [
            row for row in _splits(_bare(lines[number]), place) if 2 <= len(row) <= place.width and axis_of(row[0])[0]
        ]
        if rows:
            return tuple(sorted(rows, key=len)[-1])
    above = next((number for number in range(place.start - 1, -1, -1) if lines[number].strip()), None)
    if above is None:
        return ()
    row = fields(_bare(lines[above]), place.delimiter)
    told = place.delimiter is not None or not COMMENT.match(lines[above])
    return tuple(row) if told and len(row) == place.width and not any(map(is_number, row)) else ()


def labels_above(lines: Sequence[str], place: Place) -> str:
    """The label of the position of an integrated picture (.chi): four lines of title, two labels and the number of points."""
    head = [line.strip() for line in lines[: place.start] if line.strip()]
    if len(head) >= 4 and re.fullmatch(r"\d+(?:\s+\d+)?", head[-1]) and re.match(r"intensity", head[-2], re.IGNORECASE):
        return head[-3]
    return ""


def _bare(line: str) -> str:
    return re.sub(r"^[\s#!;'\"*/%]+", "", line).rstrip(" */")


def _splits(line: str, place: Place) -> list[list[str]]:
    found = [] if place.delimiter is None else [fields(line, place.delimiter)]
    wide = [part.strip() for part in re.split(r"\t+|\s{2,}|,|;", line) if part.strip()]
    return [*found, wide, _BRACKETS.findall(line)]


def axis_of(name: str) -> tuple[str, str]:
    """Quantity and unit of a position by its name; empty where it is none, unit empty where it is not said."""
    text = name.casefold().replace("θ", "theta").replace("ϑ", "theta").replace("2 theta", "2theta")
    text = text.replace("{str(dim1_unit):14s}", "")
    if _TWO_THETA.match(text):
        return "two_theta", "rad" if "rad" in text.removeprefix("bragg") else "deg"
    if re.match(r"q\s*[(\[,_/ ]|q$|q_|scattering|momentum", text):
        squeezed = re.sub(r"[^a-zå0-9]", "", text.partition("q")[2] or text)
        nano = "nm" in squeezed or "nanomet" in squeezed
        atomic = bool(re.search(r"^(?:1)?a(?:1)?$|å|angstrom|ang|^ainv", squeezed))
        return "scattering_vector", "1/nm" if nano else "1/angstrom" if atomic else ""
    if _TOF.match(text):
        squeezed = re.sub(r"[^a-zµμ]", "", text)
        return "time_of_flight", "us" if re.search(r"us|µs|μs|mus|micro", squeezed) else "ms" if squeezed.endswith(
            "ms"
        ) else ""
    return "", ""


def unit_of_intensity(name: str) -> str:
    """Whether a name says counts or counts per second; empty where it says neither."""
    text = name.casefold()
    if re.search(r"cps|counts?\s*/\s*s|counts? per s|/s\)", text):
        return "counts/s"
    return "counts" if re.search(r"counts?\b|cts\b", text) else ""


def named(names: Sequence[str], width: int, where: str, units: Mapping[str, str]) -> Columns | None:
    """Columns by their names; `None` where the names are none of a pattern.

    Raises
    ------
    ReadError
        If the unit of the position is not said.
    """
    axis, unit = axis_of(names[0])
    plain = [re.sub(r"[\s_]", "", name.casefold()) for name in names]
    if not axis and plain[0] in ("x", "angle", "position") and any(map(_FITTED.match, plain[1:])):
        axis, unit = "two_theta", "deg"  # a program that refines patterns names its columns so
    if not axis and plain[0] in ("angle", "position") and any(_INTENSITY.match(name) for name in plain[1:]):
        axis, unit = "two_theta", "deg"
    if not axis:
        return None
    unit = units.get(axis, unit)
    if not unit:
        allowed = ", ".join(UNITS[axis])
        raise ReadError(
            f"{where}: the column '{names[0]}' has no unit; declare `analyses: {{diffraction: {{units: {{{axis}: ...}}}}}}` with one of "
            f"{allowed}."
        )
    rest = range(1, len(names))
    std = next((at for at in rest if _STD.match(plain[at])), None)
    told = [at for at in rest if at != std and not _FITTED.match(plain[at])]
    intensity = next((at for at in told if _INTENSITY.match(plain[at])), told[0] if told else None)
    if intensity is None:
        return None
    left = tuple(names[at] for at in rest if at not in (std, intensity))
    left += tuple(f"{at + 1} (without a name)" for at in range(len(names), width))
    said = units.get("intensity", unit_of_intensity(names[intensity]))
    return Columns(axis, 0, intensity, std, UNITS[axis][unit], said, left)


def declared_units(options: Mapping[str, Any], where: str) -> dict[str, str]:
    """The declared units by quantity.

    Raises
    ------
    ReadError
        If a quantity or unit is unknown.
    """
    units = options.get("units") or {}
    if not isinstance(units, Mapping):
        raise ReadError(f"{where}: units must give a unit for each quantity, for instance {{scattering_vector: 1/nm}}.")
    for quantity, unit in units.items():
        if quantity not in UNITS:
            raise ReadError(f"{where}: units know no quantity '{quantity}'; {nearest(str(quantity), UNITS)}.")
        if unit not in UNITS[quantity]:
            raise ReadError(f"{where}: {quantity} cannot be in '{unit}'; {nearest(str(unit), UNITS[quantity])}.")
    return {str(quantity): str(unit) for quantity, unit in units.items()}


def declared(mapping: Any, names: Sequence[str], width: int, where: str, units: Mapping[str, str]) -> Columns:
    """Columns as declared, by their names or numbers from 1.

    Raises
    ------
    ReadError
        If the declaration does not fit the file.
    """
    if not isinstance(mapping, Mapping) or not mapping:
        raise ReadError(
            f'{where}: mapping must give a column for each quantity, for instance {{two_theta: "1", intensity: "2"}}.'
        )
    for quantity in mapping:
        if quantity not in DECLARABLE:
            raise ReadError(f"{where}: mapping knows no quantity '{quantity}'; {nearest(str(quantity), DECLARABLE)}.")
    axes = [quantity for quantity in mapping if quantity in POSITIONS]
    if len(axes) != 1 or "intensity" not in mapping:
        raise ReadError(
            f"{where}: mapping needs intensity and one of {', '.join(POSITIONS)}; it declares {', '.join(map(str, mapping))}."
        )
    places = {quantity: _place(str(name), names, width, where) for quantity, name in mapping.items()}
    usual = {"two_theta": "deg", "scattering_vector": "1/angstrom", "time_of_flight": "us"}[axes[0]]
    factor = UNITS[axes[0]][units.get(axes[0], usual)]
    left = tuple(name for at, name in enumerate(names) if at not in places.values())
    return Columns(
        axes[0],
        places[axes[0]],
        places["intensity"],
        places.get("intensity_std"),
        factor,
        units.get("intensity", ""),
        left,
    )


def _place(name: str, names: Sequence[str], width: int, where: str) -> int:
    if name in names:
        return list(names).index(name)
    if name.isdigit() and 1 <= int(name) <= width:
        return int(name) - 1
    allowed = [*names, *(str(number) for number in range(1, width + 1))]
    raise ReadError(f"{where}: there is no column '{name}'; {nearest(name, allowed)}.")
