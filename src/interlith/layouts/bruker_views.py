"""Which numbers of a scan in a .brml are angles, counts, absorbers and times? Columns are found by their names, never counted.

Each ``RawData`` document has a route of measured rows (``Datum``) and views that name the columns of a row: the measured time, the
factor of the absorber, the axes that vary, and what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import Unit, counted
from interlith.layouts.powder_scans import ZERO_CELSIUS, Scan
from interlith.layouts.safe_xml import as_number, attribute, below, every, find, number, text
from interlith.layouts.scan_axes import fixed_incidence, plain, what_it_is

#: Spread of measured times (of their mean) that is no plan but the clock of the detector.
_CLOCK = 0.01
#: Units of what was recorded, in small letters.
_UNITS: dict[str, Unit] = {"counts": "counts", "": "counts", "cps": "rate", "countspersecond": "rate"}


@dataclass(slots=True)
class _Columns:
    """Column of each thing in a row."""

    time: int | None = None
    factor: int | None = None
    axes: dict[str, int] = field(default_factory=dict)
    counts: dict[str, tuple[int, int, Unit]] = field(default_factory=dict)
    temperature: tuple[int, str] | None = None


def scan_of(root: Element, where: str, remarks: list[Remark]) -> Scan | str:
    """The scan of a ``RawData`` document, or what else it is.

    Raises
    ------
    ReadError
        If its rows are damaged, or hold pictures of a detector instead of one number.
    """
    route = next(
        (item for item in below(root, "DataRoute") if attribute(item, "RouteFlag") in ("Measured", "")),
        find(root, "DataRoutes", "DataRoute"),
    )
    if route is None:
        return "no measured data"
    about = find(route, "ScanInformation")
    name = attribute(about, "VisibleName") or attribute(about, "ScanName")
    columns = _columns(route, where)
    if "twotheta" not in columns.axes:
        return f"'{name.strip() or 'no name'}' ({what_it_is(name)})"
    rows = _rows(route, where)
    if rows.shape[0] == 0:
        return Scan(np.empty(0), np.empty(0))
    position = _column(rows, columns.axes["twotheta"], where, "two theta")
    if rows.shape[0] > 1 and np.ptp(position) == 0:
        return f"'{name.strip()}' with two theta at rest"
    spot, unit = _counts(columns, where, remarks)
    times = _times(rows, columns, about, route, where, remarks)
    factors = 1.0 if columns.factor is None else _column(rows, columns.factor, where, "absorber")
    found = counted(
        _column(rows, spot, where, "counts"), unit=unit, times=times, factors=factors, corrected=True, where=where
    )
    remarks += [Remark(item.code, item.message, where, item.severity) for item in found.remarks]
    if "theta" not in columns.axes or np.ptp(_column(rows, columns.axes["theta"], where, "theta")) == 0:
        remarks.append(fixed_incidence(where))
    status = text(find(root, "MeasurementStatus"))
    if status not in ("", "Measured", "Finished"):
        remarks.append(Remark("scan_not_completed", f"The scan is marked '{status}'; it may be incomplete.", where))
    told = {
        "axis": name.strip(),
        "end": text(find(root, "TimeStampFinished")),
        "counting_time": found.time,
        "time_per_step_effective": number(find(about, "TimePerStepEffective"), where),
        "mode": text(find(about, "ScanMode")),
    }
    start = text(find(root, "TimeStampStarted"))
    kept = {key: value for key, value in told.items() if value not in ("", None)}
    return Scan(position, found.intensity, found.std, _seconds(start), _temperature(rows, columns, where), kept)


def _columns(route: Element, where: str) -> _Columns:
    found = _Columns()
    views = find(route, "DataViews")
    for view in every(views, "RawDataView"):
        first = int(as_number(attribute(view, "Start") or "0", f"{where}: the start of a view"))
        width = int(as_number(attribute(view, "Length") or "1", f"{where}: the length of a view"))
        kind, name = attribute(view, "type"), attribute(view, "LogicName")
        if name == "MeasuredTime":
            found.time = first
        elif name == "AbsorptionFactor":
            found.factor = first
        elif kind == "VaryingRawDataView":
            for order, definition in enumerate(below(view, "FieldDefinitions")[:width]):
                axis = attribute(definition, "AxisId") or attribute(definition, "FieldName")
                found.axes.setdefault(plain(axis), first + order)
        elif "Recorded" in kind:
            _recorded(view, first, width, found)
    return found


def _recorded(view: Element, first: int, width: int, found: _Columns) -> None:
    recording = find(view, "Recording")
    name = attribute(recording, "LogicName") or attribute(recording, "VisibleName") or "counts"
    unit = attribute(find(recording, "Unit"), "Base")
    if "temp" in name.casefold():
        if width == 1 and found.temperature is None:
            found.temperature = (first, unit)
    elif plain(unit) in _UNITS and attribute(recording, "Category") in ("Count", ""):
        found.counts[name] = (first, width, _UNITS[plain(unit)])


def _counts(columns: _Columns, where: str, remarks: list[Remark]) -> tuple[int, Unit]:
    """Column of the one counter, and its unit.

    Raises
    ------
    ReadError
        If there is none, or each row is a picture.
    """
    if not columns.counts:
        raise ReadError(f"{where}: no view of the rows records counts; export the scan as .xy or .raw.")
    single = {name: (first, unit) for name, (first, width, unit) in columns.counts.items() if width == 1}
    if not single:
        name, (_, width, _) = next(iter(columns.counts.items()))
        raise ReadError(
            f"{where}: each row of '{name}' is a picture of {width} channels, not one number; integrate it and export the pattern."
        )
    name = next(iter(single))
    if len(single) > 1:
        message = f"{len(single)} counters were recorded ({', '.join(single)}); '{name}' was taken."
        remarks.append(Remark("several_counters", message, where))
    return single[name]


def _rows(route: Element, where: str) -> NDArray[np.float64]:
    """All rows, shape (n, columns)."""
    written = [(item.text or "").split(",") for item in every(route, "Datum")]
    if not written:
        return np.empty((0, 0))
    width = len(written[0])
    for order, row in enumerate(written):
        if len(row) != width:
            raise ReadError(
                f"{where}: <Datum> {order + 1} has {len(row)} numbers, the first {width}; the file is damaged."
            )
    try:
        return np.array(written, dtype=np.float64)
    except ValueError:
        for order, row in enumerate(written):
            for word in row:
                as_number(word, f"{where}: <Datum> {order + 1}")
        raise


def _column(rows: NDArray[np.float64], column: int, where: str, what: str) -> NDArray[np.float64]:
    if not 0 <= column < rows.shape[1]:
        raise ReadError(
            f"{where}: the {what} would be number {column + 1} of a <Datum> of {rows.shape[1]}; the file is damaged."
        )
    return rows[:, column]


def _times(
    rows: NDArray[np.float64],
    columns: _Columns,
    about: Element | None,
    route: Element,
    where: str,
    remarks: list[Remark],
) -> float | NDArray[np.float64] | None:
    """Counting time (s): one for all, or of each row where the plan of the scan changes it."""
    planned = {attribute(item, "PlannedTimePerStep") for item in every(find(route, "SubScans"), "SubScanInfo")} - {""}
    step = number(find(about, "TimePerStep"), where)
    step = step if step is not None and step > 0 else None
    if columns.time is None:
        return step
    measured = _column(rows, columns.time, where, "measured time")
    if len(planned) > 1 and np.all(measured > 0):
        return measured
    if np.ptp(measured) > _CLOCK * abs(measured.mean()):
        message = (
            f"The rows were measured for {measured.min():g} to {measured.max():g} s although the plan has one time; the counts were left as "
            "recorded."
        )
        remarks.append(Remark("measured_times_vary", message, where))
    return step if step is not None else float(measured.max()) or None


def _temperature(rows: NDArray[np.float64], columns: _Columns, where: str) -> Mapping[str, tuple[float, float, float]]:
    if columns.temperature is None:
        return {}
    values = _column(rows, columns.temperature[0], where, "temperature")
    values = values[np.isfinite(values) & (values > -273.15)]
    if not values.size:
        return {}
    if columns.temperature[1].casefold() in ("kelvin", "k"):
        values = values - ZERO_CELSIUS
    return {"temperature": (float(values.mean()), float(values.min()), float(values.max()))}


def _seconds(stamp: str) -> str:
    """A time with at most microseconds, which is what ISO readers of Python 3.10 take."""
    head, dot, tail = stamp.partition(".")
    if not dot:
        return stamp
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    return f"{head}.{digits[:6].ljust(6, '0')}{tail[len(digits) :]}"


def instrument_of(root: Element, where: str, remarks: list[Remark]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the document says."""
    information = find(root, "FixedInformation", "Instrument")
    found: dict[str, Any] = {"radiation": "x-ray"}
    if information is None:
        return found
    values = {
        name: _value(information, name, where) for name in ("WaveLengthAlpha1", "WaveLengthAlpha2", "WaveLengthRatio")
    }
    if anode := next((text(item) or attribute(item, "Value") for item in below(information, "TubeMaterial")), ""):
        found["anode"] = anode
    first, second, ratio = values["WaveLengthAlpha1"], values["WaveLengthAlpha2"], values["WaveLengthRatio"]
    crystal = _crystal(information)
    if first:
        alone = bool(crystal) or not second or ratio == 0
        found["wavelengths"] = [first] if alone or second is None else [first, second]
        if not alone and ratio is not None:
            found["ratio"] = ratio
        if crystal and second:
            message = f"The incident beam has a monochromator ({crystal}), so K-alpha 1 alone was taken, although the file names both."
            remarks.append(Remark("k_alpha_1_alone", message, where, "note"))
    behind = next(iter(below(information, "SecondaryTracks")), None)  # a primary track with a mirror is longer
    radius = _value(behind if behind is not None else information, "Radius", where)
    if radius:
        found["radius"] = radius
    return found


def _value(information: Element, name: str, where: str) -> float | None:
    element = next(iter(below(information, name)), None)
    written = attribute(element, "Value") or text(element)
    return as_number(written, f"{where}: <{name}>") if written else None


def _crystal(information: Element) -> str:
    """Name of a crystal in the incident beam that parts K-alpha 1 from 2; empty where there is none."""
    for track in below(information, "PrimaryTracks"):
        for optic in below(track, "InfoData"):
            path = attribute(find(optic, "BeringInfo"), "ClassPath").casefold()
            if any(word in path for word in ("channelcut", "monochromator", "johansson")):
                return attribute(optic, "VisibleName") or attribute(optic, "LogicName")
    return ""
