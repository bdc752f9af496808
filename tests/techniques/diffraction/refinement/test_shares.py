"""Do shares through the refinement scatter as they say, with an internal standard and with a phase that is not there?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.crystal.phases import phase
from interlith.techniques.diffraction.refinement.amounts import amounts
from interlith.techniques.diffraction.refinement.attempt import Points
from interlith.techniques.diffraction.refinement.one import refine_from
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.standards import Standard
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, model_of, series, truth

NAMES = ("NiO", "corundum", "LNMO")
#: Weight of the crystals over all crystals.
SHARES = {"NiO": 0.55, "corundum": 0.45, "LNMO": 0.0}


def _values(shares: dict[str, float], names: tuple[str, ...], counts: float = 4000.0) -> np.ndarray:
    model = model_of(names)
    values = truth(model, displacement=0.02)
    crystals = {name: phase(name) for name in names}
    per = {name: 1 / (one.density * one.cell.volume**2) for name, one in crystals.items()}
    unit = values.copy()
    for name in names:
        unit[model.place_of(f"{name}_scale")] = shares[name] * per[name]
    most = float((model.intensity(unit) - model.background_of(unit)).max())
    for name in names:
        values[model.place_of(f"{name}_scale")] = shares[name] * per[name] * counts / most
    return values


def test_errors_are_as_large_as_they_are_said_to_be() -> None:
    setup = Setup(Pattern(NAMES, instrument=LAB, background=3, refine=("displacement",)), LAB, 0.0, True, 3, ANGLES[-1])
    model, values = setup.model(ANGLES), _values(SHARES, NAMES)
    seed = {
        name: max(value, 1e-12) if name.endswith("_scale") else value
        for name, value in zip(model.names, values, strict=True)
    }
    pulls, absent = [], []
    for number in range(40):
        counts = np.random.default_rng(number).poisson(model.intensity(values)).astype(float)
        fitted = refine_from(setup, Points(ANGLES, counts, np.sqrt(np.maximum(counts, 1.0)), 1.0), seed)
        told, _, found = amounts(setup, fitted, "S1/p")
        own = np.sqrt(np.diag(found.parts["fit"] + found.parts["model"]))
        pulls.append((found.values[0] - SHARES["NiO"]) / own[0])
        absent.append(told["LNMO"])
    assert 0.75 < np.sqrt(np.mean(np.square(pulls))) < 1.25
    assert all(one.low is not None and one.low >= 0.0 for one in absent)
    assert sum(one.low == 0.0 for one in absent) >= 36
    assert all(one.high is not None and 0.0 < one.high < 0.05 for one in absent)


@pytest.mark.parametrize("hidden", [0.0, 0.3])
def test_a_standard_tells_what_does_not_diffract(hidden: float) -> None:
    added, names = 0.2, ("NiO", "corundum")
    # Weights over those of the whole mixture, as the standard was weighed into it.
    weights = {"NiO": (1 - added) * (1 - hidden), "corundum": added}
    values = _values({name: one / sum(weights.values()) for name, one in weights.items()}, names)
    counts = np.random.default_rng(5).poisson(model_of(names).intensity(values)).astype(float)
    found = refine(
        series(measured(ANGLES, counts)),
        Pattern(names, instrument=LAB, background=3, refine=("displacement",)),
        standard=Standard("corundum", added, 0.001),
    )
    for name, true in (("NiO", 1 - hidden), ("amorphous", hidden)):
        row = found.table.filter(pl.col("quantity") == f"{name}_absolute_weight_fraction")
        assert row.height == 1
        assert abs(row.item(0, "value") - true) < min(0.02, 1.96 * row.item(0, "std"))
        weighed = [one["size"] for one in row.item(0, "components") if "weighed standard" in one["source"]]
        assert np.sqrt(np.sum(np.square(weighed))) == pytest.approx(
            row.item(0, "value") * 0.001 / (added * (1 - added))
            if name == "NiO"
            else (1 - row.item(0, "value")) * 0.00625,
            rel=1e-6,
        )
