"""Which words and values may stand under ``analyses: impedance:``, and what does the user read about a wrong one?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.physics.circuits import Circuit
from interlith.techniques.impedance.arrhenius import FORMS
from interlith.techniques.impedance.circuit_observables import names_of
from interlith.techniques.impedance.relaxation_processes import process_table
from interlith.techniques.impedance.spectra import AXES, NUMBER, window_of
from interlith.units import convert, parse

#: Words under ``analyses: impedance:`` in `study.yaml`.
OPTIONS = {
    "against": "State that orders the spectra of a specimen: voltage, temperature, cycle, dose, depth or spectrum; by default the "
    "first of them that differs.",
    "window": "Lowest and highest frequency that is used, for instance [0.1 Hz, 1 MHz].",
    "limit": "Misfit of the Kramers-Kronig test that is forgiven, as a share of the modulus, for instance 0.7 %.",
    "representation": "What the Kramers-Kronig test looks at: impedance or admittance.",
    "circuit": "Equivalent circuit, for instance R0-(R1|Q1)-(R2|Q2)-W3, or auto.",
    "weights": "Weights of the fit of the circuit: modulus, unit or noise.",
    "parameters": "Parameters that are held or bounded: {R0: 12.0, Q1_exponent: {low: 0.7, high: 1}}.",
    "shared": "Parameters of the circuit with one value for all spectra of a specimen: [Q1_exponent].",
    "smooth": "Parameters that change little from spectrum to spectrum: {R1: 0.05}.",
    "names": "What resistances of the circuit are: {R1: interphase_resistance, R2: charge_transfer_resistance}.",
    "drt": "Relaxation times: {signed: auto, spikes: auto, smooth: state}; off leaves them out.",
    "processes": "Names of relaxation times: a class of cell (sulfide_halide_solid_cell) or ranges: {charge_transfer: [1 ms, 0.1 s]}.",
    "conductivity": "Conductivity of pellets between blocking electrodes: {thickness: 1.02 +- 0.02 mm, diameter: 10.0 +- 0.1 mm}, with "
    "area, cell_constant, leads and form (of Arrhenius).",
}
_EXAMPLES = {
    "against": "against: voltage", "window": "window: [0.1 Hz, 1 MHz]", "limit": "limit: 0.7 %",
    "representation": "representation: impedance", "circuit": "circuit: R0-(R1|Q1)-W2", "weights": "weights: modulus",
    "parameters": "parameters: {R0: 12.0}", "shared": "shared: [Q1_exponent]", "smooth": "smooth: {R1: 0.05}",
    "names": "names: {R1: charge_transfer_resistance}", "drt": "drt: {smooth: state}",
    "processes": "processes: {charge_transfer: [1 ms, 0.1 s]}",
    "conductivity": "conductivity: {thickness: 1.02 +- 0.02 mm, diameter: 10.0 +- 0.1 mm}",
}  # fmt: skip


def check_options(options: Mapping[str, Any]) -> None:
    """Check all values before anything is computed.

    Parameters
    ----------
    options
        Words of ``analyses: impedance:`` in `study.yaml`; those of the reader are not looked at.

    Raises
    ------
    StudyError
        If a value is of the wrong kind; the message names the word and gives an example.
    """
    for word, check in _CHECKS.items():
        if options.get(word) is None:
            continue
        try:
            wrong = check(options[word], options)
        except InterlithError as error:
            wrong = str(error)
        if wrong:
            raise StudyError(f"analyses: impedance: {word}: {wrong.rstrip('.')}. Write for instance {_EXAMPLES[word]}.")


def _one_of(*allowed: str) -> Callable[[Any, Mapping[str, Any]], str]:
    def check(value: Any, _: Mapping[str, Any]) -> str:
        return "" if value in allowed else f"'{value}' is unknown; {nearest(str(value), allowed)}"

    return check


def _window(value: Any, _: Mapping[str, Any]) -> str:
    window_of(value)
    return ""


def _share(value: Any, _: Mapping[str, Any]) -> str:
    given = parse(str(value), what="limit")
    share = convert(given.value, given.unit, "1") if given.unit else math.nan
    return "" if 0 <= share < 0.5 else f"'{value}' is no share of the modulus in %"


def _circuit(value: Any, options: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        return f"'{value}' is no circuit"
    if value != "auto":
        Circuit(value)
    elif any(options.get(word) for word in ("names", "parameters", "shared", "smooth")):
        return (
            "auto gives no fixed names to the elements, which names, parameters, shared and smooth need; name a circuit"
        )
    return ""


def _asked(options: Mapping[str, Any]) -> Circuit | None:
    text = options.get("circuit")
    return Circuit(text) if isinstance(text, str) and text != "auto" else None


def _parameters(value: Any, options: Mapping[str, Any]) -> str:
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of parameters in braces"
    circuit = _asked(options)
    for name, given in value.items():
        if circuit is not None:
            circuit.index(str(name))
        numbers = given.values() if isinstance(given, Mapping) else (given,)
        if isinstance(given, Mapping) and (unknown := set(given) - {"start", "low", "high", "fixed"}):
            return f"{name}: '{min(unknown)}' is unknown; {nearest(min(unknown), ('start', 'low', 'high', 'fixed'))}"
        if not all(isinstance(number, (int, float, bool)) for number in numbers):
            return f"{name}: '{given}' is no number"
    return ""


def _shared(value: Any, options: Mapping[str, Any]) -> str:
    if not isinstance(value, (list, tuple, str)):
        return f"'{value}' is no list of parameters"
    circuit = _asked(options)
    for name in (value,) if isinstance(value, str) else value:
        if circuit is not None:
            circuit.index(str(name))
    return ""


def _smooth(value: Any, options: Mapping[str, Any]) -> str:
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of parameters in braces"
    for name, size in value.items():
        if not isinstance(size, (int, float)) or isinstance(size, bool) or not size > 0:
            return f"{name}: '{size}' is no positive number"
    return _shared(list(value), options)


def _names(value: Any, options: Mapping[str, Any]) -> str:
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of names in braces"
    circuit = _asked(options)
    if circuit is None:
        return "names need the circuit whose resistances they name"
    names_of(circuit, {str(name): str(told) for name, told in value.items()})
    return next((f"'{told}' is no name" for told in value.values() if not re.fullmatch(r"[a-z]\w*", str(told))), "")


def _drt(value: Any, _: Mapping[str, Any]) -> str:
    if value is False or value == "off":
        return ""
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of words in braces"
    allowed: dict[str, tuple[Any, ...]] = {
        "signed": ("auto", True, False), "spikes": ("auto", True, False), "smooth": ("state",),
    }  # fmt: skip
    for word, given in value.items():
        if word not in allowed:
            return f"'{word}' is unknown; {nearest(str(word), allowed)}"
        if given not in allowed[word]:
            return f"{word} is '{given}'; {nearest(str(given), [str(one) for one in allowed[word]])}"
    return ""


def _processes(value: Any, options: Mapping[str, Any]) -> str:
    told = {f"{one.name.removesuffix('_resistance')}_resistance" for one in process_table(value)}
    names = options.get("names")
    both = told & {str(name) for name in names.values()} if isinstance(names, Mapping) else set()
    if both:
        return f"{min(both)} is a name both here and in names, so that there would be two values of it; keep one of the two"
    return ""


def _conductivity(value: Any, _: Mapping[str, Any]) -> str:
    allowed = ("thickness", "diameter", "area", "cell_constant", "leads", "form")
    if not isinstance(value, Mapping):
        return f"'{value}' is no list of words in braces"
    for word, given in value.items():
        if word not in allowed:
            return f"'{word}' is unknown; {nearest(str(word), allowed)}"
        if word == "form":
            if given not in FORMS:
                return f"form is '{given}'; {nearest(str(given), FORMS)}"
            continue
        for text in given.values() if isinstance(given, Mapping) else (given,):
            parse(str(text), what=word)
    return ""


_CHECKS: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "against": _one_of(*AXES, NUMBER), "window": _window, "limit": _share,
    "representation": _one_of("impedance", "admittance"), "circuit": _circuit, "weights": _one_of("modulus", "unit", "noise"),
    "parameters": _parameters, "shared": _shared, "smooth": _smooth, "names": _names,
    "drt": _drt, "processes": _processes, "conductivity": _conductivity,
}  # fmt: skip
