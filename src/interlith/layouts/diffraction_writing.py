"""How are patterns written as text: .xye with a header, and GSAS FXYE as a synchrotron writes it?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.powder_scans import ZERO_CELSIUS

#: Names of the positions in the files.
AXES = {"two_theta": "2theta_deg", "scattering_vector": "q_A^-1", "time_of_flight": "tof_us"}


def xye(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    """Patterns as columns of position, intensity and uncertainty, set apart by blank lines.

    Parameters
    ----------
    frame
        ``two_theta`` (deg), ``scattering_vector`` (1/angstrom) or ``time_of_flight`` (us), ``intensity``, optional
        ``intensity_std``, ``frame``, ``test_time`` (s) and ``temperature`` (degC).
    metadata
        ``instrument`` (as readers give it), ``start`` (ISO text), ``temperature`` (degC), ``sample``, ``comment``.

    Raises
    ------
    ReadError
        If the frame has no position or intensity.

    Notes
    -----
    An uncertainty that is missing is written as 0, an intensity that is missing as nan; both are read as points without weight.
    """
    axis = _axis(frame)
    std = "intensity_std" in frame.columns
    lines = [f"# {line}" for line in _header(metadata)]
    for order, part in enumerate(_parts(frame)):
        lines += ["", f"# frame = {order}"] if order else []
        lines += [f"# {line}" for line in _of_frame(part, metadata)]
        lines.append(f"# {AXES[axis]}  intensity" + ("  sigma" if std else ""))
        lines += [" ".join(row) for row in _rows(part, axis, std)]
    return "\n".join(lines) + "\n"


def fxye(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    """Patterns as banks of GSAS FXYE below the header of a synchrotron; positions in centidegrees or us.

    Parameters and errors as of `xye`.

    Notes
    -----
    The format has a place for an uncertainty in every row: without a column of it, the square root of the intensity is written.
    """
    axis = _axis(frame)
    if axis == "scattering_vector":
        raise ReadError("A GSAS file holds two theta or times of flight, not scattering vectors; write .xye instead.")
    factor = 100.0 if axis == "two_theta" else 1.0
    title = str(metadata.get("sample", "")).replace("\n", " ") or "pattern"
    lines = [title[:80]]
    parts = _parts(frame)
    lines += [f"# {line}" for line in _header(metadata)]
    for order, part in enumerate(parts, start=1):
        lines += [f"# {line}" for line in _of_frame(part, metadata)]
        rows = list(_rows(part, axis, "intensity_std" in part.columns, factor=factor, always=True))
        first = part[axis][0] * factor
        step = (part[axis][-1] - part[axis][0]) * factor / max(1, part.height - 1)
        lines.append(f"BANK {order} {len(rows)} {len(rows)} CONS {first:.6f} {step:.6f} 0 0 FXYE")
        lines += [" " + " ".join(row) for row in rows]
    return "\n".join(lines) + "\n"


def _axis(frame: pl.DataFrame) -> str:
    axis = next((name for name in AXES if name in frame.columns), None)
    if axis is None or "intensity" not in frame.columns or frame.is_empty():
        raise ReadError(
            f"A pattern needs rows of intensity and one of {', '.join(AXES)}; the frame has {', '.join(frame.columns)}."
        )
    return axis


def _parts(frame: pl.DataFrame) -> list[pl.DataFrame]:
    return frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]


def _rows(
    part: pl.DataFrame, axis: str, std: bool, *, factor: float = 1.0, always: bool = False
) -> Iterator[tuple[str, ...]]:
    errors = part["intensity_std"] if std else None
    for order, (place, intensity) in enumerate(zip(part[axis], part["intensity"], strict=True)):
        known = intensity is not None and math.isfinite(intensity)
        row: tuple[str, ...] = (f"{place * factor:.12g}", f"{intensity:.10g}" if known else ("0" if always else "nan"))
        if errors is not None:
            error = errors[order]
            good = known and error is not None and math.isfinite(error) and error > 0
            row += (f"{error:.10g}" if good else "0",)
        elif always:
            row += (f"{math.sqrt(max(intensity, 1.0)):.10g}" if known and intensity >= 0 else "0",)
        yield row


def _header(metadata: Mapping[str, Any]) -> list[str]:
    about = metadata.get("instrument", {})
    lines = []
    for key, name in (("sample", "Sample"), ("comment", "Comment")):
        if metadata.get(key):
            lines.append(f"{name} = {str(metadata[key]).replace(chr(10), ' ')}")
    waves = list(about.get("wavelengths", ()))
    if len(waves) == 1:
        lines.append(f"Calibrated wavelength = {waves[0]:.9g}")
    elif waves:
        lines += [f"Lambda{order} = {wave:.9g}" for order, wave in enumerate(waves[:2], start=1)]
        lines += [f"R = {about['ratio']:.9g}"] if "ratio" in about else []
    lines += [
        f"{name} = {about[key]}" for key, name in (("anode", "Anode"), ("radiation", "Radiation")) if key in about
    ]
    if "counting_time" in about:
        lines.append(f"Time per step (sec) = {about['counting_time']:.9g}")
    return lines


def _of_frame(part: pl.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    lines = []
    temperature = part["temperature"][0] if "temperature" in part.columns else metadata.get("temperature")
    if temperature is not None and math.isfinite(temperature):
        lines.append(f"Temp (K) = {temperature + ZERO_CELSIUS:.6f}")
    if start := str(metadata.get("start", "")):
        passed = part["test_time"][0] if "test_time" in part.columns else 0.0
        began = datetime.fromisoformat(start).timestamp() + float(passed or 0.0)
        zone = datetime.fromisoformat(start).tzinfo
        lines.append(f"Scan time = {datetime.fromtimestamp(began, zone).isoformat(timespec='milliseconds')}")
    return lines
