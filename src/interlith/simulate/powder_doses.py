"""How does a folder of synchrotron patterns of a coated or doped powder come about, whose second phase begins at a known dose?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.physics.powder.instrument import Instrument
from interlith.simulate.powder import grid
from interlith.simulate.powder_counting import counted, merged
from interlith.simulate.powder_recipes import COATING, DOPING, DOSES, SYNCHROTRON, Dosed
from interlith.simulate.powder_specimen import Haze, Ingredient, Mount, Specimen
from interlith.simulate.powder_truth import PowderTruth
from interlith.simulate.powder_writing import FOLDER, Print, Written, declare, instrument_file, refined, row

Array = NDArray[np.float64]

_START = datetime(2026, 4, 20, 8, 0, 0)
#: The dopant, the metals that its dose refers to, and detectors whose counts are merged.
_DOPANT, _METALS, _DETECTORS = "La", ("Ni", "Mn"), 12.0
#: Edge of the pseudo-cubic perovskite (angstrom), near the 3.88 of Zhu et al.
_EDGE = 3.884
_HAZE = Haze(25.0, (60.0, 6.0), ((10.0, 6.0, 25.0),))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is the same for all specimens."""

    two_theta: Array
    instrument: Instrument
    counting_time: float
    highest: float
    spread: float
    host: str


def simulate_doses(
    folder: str | Path,
    *,
    series: Sequence[Dosed] = (DOPING, COATING),
    doses: Sequence[float] = DOSES,
    replicates: int = 2,
    host: str = "LNMO",
    instrument: Instrument = SYNCHROTRON,
    limits: tuple[float, float] = (5.0, 40.0),
    step: float = 0.005,
    counting_time: float = 1.0,
    highest: float = 8000.0,
    spread: float = 0.03,
    seed: int = 1,
) -> PowderTruth:
    """Powders of rising dose: the dopant dissolves or covers up to a threshold; what is beyond forms a second phase.

    Parameters
    ----------
    folder
        Made if needed; files of the same names are overwritten.
    series
        One or several ways to add the dopant, each with its threshold.
    doses
        (at% of the transition metal.)
    replicates
        Specimens of each dose.
    host
        A shipped structure.
    instrument, limits, step
        Of the patterns; two theta in deg.
    counting_time
        Seconds a point; twelve detectors are merged.
    highest
        Counts/s of one detector at the highest line.
    spread
        Relative standard deviation of the dopant beyond the threshold from specimen to specimen: powders are not mixed alike.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    PowderTruth
        Of every file: ``dose`` (as declared), ``LaTMO3_weight_fraction``, ``LaTMO3_element_fraction`` (dopant in the second phase over
        transition metal, at%). `values`: ``threshold`` (at%) and ``slope`` of each series.

    Raises
    ------
    StudyError
        If a number is not positive or a structure lacks what is conserved.

    Notes
    -----
    Conserved are dopant and transition metal: a second phase with one metal an atom of dopant takes it from the host. Dopant that is held by
    the host or its surface is not in the lines and leaves the cell of the host as it is.
    """
    if min(counting_time, highest, step) <= 0 or replicates < 1 or not series or not doses or min(doses) < 0:
        raise StudyError(
            "A simulated dose series needs doses from 0 on, a specimen of each, and counting times and heights above 0."
        )
    root = Path(folder)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    plan = _Plan(grid(limits, step), instrument, counting_time, highest, spread, host)
    random = np.random.default_rng(seed)
    rows: list[dict[str, str]] = []
    told: list[dict[str, Any]] = []
    for dosed in series:
        specimen = _specimen(plan, dosed)
        for dose in doses:
            for replicate in range(1, replicates + 1):
                name, file = _variant(dosed, dose), f"{FOLDER}/{_variant(dosed, dose)}_{replicate:02d}.fxye"
                told.append(
                    {
                        "sample": f"{name}_{replicate:02d}",
                        "variant": name,
                        "series": dosed.name,
                        "file": file,
                        "frame": 0,
                    }
                )
                told[-1] |= _one(root / file, name, plan, specimen, dosed, dose, random, len(rows))
                rows.append(row(file, name, replicate, dose=f"{dose:.3f} at%"))
    instrument_file(root, instrument)
    values = {one.name: {"threshold": one.threshold, "slope": one.slope} for one in series}
    settings = {
        "generator": "interlith.simulate.powder_doses/1",
        "counting_time": counting_time,
        "highest": highest,
        "spread": spread,
    }
    truth = PowderTruth(root, seed, "dose", pl.DataFrame(told, infer_schema_length=None), values, settings)
    _declare(root, rows, series, doses, plan)
    truth.write()
    return truth


def weight_fraction(second_per_metal: float, host: Structure, second: Structure) -> float:
    """Share by weight of a second phase that holds a number of atoms of dopant an atom of transition metal in the powder.

    Parameters
    ----------
    second_per_metal
        Atoms of dopant in the second phase over atoms of transition metal in host and second phase together.
    host, second
        The phases.

    Raises
    ------
    StudyError
        If the second phase holds no dopant or the host no metal, or there is more second phase than metal.
    """
    dopant, taken, given = _held(second, (_DOPANT,)), _held(second, _METALS), _held(host, _METALS)
    if dopant <= 0 or given <= 0:
        raise StudyError(
            f"{second.name} must hold {_DOPANT} and {host.name} one of {', '.join(_METALS)}; they hold {dopant:g} and {given:g} in the cell."
        )
    cells = second_per_metal / dopant
    hosts = (1 - cells * taken) / given
    if hosts < 0:
        raise StudyError(
            f"{second_per_metal:g} atoms of {_DOPANT} an atom of metal leave no {host.name}; give a smaller dose."
        )
    heavy = cells * second.mass
    return float(heavy / (heavy + hosts * host.mass))


def _one(
    path: Path,
    name: str,
    plan: _Plan,
    specimen: Specimen,
    dosed: Dosed,
    dose: float,
    random: np.random.Generator,
    order: int,
) -> dict[str, Any]:
    """Write the pattern of one specimen and tell what is true of it."""
    beyond = (
        max(0.0, dose - dosed.threshold) * dosed.slope * max(0.0, 1 + plan.spread * float(random.standard_normal()))
    )
    host, second = specimen.structures
    share = weight_fraction(beyond / 100, host, second)
    shares, mount = [1 - share, share], Mount(zero=0.001 * float(random.standard_normal()))
    values = specimen.values(weights=shares, mount=mount)
    counts = counted(specimen.expected(values) * _DETECTORS, plan.counting_time, random)
    intensity, std = merged(counts, plan.counting_time, _DETECTORS)
    start = (_START + timedelta(minutes=20 * order)).isoformat()
    Print("fxye", plan.instrument, plan.counting_time, start).write(
        path, name, plan.two_theta, [Written(intensity, std)]
    )
    return {"dose": dose, f"{second.name}_element_fraction": beyond} | specimen.truth(values, shares)


def _specimen(plan: _Plan, dosed: Dosed) -> Specimen:
    """The powder; its host is a little larger than the shipped structure, and atoms move a little less than is usual."""
    edge = phase(plan.host).cell.a * 1.0003
    made = (
        Ingredient(plan.host, plan.host, 1.0, size=200.0, microstrain=2e-4, cell={"a": edge}, u_iso=0.0070),
        Ingredient("LaTMO3", dosed.structure, 0.0, size=35.0, microstrain=5e-4, cell={"a": _EDGE}, u_iso=0.0060),
    )
    return Specimen(made, plan.instrument, plan.two_theta, haze=_HAZE, highest=plan.highest)


def _declare(
    root: Path, rows: Sequence[Mapping[str, str]], series: Sequence[Dosed], doses: Sequence[float], plan: _Plan
) -> None:
    samples = {
        _variant(one, dose): {
            "composition": f"{plan.host} with {dose:g} at% {_DOPANT}",
            "structure": f"{plan.host}.cif",
        }
        for one in series
        for dose in doses
    }
    by = {_variant(one, dose): one.name for one in series for dose in doses}
    words = refined(_specimen(plan, series[0]).ingredients) | {"against": "dose"}
    words["element_fraction"] = {"element": _DOPANT, "phase": "LaTMO3", "per": list(_METALS)}
    evidence = [{"threshold": {"quantity": "element_fraction", "against": "dose", "by": by}}]
    declare(
        root, rows, title="Second phase against dose", samples=samples, analyses={"diffraction": words}, evidence=evidence
    )  # fmt: skip


def _held(crystal: Structure, elements: Sequence[str]) -> float:
    atoms = crystal.atoms
    return float(
        sum(
            share
            for element, share in zip(atoms.elements, atoms.occupancies.tolist(), strict=True)
            if element in elements
        )
    )


def _variant(dosed: Dosed, dose: float) -> str:
    """``D0.3``, ``C1.0``."""
    return f"{dosed.name}{dose:.1f}" if round(dose, 1) == dose else f"{dosed.name}{dose:g}"
