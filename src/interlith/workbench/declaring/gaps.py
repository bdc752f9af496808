"""What does the user still have to fill in, in which cell, and what waits for it?"""

from __future__ import annotations

from collections.abc import Mapping

from interlith.model import Gap, Sample
from interlith.workbench.declaring.measurements_file import Row
from interlith.workbench.declaring.schema import StudyWords
from interlith.workbench.declaring.specimens import identity_of, kind_of_cell
from interlith.workbench.discovery import techniques

#: More than this (mg/cm^2 of active mass) no single electrode carries; less than 0.1 is a film.
HEAVIEST_LOADING = 100.0


def find_gaps(words: StudyWords, rows: list[Row], samples: Mapping[tuple[str, ...], Sample]) -> tuple[Gap, ...]:
    """What the user still has to fill in, each with its cell or key and what depends on it."""
    gaps = []
    cycling = [row for row in rows if row.include and row.cells["technique"] == "cycling"]
    seen: set[tuple[str, ...]] = set()
    for row in cycling:
        identity = identity_of(row)
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
                f"an analysis of '{technique}'",
                "not in this version; its files are read and kept, not analysed",
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
    if any(kind_of_cell(words, sample.variant) is None for sample in samples.values()):
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
