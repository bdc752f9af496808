"""How do findings, unread files and flags read in a terminal?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlith.model import Finding, Flag, Unread

#: Longest list printed in a terminal; the rest is counted and stands in the report.
LONGEST_LIST = 20
MOST_CAVEATS = 2


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """One line a finding: verdict, statement, then its caveats."""
    lines = []
    for finding in findings:
        lines.append(f"  {finding.verdict:<12} {finding.statement}")
        lines += [f"{'':<15}({caveat})" for caveat in finding.caveats[:MOST_CAVEATS]]
        if len(finding.caveats) > MOST_CAVEATS:
            lines.append(f"{'':<15}(and {len(finding.caveats) - MOST_CAVEATS} more caveats)")
    return lines


def unread_lines(unread: Sequence[Unread], word: str) -> list[str]:
    """Files that were not read, why, and what to do."""
    lines = [
        f"{word}: {item.path}: {item.reason}" + (f" {item.remedy}" if item.remedy else "")
        for item in unread[:LONGEST_LIST]
    ]
    return lines + rest(len(unread))


def flag_lines(flags: Sequence[tuple[str, Flag]]) -> list[str]:
    """What readers and self-checks noticed, with the file."""
    lines = [
        f"{flag.severity}: {name}: {flag.message}" + (f" ({flag.where})" if flag.where else "")
        for name, flag in flags[:LONGEST_LIST]
    ]
    return lines + rest(len(flags))


def rest(count: int) -> list[str]:
    """How many of a list are not printed."""
    return [f"  ... and {count - LONGEST_LIST} more"] if count > LONGEST_LIST else []


def quoted(path: Path) -> str:
    """A path as it can be pasted into a shell."""
    text = str(path)
    return f'"{text}"' if " " in text else text


def echo(lines: Iterable[str]) -> None:
    """Print lines."""
    import typer

    for line in lines:
        typer.echo(line)
