"""What does a BioLogic .mpr hold: cycling, spectra, or both?

The own reader of the modular files of EC-Lab and BT-Lab: records are mapped into memory and only needed columns are taken
out, each in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.layouts import (
    biologic_charge,
    biologic_columns,
    biologic_header,
    biologic_modules,
    biologic_spectra,
    biologic_table,
)
from interlith.layouts.biologic_header import Header
from interlith.layouts.biologic_modules import Module, Records
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, State, Table, Within

#: Larger numbers (s, V, A, Ah, Ohm) are bytes out of place.
_LARGEST = {
    "time": 1e10,
    **dict.fromkeys(("ewe", "ewe_mean", "ecell", "ece", "ewe_ece"), 1e4),
    **dict.fromkeys(("current", "current_mean"), 1e6),
    **dict.fromkeys(("dq", "charge", "charge_coarse", "half_charge", "charge_up", "charge_down"), 1e9),
    **dict.fromkeys(("energy", "energy_up", "energy_down"), 1e10),
}


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words ``BIO-LOGIC MODULAR FILE`` at byte 0."""
    del path
    return 0.98 if head.startswith(biologic_modules.MAGIC) else 0.0


def technique_of(head: bytes, path: Path) -> str:
    """``impedance`` for a file of spectra and ``voltammetry`` for scans, by technique and columns, else ``cycling``; never raises."""
    try:
        found, _ = biologic_modules.modules(head, max(len(head), _size(path)), where=str(path))
        data = next((module for module in found if module.name == "VMP data"), None)
        numbers = biologic_modules.column_numbers(head, data, where=str(path))[1] if data is not None else ()
        settings = next((module for module in found if module.name == "VMP Set"), None)
    except ReadError:
        return "cycling"
    number = head[settings.start] if settings is not None and settings.start < len(head) else -1
    technique = biologic_columns.TECHNIQUES.get(number, "")
    if _spectra_only(technique, numbers):
        return "impedance"
    return "voltammetry" if technique in biologic_columns.VOLTAMMETRY else "cycling"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _spectra_only(technique: str, numbers: tuple[int, ...]) -> bool:
    if 32 not in numbers:
        return False
    return technique in biologic_columns.IMPEDANCE or not any(number in biologic_columns.FLAGS for number in numbers)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a .mpr.

    Raises
    ------
    ReadError
        If it is no .mpr, is damaged, or holds a column or version that is not known: file and byte are named.
    """
    header, stored, loops, remarks = _look(path)
    frame = _keyed(biologic_modules.open_records(path, stored), stored, where=str(path))
    if loops:
        frame = frame.with_columns(pl.Series("loop", np.isin(np.arange(frame.height), loops)))
    reading = _spectra if _spectra_only(header.technique, stored.numbers) else _cycling
    return reading(frame, header, remarks, options, str(path), {"columns": _printed(stored)})


def _look(path: Path) -> tuple[Header, Records, tuple[int, ...], list[Remark]]:
    """Header, layout of the records, where loops begin, and what is wrong with the chain of modules."""
    where = str(path)
    try:
        with path.open("rb") as handle:
            # Not mapped into memory: the process would die where the file shrinks while it is read.
            content = handle.read()
    except OSError as error:
        raise ReadError(f"{where}: cannot be opened ({error.strerror or error}).") from error
    size = len(content)
    if size < biologic_modules.FIRST:
        raise ReadError(f"{where}: {size} bytes are too few for a .mpr; copy the file again.")
    found, broken = biologic_modules.modules(content, size, where=where)
    data = next((module for module in found if module.name == "VMP data"), None)
    if data is None:
        raise ReadError(
            f"{where}: there is no data module in its {size} bytes{f' ({broken})' if broken else ''}; copy it again. "
            f"{biologic_modules.EXPORT}"
        )
    stored = biologic_modules.records(content, data, where=where)
    biologic_modules.refuse_shifted(content, data, where=where)
    header = biologic_header.binary_header(content, found)
    loops = biologic_modules.loop_starts(content, found)
    if stored.whole == 0:
        raise ReadError(
            f"{where}: byte {data.start}: {stored.declared} records are announced and none is there; copy the file again."
        )
    return header, stored, loops, [*header.remarks, *_chain(found, data, stored, broken)]


def _chain(found: list[Module], data: Module, stored: Records, broken: str) -> list[Remark]:
    remarks = []
    if stored.whole < stored.declared:
        remarks.append(
            Remark(
                "truncated",
                f"The file ends inside its records: {stored.declared} are announced, {stored.whole} whole ones were read. It was "
                "probably copied while it was being written.",
                f"byte {stored.start + stored.whole * stored.dtype.itemsize}",
            )
        )
    elif broken:
        remarks.append(
            Remark(
                "truncated",
                f"The {stored.declared} records are whole, but behind them {broken}; later modules are missing.",
            )
        )
    if sum(module.name == "VMP data" for module in found) > 1:
        remarks.append(
            Remark(
                "second_data_module", "The file holds a second data module, which was not read.", f"byte {data.start}"
            )
        )
    return remarks


def _printed(stored: Records) -> tuple[str, ...]:
    return (*stored.masks, *stored.names)


def _keyed(rows: np.ndarray[tuple[int], np.dtype[np.void]], stored: Records, *, where: str) -> pl.DataFrame:
    """Needed columns of all records under keys, in inside units."""
    found: dict[str, pl.Series] = {}
    for name in stored.names:
        if name == "flags":
            continue
        said = biologic_columns.meaning(name, where=where)
        if said is None or said.key in found:
            continue
        if said.key in biologic_columns.COUNTS:
            found[said.key] = pl.Series(said.key, _whole(rows[name], name, where))
        else:
            # Damaged bytes may be no number, which is judged once all columns are taken out.
            with np.errstate(invalid="ignore", over="ignore"):
                values = rows[name].astype(np.float64)
                found[said.key] = pl.Series(said.key, values if said.factor == 1.0 else values * said.factor)
    if stored.masks:
        flags = np.ascontiguousarray(rows["flags"])
        for name in ("mode", "error"):
            if mask := stored.masks.get(name):
                found[name] = pl.Series(name, (flags & mask) // (mask & -mask))
    frame = pl.DataFrame(found)
    _refuse_absurd(frame, stored, where)
    return frame


def _refuse_absurd(frame: pl.DataFrame, stored: Records, where: str) -> None:
    """Bytes that were lost or exchanged inside the records show in numbers that no tester gives."""
    for name, largest in _LARGEST.items():
        if name not in frame.columns:
            continue
        absurd = (frame[name].abs() > largest) & frame[name].is_not_nan()
        if name == "time":
            absurd = absurd | ~frame[name].is_finite()
        if absurd.any():
            row = int(str(absurd.arg_max()))
            raise ReadError(
                f"{where}: byte {stored.start + row * stored.dtype.itemsize}: record {row + 1} has a {name.replace('_', ' ')} of "
                f"{frame[name][row]:.6g}, which no tester gives: its bytes are damaged. Copy the file again. "
                f"{biologic_modules.EXPORT}"
            )


def _whole(values: np.ndarray[Any, Any], name: str, where: str) -> np.ndarray[Any, Any]:
    """Counts as whole numbers, also where they are stored as floating ones."""
    if values.dtype.kind != "f":
        return values.astype(np.int64)
    if not np.isfinite(values).all() or np.abs(values).max(initial=0.0) > 2**53 or (values != np.floor(values)).any():
        bad = int(np.flatnonzero(~np.isfinite(values) | (values != np.floor(values)) | (np.abs(values) > 2**53))[0])
        raise ReadError(
            f"{where}: record {bad + 1}, column '{name}' holds {values[bad]}, which is no count; the file is damaged. "
            f"{biologic_modules.EXPORT}"
        )
    return values.astype(np.int64)


def _spectra(
    frame: pl.DataFrame,
    header: Header,
    remarks: list[Remark],
    options: Mapping[str, Any],
    where: str,
    extra: Mapping[str, Any],
) -> Reading:
    del options
    payload, more = biologic_spectra.spectra_only(frame, where=where)
    return _reading(payload, (), header, [*remarks, *more], _first(frame), extra)


def _cycling(
    frame: pl.DataFrame,
    header: Header,
    remarks: list[Remark],
    options: Mapping[str, Any],
    where: str,
    extra: Mapping[str, Any],
) -> Reading:
    chosen = biologic_table.choose(frame.columns, frame, options, rests=header.technique == "OCV", where=where)
    remarks = [*remarks, *chosen.remarks, *biologic_charge.disagreement(frame)]
    wanted = [expression.alias(name) for name, expression in chosen.columns.items()]
    payload = frame.lazy().select(wanted).collect()
    spectra: tuple[biologic_spectra.Spectrum, ...] = ()
    if "frequency" in frame.columns and any(needed <= set(frame.columns) for needed in biologic_spectra.NEEDED):
        spectra = biologic_spectra.split(frame, where=where)
        payload = payload.filter(~(frame["frequency"].fill_null(0.0) > 0))
    if payload.is_empty():
        raise ReadError(
            f"{where}: all its rows belong to spectra, although its technique is {header.technique or 'unknown'}."
        )
    return _reading(payload.lazy(), spectra, header, remarks, _first(frame), extra)


def _first(frame: pl.DataFrame) -> float:
    return float(frame["time"][0]) if "time" in frame.columns else 0.0


def _reading(
    payload: pl.LazyFrame,
    spectra: tuple[biologic_spectra.Spectrum, ...],
    header: Header,
    remarks: list[Remark],
    first: float,
    extra: Mapping[str, Any],
) -> Reading:
    return Reading(
        payload=Table(payload, tuple(payload.collect_schema().names())),
        metadata={**header.metadata, **extra},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=dict(header.proposals),
        test=biologic_header.identity(header, first),
        within=tuple(_within(one) for one in spectra),
    )


def _within(one: biologic_spectra.Spectrum) -> Within:
    state = {"voltage": State("voltage", *one.voltage, "V")} if one.voltage is not None else {}
    table = Table(one.frame, tuple(one.frame.collect_schema().names()))
    return Within("impedance", table, state, f"rows {one.rows[0]}-{one.rows[1]}")


FORMAT = Format(
    name="biologic_mpr",
    title="BioLogic .mpr",
    patterns=("*.mpr",),
    sniff=sniff,
    read=read,
    technique_of=technique_of,
    source="files in public data sets beside their text exports; column numbers and widths as public readers (galvani, yadg) and "
    "exports name them",
    version="2",
    versions_seen=(
        "data module 0",
        "data module 2",
        "data module 3 (EC-Lab 11.32, BT-Lab 1.72)",
        "data module 11 (EC-Lab 11.50 to 11.61)",
    ),
    reads=(
        "GCPL, MB, CC, CP, CA and OCV as tests, CV, CVA and LSV as voltammetry; PEIS and GEIS as impedance, also inside a test; the "
        "current from stored charge where none is stored; mass and capacity as proposals"
    ),
    limits=(
        "column numbers and module versions that are not known, by number; a count of records that does not fill "
        "the file; no charge and no current"
    ),
)
