"""How is a BioLogic .mpr laid out: its modules, the columns of its records, and where the records begin?

A file is a chain of modules, each with a header that gives its length (two kinds; EC-Lab 11.50 brought the longer one).
The data module begins with the count of points and the numbers of its columns. That the records fill the module exactly
to its end proves count, widths and start together; a file where they do not is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.biologic_columns import BT_LAB, COLUMNS, EC_LAB, FLAGS, ONE_BYTE, Entry

MAGIC = b"BIO-LOGIC MODULAR FILE"
#: First byte of the first module.
FIRST = 52
EXPORT = "In EC-Lab or BT-Lab use Experiment > Export as Text and read that file."
_MODULE = b"MODULE"
_SHORT, _LONG = 57, 65
_NAMES = ("VMP Set", "VMP data", "VMP LOG", "VMP loop", "VMP ExtDev")
#: More modules than any file has; a chain that goes on longer runs over something else.
_MOST_MODULES = 100
#: Version of the data module (the newer one where there are two) -> how its columns are listed, where its records begin.
_VERSIONS: dict[int, tuple[str, int]] = {
    0: ("bytes", 100),
    2: ("words", 405),
    3: ("words", 406),
    10: ("many words", 1007),
    11: ("many words", 1007),
}


@dataclass(frozen=True, slots=True)
class Module:
    """One module: name, version, first byte of its content, length as declared and as present in the file."""

    name: str
    version: int
    start: int
    length: int
    present: int
    date: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """How the records of a file are stored: type of one, byte of the first, how many are declared and whole."""

    dtype: np.dtype[np.void]
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    masks: Mapping[str, int]
    start: int
    declared: int
    whole: int


def modules(content: bytes, size: int, *, where: str) -> tuple[list[Module], str]:
    """Modules of a file, from its bytes; the text says how the chain breaks off, and is empty where it does not.

    Parameters
    ----------
    content
        The file, or its beginning: modules that begin behind it are not listed.
    size
        Size of the file.
    where
        Name of the file for messages.

    Raises
    ------
    ReadError
        If the file is no .mpr or its first module is damaged.
    """
    if content[: len(MAGIC)] != MAGIC:
        raise ReadError(f"{where}: byte 0 does not say 'BIO-LOGIC MODULAR FILE', so this is no .mpr.")
    found: list[Module] = []
    place = FIRST
    while place < size and len(found) < _MOST_MODULES:
        head = content[place : place + _LONG]
        if len(head) < _SHORT and place + len(head) >= min(size, len(content)):
            return found, f"the file ends at byte {size} inside the header of a module" if len(content) == size else ""
        if not head.startswith(_MODULE):
            return found, f"byte {place} should begin a module and does not"
        module = _module(head, place, size, where)
        found.append(module)
        if module.present < module.length:
            return (
                found,
                f"the module '{module.name}' ends at byte {size}, {module.length - module.present} bytes early",
            )
        place = module.start + module.length
    return found, "" if place >= size else f"more than {_MOST_MODULES} modules"


def _module(head: bytes, place: int, size: int, where: str) -> Module:
    name = head[6:16].decode("latin-1").strip("\x00 ")
    if name not in _NAMES:
        raise ReadError(f"{where}: byte {place} begins a module '{name}', which is not known; {EXPORT}")
    (first,) = struct.unpack_from("<I", head, 41)
    if first == 0xFFFFFFFF and len(head) == _LONG:
        length, old, new = struct.unpack_from("<III", head, 45)
        start, version, date = place + _LONG, int(new or old), head[57:65]
    else:
        length, version, date, start = first, struct.unpack_from("<I", head, 45)[0], head[49:57], place + _SHORT
    present = max(0, min(int(length), size - start))
    return Module(name, int(version), start, int(length), present, date.decode("latin-1").strip("\x00 "))


def column_numbers(content: bytes, module: Module, *, where: str) -> tuple[int, tuple[int, ...], int]:
    """Count of points, column numbers, and the length of this header, as the data module lists them.

    Raises
    ------
    ReadError
        If the version of the module is unknown or the list does not fit.
    """
    if module.version not in _VERSIONS:
        raise ReadError(
            f"{where}: byte {module.start}: the data module has version {module.version}; versions "
            f"{', '.join(map(str, _VERSIONS))} are known. {EXPORT}"
        )
    listing, most = _VERSIONS[module.version]
    head = content[module.start : module.start + most]
    if len(head) < most:
        raise ReadError(
            f"{where}: the file ends at byte {module.start + len(head)} before its first record; copy it again. {EXPORT}"
        )
    points = struct.unpack_from("<I", head)[0]
    if listing == "many words":
        count, begin, size, form = struct.unpack_from("<H", head, 4)[0], 6, 2, "H"
    else:
        count, begin, size, form = head[4], 5, (1 if listing == "bytes" else 2), ("B" if listing == "bytes" else "H")
    end = begin + size * count
    if count == 0 or end > most or end > len(head):
        raise ReadError(
            f"{where}: byte {module.start + 4} announces {count} columns, which is {'none' if not count else 'too many'}; "
            "the file is damaged, copy it again."
        )
    return int(points), tuple(int(number) for number in struct.unpack_from(f"<{count}{form}", head, begin)), end


def records(content: bytes, module: Module, *, where: str) -> Records:
    """Where and how the records of a data module are stored, proved by their filling it to its end.

    Raises
    ------
    ReadError
        If a column is unknown or named twice, or the records do not fill the module.
    """
    points, numbers, end = column_numbers(content, module, where=where)
    listing, start = _VERSIONS[module.version]
    _refuse_twice(numbers, module, where)
    tables = [ONE_BYTE] if listing == "bytes" else [COLUMNS | BT_LAB, COLUMNS | EC_LAB]
    _refuse_unknown(numbers, tables[0] | tables[-1], module, where)
    layouts = [_layout(numbers, table) for table in tables]
    fitting = [one for one in layouts if start + points * one[0].itemsize == module.length]
    if not fitting:
        widths = " or ".join(str(width) for width in dict.fromkeys(dtype.itemsize for dtype, _, _ in layouts))
        raise ReadError(
            f"{where}: byte {module.start}: {points} records of {widths} bytes behind a header of {start} do not fill the data "
            f"module, which has {module.length} bytes: the count or the width of a column is wrong. The file is damaged or "
            f"was copied while it was being written; copy it again. {EXPORT}"
        )
    dtype, names, masks = fitting[0]
    between = content[module.start + end : module.start + start]
    if any(between[:-1]):
        raise ReadError(
            f"{where}: byte {module.start + end}: what stands between the list of columns and the records is not empty, so the "
            f"list may go on in a way that is not known. {EXPORT}"
        )
    whole = min(points, max(0, module.present - start) // dtype.itemsize)
    return Records(dtype, names, numbers, masks, module.start + start, points, whole)


def loop_starts(content: bytes, found: Sequence[Module]) -> tuple[int, ...]:
    """Records (from 0) at which a loop begins, as the loop module lists them; the first loop begins at no turn."""
    module = next((one for one in found if one.name == "VMP loop"), None)
    if module is None or module.present < 4:
        return ()
    listed = np.frombuffer(content[module.start : module.start + module.present // 4 * 4], dtype="<u4")
    return tuple(int(place) for place in listed[1 : 1 + int(listed[0])] if place)


def refuse_shifted(content: bytes, module: Module, *, where: str) -> None:
    """Refuse a data module whose records are shifted: the module behind it begins too early or too late.

    Raises
    ------
    ReadError
        If bytes are missing or too many between the start of the records and the next module.
    """
    end = module.start + module.length
    if content[end : end + len(_MODULE)] == _MODULE:
        return
    place = content.find(_MODULE + b"VMP ", module.start)
    if place not in (-1, end):
        raise ReadError(
            f"{where}: the next module begins at byte {place} instead of {end}: {abs(place - end)} bytes are "
            f"{'missing' if place < end else 'too many'} among the records, so that all behind them are out of place; copy the "
            f"file again. {EXPORT}"
        )


def _layout(
    numbers: Sequence[int], table: Mapping[int, Entry]
) -> tuple[np.dtype[np.void], tuple[str, ...], dict[str, int]]:
    """Type of a record, its column names in order (of equal names the first keeps it), and the masks of its flags."""
    fields: list[tuple[str, str]] = []
    names: list[str] = []
    masks: dict[str, int] = {}
    for number in numbers:
        if number in FLAGS:
            if not masks:
                fields.append(("flags", "|u1"))
            masks[FLAGS[number][0]] = FLAGS[number][1]
            continue
        name, kind = table[number]
        fields.append((name if name not in names else f"{name} ({number})", kind))
        names.append(fields[-1][0])
    return np.dtype(fields), tuple(names), masks


def _refuse_twice(numbers: Sequence[int], module: Module, where: str) -> None:
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise ReadError(
            f"{where}: byte {module.start + 4}: the columns {', '.join(map(str, twice))} are listed twice, so the list is "
            f"damaged or not understood; copy the file again. {EXPORT}"
        )


def _refuse_unknown(numbers: Sequence[int], table: Mapping[int, Entry], module: Module, where: str) -> None:
    unknown = [number for number in numbers if number not in FLAGS and number not in table]
    if unknown:
        raise ReadError(
            f"{where}: byte {module.start + 4}: the width of the column{'s' if len(unknown) > 1 else ''} number "
            f"{', '.join(map(str, unknown))} is not known, so nothing in the records could be trusted. {EXPORT}"
        )


def open_records(path: Path, stored: Records) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The whole records of a file."""
    if stored.whole == 0:
        return np.empty(0, dtype=stored.dtype)
    return np.fromfile(path, dtype=stored.dtype, count=stored.whole, offset=stored.start)
