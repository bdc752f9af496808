"""Which numbers does a result file of a Rietveld program hold, as a result marked external?"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from interlith.errors import StudyError
from interlith.model import How, Observable, Result, Sample, Study
from interlith.model.observable import to_frame
from interlith.workbench.declaring.measurements_file import read_text
from interlith.workbench.external.diffraction.fullprof import is_fullprof_output, read_fullprof_output
from interlith.workbench.external.diffraction.gsas2 import is_gsas2_listing, read_gsas2_listing
from interlith.workbench.external.diffraction.refinement import Refinement, Stated
from interlith.workbench.external.owner import owner_of
from interlith.workbench.reading import digest
from interlith.workbench.running.identity import identify
from interlith.workbench.running.keys import digest_of

if TYPE_CHECKING:
    import polars as pl

#: Largest listing (bytes): thousands of patterns.
LARGEST = 200_000_000
TECHNIQUE = "diffraction"
_TEXTS: tuple[tuple[Callable[[str], bool], Callable[[str, str], tuple[Refinement, ...]]], ...] = (
    (is_gsas2_listing, read_gsas2_listing), (is_fullprof_output, read_fullprof_output),
)  # fmt: skip


def is_refinement(path: Path) -> bool:
    """Whether a file is a listing of GSAS-II or an output of FullProf, by its content."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return False
        with path.open("rb") as handle:
            head = handle.read(16_384)
    except OSError:
        return False
    text = head.decode("latin-1")
    return "\0" not in text and any(is_it(text) for is_it, _ in _TEXTS)


def read_diffraction_results(path: str | Path, *, study: Study | None = None, name: str | None = None) -> Result:
    """Read a result file of a Rietveld program as a result marked ``external``.

    Parameters
    ----------
    path
        Listing (.lst) of GSAS-II; .out, .sum or .seq of FullProf.
    study
        Study whose raw files the file speaks of; a pattern is found by the name of its file.
    name
        Name of the file as the study writes it; the file name if absent.

    Returns
    -------
    Result
        Observables under our names and in our units (``LNMO_cell_a`` in angstrom, ``LNMO_weight_fraction`` in 1, ``r_wp`` in 1);
        ``data["refinements"]`` has one row a pattern.

    Raises
    ------
    StudyError
        If the content is none of these, or damaged: file and line are named.

    Notes
    -----
    A standard uncertainty is believed and counts as ``fit``; one that is not printed is unknown (``inf``), never 0. The
    assumption that fails first: that a file of this name still holds what the other program read.
    """
    file = Path(path)
    if not is_refinement(file):
        raise StudyError(
            f"{file.name} is no result file that is known: a listing (.lst) of GSAS-II, or .out, .sum or .seq of FullProf. Write a "
            "table with one number a row instead (docs: external results)."
        )
    text = read_text(file)
    refinements = next(read for is_it, read in _TEXTS if is_it(text))(text, file.name)
    shown, sha256 = name or file.name, digest(file)
    found: list[Observable] = []
    for place, one in enumerate(refinements, start=1):
        sample, raw = owner_of(one.raw, study, file)
        found += [
            _observable(one, place, quantity, stated, sample, raw, sha256, shown)
            for quantity, stated in one.numbers.items()
        ]
    programs = list(dict.fromkeys((one.program, one.version) for one in refinements))
    said = ", ".join(f"{program} {version}".rstrip() for program, version in programs)
    options = {
        "file": shown, "sha256": sha256, "bytes": file.stat().st_size, "software": said,
        "raw": ", ".join(sorted({one.raw for one in refinements if one.raw})),
    }  # fmt: skip
    return Result(
        technique=TECHNIQUE,
        name=f"external {shown}",
        table=identify(to_frame(found), digest_of("external", sha256, shown)),
        data={"refinements": _rows(refinements)},
        quality=_quality(sorted({item.sample for item in found}), shown),
        how=How(
            TECHNIQUE, f"external: {said}", options,
            {program: version or "not stated" for program, version in programs},
            methods_text=f"{len(found)} numbers were taken over from {shown}, made with {said}; they were not computed here.",
        ),
    )  # fmt: skip


def _observable(
    one: Refinement, place: int, quantity: str, stated: Stated, sample: Sample, raw: str, sha256: str, shown: str
) -> Observable:
    flags = ["external"]
    known = math.isfinite(stated.std) and stated.std > 0
    # A number that several patterns share moves for all of them at once.
    detail = quantity if stated.common else f"{place}/{quantity}"
    parts = {f"fit:{sha256[:12]}/{detail}": stated.std} if known else {}
    if not known:
        flags.append("uncertainty unknown")
    if not one.version:
        flags.append("version of the program not stated")
    if not raw:
        flags.append(f"its raw file '{one.raw}' is not here" if one.raw else "which raw file it refined is not stated")
    if stated.note:
        flags.append(stated.note)
    return Observable(
        quantity, stated.value, stated.unit, sample.name, parts, sample.variant, sample.batch, sample.replicate, TECHNIQUE,
        method=f"external: {one.program} {one.version}".rstrip(), fit=f"{shown}, {one.place}" if one.place else shown,
        source=f"sha256:{sha256}" + (f" of sha256:{raw}" if raw else ""), flag="; ".join(flags),
    )  # fmt: skip


def _rows(refinements: tuple[Refinement, ...]) -> pl.DataFrame:
    """One row a pattern: program, version, raw file, place, and how many numbers it gave."""
    import polars as pl

    rows = [
        {
            "refinement": place, "place": one.place, "program": one.program, "version": one.version, "raw": one.raw,
            "numbers": len(one.numbers),
        }
        for place, one in enumerate(refinements, start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _quality(samples: list[str], file: str) -> pl.DataFrame:
    import polars as pl

    rows = [{"sample": name, "step": f"external {file}", "ok": True, "reason": ""} for name in samples]
    return pl.DataFrame(rows, schema={"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String})
