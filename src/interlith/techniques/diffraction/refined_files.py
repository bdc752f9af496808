"""How does a refined pattern become files for others: a CIF a phase, and a powder CIF with the points?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.cif import parse_cif
from interlith.crystal.moved_sites import moved_structure
from interlith.errors import StudyError, nearest
from interlith.model import Result
from interlith.techniques.diffraction.records import result
from interlith.techniques.diffraction.refinement.pattern import UNKNOWN_DISPLACEMENT
from interlith.techniques.diffraction.writing_cif import RefinedPhase, refined_cif
from interlith.techniques.diffraction.writing_pdcif import WrittenPattern, block_names, pd_cif

Array = NDArray[np.float64]

#: Quantity behind the name of a phase -> words and unit in the file.
_NUMBERS = {"crystallite_size": ("size of crystallites", "nm"), "microstrain": ("microstrain", "")}
_PROFILE = (
    "Pseudo-Voigt after Thompson, Cox and Hastings (10.1107/S0021889887087090), axial divergence after Finger, Cox and Jephcoat "
    "(10.1107/S0021889894004218)."
)
_UNCERTAIN = "Standard uncertainties take neighbouring residuals as alike (10.1107/S0021889890008391)."


def cif(
    refined: Result, folder: str | Path | None = None, *, sample: str | None = None, pattern: int | None = None
) -> Result:
    """Refined phases as CIF, and patterns with their models as powder CIF.

    Parameters
    ----------
    refined
        Of ``il.diffraction.refine``, or of a study.
    folder
        Where the files are written; by default nowhere.
    sample, pattern
        Of the only ones that are wanted: specimen, and number of the pattern from 0.

    Returns
    -------
    Result
        `data["files"]`: ``sample``, ``pattern``, ``phase`` (empty for a powder CIF, which holds all of them), ``name`` and ``text``.
        Powder CIFs are there for patterns whose curves were kept.

    Raises
    ------
    StudyError
        If the result is no refinement, or there is no such specimen or pattern that was refined.

    Notes
    -----
    A number that was held stands without brackets. The assumption that fails first: that a structure is what was refined; where only
    cell and widths were, its atoms are those of the file that it came from.
    """
    if "structures" not in refined.data:
        raise StudyError("This result holds no refined structures; hand over that of il.diffraction.refine.")
    rows = _wanted(refined, sample, pattern)
    files: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        name, number = str(row["sample"]), int(row["pattern"])
        own = {"sample": name, "pattern": number}
        several = refined.data["refined"].filter(pl.col("sample") == name).height > 1
        stem = f"{name}_{number}" if several else name
        phases = _phases(refined, row)
        plain, *blocks = block_names(stem, [one.structure.name for one in phases])
        for phase, block in zip(phases, blocks, strict=True):
            files.append(
                {**own, "phase": phase.structure.name, "name": f"{block}.cif", "text": refined_cif(phase) + "\n"}
            )
        written = _pattern(refined, row, stem)
        if written is not None:
            text = pd_cif(written, phases, software=f"Interlith {version('interlith')}")
            files.append({**own, "phase": "", "name": f"{plain}.cif", "text": text})
    if folder is not None:
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for one in files:
            (target / str(one["name"])).write_text(str(one["text"]), encoding="utf-8", newline="\n")
    return result("cif", (), method="writing of CIF", options={}, quality=(), data={"files": pl.DataFrame(files)})


def _wanted(refined: Result, sample: str | None, pattern: int | None) -> pl.DataFrame:
    rows: pl.DataFrame = refined.data["refined"].filter(pl.col("good"))
    names = rows.get_column("sample").unique(maintain_order=True).to_list()
    if sample is not None:
        if sample not in names:
            raise StudyError(f"sample is '{sample}', which was not refined; {nearest(sample, names)}.")
        rows = rows.filter(pl.col("sample") == sample)
    if pattern is not None:
        rows = rows.filter(pl.col("pattern") == pattern)
    if not rows.height:
        raise StudyError(
            "No such pattern was refined; the table `refined` lists those that were."
            if names
            else "No pattern was refined."
        )
    return rows


def _phases(refined: Result, row: Mapping[str, Any]) -> list[RefinedPhase]:
    mine = (pl.col("sample") == row["sample"]) & (pl.col("pattern") == row["pattern"])
    known = {
        str(name): (float(value), float(std) if moved and math.isfinite(std) else 0.0)
        for name, value, std, moved in refined.data["parameters"]
        .filter(mine)
        .select("name", "value", "inflated", "refined")
        .iter_rows()
    }
    numbers = _numbers(refined, row)
    found = []
    for phase, text in (
        refined.data["structures"].filter(pl.col("sample") == row["sample"]).select("phase", "cif").iter_rows()
    ):
        own = {name.removeprefix(f"{phase}_"): pair for name, pair in known.items() if name.startswith(f"{phase}_")}
        structure = moved_structure(parse_cif(text, name=phase), own, unknown_displacement=UNKNOWN_DISPLACEMENT)
        said = {
            words: (*numbers[f"{phase}_{quantity}"], unit)
            for quantity, (words, unit) in _NUMBERS.items()
            if f"{phase}_{quantity}" in numbers
        }
        if known.get(f"{phase}_texture", (1.0, 0.0))[1] > 0:
            said["March coefficient of the texture"] = (*known[f"{phase}_texture"], "")
        notes = [f"Raw file: {row['file']}, pattern {row['pattern']}.", _UNCERTAIN]
        if phase in str(row["held"]).split(", "):
            notes.append("Too weak to show more than its amount: its cell and widths were held.")
        if row["entangled"]:
            notes.append(f"The data do not fix: {row['entangled']}.")
        found.append(
            RefinedPhase(
                structure, numbers.get(f"{phase}_weight_fraction", (math.nan, math.nan)),
                numbers.get(f"{phase}_cell_volume", (math.nan, math.nan))[1], said, tuple(notes),
            )
        )  # fmt: skip
    return found


def _numbers(refined: Result, row: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Observables of one pattern with a value: name -> value and standard uncertainty."""
    mine = (
        (pl.col("sample") == row["sample"])
        & (pl.col("fit") == f"pattern {row['pattern']}")
        & pl.col("value").is_not_null()
    )
    return {
        str(name): (float(value), math.nan if std is None else float(std))
        for name, value, std in refined.table.filter(mine).select("quantity", "value", "std").iter_rows()
    }


def _pattern(refined: Result, row: Mapping[str, Any], name: str) -> WrittenPattern | None:
    mine = (pl.col("sample") == row["sample"]) & (pl.col("pattern") == row["pattern"])
    curve = refined.data["curves"].filter(mine)
    if not curve.height:
        return None
    x, y, std, calculated, background = (
        curve.get_column(column).cast(pl.Float64).to_numpy()
        for column in ("two_theta", "observed", "std", "calculated", "background")
    )
    beam = refined.data["instrument"].filter(pl.col("sample") == row["sample"]).row(0, named=True)
    terms = sum(
        one.startswith("background_") for one in refined.data["parameters"].filter(mine).get_column("name").to_list()
    )
    agreement = {
        "r_p": row["r_p"],
        "r_wp": row["r_wp"],
        "r_exp": row["r_exp"],
        "goodness_of_fit": row["goodness"],
        "parameters": row["refined"],
    }
    return WrittenPattern(
        name, x, y, np.where(std > 0, 1 / np.maximum(std, 1e-300) ** 2, 0.0), calculated, background, counts=False,
        radiation=str(beam["radiation"]), wavelengths=tuple(map(float, beam["wavelengths"])), ratio=float(beam["ratio"]), agreement=agreement,
        background_words=f"Chebyshev polynomials, {terms} terms", profile_words=_PROFILE, source=f"{row['file']}, pattern {row['pattern']}",
        notes=("Only points with a weight are listed.", _UNCERTAIN),
    )  # fmt: skip
