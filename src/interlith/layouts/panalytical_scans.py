"""Which scans does an XRDML document hold, at which angles, and what was counted there?

The public schemas say what the lists are: up to version 1.x ``intensities`` hold counts already multiplied by the factor of the beam
attenuator, from version 2.0 ``counts`` are as the detector gave them, without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import Counted, counted
from interlith.layouts.powder_scans import ZERO_CELSIUS, Scan
from interlith.layouts.safe_xml import attribute, every, find, local, number, numbers, text
from interlith.layouts.scan_axes import is_two_theta, what_it_is

#: Status of a scan that was not interrupted.
_WHOLE = frozenset({"completed", ""})


def scan_of(element: Element, where: str, remarks: list[Remark]) -> Scan | str:
    """A scan of two theta, or what else it is.

    Raises
    ------
    ReadError
        If a list is missing, damaged or of another length than the counts.
    """
    axis = attribute(element, "scanAxis")
    if not is_two_theta(axis):
        return f"'{axis or 'no axis'}' ({what_it_is(axis)})"
    points = find(element, "dataPoints")
    if points is None:
        raise ReadError(
            f"{where}: the scan has no <dataPoints>; the file is damaged or was saved before the scan began."
        )
    values, corrected = _recorded(points, where)
    position = _positions(points, "2Theta", values.size, where)
    if position is None or (position.size > 1 and np.ptp(position) == 0):
        return f"'{axis}' with two theta at rest"
    found = counted(
        values,
        unit="counts",
        times=_times(points, values.size, where),
        factors=_factors(points, values.size, where),
        corrected=corrected,
        printed_exactly=False,  # products are printed as whole numbers
        where=where,
    )
    remarks += [Remark(item.code, item.message, item.where or where, item.severity) for item in found.remarks]
    remarks += _warnings(element, points, corrected, where)
    state = _temperature(element, where, remarks)
    start = text(find(element, "header", "startTimeStamp"))
    about = _about(element, points, found, values.size, where)
    return Scan(position, found.intensity, found.std, start, state, about)


def _recorded(points: Element, where: str) -> tuple[NDArray[np.float64], bool]:
    for name, corrected in (("counts", False), ("intensities", True)):
        element = find(points, name)
        if element is None:
            continue
        unit = attribute(element, "unit") or "counts"
        if unit.casefold() != "counts":
            raise ReadError(f"{where}: <{name}> is in '{unit}', not counts; export the scan in counts.")
        return numbers(element, where), corrected
    raise ReadError(f"{where}: the scan has neither <counts> nor <intensities>; the file is damaged.")


def _positions(points: Element, axis: str, size: int, where: str) -> NDArray[np.float64] | None:
    """Angles of an axis (deg), one a point; `None` where the axis is not named."""
    element = next((item for item in every(points, "positions") if attribute(item, "axis") == axis), None)
    if element is None:
        return None
    unit = attribute(element, "unit") or "deg"
    if unit != "deg":
        raise ReadError(f"{where}: the positions of {axis} are in '{unit}', not deg.")
    listed = find(element, "listPositions")
    if listed is not None:
        return _of_length(numbers(listed, where), size, listed, where)
    common = number(find(element, "commonPosition"), where)
    if common is not None:
        return np.full(size, common)
    first, last = (number(find(element, name), where) for name in ("startPosition", "endPosition"))
    if first is None or last is None:
        raise ReadError(
            f"{where}: <positions axis='{axis}'> has neither a list nor a start and an end; the file is damaged."
        )
    return np.linspace(first, last, size)


def _of_length(values: NDArray[np.float64], size: int, element: Element, where: str) -> NDArray[np.float64]:
    if values.size != size:
        raise ReadError(
            f"{where}: <{local(element)}> holds {values.size} values, but {size} points were counted; the file is damaged."
        )
    return values


def _one_or_all(points: Element, common: str, listed: str, size: int, where: str) -> float | NDArray[np.float64] | None:
    many = find(points, listed)
    if many is not None:
        return _of_length(numbers(many, where), size, many, where)
    return number(find(points, common), where)


def _times(points: Element, size: int, where: str) -> float | NDArray[np.float64] | None:
    return _one_or_all(points, "commonCountingTime", "countingTimes", size, where)


def _factors(points: Element, size: int, where: str) -> float | NDArray[np.float64]:
    found = _one_or_all(points, "commonBeamAttenuationFactor", "beamAttenuationFactors", size, where)
    return 1.0 if found is None else found


def _warnings(element: Element, points: Element, corrected: bool, where: str) -> list[Remark]:
    found: list[Remark] = []
    status = attribute(element, "status")
    if status.casefold() not in _WHOLE:
        message = f"The scan is marked '{status}', not completed; its last angles were taken as written, check them."
        found.append(Remark("scan_not_completed", message, where))
    if not corrected and (find(points, "divergenceCorrections"), find(points, "commonDivergenceCorrection")) != (
        None,
        None,
    ):
        message = (
            "The file names divergence corrections for a variable slit; the counts were left as measured, so that relative "
            "intensities are those of a constant irradiated length."
        )
        found.append(Remark("divergence_not_corrected", message, where))
    return found


def _temperature(element: Element, where: str, remarks: list[Remark]) -> dict[str, tuple[float, float, float]]:
    """Temperature of the specimen during the scan (degC); the schema holds kelvin unless a unit says else."""
    for points in every(element, "nonAmbientPoints"):
        if attribute(points, "type").casefold() != "temperature":
            continue
        listed = find(points, "nonAmbientValues")
        if listed is None:
            continue
        values = numbers(listed, where)
        unit = (attribute(listed, "unit") or attribute(points, "unit")).casefold().strip("° ")
        if unit in ("", "k", "kelvin"):
            values = values - ZERO_CELSIUS
        elif unit not in ("c", "degc", "celsius"):
            remarks.append(
                Remark("temperature_unit_unknown", f"The temperature is in '{unit}' and was left out.", where)
            )
            continue
        values = values[np.isfinite(values)]
        if values.size:
            return {"temperature": (float(values.mean()), float(values.min()), float(values.max()))}
    return {}


def _about(element: Element, points: Element, found: Counted, size: int, where: str) -> Mapping[str, Any]:
    omega = _positions(points, "Omega", size, where)
    told: dict[str, Any] = {
        "axis": attribute(element, "scanAxis"),
        "mode": attribute(element, "mode"),
        "status": attribute(element, "status"),
        "end": text(find(element, "header", "endTimeStamp")),
        "counting_time": found.time,
    }
    if omega is not None and omega.size > 1 and np.ptp(omega) == 0:
        told["omega"] = float(omega[0])
    return {name: value for name, value in told.items() if value not in ("", None)}
