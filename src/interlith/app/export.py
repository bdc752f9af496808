"""What does `interlith export` write and say?"""

from __future__ import annotations

from pathlib import Path

from interlith.app.exits import FINE
from interlith.errors import StudyError

#: Endings that promise what is not written.
_ARCHIVES = (".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")


def export_study(
    folder: Path, target: Path, raw: bool = True, anonymise: bool = False, licence: str = "", key: Path | None = None
) -> int:
    """``il.export(folder, target, raw=..., anonymise=..., license=...)``.

    Raises
    ------
    StudyError
        If the target looks like an archive that is not written.
    """
    import typer

    if target.suffix.casefold() in _ARCHIVES:
        raise StudyError(f"{target}: packages are written as .zip or into a folder; name one of these.")

    from interlith.reporting.export import export

    made = export(folder, target, raw=raw, anonymise=anonymise, license=licence, key=key)
    typer.echo(f"package: {made}")
    if anonymise:
        place = target.with_name(f"{target.name}.key.json") if key is None else key
        typer.echo(f"key: {place} (the meaning of the neutral names; keep it, never pass it on)")
    if not licence:
        typer.echo("no licence was named: nobody else may use the package; choose one with --license")
    return FINE
