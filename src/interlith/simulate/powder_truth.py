"""What is true of every simulated pattern, and of the study as a whole?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import StudyError, nearest
from interlith.simulate.truth import STATEMENT


@dataclass(frozen=True, slots=True)
class PowderTruth:
    """The truth of a simulated diffraction study.

    Parameters
    ----------
    folder, seed
        Where it was written, and from which seed.
    axis
        State that a series runs along (``pattern`` where there is none).
    patterns
        One row a pattern: `sample` (name of the specimen), `variant`, `file`, `frame`, the states, `corrupt` (what happened to it, empty for
        nothing), and the true value of every parameter and observable by name: ``oxide_cell_c``, ``oxide_weight_fraction``,
        ``peak_003_position`` (as it stands in the pattern, shifts of the mount included) ...
    values
        Specimen -> quantity -> true value of what belongs to no single pattern: onsets, births, swings, thresholds.
    settings
        Of the simulation.
    """

    folder: Path
    seed: int
    axis: str
    patterns: pl.DataFrame
    values: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def of(self, sample: str) -> pl.DataFrame:
        """The patterns of a specimen in order.

        Raises
        ------
        StudyError
            If there is no such specimen.
        """
        known = self.patterns.get_column("sample").unique(maintain_order=True).to_list()
        if sample not in known:
            raise StudyError(f"The truth holds no specimen '{sample}'; {nearest(sample, known)}.")
        return self.patterns.filter(pl.col("sample") == sample)

    def at(self, sample: str, quantity: str, state: float) -> float:
        """True value of a specimen at the state nearest to a number (inside units)."""
        own = self.of(sample)
        if quantity not in own.columns:
            raise StudyError(f"The truth holds no '{quantity}'; {nearest(quantity, own.columns)}.")
        place = int(np.argmin(np.abs(own.get_column(self.axis).to_numpy() - state)))
        return float(own.get_column(quantity)[place])

    def write(self) -> Path:
        """Write ``truth.json`` into the folder and return its path."""
        path = self.folder / "truth.json"
        document = {
            "simulated": True, "statement": STATEMENT, "seed": self.seed, "axis": self.axis, "settings": _plain(dict(self.settings)),
            "values": _plain({name: dict(known) for name, known in self.values.items()}),
            "patterns": {name: _plain(self.patterns.get_column(name).to_list()) for name in self.patterns.columns},
        }  # fmt: skip
        path.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        return path


def _plain(item: Any) -> Any:
    """Ten significant digits: enough for every comparison, and the same text on every machine; what is no number becomes null."""
    if isinstance(item, dict):
        return {name: _plain(value) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(value) for value in item]
    if isinstance(item, float):
        return float(f"{item:.10g}") if math.isfinite(item) else None
    return item
