"""What does a user of the simulated study write: `study.yaml` and `measurements.csv`?"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = (
    "include", "file", "technique", "sample", "batch", "replicate", "active_mass", "active_mass_source", "area",
    "electrolyte", "cycle", "voltage", "temperature", "dose", "depth", "note",
)  # fmt: skip


def measurements_text(rows: Sequence[Mapping[str, str]]) -> str:
    """The text of `measurements.csv`; cells that a row does not name stay empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def study_text(
    *,
    title: str,
    comment: str,
    simulated: bool,
    reference: str,
    group: str | None,
    primary: str | None,
    samples: Mapping[str, Mapping[str, Any]],
    cells: Mapping[str, str],
    analyses: Mapping[str, Mapping[str, Any]],
    evidence: Sequence[Mapping[str, Mapping[str, Any]]] = (),
) -> str:
    """The text of `study.yaml`, in the order and style of the documented example."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines.append(f"study: {_scalar(title)}")
    if simulated:
        lines.append("simulated: true                          # every figure, table and page then says so")
    lines.append(f"reference: {_scalar(reference)}")
    lines.append("replication: {unit: cell}" if group is None else f"replication: {{unit: cell, group: {group}}}")
    if primary is not None:
        lines.append(f"primary: {primary}")
    lines += ["", "samples:"]
    lines += [f"  {_scalar(name)}: {_flow(words)}" for name, words in samples.items()]
    if cells:
        lines += ["", f"cells: {_flow(cells)}"]
    lines += ["", "analyses:", *(f"  {name}: {_flow(words)}" for name, words in analyses.items())]
    if evidence:
        lines += [
            "",
            "evidence:",
            *(f"  - {name}: {_flow(words)}" for entry in evidence for name, words in entry.items()),
        ]
    return "\n".join(lines) + "\n"


def _flow(item: Any) -> str:
    if isinstance(item, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(value)}" for key, value in item.items()) + "}"
    if isinstance(item, (list, tuple)):
        return "[" + ", ".join(_flow(value) for value in item) + "]"
    return _scalar(str(item))


_SPECIAL = frozenset("{}[],&*#?|<>=!%@`'\":\\")
_WORDS = frozenset({"yes", "no", "true", "false", "null", "on", "off", "y", "n", "~"})


def _scalar(text: str) -> str:
    """A YAML scalar: plain where that cannot be misread, else in double quotes; a percent sign may end a number."""
    body = text[:-1] if text.endswith("%") else text
    plain = bool(text) and text == text.strip() and not _SPECIAL & set(body) and not text.startswith(("-", "."))
    if plain and text.casefold() not in _WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
