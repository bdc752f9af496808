"""What do the words of a Rigaku header (.ras, .rasx) say of scan, tube and specimen?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import dates
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import Unit, counted
from interlith.layouts.powder_scans import Scan
from interlith.layouts.scan_axes import fixed_incidence, is_two_theta, plain, what_it_is

#: Words for the unit of intensities.
_COUNTS, _RATES = frozenset({"counts", "count"}), frozenset({"cps", "counts/s", "count/s", "counts/sec", "kcps"})


def scan_of(header: Mapping[str, str], rows: NDArray[np.float64], where: str, remarks: list[Remark]) -> Scan | str:
    """The scan of a header and its rows of position, intensity and factor of the attenuator; or what else it is.

    Raises
    ------
    ReadError
        If the number of rows is not the announced one, or a unit is none that is known.
    """
    axis = header.get("MEAS_SCAN_AXIS_X", "") or header.get("MEAS_SCAN_AXIS_X_INTERNAL", "")
    if not is_two_theta(axis):
        return f"'{axis or 'no axis'}' ({what_it_is(axis)})"
    _check_count(header, rows, where, remarks)
    if rows.shape[0] == 0:
        return Scan(np.empty(0), np.empty(0))
    _check_degrees(header, where)
    unit, scale = _unit(header, where)
    factors = rows[:, 2] if rows.shape[1] > 2 else np.ones(rows.shape[0])
    time = counting_time(header)
    found = counted(rows[:, 1] * scale, unit=unit, times=time, factors=factors, corrected=False, where=where)
    remarks += [Remark(item.code, item.message, where, item.severity) for item in found.remarks]
    remarks += [fixed_incidence(where)] if plain(axis) in ("2theta", "twotheta") else []
    start = iso(header.get("MEAS_SCAN_START_TIME", ""))
    told = {
        "axis": axis,
        "mode": header.get("MEAS_SCAN_MODE", ""),
        "end": iso(header.get("MEAS_SCAN_END_TIME", "")),
        "speed": f"{header.get('MEAS_SCAN_SPEED', '')} {header.get('MEAS_SCAN_SPEED_UNIT', '')}".strip(),
        "intensity_unit": found.unit,
        "counting_time": time,
    }
    about = {name: value for name, value in told.items() if value not in ("", None)}
    return Scan(rows[:, 0], found.intensity, found.std, start, {}, about)


def _check_count(header: Mapping[str, str], rows: NDArray[np.float64], where: str, remarks: list[Remark]) -> None:
    announced = header.get("MEAS_DATA_COUNT", "")
    if announced.isdigit() and int(announced) != rows.shape[0]:
        if rows.shape[0] > int(announced):
            raise ReadError(
                f"{where}: {announced} points are announced, but {rows.shape[0]} rows follow; the file is damaged."
            )
        message = f"{announced} points are announced, but {rows.shape[0]} rows follow: the scan was stopped or the file cut short."
        remarks.append(Remark("scan_not_completed", message, where))


def _check_degrees(header: Mapping[str, str], where: str) -> None:
    unit = (header.get("MEAS_SCAN_UNIT_X", "") or "deg").casefold()
    if unit not in ("deg", "degree", "degrees", "°"):
        raise ReadError(f"{where}: two theta is in '{unit}', not deg; export the scan in degrees.")


def _unit(header: Mapping[str, str], where: str) -> tuple[Unit, float]:
    written = header.get("MEAS_SCAN_UNIT_Y", "").casefold().strip()
    if written in _COUNTS:
        return "counts", 1.0
    if written in _RATES:
        return "rate", 1000.0 if written == "kcps" else 1.0
    if written:
        raise ReadError(f"{where}: intensities are in '{written}'; export them in counts or cps.")
    return "", 1.0


def counting_time(header: Mapping[str, str]) -> float | None:
    """Counting time of a point (s): as set, or the time in which a continuous scan passes a step; `None` where not told."""
    speed, step = (_number(header.get(name, "")) for name in ("MEAS_SCAN_SPEED", "MEAS_SCAN_STEP"))
    unit = re.sub(r"\s", "", header.get("MEAS_SCAN_SPEED_UNIT", "").casefold())
    if speed is None or speed <= 0:
        return None
    if unit in ("s", "sec", "second", "seconds"):
        return speed
    seconds = {"deg/min": 60.0, "°/min": 60.0, "deg/s": 1.0, "deg/sec": 1.0, "°/s": 1.0}.get(unit)
    return None if seconds is None or step is None or step <= 0 else float(f"{step / speed * seconds:.9g}")


def _number(written: str) -> float | None:
    try:
        value = float(written)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def iso(written: str) -> str:
    """ISO text of a Rigaku time, of which the month comes first; empty where there is none."""
    return "" if not written or written.startswith("0001") else dates.iso(written).removesuffix("Z")


def instrument_of(header: Mapping[str, str], where: str, remarks: list[Remark]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the header says."""
    found: dict[str, Any] = {"radiation": "x-ray"}
    if anode := header.get("HW_XG_TARGET_NAME", ""):
        found["anode"] = anode
    first, second = (_number(header.get(f"HW_XG_WAVE_LENGTH_ALPHA{order}", "")) for order in (1, 2))
    unit = (header.get("HW_XG_WAVE_LENGTH_UNIT", "") or "angstrom").casefold()
    if first and unit not in ("angstrom", "å", "a"):
        remarks.append(Remark("wavelength_unit_unknown", f"The wavelengths are in '{unit}' and were left out.", where))
        first = None
    if first:
        beam = re.sub(r"[^a-z0-9]", "", header.get("MEAS_COND_XG_WAVE_TYPE", "").casefold())
        alone = beam in ("ka1", "kalpha1") or not second
        found["wavelengths"] = [first] if alone or second is None else [first, second]
    return found
