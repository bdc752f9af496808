"""Which rows are one specimen, what is it called, and which masses and areas are declared for it?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from interlith.errors import StudyError, UnitError
from interlith.model import Declared, Sample
from interlith.units import convert, inside, parse, quantity_kind
from interlith.workbench.declaring.measurements_file import UNCONFIRMED, Row
from interlith.workbench.declaring.schema import StudyWords

#: Largest relative standard uncertainty of a cycler's current that is believed.
MOST_INACCURATE = 0.1


def identity_of(row: Row) -> tuple[str, ...]:
    replicate = row.cells.get("replicate", "")
    identity = (row.cells["sample"], row.cells.get("batch", ""), replicate)
    # Without a number nobody knows which files are one cell; joining two cells into one would be the worse mistake.
    return identity if replicate else (*identity, row.file)


def read_specimens(words: StudyWords, rows: list[Row]) -> dict[tuple[str, ...], Sample]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(identity_of(row), []).append(row)
    names = _names({identity: [row.file for row in members] for identity, members in groups.items()})
    return {identity: _sample(names[identity], identity, members, words) for identity, members in groups.items()}


def _names(files: Mapping[tuple[str, ...], list[str]]) -> dict[tuple[str, ...], str]:
    """Short unique names: the common stem of a specimen's files, else variant, batch and replicate."""
    names = {}
    for identity, paths in files.items():
        stems = [Path(path).stem for path in paths]
        common = stems[0] if len(set(stems)) == 1 else _common_stem(stems)
        names[identity] = common if len(common) >= 2 else "_".join(part for part in identity[:3] if part)
    counts = Counter(names.values())
    for identity, name in names.items():
        if counts[name] > 1:
            names[identity] = "_".join(part.replace("/", "_") for part in identity if part)
            counts.subtract([name])
            counts.update([names[identity]])
    return names


def _common_stem(stems: list[str]) -> str:
    """The common beginning of some file stems, cut at a word border: B1_01, B1_01_part2 -> B1_01."""
    length = next(
        (k for k, letters in enumerate(zip(*stems, strict=False)) if len(set(letters)) > 1), min(map(len, stems))
    )
    common = stems[0][:length]
    if any(stem[length : length + 1].isdigit() for stem in stems) and common[-1:].isdigit():
        common = common.rstrip("0123456789")
    return re.sub(r"[\W_]+$", "", re.sub(r"[\W_]+(cycle|part|test|run)?[\W_]*$", "", common, flags=re.IGNORECASE))


def _sample(name: str, identity: tuple[str, ...], rows: list[Row], words: StudyWords) -> Sample:
    cells = words.cells
    mass_row = _mass_row(rows)
    mass_text = mass_row.cells["active_mass"] if mass_row else ""
    mass_source = mass_row.cells.get("active_mass_source", "") if mass_row else ""
    area_text = next((row.cells["area"] for row in rows if row.cells.get("area")), "")
    mass = _declared(
        mass_text or cells.active_mass,
        "active_mass",
        cells.active_mass_uncertainty,
        mass_source if mass_text else "study.yaml",
    )
    area = _declared(
        area_text or cells.area, "area", cells.area_uncertainty, "measurements.csv" if area_text else "study.yaml"
    )
    if mass is not None and UNCONFIRMED in mass.source.casefold():
        mass = Declared(mass.value, mass.unit, mass.std, mass.source, confirmed=False)
    return Sample(
        name=name,
        variant=identity[0],
        batch=identity[1],
        replicate=identity[2],
        cell_kind=kind_of_cell(words, identity[0]),
        active_mass=mass,
        area=area,
        loading=_declared(cells.loading, "loading", cells.loading_uncertainty, "study.yaml"),
        one_C=_one_c(cells.one_C, cells.one_C_uncertainty),
        current_accuracy=None
        if cells.current_accuracy is None
        else _relative(cells.current_accuracy, "current_accuracy"),
        voltage_accuracy=None if cells.voltage_accuracy is None else inside(cells.voltage_accuracy, "voltage"),
        note="; ".join(dict.fromkeys(row.cells.get("note", "") for row in rows if row.cells.get("note"))),
        extra={"electrolyte": next((row.cells["electrolyte"] for row in rows if row.cells.get("electrolyte")), "")},
    )


def kind_of_cell(words: StudyWords, variant: str) -> str | None:
    declared = words.samples.get(variant)
    return declared.kind if declared is not None and declared.kind is not None else words.cells.kind


def _mass_row(rows: list[Row]) -> Row | None:
    """The row that declares the mass of a specimen: a confirmed one before a proposal.

    Raises
    ------
    StudyError
        If two rows of one specimen declare different masses.
    """
    given = [row for row in rows if row.cells.get("active_mass")]
    confirmed = [row for row in given if UNCONFIRMED not in row.cells.get("active_mass_source", "").casefold()]
    sizes = {inside(row.cells["active_mass"], "active_mass"): row for row in confirmed}
    if len(sizes) > 1:
        one, other = list(sizes.values())[:2]
        raise StudyError(
            f"{one.where('active_mass')} says {one.cells['active_mass']} and {other.where('active_mass')} says "
            f"{other.cells['active_mass']}, but both rows are files of one specimen (sample, batch and replicate are the "
            "same); correct the mass, or give the second cell another replicate number."
        )
    return next(iter(confirmed or given), None)


def _declared(text: str | None, quantity: str, uncertainty: str | None, source: str) -> Declared | None:
    if not text:
        return None
    unit = quantity_kind(quantity).unit
    value = parse(text, what=quantity).to(unit)
    std = value.std if value.std == value.std else _std(value.value, uncertainty, unit)
    return Declared(value.value, unit, std, source)


def _std(value: float, uncertainty: str | None, unit: str) -> float:
    if uncertainty is None:
        return float("inf")
    parsed = parse(uncertainty, what="the uncertainty")
    if parsed.unit in ("%", "", "1"):
        return abs(value) * convert(parsed.value, parsed.unit, "1")
    return parsed.to(unit).value


def _relative(text: str, what: str) -> float:
    parsed = parse(text, what=what)
    if parsed.unit not in ("%", "ppm"):
        raise StudyError(f"study.yaml, cells: {what} is '{text}'; write it in % or ppm of the reading.")
    size = convert(parsed.value, parsed.unit, "1")
    if not 0 < size <= MOST_INACCURATE:
        raise StudyError(
            f"study.yaml, cells: {what} is '{text}'; a cycler has between 0 and {100 * MOST_INACCURATE:g} %."
        )
    return size


def _one_c(text: str | None, uncertainty: str | None) -> Declared | None:
    if text is None:
        return None
    value = parse(text, what="one_C")
    for unit in ("A/kg", "A", "A/m^2"):
        try:
            size = value.to(unit).value
        except UnitError:
            continue
        # 1C is a convention: exact unless the user gives it an uncertainty.
        return Declared(size, unit, 0.0 if uncertainty is None else _std(size, uncertainty, unit), "study.yaml")
    raise StudyError(f"study.yaml, cells: one_C is '{text}'; write a specific current such as '140 mA/g'.")
