"""Which spectra of a long series are drawn, and what do states and frequencies look like on axes?"""

from __future__ import annotations

import numpy as np
import polars as pl

#: Spectra of one specimen that are drawn and named; more would hide each other.
MOST_DRAWN = 6
#: Specimens with a panel of their own.
MOST_PANELS = 6
#: State -> label of its axis.
STATES = {
    "voltage": "Voltage / V", "temperature": "Temperature / °C", "cycle": "Cycle", "dose": "Dose", "depth": "Depth / nm",
    "spectrum": "Spectrum",
}  # fmt: skip


def drawn(rows: pl.DataFrame, *, by: str = "frequency") -> dict[str, list[tuple[str, pl.DataFrame]]]:
    """Spectra to draw by specimen: words for the state, and rows in falling order of a column.

    Parameters
    ----------
    rows
        Columns ``sample``, ``spectrum``, ``number``, ``state``, ``state_value``, ``state_unit`` and `by`.
    by
        ``frequency`` or ``tau``.
    """
    found: dict[str, list[tuple[str, pl.DataFrame]]] = {}
    for (sample,), part in rows.partition_by("sample", as_dict=True, maintain_order=True).items():
        numbers = part.get_column("number").unique().sort().to_list()
        places = np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), MOST_DRAWN)).round().astype(int))
        for place in places:
            one = part.filter(pl.col("number") == numbers[place]).sort(by, descending=True)
            found.setdefault(str(sample), []).append((_state(one), one))
        if len(found) == MOST_PANELS:
            break
    return found


def _state(one: pl.DataFrame) -> str:
    name, value, unit = (one.item(0, column) for column in ("state", "state_value", "state_unit"))
    return f"{name} {value:.4g}" if unit in ("", "1") else f"{value:.4g} {unit}"


def hertz(frequency: float) -> str:
    """A frequency in words: ``1 kHz``, ``10 mHz``."""
    for size, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if frequency >= 0.999 * size:
            return f"{frequency / size:.3g} {unit}"
    return f"{frequency * 1e3:.3g} mHz"
