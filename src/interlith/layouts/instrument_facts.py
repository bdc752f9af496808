"""What does an instrument file say, in our units, whichever program wrote it?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Array = NDArray[np.float64]

#: Larger files (bytes) hold something else.
LARGEST = 5_000_000
#: Squared full width at half maximum over the variance of a Gaussian.
VARIANCE_TO_SQUARED_WIDTH = 8 * math.log(2)
#: Angles (two theta, deg) at which widths of another form are compared where the file gives no range.
USUAL_RANGE = (5.0, 140.0)
#: A width function that ours follows no better than this (relative to the full width) is refused.
WORST_WIDTH = 0.1
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?$")


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """One bank of an instrument file; nan or nothing where the file says nothing.

    Parameters
    ----------
    program
        That the file belongs to: ``GSAS``, ``GSAS-II``, ``FullProf`` or ``Interlith``.
    name
        Title of the instrument.
    bank
        Its number.
    radiation
        ``x-ray``, ``neutron`` or nothing.
    time_of_flight
        Whether it is for time of flight: then only `words` says anything.
    wavelengths, ratio
        One or two (angstrom) and I(2)/I(1).
    polarisation
        Fraction of the intensity that is polarised perpendicular to the diffraction plane, 0.5 for a tube; intensities go
        with P + (1 - P) M cos^2(2 theta).
    monochromator
        Two theta (deg) of the monochromator crystal: M = cos^2 of it.
    zero
        Observed minus true two theta (deg).
    gauss
        U, V, W (deg^2): FWHM^2 = U tan^2(theta) + V tan(theta) + W.
    lorentz
        X, Y (deg): FWHM = X / cos(theta) + Y tan(theta).
    sample_ratio, slit_ratio
        S/L and H/L of Finger, Cox and Jephcoat.
    geometry, radius
        ``bragg-brentano`` or ``debye-scherrer``; goniometer radius (mm).
    source
        Where the numbers come from, in words.
    std
        Standard uncertainties by the names above, where the file has them.
    words
        Everything that the file says, in its own words.
    notes
        Sentences on what the file says and is not carried over, or only nearly.
    """

    program: str
    name: str = ""
    bank: int = 1
    radiation: str = ""
    time_of_flight: bool = False
    wavelengths: tuple[float, ...] = ()
    ratio: float = math.nan
    polarisation: float = math.nan
    monochromator: float = math.nan
    zero: float = math.nan
    gauss: tuple[float, float, float] | None = None
    lorentz: tuple[float, float] | None = None
    sample_ratio: float = math.nan
    slit_ratio: float = math.nan
    geometry: str = ""
    radius: float = math.nan
    source: str = ""
    std: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Widths:
    """U, V, W (deg^2) and X, Y (deg) that follow given widths, and by how much they miss them at worst (relative)."""

    gauss: tuple[float, float, float]
    lorentz: tuple[float, float]
    worst: float


def fitted_widths(two_theta: Array, gauss: Array, lorentz: Array) -> Widths:
    """The usual width functions closest to tabulated ones.

    Parameters
    ----------
    two_theta
        Angles (deg), shape (n,).
    gauss, lorentz
        Full widths at half maximum (deg), shape (n,).
    """
    from scipy.optimize import nnls

    from interlith.physics.powder.profile import pseudo_voigt_width

    theta = np.radians(two_theta / 2)
    tangent = np.tan(theta)
    scale = np.maximum(gauss, 1e-3 * gauss.max(initial=1e-12)) ** 2
    terms = np.stack([tangent**2, tangent, np.ones_like(theta)], axis=1)
    u, v, w = np.linalg.lstsq(terms / scale[:, None], gauss**2 / scale, rcond=None)[0].tolist()
    total, _ = pseudo_voigt_width(gauss, lorentz)
    shares = np.stack([1 / np.cos(theta), tangent], axis=1)
    (x, y), _ = nnls(shares / total[:, None], lorentz / total)
    found, _ = pseudo_voigt_width(
        np.sqrt(np.maximum(terms @ np.array([u, v, w]), 0.0)), shares @ np.array([x, y], dtype=np.float64)
    )
    return Widths((u, v, w), (float(x), float(y)), float(np.max(np.abs(found / total - 1))))


def checked_widths(two_theta: Array, gauss: Array, lorentz: Array, *, what: str, where: str) -> tuple[Widths, str]:
    """`fitted_widths` and the sentence that says how well they follow.

    Raises
    ------
    ReadError
        If they miss the given widths by more than 10 %.
    """
    found = fitted_widths(two_theta, gauss, lorentz)
    if not found.worst <= WORST_WIDTH:
        raise ReadError(
            f"{where}: {what} cannot be written as U, V, W, X, Y: the closest ones miss a width by {100 * found.worst:.0f} %; fit "
            "a standard and save the instrument instead."
        )
    low, high = two_theta.min(), two_theta.max()
    return found, (
        f"{what} is carried over as the U, V, W, X, Y that come closest from {low:g} to {high:g} deg; they miss the full width "
        f"by at most {100 * found.worst:.2g} %."
    )


def read_instrument_text(path: Path) -> str:
    """The text of an instrument file.

    Raises
    ------
    ReadError
        If it is not there, too large, or no text.
    """
    if not path.is_file():
        raise ReadError(f"There is no instrument file {path}; name a .prm, .instprm, .irf or .toml file.")
    if path.stat().st_size > LARGEST:
        raise ReadError(f"{path.name} has more than {LARGEST // 1_000_000} MB and is no instrument file.")
    data = path.read_bytes()
    if b"\0" in data:
        raise ReadError(f"{path.name} holds bytes of 0 and is no text; name a .prm, .instprm, .irf or .toml file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def number(text: str, where: str) -> float:
    """A number as Fortran or Python writes it.

    Raises
    ------
    ReadError
        If it is none.
    """
    word = text.strip()
    if not _NUMBER.match(word):
        raise ReadError(f"{where}: '{word}' is no number.")
    return float(re.sub("[dD]", "e", word))


def is_number(text: str) -> bool:
    """Whether a word is a number."""
    return bool(_NUMBER.match(text.strip()))
