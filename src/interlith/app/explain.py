"""What does `interlith explain` print?"""

from __future__ import annotations

import shutil
from pathlib import Path

from interlith.app.exits import FINE
from interlith.app.progress import Progress

#: Lines longer than this (letters) are hard to read, however wide the window is.
WIDEST = 120


def explain_number(identifier: str, folder: Path, as_json: bool, verify: bool) -> int:
    """``print(il.explain(identifier, folder).text())``."""
    import typer

    from interlith.workbench.provenance.explain import explain

    with Progress("comparing the raw bytes") as progress:
        found = explain(identifier, folder, verify=verify, progress=progress)
    width = min(WIDEST, max(60, shutil.get_terminal_size((100, 24)).columns))
    typer.echo(found.json() if as_json else found.text(width=width))
    return FINE
