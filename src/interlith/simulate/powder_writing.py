"""How do simulated patterns, their instrument and their study get onto the disk?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.formats import diffraction_text, gsas_powder, nexus_diffraction, panalytical_xrdml
from interlith.layouts.instrument_files import write_instrument_file
from interlith.model import Format
from interlith.physics.powder.instrument import Instrument
from interlith.simulate.declarations import measurements_text, study_text
from interlith.simulate.powder_specimen import Ingredient
from interlith.simulate.truth import STATEMENT

Array = NDArray[np.float64]

#: Word of a format -> the format and the ending of its files.
FORMATS: Mapping[str, tuple[Format, str]] = {
    "xye": (diffraction_text.FORMAT, ".xye"),
    "fxye": (gsas_powder.FORMAT, ".fxye"),
    "xrdml": (panalytical_xrdml.FORMAT, ".xrdml"),
    "nexus": (nexus_diffraction.FORMAT, ".h5"),
}
#: Folder of the patterns inside the study.
FOLDER = "xrd"
#: Name of the instrument file.
INSTRUMENT_FILE = "instrument.toml"
_COMMENT = "SIMULATED by interlith.simulate, not measured; the truth stands in truth.json"


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """One pattern as it goes into a file: counts or intensities (n,), perhaps their uncertainties (n,), and states by name (inside units)."""

    intensity: Array
    std: Array | None = None
    states: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Print:
    """How files are written: a word of `FORMATS`, the instrument, seconds a point, start of the first pattern (ISO text)."""

    word: str
    instrument: Instrument
    seconds: float
    start: str
    anode: str = ""

    def __post_init__(self) -> None:
        if self.word not in FORMATS:
            raise StudyError(f"No simulated pattern is written as '{self.word}'; {nearest(self.word, FORMATS)}.")

    @property
    def ending(self) -> str:
        """Of the files."""
        return FORMATS[self.word][1]

    def metadata(self, sample: str) -> dict[str, Any]:
        """What every writer is told."""
        one = self.instrument
        about: dict[str, Any] = {
            "radiation": one.radiation,
            "wavelengths": list(one.wavelengths),
            "counting_time": self.seconds,
        }
        about |= {"ratio": one.ratio} if len(one.wavelengths) > 1 else {}
        about |= {"anode": self.anode} if self.anode else {}
        about |= {"radius": one.radius} if math.isfinite(one.radius) else {}
        return {
            "instrument": about,
            "sample": f"{sample} (simulated)",
            "title": f"{sample}. {_COMMENT}",
            "comment": _COMMENT,
            "start": self.start,
        }

    def write(
        self, path: Path, sample: str, two_theta: Array, patterns: Sequence[Written], *, stack: bool = False
    ) -> None:
        """Write one file of one pattern, or of several below each other.

        Raises
        ------
        StudyError
            If the format has no writer.
        """
        write = FORMATS[self.word][0].write
        if write is None:
            raise StudyError(f"The format '{self.word}' has no writer.")
        count = len(patterns)
        columns: dict[str, Any] = {
            "two_theta": np.tile(two_theta, count),
            "intensity": np.concatenate([one.intensity for one in patterns]),
        }
        if all(one.std is not None for one in patterns):
            columns["intensity_std"] = np.concatenate([one.std for one in patterns if one.std is not None])
        if stack or count > 1:
            columns["frame"] = np.repeat(np.arange(count), two_theta.size)
        for name in patterns[0].states:
            columns[name] = np.repeat([one.states[name] for one in patterns], two_theta.size)
        write(pl.DataFrame(columns), path, self.metadata(sample))


def instrument_file(folder: Path, instrument: Instrument) -> Path:
    """Write what a calibration on a standard would have found: the instrument without its specimen."""
    skipped = {"source", "name"}
    values = {
        one.name: getattr(instrument, one.name) for one in fields(instrument)
        if one.name not in skipped and not (one.name == "radius" and math.isnan(instrument.radius))
    }  # fmt: skip
    return write_instrument_file(values | {"name": "simulated", "source": _COMMENT}, folder / INSTRUMENT_FILE)


def refined(ingredients: Sequence[Ingredient]) -> dict[str, Any]:
    """Words of ``analyses: diffraction:`` that refine phases: shipped structures, the instrument that lies beside the study, cells near the truth.

    Edges start where reference powders put them, to 0.01 angstrom; phases whose structure is not shipped are left out.
    """
    known = {one.name: one for one in ingredients if isinstance(one.structure, str)}
    words: dict[str, Any] = {
        "phases": {name: f"{one.structure}.cif" for name, one in known.items()},
        "instrument": INSTRUMENT_FILE,
    }
    edges = {
        f"{name}_cell_{edge}": (one, edge)
        for name, one in known.items()
        for edge in one.cell
        if edge in ("a", "b", "c")
    }
    if edges:
        words["values"] = {name: f"{round(one.cell[edge], 2):g} angstrom" for name, (one, edge) in edges.items()}
    for name, one in known.items():
        if one.texture is not None:
            words["phases"][name] = {
                "file": f"{one.structure}.cif",
                "refine": ["cell", "size", "strain", "texture"],
                "texture": list(one.texture[0]),
            }
    return words


def row(file: str, sample: str, replicate: int | str = 1, batch: str = "b1", **states: str) -> dict[str, str]:
    """A row of ``measurements.csv``."""
    return {
        "include": "yes", "file": file, "technique": "diffraction", "sample": sample, "batch": batch, "replicate": str(replicate),
        "note": "simulated",
    } | states  # fmt: skip


def declare(
    folder: Path, rows: Sequence[Mapping[str, str]], *, title: str, samples: Mapping[str, Mapping[str, Any]], analyses: Mapping[str, Mapping[str, Any]],
    evidence: Sequence[Mapping[str, Mapping[str, Any]]] = (), join: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Write ``study.yaml`` and ``measurements.csv``; `join` holds words of ``join: diffraction:`` as YAML writes them."""
    text = study_text(
        title=title if "simulated" in title.casefold() else f"{title}, simulated", comment=f"{STATEMENT}\nThe truth stands in truth.json.",
        simulated=True, reference=next(iter(samples)), group=None, primary=None, samples=samples, cells={}, analyses=analyses,
        evidence=evidence,
    )  # fmt: skip
    if join:
        text += "\njoin:\n  diffraction:\n" + "".join(f"    {name}: {value}\n" for name, value in join.items())
    (folder / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    (folder / "measurements.csv").write_text(measurements_text(rows), encoding="utf-8", newline="\n")
