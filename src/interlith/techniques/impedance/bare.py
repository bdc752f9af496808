"""How do bare arrays in a notebook become a series of spectra?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError
from interlith.model import Measurement, Sample, Series, Source, State, Table
from interlith.units import quantity_kind

_WANTED = (
    "A spectrum as bare arrays is (frequency in Hz, complex impedance in ohm, negative imaginary part where capacitive), "
    "or a table with the columns frequency, impedance_real and impedance_imaginary; several of them stand in a list."
)


def taken(data: object) -> Series:
    """A series from bare arrays.

    Parameters
    ----------
    data
        ``(frequency, impedance)`` with shapes (n,), n real and n complex numbers (Hz, ohm); a polars frame with the columns
        ``frequency``, ``impedance_real``, ``impedance_imaginary``; or a list of these.

    Raises
    ------
    FitError
        If it is none of these, or the two arrays differ in length.
    """
    if isinstance(data, list):
        return Series(
            tuple(_measurement(_frame(one), f"spectrum {number}") for number, one in enumerate(data, start=1))
        )
    return Series((_measurement(_frame(data), "spectrum"),))


def spectrum(
    frequency: Any,
    impedance: Any,
    *,
    sample: str = "spectrum",
    variant: str = "",
    state: Mapping[str, float] | None = None,
) -> Measurement:
    """One spectrum with a name and a state, for a series of one's own.

    Parameters
    ----------
    frequency
        (Hz), shape (n,).
    impedance
        (ohm), shape (n,), complex; negative imaginary part where capacitive.
    sample, variant
        Whose it is.
    state
        Name -> value in the inside unit: ``{"voltage": 4.1}`` (V), ``{"temperature": 25}`` (degC), ``{"cycle": 100}``.

    Raises
    ------
    FitError
        If the arrays do not belong together.
    UnitError
        If a state is no known quantity.
    """
    states = {
        name: State(name, float(x), float(x), float(x), quantity_kind(name).unit) for name, x in (state or {}).items()
    }
    return _measurement(_frame((frequency, impedance)), sample, variant, states)


def _frame(one: object) -> pl.DataFrame:
    columns = ("frequency", "impedance_real", "impedance_imaginary")
    if isinstance(one, pl.DataFrame):
        if not set(columns) <= set(one.columns):
            raise FitError(f"The table has the columns {', '.join(one.columns)}. {_WANTED}")
        return one
    if not isinstance(one, Sequence) or len(one) != 2:
        raise FitError(f"{type(one).__name__} is no spectrum. {_WANTED}")
    try:
        frequency, impedance = np.asarray(one[0], dtype=np.float64), np.asarray(one[1], dtype=np.complex128)
    except (TypeError, ValueError) as error:
        raise FitError(f"{error}. {_WANTED}") from error
    if frequency.ndim != 1 or frequency.shape != impedance.shape:
        raise FitError(f"The shapes are {frequency.shape} and {impedance.shape}. {_WANTED}")
    return pl.DataFrame(dict(zip(columns, (frequency, impedance.real, impedance.imag), strict=True)))


def _measurement(
    frame: pl.DataFrame, sample: str, variant: str = "", states: Mapping[str, State] | None = None
) -> Measurement:
    digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
    return Measurement(
        Sample(name=sample, variant=variant or sample), "impedance", Source(f"{sample} (arrays)", digest, 0, "arrays", "1"),
        Table(frame.lazy(), tuple(frame.columns)), dict(states or {}),
    )  # fmt: skip
