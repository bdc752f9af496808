"""Which of our spectra did the other program evaluate, and how is that known?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Measurement, Series, Table
from interlith.techniques.impedance.spectra import Spectrum, spectra_of

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
#: Relative difference of two impedances that are the same number written with other digits.
_SAME = 1e-4


@dataclass(frozen=True, slots=True)
class Place:
    """A spectrum with its measurement; the measurement is `None` where it holds several spectra."""

    spectrum: Spectrum
    measurement: Measurement | None


def places_of(series: Series) -> tuple[Place, ...]:
    """All spectra of a series, each with the measurement that holds it alone."""
    spectra = spectra_of(series)
    counted = [(one.source.sha256, one.inner) for one in spectra]
    held: dict[tuple[str, int], Measurement] = {}
    for item in series:
        part = spectra_of(replace(series, measurements=(item,)))
        if len(part) == 1 and isinstance(item.payload, Table):
            held[part[0].source.sha256, part[0].inner] = item
    return tuple(Place(one, held.get(key)) for one, key in zip(spectra, counted, strict=True))


def place_of(
    places: Sequence[Place], *, raw: str, number: int | None, carried: tuple[Array, Complex] | None, program: str
) -> tuple[Place, tuple[str, ...]]:
    """The spectrum that an evaluation belongs to, and what must be said of that.

    Parameters
    ----------
    places
        All spectra that come into question.
    raw, number
        File that the export names, and which spectrum of it; empty and `None` if it does not tell.
    carried
        Points that the export carries along.
    program
        Its name.

    Raises
    ------
    StudyError
        If no spectrum or several fit: the message lists them.
    """
    if carried is not None:
        same = [one for one in places if _same_points(one.spectrum, carried)]
        if len(same) == 1:
            return same[0], ()
    wanted = raw.casefold()
    named = [one for one in places if wanted and _file(one.spectrum).casefold() == wanted]
    left = named or list(places)
    if number is not None:
        left = [one for one in left if one.spectrum.inner == number - 1] if named else [
            one for one in left if one.spectrum.number == number
        ]  # fmt: skip
    if len(left) != 1:
        listed = ", ".join(f"{one.spectrum.number}: {one.spectrum.target}" for one in (left or places)[:8])
        which = (
            f"the spectrum {number} of {raw or 'the file'}"
            if number is not None
            else f"'{raw}'"
            if raw
            else "which spectrum"
        )
        raise StudyError(
            f"{program} evaluated {which}, and {len(left)} spectra come into question; name one by its number. Spectra: {listed}."
        )
    told = []
    if carried is not None:
        told.append(f"The points that {program} carries along are not those of this spectrum.")
    elif not raw:
        told.append(
            f"{program} does not say which file it evaluated; this spectrum is taken because it was named here."
        )
    elif not named:
        told.append(f"{program} names '{raw}', which is not the name of this file ({_file(left[0].spectrum)}).")
    return left[0], tuple(told)


def _file(spectrum: Spectrum) -> str:
    return spectrum.source.path.replace("\\", "/").rpartition("/")[2]


def _same_points(spectrum: Spectrum, carried: tuple[Array, Complex]) -> bool:
    """Whether all carried points are points of the spectrum."""
    frequency, impedance = carried
    if not len(frequency) or len(frequency) > len(spectrum.frequency):
        return False
    nearest = np.abs(np.log(spectrum.frequency[None, :] / frequency[:, None])).argmin(axis=1)
    there = spectrum.frequency[nearest]
    if np.abs(there / frequency - 1).max() > _SAME:
        return False
    return bool((np.abs(spectrum.impedance[nearest] - impedance) <= _SAME * np.abs(impedance)).all())
