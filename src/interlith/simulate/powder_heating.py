"""How does a study of powders on heating with known truth come about: expansion, uptake of lithium and new phases, pattern by pattern?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.physics.powder.instrument import Instrument
from interlith.simulate.powder import grid
from interlith.simulate.powder_counting import counted
from interlith.simulate.powder_heating_recipes import FORMULAS, HEATING, PER_LITHIUM, VOLUME, Heated
from interlith.simulate.powder_recipes import LAB
from interlith.simulate.powder_specimen import Haze, Mount, Specimen
from interlith.simulate.powder_truth import PowderTruth
from interlith.simulate.powder_writing import FOLDER, Print, Written, declare, instrument_file, row

Array = NDArray[np.float64]

_START = datetime(2026, 6, 1, 8, 0, 0)
_HAZE = Haze(30.0, (80.0, 12.0))
#: Heating between patterns (K/min), and time (s) to settle.
_RAMP, _SETTLE = 10.0, 300.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is the same for all specimens of a study."""

    temperatures: tuple[float, ...]
    two_theta: Array
    instrument: Instrument
    counting_time: float
    highest: float
    scatter: float
    drift: float


def simulate_heating(
    folder: str | Path,
    *,
    recipes: Sequence[Heated] = HEATING,
    temperatures: Sequence[float] | None = None,
    specimens: int = 1,
    instrument: Instrument = LAB,
    limits: tuple[float, float] = (10.0, 70.0),
    step: float = 0.02,
    counting_time: float = 0.5,
    highest: float = 2500.0,
    temperature_scatter: float = 0.3,
    drift: float = 0.0,
    seed: int = 1,
) -> PowderTruth:
    """Powders and their mixture, heated step by step, one .xrdml a temperature.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    recipes
        Variants, the reference first: `powder_heating_recipes.HEATING` (mixture and each powder alone, in argon and oxygen) or
        `powder_heating_recipes.SPLIT` (what the split of the volume needs).
    temperatures
        (degC); by default 25, then 50 to 850 in steps of 25.
    specimens
        Of each variant.
    instrument, limits, step
        Of the patterns; two theta in deg.
    counting_time
        Seconds a point.
    highest
        Counts/s at the highest line of the powder as it was mixed.
    temperature_scatter
        Standard deviation of the true temperature around what the file says (K).
    drift
        By which the height of the specimen has moved at 850 degC (mm): the holder grows. It moves lines as a cell does.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    PowderTruth
        Of every pattern ``temperature`` (degC, as the file says), ``true_temperature``, ``LLTO_cell_volume`` (angstrom^3) with its parts
        ``LLTO_cell_volume_expansion`` and ``LLTO_cell_volume_composition`` (relative, without the scatter of the temperature) and ``lithium_uptake``, and all parameters; `values`: of every
        specimen the onset (degC) of each new phase, ``LaTMO3_onset``.

    Raises
    ------
    StudyError
        If a number is not positive or temperatures do not rise.
    """
    usual = (25.0, *map(float, range(50, 851, 25)))
    states = usual if temperatures is None else tuple(map(float, temperatures))
    if min(counting_time, highest) <= 0 or specimens < 1 or not recipes:
        raise StudyError("A simulated heating study needs a specimen, and counting times and heights above 0.")
    if not states or np.any(np.diff(states) <= 0):
        raise StudyError("The temperatures of a simulated heating study must rise from pattern to pattern.")
    root, plan = (
        Path(folder),
        _Plan(states, grid(limits, step), instrument, counting_time, highest, temperature_scatter, drift),
    )
    rows: list[dict[str, str]] = []
    told: list[dict[str, Any]] = []
    values: dict[str, dict[str, float]] = {}
    for kind, recipe in enumerate(recipes):
        for number in range(1, specimens + 1):
            random = np.random.default_rng([seed, kind, number])
            name = f"{recipe.name}_{number:02d}"
            told += _heated(root, name, recipe, plan, random)
            rows.append(row(f"{FOLDER}/{name}/{name}_{{number}}.xrdml", recipe.name, number))
            values[name] = {f"{one.phase.name}_onset": one.onset for one in recipe.products}
    instrument_file(root, instrument)
    settings = {
        "generator": "interlith.simulate.powder_heating/1", "counting_time": counting_time, "highest": highest, "drift": drift,
        "temperature_scatter": temperature_scatter, "per_lithium": PER_LITHIUM, "formulas": FORMULAS,
    }  # fmt: skip
    truth = PowderTruth(root, seed, "temperature", pl.DataFrame(told, infer_schema_length=None), values, settings)
    _declare(root, rows, recipes)
    truth.write()
    return truth


def _heated(root: Path, name: str, recipe: Heated, plan: _Plan, random: np.random.Generator) -> list[dict[str, Any]]:
    """Write all patterns of a specimen; one row of truth each."""
    (root / FOLDER / name).mkdir(parents=True, exist_ok=True)
    everything = (*recipe.phases, *(one.phase for one in recipe.products))
    specimen = Specimen(everything, plan.instrument, plan.two_theta, haze=_HAZE, highest=plan.highest)
    sits = Mount(0.002 * float(random.standard_normal()), 0.03 * float(random.standard_normal()))
    told, passed, before = [], 0.0, plan.temperatures[0]
    for number, temperature in enumerate(plan.temperatures, start=1):
        true = temperature + plan.scatter * float(random.standard_normal())
        weights = _weights(recipe, true)
        moved = sits.displacement + plan.drift * (temperature - plan.temperatures[0]) / (850.0 - 25.0)
        values = specimen.values(weights=weights, changed=_cells(specimen, recipe, true), mount=Mount(sits.zero, moved))
        counts = counted(specimen.expected(values), plan.counting_time, random)
        passed += (temperature - before) / _RAMP * 60 + _SETTLE
        before = temperature
        start = (_START + timedelta(seconds=passed)).isoformat()
        passed += plan.counting_time * plan.two_theta.size
        file = f"{FOLDER}/{name}/{name}_{number}.xrdml"
        printing = Print(
            "xrdml",
            plan.instrument,
            plan.counting_time,
            start,
            anode="Cu" if len(plan.instrument.wavelengths) > 1 else "",
        )
        printing.write(
            root / file,
            f"{name} in {recipe.gas}",
            plan.two_theta,
            [Written(counts, None, {"temperature": temperature})],
        )
        own = {"sample": name, "variant": recipe.name, "file": file, "frame": 0, "pattern": number - 1, "corrupt": ""}
        own |= {"temperature": temperature, "true_temperature": true} | _split(
            recipe, temperature, plan.temperatures[0]
        )
        told.append(own | specimen.truth(values, weights))
    return told


def _weights(recipe: Heated, temperature: float) -> Array:
    """Shares by weight: what is new is taken from what was mixed, in proportion."""
    mixed = np.array([one.weight for one in recipe.phases])
    new = np.array([min(one.most, max(0.0, temperature - one.onset) / 100 * one.per_100) for one in recipe.products])
    return np.concatenate([mixed / mixed.sum() * (1 - new.sum()), new])


def _cells(specimen: Specimen, recipe: Heated, temperature: float) -> dict[str, float]:
    """Edges at a temperature (degC)."""
    made, found = specimen.values(), {}
    lithium = 0.0 if recipe.uptake is None else recipe.uptake.at(temperature)
    for one in specimen.ingredients:
        for edge, growth in recipe.growth.get(one.name, {}).items():
            name = f"{one.name}_cell_{edge}"
            taken = (1 + lithium * PER_LITHIUM * FORMULAS / VOLUME) ** (1 / 3) if one.name == recipe.taker else 1.0
            found[name] = float(made[specimen.model.place_of(name)]) * growth.at(temperature) * taken
    return found


def _split(recipe: Heated, temperature: float, first: float) -> dict[str, float]:
    """Relative changes of the volume of the taker since the first temperature, by expansion and by composition."""
    if recipe.taker not in [one.name for one in recipe.phases]:
        return {}
    edges = recipe.growth[recipe.taker]
    exponents = {"a": 2, "c": 1} if "c" in edges else {"a": 3}
    grown = float(
        np.prod([(edges[edge].at(temperature) / edges[edge].at(first)) ** power for edge, power in exponents.items()])
    )
    lithium = [0.0 if recipe.uptake is None else recipe.uptake.at(one) for one in (temperature, first)]
    swollen = [1 + one * PER_LITHIUM * FORMULAS / VOLUME for one in lithium]
    name = f"{recipe.taker}_cell_volume"
    return {
        f"{name}_expansion": grown - 1,
        f"{name}_composition": swollen[0] / swollen[1] - 1,
        "lithium_uptake": lithium[0],
    }


def _declare(root: Path, rows: Sequence[dict[str, str]], recipes: Sequence[Heated]) -> None:
    samples = {
        one.name: {
            "composition": " + ".join(f"{part.weight:g} {part.name}" for part in one.phases),
            "note": f"heated in {one.gas}",
        }
        for one in recipes
    }
    words: dict[str, Any] = {
        "against": "temperature",
        # The first line of the new perovskite grows on a weak one of LLTO, so that its area bends and does not begin.
        "tracks": {"new": "22.8 deg", "110": "32.45 deg", "200": "46.55 deg"},
        "cell": "cubic",
    }
    alone = next(
        (one.name for one in recipes if one.uptake is None and [part.name for part in one.phases] == ["LLTO"]), None
    )
    if alone is not None:
        words["expansion"] = {"reference": alone, "of": "cell_a"}
    mixed = {one.name: one.name for one in recipes if one.products}
    bend = {"quantity": "peak_new_area", "against": "temperature", "by": mixed, "form": "kink", "direction": "rise"}
    declare(
        root, rows, title="Cathode and electrolyte on heating", samples=samples, analyses={"diffraction": words},
        evidence=[{"onset": bend}] if mixed else (),
    )  # fmt: skip
