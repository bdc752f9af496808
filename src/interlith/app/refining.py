"""What does `interlith refine` do and print when a part of a refined series is to be refined again?

It writes a decision, so that the report and every later run use the new numbers, and takes it back where they are no better.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.printing import quoted
from interlith.app.progress import Progress
from interlith.errors import StudyError, nearest

if TYPE_CHECKING:
    from interlith.model import Decision, Result

#: Width (letters) of the table where the terminal does not tell its own.
WIDEST = 140
#: A goodness of fit that changes by less (relative) is the same.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Asked:
    """As typed: numbers of patterns (those that failed, if `None`), where each begins, of which specimen, without bounds, and why."""

    only: str | None = None
    start: str = "nearest-good"
    sample: str | None = None
    released: bool = False
    reason: str = ""
    who: str | None = None
    as_json: bool = False


def refine_again(folder: Path, asked: Asked) -> int:
    """``il.decide(folder, "OH/patterns/3:5", "start", "nearest-good", reason=...); il.run(folder)``.

    Raises
    ------
    StudyError
        If the study refines nothing, or a word is not understood: nothing was written.
    """
    before = _refined(folder)
    sample = _sample(before, asked.sample)
    numbers = _numbers(before, sample, asked)
    if not numbers:
        typer.echo(f"{sample}: no pattern failed; name those to be refined again, --only 812:840")
        return FINE
    there = _decided(folder)
    target = _target(folder, before, sample, numbers)
    made = _decide(folder, target, asked)
    try:
        after = _refined(folder)
    except BaseException:
        _restored(folder, made, there)
        raise
    rows = _compared(before, after, sample, numbers)
    better = any(row["outcome"] == "better" for row in rows)
    if not better:
        _restored(folder, made, there)
    return _told(folder, asked, rows, sample, target, kept=better)


def _refined(folder: Path) -> Result:
    """The refinement of a study, out of the store as far as it is there."""
    from interlith.workbench.running.run import prepare
    from interlith.workbench.running.session import session

    with Progress("refining") as progress, session(progress=progress) as work:
        prepared = prepare(folder, work)
        for taken in prepared.taken:
            for result in taken.results if taken.technique.name == "diffraction" else ():
                if result.name == "refine" and "refined" in result.data:
                    # Tables are read while the store is open.
                    data = {name: result.data[name] for name in ("refined", "parameters")}
                    return _with(result, data)
                if result.name == "refine":
                    reasons = [reason for reason in result.quality.get_column("reason").to_list() if reason]
                    raise StudyError(f"Nothing was refined: {reasons[0] if reasons else 'there is no pattern'}")
    raise StudyError(
        f"{folder} refines nothing; name structures in study.yaml, analyses: diffraction: phases: [LNMO.cif], and the patterns in "
        "measurements.csv."
    )


def _with(result: Result, data: Mapping[str, Any]) -> Result:
    from dataclasses import replace

    return replace(result, data=data)


def _sample(result: Result, wanted: str | None) -> str:
    names = result.data["refined"].get_column("sample").unique(maintain_order=True).to_list()
    if wanted is not None and wanted not in names:
        raise StudyError(f"--sample '{wanted}' was not refined; {nearest(wanted, names)}.")
    if wanted is None and len(names) > 1:
        raise StudyError(
            f"Several specimens were refined; name one, --sample {names[0]}. There are {', '.join(map(str, names[:12]))}."
        )
    return str(wanted or names[0])


def _numbers(result: Result, sample: str, asked: Asked) -> tuple[int, ...]:
    import polars as pl

    from interlith.techniques.diffraction.refinement.chain import STARTS
    from interlith.techniques.diffraction.refinement.members import chosen_numbers

    if asked.start not in STARTS:
        raise StudyError(f"--start is '{asked.start}'; {nearest(asked.start, STARTS)}.")
    rows = result.data["refined"].filter(pl.col("sample") == sample)
    known = rows.get_column("pattern").to_list()
    if asked.only is None:
        return tuple(rows.filter(~pl.col("good")).get_column("pattern").to_list())
    numbers = chosen_numbers(asked.only)
    wrong = [one for one in numbers if one not in known]
    if wrong:
        raise StudyError(
            f"--only: {sample} has no pattern {wrong[0]}; they are numbered from {min(known)} to {max(known)}."
        )
    return tuple(sorted(set(numbers)))


def _target(folder: Path, result: Result, sample: str, numbers: Sequence[int]) -> str:
    """The file of the first pattern with its digest, and the patterns."""
    import polars as pl

    from interlith.workbench.corrections.decision_targets import DIGITS, digest_of

    rows = result.data["refined"].filter((pl.col("sample") == sample) & (pl.col("pattern") == numbers[0]))
    file = str(rows.item(0, "file"))
    return f"{file}#sha256:{digest_of(folder / file)[:DIGITS]}/patterns/{_ranges(numbers)}"


def _ranges(numbers: Sequence[int]) -> str:
    """``3,17:20`` for 3, 17, 18 and 19."""
    parts: list[list[int]] = []
    for one in numbers:
        if parts and one == parts[-1][1]:
            parts[-1][1] = one + 1
        else:
            parts.append([one, one + 1])
    return ",".join(str(low) if high == low + 1 else f"{low}:{high}" for low, high in parts)


def _decided(folder: Path) -> tuple[Decision, ...]:
    from interlith.workbench.corrections.decisions import read_decisions

    return read_decisions(folder)


def _decide(folder: Path, target: str, asked: Asked) -> list[Decision]:
    from interlith.workbench.corrections.decisions import decide

    reason = asked.reason or f"refined again from {asked.start}" + (" without bounds" if asked.released else "")
    words = {"start": asked.start, **({"bounds": "released"} if asked.released else {})}
    return [decide(folder, target, field, value, reason=reason, who=asked.who) for field, value in words.items()]


def _restored(folder: Path, made: Sequence[Decision], there: Sequence[Decision]) -> None:
    """Take decisions back; those that stood there before stand there again."""
    from interlith.workbench.corrections.decisions import decide, undo

    earlier = {one.essence[:2]: one for one in there}
    for one in made:
        old = earlier.get(one.essence[:2])
        if old is None:
            undo(folder, one.target.text, one.field)
        else:
            decide(
                folder,
                old.target.text,
                old.field,
                old.value,
                reason=old.reason,
                who=old.who,
                was=old.was,
                date=old.date,
            )


def _compared(before: Result, after: Result, sample: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """One row a pattern: how good it was and is, what changed most, and what came of it."""
    import polars as pl

    rows = []
    for number in numbers:
        mine = (pl.col("sample") == sample) & (pl.col("pattern") == number)
        old, new = (one.data["refined"].filter(mine).row(0, named=True) for one in (before, after))
        outcome = _outcome(old, new)
        rows.append({
            "pattern": number, "state": new["state"], "state_name": new["state_name"], "state_unit": new["state_unit"],
            "r_wp_before": _known(old["r_wp"]), "r_wp": _known(new["r_wp"]), "goodness_before": _known(old["goodness"]),
            "goodness": _known(new["goodness"]), "outcome": outcome,
            "changed": _changed(before, after, mine) if outcome == "better" else "",
            "reason": "" if outcome == "better" else new.get("again") or new["reason"] or "",
        })  # fmt: skip
    return rows


def _outcome(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if not new["good"]:
        return "failed"
    if not old["good"]:
        return "better"
    return "better" if new["goodness"] < old["goodness"] * (1 - _SAME) else "as before"


def _changed(before: Result, after: Result, mine: Any) -> str:
    """The name that moved most, in standard uncertainties."""
    import polars as pl

    both = [
        one.data["parameters"].filter(mine & pl.col("refined") & ~pl.col("name").str.starts_with("background_"))
        for one in (before, after)
    ]
    joined = both[1].join(both[0], on="name", suffix="_before").with_columns(
        far=((pl.col("value") - pl.col("value_before")).abs() / pl.col("inflated"))
    )  # fmt: skip
    joined = joined.filter(pl.col("far").is_finite()).sort("far", descending=True)
    if not joined.height:
        return ""
    row = joined.row(0, named=True)
    return f"{row['name']} {row['value_before']:.6g} -> {row['value']:.6g} ({row['far']:.1f} sigma)"


def _known(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _told(
    folder: Path, asked: Asked, rows: Sequence[Mapping[str, Any]], sample: str, target: str, *, kept: bool
) -> int:  # fmt: skip
    failed = any(row["outcome"] == "failed" for row in rows)
    page = _written(folder) if kept else None
    if asked.as_json:
        words = {"sample": sample, "start": asked.start, "bounds": "released" if asked.released else "as declared"}
        typer.echo(
            json.dumps({**words, "kept": kept, "target": target if kept else None, "patterns": list(rows)}, indent=1)
        )
        return INCOMPLETE if failed else FINE
    _table(rows, f"{sample}, refined again from {asked.start}" + (", bounds released" if asked.released else ""))
    if kept:
        typer.echo(
            f"kept as a decision on {target}; take it back with `interlith decide --undo '{target}' start -C {quoted(folder)}`"
        )
        typer.echo(f"report: {page}")
    else:
        typer.echo("nothing became better: the numbers before stay, and nothing was decided")
    return INCOMPLETE if failed else FINE


def _written(folder: Path) -> Path:
    """Results and report of the study as it is now."""
    from interlith.app.running import run_whole, written

    outcome, key = run_whole(folder)
    return written(outcome, folder / "results", key=key)


def _table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    first = rows[0]
    state = " / ".join(
        word for word in (str(first["state_name"]), str(first["state_unit"] or "")) if word not in ("", "1")
    )
    table = Table(title=title, title_justify="left")
    for name in ("pattern", state if first["state_name"] != "pattern" else ""):
        if name:
            table.add_column(name, justify="right")
    for name in ("R_wp / %", "goodness"):
        table.add_column(name, justify="right")
    for name in ("outcome", "what changed most, or why it failed"):
        table.add_column(name, overflow="fold")
    for row in rows:
        cells = [str(row["pattern"]), *([f"{row['state']:.6g}"] if first["state_name"] != "pattern" else [])]
        cells += [_pair(row["r_wp_before"], row["r_wp"], 100, 2), _pair(row["goodness_before"], row["goodness"], 1, 3)]
        table.add_row(*cells, row["outcome"], row["changed"] or row["reason"])
    width = None if sys.stdout.isatty() else WIDEST
    Console(width=width, highlight=False).print(table)


def _pair(before: float | None, after: float | None, scale: float, digits: int) -> str:
    shown = ["-" if one is None else f"{scale * one:.{digits}f}" for one in (before, after)]
    return shown[1] if shown[0] == shown[1] else f"{shown[0]} -> {shown[1]}"
