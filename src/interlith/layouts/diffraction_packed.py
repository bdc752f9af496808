"""Which patterns lie packed in one archive (.tar.gz, .tgz, .tar, .zip), and in which order?"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from interlith.errors import ReadError
from interlith.layouts import archive_members, archives, diffraction_lines, diffraction_text, gsas_powder
from interlith.layouts.bruker_binary import loaded
from interlith.layouts.gsas_bank import is_bank
from interlith.layouts.lazy_text import Remark
from interlith.layouts.powder_scans import Scan

#: Endings of members that are patterns.
ENDINGS = (".xye", ".xy", ".xyd", ".chi", ".fxye", ".gsa", ".gda", ".prn", ".dat", ".txt")
#: Endings by which alone an archive is recognised from outside.
_SURE = (".xye", ".xy", ".xyd", ".chi", ".fxye", ".gsa", ".gda")
#: Largest pattern (bytes) in an archive, and the share of members that may be damaged.
_LARGEST = 100_000_000
_DAMAGED = 0.5


@dataclass(frozen=True, slots=True)
class Packed:
    """Patterns in the order of the numbers in their names, the place of each among all members, their axis, and what was noticed."""

    scans: tuple[Scan, ...]
    places: tuple[int, ...]
    axis: str
    instruments: tuple[Mapping[str, Any], ...]
    remarks: tuple[Remark, ...]


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first pattern in a tar archive, or the names in a zip archive. Never raises."""
    if head[:4] == b"PK\x03\x04":
        names = [
            name for name in archives.names_in(head, path) if not name.endswith("/") and _wanted(name, everything=True)
        ]
        return 0.6 if names and all(PurePosixPath(name).suffix.casefold() in _SURE for name in names) else 0.0
    inner = archives.gunzip_head(head) if head[:2] == archives.GZIP else head
    if inner[257:262] != b"ustar":
        return 0.0
    try:
        with tarfile.open(fileobj=io.BytesIO(inner), mode="r:") as archive:
            for item in archive:
                if item.isfile() and _wanted(item.name):
                    content = inner[item.offset_data : item.offset_data + min(item.size, 65_536)]
                    return _claims(content, Path(item.name))
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError):
        return 0.0
    return 0.0


def _claims(content: bytes, name: Path) -> float:
    lines = diffraction_lines.head_lines(content)
    if any(map(is_bank, lines)):
        return 0.8
    score = diffraction_text.sniff(content, name)
    return 0.8 if score >= 0.4 else score


def _wanted(name: str, *, everything: bool = False) -> bool:
    base = PurePosixPath(name).name
    hidden = base.startswith((".", "__MACOSX")) or "__MACOSX" in name
    return not hidden and (everything or PurePosixPath(base).suffix.casefold() in ENDINGS)


def packed(path: Path, options: Mapping[str, Any]) -> Packed:
    """All patterns of an archive; a damaged one is left out and told.

    Raises
    ------
    ReadError
        If the archive is damaged, holds no pattern, most are damaged, or they have different positions.
    """
    members = _members(path)
    order = sorted(members, key=_number)
    scans: list[Scan] = []
    places: list[int] = []
    axes: dict[str, str] = {}
    instruments: list[Mapping[str, Any]] = []
    remarks: list[Remark] = []
    lost: list[str] = []
    for place, name in enumerate(order):
        try:
            found, axis, instrument, told = _patterns(name, members[name], f"{path}: {name}", options)
        except ReadError as error:
            lost.append(name)
            remarks.append(Remark("member_left_out", f"{str(error).removeprefix(f'{path}: ')}", name))
            if len(lost) > _DAMAGED * len(order):
                raise ReadError(f"{error} {len(lost)} of {len(order)} members cannot be read.") from error
            continue
        axes.setdefault(axis, name)
        instruments.append(instrument)
        remarks += [Remark(item.code, item.message, "", item.severity) for item in told]
        scans += [
            Scan(one.position, one.intensity, one.std, one.start, one.state, {"member": name, **one.about})
            for one in found
        ]
        places += [place] * len(found)
    if len(axes) > 1:
        shown = " and ".join(f"{axis} ({name})" for axis, name in axes.items())
        raise ReadError(f"{path}: the members have different positions: {shown}; pack them apart.")
    single = len(scans) == len(set(places))
    return Packed(
        tuple(scans),
        tuple(places if single else range(len(scans))),
        next(iter(axes)),
        tuple(instruments),
        tuple(remarks),
    )


def _patterns(
    name: str, content: bytes, where: str, options: Mapping[str, Any]
) -> tuple[tuple[Scan, ...], str, Mapping[str, Any], tuple[Remark, ...]]:
    lines = diffraction_lines.lines_of(content, where)
    if any(map(is_bank, lines[:1000])):
        mapping = options.get("mapping") or {}
        declared = next((one for one in ("two_theta", "time_of_flight") if one in mapping), "")
        banks = gsas_powder.banks(lines, where, declared=declared)
        return banks.scans, banks.axis, banks.instrument, banks.remarks
    found = diffraction_text.patterns(lines, where, options, name=name)
    return found.scans, found.axis, found.instrument, found.remarks


def _number(name: str) -> tuple[Any, ...]:
    """Names in the order of the numbers in them: 2.xye before 10.xye."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.split(r"(\d{1,18})", name.casefold())
        if part
    )


def _members(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise ReadError(f"{path}: cannot be opened (no such file).")
    with path.open("rb") as handle:
        start = handle.read(4)
    found = _zipped(path) if start == b"PK\x03\x04" else _tarred(path, start[:2] == archives.GZIP)
    if not found:
        raise ReadError(f"{path}: the archive holds no pattern; allowed endings: {', '.join(ENDINGS)}.")
    return found


def _zipped(path: Path) -> dict[str, bytes]:
    wanted = [item for item in archives.members(path) if not item.is_dir() and _wanted(item.filename)]
    return {item.filename: archive_members.content(path, item, largest=_LARGEST) for item in wanted}


def _gunzipped(path: Path) -> bytes:
    try:
        return archives.gunzip(path)
    except ReadError:
        raise
    except Exception as error:  # another decompressor may stand in the place of zlib's, with errors of its own
        raise ReadError(f"{path}: the packed text is damaged or cut short ({error}); copy it again.") from error


def _tarred(path: Path, zipped: bool) -> dict[str, bytes]:
    content = _gunzipped(path) if zipped else loaded(path).data
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for number, item in enumerate(archive):
                if number >= archives.MEMBERS:
                    raise ReadError(
                        f"{path}: the archive has more than {archives.MEMBERS} members; pack fewer together."
                    )
                # Links and devices name something outside the archive, and nothing is ever unpacked to a disk.
                if not item.isfile() or not _wanted(item.name):
                    continue
                if item.size > _LARGEST or item.offset_data + item.size > len(content):
                    raise ReadError(
                        f"{path}: '{item.name}' claims {item.size} bytes, more than there are; the archive is damaged."
                    )
                found[item.name] = content[item.offset_data : item.offset_data + item.size]
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, IndexError) as error:
        raise ReadError(f"{path}: this is no tar archive that can be read ({error}); copy it again.") from error
    return found
