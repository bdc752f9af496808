"""How does a person read where a number comes from: sixty lines on a terminal, or a box in a notebook?"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from interlith.model import Choice, StepRecord
from interlith.notation import (
    NOTHING,
    interval_text,
    pretty_unit,
    significant,
    state_text,
    title,
    unit_text,
    with_uncertainty,
)

if TYPE_CHECKING:
    from interlith.workbench.provenance.explanation import Bytes, Explanation, Link

#: Lines of a text; what does not fit is counted, and all of it is in the JSON.
MOST_LINES = 60
#: Entries told of each sort before the rest is counted.
MOST_PARTS, MOST_STRETCHES, MOST_CHOICES, MOST_FILES, MOST_FINDINGS = 5, 3, 3, 3, 2
#: Lines of the words of a method.
MOST_METHOD = 4
#: A component below this share of the largest is rounding left over from a cancellation.
CANCELS = 1e-9
_MARGIN = 12
AUTOMATIC = "automatic"

#: A heading with its entries: (name, words).
Section = tuple[str, list[tuple[str, str]]]


def as_text(one: Explanation, width: int) -> str:
    """The explanation as lines of at most `width` letters, at most `MOST_LINES` of them."""
    lines = [_headline(one)]
    for heading, entries in sections(one):
        shown = heading
        column = min(max((len(name) for name, _ in entries), default=0), 26)
        for name, words in entries:
            start = f"{shown:<{_MARGIN}}" + (f"{name:<{column}}  " if column else "")
            body = textwrap.wrap(words, max(24, width - len(start)), break_on_hyphens=False) or [""]
            if heading == "method" and len(body) > MOST_METHOD:
                body = [*body[: MOST_METHOD - 1], f"{body[MOST_METHOD - 1].rpartition(' ')[0]} …"]
            lines.append((start + body[0]).rstrip())
            lines += [" " * len(start) + line for line in body[1:]]
            shown = ""
    if len(lines) > MOST_LINES:
        lines = [
            *lines[: MOST_LINES - 1],
            f"... {len(lines) - MOST_LINES + 1} lines more: `interlith explain {one.id} --json`",
        ]
    return "\n".join(lines)


def as_html(one: Explanation) -> str:
    """The explanation as a table for a notebook; every word is escaped."""
    rows = []
    for heading, entries in sections(one):
        body = "<br>".join(f"{f'<b>{escape(name)}</b> ' if name else ''}{escape(words)}" for name, words in entries)
        rows.append(
            f'<tr><th style="text-align:left;vertical-align:top">{escape(heading)}</th>'
            f'<td style="text-align:left">{body}</td></tr>'
        )
    return f"<div><b>{escape(_headline(one))}</b><table>{''.join(rows)}</table></div>"


def sections(one: Explanation) -> list[Section]:
    """All that is told, under its headings; headings without an entry are left out."""
    found: list[Section] = [
        ("note", [("", note) for note in one.notes]),
        ("number", list(_number(one))),
        ("uncertainty", list(_parts(one))),
        ("curve", list(_curve(one))),
        ("method", list(_method(one))),
        ("fit", [(name, _named(row)) for name, rows in one.fit.items() for row in rows]),
        ("choices", list(_choices(one))),
        ("decisions", [("", _decision(words)) for words in one.decisions]),
        ("options", list(_settings(one.steps))),
        ("steps", list(_steps(one.chain))),
        ("raw file", list(_files(one.files))),
        ("code", list(_code(one))),
        ("findings", [(f"no. {number}", words) for number, words in one.findings[:MOST_FINDINGS]]),
        ("cite", [("", item.text) for item in one.citations]),
    ]
    return [(heading, entries) for heading, entries in found if entries]


def _headline(one: Explanation) -> str:
    row = one.number
    place = state_text(row["state"], row["state_value"], row["state_unit"])
    what = f"{title(row['quantity'])} of {row['sample']}{f', {place}' if place else ''}"
    mark = "SIMULATED DATA  " if one.run.get("simulated") else ""
    return f"{mark}{what}: {with_uncertainty(row['value'], row['std'], one.unit, flag=row['flag'] or '')}"


def _number(one: Explanation) -> Iterator[tuple[str, str]]:
    row = one.number
    when = f", run of {one.run['created']}" if one.run.get("created") else ""
    yield "identifier", f"{one.id}, study '{one.run.get('study', '')}'{when}"
    if row["value"] is not None:
        yield "interval", interval_text(row["low"], row["high"], one.unit, level=row["level"] or 0.95)
    who = [f"{name} {row[name]}" for name in ("variant", "batch", "replicate") if row[name]]
    if who:
        yield "specimen", f"{row['sample']}: {', '.join(who)}"
    if row["method"]:
        yield "how", str(row["method"])
    if row["flag"]:
        yield "flag", str(row["flag"])


def _parts(one: Explanation) -> Iterator[tuple[str, str]]:
    largest = max((abs(part.size) for part in one.parts), default=0.0)
    for part in one.parts[:MOST_PARTS]:
        size = "unknown" if not math.isfinite(part.size) else significant(abs(part.size), 2) + unit_text(one.unit)
        if abs(part.size) <= CANCELS * largest:
            size = "cancels"
        yield part.source.partition(":")[0], f"{size}, {part.words}"
    if len(one.parts) > MOST_PARTS:
        yield "", f"and {len(one.parts) - MOST_PARTS} smaller ones"
    if not one.parts and one.value is not None:
        yield "", "no source is known, so the uncertainty is unknown"


def _curve(one: Explanation) -> Iterator[tuple[str, str]]:
    for item in one.stretches[:MOST_STRETCHES]:
        rows = f"rows {item.first_row:,} to {item.last_row:,} of {item.file}"
        span = f"{significant(item.voltage_start, 4)} to {significant(item.voltage_end, 4)} V"
        charge = (
            "no charge" if item.charge is None else f"{significant(1e3 * item.charge, 5)} mAh by {item.charge_method}"
        )
        kept = f"{item.points} curve points, " if item.points else ""
        flag = f"; {item.flag}" if item.flag else ""
        yield f"{item.direction} {item.cycle}", f"{rows}: {kept}{span}, {charge} (half-cycle {item.half_cycle}){flag}"
    if len(one.stretches) > MOST_STRETCHES:
        yield "", f"and {len(one.stretches) - MOST_STRETCHES} more half-cycles"


def _method(one: Explanation) -> Iterator[tuple[str, str]]:
    if one.how is not None:
        words = " ".join(one.how.methods_text.split())
        yield "", f"{one.how.method}. {words}" if words else one.how.method


def _choices(one: Explanation) -> Iterator[tuple[str, str]]:
    for choice in one.choices[:MOST_CHOICES]:
        yield choice.field, choice_words(choice)
    if not one.choices:
        yield "", "no automatic choice touched it"
    if len(one.choices) > MOST_CHOICES:
        yield "", f"and {len(one.choices) - MOST_CHOICES} more"


def choice_words(choice: Choice) -> str:
    """``4 (runner-up 3, margin 0.55, automatic): no reference cycle is declared.``"""
    runner = f"runner-up {choice.runner_up}, " if choice.runner_up else ""
    effects = [
        f"{title(item.quantity).lower()} of {item.sample}{f' at {item.state}' if item.state else ''} would be "
        f"{significant(item.other, 4)} instead of {significant(item.value, 4)}{unit_text(item.unit)}"
        for item in choice.effects[:1]
    ]
    told = f" {effects[0]}." if effects else ""
    by = f"margin {choice.margin:.2g}, automatic" if choice.who == AUTOMATIC else f"decided by {choice.who}"
    return f"{choice.value} ({runner}{by}): {choice.reason}{told}"


def _decision(words: Mapping[str, Any]) -> str:
    was = f" (was {words['was']})" if words.get("was") not in (None, "") else ""
    who = ", ".join(str(words[name]) for name in ("who", "date") if words.get(name))
    return f"{words.get('target')}: {words.get('field')} = {words.get('value')}{was}: {words.get('reason')}{f' ({who})' if who else ''}"


def _settings(steps: Sequence[StepRecord]) -> Iterator[tuple[str, str]]:
    told = set()
    for record in steps:
        # What was declared and agreed alike is told once.
        own = {name: value for name, value in record.options.items() if record.agreed.get(name) != value}
        words = [f"{name} = {_short(value)}" for name, value in own.items()]
        words += [f"{name} = {_short(value)} (agreed over all specimens)" for name, value in record.agreed.items()]
        if words and (record.step, *words) not in told:
            told.add((record.step, *words))
            yield record.step, ", ".join(words)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:78]} …"


def _steps(chain: Link | None, seen: set[str] | None = None) -> Iterator[tuple[str, str]]:
    """Each step once, with the steps that it took from."""
    if chain is None:
        return
    seen = set() if seen is None else seen
    if chain.record.key in seen:
        return
    seen.add(chain.record.key)
    record = chain.record
    before = list(dict.fromkeys(link.record.step for link in chain.inputs)) or sorted(
        {one.path for one in record.files}
    )
    took = "from the store" if record.cached else f"computed in {record.seconds:.2g} s"
    yield (
        record.step,
        f"key {record.key[:12]}, code {record.code[:12]}, {took}; takes {', '.join(before[:3]) or 'nothing'}",
    )
    for link in chain.inputs:
        yield from _steps(link, seen)


_STATES = {
    "same": "the file on disk has these bytes",
    "changed": "THE FILE ON DISK HAS OTHER BYTES NOW",
    "missing": "the file is not there now",
    "not checked": "the file on disk was not compared",
}


def _files(files: Sequence[Bytes]) -> Iterator[tuple[str, str]]:
    for one in files[:MOST_FILES]:
        reader = f", read by {one.file.reader} {one.file.reader_version}".rstrip() if one.file.reader else ""
        words = f"{one.file.path}: {one.file.size:,} bytes{reader}; {_STATES.get(one.state, one.state)}; sha256 {one.file.sha256}"
        yield "", words
    if len(files) > MOST_FILES:
        yield "", f"and {len(files) - MOST_FILES} more files"


def _code(one: Explanation) -> Iterator[tuple[str, str]]:
    version = one.run.get("interlith")
    if one.chain is None:
        return
    record = one.chain.record
    libraries = ", ".join(f"{name} {number}" for name, number in record.versions.items())
    words = f"interlith {version}, {len(record.modules)} modules together {record.code[:12]}"
    yield "", f"{words}{f'; {libraries}' if libraries else ''}"


def _named(row: Mapping[str, Any]) -> str:
    words = []
    for name, value in row.items():
        if value is None or value == "" or isinstance(value, (list, dict)):
            continue
        number = isinstance(value, float)
        words.append(f"{name.replace('_', ' ')} {significant(value, 4) if number else pretty_unit(str(value))}")
    return ", ".join(words) or NOTHING
