"""What does the demo show? A study with known truth from raw files to report, each key number beside its truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interlith.app.progress import Progress
from interlith.errors import StudyError

if TYPE_CHECKING:
    from interlith.model import StudyOutcome
    from interlith.simulate.truth import Truth


def run_demo(folder: Path, *, real: bool, seed: int) -> int:
    """Write the demo study, run it, print the key contrasts beside the truth and where the report is.

    Raises
    ------
    StudyError
        If the folder holds something that the demo did not write.
    """
    import typer

    from interlith.app.running import finish, run_whole

    _refuse_foreign(folder, "sources.txt" if real else "truth.json")
    if real:
        from interlith.simulate.real import write_real_demo

        with Progress("fetching") as progress:
            progress(0, 1, "public files")
            write_real_demo(folder)
        typer.echo(f"real public files in {folder}")
        outcome, key = run_whole(folder)
        return finish(outcome, folder / "results", key=key)

    from interlith.simulate.demo import write_demo

    with Progress("simulating") as progress:
        truth = write_demo(folder, seed=seed, progress=progress)
    typer.echo(f"simulated raw files with known truth in {folder}")
    outcome, key = run_whole(folder)
    code = finish(outcome, folder / "results", key=key)
    print_beside_truth(outcome, truth)
    return code


def _refuse_foreign(folder: Path, mark: str) -> None:
    """A demo overwrites what the same demo wrote, and nothing else."""
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder} is a file; name a folder for the demo.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / mark).is_file():
        raise StudyError(f"{folder} holds files that this demo did not write; name an empty or a new folder.")


def print_beside_truth(outcome: StudyOutcome, truth: Truth) -> None:
    """One line a contrast: what was found, its interval, and the truth that the simulator put in."""
    import typer

    typer.echo("key contrasts beside the truth of the simulation (typical cells, without cell-to-cell spread):")
    for finding in outcome.findings:
        variant, cycle = finding.details.get("variant"), finding.details.get("cycle")
        if not isinstance(variant, str) or finding.estimate is None:
            continue
        at_cycle = None if cycle is None else int(cycle)
        try:
            true = truth.contrast(finding.quantity, variant=variant, cycle=at_cycle, kind=finding.kind)
        except StudyError:
            continue
        true = 100 * (true - 1) if finding.kind == "ratio" else true
        low, high = finding.low or 0.0, finding.high or 0.0
        at = "" if at_cycle is None else f" at cycle {at_cycle}"
        inside = "in" if low <= true <= high else "outside"
        typer.echo(
            f"  {finding.quantity}{at}, {variant} against {truth.reference}: {finding.estimate:+.3g} {finding.unit} "
            f"({low:+.3g} to {high:+.3g}); true {true:+.3g}, {inside} the interval"
        )
