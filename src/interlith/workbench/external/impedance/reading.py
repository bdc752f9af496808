"""Which numbers does an export of an impedance program hold, as a result marked external?"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.errors import StudyError, nearest
from interlith.model import How, Observable, Result, Sample, Study
from interlith.model.observable import to_frame
from interlith.workbench.declaring.measurements_file import read_text
from interlith.workbench.external.impedance.circuits import Translated, translated
from interlith.workbench.external.impedance.deareis import is_deareis, read_deareis
from interlith.workbench.external.impedance.drttools import is_drttools, read_drttools
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated
from interlith.workbench.external.impedance.export_tables import (
    Export,
    distribution_rows,
    evaluation_rows,
    fit_of,
    number_rows,
    spectrum_rows,
)
from interlith.workbench.external.impedance.impedance_py import is_impedance_py, read_impedance_py
from interlith.workbench.external.impedance.pyimpspec import is_pyimpspec, read_pyimpspec
from interlith.workbench.external.impedance.relaxis import is_relaxis, read_relaxis
from interlith.workbench.external.impedance.zview import is_zview, read_zview
from interlith.workbench.external.owner import owner_of
from interlith.workbench.reading import digest
from interlith.workbench.running.identity import identify
from interlith.workbench.running.keys import digest_of

if TYPE_CHECKING:
    import polars as pl

#: Largest text and project (bytes); what is larger holds raw data.
LARGEST, LARGEST_PROJECT = 20_000_000, 200_000_000
TECHNIQUE = "impedance"
_TEXTS: tuple[tuple[Callable[[str], bool], Callable[[str, str], tuple[Evaluation, ...]]], ...] = (
    (is_relaxis, read_relaxis), (is_zview, read_zview), (is_drttools, read_drttools), (is_pyimpspec, read_pyimpspec),
)  # fmt: skip


def is_export(path: Path) -> bool:
    """Whether a file is an export of an impedance program, by its content."""
    try:
        return path.is_file() and _claimed(path) is not None
    except OSError:
        return False


def _claimed(path: Path) -> Callable[[], tuple[Evaluation, ...]] | None:
    """What reads a file; `None` where no program claims its content."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(65_536)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        document: Any = _json(path) if size <= LARGEST_PROJECT else None
        if is_impedance_py(document):
            return lambda: read_impedance_py(document, path.name)
        return (lambda: read_deareis(document, path.name)) if is_deareis(document) else None
    if size > LARGEST or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))):
        return None
    text = read_text(path)
    reader = next((read for is_it, read in _TEXTS if is_it(text)), None)
    return None if reader is None else lambda: reader(text, path.name)


def read_export(path: str | Path, *, circuit: str = "", names: Mapping[str, str] | None = None) -> Export:
    """Read an export of RelaxIS, ZView, pyimpspec, DearEIS, impedance.py or DRTtools by its content.

    Parameters
    ----------
    path
        The file.
    circuit
        The circuit in our spelling where the export does not tell it.
    names
        Label of an element in the export -> name of ours: ``{"Rct": "R1"}``.

    Raises
    ------
    StudyError
        If the content is none of these, or damaged: file and line are named.
    FitError
        If the circuit is none.
    """
    file = Path(path)
    if not file.is_file():
        raise StudyError(f"There is no file {file}; name the export of the other program.")
    evaluations = _evaluations(file)
    labels = {label for one in evaluations for label in one.parameters}
    for label in names or {}:
        if label not in labels:
            raise StudyError(f"{file.name} has no element '{label}'; {nearest(label, labels)}.")
    return Export(
        file.name,
        digest(file),
        file.stat().st_size,
        tuple((one, translated(one, circuit, names)) for one in evaluations),
    )


def _evaluations(file: Path) -> tuple[Evaluation, ...]:
    read = _claimed(file)
    if read is None:
        raise StudyError(
            f"{file.name} is no export that is known: fit results of RelaxIS or ZView, tables of pyimpspec, a project of DearEIS, a "
            "circuit saved by impedance.py, a text of DRTtools. Write a table with one number a row instead (docs: external results)."
        )
    return read()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def read_impedance_results(
    path: str | Path,
    *,
    study: Study | None = None,
    name: str | None = None,
    circuit: str = "",
    names: Mapping[str, str] | None = None,
) -> Result:
    """Read an export of an impedance program as a result marked ``external``.

    Parameters
    ----------
    path, circuit, names
        As `read_export`.
    study
        Study whose raw files the export speaks of; a spectrum is found by the name of its file.
    name
        Name of the export as the study writes it; the file name if absent.

    Returns
    -------
    Result
        Observables under our names, in our units; ``data["evaluations"]`` has a row for each evaluation (circuit, raw file,
        weights, points), ``data["numbers"]`` what the export says of each parameter, ``data["distributions"]`` the curves and
        ``data["carried"]`` the points that it holds.

    Raises
    ------
    StudyError
        If the content is no such export, or damaged.

    Notes
    -----
    A standard error is believed and counts as ``fit``; one that is not stated is unknown (``inf``), never 0. Which bytes were
    evaluated is known only where the export names a file that is here; the assumption that fails first is that a file of this
    name still holds what the other program read.
    """
    export = read_export(path, circuit=circuit, names=names)
    shown = name or export.file
    found: list[Observable] = []
    for number, (one, words) in enumerate(export.evaluations, start=1):
        sample, raw = owner_of(one.raw, study, Path(path))
        found += observables(export, number, one, words, sample, raw)
    programs = list(dict.fromkeys((one.program, one.version) for one, _ in export.evaluations))
    said = ", ".join(f"{program} {version}".rstrip() for program, version in programs)
    return Result(
        technique=TECHNIQUE,
        name=f"external {shown}",
        table=identify(to_frame(found), digest_of("external", export.sha256, shown, circuit)),
        data={
            "evaluations": evaluation_rows(export), "numbers": number_rows(export),
            "distributions": distribution_rows(export), "carried": spectrum_rows(export),
        },
        quality=_quality(sorted({item.sample for item in found}), shown),
        how=How(
            TECHNIQUE,
            f"external: {said}",
            {
                "file": shown, "sha256": export.sha256, "bytes": export.size, "software": said,
                "raw": ", ".join(sorted({one.raw for one, _ in export.evaluations if one.raw})),
            },
            {program: version or "not stated" for program, version in programs},
            methods_text=f"{len(found)} numbers were taken over from {shown}, made with {said}; they were not computed here.",
        ),
    )  # fmt: skip


def observables(
    export: Export, number: int, one: Evaluation, words: Translated, sample: Sample, raw: str
) -> list[Observable]:
    """All numbers of an evaluation, ours by name first."""
    method = f"external: {one.program} {one.version}".rstrip()
    fit = fit_of(export, one)
    source = f"sha256:{export.sha256}" + (f" of sha256:{raw}" if raw else "")

    def made(quantity: str, stated: Stated, unit: str, note: str = "") -> Observable:
        std = stated.std
        parts = {f"fit:{export.sha256[:12]}/{number}/{quantity}": std} if math.isfinite(std) else {}
        flags = ["external", *(["held fixed"] if stated.fixed else [] if parts else ["uncertainty unknown"])]
        if not raw:
            flags.append(
                f"its raw file '{one.raw}' is not here" if one.raw else "which raw file it evaluated is not stated"
            )
        value = stated.value if math.isfinite(stated.value) else None
        if value is None:
            parts, flags = {}, [*flags, "no value"]
        return Observable(
            quantity, value, unit, sample.name, parts, sample.variant, sample.batch, sample.replicate, TECHNIQUE,
            method=method, fit=fit, source=source, flag="; ".join([*flags, *([note] if note else [])]),
        )  # fmt: skip

    found = [made(name, value, value.unit) for name, value in words.parameters.items()]
    found += [
        made(name, value, value.unit or "1", "not an element of ours")
        for name, value in words.others.items()
        if math.isfinite(value.value)
    ]
    if one.distribution is not None and one.distribution.resistance is not None:
        found.append(made("ohmic_resistance", Stated(one.distribution.resistance), "ohm"))
    found += [made(name, Stated(value), unit) for name, (value, unit) in one.checks.items() if math.isfinite(value)]
    return found


def _quality(samples: Sequence[str], file: str) -> pl.DataFrame:
    import polars as pl

    rows = [{"sample": name, "step": f"external {file}", "ok": True, "reason": ""} for name in samples]
    return pl.DataFrame(rows, schema={"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String})
