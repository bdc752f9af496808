"""What does a PSTrace session (.pssession) hold of spectra?

A JSON text, mostly in UTF-16: ``Measurements`` with an ``EISDataList``, whose entries hold arrays of numbers, each with its
description (Frequency, ZRe, ZIm, Z, Phase) and unit. The maker stores -Z'' and the phase turned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.impedance_names import understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import Printed, spectra
from interlith.layouts.impedance_text import LARGEST, head_lines
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_KEYS = {"frequency": "frequency", "zre": "real", "zim": "imaginary", "z": "modulus", "phase": "phase"}
_PRINTED = {"frequency": "frequency", "real": "Z'", "imaginary": "Z''", "modulus": "|Z|"}
_MOST_VALUES = 10_000_000


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first words of a session."""
    del path
    text = "\n".join(head_lines(head, 400))[:40_000].casefold()
    return 0.95 if text.lstrip("\ufeff \n\t").startswith("{") and "palmsens." in text else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the spectra of a session.

    Raises
    ------
    ReadError
        If it is no JSON text, or holds no spectrum.
    """
    options = told(options, path)
    session = _session(path)
    parts, titles, without = [], [], 0
    for measurement in _list(session, "measurements"):
        for entry in _list(measurement, "eisdatalist"):
            part = _part(path, entry, str(_get(entry, "title", "")))
            if part:
                parts.append(part)
                titles.append(str(_get(entry, "title", "") or _get(measurement, "title", "")))
            else:
                without += 1
    if not parts:
        raise ReadError(
            f"{path}: byte 0: no measurement of this session has a spectrum (EISDataList); open another, or export it as csv."
        )
    keys = [key for key in parts[0] if all(key in part for part in parts)]
    columns = {key: np.concatenate([part[key] for part in parts]) for key in keys}
    columns["number"] = np.repeat(np.arange(1.0, len(parts) + 1), [part["frequency"].size for part in parts])
    remarks: tuple[Remark, ...] = ()
    if without:
        message = f"{without} entries of the list of spectra have no frequency with real and imaginary part; they were not read."
        remarks = (Remark("spectrum_not_read", message),)
    data = Printed(columns, turned=frozenset({"imaginary", "phase"}), remarks=remarks)
    made = spectra(data, options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata={"titles": titles},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
    )


def _session(path: Path) -> Mapping[str, Any]:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if size > LARGEST:
        raise ReadError(
            f"{path}: {size} bytes are more than a session is read with ({LARGEST}); export the spectra as csv."
        )
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace").strip("\ufeff\x00 \r\n\t")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReadError(
            f"{path}: byte {error.pos * (2 if wide else 1)}, line {error.lineno}: this is no JSON text ({error.msg}); copy the session "
            "again, or export the spectra as csv."
        ) from error
    except RecursionError as error:
        raise ReadError(
            f"{path}: byte 0: the JSON text is nested beyond all measure; copy the session again."
        ) from error
    if not isinstance(found, Mapping):
        raise ReadError(f"{path}: byte 0: this JSON text is no session of PSTrace; open another file.")
    return found


def _get(entry: Any, name: str, default: Any = None) -> Any:
    if not isinstance(entry, Mapping):
        return default
    return next((value for key, value in entry.items() if str(key).casefold() == name), default)


def _list(entry: Any, name: str) -> list[Any]:
    found = _get(entry, name)
    return found if isinstance(found, list) else []


def _part(path: Path, entry: Any, title: str) -> dict[str, NDArray[np.float64]]:
    """Columns of one spectrum; empty if it has none."""
    found: dict[str, NDArray[np.float64]] = {}
    for values in _list(_get(entry, "dataset"), "values"):
        key = _KEYS.get(str(_get(values, "description", "")).casefold().replace("'", "").strip())
        if key is None or key in found:
            continue
        numbers = _list(values, "datavalues")
        if len(numbers) > _MOST_VALUES:
            raise ReadError(f"{path}: byte 0: an array of {len(numbers)} numbers is more than a spectrum holds.")
        found[key] = np.array([_number(path, item, key, title) for item in numbers], dtype=np.float64)
        found[key] = found[key] * _factor(path, _get(values, "unit"), key)
    if not ({"frequency", "real", "imaginary"} <= set(found) or {"frequency", "modulus", "phase"} <= set(found)):
        return {}
    if len(lengths := {values.size for values in found.values()}) > 1:
        raise ReadError(
            f"{path}: byte 0: the arrays of the spectrum '{title}' have different lengths ({sorted(lengths)}); copy it again."
        )
    return found


def _number(path: Path, item: Any, key: str, title: str) -> float:
    value = _get(item, "v") if isinstance(item, Mapping) else item
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if value is None or str(value) in ("NaN", "Infinity", "-Infinity"):
            return float("nan")
        raise ReadError(
            f"{path}: byte 0: the {key} of the spectrum '{title}' holds '{str(value)[:30]}', which is no number."
        )
    return float(value) if abs(value) < 1e300 else float("nan")


def _factor(path: Path, unit: Any, key: str) -> float:
    """Factor of a printed unit; where none is printed, the maker stores Hz, ohm and degrees."""
    text = str(_get(unit, "s", "") or "") if isinstance(unit, Mapping) else ""
    if key == "phase" or not text.strip():
        return 1.0
    return understand([f"{_PRINTED[key]} ({text})"], where=str(path))[0].factor


FORMAT = Format(
    name="palmsens_session",
    title="PalmSens PSTrace .pssession",
    patterns=("*.pssession",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="sessions as public scripts read them (EISDataList, DataSet, Values, DataValues) and the maker's list of value types (-Z'')",
    versions_seen=("PSTrace 5 session, JSON",),
    reads="every spectrum of every measurement",
    limits="measurements without a spectrum",
)
