"""What does a person type? Every command stands for a few lines of Python, which its help shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from interlith import __version__
from interlith.app import exits
from interlith.app.comparing_methods import compare_methods

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
    executor: Annotated[
        str,
        typer.Option(
            help="inline, processes, cluster, the address of a dask scheduler, or auto: processes for many files."
        ),
    ] = "auto",
    workers: Annotated[int | None, typer.Option(help="Processes at once (default: one a core).")] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Longest time of one step in seconds (default: 1800).")
    ] = None,
    memory_limit: Annotated[
        float | None,
        typer.Option(help="Largest memory of one process in GiB (default: 75 % of what is free, shared out)."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Write the results again although nothing changed.")] = False,
) -> None:
    """Run the study and write observables, figures and report.html; only what a change touches is computed again."""
    from interlith.app.running import Means, run_folder

    raise typer.Exit(run_folder(folder, output, Means(executor, workers, time_limit, memory_limit, fresh)))


@app.command()
def refine(
    folder: Folder,
    only: Annotated[
        str | None,
        typer.Option(help="Numbers of patterns from 0, for instance 812:840 or 3,17 (default: those that failed)."),
    ] = None,
    start: Annotated[
        str, typer.Option(help="Where each begins: nearest-good, previous, forward, backward or fresh.")
    ] = "nearest-good",
    sample: Annotated[str | None, typer.Option(help="Specimen; may be left out where there is one.")] = None,
    release_bounds: Annotated[
        bool, typer.Option("--release-bounds", help="Without bounds but those of physics.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the report.")] = "",
    who: Annotated[
        str | None, typer.Option("--who", help="Who decides (default: INTERLITH_WHO, else the account).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Refine some patterns of a study again, starting from its stored results; what becomes better is kept as a decision."""
    from interlith.app.refining import Asked, refine_again

    raise typer.Exit(refine_again(folder, Asked(only, start, sample, release_bounds, reason, who, as_json)))


@app.command()
def points(
    folder: Annotated[Path, typer.Argument(help="Folder of the study.")] = Path(),
    sample: Annotated[str | None, typer.Option(help="Specimen; may be left out where there is one.")] = None,
    circuit: Annotated[str | None, typer.Option(help="Circuit to fit instead of that of study.yaml, or auto.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Page to write.")] = None,
) -> None:
    """Write a page on which points of impedance spectra are left out by a click, with what that changes."""
    from interlith.app.points import points_page

    raise typer.Exit(points_page(folder, sample, circuit, output))


@app.command()
def explain(
    identifier: Annotated[str, typer.Argument(help="The id of a number, or its first six digits or more.")],
    folder: Annotated[Path, typer.Option("--folder", "-C", help="The study, or its results.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    verify: Annotated[bool, typer.Option(help="Compare the raw files with the bytes of the run.")] = True,
) -> None:
    """Say where a number comes from: curve, fit, choices, options, code and the bytes of the raw file."""
    from interlith.app.explain import explain_number

    raise typer.Exit(explain_number(identifier, folder, as_json, verify))


@app.command()
def decide(
    target: Annotated[
        str | None, typer.Argument(help="As the report prints it, or shorter: B1_02/half_cycle/37.")
    ] = None,
    field: Annotated[str | None, typer.Argument(help="step_type, cycle_join, include, reference_cycle, ...")] = None,
    value: Annotated[str | None, typer.Argument(help="What holds instead.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it stands in the report.")] = None,
    who: Annotated[
        str | None, typer.Option("--who", help="Who decides (default: INTERLITH_WHO, else the account).")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", "-C", help="The study.")] = Path(),
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision on TARGET FIELD back.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="List what was decided.")] = False,
) -> None:
    """Correct an automatic choice in one line; the next run computes only what depends on it."""
    from interlith.app.decide import decide_choice
    from interlith.app.recorded import recorded_choices

    known, recorded = recorded_choices(folder) if value is not None and not (undo or listing) else ((), None)
    raise typer.Exit(
        decide_choice(
            folder,
            target,
            field,
            value,
            reason=reason,
            who=who,
            undo=undo,
            listing=listing,
            known=known,
            recorded=recorded,
        )
    )


@app.command()
def export(
    folder: Folder,
    target: Annotated[Path, typer.Argument(help="A new folder, or a file ending in .zip.")],
    raw: Annotated[bool, typer.Option(help="With the raw files, or only their digests.")] = True,
    anonymise: Annotated[
        bool, typer.Option("--anonymise", help="Neutral names, no raw files, salted digests.")
    ] = False,
    license_: Annotated[str, typer.Option("--license", help="For instance CC-BY-4.0.")] = "",
    key: Annotated[Path | None, typer.Option(help="Where the meaning of neutral names is kept.")] = None,
) -> None:
    """Write the study as an RO-Crate with its provenance (PROV), or as an anonymised package."""
    from interlith.app.export import export_study

    raise typer.Exit(export_study(folder, target, raw, anonymise, license_, key))


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Raw files to read besides those that the store remembers; one that is not there is told."),
    ] = None,
) -> None:
    """Read every kept result and every remembered raw file again and compare the bytes."""
    from interlith.app.keeping import verify_store

    raise typer.Exit(verify_store(files or []))


@app.command()
def clean(
    older_than: Annotated[
        str | None, typer.Option(help="Remove results not used for so long, for instance 30d.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="Keep at most so much, the last used first, for instance 5GB.")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Free space in the store; what is removed is computed again when it is needed."""
    from interlith.app.keeping import clean_store

    raise typer.Exit(clean_store(older_than, keep, dry))


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


app.command("compare-methods")(compare_methods)


@app.command()
def design(
    study: Annotated[Path, typer.Argument(help="study.yaml with a section `design:`, or the folder that holds it.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to write (default: results/design beside the study file).")
    ] = None,
) -> None:
    """How much of a coating, does it fit, does it wet, would one see it: from structures alone, without raw files."""
    from interlith.app.designing import design_study

    raise typer.Exit(design_study(study, output))


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
