"""How do results of impedance say whose a number is, how it came about, and where it failed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlith.model import Choice, Citation, Flag, How, Observable, Result, to_frame
from interlith.model.recording import PACKAGES, QualityRow, quality_table, versions_of
from interlith.techniques.impedance.spectra import Spectrum

__all__ = ["TECHNIQUE_NAME", "QualityRow", "about", "described", "how", "observable", "quality_table", "result"]

TECHNIQUE_NAME = "impedance"


def how(method: str, options: Mapping[str, Any], words: str, citations: Sequence[Citation] = ()) -> How:
    """Record of an analysis of impedance; `words` go into the Methods section."""
    return How(TECHNIQUE_NAME, method, dict(options), versions_of(*PACKAGES), tuple(citations), words)


def observable(
    spectrum: Spectrum,
    quantity: str,
    value: float | None,
    unit: str,
    components: Mapping[str, float],
    *,
    method: str = "",
    fit: str = "",
    flag: str = "",
    low: float | None = None,
    high: float | None = None,
) -> Observable:
    """A number of one spectrum, with its specimen, state and bytes.

    Parameters
    ----------
    spectrum
        Whose it is.
    quantity, value, unit, components
        As `interlith.model.Observable`; `value` `None` needs a `flag`.
    method, fit, flag
        How, from which fit, and words that must be shown beside it; what speaks against the spectrum is added.
    low, high
        Interval at 95 % where it is not the normal one; a bound has one end at infinity.
    """
    sample = spectrum.sample
    flag = "; ".join(words for words in (flag, spectrum.doubt) if words)
    return Observable(
        quantity, value, unit, sample.name, dict(components), sample.variant, sample.batch, sample.replicate, TECHNIQUE_NAME,
        spectrum.state, spectrum.cycle, method, fit, f"sha256:{spectrum.source.sha256}", flag, low, high,
    )  # fmt: skip


def result(
    name: str,
    observables: Sequence[Observable],
    *,
    data: Mapping[str, Any],
    quality: Sequence[QualityRow],
    record: How,
    choices: Sequence[Choice] = (),
    flags: Mapping[str, Sequence[Flag]] | None = None,
) -> Result:
    """A result of this technique."""
    told = {sample: tuple(found) for sample, found in (flags or {}).items() if found}
    return Result(
        TECHNIQUE_NAME, name, to_frame(observables), dict(data), quality_table(quality), record, tuple(choices), told
    )


def about(spectrum: Spectrum) -> dict[str, object]:
    """Columns that say which spectrum a row of a data table belongs to."""
    state = spectrum.state
    return {
        "sample": spectrum.sample.name, "variant": spectrum.sample.variant, "spectrum": spectrum.target,
        "number": spectrum.number, "state": state.name, "state_value": state.value, "state_unit": state.unit,
    }  # fmt: skip


def described(spectrum: Spectrum) -> str:
    """A spectrum in words for messages: ``C5_01 at 4.70 V``; the number where nothing else tells it apart."""
    state = spectrum.state
    if state.name == "spectrum":
        return f"{spectrum.sample.name}, spectrum {spectrum.number}"
    unit = "" if state.unit in ("", "1") else f" {state.unit}"
    word = f"{state.name} " if not unit else ""
    return f"{spectrum.sample.name} at {word}{state.value:.4g}{unit}"
