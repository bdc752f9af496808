"""What does ``interlith compare-methods`` print?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.printing import echo
from interlith.errors import StudyError

if TYPE_CHECKING:
    from interlith.model import Finding


def compare_methods(
    data: Annotated[Path, typer.Argument(help="Raw file with the spectrum, or a study.")],
    external: Annotated[
        list[Path], typer.Argument(help="Exports of RelaxIS, ZView, DearEIS ..., or tables of results.")
    ],
    circuit: Annotated[
        str, typer.Option(help="Where the export does not tell it: R0-(R1|Q1), with the numbers of the export.")
    ] = "",
    name: Annotated[list[str] | None, typer.Option(help="An element of the export under our name, Rct=R1.")] = None,
    spectrum: Annotated[int | None, typer.Option(help="Which spectrum of the file, from 1.")] = None,
    weights: Annotated[str, typer.Option(help="Of our fit: modulus, unit or noise.")] = "modulus",
) -> None:
    """Compare what other programs made of a measurement with ours: number by number, and why they differ."""
    raise typer.Exit(print_comparison(data, external, circuit, names_of(name or []), spectrum, weights))


def print_comparison(
    data: Path, external: Sequence[Path], circuit: str, names: dict[str, str], spectrum: int | None, weights: str
) -> int:
    """``il.compare_methods(data, external, circuit=..., names=..., spectrum=..., weights=...)``."""
    from interlith.workbench.methods.comparing import compare_methods
    from interlith.workbench.methods.evidence import SUMMARY

    found = compare_methods(data, external, circuit=circuit, names=names, spectrum=spectrum, weights=weights)
    groups: list[list[Finding]] = []
    for finding in found:
        if finding.kind == SUMMARY:
            groups.append([])
        groups[-1].append(finding)
    for group in groups:
        echo(_lines(group))
    return INCOMPLETE if any("program" not in group[0].details for group in groups) else FINE


def _lines(group: Sequence[Finding]) -> list[str]:
    from interlith.workbench.methods.evidence import HEADER, KIND, table

    summary = group[0]
    lines = [f"{summary.verdict}: {summary.statement}", *(f"  ({caveat})" for caveat in summary.caveats)]
    rows = table(group)
    if rows:
        widths = [max(len(row[k]) for row in (HEADER, *rows)) for k in range(len(HEADER))]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (HEADER, *rows)
        ]
    lines += [f"  {finding.statement}" for finding in group[1:] if finding.kind != KIND]
    return [*lines, ""]


def names_of(texts: Sequence[str]) -> dict[str, str]:
    """Read ``["Rct=R1"]`` into ``{"Rct": "R1"}``.

    Raises
    ------
    StudyError
        If a text is not of that form.
    """
    found = {}
    for text in texts:
        label, equals, name = (part.strip() for part in text.partition("="))
        if not (label and equals and name):
            raise StudyError(f"--name is '{text}'; write for instance --name Rct=R1.")
        found[label] = name
    return found
