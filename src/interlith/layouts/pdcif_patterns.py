"""Which patterns does a powder CIF (pdCIF) hold, with which instrument and state?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.diffraction_header import ANODES, half_digit, iso
from interlith.layouts.lazy_text import Remark
from interlith.layouts.photon_counts import counted
from interlith.layouts.powder_scans import ZERO_CELSIUS, Scan

if TYPE_CHECKING:
    import gemmi

Array = NDArray[np.float64]

#: Positions: data name, quantity, and prefix of a range (minimum, increment, maximum) that may stand for them.
_POSITIONS = (
    ("_pd_meas_2theta_scan", "two_theta"), ("_pd_proc_2theta_corrected", "two_theta"), ("_pd_meas_2theta_corrected", "two_theta"),
    ("_pd_meas_time_of_flight", "time_of_flight"), ("_pd_proc_recip_len_q", "scattering_vector"),
)  # fmt: skip
#: Measured intensities, in the order in which they are taken, and whether they are counts.
_INTENSITIES = (
    ("_pd_meas_counts_total", "counts"), ("_pd_meas_intensity_total", ""), ("_pd_proc_intensity_total", ""),
    ("_pd_meas_intensity_net", ""), ("_pd_proc_intensity_net", ""),
)  # fmt: skip
_NUMBER = re.compile(r"(?P<value>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?:\((?P<std>\d+)\))?$")


@dataclass(frozen=True, slots=True)
class CifPatterns:
    """The patterns of all data blocks, their axis, what each block says of the instrument, its words and what was noticed."""

    scans: tuple[Scan, ...]
    axis: str
    instruments: tuple[Mapping[str, Any], ...]
    words: Mapping[str, Any]
    remarks: tuple[Remark, ...] = field(default=())


def patterns(text: str, where: str) -> CifPatterns:
    """All measured patterns of a CIF, one a data block.

    Raises
    ------
    ReadError
        If the text is no CIF, holds no measured pattern, or a number is damaged.
    """
    from gemmi import cif

    try:
        document = cif.read_string(text)
    except Exception as error:  # the parser raises what C++ threw
        said = str(error).splitlines()[0].removeprefix("string:") if str(error) else "it cannot be parsed"
        said = re.sub(r"^(\d+)(?::\d+)?(?:\(\d+\))?(?=:| in )", r"line \1", said.strip()).rstrip(".")
        raise ReadError(f"{where}: {said}: this is no CIF that can be read; the file is damaged.") from error
    scans: list[Scan] = []
    instruments: list[Mapping[str, Any]] = []
    axes: dict[str, str] = {}
    words: dict[str, Any] = {}
    remarks: list[Remark] = []
    for block in document:
        columns, single = _contents(block)
        made = _scan(block.name, columns, single, f"{where}: data_{block.name}", remarks)
        if made is None:
            continue
        scan, axis = made
        scans.append(scan)
        instruments.append(_instrument(columns, single))
        axes.setdefault(axis, block.name)
        words.setdefault(
            f"data_{block.name}", {key: value for key, value in single.items() if key.startswith(("_pd_", "_diffrn"))}
        )
    if not scans:
        raise ReadError(
            f"{where}: no data block holds measured intensities with their positions; a CIF of a structure is a phase, not a pattern."
        )
    if len(axes) > 1:
        raise ReadError(f"{where}: the data blocks have different positions ({', '.join(axes)}); split the file.")
    return CifPatterns(tuple(scans), next(iter(axes)), tuple(instruments), words, tuple(remarks))


def _contents(block: gemmi.cif.Block) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Columns of loops and single values, by names in small letters without the dots of the newer dictionary."""
    columns: dict[str, list[str]] = {}
    single: dict[str, str] = {}
    for item in block:
        loop: Any = item.loop
        pair: Any = item.pair
        if loop is not None:
            width = loop.width()
            values = list(loop.values)
            for at, tag in enumerate(loop.tags):
                columns.setdefault(_plain(tag), values[at::width])
        elif pair is not None:
            single.setdefault(_plain(pair[0]), pair[1].strip("'\""))
    return columns, single


def _plain(tag: str) -> str:
    return tag.casefold().replace(".", "_")


def _scan(
    name: str, columns: Mapping[str, list[str]], single: Mapping[str, str], where: str, remarks: list[Remark]
) -> tuple[Scan, str] | None:
    chosen = next(((tag, unit) for tag, unit in _INTENSITIES if tag in columns), None)
    if chosen is None:
        return None
    tag, unit = chosen
    intensity, own = _numbers(columns[tag], f"{where}: {tag}")
    position, axis = _position(columns, single, intensity.size, where)
    std = _std(columns, tag, own, where)
    about: dict[str, Any] = {"block": name, "intensity": tag}
    if std is None:
        result = counted(intensity, unit="counts" if unit == "counts" else "", times=None, where=where)
        remarks += [Remark(item.code, item.message, where, item.severity) for item in result.remarks]
        intensity, about["intensity_unit"] = result.intensity, result.unit
    if (offset := single.get("_pd_calib_2theta_offset", "")) not in ("", "?", "."):
        text = f"The file names an offset of two theta ({offset} deg), which was not applied: it may be in the positions already."
        remarks.append(Remark("offset_not_applied", text, where, "note"))
    return Scan(
        position, intensity, std, iso(single.get("_pd_meas_datetime_initiated", "")), _state(single), about
    ), axis


def _position(columns: Mapping[str, list[str]], single: Mapping[str, str], count: int, where: str) -> tuple[Array, str]:
    for tag, axis in _POSITIONS:
        if tag in columns:
            values, _ = _numbers(columns[tag], f"{where}: {tag}")
            if values.size == count:
                if not np.isfinite(values).all():
                    spot = int(np.flatnonzero(~np.isfinite(values))[0])
                    raise ReadError(
                        f"{where}: {tag}: the position of point {spot + 1} is no number; the file is damaged."
                    )
                return values, axis
    for kind in ("meas", "proc"):
        low, step, high = (_value(single.get(f"_pd_{kind}_2theta_range_{part}", "")) for part in ("min", "inc", "max"))
        if low is None or (step is None and high is None):
            continue
        step = step if step else (high - low) / max(1, count - 1) if high is not None else None
        if step is None or step == 0:
            continue
        if high is not None and abs(low + step * (count - 1) - high) > abs(step):
            raise ReadError(
                f"{where}: {low:g} to {high:g} deg in steps of {step:g} are {round((high - low) / step) + 1} points, but {count} intensities "
                "follow; the file is damaged."
            )
        return low + step * np.arange(count, dtype=np.float64), "two_theta"
    if "_pd_proc_d_spacing" in columns:
        raise ReadError(f"{where}: positions are d-spacings only; export the pattern over two theta or time of flight.")
    raise ReadError(
        f"{where}: {count} intensities have no positions (_pd_meas_2theta_scan, _pd_meas_2theta_range_min and _inc ...)."
    )


def _std(columns: Mapping[str, list[str]], tag: str, own: Array | None, where: str) -> Array | None:
    """Uncertainties: their own column, those in brackets, or the inverse root of the weights of a refinement."""
    for name in (f"{tag}_su", f"{tag}_esd"):
        if name in columns and len(columns[name]) == len(columns[tag]):
            return _numbers(columns[name], f"{where}: {name}")[0]
    if own is not None:
        return own
    weights = columns.get("_pd_proc_ls_weight")
    if weights is None or len(weights) != len(columns[tag]) or not tag.startswith("_pd_proc"):
        return None
    values, _ = _numbers(weights, f"{where}: _pd_proc_ls_weight")
    return np.where(np.isfinite(values) & (values > 0), 1.0 / np.sqrt(np.where(values > 0, values, 1.0)), np.nan)


def _numbers(texts: Sequence[str], where: str) -> tuple[Array, Array | None]:
    """Values, nan where nothing stands, and the uncertainties in brackets where there are some."""
    values = np.full(len(texts), math.nan)
    stds = np.full(len(texts), math.nan)
    for at, text in enumerate(texts):
        if text in ("?", "."):
            continue
        found = _NUMBER.match(text.strip("'\""))
        if found is None:
            raise ReadError(f"{where}: value {at + 1}: '{text[:40]}' is no number; the file is damaged.")
        values[at] = float(found["value"])
        if found["std"]:
            stds[at] = int(found["std"]) * 2.0 * half_digit(found["value"])
    return values, stds if np.isfinite(stds).any() else None


def _value(text: str) -> float | None:
    found = _NUMBER.match(text.strip())
    return float(found["value"]) if found else None


def _state(single: Mapping[str, str]) -> dict[str, tuple[float, float, float]]:
    """Temperature (degC) of the measurement, with the uncertainty in brackets or half its last digit."""
    text = single.get("_diffrn_ambient_temperature", "").strip()
    found = _NUMBER.match(text)
    if found is None or not 0 < float(found["value"]) < 5000:
        return {}
    digit = half_digit(found["value"])
    half = 1.959963984540054 * int(found["std"]) * 2.0 * digit if found["std"] else digit
    value = float(found["value"]) - ZERO_CELSIUS
    return {"temperature": (round(value, 9), round(value - half, 9), round(value + half, 9))}


def _instrument(columns: Mapping[str, list[str]], single: Mapping[str, str]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the block says."""
    found: dict[str, Any] = {}
    probe = (single.get("_diffrn_radiation_probe", "") or single.get("_diffrn_radiation_type", "")).casefold()
    if probe:
        found |= (
            {"radiation": "neutron"}
            if "neutron" in probe
            else {"radiation": "x-ray"}
            if re.search(r"x-?ray|k.?\\?a|k.?alpha", probe)
            else {}
        )
    target = (
        (single.get("_diffrn_source_target", "") or single.get("_diffrn_radiation_type", ""))
        .strip()[:2]
        .strip()
        .capitalize()
    )
    if target in ANODES and found.get("radiation") != "neutron":
        found["anode"] = target
    lengths = (
        columns.get("_diffrn_radiation_wavelength") or columns.get("_diffrn_radiation_wavelength_wavelength") or []
    )
    one = single.get("_diffrn_radiation_wavelength", "") or single.get("_diffrn_radiation_wavelength_wavelength", "")
    waves = [value for text in (lengths or [one]) if (value := _value(text)) is not None and value > 0]
    if waves:
        found["wavelengths"] = waves[:2]
    weights = columns.get("_diffrn_radiation_wavelength_wt", [])
    numbers = [value for text in weights if (value := _value(text)) is not None]
    if len(waves) >= 2 and len(numbers) >= 2 and numbers[0] > 0 and 0 < numbers[1] / numbers[0] <= 1:
        found["ratio"] = numbers[1] / numbers[0]
    if (time := _value(single.get("_pd_meas_step_count_time", ""))) is not None and time > 0:
        found["counting_time"] = time
    return found
