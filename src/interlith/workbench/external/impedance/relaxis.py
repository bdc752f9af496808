"""What does a table of fit results of RelaxIS say: parameter, value, error, and which spectrum and model they belong to?"""

from __future__ import annotations

import math
import re

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated
from interlith.workbench.external.impedance.lines import after, cells_of, decimal_of, folded, number, raw_name

_OPENING = re.compile(r"^\ufeff?\s*RelaxIS\s+(?P<version>\d[\w.]*)?(?P<rest>.*)$", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(
    r"^(?P<what>Resistance|Capacitance|Inductance|CPE Q|CPE Alpha|Warburg\s?(?:Sigma|Coefficient)?)\s*(?P<number>\d+)?$",
    re.IGNORECASE,
)
#: First words of a name -> symbol of the element in the circuits of RelaxIS, name of the parameter.
_ELEMENTS = {
    "resistance": ("R", ""), "capacitance": ("C", ""), "inductance": ("I", ""), "cpe q": ("P", "Q"),
    "cpe alpha": ("P", "alpha"),
}  # fmt: skip
_ERROR_SHARE = frozenset(
    {"error%", "error/%", "error(%)", "error[%]", "relativeerror", "relativeerror(%)", "std.error(%)"}
)
_ERROR = frozenset({"error", "std.error", "stderror", "standarderror", "deviation", "stddev"})


def is_relaxis(text: str) -> bool:
    """Whether a text opens as an export of RelaxIS and has a table of parameters."""
    head = text[:20_000]
    opening = _OPENING.search(head)
    return opening is not None and not head[: opening.start()].strip() and _header(head) is not None


def _header(text: str) -> tuple[int, str] | None:
    """Line (from 1) of the header of the first table of parameters, and its delimiter."""
    for place, line in enumerate(text.splitlines(), start=1):
        delimiter = "\t" if "\t" in line else ";" if ";" in line else ","
        found = folded(cells_of(line, delimiter))
        if found and found[0] in ("parameter", "name", "parametername") and "value" in found:
            return place, delimiter
    return None


def read_relaxis(text: str, file: str) -> tuple[Evaluation, ...]:
    """The fits in a text of RelaxIS: one for every header of a table of parameters.

    Raises
    ------
    StudyError
        If a number is none: file and line are named.

    Notes
    -----
    Errors under a header with per cent are relative. A name such as ``CPE Q 2`` counts elements from left to right.
    """
    opening = _OPENING.search(text)
    version = (opening["version"] or "") if opening else ""
    lines = text.splitlines()
    found: list[Evaluation] = []
    begun = 0
    while (header := _header("\n".join(lines[begun:]))) is not None:
        place, delimiter = header[0] + begun, header[1]
        said = "\n".join(lines[begun : place - 1])
        parameters, begun = _table(lines, place, delimiter, decimal_of(text, delimiter), file)
        raw, spectrum = raw_name(re.sub(r"^\(.*?\)\s*", "", after(said, "File", "Spectrum", "Data", "Datasource")))
        found.append(Evaluation(
            "RelaxIS", version, "relaxis", parameters, after(said, "Model", "Circuit"), raw, spectrum,
            weights=after(said, "Weighting", "Weight"), place=f"line {place}",
        ))  # fmt: skip
    if not found or not any(one.parameters for one in found):
        raise StudyError(f"{file} has no parameter below the header of RelaxIS; export the fit results again.")
    return tuple(found)


def _table(
    lines: list[str], header: int, delimiter: str, decimal: str, file: str
) -> tuple[dict[str, dict[str, Stated]], int]:
    names = folded(cells_of(lines[header - 1], delimiter))
    value_at = names.index("value")
    share_at = next((k for k, name in enumerate(names) if name in _ERROR_SHARE), None)
    error_at = next((k for k, name in enumerate(names) if name in _ERROR), None)
    unit_at = names.index("unit") if "unit" in names else None
    fixed_at = names.index("fixed") if "fixed" in names else None
    parameters: dict[str, dict[str, Stated]] = {}
    for place in range(header + 1, len(lines) + 1):
        cells = cells_of(lines[place - 1], delimiter) if lines[place - 1].strip() else ()
        if not cells or cells[0].endswith(":") or re.match(r"[A-Za-z ]+:", cells[0]):
            return parameters, place
        where = f"{file}, line {place}"
        if len(cells) <= max(value_at, share_at or 0, error_at or 0) or not cells[0]:
            raise StudyError(f"{where}: {len(cells)} cells under {len(names)} columns; export it again.")
        value, resolution = number(cells[value_at], decimal, where=where)
        error = (
            number(cells[error_at], decimal, where=where)[0]
            if error_at is not None and error_at < len(cells)
            else math.nan
        )
        if share_at is not None:
            error = abs(value) * number(cells[share_at], decimal, where=where)[0] / 100
        fixed = (
            fixed_at is not None and fixed_at < len(cells) and cells[fixed_at].casefold() in ("yes", "true", "1", "x")
        )
        unit = cells[unit_at] if unit_at is not None and unit_at < len(cells) else ""
        label, name = _label(cells[0])
        parameters.setdefault(label, {})[name] = Stated(
            value, error if error > 0 and not fixed else math.inf, unit, fixed, resolution, f"line {place}"
        )
    return parameters, len(lines)


def _label(text: str) -> tuple[str, str]:
    """Element and parameter: ``CPE Q 2`` -> ``P2``, ``Q``; what is not known stays as it is."""
    found = _NAMED.match(" ".join(text.split()))
    known = _ELEMENTS.get(found["what"].casefold()) if found else None
    if found is None or known is None:
        return text, ""
    return f"{known[0]}{found['number'] or 1}", known[1]
