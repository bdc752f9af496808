"""How are spectra printed as the text that EC-Lab exports of a PEIS or GEIS?

Used by the writer of .mpt, which feeds the simulator: eight significant digits, as EC-Lab prints single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import StudyError, nearest
from interlith.layouts import table_writing as writing
from interlith.layouts.biologic_text import MAGIC
from interlith.units import inside

TECHNIQUES = {
    "PEIS": "Potentio Electrochemical Impedance Spectroscopy",
    "GEIS": "Galvano Electrochemical Impedance Spectroscopy",
}
_NEEDED = ("frequency", "impedance_real", "impedance_imaginary")


def write_spectra(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write spectra below each other, told apart by their cycle number.

    Parameters
    ----------
    frame
        ``frequency`` (Hz), ``impedance_real``, ``impedance_imaginary`` (ohm); ``test_time`` (s), ``voltage`` (V), ``current`` (A) and
        ``vendor_cycle`` where known.
    path
        File to write.
    metadata
        ``start`` (ISO text), ``active_mass`` and ``area`` (texts with unit), ``technique`` (``PEIS`` or ``GEIS``).

    Raises
    ------
    StudyError
        If a column is missing, a number is not finite, or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "active_mass", "area", "technique"))
    if missing := [name for name in _NEEDED if name not in frame.columns]:
        raise StudyError(f"Spectra to be written have no column {', '.join(missing)}; give {', '.join(_NEEDED)}.")
    technique = str(metadata.get("technique", "PEIS"))
    if technique not in TECHNIQUES:
        raise StudyError(f"technique is '{technique}'; {nearest(technique, TECHNIQUES)}.")
    columns = _columns(frame)
    for name, values in columns.items():
        if not np.isfinite(values).all():
            raise StudyError(
                f"Row {int(np.argmin(np.isfinite(values))) + 1} of the spectra to be written has no {name}."
            )
    lines = ["", TECHNIQUES[technique], "", "Run on channel : 1 (SN 0)", "Electrode connection : standard"]
    if start is not None:
        lines.append(f"Acquisition started on : {start:%m/%d/%Y %H:%M:%S}.{start.microsecond // 1000:03d}")
    area = inside(metadata["area"], "area") * 1e4 if "area" in metadata else 0.001
    lines.append(f"Electrode surface area : {area:.3f} cm\u00b2")
    mass = inside(metadata["active_mass"], "active_mass") * 1e3 if "active_mass" in metadata else 0.001
    lines += [f"Characteristic mass : {mass:.6g} g", "Mode                Single sine         ", ""]
    head = [
        MAGIC[0],
        f"Nb header lines : {len(lines) + 3}                          ",
        *lines,
        "\t".join([*columns, "Ns", ""]),
    ]
    rows = zip(*columns.values(), strict=True)
    wide = {list(columns).index(name) for name in ("time/s", "cycle number") if name in columns}
    body = [
        "\t".join([*(_printed(value, 15 if at in wide else 7) for at, value in enumerate(row)), "0"]) for row in rows
    ]
    path.write_text("\r\n".join([*head, *body]) + "\r\n", encoding="cp1252", newline="")


def _columns(frame: pl.DataFrame) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Printed name -> numbers in printed units."""
    held = {name: frame[name].cast(pl.Float64).to_numpy() for name in frame.columns if frame[name].dtype.is_numeric()}
    z = held["impedance_real"] + 1j * held["impedance_imaginary"]
    made = {
        "freq/Hz": held["frequency"], "Re(Z)/Ohm": z.real, "-Im(Z)/Ohm": -z.imag, "|Z|/Ohm": np.abs(z),
        "Phase(Z)/deg": np.degrees(np.angle(z)),
    }  # fmt: skip
    if "test_time" in held:
        made["time/s"] = held["test_time"]
    if "voltage" in held:
        made["<Ewe>/V"] = held["voltage"]
    if "current" in held:
        made["<I>/mA"] = held["current"] * 1e3
    made["cycle number"] = held.get("vendor_cycle", np.ones(frame.height))
    return made


def _printed(value: float, decimals: int) -> str:
    """A number as EC-Lab prints it: ``7.0000185E+006``."""
    mantissa, _, exponent = f"{value:.{decimals}E}".partition("E")
    return f"{mantissa}E{exponent[0]}{int(exponent[1:]):03d}"
