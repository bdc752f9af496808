"""How does an operando study with known truth come about: thousands of patterns of a cell beside the log of its cycler?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.formats import neware_csv
from interlith.physics.powder.instrument import Instrument
from interlith.simulate.powder import grid
from interlith.simulate.powder_charging import MASS, Charging, charging
from interlith.simulate.powder_counting import counted, mishaps, spoiled
from interlith.simulate.powder_recipes import OPERANDO, SYNCHROTRON, Operando
from interlith.simulate.powder_specimen import Haze, Mount, Specimen
from interlith.simulate.powder_truth import PowderTruth
from interlith.simulate.powder_writing import FOLDER, Print, Written, declare, instrument_file, refined, row

Array = NDArray[np.float64]

_START = datetime(2026, 5, 4, 10, 0, 0)
#: Reflections of the active phase that the truth holds, and that the study follows.
PEAKS = ((0, 0, 3), (1, 0, 1))
_HAZE = Haze(20.0, (80.0, 5.0), ((11.0, 8.0, 30.0),))
_RATE = 0.1


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is the same for all cells of a study."""

    two_theta: Array
    instrument: Instrument
    patterns: int
    exposure_share: float
    highest: float
    corrupt: float
    clock_error: float
    pauses: int
    whole_cycle: bool
    files: str
    voltage_in_files: bool
    cells: int
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One cell: its course, its frames on the log's clock (s), births (s on the log's clock) and its own size of the changes."""

    name: str
    recipe: Operando
    course: Charging
    start: Array
    every: float
    births: dict[str, float]
    factor: float
    mount: Mount


def simulate_operando(
    folder: str | Path,
    *,
    recipes: Sequence[Operando] = OPERANDO,
    patterns: int = 2000,
    cells: int = 1,
    instrument: Instrument = SYNCHROTRON,
    limits: tuple[float, float] = (8.0, 34.0),
    step: float = 0.013,
    highest: float = 200.0,
    corrupt: float = 0.05,
    clock_error: float = 600.0,
    pauses: int = 4,
    whole_cycle: bool = True,
    files: str = "stack",
    voltage_in_files: bool = False,
    spread: float = 0.0,
    seed: int = 1,
) -> PowderTruth:
    """Cells in their first cycle, pattern after pattern, each beside a cycler whose wall clock is wrong.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    recipes
        Variants, the reference first: `powder_recipes.OPERANDO` (two phases appear), `powder_recipes.SWING` (bare and coated).
    patterns
        Of each cell, evenly over its run.
    cells
        Of each variant.
    instrument, limits, step
        Of the patterns; two theta in deg.
    highest
        Counts/s at the highest line; patterns are counted for most of the time between them.
    corrupt
        Share of the patterns to which something happens (see `powder_counting.MISHAPS`).
    clock_error
        By which the wall clock of the cycler is ahead of that of the detector (s).
    pauses
        Of the current in each half-cycle; patterns bend there, by which the clocks can be related.
    whole_cycle
        Whether the discharge is measured too.
    files
        ``stack`` (one NeXus file a cell) or ``single`` (one .xye a pattern, numbered).
    voltage_in_files
        Whether the detector recorded the voltage of the cell as well; only in a stack.
    spread
        Relative standard deviation, from cell to cell, of the changes of the edges.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    PowderTruth
        Of every pattern ``test_time`` (middle of the exposure on the log's clock, s), ``voltage`` (V), ``extracted`` (share of the first
        charge), ``peak_003_position`` and ``peak_101_position`` (deg), ``peak_003_d_spacing`` (angstrom) and all parameters; `values`: of every
        cell ``clock_offset`` (log's clock at the start of the first pattern, s), ``change_factor`` (its own, of the edges), ``<phase>_birth`` (s on the log's clock), ``peak_003_d_swing``
        (angstrom, over the patterns to which nothing happened).

    Raises
    ------
    StudyError
        If a number is out of its range or a word unknown.
    """
    if patterns < 2 or cells < 1 or not recipes or not 0 <= corrupt <= 1 or highest <= 0:
        raise StudyError(
            "A simulated operando study needs two patterns, a cell, a share of corrupt ones from 0 to 1, and heights above 0."
        )
    if files not in ("stack", "single") or (voltage_in_files and files != "stack"):
        raise StudyError(f"files is '{files}'; write stack or single, and the voltage into a stack only.")
    root = Path(folder)
    plan = _Plan(
        grid(limits, step), instrument, patterns, 0.95, highest, corrupt, clock_error, pauses, whole_cycle, files, voltage_in_files, cells,
        spread,
    )  # fmt: skip
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / "cycler").mkdir(exist_ok=True)
    rows: list[dict[str, str]] = []
    tables, values = [], {}
    for kind, recipe in enumerate(recipes):
        specimen = Specimen(recipe.phases, instrument, plan.two_theta, haze=_HAZE, highest=highest)
        for cell in range(1, cells + 1):
            random = np.random.default_rng([seed, kind, cell])
            run = _run(plan, recipe, cell, random)
            table = _measured(root, plan, specimen, run, random)
            rows += _written_log(root, run, cell, random, plan)
            tables.append(table)
            values[run.name] = _summed(run, table)
    instrument_file(root, instrument)
    settings = {
        "generator": "interlith.simulate.powder_operando/1", "patterns": patterns, "corrupt": corrupt, "clock_error": clock_error, "rate": _RATE,
    }  # fmt: skip
    truth = PowderTruth(root, seed, "test_time", pl.concat(tables, how="diagonal"), values, settings)
    _declare(root, rows, recipes, plan, truth)
    truth.write()
    return truth


def _run(plan: _Plan, recipe: Operando, cell: int, random: np.random.Generator) -> _Run:
    """The course of a cell and when its patterns begin."""
    course = charging(_RATE, pauses=plan.pauses, whole_cycle=plan.whole_cycle, random=random)
    lead = float(np.round(random.uniform(200.0, 900.0), 1))
    every = float(np.floor((course.end - lead) / plan.patterns * 100) / 100)
    births = {
        one.phase: lead + every * plan.patterns * float(random.uniform(one.earliest, one.latest))
        for one in recipe.births
    }
    factor = 1 + plan.spread * float(random.standard_normal())
    mount = Mount(zero=0.002 * float(random.standard_normal()))
    return _Run(
        f"{recipe.name}_{cell:02d}",
        recipe,
        course,
        np.asarray(lead + every * np.arange(plan.patterns), dtype=float),
        every,
        births,
        factor,
        mount,
    )


def _measured(root: Path, plan: _Plan, specimen: Specimen, run: _Run, random: np.random.Generator) -> pl.DataFrame:
    """Write all patterns of a cell; one row of truth each."""
    middle = run.start + run.every * plan.exposure_share / 2
    extracted, voltage = run.course.extracted(middle), run.course.voltage_at(middle)
    bad = {one.pattern: one.kind for one in mishaps(plan.patterns, plan.corrupt, random, spared=(0, plan.patterns - 1))}
    edges = _edges(run)
    told: list[dict[str, Any]] = []
    printed: list[Written] = []
    for number in range(plan.patterns):
        weights = _weights(run, float(middle[number]))
        values = specimen.values(weights=weights, changed=edges(float(extracted[number])), mount=run.mount)
        counts = counted(specimen.expected(values), run.every * plan.exposure_share, random)
        if number in bad:
            counts = spoiled(counts, bad[number], random)
        states = {"test_time": float(run.start[number] - run.start[0])}
        if plan.voltage_in_files:
            states["voltage"] = float(voltage[number] + 5e-4 * random.standard_normal())
        printed.append(Written(counts, None, states))
        told.append(
            {
                "sample": run.name, "variant": run.recipe.name, "frame": number, "test_time": float(middle[number]), "voltage": float(voltage[number]),
                "extracted": float(extracted[number]), "corrupt": bad.get(number, ""),
            }
            | specimen.truth(values, weights) | _peaks(specimen, values)
        )  # fmt: skip
    names = _written(root, plan, run, printed)
    return pl.DataFrame(told).with_columns(
        file=pl.Series(names), frame=pl.col("frame") * (plan.files == "stack"), pattern=pl.col("frame")
    )


def _edges(run: _Run) -> Any:
    """Function from the extracted share to the parameters of the cells that differ from the start."""
    from scipy.interpolate import PchipInterpolator

    recipe, active = run.recipe, run.recipe.phases[0]
    curves = {
        edge: PchipInterpolator(recipe.extracted, 1 + run.factor * (np.array(relative) - 1))
        for edge, relative in (("a", recipe.edge_a), ("c", recipe.edge_c))
    }

    def at(extracted: float) -> dict[str, float]:
        place = min(max(extracted, recipe.extracted[0]), recipe.extracted[-1])
        found = {
            f"{active.name}_cell_{edge}": active.cell[edge] * float(curve(place)) for edge, curve in curves.items()
        }
        for other in recipe.phases[1:]:
            for edge, length in other.cell.items():
                found[f"{other.name}_cell_{edge}"] = length * (1 + recipe.breathing * place)
        return found

    return at


def _weights(run: _Run, time: float) -> Array:
    """Shares by weight at a time (s on the log's clock)."""
    found = np.array([one.weight for one in run.recipe.phases])
    for one in run.recipe.births:
        place = [phase.name for phase in run.recipe.phases].index(one.phase)
        passed = max(0.0, time - run.births[one.phase]) / (3600 * one.growth)
        found[place] = one.weight * (1 - np.exp(-passed))
    found[0] = 1 - found[1:].sum()
    return found


def _peaks(specimen: Specimen, values: Array) -> dict[str, float]:
    active, found = specimen.ingredients[0].name, {}
    for hkl in PEAKS:
        word = "".join(map(str, hkl))
        found[f"peak_{word}_position"] = specimen.position(active, hkl, values)
        found[f"peak_{word}_d_spacing"] = specimen.spacing(active, hkl, values)
    return found


def _written(root: Path, plan: _Plan, run: _Run, printed: Sequence[Written]) -> list[str]:
    """Write the patterns and return the file of each."""
    first = _START + timedelta(seconds=float(run.start[0]))
    seconds = run.every * plan.exposure_share
    if plan.files == "stack":
        file = f"{FOLDER}/{run.name}.h5"
        Print("nexus", plan.instrument, seconds, first.isoformat()).write(
            root / file, run.name, plan.two_theta, printed, stack=True
        )
        return [file] * len(printed)
    names = [f"{FOLDER}/{run.name}/{run.name}_{number}.xye" for number in range(1, len(printed) + 1)]
    (root / FOLDER / run.name).mkdir(exist_ok=True)
    for name, one in zip(names, printed, strict=True):
        begun = (first + timedelta(seconds=one.states["test_time"])).isoformat()
        alone = replace(one, std=np.sqrt(np.maximum(one.intensity, 1.0)), states={})
        Print("xye", plan.instrument, seconds, begun).write(root / name, run.name, plan.two_theta, [alone])
    return names


def _written_log(root: Path, run: _Run, cell: int, random: np.random.Generator, plan: _Plan) -> list[dict[str, str]]:
    """Write the log of the cycler; rows of ``measurements.csv`` of the cell."""
    file = f"cycler/{run.name}.csv"
    begun = _START + timedelta(seconds=plan.clock_error)
    neware_csv.write(run.course.log(random), root / file, {"start": begun.isoformat()})
    pattern = f"{FOLDER}/{run.name}.h5" if plan.files == "stack" else f"{FOLDER}/{run.name}/{run.name}_{{number}}.xye"
    cycled = row(file, run.recipe.name, cell) | {
        "technique": "cycling", "active_mass": f"{MASS * 1e6:.2f} mg", "active_mass_source": "balance",
    }  # fmt: skip
    return [row(pattern, run.recipe.name, cell), cycled]


def _summed(run: _Run, table: pl.DataFrame) -> dict[str, float]:
    good = table.filter(pl.col("corrupt") == "")
    found = {"clock_offset": float(run.start[0]), "every": run.every, "change_factor": run.factor}
    found |= {f"{phase}_birth": time for phase, time in run.births.items()}
    for hkl in PEAKS:
        word = "".join(map(str, hkl))
        spacing = good.get_column(f"peak_{word}_d_spacing").to_numpy()
        found[f"peak_{word}_d_swing"] = float(spacing.max() - spacing.min())
    return found


def _declare(
    root: Path, rows: Sequence[dict[str, str]], recipes: Sequence[Operando], plan: _Plan, truth: PowderTruth
) -> None:
    first = truth.patterns.row(0, named=True)
    # In brackets: without them YAML reads 003 as a number.
    places = {
        f"({word})": f"{first[f'peak_{word}_position']:.2f} deg" for word in ("".join(map(str, hkl)) for hkl in PEAKS)
    }
    # Lines of new phases lie on those of the oxide: structures tell them apart.
    words: dict[str, Any] = refined(recipes[0].phases) if recipes[0].births else {"tracks": places, "cell": "hexagonal"}
    words["against"] = "voltage" if plan.voltage_in_files and not plan.whole_cycle else "test_time"
    samples: dict[str, dict[str, Any]] = {
        one.name: {"parent": one.parent} if one.parent else {"composition": "Li1.2Ni0.13Co0.13Mn0.54O2"}
        for one in recipes
    }
    join = None
    if plan.files == "single" and len(recipes) * plan.cells == 1:
        name = truth.patterns.item(0, "sample")
        every = truth.values[name]["every"]
        # As a lab book would have it: the patterns began about ten minutes after the cycler.
        join = {
            "log": f"cycler/{name}.csv", "every": f"{every:.2f} s", "exposure": f"{every * plan.exposure_share:.2f} s", "events": "patterns",
            "near": "10 min", "tolerance": "10 min", "drift": "0", "quantities": "[voltage, charge]",
        }  # fmt: skip
    declare(
        root,
        rows,
        title="Operando diffraction of first cycles",
        samples=samples,
        analyses={"diffraction": words},
        join=join,
    )
