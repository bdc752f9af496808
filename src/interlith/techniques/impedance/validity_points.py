"""Which points of a spectrum does the test leave out, and which does a person?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Choice, Decision, Flag
from interlith.numerics.kramers_kronig import Check, Settings
from interlith.techniques.impedance.spectra import Spectrum

Mask = NDArray[np.bool_]

#: Headline quantities that a point may move.
MOVES = ("ohmic_resistance", "polarisation_resistance", "charge_transfer_resistance")
#: Frequencies of the mains and their first harmonics (Hz), and how near a point must be to be suspected.
_MAINS, _NEAR = (50.0, 60.0, 100.0, 120.0, 150.0, 180.0), 0.02
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def point_choice(spectrum: Spectrum, check: Check, number: int, settings: Settings) -> Choice:
    """One failing point as a choice that a person may overrule."""
    away = 100 * float(np.abs(check.residuals[number]))
    frequency = float(spectrum.frequency[number])
    mains = [value for value in _MAINS if abs(frequency / value - 1) < _NEAR]
    hint = f", and {mains[0]:.0f} Hz is a frequency of the mains" if mains else ""
    ends = number in (int(np.argmax(check.used)), check.used.size - 1 - int(np.argmax(check.used[::-1])))
    end = " (at the end of the window, where the others can only be extrapolated)" if ends else ""
    allowed = 0.6 * settings.level / max(int(check.used.sum()), 1)
    chance = max(float(check.chance[number]), 1e-300)
    margin = float(np.clip(np.log(allowed / chance) / np.log(1e4), 0.0, 1.0))
    reason = (
        f"{frequency:.4g} Hz lies {away:.1f} % of |Z| from what the other points say{end}, at a noise of "
        f"{100 * check.noise:.2f} %{hint}."
    )
    return Choice(spectrum.point(number), "use", "false", "true", margin, MOVES, reason)


def decided_points(spectrum: Spectrum, decisions: Sequence[Decision]) -> tuple[Mask, Mask, dict[str, Choice]]:
    """Points that a person left out and took back, and how these decisions stand among the choices.

    Raises
    ------
    StudyError
        If a value is neither true nor false.
    """
    size = spectrum.frequency.size
    left_out, taken_back = np.zeros(size, bool), np.zeros(size, bool)
    told: dict[str, Choice] = {}
    names = {_part(spectrum.point(k)): k for k in range(size)}
    for one in decisions:
        if one.field != "use" or one.target.digest != spectrum.source.sha256[:12] or one.target.part not in names:
            continue
        number, use = names[one.target.part], _yes(one)
        left_out[number], taken_back[number] = not use, use
        word, other = ("true", "false") if use else ("false", "true")
        told[spectrum.point(number)] = Choice(
            spectrum.point(number), "use", word, other, 1.0, MOVES, one.reason, one.who or "a person"
        )
    return left_out, taken_back, told


def words_of_decisions(spectra: Sequence[Spectrum], decisions: Sequence[Decision], known: set[str]) -> list[Flag]:
    """Decisions about points that are not there (any more)."""
    digests = {one.source.sha256[:12] for one in spectra}
    parts = {_part(name) for name in known}
    return [
        Flag(
            "target_vanished",
            f"The decision about '{one.target.text}' (use: {one.value}) finds no such point; targets of points end in "
            f"/point/ and the frequency, for instance {spectra[0].point(0)}.",
            one.target.text,
        )
        for one in decisions
        if one.field == "use" and one.target.digest in digests and one.target.part not in parts
    ]


def _part(target: str) -> str:
    """What follows the digest of a target."""
    return target.rpartition("#sha256:")[2][13:]


def _yes(one: Decision) -> bool:
    if isinstance(one.value, bool):
        return one.value
    word = str(one.value).strip().casefold()
    if word not in _WORDS:
        raise StudyError(f"use of {one.target.text} is '{one.value}'; write true or false.")
    return _WORDS[word]
