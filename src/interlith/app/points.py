"""What does `interlith points` write? The page on which points of impedance spectra are left out by a click."""

from __future__ import annotations

from pathlib import Path

from interlith.app.exits import FINE
from interlith.errors import StudyError, nearest


def points_page(folder: Path, sample: str | None, circuit: str | None, output: Path | None) -> int:
    """Write the page of one specimen and say where it is.

    Raises
    ------
    StudyError
        If the study holds no impedance, or several specimens and none is named.
    """
    import typer

    from interlith.model import Series
    from interlith.numerics.threads import one_thread
    from interlith.reporting.points_page import MOST_SPECTRA, write_points_page
    from interlith.techniques.impedance.pointwise import pointwise_of
    from interlith.workbench.opening import open_study

    study = open_study(folder)
    items = [item for item in study.measurements if item.technique == "impedance"]
    names = list(dict.fromkeys(item.sample.name for item in items))
    if not names:
        raise StudyError(f"{folder} holds no impedance spectra, so that there are no points to show.")
    if sample is None and len(names) > 1:
        raise StudyError(f"{folder} holds the spectra of {', '.join(names)}; name one with --sample.")
    wanted = sample or names[0]
    if wanted not in names:
        raise StudyError(f"{folder} has no spectra of '{wanted}'; {nearest(wanted, names)}.")
    options = dict(study.analyses.get("impedance", {})) | ({"circuit": circuit} if circuit else {})
    mine = Series(tuple(item for item in items if item.sample.name == wanted))
    with one_thread():
        spectra = pointwise_of(mine, options, study.decisions, most=MOST_SPECTRA)
    path = output or folder / "results" / f"points_{wanted}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_points_page(spectra, path, title=f"{study.name}: {wanted}", folder=str(folder), simulated=study.simulated)
    typer.echo(f"{len(spectra)} spectra of {wanted}: {path}")
    typer.echo("open it in a browser; what you change there becomes lines for decisions.yaml, then `interlith run`")
    return FINE
