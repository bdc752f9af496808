"""Which axis of a NeXus or HDF5 file is two theta, scattering vector, time or temperature, and in which unit?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from interlith.errors import ReadError
from interlith.layouts.powder_scans import ZERO_CELSIUS
from interlith.layouts.scan_axes import plain

_TWO_THETA = frozenset(
    [
        "2th",
        "tth",
        "2theta",
        "twotheta",
        "ttheta",
        "2thdeg",
        "tthdeg",
        "2thetadeg",
        "twothetadeg",
        "2thrad",
        "twothetarad",
    ]
)
_VECTOR = frozenset(["q", "qa1", "qnm1", "qmagnitude", "scatteringvector", "momentumtransfer", "qinva"])
_FLIGHT = frozenset(["tof", "timeofflight"])
_RADIAL = frozenset(["radial", "x", "axis", "bin", "bins", "bincenters"])
#: Names of axes around the beam: a picture, not a pattern.
AZIMUTH = frozenset(["chi", "azimuthal", "azimuth", "azim", "chideg", "eta", "azimuthalangle"])
#: Names of intensities in files without NeXus classes.
INTENSITY = frozenset(
    ["intensity", "intensities", "i", "counts", "data", "signal", "y", "patterns", "profiles", "pattern", "profile"]
)
#: Names of uncertainties, besides that of the signal with ``_errors``.
ERRORS = frozenset(["errors", "error", "sigma", "std", "intensitystd", "uncertainty", "uncertainties"])
_ANGLES = {
    "deg": 1.0,
    "degree": 1.0,
    "degrees": 1.0,
    "2thdeg": 1.0,
    "2thrad": math.degrees(1.0),
    "rad": math.degrees(1.0),
    "radian": math.degrees(1.0),
    "radians": math.degrees(1.0),
}
_VECTORS = {
    "a1": 1.0, "angstrom1": 1.0, "1a": 1.0, "1angstrom": 1.0, "qa1": 1.0, "inva": 1.0, "nm1": 0.1, "1nm": 0.1, "qnm1": 0.1,
    "invnm": 0.1,
}  # fmt: skip
_MICROSECONDS = {"us": 1.0, "microsecond": 1.0, "microseconds": 1.0, "ms": 1e3, "s": 1e6}
_SECONDS = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0,
    "hour": 3600.0, "hours": 3600.0,
}  # fmt: skip
_VOLTS = {"v": 1.0, "volt": 1.0, "volts": 1.0, "mv": 1e-3}


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a dataset is: name, and how its numbers become inside units (value times factor plus offset)."""

    name: str
    factor: float
    offset: float = 0.0


def _unit(unit: str) -> str:
    spelled = unit.replace("°", "deg").replace("Å", "a").replace("Å", "a").replace("µ", "u").replace("μ", "u")
    return plain(spelled.replace("^-1", "1").replace("⁻¹", "1"))


def position(name: str, unit: str, long_name: str, where: str) -> Quantity | None:
    """Two theta (deg), scattering vector (1/angstrom) or time of flight (us); `None` where a dataset is none of them.

    Raises
    ------
    ReadError
        If it is one by its name, in a unit that is not known.
    """
    bare, other, written = plain(name), plain(long_name.split("(")[0]), _unit(unit)
    if bare in _TWO_THETA or other in _TWO_THETA or (bare in _RADIAL and written in _ANGLES):
        default = "rad" if bare.endswith("rad") else "deg"
        return Quantity("two_theta", _known(written or default, _ANGLES, name, unit, where))
    if bare in _VECTOR or other in _VECTOR or (bare in _RADIAL and written in _VECTORS):
        default = "nm1" if bare == "qnm1" else "a1" if bare in ("qa1", "qinva") else ""
        return Quantity("scattering_vector", _known(written or default, _VECTORS, name, unit, where))
    if bare in _FLIGHT:
        return Quantity("time_of_flight", _known(written or "us", _MICROSECONDS, name, unit, where))
    return None


def _known(written: str, table: dict[str, float], name: str, unit: str, where: str) -> float:
    if written not in table:
        said = f"in '{unit}', which is not known" if unit else "without a unit"
        raise ReadError(
            f"{where}: the axis '{name}' is {said}; write its unit as the attribute 'units' of the dataset."
        )
    return table[written]


def state(name: str, unit: str) -> Quantity | None:
    """Time (s), temperature (degC) or voltage (V) of a frame; `None` where a dataset is none of them, or its unit is not known."""
    bare, written = plain(name), _unit(unit)
    if bare in (
        "time",
        "elapsedtime",
        "testtime",
        "relativetime",
        "timestamp",
        "epoch",
        "starttime",
        "timeaxis",
        "elapsed",
    ):
        return Quantity("test_time", _SECONDS[written or "s"]) if (written or "s") in _SECONDS else None
    if bare in ("temperature", "temp", "sampletemperature", "settemperature"):
        if written in ("k", "kelvin"):
            return Quantity("temperature", 1.0, -ZERO_CELSIUS)
        return Quantity("temperature", 1.0) if written in ("c", "degc", "celsius", "degcelsius") else None
    if bare in ("voltage", "cellvoltage", "potential", "ewe"):
        return Quantity("voltage", _VOLTS[written or "v"]) if (written or "v") in _VOLTS else None
    return None


def wavelength(value: float, unit: str) -> float | None:
    """A wavelength (angstrom); `None` where its unit is not known or the value is none of diffraction."""
    factor = {"a": 1.0, "angstrom": 1.0, "angstroms": 1.0, "m": 1e10, "nm": 10.0}.get(_unit(unit))
    found = None if factor is None else value * factor
    return None if found is None or not 0.01 < found < 20 else float(f"{found:.10g}")
