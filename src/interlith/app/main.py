"""What does a person type? Every command stands for a few lines of Python, which its help shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from interlith import __version__
from interlith.app import exits

app = typer.Typer(
    name="interlith",
    help="From raw instrument files of bare and modified cathodes to numbers with honest uncertainties, evidence and a report.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[Path, typer.Argument(help="Folder with study.yaml and measurements.csv.")]


def main() -> None:
    """Entry point: errors of ours become one sentence and an exit code, bugs keep their traceback."""
    sys.exit(exits.guarded(lambda: app(standalone_mode=False)))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"interlith {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Exit codes: 0 all read and run; 1 a bug of ours; 2 study or command wrong, nothing ran; 3 finished, with unread files or failed steps."""


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to write the demo study.")] = Path("interlith-demo"),
    real: Annotated[
        bool, typer.Option("--real", help="Use public real files (fetched once, or from INTERLITH_DATA).")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
) -> None:
    """Write a study, run it and show its key contrasts: simulated with known truth, or real public files."""
    from interlith.app.demo import run_demo

    raise typer.Exit(run_demo(folder, real=real, seed=seed))


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Folder that holds the raw files.")]) -> None:
    """Look at every file by content and write study.yaml and measurements.csv; re-running only adds new files."""
    from interlith.app.commands import init_folder

    raise typer.Exit(init_folder(folder))


@app.command()
def check(folder: Folder) -> None:
    """List what is missing, each with the cell to fill, and which files cannot be read."""
    from interlith.app.commands import check_folder

    raise typer.Exit(check_folder(folder))


@app.command()
def run(
    folder: Folder,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where results go (default: FOLDER/results).")
    ] = None,
) -> None:
    """Run the whole study and write observables, figures and report.html."""
    from interlith.app.commands import run_folder

    raise typer.Exit(run_folder(folder, output))


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Raw files.")],
    kind: Annotated[str | None, typer.Option(help="half_cathode, half_anode or full.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the rows of the (only) file in inside units to this CSV.")
    ] = None,
) -> None:
    """Read raw files without a study: format, rows, checks, and a line for each cycle."""
    from interlith.app.commands import read_files

    raise typer.Exit(read_files(files, kind, csv))


@app.command()
def compare(
    folder: Folder,
    quantity: Annotated[str, typer.Argument(help="For instance capacity_retention.")],
    at: Annotated[list[str] | None, typer.Option(help="State, for instance cycle=200.")] = None,
    to: Annotated[str | None, typer.Option(help="Reference variant (default: the one of the study).")] = None,
    difference: Annotated[bool, typer.Option("--difference", help="Difference instead of ratio.")] = False,
    allow_unlike: Annotated[
        bool, typer.Option("--allow-unlike", help="Compare although window, rate or temperature differ.")
    ] = False,
) -> None:
    """Compare the variants of a study in one quantity at one state."""
    from interlith.app.commands import compare_variants

    raise typer.Exit(compare_variants(folder, quantity, at or [], to, difference, allow_unlike))


@app.command()
def audit(
    claims: Annotated[
        list[str] | None, typer.Argument(help="claims.yaml files, or names of shipped ones; none lists those.")
    ] = None,
) -> None:
    """Check whether reported numbers follow from each other: holds, contradicts or undecidable."""
    from interlith.app.commands import audit_claims

    raise typer.Exit(audit_claims(claims or []))


@app.command()
def formats() -> None:
    """List the file formats: what is read, what is refused and which export to make."""
    from interlith.app.commands import list_formats

    raise typer.Exit(list_formats())
