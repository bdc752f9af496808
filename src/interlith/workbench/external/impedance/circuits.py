"""Which circuit of ours is the one that another program fitted, and which of its parameters is which of ours?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from interlith.errors import FitError
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.tree import leaves
from interlith.workbench.external.impedance.definitions import symbol_of, turned, why_not
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated

#: Programs that number the elements of a circuit themselves, from left to right.
_COUNTED = frozenset({"pyimpspec", "relaxis"})
_RELAXIS = {"R": "R", "C": "C", "I": "L", "P": "Q"}


@dataclass(frozen=True, slots=True)
class Translated:
    """An evaluation in our words.

    Parameters
    ----------
    circuit
        In our spelling; empty where it is not known or holds an element that is not ours.
    parameters
        Our name -> number in our unit.
    others
        Own name -> number, of elements that are not ours.
    labels
        Our name -> how the program calls it.
    notes
        Where definitions differ, and why elements were not translated.
    """

    circuit: str
    parameters: Mapping[str, Stated]
    others: Mapping[str, Stated]
    labels: Mapping[str, str]
    notes: tuple[str, ...]


def translated(one: Evaluation, circuit: str = "", names: Mapping[str, str] | None = None) -> Translated:
    """The parameters of an evaluation under our names.

    Parameters
    ----------
    one
        The evaluation.
    circuit
        The circuit where the export does not tell it, in our spelling or that of the program. Elements of a program that does
        not count them itself carry the numbers that the export gives them.
    names
        Label of an element in the export -> name of ours, for labels that are words: ``{"Rct": "R1"}``.

    Notes
    -----
    Programs that count elements from left to right (pyimpspec, RelaxIS) are matched by order among those of one kind where the
    circuit is known; all others by the number in the label.
    """
    own = our_circuit(one) or (_given(one, circuit) if circuit else "")
    named = _names(one, own, names or {})
    parameters: dict[str, Stated] = {}
    others: dict[str, Stated] = {}
    labels: dict[str, str] = {}
    notes: list[str] = []
    for label, stated in one.parameters.items():
        name = named.get(label, label)
        symbol = symbol_of(label) if label not in (names or {}) else _theirs(one.dialect, symbol_of(name))
        found = turned(one.dialect, symbol, stated)
        if found is None:
            others |= {f"{label}-{part}" if part else label: value for part, value in stated.items()}
            notes.append(f"{label} keeps its name and is not compared: {why_not(one.dialect, symbol, stated)}")
            continue
        if found.note:
            notes.append(f"{label}: {found.note}")
        base = named.get(label) or f"{found.symbol}{_digits(label)}"
        for suffix, value in found.parameters.items():
            parameters[f"{base}{suffix}"] = value
            labels[f"{base}{suffix}"] = label
    return Translated(own, parameters, others, labels, tuple(dict.fromkeys(notes)))


def _given(one: Evaluation, circuit: str) -> str:
    """A circuit that the user wrote, in the spelling of the program or in ours."""
    return our_circuit(replace(one, circuit=circuit)) or Circuit(circuit).text


def our_circuit(one: Evaluation) -> str:
    """The circuit of an evaluation in our spelling; empty where it is not told or not ours."""
    text = one.circuit.strip()
    if not text:
        return ""
    try:
        if one.dialect == "relaxis":
            return Circuit(_from_relaxis(text)).text
        if one.dialect == "pyimpspec":
            # Without version and values; two of its elements are ours under another symbol.
            plain = re.sub(r"\{[^{}]*\}", "", re.sub(r"^!V=\d+!", "", text))
            if re.search(r"H(?!a)|La|Ls|Tlm", plain):
                return ""
            return Circuit(plain.replace("Ga", "G").replace("Ha", "HN")).text
        return Circuit(text).text
    except FitError:
        return ""


def _from_relaxis(text: str) -> str:
    """``R-I-(R)(P)-(R-W)(P)``: ``-`` is series, brackets side by side are parallel."""
    plain = re.sub(r"\s+", "", text)
    made, at = _series(plain, 0)
    return made if at == len(plain) else "?"


def _series(text: str, at: int) -> tuple[str, int]:
    """Parts in series from a place on, and the place behind them: the end, or the bracket that closes them."""
    parts = []
    while at < len(text) and text[at] != ")":
        if text[at] == "(":
            sides = []
            while at < len(text) and text[at] == "(":
                side, at = _series(text, at + 1)
                sides.append(f"({side})")
                at += 1
            parts.append(f"({'|'.join(sides)})")
        elif text[at] != "-":
            parts.append(_RELAXIS.get(text[at], "?"))
            at += 1
        else:
            at += 1
    return "-".join(parts), at


def _names(one: Evaluation, circuit: str, given: Mapping[str, str]) -> dict[str, str]:
    """Label in the export -> name of our element, by order within the circuit; labels that the user names come first."""
    found = dict(given)
    if not circuit or one.dialect not in _COUNTED:
        return found
    places: dict[str, list[str]] = {}
    for leaf in leaves(Circuit(circuit).tree):
        places.setdefault(leaf.symbol, []).append(leaf.name)
    seen: dict[str, int] = {}
    for label, stated in sorted(one.parameters.items(), key=lambda item: int(_digits(item[0]) or 0)):
        made = turned(one.dialect, symbol_of(label), stated)
        if made is None or label in found:
            continue
        order = seen.get(made.symbol, 0)
        seen[made.symbol] = order + 1
        if order < len(places.get(made.symbol, [])):
            found[label] = places[made.symbol][order]
    return found


def _theirs(dialect: str, symbol: str) -> str:
    """How a program calls an element that the user named in our words."""
    own = {"zview": {"Q": "CPE"}, "relaxis": {"Q": "P", "L": "I"}, "impedance_py": {"Q": "CPE", "TLM": "TLMQ"}}
    return own.get(dialect, {}).get(symbol, symbol)


def _digits(label: str) -> str:
    found = re.search(r"\d+$", label)
    return found[0] if found else ""
