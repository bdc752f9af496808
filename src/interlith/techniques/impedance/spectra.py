"""Which spectra do the measurements of a series hold, in which state was each taken, and which of its points are used?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Measurement, Sample, Series, Source, State, Table
from interlith.units import convert, parse

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
Mask = NDArray[np.bool_]

#: States that may carry a series, the most telling first; the number of the spectrum is the last resort.
AXES = ("voltage", "temperature", "cycle", "dose", "depth")
NUMBER = "spectrum"
#: A spectrum with fewer points says nothing.
FEWEST = 5
#: Verdict of the Kramers-Kronig test -> words beside the numbers of the spectrum.
_DOUBTS = {"fails": "the spectrum fails the Kramers-Kronig test", "drifts": "the cell changed during the sweep"}
#: Sweeps of one file whose mean voltages (V) span more were taken at different voltages.
_VOLTAGES_DIFFER = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """One impedance spectrum of one specimen.

    Parameters
    ----------
    sample
        The specimen.
    states
        All that is known of the state that it was taken in, by name.
    axis
        The state that tells it from the other spectra of its specimen: one of `states`.
    frequency
        (Hz), shape (n,), falling.
    impedance
        (ohm), shape (n,), complex; the imaginary part is negative where capacitive.
    used
        Shape (n,): points that a person or the Kramers-Kronig test left out are false.
    source
        The raw bytes.
    number
        From 1 among the spectra of its specimen.
    target
        How decisions and choices name it: ``eis/C5.mpr#sha256:03ab99e1c5d7/spectrum/3``; without the last part where the
        file holds one spectrum.
    time
        (s), shape (n,): device time of each point, `None` where the file does not tell.
    inner
        From 0 among the spectra of its file.
    doubt
        What the Kramers-Kronig test says against it, in words that stand with every number of it; empty where it passes.
    """

    sample: Sample
    states: Mapping[str, State]
    axis: str
    frequency: Array
    impedance: Complex
    used: Mask
    source: Source
    number: int
    target: str
    time: Array | None = None
    inner: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    doubt: str = ""

    @property
    def state(self) -> State:
        """Its place on the axis of the series."""
        return self.states[self.axis]

    @property
    def name(self) -> str:
        """Unique name for the sources of its uncertainties: specimen, bytes, place in the file."""
        return f"{self.sample.name}/{self.source.sha256[:12]}/{self.inner}"

    @property
    def cycle(self) -> int | None:
        """Cycle number where it is known and whole."""
        known = self.states.get("cycle")
        return int(known.value) if known is not None and float(known.value).is_integer() else None

    @property
    def kept(self) -> tuple[Array, Complex]:
        """Frequencies and impedances of the used points."""
        return self.frequency[self.used], self.impedance[self.used]

    def point(self, number: int) -> str:
        """How decisions name one of its points: ``.../point/12.6 Hz``."""
        return f"{self.target}/point/{frequency_words(float(self.frequency[number]))}"

    def within(self, window: tuple[float, float] | None) -> Spectrum:
        """The same with the points outside a window of frequencies (Hz) unused; `None` leaves it as it is."""
        if window is None:
            return self
        low, high = min(window), max(window)
        return replace(self, used=self.used & (self.frequency >= low) & (self.frequency <= high))


def frequency_words(frequency: float) -> str:
    """A frequency as targets write it: four significant digits with Hz."""
    return f"{frequency:.4g} Hz"


def spectra_of(series: Series, *, against: str | None = None, window: Any = None) -> tuple[Spectrum, ...]:
    """The spectra of all measurements, in the order of their state within each specimen.

    Parameters
    ----------
    series
        Measurements with the columns frequency, impedance_real, impedance_imaginary.
    against
        State that orders the spectra of a specimen; by default the first of `AXES` that differs between them, else the
        number of the spectrum.
    window
        Lowest and highest frequency that is used, as texts with units or numbers (Hz).

    Raises
    ------
    FitError
        If a measurement holds no spectrum.
    StudyError
        If `against` is no known state of every spectrum, or the window is none.
    """
    limits = window_of(window)
    found: dict[str, list[Spectrum]] = {}
    for item in series:
        for spectrum in _of_measurement(item):
            found.setdefault(item.sample.name, []).append(spectrum)
    return tuple(one.within(limits) for spectra in found.values() for one in _ordered(spectra, _axis(spectra, against)))


def window_of(window: Any) -> tuple[float, float] | None:
    """A window of frequencies (Hz) as a person writes it: ``[0.1 Hz, 1 MHz]``.

    Raises
    ------
    StudyError
        If it does not hold two frequencies.
    UnitError
        If a text is no frequency.
    """
    if window is None:
        return None
    if not isinstance(window, (list, tuple)) or len(window) != 2:
        raise StudyError(
            f"window is '{window}'; write the lowest and the highest frequency, for instance [0.1 Hz, 1 MHz]."
        )
    low, high = (_hertz(end) for end in window)
    if not 0 <= low < high:
        raise StudyError(f"window is '{window}'; its second frequency must be higher than the first.")
    return low, high


def _hertz(end: Any) -> float:
    if isinstance(end, (int, float)) and not isinstance(end, bool):
        return float(end)
    value = parse(str(end), what="window")
    return convert(value.value, value.unit or "Hz", "Hz")


def with_points(spectra: Iterable[Spectrum], points: pl.DataFrame) -> tuple[Spectrum, ...]:
    """The same spectra with the used points of the Kramers-Kronig test.

    Parameters
    ----------
    spectra
        As `spectra_of` gives them.
    points
        Columns ``spectrum`` (target), ``point`` (from 0, frequencies falling), ``used``, and ``verdict`` where it is
        known; spectra that are not in it stay as they are.
    """
    held = {str(key[0]): part for key, part in points.partition_by("spectrum", as_dict=True, include_key=False).items()}
    made = []
    for one in spectra:
        part = held.get(one.target)
        if part is None:
            made.append(one)
            continue
        used = one.used.copy()
        used[part.filter(~pl.col("used")).get_column("point").to_numpy()] = False
        verdict = str(part.item(0, "verdict")) if "verdict" in part.columns else ""
        made.append(replace(one, used=used, doubt=_DOUBTS.get(verdict, "")))
    return tuple(made)


def by_specimen(spectra: Sequence[Spectrum]) -> dict[str, list[Spectrum]]:
    """Spectra by the name of their specimen, in order."""
    found: dict[str, list[Spectrum]] = {}
    for one in spectra:
        found.setdefault(one.sample.name, []).append(one)
    return found


def _of_measurement(item: Measurement) -> list[Spectrum]:
    if not isinstance(item.payload, Table):
        raise FitError(f"{item.source.path}: impedance needs a table of spectra.")
    wanted = (
        "frequency", "impedance_real", "impedance_imaginary", "test_time", "voltage", "vendor_cycle", "cycle", "temperature",
    )  # fmt: skip
    frame = item.payload.frame.select([name for name in wanted if name in item.payload.columns]).collect()
    if not set(wanted[:3]) <= set(frame.columns):
        raise FitError(f"{item.source.path}: there is no frequency with real and imaginary part; this is no spectrum.")
    frame = frame.filter(
        pl.col("frequency").is_finite() & (pl.col("frequency") > 0)
        & pl.col("impedance_real").is_finite() & pl.col("impedance_imaginary").is_finite()
    )  # fmt: skip
    parts = [frame]
    if "vendor_cycle" in frame.columns:
        parts = frame.partition_by("vendor_cycle", maintain_order=True)
    parts = [part for part in parts if part.height >= FEWEST]
    if not parts:
        raise FitError(f"{item.source.path}: no spectrum with {FEWEST} points or more.")
    swept = _own_voltages(parts) if len(parts) > 1 and "voltage" not in item.state else [None] * len(parts)
    base = f"{item.source.path}#sha256:{item.source.sha256[:12]}"
    several = len(parts) > 1 or item.inner > 0
    made = []
    for place, (part, voltage) in enumerate(zip(parts, swept, strict=True)):
        inner = max(item.inner - 1, 0) + place
        states = dict(item.state) | ({} if voltage is None else {"voltage": voltage})
        if len(parts) > 1:
            states |= {"sweep": _whole("sweep", float(part.item(0, "vendor_cycle")))}
        states |= _told(part, states)
        made.append(_spectrum(item, part, states, f"{base}/spectrum/{inner + 1}" if several else base, inner))
    return made


def _told(part: pl.DataFrame, known: Mapping[str, State]) -> dict[str, State]:
    """States that a table of spectra tells of each of them, where nothing is declared."""
    found = {}
    for name, unit in (("cycle", "1"), ("temperature", "degC")):
        values = part.get_column(name).cast(pl.Float64).drop_nulls().to_numpy() if name in part.columns else np.empty(0)
        if values.size and name not in known:
            found[name] = State(name, float(values.mean()), float(values.min()), float(values.max()), unit)
    return found


def _spectrum(item: Measurement, part: pl.DataFrame, states: dict[str, State], target: str, inner: int) -> Spectrum:
    columns = {name: part.get_column(name).cast(pl.Float64).to_numpy() for name in part.columns}
    order = np.argsort(-columns["frequency"], kind="stable")
    impedance = columns["impedance_real"][order] + 1j * columns["impedance_imaginary"][order]
    time = columns["test_time"][order] if "test_time" in columns else None
    return Spectrum(
        item.sample, states, NUMBER, columns["frequency"][order], impedance, np.ones(part.height, dtype=bool), item.source,
        0, target, None if time is None or not np.isfinite(time).all() else time, inner, item.original_metadata,
    )  # fmt: skip


def _own_voltages(parts: Sequence[pl.DataFrame]) -> list[State | None]:
    """Voltage of every sweep of a file where the sweeps were taken at different ones, with the range within the sweep."""
    if "voltage" not in parts[0].columns:
        return [None] * len(parts)
    ranges = []
    for part in parts:
        values = part.get_column("voltage").cast(pl.Float64).drop_nulls().to_numpy()
        values = values[np.isfinite(values)]
        if not values.size:
            return [None] * len(parts)
        ranges.append((float(values.mean()), float(values.min()), float(values.max())))
    means = [mean for mean, _, _ in ranges]
    if max(means) - min(means) <= _VOLTAGES_DIFFER:
        return [None] * len(parts)
    return [State("voltage", mean, low, high, "V") for mean, low, high in ranges]


def _axis(spectra: Sequence[Spectrum], against: str | None) -> str:
    if against is not None:
        known = set.intersection(*(set(one.states) for one in spectra)) | {NUMBER}
        if against == "cycle" and "cycle" not in known and "sweep" in known:
            return "sweep"
        if against not in known:
            raise StudyError(
                f"{spectra[0].sample.name}: not every spectrum has the state '{against}'; {nearest(against, known)}."
            )
        return against
    for name in AXES:
        values = [one.states[name].value for one in spectra if name in one.states]
        if len(values) == len(spectra) and (len(set(values)) > 1 or len(spectra) == 1):
            return name
    return NUMBER


def _ordered(spectra: Sequence[Spectrum], axis: str) -> list[Spectrum]:
    """Spectra along their axis; those at one place keep the order of their files."""
    shown = "cycle" if axis == "sweep" else axis
    if axis != NUMBER:
        spectra = sorted(
            spectra, key=lambda one: (one.states["cycle"].value if _two(one, axis) else 0.0, one.states[axis].value)
        )
    made = []
    for number, one in enumerate(spectra, start=1):
        states = dict(one.states) | {NUMBER: _whole(NUMBER, number)}
        if axis == "sweep":
            states["cycle"] = replace(states["sweep"], name="cycle")
        made.append(replace(one, states=states, axis=shown, number=number))
    return made


def _two(one: Spectrum, axis: str) -> bool:
    """Whether cycles tell spectra apart besides the axis: the voltages of one cycle stand together."""
    return axis != "cycle" and "cycle" in one.states


def _whole(name: str, value: float) -> State:
    number = float(value) if math.isfinite(value) else math.nan
    return State(name, number, number, number, "1")
