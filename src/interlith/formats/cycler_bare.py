"""What does a cycler's log hold that has no header: lines of h:m:s, voltage and current alone?

Nothing in such a file says which column is which, so a person declares it by number, from 1, in `study.yaml` under
``analyses: cycling:``: ``mapping: {test_time: 1, voltage: 2, current: 3}``, ``units: {voltage: V, current: mA/g}``. A current per
mass stays one (A/kg) unless ``mass`` says what it was divided by. A current that is printed without its sign is told by
``positive_current: both``: it then charges where the voltage rises from its beginning to its end, and discharges where it falls.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError, UnitError, nearest
from interlith.layouts.column_names import unit_factor
from interlith.layouts.lazy_text import Remark
from interlith.layouts.text_layout import decode, is_text
from interlith.model import Flag, Format, Reading, Table
from interlith.units import convert, factor, inside

Array = NDArray[np.float64]

#: Larger logs (bytes) come with a header.
LARGEST = 200_000_000
#: Lines at the beginning that must all be rows.
_LOOKED_AT = 20
#: A stretch over which the voltage changes by less (V) tells no direction.
_LEAST_CHANGE = 0.005
#: Voltage (V) by which it must turn back under current for a new stretch to begin without a rest.
_TURN = 0.03
#: A new stretch begins where the amount of the current changes by more than this share.
_JUMP = 0.2
_QUANTITIES = ("test_time", "voltage", "current", "temperature")
_CURRENTS = ("charge", "discharge", "both")
_CLOCK = re.compile(r"^(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)$")
_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")


def sniff(head: bytes, path: Path) -> float:
    """Low confidence for lines that begin with h:m:s and go on with two numbers or more."""
    del path
    if not is_text(head):
        return 0.0
    lines = [line for line in decode(head)[0].splitlines()[:_LOOKED_AT] if line.strip()]
    rows = [line.replace(";", " ").replace(",", " ").split() for line in lines[:-1]]
    alike = len(rows) >= 3 and len({len(row) for row in rows}) == 1 and len(rows[0]) >= 3
    good = alike and all(_CLOCK.match(row[0]) and all(map(_NUMBER.match, row[1:])) for row in rows)
    return 0.45 if good else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the declared columns.

    Raises
    ------
    ReadError
        If nothing is declared (the message holds the declaration to write), or a line is no row of numbers.
    """
    rows = _rows(path)
    mapping, units = _declared(path, options, len(rows[0]))
    columns: dict[str, Array] = {}
    for quantity, position in mapping.items():
        texts = [row[position - 1] for row in rows]
        columns[quantity] = _times(texts, path) if quantity == "test_time" else _numbers(texts, path, position)
    remarks: list[Remark] = []
    for quantity in mapping.keys() - {"test_time", "current"}:
        unit = units.get(quantity, "")
        columns[quantity] = columns[quantity] * unit_factor(
            unit, quantity, column=f"column {mapping[quantity]}", where=str(path)
        )
    name, scale = _current_unit(units.get("current", ""), options.get("mass"), path)
    amount = _signed(columns, str(options.get("positive_current", "charge")), path, remarks)
    columns.pop("current")
    columns[name] = amount * scale
    frame = pl.DataFrame(columns, nan_to_null=True)
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata={"columns": dict(mapping), "units": dict(units)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
    )


def _rows(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > LARGEST:
            raise ReadError(f"{path}: a log without a header of more than {LARGEST // 1_000_000} MB is not read.")
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not is_text(data[:65_536]):
        raise ReadError(f"{path}: this is not text, so no log of h:m:s, voltage and current.")
    lines = decode(data)[0].splitlines()
    rows = [(number, re.split(r"[\s;]+", line.strip())) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise ReadError(f"{path}: the file holds no line.")
    width = len(rows[0][1])
    for number, row in rows:
        if len(row) != width or not _CLOCK.match(row[0]):
            raise ReadError(
                f"{path}, line {number}: '{lines[number - 1][:60]}' is not a time as h:m:s and {width - 1} numbers, as in line 1."
            )
    return [row for _, row in rows]


def _declared(path: Path, options: Mapping[str, Any], width: int) -> tuple[dict[str, int], Mapping[str, str]]:
    mapping, units = options.get("mapping"), options.get("units", {})
    if mapping is None:
        raise ReadError(
            f"{path}: this log has {width} columns and no header. Write into study.yaml which is which, for instance analyses: "
            "{cycling: {mapping: {test_time: 1, voltage: 2, current: 3}, units: {voltage: V, current: mA/g}}} ; add "
            "positive_current: both where the current is printed without its sign."
        )
    if not isinstance(mapping, Mapping) or not isinstance(units, Mapping):
        raise ReadError(
            f"{path}: mapping and units must be in braces: mapping: {{test_time: 1, voltage: 2, current: 3}}."
        )
    found: dict[str, int] = {}
    for quantity, position in mapping.items():
        if quantity not in _QUANTITIES:
            raise ReadError(f"{path}: mapping knows no quantity '{quantity}'; {nearest(quantity, _QUANTITIES)}.")
        text = str(position)
        if not text.isdigit() or not 1 <= int(text) <= width:
            raise ReadError(
                f"{path}: mapping: {quantity} is '{position}', but this log has no header; write the number of its "
                f"column, 1 to {width}."
            )
        found[quantity] = int(text)
    missing = {"test_time", "voltage", "current"} - found.keys()
    if missing:
        raise ReadError(f"{path}: mapping lacks {' and '.join(sorted(missing))}; write the number of its column.")
    return found, units


def _times(texts: list[str], path: Path) -> Array:
    found = np.empty(len(texts))
    for row, text in enumerate(texts):
        match = _CLOCK.match(text)
        if match is None:
            raise ReadError(f"{path}, line {row + 1}: '{text}' is no time written as h:m:s.")
        found[row] = 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
    return found


def _numbers(texts: list[str], path: Path, position: int) -> Array:
    wrong = next((row for row, text in enumerate(texts) if not _NUMBER.match(text)), None)
    if wrong is not None:
        raise ReadError(
            f"{path}, line {wrong + 1}, column {position}: '{texts[wrong]}' is no number with a decimal point."
        )
    return np.array(texts, dtype=np.float64)


def _current_unit(unit: str, mass: Any, path: Path) -> tuple[str, float]:
    """The quantity of the current and the factor into its inside unit."""
    try:
        per_mass = factor(unit, "A/kg")
    except UnitError:
        return "current", unit_factor(unit, "current", column="current", where=str(path))
    if mass is None:
        return "specific_current", per_mass
    try:
        return "current", per_mass * inside(mass, "active_mass")
    except UnitError as error:
        raise ReadError(f"{path}: mass: {error}") from error


def _signed(columns: Mapping[str, Array], positive: str, path: Path, remarks: list[Remark]) -> Array:
    """The current with the sign by which charging is positive."""
    if positive not in _CURRENTS:
        raise ReadError(f"{path}: positive_current is '{positive}'; {nearest(positive, _CURRENTS)}.")
    current, voltage = columns["current"], columns["voltage"]
    if positive == "discharge":
        return -current
    if np.any(current < 0):
        if positive == "both":
            raise ReadError(
                f"{path}: positive_current is 'both', but {np.sum(current < 0)} currents are negative; write charge or discharge."
            )
        return current
    signed, falling, unclear = current.copy(), 0, 0
    for first, last in _stretches(current, voltage):
        rise = voltage[last - 1] - voltage[first]
        if rise <= -_LEAST_CHANGE:
            falling += 1
            signed[first:last] *= -1
        elif rise < _LEAST_CHANGE:
            unclear += 1
            signed[first:last] = np.nan
    if positive == "charge":
        if falling:
            raise ReadError(
                f"{path}: no current is negative, but in {falling} stretches the voltage falls under current: the sign is not "
                "printed. Write positive_current: both beside the mapping; direction then follows the voltage."
            )
        return current
    text = f"The current is printed without its sign; in {falling} stretches the voltage falls, which are taken as discharge."
    remarks.append(Remark("sign_from_voltage", text, "", "note"))
    if unclear:
        text = f"In {unclear} stretches the voltage hardly changes, so that their current has no direction and is left empty."
        remarks.append(Remark("sign_unclear", text, "", "error"))
    return signed


def _stretches(current: Array, voltage: Array) -> list[tuple[int, int]]:
    """First row and the row behind the last of each stretch of one direction: between rests and jumps of the current, and
    parted where the voltage turns round by more than a plateau's dip."""
    change = np.abs(np.diff(current)) > _JUMP * np.maximum(current[1:], current[:-1])
    bounds = [0, *(np.flatnonzero(change) + 1).tolist(), current.size]
    found: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(bounds):
        if current[first] <= 0:
            continue
        start = first
        low = high = first
        for row in range(first, last):
            low = row if voltage[row] <= voltage[low] else low
            high = row if voltage[row] >= voltage[high] else high
            fell, rose = voltage[high] - voltage[row], voltage[row] - voltage[low]
            turned = high if fell > _TURN and high > low else low if rose > _TURN and low > high else start
            # A stretch whose first row is its extreme has not turned: it goes one way.
            if turned > start:
                found.append((start, turned + 1))
                start, low, high = turned + 1, row, row
        found.append((start, last))
    return found


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write a simulated log: h:m:s, voltage (V) and the amount of the current (mA/g) by ``metadata["active_mass"]`` (kg).

    Parameters
    ----------
    frame
        With ``test_time`` (s), ``voltage`` (V) and ``current`` (A).
    path, metadata
        Where to, and the mass.
    """
    per_mass = convert(1.0, "A/kg", "mA/g") / float(metadata["active_mass"])
    lines = []
    for time, voltage, current in frame.select("test_time", "voltage", "current").iter_rows():
        minutes, seconds = divmod(round(time), 60)
        hours, minutes = divmod(minutes, 60)
        lines.append(f"{hours:02d}:{minutes:02d}:{seconds:02d} {voltage:.3f} {abs(current) * per_mass:.3f}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


FORMAT = Format(
    name="cycler_bare",
    title="cycler log without a header: h:m:s and numbers",
    patterns=("*.txt", "*.dat"),
    sniff=sniff,
    read=read,
    write=write,
    source="the user's declaration in study.yaml; layout of the log beside the patterns of https://github.com/rybakov-ks/xrd_operando",
    reads="time, voltage, current (also per mass, and without its sign) and temperature in columns that `mapping` declares by number",
    limits="everything until it is declared; the refusal holds the declaration to write",
)
