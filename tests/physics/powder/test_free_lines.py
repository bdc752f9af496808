"""Lines of a cell alone: cell and areas of a simulated pattern are found again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.physics.powder.free_lines import free_lines, le_bail_update
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines

Array = NDArray[np.float64]

TUBE = Instrument(
    (1.5406, 1.5444),
    0.5,
    gauss=(0.0, 0.0, 0.004),
    lorentz=(0.02, 0.02),
    sample_ratio=0.02,
    slit_ratio=0.02,
    radius=200.0,
)
X = np.arange(20.0, 70.0, 0.03)


def simulated() -> tuple[PatternModel, Array, Array]:
    """A noiseless pattern of corundum with a cell and widths that are not those of the start."""
    model = PatternModel(X, (phase_lines(phase("corundum"), TUBE, 70, name="corundum"),), TUBE, background=2)
    values = model.start
    values[model.place_of("background_0")] = 30.0
    values[model.place_of("corundum_scale")] = 1e-3
    values[model.place_of("corundum_cell_a")] *= 1.0008
    values[model.place_of("corundum_cell_c")] *= 0.9993
    values[model.place_of("corundum_inverse_size")] = 0.01
    return model, values, model.intensity(values)


def solved(model: PatternModel, values: Array, moving: NDArray[np.bool_], observed: Array, rounds: int) -> Array:
    """Steps of Gauss and Newton with a little damping."""
    for _ in range(rounds):
        found = model.normal(values, moving, observed, np.ones(X.size))
        size = np.sqrt(np.maximum(np.diag(found.hessian), 1e-300))
        scaled = found.hessian / np.outer(size, size) + 1e-9 * np.eye(size.size)
        values = values.copy()
        values[moving] -= np.linalg.solve(scaled, found.gradient / size) / size
    return values


def test_pawley_finds_cell_width_and_areas() -> None:
    truth, known, observed = simulated()
    free = free_lines(phase("corundum"), TUBE, 70, name="corundum")
    made = PatternModel(X, (free,), TUBE, background=2)
    values = made.start
    values[made.place_of("corundum_inverse_size")] = 0.005
    lines = made.lines(values)
    inside = (lines.position[: len(free.hkl)] > X[0] + 1) & (lines.position[: len(free.hkl)] < X[-1] - 1)
    areas = np.array([name.startswith("corundum_area") for name in made.names])
    linear = areas | np.array([name.startswith("background") for name in made.names])
    values = solved(made, values, linear, observed, 2)
    moving = linear | np.array([("_cell_" in name or name.endswith("inverse_size")) for name in made.names])
    values = solved(made, values, moving, observed, 8)
    for name in ("corundum_cell_a", "corundum_cell_c"):
        assert values[made.place_of(name)] == pytest.approx(known[truth.place_of(name)], rel=1e-6)
    assert values[made.place_of("corundum_inverse_size")] == pytest.approx(0.01, rel=1e-3)
    listed = truth.lines(known)
    own = {
        tuple(row): area for row, area in zip(truth.phases[0].hkl, listed.area[: len(truth.phases[0].hkl)], strict=True)
    }
    found = made.lines(values).area[: len(free.hkl)]
    expected = np.array([own[tuple(row)] for row in free.hkl])
    total = np.bincount(free.group, weights=expected)[free.group]
    shared = np.bincount(free.group, weights=found)[free.group]
    assert inside.sum() > 8
    assert shared[inside] == pytest.approx(total[inside], rel=1e-3, abs=1e-3 * total.max())
    # An area is that of the line of the first wavelength.
    start = made.start
    assert made.lines(start).area[: len(free.hkl)] == pytest.approx(
        free.multiplicity / np.bincount(free.group, weights=free.multiplicity)[free.group], rel=1e-9
    )


def test_le_bail_shares_out_what_is_observed() -> None:
    truth, known, observed = simulated()
    made = PatternModel(X, (free_lines(phase("corundum"), TUBE, 70, name="corundum"),), TUBE, background=2)
    values = made.start
    for name in ("background_0", "corundum_cell_a", "corundum_cell_c", "corundum_inverse_size"):
        values[made.place_of(name)] = known[truth.place_of(name)]
    before = np.linalg.norm(made.intensity(values) - observed)
    for _ in range(20):
        values = le_bail_update(made, values, observed)
    left = np.linalg.norm(made.intensity(values) - observed)
    assert left < 1e-3 * np.linalg.norm(observed - 30.0)
    assert left < before
    again = le_bail_update(made, values, made.intensity(values))
    assert again == pytest.approx(values, rel=1e-9)
    held = np.array([not name.startswith("corundum_area") for name in made.names])
    assert np.array_equal(again[held], values[held])


def test_lines_that_coincide_have_one_area() -> None:
    made = free_lines(phase("Si"), TUBE, 120, name="silicon")
    hkl = np.sort(np.abs(made.hkl), axis=1)
    groups = {tuple(row): number for row, number in zip(hkl.astype(int), made.group, strict=True)}
    assert groups[(3, 3, 3)] == groups[(1, 1, 5)]
    assert groups[(1, 1, 1)] != groups[(0, 2, 2)]
    assert made.names[made.areas][0] == "area_0"
    assert len(made.names[made.areas]) == made.group.max() + 1 < len(hkl)
    wide = free_lines(phase("corundum"), TUBE, 120, name="corundum", nearer=1.0)
    plain = free_lines(phase("corundum"), TUBE, 120, name="corundum")
    assert wide.group.max() < plain.group.max()


def test_what_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(StudyError, match="nearer than an angle"):
        free_lines(phase("Si"), TUBE, 90, name="silicon", nearer=-1.0)
    with pytest.raises(StudyError, match="no reflection up to"):
        free_lines(phase("Si"), TUBE, 10, name="silicon")
    made = PatternModel(X, (phase_lines(phase("Si"), TUBE, 70, name="silicon"),), TUBE)
    with pytest.raises(StudyError, match="has free lines"):
        le_bail_update(made, made.start, np.zeros(X.size))
