"""What does one number of another program say: whose it is, how sure the program is, and where on which axis?"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from statistics import NormalDist

from interlith.errors import UnitError, nearest
from interlith.model import Observable, Sample, State, Study
from interlith.units import QUANTITIES, Value, convert, factor, parse
from interlith.workbench.declaring.measurements_file import STATES
from interlith.workbench.declaring.measurements_file import state as declared_state
from interlith.workbench.discovery import techniques
from interlith.workbench.external.grid import DATE
from interlith.workbench.external.table import Line, fold

#: Sort of uncertainty -> first part of its source. Where a number holds several sorts in one size, the whole size stands
#: with the first of them in this order, so that nothing systematic is ever taken for random.
PREFIXES = {
    "calibration": "calibration",
    "model": "model",
    "replicate": "replicate",
    "fit": "fit",
    "counting": "noise",
}
_NOTHING = frozenset(
    {"", "-", "--", "n.d.", "nd", "n.d", "n/a", "na", "nan", "null", "none", "bdl", "<lod", "<loq", "*"}
)
_LIMIT = re.compile(r"^\s*(?P<sign>[<>≤≥])=?\s*(?P<rest>.+)$")
_BRACKETS = re.compile(r"^\((?P<number>[^()]*(?:±|\+/?-)[^()]*)\)\s*(?P<unit>.*)$")
_VERSIONED = re.compile(r"^(?P<name>.*?[^\s\d.])[\s,_-]+v?(?:ersion\s*)?(?P<version>\d[\w.\-+]*)$", re.IGNORECASE)
#: From this likeness on a name counts as a misspelt known one.
ALIKE = 0.85


@dataclass(slots=True)
class Reader:
    """What the rows of one table are read against.

    `digest` is that of the table; `raw_of` gives digest and words on a raw file from its name.
    """

    digest: str
    study: Study | None
    raw_of: Callable[[str], tuple[str, str]]
    problems: list[str] = field(default_factory=list)


@cache
def known_quantities() -> frozenset[str]:
    """Names that our own techniques use, in which a misspelling can be told."""
    return frozenset(QUANTITIES) | {name for item in techniques().values() for name in item.headlines}


def observable(line: Line, reader: Reader) -> Observable | None:
    """The number of one row; `None` where it cannot be read: `reader.problems` then says why."""
    before = len(reader.problems)
    flags = ["external"]
    software, version = program(line)
    if not software:
        reader.problems.append(
            f"{line.where('software')} is empty: no number without the program that made it. Fill in the column, or write "
            "'# software: CasaXPS 2.3.26' above the header."
        )
    quantity = _quantity(line, reader.problems, flags)
    owner = _owner(line, reader)
    number = _number(line, reader.problems, flags)
    sorts = _includes(line, reader.problems)
    where = _state(line, reader.problems)
    cycle = _cycle(line, where, reader.problems)
    if len(reader.problems) > before or number is None:
        return None
    if where is None and cycle is not None:
        where = State("cycle", float(cycle), float(cycle), float(cycle), "1")
    if not version:
        flags.append("version of the program not stated")
    raw, said = reader.raw_of(line.cells.get("raw", ""))
    if said:
        flags.append(said)
    if math.isfinite(number.std) and number.value is not None and not sorts:
        flags.append("what its uncertainty includes is not stated")
    name = f"external: {software} {version}".rstrip()
    return Observable(
        quantity=quantity,
        value=number.value,
        unit=number.unit,
        sample=owner.name,
        variant=owner.variant,
        batch=owner.batch,
        replicate=owner.replicate,
        components=_components(line, number, sorts, reader.digest),
        technique=line.cells.get("technique", "") or "external",
        state=where,
        cycle=cycle,
        method="; ".join(word for word in (name, line.cells.get("method", "")) if word),
        fit=f"{line.grid.file}, {line.place}",
        source=f"sha256:{reader.digest}" + (f" of sha256:{raw}" if raw else ""),
        flag="; ".join(flags),
        low=number.low,
        high=number.high,
        level=number.level,
    )


def program(line: Line) -> tuple[str, str]:
    """Name and version of the program: ``CasaXPS``, ``2.3.26``."""
    name, version = line.cells.get("software", ""), line.cells.get("version", "")
    found = _VERSIONED.match(name)
    if found and (not version or version == found["version"]):
        return found["name"], found["version"]
    return name, version


def _quantity(line: Line, problems: list[str], flags: list[str]) -> str:
    text = line.cells.get("quantity", "")
    if not text:
        problems.append(f"{line.where('quantity')} is empty; name what the number is.")
    name = re.sub(r"[\s\-]+", "_", text)
    known = known_quantities()
    if fold(text) in known:
        return fold(text)
    close = difflib.get_close_matches(fold(text), known, n=1, cutoff=ALIKE)
    if close:
        flags.append(f"'{name}' is compared with nothing of ours; was '{close[0]}' meant?")
    return name


def _owner(line: Line, reader: Reader) -> Sample:
    """The specimen; where only a variant is named, a stand-in for its powder that carries the name of the variant."""
    text = line.cells.get("sample", "")
    if not text or text.startswith(DATE):
        date = f" holds {text}: the spreadsheet has turned the name into a date" if text else " is empty"
        reader.problems.append(f"{line.where('sample')}{date}; write the specimen or variant that was measured.")
        return Sample("")
    batch, replicate = line.cells.get("batch", ""), line.cells.get("replicate", "")
    if reader.study is None:
        return Sample(text, variant=text, batch=batch, replicate=replicate)
    samples, variants = reader.study.samples, reader.study.variants
    for same in (str.__str__, str.casefold):
        named = [item for item in samples if same(item.name) == same(text)]
        if len(named) == 1:
            return named[0]
        kinds = [name for name in variants if same(name) == same(text)]
        if len(kinds) == 1:
            return _of_variant(line, kinds[0], batch, replicate, reader)
    allowed = nearest(text, [item.name for item in samples] + list(variants))
    reader.problems.append(
        f"{line.where('sample')} is '{text}', which is neither a specimen nor a variant of the study; {allowed}."
    )
    return Sample("")


def _of_variant(line: Line, variant: str, batch: str, replicate: str, reader: Reader) -> Sample:
    samples = reader.study.samples if reader.study else ()
    if not batch and not replicate:
        return Sample(variant, variant=variant)
    found = [
        item
        for item in samples
        if item.variant == variant
        and item.batch == (batch or item.batch)
        and item.replicate == (replicate or item.replicate)
    ]
    if replicate and len(found) == 1:
        return found[0]
    if batch and not replicate and found:
        return Sample(f"{variant}_{batch}", variant=variant, batch=batch)
    known = ", ".join(
        sorted({f"{item.batch or '-'}/{item.replicate or '-'}" for item in samples if item.variant == variant})
    )
    reader.problems.append(
        f"{line.where('sample')}: '{variant}' with batch '{batch}' and replicate '{replicate}' is "
        f"{'several specimens' if found else 'no specimen'}; batch/replicate of its specimens: {known or 'none'}."
    )
    return Sample("")


@dataclass(frozen=True, slots=True)
class _Number:
    value: float | None
    unit: str
    std: float = math.inf
    low: float | None = None
    high: float | None = None
    level: float = 0.95


def _number(line: Line, problems: list[str], flags: list[str]) -> _Number | None:
    text, column = line.cells.get("value", ""), line.cells.get("unit", "")
    if text.casefold() in _NOTHING:
        flags.append(f"no value ('{text}')" if text else "no value")
        return _Number(None, column)
    limit = _LIMIT.match(text)
    try:
        found = _parsed(line, "value", limit["rest"] if limit else text)
        unit = found.unit or column
        if not unit:
            raise UnitError(f"'{text}' has no unit; fill in the column unit (1 for a plain number)")
        if column and found.unit and abs(factor(found.unit, column) - 1) > 1e-12:
            raise UnitError(f"'{text}' and the unit '{column}' contradict each other")
        factor(unit, unit)
        if limit:
            flags.append(f"{'below' if limit['sign'] in '<≤' else 'above'} {found.value:g} {unit}, no value")
            return _Number(None, unit)
        return _with_uncertainty(line, Value(found.value, unit, found.std, found.resolution), flags)
    except UnitError as error:
        problems.append(f"{line.where('value')}: {str(error).rstrip('.')}.")
        return None


def _parsed(line: Line, name: str, text: str) -> Value:
    if text.startswith(DATE):
        raise UnitError(
            f"{name} holds {text}: the spreadsheet has turned the number into a date; format the cell as text"
        )
    bracketed = _BRACKETS.match(text)
    plain = f"{bracketed['number']} {bracketed['unit']}" if bracketed else text
    return parse(re.sub(r"\s+", " ", plain), what=name)


def _with_uncertainty(line: Line, value: Value, flags: list[str]) -> _Number:
    """Value, standard uncertainty and interval; a standard uncertainty of nothing or zero is unknown."""
    stated = {name: line.cells.get(name, "") for name in ("std", "low", "high")}
    stated = {name: text for name, text in stated.items() if text.casefold() not in _NOTHING}
    if "std" in stated and value.std == value.std:
        raise UnitError("std is given twice: in the cell of the value and in its own column")
    if ("low" in stated) != ("high" in stated):
        raise UnitError("an interval needs both low and high")
    std, low, high, level = value.std, None, None, 0.95
    if "std" in stated:
        std = _size(line, "std", stated["std"], value)
        if std < 0:
            raise UnitError(f"std is '{stated['std']}'; a standard uncertainty is not negative")
    if "low" in stated:
        low, high = (_at(line, name, stated[name], value) for name in ("low", "high"))
        level = _level(line)
        if not low <= value.value <= high:
            raise UnitError(f"the value {value.value:g} is not between low {low:g} and high {high:g}")
        if std != std:
            std = (high - low) / (2 * NormalDist().inv_cdf(0.5 + level / 2))
    if std == 0:
        flags.append("an uncertainty of 0 is stated, which is none")
        low = high = None
    if not std > 0:
        flags.append("uncertainty unknown")
        std = math.inf
    return _Number(value.value, value.unit, std, low, high, level)


def _size(line: Line, name: str, text: str, value: Value) -> float:
    """A size of uncertainty in the unit of the value; per cent of the value where the value itself is not in per cent."""
    found = _parsed(line, name, text)
    if found.unit == "%" and value.unit != "%":
        return abs(value.value) * found.value / 100
    if not found.unit:
        return found.value
    # A size has no zero point: 3 K are 3 degC.
    return found.value * (convert(1.0, found.unit, value.unit) - convert(0.0, found.unit, value.unit))


def _at(line: Line, name: str, text: str, value: Value) -> float:
    found = _parsed(line, name, text)
    return found.to(value.unit).value if found.unit else found.value


def _level(line: Line) -> float:
    text = line.cells.get("level", "")
    if not text:
        return 0.95
    found = _parsed(line, "level", text)
    level = found.value * factor(found.unit, "1") if found.unit else found.value
    if not 0.5 <= level < 1:
        raise UnitError(f"level is '{text}'; write for instance 95 % or 0.95")
    return level


def _includes(line: Line, problems: list[str]) -> tuple[str, ...]:
    words = [word for word in re.split(r"[\s,;+/]+", line.cells.get("uncertainty_includes", "").casefold()) if word]
    where = line.where("uncertainty_includes")
    problems += [f"{where}: '{word}' is unknown; {nearest(word, PREFIXES)}." for word in words if word not in PREFIXES]
    return tuple(kind for kind in PREFIXES if kind in words)


def _components(line: Line, number: _Number, sorts: Iterable[str], digest: str) -> dict[str, float]:
    """One component of the whole size, independent of every other row unless `shared` names a common cause."""
    if number.value is None or not math.isfinite(number.std):
        return {}
    shared = line.cells.get("shared", "")
    detail = f"{digest[:12]}/{shared}" if shared else f"{digest[:12]}/{line.place}/{line.cells['quantity']}"
    names = [PREFIXES[kind] for kind in sorts] or ["external"]
    return {f"{name}:{detail}": number.std if k == 0 else 0.0 for k, name in enumerate(names)}


def _state(line: Line, problems: list[str]) -> State | None:
    name, text, unit = (line.cells.get(key, "") for key in ("state", "state_value", "state_unit"))
    if not text and not name:
        return None
    if not text or not name:
        problems.append(
            f"{line.where('state')}: an axis and its value go together; fill in both state and state_value."
        )
        return None
    name = fold(name)
    try:
        given = _parsed(line, "state_value", text)
        whole = text if given.unit or not unit else f"{text} {unit}"
        if name in STATES:
            return declared_state(name, whole)
        found = _parsed(line, "state_value", whole)
        half = 1.959963984540054 * found.std if found.std == found.std else found.resolution / 2
        return State(name, found.value, found.value - half, found.value + half, found.unit or "1")
    except UnitError as error:
        problems.append(f"{line.where('state_value')}: {error}")
        return None


def _cycle(line: Line, state: State | None, problems: list[str]) -> int | None:
    text = line.cells.get("cycle", "")
    if not text:
        return int(state.value) if state is not None and state.name == "cycle" else None
    if not re.fullmatch(r"\d+", text) or (state is not None and state.name == "cycle" and state.value != int(text)):
        problems.append(f"{line.where('cycle')} is '{text}'; write the number of one cycle.")
        return None
    return int(text)
