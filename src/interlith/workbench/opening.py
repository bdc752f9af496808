"""What does a study folder hold, what is missing, and what could not be read?"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interlith.errors import InterlithError, ReadError, StudyError, UnitError
from interlith.model import Declared, Gap, Measurement, Sample, Study, Unread, Variant
from interlith.units import convert, inside, parse
from interlith.workbench import study_file
from interlith.workbench.discovery import techniques
from interlith.workbench.measurements_file import UNCONFIRMED, Row, read_rows
from interlith.workbench.reading import measure, recognise
from interlith.workbench.schema import StudyWords

Progress = Callable[[int, int, str], None]
#: More than this (mg/cm^2 of active mass) no single electrode carries; less than 0.1 is a film.
HEAVIEST_LOADING = 100.0
#: A file that no row names is spoken of only where its format is recognised with this confidence.
SURE = 0.4
#: Largest relative standard uncertainty of a cycler's current that is believed.
MOST_INACCURATE = 0.1


def open_study(folder: str | Path, *, progress: Progress | None = None) -> Study:
    """Open a study: read its two files and every raw file named in them.

    A file that cannot be read goes to ``study.unread`` with the reason and the rest is read; what the user still has to
    fill in stands in ``study.gaps``.

    Parameters
    ----------
    folder
        The folder with `study.yaml` and `measurements.csv`.
    progress
        Called as ``progress(done, total, name)`` after each file.

    Raises
    ------
    StudyError
        If one of the two files is missing or wrong: the message names line or cell.
    """
    root = Path(folder)
    if not root.is_dir():
        raise StudyError(f"There is no folder {root}.")
    words = study_file.read_study_file(root / "study.yaml")
    rows = read_rows(root / "measurements.csv")
    _check_variants(words, rows)
    samples = _samples(words, rows)
    gaps = find_gaps(words, rows, samples)
    read: list[Measurement] = []
    excluded: list[tuple[Measurement, str]] = []
    unread: list[Unread] = []
    parts: dict[tuple[str, str], int] = {}
    seen: dict[str, Row] = {}
    for number, row in enumerate(rows):
        sample = samples[_identity(row)]
        path = root / row.file
        key = (sample.name, row.cells["technique"])
        try:
            item = _read_row(root, row, sample, words, parts.get(key, 0))
        except InterlithError as error:
            unread.append(Unread(row.file, str(error).replace(f"{path}: ", ""), ""))
        else:
            twin = seen.setdefault(item.source.sha256, row)
            if twin is not row and row.include:
                unread.append(
                    Unread(
                        row.file,
                        f"it holds the same bytes as {twin.file} (line {twin.line}); one measurement is not two replicates.",
                        "Remove the row.",
                    )
                )
            elif row.include:
                read.append(item)
                parts[key] = parts.get(key, 0) + 1
            else:
                excluded.append((item, row.cells.get("note", "")))
        if progress is not None:
            progress(number + 1, len(rows), row.file)
    unread += _unlisted(root, {row.file for row in rows})
    return Study(
        name=words.study,
        folder=root,
        reference=words.reference,
        replication=study_file.replication(words),
        primary=study_file.primary(root / "study.yaml", words),
        variants=_variants(words, rows),
        samples=tuple(samples.values()),
        measurements=tuple(read),
        excluded=tuple(excluded),
        unread=tuple(unread),
        gaps=gaps,
        analyses=words.analyses,
        simulated=words.simulated,
    )


def _unlisted(root: Path, listed: set[str]) -> list[Unread]:
    """Files of a cycler that lie in the folder and that no row names; notes and pictures are nobody's business."""
    from interlith.workbench.initialise import data_files

    found = []
    for path in data_files(root):
        name = path.relative_to(root).as_posix()
        if name in listed:
            continue
        try:
            match = recognise(path)
        except ReadError as error:
            found.append(Unread(name, str(error).replace(f"{path}: ", "")))
            continue
        if match.format is None or match.confidence < SURE:
            continue
        reason = match.format.refuses or "no row of measurements.csv names it."
        remedy = (
            ""
            if match.format.refuses
            else "Add it with `interlith init`, with `no` in the column include if it does not belong here."
        )
        found.append(Unread(name, reason, remedy))
    return found


def find_gaps(words: StudyWords, rows: list[Row], samples: Mapping[tuple[str, ...], Sample]) -> tuple[Gap, ...]:
    """What the user still has to fill in, each with its cell or key and what depends on it."""
    gaps = []
    cycling = [row for row in rows if row.include and row.cells["technique"] == "cycling"]
    seen: set[tuple[str, ...]] = set()
    for row in cycling:
        identity = _identity(row)
        mass = samples[identity].active_mass
        if identity in seen:
            continue
        seen.add(identity)
        if mass is None:
            gaps.append(
                Gap(row.where("active_mass"), f"active mass of {samples[identity].name}", "capacities stay in mAh")
            )
        elif not mass.confirmed:
            gaps.append(
                Gap(
                    row.where("active_mass_source"),
                    f"confirmation of the mass {row.cells['active_mass']} of {samples[identity].name}, found in a vendor header",
                    "capacities stay in mAh; if the mass is right, write its source (for instance: balance)",
                )
            )
    if cycling:
        gaps += _key_gaps(words, samples)
    for technique in sorted({row.cells["technique"] for row in rows if row.include} - set(techniques())):
        gaps.append(
            Gap(
                "measurements.csv, column technique",
                f"a reader for '{technique}'",
                "not available in this version; its files are not analysed",
            )
        )
    for row in rows:
        if row.include and not (row.cells.get("replicate") or "").strip() and words.replication.unit == "cell":
            gaps.append(
                Gap(
                    row.where("replicate"),
                    f"replicate number of {row.file}",
                    "without a number each file counts as a cell of its own",
                )
            )
    return tuple(gaps)


def _key_gaps(words: StudyWords, samples: Mapping[tuple[str, ...], Sample]) -> list[Gap]:
    gaps = []
    cells = words.cells
    if any(_kind(words, sample.variant) is None for sample in samples.values()):
        gaps.append(
            Gap(
                "study.yaml, cells: kind",
                "kind of cell (half_cathode, half_anode or full)",
                "no efficiencies: their direction is unknown",
            )
        )
    if cells.one_C is None:
        gaps.append(Gap("study.yaml, cells: one_C", "current that is called 1C (for instance 140 mA/g)", "no C-rates"))
    if all(sample.area is None for sample in samples.values()):
        gaps.append(Gap("study.yaml, cells: area", "electrode area", "no areal capacities"))
    if cells.active_mass_uncertainty is None and any(sample.active_mass for sample in samples.values()):
        gaps.append(
            Gap(
                "study.yaml, cells: active_mass_uncertainty",
                "uncertainty of the masses (for instance 2 %)",
                "uncertainty of specific capacities unknown",
            )
        )
    if cells.current_accuracy is None:
        gaps.append(
            Gap(
                "study.yaml, cells: current_accuracy",
                "accuracy of the cycler's current (for instance 0.1 %)",
                "calibration of the cycler is not in the uncertainties",
            )
        )
    gaps += [
        Gap(
            "measurements.csv, column active_mass",
            f"a look at the mass of {sample.name}: with its area it is {loading:.3g} mg/cm^2",
            "a unit that is wrong by 1000 would go through every number",
        )
        for sample, loading in _loadings(samples)
        if not 0.1 <= loading <= HEAVIEST_LOADING
    ]
    variants = {sample.variant for sample in samples.values()}
    if words.reference is None and len(variants) > 1:
        gaps.append(Gap("study.yaml, reference", "the variant that the others are compared with", "no contrasts"))
    if words.primary is None and len(variants) > 1:
        gaps.append(
            Gap(
                "study.yaml, primary",
                "the one endpoint that decides (for instance capacity_retention: {cycle: 200, at_least: +5 %})",
                "all contrasts are secondary and adjusted for multiplicity",
            )
        )
    return gaps


def _loadings(samples: Mapping[tuple[str, ...], Sample]) -> list[tuple[Sample, float]]:
    """Active mass per area (mg/cm^2) of the specimens that declare both."""
    return [
        (sample, 100 * sample.active_mass.value / sample.area.value)
        for sample in samples.values()
        if sample.active_mass and sample.area
    ]


def _read_row(root: Path, row: Row, sample: Sample, words: StudyWords, part: int) -> Measurement:
    path = root / row.file
    if not path.resolve().is_relative_to(root.resolve()) and not os.path.isabs(row.file):
        raise StudyError(f"{row.where('file')}: '{row.file}' leaves the study folder.")
    technique = row.cells["technique"]
    options = words.analyses.get(technique, {})
    return measure(path, sample, name=row.file, technique=technique, state=row.states, options=options, part=part)


def _identity(row: Row) -> tuple[str, ...]:
    replicate = row.cells.get("replicate", "")
    identity = (row.cells["sample"], row.cells.get("batch", ""), replicate)
    # Without a number nobody knows which files are one cell; joining two cells into one would be the worse mistake.
    return identity if replicate else (*identity, row.file)


def _check_variants(words: StudyWords, rows: list[Row]) -> None:
    from interlith.errors import nearest

    problems = [
        f"{row.where('sample')} is '{row.cells['sample']}', which study.yaml does not declare; {nearest(row.cells['sample'], words.samples)}."
        for row in rows
        if words.samples and row.cells["sample"] not in words.samples
    ]
    problems += [
        f"{row.where('sample')} is empty; write the variant that was measured."
        for row in rows
        if not row.cells["sample"]
    ]
    if words.reference and rows and not any(row.cells["sample"] == words.reference for row in rows):
        problems.append(f"study.yaml: no row of measurements.csv measures the reference '{words.reference}'.")
    if problems:
        raise StudyError("\n".join(dict.fromkeys(problems)))


def _variants(words: StudyWords, rows: list[Row]) -> dict[str, Variant]:
    declared = study_file.variants(words)
    return declared | {
        row.cells["sample"]: Variant(row.cells["sample"]) for row in rows if row.cells["sample"] not in declared
    }


def _samples(words: StudyWords, rows: list[Row]) -> dict[tuple[str, ...], Sample]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(_identity(row), []).append(row)
    names = _names({identity: [row.file for row in members] for identity, members in groups.items()})
    return {identity: _sample(names[identity], identity, members, words) for identity, members in groups.items()}


def _names(files: Mapping[tuple[str, ...], list[str]]) -> dict[tuple[str, ...], str]:
    """Short unique names: the common stem of a specimen's files, else variant, batch and replicate."""
    names = {}
    for identity, paths in files.items():
        stems = [Path(path).stem for path in paths]
        common = stems[0] if len(set(stems)) == 1 else _common_stem(stems)
        names[identity] = common if len(common) >= 2 else "_".join(part for part in identity[:3] if part)
    for identity, name in names.items():
        if list(names.values()).count(name) > 1:
            names[identity] = "_".join(part.replace("/", "_") for part in identity if part)
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
        cell_kind=_kind(words, identity[0]),
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


def _kind(words: StudyWords, variant: str) -> str | None:
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
    from interlith.units import quantity_kind

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


def options_of(study: Study, technique: str) -> Mapping[str, Any]:
    """What `study.yaml` says under ``analyses: <technique>:``."""
    return study.analyses.get(technique, {})
