"""What do `interlith verify` and `interlith clean` say of the store?"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.errors import StudyError

_SIZES = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_TIMES = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def verify_store(files: list[Path]) -> int:
    """``il.workbench.store.verify(store, files=...)``: exit code 3 where something is damaged, changed or gone.

    Raises
    ------
    StudyError
        If a folder is named where raw files are meant.
    """
    from interlith.workbench.store import Store, verify

    for path in files:
        if path.is_dir():
            raise StudyError(
                f"{path} is a folder; name raw files, or nothing: every raw file that the store remembers is read anyway."
            )
    with Store.open() as store:
        found = verify(store, files=files)
        typer.echo(
            f"{store.root}: {found.entries:,} results, {shown(found.size)}; {found.files:,} raw files read again"
        )
    for key in found.damaged:
        typer.echo(f"damaged and removed: {key[:16]}; the next run computes it again")
    for path in found.changed:
        typer.echo(f"changed: {path} holds other bytes than before; the next run reads it again")
    for path in found.missing:
        typer.echo(f"missing: {path} is not there any more")
    if not (found.damaged or found.changed or found.missing):
        typer.echo("everything is as it was written")
    return INCOMPLETE if found.damaged or found.changed or found.missing else FINE


def clean_store(older_than: str | None, keep: str | None, dry: bool) -> int:
    """``il.workbench.store.clean(store, older_than=..., keep=...)``."""
    from interlith.workbench.store import Store, clean

    with Store.open() as store:
        done = clean(
            store, older_than=None if older_than is None else age(older_than), keep=None if keep is None else size(keep), dry=dry
        )  # fmt: skip
        verb = "would remove" if dry else "removed"
        typer.echo(
            f"{store.root}: {verb} {done.entries:,} results ({shown(done.size)}) and {done.leftovers:,} leftovers "
            f"({shown(done.leftover_size)}); {done.kept:,} results are left ({shown(done.kept_size)})"
        )
        if older_than is None and keep is None:
            typer.echo(
                "without --older-than (for instance 30d) or --keep (5GB) only leftovers of killed runs are removed"
            )
    return FINE


def age(text: str) -> timedelta:
    """``30 d`` as a time.

    Raises
    ------
    StudyError
        If it is none.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([hdw])\s*", text.casefold())
    if found is None:
        raise StudyError(f"--older-than is '{text}'; write a number with h, d or w, for instance 30d.")
    return float(found[1]) * _TIMES[found[2]]


def size(text: str) -> int:
    """``5 GB`` in bytes.

    Raises
    ------
    StudyError
        If it is none.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b)\s*", text.casefold())
    if found is None or found[2] not in _SIZES:
        raise StudyError(f"--keep is '{text}'; write a size with its unit, for instance 5GB.")
    return int(float(found[1]) * _SIZES[found[2]])


def shown(count: int) -> str:
    """Bytes for people: ``3.2 GB``."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"
