"""How does a folder of laboratory patterns of powders with known shares, cells and grains come about?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.physics.powder.instrument import Instrument
from interlith.simulate.powder_counting import counted
from interlith.simulate.powder_recipes import LAB, LAYERED, Mixture
from interlith.simulate.powder_specimen import Specimen
from interlith.simulate.powder_truth import PowderTruth
from interlith.simulate.powder_writing import FOLDER, Print, Written, declare, instrument_file, refined, row

Array = NDArray[np.float64]

_START = datetime(2026, 4, 6, 9, 0, 0)


def grid(limits: tuple[float, float], step: float) -> Array:
    """Angles (deg) from the first to the last in equal steps, as files print them.

    Raises
    ------
    StudyError
        If the limits do not rise or the step is not positive.
    """
    if not (0 < limits[0] < limits[1] < 180 and step > 0):
        raise StudyError(
            f"A pattern runs from a smaller to a larger angle in steps above 0; got {limits} in steps of {step:g} deg."
        )
    count = round((limits[1] - limits[0]) / step) + 1
    return np.round(limits[0] + step * np.arange(count), 6)


def simulate_lab(
    folder: str | Path,
    *,
    mixtures: Sequence[Mixture] = LAYERED,
    instrument: Instrument = LAB,
    limits: tuple[float, float] = (10.0, 90.0),
    step: float = 0.02,
    counting_time: float = 1.0,
    highest: float = 4000.0,
    replicates: int = 1,
    spread: float = 0.0,
    files: str = "xye",
    seed: int = 1,
) -> PowderTruth:
    """Bragg-Brentano patterns of one or several powders, one file each, with counting noise.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    mixtures
        Variants, the reference first; `powder_recipes.LAYERED` and `powder_recipes.WEIGHED` are at hand.
    instrument
        A tube with both K-alpha lines by default.
    limits, step
        Of two theta (deg).
    counting_time
        Seconds a point.
    highest
        Counts/s of the highest line of the powder as it was made.
    replicates
        Specimens of each variant.
    spread
        Relative standard deviation of cell edges, common to all edges of a phase, from specimen to specimen.
    files
        ``xye``, ``fxye``, ``xrdml`` or ``nexus``.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    PowderTruth
        Of every file all parameters of the pattern; beside the patterns stand ``study.yaml``, ``measurements.csv``, ``instrument.toml`` and
        ``truth.json``.

    Raises
    ------
    StudyError
        If a number is not positive or a word unknown.
    """
    if counting_time <= 0 or highest <= 0 or replicates < 1 or not mixtures:
        raise StudyError("Simulated patterns need a powder, a specimen, and counting times and heights above 0.")
    root, x = Path(folder), grid(limits, step)
    printing = Print(
        files, instrument, counting_time, _START.isoformat(), anode="Cu" if len(instrument.wavelengths) > 1 else ""
    )
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    told: list[dict[str, Any]] = []
    for mixture in mixtures:
        specimen = Specimen(mixture.ingredients, instrument, x, haze=mixture.haze, highest=highest)
        for replicate in range(1, replicates + 1):
            file = f"{FOLDER}/{mixture.name}_{replicate:02d}{printing.ending}"
            values = specimen.values(changed=_own_cells(specimen, spread, random), mount=mixture.mount)
            counts = counted(specimen.expected(values), counting_time, random)
            printed = Written(counts, np.sqrt(np.maximum(counts, 1.0)) if files in ("xye", "fxye") else None)
            start = _START + timedelta(seconds=len(rows) * (counting_time * x.size + 300.0))
            Print(files, instrument, counting_time, start.isoformat(), printing.anode).write(
                root / file, mixture.name, x, [printed]
            )
            rows.append(row(file, mixture.name, replicate))
            own = {
                "sample": f"{mixture.name}_{replicate:02d}",
                "variant": mixture.name,
                "file": file,
                "frame": 0,
                "corrupt": "",
            }
            told.append(own | specimen.truth(values))
    instrument_file(root, instrument)
    samples: dict[str, dict[str, Any]] = {
        one.name: {"parent": one.parent} if one.parent else {"note": "simulated"} for one in mixtures
    }
    everything = {part.name: part for mixture in mixtures for part in mixture.ingredients}
    words = refined(tuple(everything.values())) | {"refine": ["displacement"]}
    declare(root, rows, title="Laboratory patterns of powders", samples=samples, analyses={"diffraction": words})
    frame = pl.DataFrame(told, infer_schema_length=None).with_columns(pattern=pl.int_range(pl.len()))
    settings = {
        "generator": "interlith.simulate.powder/1",
        "counting_time": counting_time,
        "highest": highest,
        "spread": spread,
    }
    truth = PowderTruth(root, seed, "pattern", frame, {}, settings)
    truth.write()
    return truth


def _own_cells(specimen: Specimen, spread: float, random: np.random.Generator) -> dict[str, float]:
    """Edges of one specimen that differ from those of the powder."""
    found = {}
    made = specimen.values()
    for name in (one.name for one in specimen.ingredients):
        factor = 1 + spread * float(random.standard_normal())
        for edge in ("a", "b", "c"):
            whole = f"{name}_cell_{edge}"
            if whole in specimen.model.names:
                found[whole] = factor * float(made[specimen.model.place_of(whole)])
    return found
