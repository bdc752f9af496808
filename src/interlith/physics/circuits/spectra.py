"""In which form do spectra enter a fit: one table of members and points, whatever their grids?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.physics.circuits.element import Array, Complex

#: (ohm) A modulus below this, or above one over it, is a dead channel: no impedance.
_DEAD = 1e-50


@dataclass(frozen=True, slots=True)
class Spectra:
    """Spectra of m members: `frequency` (Hz), `impedance` (ohm), `used` and `std` (ohm, or `None`), all of shape (m, n).

    A point that is not used has some finite frequency, so that the model can be evaluated there.
    """

    frequency: Array
    impedance: Complex
    used: NDArray[np.bool_]
    std: Array | None

    @property
    def members(self) -> int:
        """Number of spectra."""
        return len(self.frequency)

    def window(self) -> tuple[Array, Array]:
        """(Hz) lowest and highest used frequency of every member, shape (m,)."""
        low = np.where(self.used, self.frequency, np.inf).min(axis=1)
        return low, np.where(self.used, self.frequency, 0.0).max(axis=1)

    def groups(self) -> list[NDArray[np.intp]]:
        """Members of one grid of frequencies and used points, group by group."""
        keys: dict[bytes, list[int]] = {}
        for member in range(self.members):
            keys.setdefault(self.frequency[member].tobytes() + self.used[member].tobytes(), []).append(member)
        return [np.array(rows, dtype=np.intp) for rows in keys.values()]

    def check(self, free: int, circuit: str) -> None:
        """Refuse spectra with too few points.

        Raises
        ------
        FitError
            If the free parameters outnumber the real and imaginary parts of a spectrum.
        """
        points = self.used.sum(axis=1)
        short = int(points.argmin())
        if 2 * points[short] <= free:
            raise FitError(
                f"Spectrum {short} has {points[short]} usable points, the circuit {circuit} has {free} free parameters; "
                "take a simpler circuit, hold parameters, or leave the spectrum out."
            )


def spectra_of(frequency: ArrayLike, impedance: ArrayLike, std: ArrayLike | None = None) -> Spectra:
    """Spectra from arrays, see `interlith.physics.circuits.fitting.fit_circuit`.

    Raises
    ------
    FitError
        If shapes do not fit, a frequency is not positive, or a standard uncertainty is not.
    """
    data = np.atleast_2d(np.asarray(impedance, dtype=np.complex128))
    if data.ndim != 2:
        raise FitError(f"The impedance has the shape {data.shape}; give (points,) or (spectra, points).")
    hertz = np.atleast_2d(np.asarray(frequency, dtype=np.float64))
    try:
        hertz = np.broadcast_to(hertz, data.shape)
        sizes = None if std is None else np.broadcast_to(np.atleast_2d(np.asarray(std, dtype=np.float64)), data.shape)
    except ValueError:
        raise FitError(
            f"Frequencies of the shape {hertz.shape} do not belong to impedances of the shape {data.shape}."
        ) from None
    used = np.isfinite(hertz) & np.isfinite(data) & (np.abs(data) > _DEAD) & (np.abs(data) < 1.0 / _DEAD)
    if (hertz[used] <= 0).any():
        raise FitError(
            f"A frequency is {hertz[used].min():g} Hz; an impedance has a positive one. Leave the point out."
        )
    if not used.any(axis=1).all():
        raise FitError(f"Spectrum {int(np.argmin(used.any(axis=1)))} has no usable point; leave it out.")
    if sizes is not None and not (np.isfinite(sizes) & (sizes > 0))[used].all():
        raise FitError(
            "A standard uncertainty is not positive and finite; make the impedance nan to leave a point out."
        )
    first = np.take_along_axis(hertz, used.argmax(axis=1)[:, None], axis=1)
    middle = np.take_along_axis(data, used.argmax(axis=1)[:, None], axis=1)
    return Spectra(
        np.where(used, hertz, first),
        np.where(used, data, middle),
        used,
        None if sizes is None else np.where(used, sizes, 1.0),
    )
