"""Which numbers did other programs make of these samples, and how do they stand beside ours?"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interlith.errors import InterlithError, StudyError
from interlith.model import How, Result, Study
from interlith.model.observable import to_frame
from interlith.workbench.declaring.study_file import read_study_file
from interlith.workbench.external.diffraction.reading import is_refinement, read_diffraction_results
from interlith.workbench.external.impedance.reading import is_export, read_impedance_results
from interlith.workbench.external.row import Reader, known_quantities, observable, program
from interlith.workbench.external.table import Line, read_lines
from interlith.workbench.reading import digest
from interlith.workbench.running.identity import identify
from interlith.workbench.running.keys import digest_of

if TYPE_CHECKING:
    import polars as pl

#: Word in the column flag of every number that another program made.
EXTERNAL = "external"
_DIGEST = re.compile(r"(?:sha256:)?(?P<digest>[0-9a-f]{12,64})")


def read_external(path: str | Path, *, study: Study | None = None, name: str | None = None) -> Result:
    """Read a table of numbers that another program made, as a result marked ``external``.

    Parameters
    ----------
    path
        Delimited text or workbook with one number a row, or one sample a row (see the page on external results); an export
        of an impedance program; a listing of GSAS-II or an output of FullProf.
    study
        Study whose specimens, variants and raw files the table speaks of; without it names are taken as written.
    name
        Name of the table as the study writes it; the file name if absent.

    Raises
    ------
    StudyError
        Naming every wrong line or cell at once, with the allowed words.

    Notes
    -----
    What the other program says of its uncertainty is believed and not checked; the assumption that fails first is that
    rows are independent of each other. Rows with the same word in the column ``shared`` share their whole uncertainty.
    """
    file = Path(path)
    if is_export(file):
        return read_impedance_results(file, study=study, name=name)
    if is_refinement(file):
        return read_diffraction_results(file, study=study, name=name)
    lines = read_lines(file)
    sha256 = digest(file)
    reader = Reader(sha256, study, _raw_files(file, study))
    pairs = [(line, found) for line in lines if (found := observable(line, reader)) is not None]
    if reader.problems:
        raise StudyError("\n".join(dict.fromkeys(reader.problems)))
    items = [found for _, found in pairs]
    techniques = {item.technique for item in items}
    programs = list(dict.fromkeys(program(line) for line in lines))
    said = ", ".join(f"{software} {version}".rstrip() for software, version in programs)
    technique = techniques.pop() if len(techniques) == 1 else EXTERNAL
    shown = name or file.name
    return Result(
        technique=technique,
        name=f"external {shown}",
        table=identify(to_frame(items), digest_of("external", sha256, shown)),
        data={"rows": _rows(lines)},
        quality=_quality(sorted({item.sample for item in items}), shown),
        how=How(
            technique=technique,
            method=f"external: {said}",
            options={
                "file": shown,
                "sha256": sha256,
                "bytes": file.stat().st_size,
                "software": said,
                "raw": ", ".join(sorted({line.cells["raw"] for line in lines if line.cells.get("raw")})),
            },
            versions={software: version or "not stated" for software, version in programs},
            methods_text=f"{len(items)} numbers were taken over from {shown}, made with {said}; they were not computed here.",
        ),
    )


def external_results(study: Study, names: Sequence[str] | None = None) -> tuple[list[Result], list[str]]:
    """The tables that ``external:`` in `study.yaml` names, and a sentence for each that cannot be read.

    Parameters
    ----------
    study
        The study.
    names
        The tables, relative to the study folder; read from `study.yaml` if absent.
    """
    if names is None:
        names = read_study_file(study.folder / "study.yaml").external
    results: list[Result] = []
    failures: list[str] = []
    for name in dict.fromkeys(names):
        path = study.folder / name
        if not path.resolve().is_relative_to(study.folder.resolve()) and not os.path.isabs(name):
            failures.append(f"study.yaml, external: '{name}' leaves the study folder.")
            continue
        try:
            results.append(read_external(path, study=study, name=name))
        except InterlithError as error:
            failures.append(str(error))
    return results, failures


def without_doubles(own: pl.DataFrame, external: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Our observables and the external ones that may be compared beside them, and what was left out.

    A number of another program never enters a contrast together with our own numbers of the same quantity, nor with
    those of a second program: two ways to evaluate are no replicates. For a quantity that only tables from outside hold,
    the program that comes first in them is taken.

    Parameters
    ----------
    own
        Our observables (columns of `interlith.model.SCHEMA` and ``components``).
    external
        Tables of `read_external`, the most trusted first.

    Returns
    -------
    table, sentences
        One table of observables, and one sentence for each quantity of a program that was left out.
    """
    import polars as pl

    ours = set(own.get_column("quantity").unique().to_list())
    first: dict[str, str] = {}
    kept, told = [own], []
    for table in external:
        programs = table.get_column("method").str.split(";").list.first()
        marked = table.with_columns(programs.alias("_program"))
        taken = []
        for quantity, made_by in marked.select("quantity", "_program").unique(maintain_order=True).iter_rows():
            if quantity in ours:
                told.append(f"{quantity} from {made_by} is not compared between variants: ours are.")
            elif first.setdefault(quantity, made_by) != made_by:
                told.append(
                    f"{quantity} from {made_by} is not compared between variants: those from {first[quantity]} are."
                )
            else:
                taken.append((pl.col("quantity") == quantity) & (pl.col("_program") == made_by))
        kept.append(marked.filter(pl.any_horizontal(taken) if taken else pl.lit(False)).drop("_program"))
    return pl.concat(kept, how="vertical"), tuple(dict.fromkeys(told))


def _raw_files(table: Path, study: Study | None) -> Callable[[str], tuple[str, str]]:
    """How the column ``raw`` is understood: a digest or a file name -> sha256, or words on why there is none."""
    sources = [item.source for item in study.measurements] if study else []
    if study:
        sources += [item.source for item, _ in study.excluded]
    known: dict[str, tuple[str, str]] = {"": ("", "")}

    def find(text: str) -> tuple[str, str]:
        if text not in known:
            known[text] = _find_raw(text, table, study, [(item.path, item.sha256) for item in sources])
        return known[text]

    return find


def _find_raw(text: str, table: Path, study: Study | None, sources: Sequence[tuple[str, str]]) -> tuple[str, str]:
    found = _DIGEST.fullmatch(text)
    if found:
        whole = [sha256 for _, sha256 in sources if sha256.startswith(found["digest"])]
        return (whole[0] if whole else found["digest"]), ""
    wanted = text.replace("\\", "/")
    named = {sha256 for path, sha256 in sources if path == wanted} or {
        sha256 for path, sha256 in sources if path.rpartition("/")[2] == wanted.rpartition("/")[2]
    }
    if len(named) == 1:
        return named.pop(), ""
    if named:
        return "", f"several raw files are named '{text}'"
    for folder in (study.folder if study else None, table.parent):
        if folder is not None and (folder / wanted).is_file():
            return digest(folder / wanted), ""
    return "", f"its raw file '{text}' is not here"


def _rows(lines: Sequence[Line]) -> pl.DataFrame:
    """The table as it was read, one number a row, texts only."""
    import polars as pl

    names = list(dict.fromkeys(name for line in lines for name in line.cells))
    columns = {name: [line.cells.get(name, "") for line in lines] for name in names}
    return pl.DataFrame({"place": [line.place for line in lines], **columns})


def _quality(samples: Sequence[str], file: str) -> pl.DataFrame:
    import polars as pl

    rows = [{"sample": name, "step": f"external {file}", "ok": True, "reason": ""} for name in samples]
    types = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(rows, schema=types)


__all__ = ["EXTERNAL", "external_results", "known_quantities", "read_external", "without_doubles"]
