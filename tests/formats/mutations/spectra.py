"""Are the spectra that a damaged file gives those of the undamaged one?

A single point that changed is not what a reader can see, and is left to the Kramers-Kronig test; counted is whether a spectrum as a
whole is another: more than a quarter of its points (at least three) are off by more than 1 % of the modulus, missing or new.
"""

from __future__ import annotations

import numpy as np
import polars as pl

#: Frequency and complex impedance of one spectrum.
Points = tuple[tuple[float, ...], tuple[complex, ...]]
TOLERANCE, SHARE, FEW = 0.01, 0.25, 3


def points_of(frame: pl.DataFrame) -> tuple[Points, ...]:
    """Spectra of a frame with canonical columns, in file order; points that are no number are none."""
    kept = frame.filter(
        pl.col("frequency").is_finite()
        & pl.col("impedance_real").is_finite()
        & pl.col("impedance_imaginary").is_finite()
    )
    parts = kept.partition_by("vendor_cycle", maintain_order=True) if "vendor_cycle" in kept.columns else [kept]
    return tuple(
        (
            tuple(part["frequency"]),
            tuple(complex(re, im) for re, im in part.select("impedance_real", "impedance_imaginary").iter_rows()),
        )
        for part in parts
    )


def pattern_points(frame: pl.DataFrame) -> tuple[Points, ...]:
    """Patterns of a frame, in file order, as points of position and intensity; points without weight are none."""
    axis = next(name for name in ("two_theta", "scattering_vector", "time_of_flight") if name in frame.columns)
    kept = frame.filter(pl.col("intensity").is_finite())
    if "intensity_std" in kept.columns:
        kept = kept.filter(pl.col("intensity_std").is_not_null())
    parts = kept.partition_by("frame", maintain_order=True) if "frame" in kept.columns else [kept]
    return tuple((tuple(part[axis]), tuple(complex(value, 0.0) for value in part["intensity"])) for part in parts)


def differences(clean: tuple[Points, ...], told: tuple[Points, ...], *, shorter: bool) -> list[str]:
    """What differs, as sentences; with `shorter` points and spectra may be missing."""
    found: list[str] = []
    if not clean:
        return [f"{len(told)} spectra instead of none"] if told else []
    if len(told) != len(clean) and not (shorter and len(told) < len(clean)):
        found.append(f"{len(told)} spectra instead of {len(clean)}")
    for number, now in enumerate(told, start=1):
        # Rows that are spectra may be exchanged without harm: each is compared with the one that it is most like.
        before, (off, lost, new) = min(((one, _counts(one, now)) for one in clean), key=lambda pair: sum(pair[1]))
        most = max(FEW, SHARE * len(before[0]))
        if off > most or new > most or (lost > most and not shorter):
            found.append(f"spectrum {number}: {off} points are off, {lost} missing, {new} new, of {len(before[0])}")
    return found


def _counts(before: Points, now: Points) -> tuple[int, int, int]:
    frequency, impedance = np.array(now[0]), np.array(now[1])
    off = lost = 0
    taken: set[int] = set()
    for f, z in zip(*before, strict=True):
        near = np.flatnonzero(np.abs(frequency - f) <= 1e-3 * f)
        if near.size == 0:
            lost += 1
            continue
        best = near[np.argmin(np.abs(impedance[near] - z))]
        taken |= set(near.tolist())
        off += bool(abs(impedance[best] - z) > TOLERANCE * abs(z))
    return off, lost, len(now[0]) - len(taken)
