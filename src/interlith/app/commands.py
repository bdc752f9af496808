"""What does each command print, and with which exit code does it end?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from interlith.app.exits import FINE, INCOMPLETE, WRONG_INPUT
from interlith.app.printing import LONGEST_LIST, echo, finding_lines, flag_lines, quoted, rest, unread_lines
from interlith.app.progress import Progress
from interlith.errors import InterlithError, StudyError, UnitError

if TYPE_CHECKING:
    from interlith.model import Measurement


def init_folder(folder: Path) -> int:
    """``il.initialise(folder)``."""
    from interlith.workbench.initialise import initialise

    with Progress("looking at files") as progress:
        done = initialise(folder, progress=progress)
    for path in done.written:
        typer.echo(f"wrote {path}" + (f" ({len(done.added)} new rows)" if path.name == "measurements.csv" else ""))
    if done.known:
        typer.echo(f"{done.known} files were listed already and stay as you edited them")
    if done.restarted:
        typer.echo(f"{len(done.restarted)} files look like parts of restarted tests; they share a replicate number")
    echo(unread_lines(done.left_out, "left out"))
    if done.undeclared:
        typer.echo("add to `samples:` in study.yaml:")
        for variant in done.undeclared:
            typer.echo(f"  {variant}: {{}}")
    if not done.written and not done.added:
        typer.echo("nothing new")
    typer.echo(f"next: edit both files, then `interlith check {quoted(folder)}`")
    return FINE


def check_folder(folder: Path) -> int:
    """``study = il.open_study(folder); study.gaps; study.unread``, and what the files say against themselves."""
    from interlith.workbench.running.checking import check

    with Progress("reading") as progress:
        study, flags = check(folder, progress=progress)
    typer.echo(
        f"{study.name}: {len(study.measurements)} files read, {len(study.samples)} specimens, {len(study.variants)} variants"
    )
    if study.gaps:
        typer.echo(f"\nmissing ({len(study.gaps)}):")
        for gap in study.gaps[:LONGEST_LIST]:
            typer.echo(f"  {gap.where}: {gap.what}\n      until then: {gap.consequence}")
        echo(rest(len(study.gaps)))
    echo(unread_lines(study.unread, "unread"))
    echo(flag_lines(flags))
    if not study.gaps and not study.unread:
        typer.echo("nothing is missing")
    return INCOMPLETE if study.unread else FINE


def read_files(files: Sequence[Path], kind: str | None, csv: Path | None) -> int:
    """``il.read(file)`` and ``il.cycling.summarise(file)``."""
    if csv is not None and len(files) != 1:
        raise StudyError("--csv takes the rows of one file; name one file.")
    failed = 0
    for path in files:
        try:
            _read_file(path, kind, csv)
        except InterlithError as error:
            typer.echo(f"{error}", err=True)
            failed += 1
    return FINE if not failed else (WRONG_INPUT if failed == len(files) else INCOMPLETE)


def compare_variants(
    folder: Path, quantity: str, at: Sequence[str], to: str | None, difference: bool, allow_unlike: bool
) -> int:
    """``il.compare(study, quantity, at={...}, to=...)``."""
    from interlith.workbench.facade import compare
    from interlith.workbench.opening import open_study

    with Progress("running") as progress:
        study = open_study(folder, progress=progress)
        findings = compare(
            study,
            quantity,
            at=state_of(at),
            to=to,
            kind="difference" if difference else "ratio",
            allow_unlike=allow_unlike,
        )
    echo(finding_lines(findings))
    return INCOMPLETE if study.unread else FINE


def state_of(texts: Sequence[str]) -> dict[str, float]:
    """Read ``["cycle=200"]`` into ``{"cycle": 200.0}``.

    Raises
    ------
    StudyError
        If a text is not of that form.
    """
    from interlith.units import parse

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = parse(value, what=name).value
        except UnitError:
            equals = ""
        if not equals:
            raise StudyError(f"--at is '{text}'; write for instance --at cycle=200.")
    return found


def audit_claims(claims: Sequence[str]) -> int:
    """``il.audit("claims.yaml")``."""
    from interlith import evidence

    shipped = evidence.list_claims()
    if not claims:
        typer.echo("shipped claims, run with `interlith audit NAME`:")
        for name in shipped:
            typer.echo(f"  {name}")
        return FINE
    for entry in claims:
        path = shipped.get(entry, Path(entry))
        typer.echo(f"{entry}")
        echo(finding_lines(evidence.audit(path)))
    return FINE


def list_formats() -> int:
    """``interlith.workbench.discovery.formats()``."""
    from interlith.workbench.discovery import formats

    for name, item in sorted(formats().items()):
        typer.echo(f"{name:<20} {item.title:<34} {', '.join(item.patterns)}")
        if item.refuses:
            typer.echo(f"{'':<20} not readable: {item.refuses}")
    return FINE


def _inner_lines(inner: Sequence[Measurement]) -> list[str]:
    """One line a measurement inside the file: technique, place, state."""
    lines = []
    for item in inner[:LONGEST_LIST]:
        state = ", ".join(f"{name} {one.value:.4g} {one.unit}" for name, one in item.state.items())
        lines.append(
            f"  inside: {item.technique}, {item.original_metadata['where']}" + (f", at {state}" if state else "")
        )
    return [*lines, *rest(len(inner))]


def _read_file(path: Path, kind: str | None, csv: Path | None) -> None:
    import interlith as il

    item, *inner = il.read_all(path, cell_kind=kind)
    typer.echo(f"{path}: {item.source.reader}, {item.source.size:,} bytes, sha256 {item.source.sha256[:12]}")
    from interlith.model import Table

    if isinstance(item.payload, Table):
        if csv is not None:
            item.payload.frame.sink_csv(csv)
            typer.echo(f"rows in inside units: {csv}")
        typer.echo(f"  columns: {', '.join(item.payload.columns)}")
    echo(_inner_lines(inner))
    if item.technique != "cycling":
        typer.echo(f"  it feeds {item.technique}")
        echo(flag_lines([(path.name, flag) for flag in item.flags]))
        return
    result = il.cycling.summarise(item)
    flags = [(path.name, flag) for flags in result.flags.values() for flag in flags]
    echo(flag_lines(flags or [(path.name, flag) for flag in item.flags]))
    cycles = result.data["half_cycles"]
    typer.echo(f"  {cycles.height} half-cycles:")
    for row in cycles.head(LONGEST_LIST).iter_rows(named=True):
        flag = f"  {row['flag']}" if row["flag"] else ""
        known = "not known" if row["charge"] is None else f"{1e3 * row['charge']:10.4f} mAh"
        charge = "incomplete" if not row["complete"] else known
        voltage = "" if row["mean_voltage"] is None else f"{row['mean_voltage']:.4f} V"
        typer.echo(
            f"  {row['half_cycle']:>5}  cycle {row['cycle']:>4} (vendor {row['vendor_cycle'] or '-'})  {row['direction']:<9} {charge}  {voltage}{flag}"
        )
    echo(rest(cycles.height))
