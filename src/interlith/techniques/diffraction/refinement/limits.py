"""Between which values may a name of a pattern be, and what is a large change of it?"""

from __future__ import annotations

import math

from interlith.techniques.diffraction.refinement.pattern import Pattern

#: Largest and smallest values of parameters by the ends of their names: what no specimen exceeds. Those in `_PHYSICAL` stay when
#: all bounds are released: beyond them there is no pattern.
_BOUNDS: dict[str, tuple[float, float]] = {
    "zero": (-1.0, 1.0), "displacement": (-5.0, 5.0), "displacement_across": (-5.0, 5.0), "roughness": (0.0, 1.0), "gauss_w": (0.0, 1.0), "lorentz_x": (0.0, 1.0),
    "lorentz_y": (0.0, 5.0), "sample_ratio": (0.0, 0.2), "slit_ratio": (0.0, 0.2), "_inverse_size": (0.0, 0.6), "_inverse_size_along": (0.0, 0.6), "_inverse_size_across": (0.0, 0.6),
    "_microstrain": (0.0, 0.05), "_microstrain_along": (0.0, 0.05), "_microstrain_across": (0.0, 0.05), "_texture": (0.15, 5.0), "overall_u": (-0.1, 0.5), "_u_iso": (-0.1, 1.0), "_u11": (-0.1, 1.0),
    "_u22": (-0.1, 1.0), "_u33": (-0.1, 1.0), "_u12": (-0.5, 0.5), "_u13": (-0.5, 0.5), "_u23": (-0.5, 0.5), "_occupancy": (0.0, 1.0),
}  # fmt: skip
_PHYSICAL: dict[str, tuple[float, float]] = {
    "_scale": (0.0, math.inf), "lorentz_x": (0.0, math.inf), "lorentz_y": (0.0, math.inf), "sample_ratio": (0.0, 1.0),
    "slit_ratio": (0.0, 1.0), "_inverse_size": (0.0, math.inf), "_inverse_size_along": (0.0, math.inf), "_inverse_size_across": (0.0, math.inf),
    "_microstrain": (0.0, math.inf), "_microstrain_along": (0.0, math.inf), "_microstrain_across": (0.0, math.inf), "_texture": (1e-3, math.inf),
    "_u_iso": (-1.0, math.inf), "overall_u": (-1.0, math.inf),
}  # fmt: skip
#: Relative change of an edge and change of an angle (deg) that is no refinement any more.
_CELL, _ANGLE = 0.04, 4.0


def limits_of(name: str, start: float, pattern: Pattern) -> tuple[float, float]:
    """Lowest and highest value of a name.

    Parameters
    ----------
    name
        As the model has it.
    start
        Where it starts: a cell may move about it.
    pattern
        May set bounds, or release all that are not of physics.
    """
    if name in pattern.bounds:
        return pattern.bounds[name]
    if pattern.unbounded:
        return next((limits for end, limits in _PHYSICAL.items() if name.endswith(end)), (-math.inf, math.inf))
    phase = next((one for one in pattern.names if name.startswith(f"{one}_")), None)
    word = name if phase is None else name.removeprefix(phase)
    if phase is not None and word.startswith("_cell_"):
        if word[6:] in ("alpha", "beta", "gamma"):
            return start - _ANGLE, start + _ANGLE
        return start * (1 - _CELL), start * (1 + _CELL)
    if phase is None and name.startswith(("background_", "gauss_u", "gauss_v", "hump_")):
        return -math.inf, math.inf
    known = _BOUNDS | {"_scale": (0.0, math.inf)}
    return next((limits for end, limits in known.items() if word.endswith(end)), (-math.inf, math.inf))


def typical(name: str, start: float) -> float:
    """Size of a parameter that starts at zero: what a large error of it would be."""
    if start:
        return abs(start)
    for end, size in (
        ("zero", 0.05),
        ("displacement", 0.1),
        ("displacement_across", 0.1),
        ("roughness", 0.1),
        ("inverse_size", 0.01),
        ("microstrain", 1e-3),
        ("scale", 1.0),
    ):
        if name.endswith(end):
            return size
    return 1e-2 if "gauss" in name or "lorentz" in name else 1.0
