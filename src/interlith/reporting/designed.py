"""What is said first of a design, of which nothing was measured?"""

from __future__ import annotations

import math

from interlith.model import Finding, StudyOutcome
from interlith.model.observable import KINDS
from interlith.reporting.objections import Against

#: An input that brings less than this share of a variance is not worth measuring better.
_WORTH = 0.2


def design_question(outcome: StudyOutcome) -> str:
    """What was asked for, and of which structure where all answers are of one."""
    asked = list(dict.fromkeys(one.how.method.replace("_", " ") for one in outcome.designs if one.how is not None))
    listed = asked[0] if len(asked) == 1 else f"{', '.join(asked[:-1])} and {asked[-1]}"
    names = {item.sample for one in outcome.designs for item in one.observables if item.sample}
    whose = f" of {names.pop()}" if len(names) == 1 else ""
    return f"What do structures and declared numbers say of {listed}{whose}?"


def leading(outcome: StudyOutcome, most: int) -> tuple[tuple[int, Finding], ...]:
    """What each design says first, then what contradicts a reported number; with their numbers in the list of findings."""
    firsts = {id(one.findings[0]) for one in outcome.designs if one.findings}
    numbered = list(enumerate(outcome.findings, start=1))
    wrong = [pair for pair in numbered if pair[1].verdict == "contradicted" and id(pair[1]) not in firsts]
    first = [pair for pair in numbered if id(pair[1]) in firsts][: max(1, most - len(wrong[:3]))]
    rest = [pair for pair in numbered if pair not in first and pair not in wrong]
    return tuple(sorted([*first, *wrong, *rest][: max(most, len(first))], key=lambda pair: pair[0]))


def design_sentence(outcome: StudyOutcome) -> str:
    """That nothing was measured, and how the reported numbers fare."""
    audits = [item for item in outcome.findings if item.kind == "audit"]
    wrong = sum(item.verdict == "contradicted" for item in audits)
    told = ""
    if audits:
        told = f" Of {len(audits)} reported number{'s' if len(audits) != 1 else ''} {wrong or 'none'} contradict{'s' if wrong <= 1 else ''} them."
    return f"Nothing was measured: every number follows from crystal structures and from what was declared.{told}"


def design_against(outcome: StudyOutcome) -> tuple[Against, ...]:
    """Findings that speak against a reported number or against the design."""
    return tuple(
        Against(item.statement, f"f-{number}")
        for number, item in enumerate(outcome.findings, start=1)
        if item.verdict == "contradicted"
    )


def design_steps(outcome: StudyOutcome) -> tuple[str, ...]:
    """Which inputs to learn more of: those whose uncertainty nobody gave, then those that bring most of it."""
    unknown: dict[str, list[str]] = {}
    largest: dict[str, list[str]] = {}
    for one in outcome.designs:
        for item in one.observables:
            total = item.std**2
            for source, size in item.components.items():
                kind, _, name = source.partition(":")
                if KINDS.get(kind) == "counting":
                    # More draws of a simulation are no knowledge of the world.
                    continue
                if math.isinf(size):
                    unknown.setdefault(name, []).append(item.quantity)
                elif math.isfinite(total) and total > 0 and size * size / total > _WORTH:
                    largest.setdefault(name, []).append(item.quantity)
    steps = [
        f"Give the uncertainty of the {name} (for instance with +-): {_count(quantities)} rest on it."
        for name, quantities in sorted(unknown.items(), key=lambda pair: -len(pair[1]))
    ]
    steps += [
        f"Learn the {name} better: it brings most of the uncertainty of {_count(quantities)}."
        for name, quantities in sorted(largest.items(), key=lambda pair: -len(pair[1]))
    ]
    return tuple(steps)


def _count(quantities: list[str]) -> str:
    distinct = list(dict.fromkeys(quantities))
    return f"{len(distinct)} numbers" if len(distinct) > 1 else f"the {distinct[0].replace('_', ' ')}"
