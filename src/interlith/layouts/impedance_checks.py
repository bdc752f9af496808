"""Do modulus and phase agree with real and imaginary part, and is a phase in degrees?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark

Array = NDArray[np.float64]

#: Both forms of one point that differ by more than this share of the modulus disagree: phases are printed to 0.1 degrees, numbers
#: to three or four digits.
TOLERANCE = 0.01
#: A phase (rad) of a passive cell stays below this.
_LARGEST = 2.0 * np.pi


def phase_in_radians(
    phase: Array, factor: float, columns: Mapping[str, Array], where: str
) -> tuple[Array, list[Remark]]:
    """A printed phase in radians; `factor` is nan where no unit is printed and the numbers must tell.

    Raises
    ------
    ReadError
        If they do not.
    """
    if np.isfinite(factor):
        return phase * factor, []
    known = phase[np.isfinite(phase)]
    if known.size and np.abs(known).max() > _LARGEST:
        unit, scale = "degrees", np.pi / 180.0
    elif {"real", "imaginary"} <= set(columns):
        angle = np.abs(np.arctan2(columns["imaginary"], columns["real"]))
        off = [float(np.nanmedian(np.abs(np.abs(phase) * size - angle))) for size in (np.pi / 180.0, 1.0)]
        unit, scale = ("degrees", np.pi / 180.0) if off[0] <= off[1] else ("radians", 1.0)
    else:
        raise ReadError(
            f"{where}: the phase has no unit, and its numbers up to {np.abs(known).max(initial=0.0):.3g} could be degrees or radians; "
            "declare `units: {phase: deg}` under `analyses: impedance:`."
        )
    return phase * scale, [Remark("phase_unit", f"The phase has no unit; its numbers can only be {unit}.", "", "note")]


def disagreement(columns: Mapping[str, Array], lines: NDArray[np.int64] | None) -> list[Remark]:
    """Points at which modulus and phase contradict real and imaginary part; either alone is compared as far as it goes."""
    if not {"real", "imaginary"} <= set(columns):
        return []
    z = columns["real"] + 1j * columns["imaginary"]
    size = np.abs(z)
    found: list[Remark] = []
    modulus, phase = columns.get("modulus"), columns.get("phase")
    if modulus is not None:
        off = np.abs(modulus - size) > TOLERANCE * np.maximum(size, np.abs(modulus))
        found += _remark(off, "The modulus", "the real and imaginary part", lines)
    if phase is not None:
        turn = np.angle(z * np.exp(-1j * phase))
        off = np.abs(turn) > TOLERANCE
        back = np.abs(np.angle(z * np.exp(1j * phase))) <= TOLERANCE
        if off.sum() > 0.5 * off.size and back.sum() > 0.9 * off.size:
            message = (
                "The phase has the sign of the complex conjugate: one of phase and imaginary part is printed turned. The imaginary "
                "part was taken by its name."
            )
            found.append(Remark("phase_turned", message))
        else:
            found += _remark(off, "The phase", "the real and imaginary part", lines)
    return found


def _remark(off: NDArray[np.bool_], what: str, other: str, lines: NDArray[np.int64] | None) -> list[Remark]:
    if not off.any():
        return []
    first = int(np.argmax(off))
    where = f"line {lines[first]}" if lines is not None else f"row {first + 1}"
    message = f"{what} contradicts {other} by more than {TOLERANCE:.0%} in {int(off.sum())} of {off.size} points."
    return [Remark("polar_disagrees", message, where)]
