"""What does a circuit saved by impedance.py say: its string, its fitted values in order, and their standard errors?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated

_ELEMENT = re.compile(r"[A-Za-z]+_?\d+")
#: Numbers that an element of impedance.py takes.
_COUNTS = {
    "R": 1, "C": 1, "L": 1, "W": 1, "Wo": 2, "Ws": 2, "CPE": 2, "La": 2, "G": 2, "Gs": 3, "K": 2, "Zarc": 3, "TLMQ": 3, "T": 4,
}  # fmt: skip


def is_impedance_py(document: Any) -> bool:
    """Whether a JSON document is a saved circuit."""
    return isinstance(document, Mapping) and {"Circuit String", "Initial Guess", "Fit"} <= set(document)


def read_impedance_py(document: Mapping[str, Any], file: str) -> tuple[Evaluation, ...]:
    """The fit in a saved circuit.

    Raises
    ------
    StudyError
        If it was never fitted, or its values do not match its circuit.
    """
    circuit = str(document["Circuit String"])
    if not document.get("Fit") or "Parameters" not in document:
        raise StudyError(f"{file}: the circuit {circuit} was saved before it was fitted; fit it and save it again.")
    try:
        return (_circuit(document, circuit, file),)
    except (TypeError, ValueError, OverflowError) as error:
        raise StudyError(
            f"{file}: the values of {circuit} are not as impedance.py saves them ({error}); save the circuit again."
        ) from error


def _circuit(document: Mapping[str, Any], circuit: str, file: str) -> Evaluation:
    constants = {str(name): float(value) for name, value in dict(document.get("Constants") or {}).items()}
    names = [name for element in _ELEMENT.findall(circuit) for name in _names(element, file)]
    free = [name for name in names if name not in constants]
    values = [float(value) for value in document["Parameters"]]
    errors = [float(value) if value is not None else math.nan for value in document.get("Confidence") or []]
    if len(values) != len(free):
        raise StudyError(
            f"{file}: {len(values)} values for the {len(free)} free parameters of {circuit} ({', '.join(free)}); save the "
            "circuit again."
        )
    errors = errors if len(errors) == len(values) else [math.nan] * len(values)
    parameters: dict[str, dict[str, Stated]] = {}
    stated = {
        name: Stated(value, error if 0 < error < math.inf else math.inf, place=f"value {k + 1}")
        for k, (name, value, error) in enumerate(zip(free, values, errors, strict=True))
    }
    stated |= {name: Stated(value, fixed=True, place="Constants") for name, value in constants.items() if name in names}
    for name in names:
        element, index = _split(name)
        parameters.setdefault(element, {})[index] = stated[name]
    return Evaluation("impedance.py", "", "impedance_py", parameters, circuit)


def _names(element: str, file: str) -> list[str]:
    symbol = re.sub(r"_?\d+$", "", element)
    count = _COUNTS.get(symbol)
    if count is None:
        raise StudyError(
            f"{file}: the circuit has the element {element}, whose parameters cannot be counted; write a table with one number "
            "a row instead (docs: external results)."
        )
    return [element] if count == 1 else [f"{element}_{k}" for k in range(count)]


def _split(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(?P<element>[A-Za-z]+_?\d+?)_(?P<index>\d)", name)
    if found and _COUNTS.get(re.sub(r"_?\d+$", "", found["element"]), 1) > 1:
        return found["element"], found["index"]
    return name, ""
