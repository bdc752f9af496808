"""How is an answer of a design written down: numbers with their causes, sentences, figures, and how they came about?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlith.crystal.structure import Structure
from interlith.crystal.writing import write_cif
from interlith.design.inputs import Uncertain
from interlith.model import Citation, Figure, Finding, How, Observable, Statement
from interlith.model.observable import State
from interlith.model.recording import PACKAGES, versions_of

#: Word under which all numbers of a design stand in tables.
TECHNIQUE = "design"
#: Source of a number that rests on geometry alone.
GEOMETRY = {"model:geometry": 0.0}


def number(
    quantity: str, value: float | None, unit: str, components: Mapping[str, float], *, sample: str, source: str = "",
    method: str = "", flag: str = "", low: float | None = None, high: float | None = None, state: State | None = None,
) -> Observable:  # fmt: skip
    """A number of a design.

    Parameters
    ----------
    quantity, value, unit
        Name, value (`None` where it cannot be told: `flag` says why) and unit.
    components
        Source -> signed sensitivity times standard uncertainty, in `unit`. Empty means exact by geometry; a declared number
        whose uncertainty nobody gave stands with ``inf``.
    sample
        The structure or interface it is a number of.
    source
        Bytes it rests on, see `digest_of`.
    method, flag, low, high, state
        As in `interlith.model.Observable`.
    """
    known = value is not None and math.isfinite(value)
    parts = dict(components) or dict(GEOMETRY)
    return Observable(
        quantity, value if known else None, unit, sample, parts, sample, technique=TECHNIQUE, state=state, low=low,
        high=high, method=method, source=source, flag=flag if known or flag else "cannot be determined",
    )  # fmt: skip


def components(sensitivities: Mapping[str, tuple[float, Uncertain]]) -> dict[str, float]:
    """Name of a declared input -> (derivative, the input) as components ``declared:<name>``.

    An input of which no uncertainty was given counts as unknown where the answer depends on it.
    """
    found: dict[str, float] = {}
    for name, (slope, given) in sensitivities.items():
        if slope != 0 and given.std != 0:
            found[f"declared:{name}"] = math.inf if math.isnan(given.std) else slope * given.std
    return found


def cell_components(structure: Structure, quantity: Any) -> dict[str, float]:
    """Components of a function of the cell, ``calibration:<structure> a`` and so on; see `Cell.std_of`."""
    return {f"calibration:{structure.name} {name}": size for name, size in structure.cell.std_of(quantity).items()}


def digest_of(*structures: Structure) -> str:
    """``sha256:...`` of the structures as text: the same facts give the same digest whatever file they came from."""
    text = "\n".join(write_cif(structure) for structure in structures)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def answer(
    name: str, observables: Iterable[Observable], *, options: Mapping[str, Any], words: str, findings: Sequence[Finding] = (),
    figures: Sequence[Figure] = (), data: Mapping[str, Any] | None = None, citations: tuple[Citation, ...] = (),
    packages: Sequence[str] = (),
) -> Statement:  # fmt: skip
    """The answer of a verb.

    Parameters
    ----------
    name
        Of the verb, such as ``coverage``.
    observables, findings, figures, data
        What it says.
    options
        What was asked, as plain words and numbers.
    words
        Sentences for the Methods section.
    citations, packages
        What to cite, and libraries beyond the usual whose version matters.
    """
    how = How(TECHNIQUE, name, dict(options), versions_of(*PACKAGES, *packages), citations, words)
    return Statement(tuple(findings), tuple(observables), tuple(figures), dict(data or {}), how)
