"""Which banks does a GSAS powder file hold, with what its header says of scan and instrument?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts import diffraction_header as header
from interlith.layouts.diffraction_text import steps
from interlith.layouts.gsas_bank import Bank, TimeMap, bank_of, is_bank, is_time, positions, time_map
from interlith.layouts.gsas_records import records
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import Scan

#: Words of Mantid above a bank: total flight path (m), angle of the bank (deg) and diffractometer constant (us/angstrom).
_FLIGHT = re.compile(r"Total flight path\s+([\d.]+)\s*m,?\s*tth\s+([\d.]+)\s*deg,?\s*DIFC\s+([\d.]+)", re.IGNORECASE)
#: First letters of records and remarks.
_MARKS = frozenset("TB#")


@dataclass(frozen=True, slots=True)
class Banks:
    """Scans of all banks, the quantity of their positions, what the file says of the instrument, its words and what was noticed."""

    scans: tuple[Scan, ...]
    axis: str
    instrument: Mapping[str, Any]
    words: Mapping[str, Any]
    remarks: tuple[Remark, ...] = field(default=())


def banks(lines: Sequence[str], where: str, *, declared: str = "") -> Banks:
    """All banks of a file.

    Parameters
    ----------
    lines, where
        The text, and its place for messages.
    declared
        ``two_theta`` or ``time_of_flight`` where the user says which the positions are.

    Raises
    ------
    ReadError
        If there is no bank, a record is damaged, or positions could be angles or times.
    """
    maps, found, first = _sections(lines, where)
    if not found:
        raise ReadError(f"{where}: no line begins with BANK, so there is no bank; it is no GSAS powder file.")
    remarks: list[Remark] = []
    scans: list[Scan] = []
    axes: list[str] = []
    above = list(lines[:first])
    # A temperature above all banks is that of each, unless they name their own.
    states = [header.state_of(header.words_of(own)) for _, _, own in found]
    for bank, body, own in found:
        scan, axis = _scan(bank, body, (above, own), maps, where, declared, len(lines), remarks)
        scans.append(replace(scan, state=states[len(scans)]) if any(states[1:]) else scan)
        axes.append(axis)
    if len(set(axes)) > 1:
        raise ReadError(
            f"{where}: some banks are angles and some times of flight; split the file, or declare which they are."
        )
    words = header.words_of(above)
    instrument = header.instrument_of(words)
    if axes[0] == "time_of_flight":
        instrument.pop("wavelengths", None)
        instrument["radiation"] = "neutron"
    elif re.search(r"\b11-?bm", " ".join(above), re.IGNORECASE):
        instrument.setdefault("radiation", "x-ray")  # the beamline is one of X-rays
    about: dict[str, Any] = {"title": lines[0].strip() if lines else "", "header": dict(words)}
    about["preamble"] = [line.rstrip() for line in above if line.strip()][:100]
    named = next((line for line in above[:3] if line[:4].casefold() == "inst" and ":" in line), "")
    if named:
        about["instrument_file"] = named.partition(":")[2].strip(" []")
    if len(scans) > 1:
        text = f"The file holds {len(scans)} banks ({', '.join(str(bank.number) for bank, _, _ in found[:12])}); each is a frame of its own."
        remarks.append(Remark("several_banks", text, "", "note"))
    return Banks(tuple(scans), axes[0], instrument | steps(scans, axes[0]), about, tuple(remarks))


def _sections(
    lines: Sequence[str], where: str
) -> tuple[dict[int, TimeMap], list[tuple[Bank, list[str], list[str]]], int]:
    """Time maps; banks, each with its lines (remarks left empty) and the remarks that belong to it; and the line of the first."""
    maps: dict[int, TimeMap] = {}
    found: list[tuple[Bank, list[str], list[str]]] = []
    first, at, pending = len(lines), 0, list[str]()
    # Lines of points, nearly all of them, are taken in runs between those that may be records or remarks.
    for mark in [number for number, line in enumerate(lines) if line[:1] in _MARKS] + [len(lines)]:
        if mark < at:
            continue
        (found[-1][1] if found else pending).extend(lines[at:mark])
        at, line = mark + 1, lines[mark] if mark < len(lines) else ""
        if line.startswith("TIME_MAP"):
            first = min(first, mark)
            number, made, at = time_map(lines, mark, where)
            maps[number] = made
            if found:
                found[-1][1].extend([""] * (at - mark))
        elif is_bank(line) or (line.startswith("BANK") and mark > 0):
            first = min(first, mark)
            found.append((bank_of(line, mark + 1, where), [], pending))
            pending = []
        elif mark < len(lines):
            remark = line.startswith("#")
            if remark or not found:
                pending.append(line)
            if found:
                found[-1][1].append("" if remark else line)
    return maps, found, first


def _scan(
    bank: Bank, body: Sequence[str], above: tuple[list[str], list[str]], maps: Mapping[int, TimeMap], where: str, declared: str, count: int, remarks: list[Remark]
) -> tuple[Scan, str]:  # fmt: skip
    place = f"{where}: bank {bank.number}"
    last = bank.line + len(body) == count
    read = records(bank, body, bank.line + 1, where, ended=not (last and body and body[-1].strip()))
    size = read.intensity.size
    if read.cut:
        text = f"The last row ('{read.cut[:40].strip()}') is cut short and was left out: the file was copied or written incompletely."
        remarks.append(Remark("truncated", text, place))
    if size != bank.points:
        text = f"{bank.points} points are announced, but {size} follow; those that follow were read."
        remarks.append(Remark("points_not_as_announced", text, place, "note" if size > bank.points else "warning"))
    if size == 0:
        raise ReadError(f"{place}: line {bank.line}: no point follows the BANK record; the file is cut short.")
    position = positions(bank, size, maps, where) if read.position is None else read.position
    _refuse_steps_back(position, place)
    as_time = is_time(bank, position, "\n".join((*above[0], *above[1])), declared, where)
    # Banks of one run share the header of the first, but for what stands above each.
    words, shared = header.words_of(above[1]), header.words_of(above[0])
    about: dict[str, Any] = {"bank": bank.number, "binning": bank.binning, "type": bank.type}
    if flight := _FLIGHT.search("\n".join(above[1])):
        about |= {"flight_path": float(flight[1]), "bank_angle": float(flight[2]), "difc": float(flight[3])}
    std = read.std
    if std is None:
        result = counted(read.intensity, unit="", where=place)
        remarks += [Remark(item.code, item.message, item.where, item.severity) for item in result.remarks]
        about["intensity_unit"] = result.unit
    if bank.type == "STD" and std is not None:
        text = "Intensities are means over several detectors; their uncertainty is that of all counts of these."
        remarks.append(Remark("mean_of_detectors", text, place, "note"))
    made = position if as_time else position / 100.0
    start, state = header.start_of(words) or header.start_of(shared), header.state_of(words) or header.state_of(shared)
    return Scan(made, read.intensity, std, start, state, about), "time_of_flight" if as_time else "two_theta"


def _refuse_steps_back(position: np.ndarray[Any, np.dtype[np.float64]], place: str) -> None:
    steps = np.diff(position)
    if np.any(steps > 0) and np.any(steps < 0):
        way = np.sign(np.median(steps)) or 1.0  # as many up as down: the first one down is told
        spot = int(np.flatnonzero(steps * way < 0)[0]) + 1
        raise ReadError(
            f"{place}: the position of point {spot + 1} goes back from {position[spot - 1]:g} to {position[spot]:g}; the file is damaged."
        )
