"""What does a NeXus file say of beam, start and specimen?"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.layouts import nexus_find, nexus_words
from interlith.layouts.lazy_text import Remark
from interlith.layouts.nexus_find import Stack, attribute
from interlith.layouts.scan_axes import plain

#: Largest text (bytes) that is looked at, and what counts as seconds since 1970: behind 2001.
_LONGEST, _EPOCH = 1_000_000, 1e9
#: Planck's constant times the speed of light (keV angstrom), exact by the definition of the SI (CODATA 2018).
_KEV_ANGSTROM = 12.398419843320026


def words(file: Any, path: Path, remarks: list[Remark]) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """Words of ``metadata["instrument"]``, the start (ISO), and what else single values say."""
    lines: set[float] = set()
    about: dict[str, Any] = {}
    start, radiation = "", ""
    for group, members in nexus_find.groups(file, path):
        for name, item in members.items():
            bare = plain(name)
            if item.size != 1:
                continue
            if item.dtype.kind in "iuf":
                value = float(np.asarray(item[()], dtype=np.float64).ravel()[0])
                lines |= _line(bare, value, attribute(item, "units"))
                quantity = nexus_words.state(name, attribute(item, "units"))
                if quantity is not None and quantity.name != "test_time" and math.isfinite(value):
                    about.setdefault(quantity.name, value * quantity.factor + quantity.offset)
            elif item.dtype.kind in "OS":
                written = _text(item)
                start = start or (written if bare == "starttime" else "")
                radiation = radiation or (_probe(written) if bare in ("probe", "radiation") else "")
                lines |= _configured(written) if written.lstrip().startswith("{") else set()
                if bare in ("title", "name") and attribute(group, "NX_class") in ("NXentry", "NXsample") and written:
                    about.setdefault(
                        {"NXentry": "title", "NXsample": "sample"}[attribute(group, "NX_class")], written[:200]
                    )
    instrument: dict[str, Any] = {"radiation": radiation} if radiation else {}
    distinct = sorted({round(line, 6) for line in lines})
    if len(distinct) == 1:
        instrument["wavelengths"] = [max(lines)]
    elif distinct:
        message = f"The file names several wavelengths ({', '.join(f'{line:g}' for line in distinct)} angstrom); none was taken."
        remarks.append(Remark("wavelengths_differ", message))
    return instrument, start, about


def _line(bare: str, value: float, unit: str) -> set[float]:
    """A wavelength (angstrom) from a value that is one, or the energy of the beam."""
    if bare in ("wavelength", "incidentwavelength", "wave"):
        found = nexus_words.wavelength(value, unit)
        return set() if found is None else {found}
    if bare in ("incidentenergy", "energy", "photonenergy"):
        factor = {"kev": 1.0, "ev": 1e-3}.get(plain(unit))
        if factor is not None and 1 < value * factor < 500:
            return {float(f"{_KEV_ANGSTROM / (value * factor):.10g}")}
    return set()


def _configured(written: str) -> set[float]:
    """The wavelength in a configuration as pyFAI writes it: JSON, in metres."""
    try:
        told = json.loads(written)
    except (ValueError, RecursionError):
        return set()
    value = told.get("wavelength") if isinstance(told, dict) else None
    if value is None and isinstance(told, dict) and isinstance(told.get("poni"), dict):
        value = told["poni"].get("wavelength")
    found = nexus_words.wavelength(float(value), "m") if isinstance(value, int | float) else None
    return set() if found is None else {found}


def _text(item: Any) -> str:
    if item.dtype.kind == "S" and item.dtype.itemsize > _LONGEST:
        return ""
    value = item[()]
    value = value.ravel()[0] if isinstance(value, np.ndarray) else value
    found = (
        value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    )
    return found[:_LONGEST].strip()


def _probe(written: str) -> str:
    bare = plain(written)
    return "neutron" if "neutron" in bare else "x-ray" if "xray" in bare else ""


def per_frame(file: Any, stack: Stack, remarks: list[Remark]) -> tuple[dict[str, NDArray[np.float64]], str]:
    """Time and state of each frame in inside units, and the start (ISO) where times count from 1970."""
    found: dict[str, NDArray[np.float64]] = {}
    start = ""
    for name, (place, quantity) in stack.states.items():
        values = np.asarray(file[place][()], dtype=np.float64) * quantity.factor + quantity.offset
        if name == "test_time" and values.size and np.nanmin(values) > _EPOCH:
            start = datetime.fromtimestamp(float(values[0]), tz=UTC).isoformat()
            values = values - values[0]
        if name == "test_time" and np.any(np.diff(values[np.isfinite(values)]) < 0):
            remarks.append(Remark("clock_jumps_back", "The times of the frames do not always go on.", place))
        found[name] = values
    return found, start
