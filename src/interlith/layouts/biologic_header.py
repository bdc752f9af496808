"""What do the settings and the log of a BioLogic file say: technique, start, channel, masses, capacity?

Both the header of a text export and the modules of a .mpr are read here. EC-Lab fills in placeholders (0.001 mg, and the
7000 mg of its example, a LiCoO2 18650 cell): these are never proposed.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from interlith.layouts.biologic_columns import TECHNIQUES
from interlith.layouts.biologic_modules import Module
from interlith.layouts.lazy_text import Remark

#: Days since this date are how the log keeps the start.
_OLE = datetime(1899, 12, 30)
#: Places in the log where the start is kept, and the days between which it can lie (2000 to 2064).
_START_PLACES, _FIRST_DAY, _LAST_DAY = (585, 465, 469, 473), 36526.0, 60000.0
_MASS_UNITS = {0: "kg", 1: "g", 2: "mg", 3: "ug"}
_CHARGE_UNITS = {0: "Ah", 1: "mAh"}
#: What EC-Lab writes where nobody typed a number; the last is the mass of its example.
_PLACEHOLDERS = (0.0, 0.001, 1.0)
_EXAMPLE_MASS, _EXAMPLE_WEIGHT = "7000 mg", 90.93
#: ``cell_3_02_GCPL_C04``: position in a chain, technique and channel at the end of a name that EC-Lab gave.
_LINKED = re.compile(r"^(?P<base>.*?)_(?P<number>\d{2,3})_(?P<technique>[A-Za-z]\w*?)_(?P<channel>C[A-Z]?\d{1,3})$")
_PAIR = re.compile(r"^\s*(?P<name>[^:\t]+?)\s*:\s?(?P<value>.*?)\s*$")
_NUMBER_UNIT = re.compile(r"^(?P<value>[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\s]+)$")


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says, as found and as proposed."""

    technique: str = ""
    start: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    proposals: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    channel: str = ""
    file: str = ""


def identity(header: Header, first: float) -> dict[str, str]:
    """Identity of the test for grouping: techniques that follow each other in one chain share the start of the acquisition.

    Parameters
    ----------
    header
        Of the file.
    first
        Device time of the first record since the start of the acquisition (s).
    """
    found: dict[str, str] = {}
    if header.channel:
        found["channel"] = header.channel
    linked = _LINKED.match(header.file.rpartition(".")[0])
    if header.start is not None:
        began = header.start.isoformat(timespec="milliseconds")
        found["test_id"] = " ".join(part for part in (linked["base"] if linked else "", began, header.channel) if part)
        own = header.start + timedelta(seconds=first if 0 <= first < 1e9 else 0.0)
        found["start"] = own.isoformat(timespec="milliseconds")
    return found


# ------------------------------------------------------------------------------------------------ the modules of a .mpr


def binary_header(content: bytes, found: Sequence[Module]) -> Header:
    """Header from the settings and log modules of a .mpr."""
    settings = next((module for module in found if module.name == "VMP Set"), None)
    log = next((module for module in found if module.name == "VMP LOG"), None)
    metadata: dict[str, Any] = {"modules": {module.name: module.version for module in found}}
    proposals: dict[str, str] = {}
    remarks: tuple[Remark, ...] = ()
    technique, start, channel, file = "", None, "", ""
    if settings is not None:
        body = content[settings.start : settings.start + settings.present]
        technique = TECHNIQUES.get(body[0], f"number {body[0]}") if body else ""
        said, proposals, remarks = _settings(body)
        metadata |= {"technique": technique, **said}
    if log is not None:
        body = content[log.start : log.start + log.present]
        start = _start(body, settings.date if settings is not None else "")
        channel = f"channel {body[9] + 1}" if len(body) > 9 else ""
        file = _pascal(body, 0x251).replace("\\", "/").rpartition("/")[2]
        serial, software = _pascal(body, 0x3CF), _pascal(body, 0x3B7)
        channel = f"{serial} {channel}".strip()
        words = {"file": file, "device serial number": serial, "software": software, "channel": channel}
        metadata |= {name: text for name, text in words.items() if text}
        if start is not None:
            metadata["acquisition started on"] = start.isoformat(timespec="milliseconds")
    return Header(technique, start, metadata, proposals, remarks, channel, file)


def _settings(body: bytes) -> tuple[dict[str, Any], dict[str, str], tuple[Remark, ...]]:
    said: dict[str, Any] = {}
    for name, place in (("comments", 0x07), ("electrode material", 0x11E), ("electrolyte", 0x1C0)):
        if text := _pascal(body, place):
            said[name] = text
    weight = _single(body, 0x10F)
    masses = {"mass of active material": _amount(_single(body, 0x107), "mg")}
    if len(body) > 0x251:
        masses["characteristic mass"] = _amount(_single(body, 0x24C), _MASS_UNITS.get(body[0x251], ""))
    capacity = _amount(_single(body, 0x25C), _CHARGE_UNITS.get(body[0x260], "")) if len(body) > 0x260 else ""
    said |= {name: text for name, text in (*masses.items(), ("battery capacity", capacity)) if text}
    proposals, remarks = proposed(masses, weight, capacity, "")
    return said, proposals, remarks


def _amount(value: float, unit: str) -> str:
    return f"{value:.6g} {unit}" if unit and 0 <= value < 1e9 else ""


def _single(body: bytes, place: int) -> float:
    return float(struct.unpack_from("<f", body, place)[0]) if len(body) >= place + 4 else float("nan")


def _pascal(body: bytes, place: int) -> str:
    """A text with its length in front, as far as it is printable."""
    if len(body) <= place or not body[place]:
        return ""
    text = body[place + 1 : place + 1 + body[place]].decode("cp1252", errors="replace")
    return text.strip() if text.replace("\r", "").replace("\n", "").replace("\t", "").isprintable() else ""


def _start(body: bytes, date: str) -> datetime | None:
    """Start of the acquisition: days since 1899-12-30, at one of several places; the date in the module headers confirms it."""
    for place in _START_PLACES:
        if len(body) < place + 8:
            continue
        days = float(struct.unpack_from("<d", body, place)[0])
        if not _FIRST_DAY < days < _LAST_DAY:
            continue
        start = _OLE + timedelta(milliseconds=round(days * 86_400_000))
        numbers = [int(text) for text in re.findall(r"\d+", date)]
        if place == _START_PLACES[0] or sorted(numbers) == sorted((start.month, start.day, start.year % 100)):
            return start
    return None


# --------------------------------------------------------------------------------------------- the header of a text export


def text_header(lines: Sequence[str]) -> Header:
    """Header from the lines of a text export in front of its table; what a later ``Modify on`` says goes before."""
    pairs: dict[str, str] = {}
    for line in lines:
        found = _PAIR.match(line)
        if found is None or not found["value"]:
            continue
        name = found["name"].strip()
        pairs[name] = f"{pairs[name]}\n{found['value']}" if name == "Comments" and name in pairs else found["value"]
    technique = lines[3].strip() if len(lines) > 3 and ":" not in lines[3] and "\t" not in lines[3] else ""
    masses = {
        "mass of active material": pairs.get("Mass of active material", ""),
        "characteristic mass": pairs.get("Characteristic mass", ""),
    }
    weight = _value(pairs.get("Molecular weight of active material (at x = 0)", ""))
    proposals, remarks = proposed(
        masses, weight, pairs.get("Battery capacity", ""), pairs.get("Electrode surface area", "")
    )
    channel = pairs.get("Run on channel", "").partition("(")[0].strip()
    device = re.search(r"\(SN ([^)]*)\)", pairs.get("Device", ""))
    return Header(
        technique=technique,
        start=date_of(pairs.get("Acquisition started on", "")),
        metadata=({"technique": technique} if technique else {}) | pairs,
        proposals=proposals,
        remarks=remarks,
        channel=f"{device[1] if device else ''} channel {channel}".strip() if channel else "",
        file=pairs.get("File", ""),
    )


def date_of(text: str, order: str = "month") -> datetime | None:
    """A date as EC-Lab prints it: the month first unless `order` says ``day`` or ``year``; signs hang on the computer."""
    found = re.match(r"^\s*(\d+)[/.\-](\d+)[/.\-](\d+)\s+(\d+):(\d+)(?::(\d+)(?:[.,](\d{1,9}))?)?\s*$", text)
    if found is None:
        return None
    first, second, third, hour, minute, seconds = (int(part or 0) for part in found.groups()[:6])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    elif order == "day":
        year, month, day = third, second, first
    else:
        year, month, day = third, first, second
    part = int((found[7] or "0").ljust(6, "0")[:6])
    try:
        return datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, seconds, part)
    except ValueError:
        return date_of(text, "day") if order == "month" and len(found[1]) != 4 else None


def _value(text: str) -> float:
    found = _NUMBER_UNIT.match(text.strip())
    return float(found["value"].replace(",", ".")) if found else float("nan")


def proposed(
    masses: Mapping[str, str], weight: float, capacity: str, area: str
) -> tuple[dict[str, str], tuple[Remark, ...]]:
    """Proposals from what was typed in, without placeholders; two masses that differ are told and not proposed."""
    typed: dict[str, str] = {}
    for name, text in masses.items():
        if (amount := _typed(text)) and not (abs(weight - _EXAMPLE_WEIGHT) < 0.01 and amount == _EXAMPLE_MASS):
            typed[name] = amount
    proposals: dict[str, str] = {}
    remarks: list[Remark] = []
    if len(set(typed.values())) == 1:
        proposals["active_mass"] = next(iter(typed.values()))
    elif typed:
        words = " and ".join(f"{name} {text}" for name, text in typed.items())
        remarks.append(
            Remark("masses_differ", f"The header gives two masses: {words}; neither is proposed.", "", "note")
        )
    elif any(masses.values()):
        words = ", ".join(f"{name} {text}" for name, text in masses.items() if text)
        remarks.append(
            Remark("placeholder_mass", f"The mass in the header is a placeholder ({words}); declare it.", "", "note")
        )
    if amount := _typed(capacity.replace(".h", "h")):
        proposals["nominal_capacity"] = amount
    if amount := _typed(area.replace("²", "^2").replace("\ufffd", "^2")):
        proposals["area"] = amount
    return proposals, tuple(remarks)


def _typed(text: str) -> str:
    """A number with unit that somebody typed in; empty for a placeholder."""
    found = _NUMBER_UNIT.match(text.strip().replace("µ", "u"))
    if found is None:
        return ""
    value = float(found["value"].replace(",", "."))
    if value < 0 or any(abs(value - number) <= 1e-6 * max(number, 1e-3) for number in _PLACEHOLDERS):
        return ""
    return f"{value:.6g} {found['unit']}"
