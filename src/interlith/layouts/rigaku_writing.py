"""How are a .rasx, a .ras and a binary .raw of Rigaku written, as far as readers need them?"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

_BEGIN = "2000-01-01T00:00:00"


def _parts(frame: pl.DataFrame) -> list[pl.DataFrame]:
    return frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]


def _start(part: pl.DataFrame, metadata: Mapping[str, Any]) -> datetime:
    passed = float(part["test_time"][0]) if "test_time" in part.columns else 0.0
    return datetime.fromisoformat(str(metadata.get("start") or _BEGIN)) + timedelta(seconds=passed)


def _step(part: pl.DataFrame) -> float:
    angle = part["two_theta"]
    return round(float(angle[-1] - angle[0]) / (len(angle) - 1), 9) if len(angle) > 1 else 0.01


def _rows(part: pl.DataFrame, separator: str) -> str:
    """Position, what the counter told, and the factor of the attenuator (column ``attenuator``, else 1)."""
    factors = part["attenuator"].to_list() if "attenuator" in part.columns else [1.0] * part.height
    counts = part["intensity"].fill_null(float("nan")).to_list()
    return "".join(
        f"{angle!r}{separator}{value / factor!r}{separator}{factor:g}\n"
        for angle, value, factor in zip(part["two_theta"].to_list(), counts, factors, strict=True)
    )


def archive(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write a .rasx.

    Parameters
    ----------
    frame
        Columns ``two_theta`` (deg), ``intensity`` (counts), and where wanted ``attenuator`` (1), ``frame``, ``test_time`` (s).
    path
        Where to.
    metadata
        ``instrument`` as readers give it, ``start`` (ISO text), ``sample``, ``axis``, ``unit`` ("counts" or "cps").
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for order, part in enumerate(_parts(frame)):
            target.writestr(f"Data{order}/Profile{order}.txt", "\ufeff" + _rows(part, "\t"))
            target.writestr(f"Data{order}/MesurementConditions{order}.xml", _conditions(part, metadata))
        target.writestr("root.xml", '<?xml version="1.0" encoding="utf-8"?>\n<Root Version="1.1.0.0" />\n')


def _conditions(part: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    about: Mapping[str, Any] = metadata.get("instrument", {})
    lines = [float(item) for item in about.get("wavelengths", [])]
    wave = "".join(
        f"<WavelengthKalpha{order}>{value!r}</WavelengthKalpha{order}>" for order, value in enumerate(lines, start=1)
    )
    time = float(about.get("counting_time", 1.0))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<MeasurementConditions>'
        f"<GeneralInformation><SampleName>{escape(str(metadata.get('sample', '')))}</SampleName></GeneralInformation>"
        f"<HWConfigurations><XrayGenerator><TargetName>{escape(str(about.get('anode', '')))}</TargetName>"
        f"<WaveType>{'Ka' if len(lines) > 1 else 'Ka1'}</WaveType>{wave}</XrayGenerator></HWConfigurations>"
        f"<ScanInformation><AxisName>{escape(str(metadata.get('axis', 'TwoThetaTheta')))}</AxisName><Mode>STEP</Mode>"
        f"<Step>{_step(part)!r}</Step><Speed>{time!r}</Speed><SpeedUnit>sec</SpeedUnit><PositionUnit>deg</PositionUnit>"
        f"<IntensityUnit>{escape(str(metadata.get('unit', 'counts')))}</IntensityUnit>"
        f"<StartTime>{_start(part, metadata).isoformat()}</StartTime><DataCount>{part.height}</DataCount></ScanInformation>"
        "</MeasurementConditions>\n"
    )


def words(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    """A .ras as text; the parameters are those of `archive`."""
    about: Mapping[str, Any] = metadata.get("instrument", {})
    out = ["*RAS_DATA_START"]
    for part in _parts(frame):
        header = {
            "FILE_SAMPLE": metadata.get("sample", ""),
            "HW_XG_TARGET_NAME": about.get("anode", ""),
            **{
                f"HW_XG_WAVE_LENGTH_ALPHA{order}": value
                for order, value in enumerate(about.get("wavelengths", []), start=1)
            },
            "HW_XG_WAVE_LENGTH_UNIT": "Angstrom",
            "MEAS_COND_XG_WAVE_TYPE": "Ka" if len(about.get("wavelengths", [])) > 1 else "Ka1",
            "MEAS_DATA_COUNT": part.height,
            "MEAS_SCAN_AXIS_X": metadata.get("axis", "TwoThetaTheta"),
            "MEAS_SCAN_MODE": "STEP",
            "MEAS_SCAN_SPEED": about.get("counting_time", 1.0),
            "MEAS_SCAN_SPEED_UNIT": "sec",
            "MEAS_SCAN_START_TIME": _start(part, metadata).strftime("%m/%d/%Y %H:%M:%S"),
            "MEAS_SCAN_STEP": _step(part),
            "MEAS_SCAN_UNIT_X": "deg",
            "MEAS_SCAN_UNIT_Y": metadata.get("unit", "counts"),
        }
        out += ["*RAS_HEADER_START", *(f'*{key} "{value}"' for key, value in header.items()), "*RAS_HEADER_END"]
        out += ["*RAS_INT_START", _rows(part, " ").rstrip("\n"), "*RAS_INT_END"]
    return "\r\n".join([*out, "*RAS_DATA_END", ""])


def binary(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> bytes:
    """A binary .raw of the SmartLab layout with one or several ranges; the parameters are those of `archive`."""
    about: Mapping[str, Any] = metadata.get("instrument", {})
    lines = [*(float(item) for item in about.get("wavelengths", [])), 0.0, 0.0]
    head = bytearray(2136)
    struct.pack_into("<4sI", head, 0, b"FI\0\0", 216)
    struct.pack_into("<dd", head, 1212, lines[0], lines[1])
    out = bytes(head)
    for part in _parts(frame):
        begin = int((_start(part, metadata) - datetime(1970, 1, 1)).total_seconds())
        angle, values = part["two_theta"], part["intensity"].fill_null(float("nan")).to_numpy().astype("<f4")
        block = bytearray(1002)
        struct.pack_into("<4s", block, 0, b"PI\0\0")
        struct.pack_into("<ii", block, 30, begin, begin + 60)
        struct.pack_into(
            "<ffff", block, 822, float(about.get("counting_time", 1.0)), float(angle[0]), float(angle[-1]), _step(part)
        )
        data = bytearray(20)
        struct.pack_into("<4s", data, 0, b"DA\0\0")
        struct.pack_into("<I", data, 16, values.size)
        out += bytes(block) + bytes(data) + values.tobytes()
    return out
