"""How does a folder of raw impedance files with known truth come about, over voltage or over temperature?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.formats import biologic_mpt, zplot
from interlith.simulate.declarations import measurements_text, study_text
from interlith.simulate.spectra_recipes import (
    IN_SITU,
    IN_SITU_CIRCUIT,
    SINTERING,
    SINTERING_CIRCUIT,
    SpectraRecipe,
    names_of,
    sweep,
)
from interlith.simulate.truth import STATEMENT

Array = NDArray[np.float64]

FOLDER = "eis"
_START = datetime(2026, 3, 2, 9, 0, 0)
#: Half of the interval within which a state is known: V, degC.
_KNOWN_TO = {"voltage": 0.002, "temperature": 2.0}
_UNITS = {"voltage": "V", "temperature": "degC"}


@dataclass(frozen=True, slots=True)
class SpectraTruth:
    """The truth of a simulated impedance study.

    `values` maps specimen -> quantity -> values (ohm, s, ...), in the order of `states`: true parameters of the circuit by
    their own names, and resistances also under the names of their processes.
    """

    folder: Path
    seed: int
    axis: str
    states: Mapping[str, tuple[float, ...]]
    values: Mapping[str, Mapping[str, tuple[float, ...]]]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def at(self, sample: str, quantity: str, state: float) -> float:
        """True value of a specimen at the state nearest to a number."""
        states = np.asarray(self.states[sample])
        return self.values[sample][quantity][int(np.argmin(np.abs(states - state)))]

    def write(self) -> Path:
        """Write ``truth.json`` into the folder and return its path."""
        path = self.folder / "truth.json"
        document = {
            "simulated": True, "statement": STATEMENT, "seed": self.seed, "axis": self.axis, "settings": dict(self.settings),
            "states": {name: list(found) for name, found in self.states.items()},
            "values": {name: {q: [float(f"{x:.10g}") for x in found] for q, found in known.items()} for name, known in self.values.items()},
        }  # fmt: skip
        path.write_text(json.dumps(document) + "\n", encoding="utf-8", newline="\n")
        return path


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is the same for all specimens of a study."""

    axis: str
    states: tuple[float, ...]
    highest: float
    lowest: float
    per_decade: int
    noise: float
    spread: float
    one_file: bool


def simulate_in_situ(
    folder: str | Path,
    *,
    recipes: Sequence[SpectraRecipe] = IN_SITU,
    voltages: Sequence[float] | None = None,
    cells_per_variant: int = 1,
    lowest: float = 1e-3,
    noise: float = 0.01,
    spread: float = 0.0,
    seed: int = 1,
) -> SpectraTruth:
    """Bare and coated solid-state cells along their first charge, one BioLogic text (.mpt) with all spectra a cell.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    recipes
        Variants, the reference first.
    voltages
        (V); by default forty from 3.6 to 4.7 V.
    cells_per_variant
        Cells of each variant.
    lowest
        Lowest frequency (Hz) of the sweep, which begins at 1 MHz.
    noise
        Standard deviation of real and of imaginary part over the modulus.
    spread
        Relative standard deviation of all resistances from cell to cell.
    seed
        The same seed gives the same bytes.

    Raises
    ------
    StudyError
        If a number is not positive or a recipe lacks a law.
    """
    states = tuple(np.linspace(3.6, 4.7, 40).round(4).tolist()) if voltages is None else tuple(map(float, voltages))
    plan = _Plan("voltage", states, 1e6, lowest, 10, noise, spread, one_file=True)
    words = {
        "circuit": IN_SITU_CIRCUIT, "names": names_of(recipes),
    }  # fmt: skip
    evidence = [
        {"onset": {"quantity": quantity, "against": "voltage", "by": "variant", "form": "kink"}}
        for quantity in ("charge_transfer_resistance", "diffusion_resistance")
    ]
    title = "Solid-state cells along the first charge, simulated"
    return _simulate(Path(folder), recipes, plan, cells_per_variant, seed, title, words, evidence)


def simulate_sintering(
    folder: str | Path,
    *,
    recipes: Sequence[SpectraRecipe] = SINTERING,
    temperatures: Sequence[float] | None = None,
    cells_per_variant: int = 1,
    noise: float = 0.005,
    spread: float = 0.0,
    seed: int = 1,
) -> SpectraTruth:
    """Interfaces with closed and open channels and their powder after co-sintering, one ZPlot file (.z) a temperature.

    Parameters
    ----------
    folder, recipes, cells_per_variant, noise, spread, seed
        As in `simulate_in_situ`.
    temperatures
        Of co-sintering (degC); by default 25 and 100 to 700 in steps of 50. Spectra run from 3 MHz to 50 mHz.

    Raises
    ------
    StudyError
        If a number is not positive or a recipe lacks a law.
    """
    usual = (25.0, *map(float, range(100, 701, 50)))
    states = usual if temperatures is None else tuple(map(float, temperatures))
    plan = _Plan("temperature", states, 3e6, 0.05, 8, noise, spread, one_file=False)
    words = {"circuit": SINTERING_CIRCUIT, "names": names_of(recipes)}
    common = {"quantity": "interface_resistance", "against": "temperature"}
    kink = common | {"form": "kink"}
    evidence: list[Mapping[str, Mapping[str, Any]]] = [
        {"onset": kink | {"by": {"closed": "closed"}}},
        {"onset": kink | {"by": {"open": "open"}, "number": 2}},
        {"mixture": common | {"of": "powder", "parts": ["open", "closed"]}},
    ]
    title = "Interfaces after co-sintering, simulated"
    return _simulate(Path(folder), recipes, plan, cells_per_variant, seed, title, words, evidence)


def _simulate(
    root: Path, recipes: Sequence[SpectraRecipe], plan: _Plan, cells: int, seed: int, title: str,
    words: Mapping[str, Any], evidence: Sequence[Mapping[str, Mapping[str, Any]]],
) -> SpectraTruth:  # fmt: skip
    if cells < 1 or plan.noise <= 0 or plan.lowest <= 0 or not plan.states:
        raise StudyError("A simulated study needs a cell, a state, a positive noise and a positive lowest frequency.")
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    values: dict[str, dict[str, tuple[float, ...]]] = {}
    for recipe in recipes:
        for cell in range(1, cells + 1):
            name = f"{recipe.name}_{cell:02d}"
            truths, spectra = _spectra(recipe, plan, random)
            values[name] = truths
            rows += _write(root, recipe, name, cell, plan, spectra)
    settings = {"generator": "interlith.simulate.spectra/1", "noise": plan.noise, "title": title}
    states = dict.fromkeys(values, plan.states)
    truth = SpectraTruth(root, seed, plan.axis, states, values, settings)
    samples = {one.name: {"parent": one.parent} if one.parent else {"note": "simulated"} for one in recipes}
    text = study_text(
        title=title, comment=f"{STATEMENT}\nThe truth stands in truth.json.", simulated=True, reference=recipes[0].name,
        group=None, primary=None, samples=samples, cells={}, analyses={"impedance": words}, evidence=evidence,
    )  # fmt: skip
    (root / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    (root / "measurements.csv").write_text(measurements_text(rows), encoding="utf-8", newline="\n")
    truth.write()
    return truth


def _spectra(
    recipe: SpectraRecipe, plan: _Plan, random: np.random.Generator
) -> tuple[dict[str, tuple[float, ...]], list[pl.DataFrame]]:
    """True values by quantity, and one frame of canonical columns a state."""
    frequency = sweep(plan.highest, plan.lowest if recipe.lowest is None else recipe.lowest, plan.per_decade)
    factors = {name: 1 + plan.spread * random.standard_normal() for name in recipe.laws if name.startswith(("R", "Ws"))}
    found: dict[str, list[float]] = {}
    frames = []
    for state in plan.states:
        true = {name: value * factors.get(name, 1.0) for name, value in recipe.values(state).items()}
        for name, value in true.items():
            found.setdefault(name, []).append(value)
            if name in recipe.processes:
                found.setdefault(recipe.processes[name], []).append(value)
        frames.append(_measured(recipe, true, frequency, plan, state, random))
    return {name: tuple(values) for name, values in found.items()}, frames


def _measured(
    recipe: SpectraRecipe, true: Mapping[str, float], frequency: Array, plan: _Plan, state: float,
    random: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    from interlith.physics.circuits.circuit import Circuit

    z = Circuit(recipe.circuit).impedance(true, frequency)
    noise = random.standard_normal((2, frequency.size)) * plan.noise * np.abs(z)
    time = np.cumsum(np.maximum(3.0 / frequency, 0.3))
    columns = {
        "frequency": frequency, "impedance_real": z.real + noise[0], "impedance_imaginary": z.imag + noise[1],
        "test_time": time,
    }  # fmt: skip
    if plan.axis == "voltage":
        columns["voltage"] = state + 2e-4 * random.standard_normal(frequency.size)
    return pl.DataFrame(columns)


def _write(
    root: Path, recipe: SpectraRecipe, name: str, cell: int, plan: _Plan, spectra: Sequence[pl.DataFrame]
) -> list[dict[str, str]]:
    """Files of one specimen and their rows of `measurements.csv`."""
    common = {
        "include": "yes", "technique": "impedance", "sample": recipe.name, "batch": "b1", "replicate": str(cell), "note": "simulated",
    }  # fmt: skip
    if plan.one_file:
        file = f"{FOLDER}/{name}.mpt"
        starts = np.cumsum([0.0, *(frame["test_time"][-1] + 600.0 for frame in spectra[:-1])])
        whole = pl.concat(
            frame.with_columns(pl.col("test_time") + start, vendor_cycle=pl.lit(number, dtype=pl.Int64))
            for number, (frame, start) in enumerate(zip(spectra, starts, strict=True), start=1)
        )
        biologic_mpt.write(whole, root / file, {"start": _START.isoformat()})
        return [common | {"file": file}]
    rows = []
    half, unit = _KNOWN_TO[plan.axis], _UNITS[plan.axis]
    for number, (state, frame) in enumerate(zip(plan.states, spectra, strict=True)):
        file = f"{FOLDER}/{name}_{state:g}{unit}.z"
        zplot.write(frame, root / file, {"start": (_START + timedelta(hours=number)).isoformat()})
        rows.append(common | {"file": file, plan.axis: f"{state:g} +- {half:g} {unit}"})
    return rows
