"""The forward model of a powder pattern: against laws and against differences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.crystal.reflections import reflections
from interlith.crystal.structure_factors import Neutrons, XRays, structure_factors
from interlith.errors import FitError, StudyError
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines

TUBE = Instrument(
    (1.5406, 1.5444), 0.5, gauss=(0.004, -0.003, 0.006), lorentz=(0.02, 0.03), sample_ratio=0.02, slit_ratio=0.03, radius=200.0,
    monochromator=26.6,
)  # fmt: skip
REACTOR = Instrument(
    (1.494,),
    radiation="neutron",
    gauss=(0.1, -0.1, 0.15),
    geometry="debye-scherrer",
    radius=300.0,
    sample_ratio=0.02,
    slit_ratio=0.03,
)


def model(instrument: Instrument = TUBE) -> PatternModel:
    x = np.arange(20.0, 90.0, 0.02)
    corundum = phase_lines(
        phase("corundum"), instrument, 90, name="corundum", positions="all", u_iso="all", texture=(0, 0, 1)
    )
    silicon = phase_lines(phase("Si"), instrument, 90, name="silicon", overall=True)
    return PatternModel(x, (corundum, silicon), instrument, background=4)


def values_of(made: PatternModel) -> np.ndarray:
    values = made.start
    for name, value in {
        "zero": 0.02, "displacement": 0.05, "roughness": 0.05, "background_0": 50.0, "background_1": -10.0, "corundum_scale": 2.0,
        "silicon_scale": 1.0, "corundum_inverse_size": 0.02, "silicon_microstrain": 0.001, "corundum_texture": 0.8,
    }.items():  # fmt: skip
        values[made.place_of(name)] = value
    return values


@pytest.mark.parametrize("instrument", [TUBE, REACTOR], ids=["tube", "reactor"])
def test_slopes_are_those_of_differences(instrument: Instrument) -> None:
    made = replace(model(instrument), cut=1e-9)
    values = values_of(made)
    total, slopes = made.with_slopes(values)
    assert total == pytest.approx(made.intensity(values), abs=1e-9 * total.max())
    steps = {"texture": 1e-5, "scale": 1e-3, "background": 1.0, "cell": 1e-6, "gauss": 1e-6, "ratio": 1e-6}
    for place, name in enumerate(made.names):
        step = next((size for word, size in steps.items() if word in name), 1e-6)
        ends = [made.intensity(np.where(np.arange(values.size) == place, values + sign * step, values)) for sign in (1, -1)]  # fmt: skip
        expected = (ends[0] - ends[1]) / (2 * step)
        assert np.abs(slopes[place] - expected).max() <= 3e-4 * np.abs(expected).max() + 1e-6 * total.max(), name


def test_slopes_that_nobody_wants_are_left_out() -> None:
    made = model()
    values = values_of(made)
    moving = np.array([name.startswith("silicon_cell") for name in made.names])
    total, slopes = made.with_slopes(values, moving)
    everything = made.with_slopes(values)
    assert total == pytest.approx(everything[0])
    assert slopes[moving] == pytest.approx(everything[1][moving])
    assert np.all(slopes[~moving] == 0)
    assert np.abs(slopes[moving]).max() > 0


def test_a_line_stands_where_braggs_law_puts_it_with_the_area_of_the_structure() -> None:
    made = PatternModel(
        np.arange(27.5, 29.5, 0.002), (phase_lines(phase("Si"), TUBE, 29.5, name="silicon"),), replace(TUBE, sample_ratio=0, slit_ratio=0), background=0
    )  # fmt: skip
    lines = made.lines(made.start)
    structure = phase("Si")
    listed = reflections(structure, d_min=3.0)
    theta = math.asin(1.5406 / (2 * float(listed.spacing[0])))
    assert lines.position[0] == pytest.approx(math.degrees(2 * theta), abs=1e-6)
    strength = float(np.abs(structure_factors(structure, listed.hkl[:1], XRays(1.5406))[0]) ** 2)
    polarised = 0.5 + 0.5 * math.cos(math.radians(26.6)) ** 2 * math.cos(2 * theta) ** 2
    expected = 8 * strength * polarised / (math.sin(theta) ** 2 * math.cos(theta))
    assert lines.area[0] == pytest.approx(expected, rel=1e-6)
    assert lines.area[1] / lines.area[0] == pytest.approx(0.5, rel=0.02)
    whole = made.intensity(made.start)
    assert np.trapezoid(whole, made.two_theta) == pytest.approx(1.5 * expected, rel=0.05)


def test_neutrons_see_nuclei() -> None:
    made = PatternModel(np.arange(20.0, 60.0, 0.05), (phase_lines(phase("Si"), REACTOR, 60, name="silicon"),), REACTOR)
    lines = made.lines(made.start)
    strengths = np.abs(structure_factors(phase("Si"), made.phases[0].hkl, Neutrons())) ** 2
    theta = np.radians(lines.position / 2)
    expected = made.phases[0].multiplicity * strengths / (np.sin(theta) ** 2 * np.cos(theta))
    assert lines.area == pytest.approx(expected, rel=1e-6)


def test_small_crystallites_and_strain_widen_lines_by_scherrer_and_stokes() -> None:
    sharp = replace(TUBE, gauss=(0.0, 0.0, 0.0), lorentz=(0.0, 0.0))
    made = PatternModel(np.arange(20.0, 90.0, 0.02), (phase_lines(phase("Si"), sharp, 90, name="silicon"),), sharp)
    values = made.start
    values[made.place_of("silicon_inverse_size")] = 1 / 50
    lines = made.lines(values)
    theta = np.radians(lines.position / 2)
    first = slice(0, len(made.phases[0].hkl))
    assert lines.lorentz[first] == pytest.approx(np.degrees(0.9 * 0.15406 / 50) / np.cos(theta[first]), rel=1e-9)
    values[made.place_of("silicon_inverse_size")] = 0
    values[made.place_of("silicon_microstrain")] = 0.002
    assert made.lines(values).lorentz[first] == pytest.approx(np.degrees(4 * 0.002) * np.tan(theta[first]), rel=1e-9)


def test_phases_add_up_with_the_background() -> None:
    made = model()
    values = values_of(made)
    parts = sum((made.phase_intensity(values, number) for number in range(2)), made.background_of(values))
    assert made.intensity(values) == pytest.approx(parts)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("doublet", {"wavelengths": (1.0, 1.1, 1.2)}),
        ("ratio", {"ratio": 1.4}),
        ("geometry 'bragg'", {"geometry": "bragg"}),
        ("radiation", {"radiation": "electron"}),
        ("polarisation", {"polarisation": 2.0}),
    ],
)
def test_impossible_instruments_are_refused(words: str, change: dict[str, object]) -> None:
    with pytest.raises(StudyError, match=words):
        replace(TUBE, **change)  # type: ignore[arg-type]


def test_what_cannot_be_is_refused_in_words() -> None:
    made = model()
    with pytest.raises(StudyError, match="name of its own"):
        replace(made, phases=(made.phases[0], made.phases[0]))
    with pytest.raises(StudyError, match="rise"):
        replace(made, two_theta=made.two_theta[::-1])
    with pytest.raises(StudyError, match="no parameter 'zer0'"):
        made.place_of("zer0")
    values = made.start
    values[made.place_of("gauss_v")] = -0.1
    with pytest.raises(FitError, match="squared Gaussian width of -"):
        made.intensity(values)
    with pytest.raises(StudyError, match="radius"):
        replace(TUBE, radius=math.nan).displacement(np.array([0.3]))
    with pytest.raises(StudyError, match="no reflection up to"):
        phase_lines(phase("Si"), TUBE, 10, name="silicon")


def test_a_capillary_moved_across_the_beam_shifts_lines_like_a_zero_at_small_angles() -> None:
    here = replace(TUBE, geometry="debye-scherrer", radius=500.0)
    theta = np.array([0.01, 0.4, 0.9])
    shift, bend = here.displacement_across(theta)
    assert shift[0] == pytest.approx(math.degrees(1 / 500), rel=1e-3)
    step = 1e-6
    assert bend == pytest.approx((here.displacement_across(theta + step)[0] - shift) / step, rel=1e-4)
    lines = (phase_lines(phase("corundum"), here, 90.0, name="corundum"),)
    model = PatternModel(np.arange(20.0, 90.0, 0.02), lines, here, background=1)
    values = model.start.copy()
    values[model.place_of("corundum_inverse_size")] = 0.02
    values[model.place_of("displacement_across")] = 0.3
    place = model.place_of("displacement_across")
    moving = np.zeros(len(model.names), dtype=bool)
    moving[place] = True
    _, slopes = model.with_slopes(values, moving)
    ends = []
    for way in (1e-5, -1e-5):
        other = values.copy()
        other[place] += way
        ends.append(model.intensity(other))
    difference = (ends[0] - ends[1]) / 2e-5
    assert np.abs(slopes[place] - difference).max() < 1e-4 * np.abs(difference).max()
    with pytest.raises(StudyError, match="radius"):
        replace(here, radius=math.nan).displacement_across(theta)


def test_the_cost_bends_as_its_slopes_say() -> None:
    made = model()
    values = values_of(made)
    observed = made.intensity(values)
    # Off the data as a fit is that has not found their places yet: |F|^2 and places bend the cost.
    values[made.place_of("corundum_cell_a")] += 0.003
    values[made.place_of("silicon_cell_a")] -= 0.004
    words = ("cell", "scale", "_Al_", "_O_")
    moving = np.array([any(word in name for word in words) and not name.endswith("u_iso") for name in made.names])
    weight = 1 / np.maximum(observed, 1.0)
    found = made.normal(values, moving, observed, weight)
    places = np.flatnonzero(moving)
    true = np.empty((places.size, places.size))
    for column, place in enumerate(places):
        step = 1e-3 / math.sqrt(found.hessian[column, column])
        ends = [
            made.normal(np.where(np.arange(values.size) == place, values + sign * step, values), moving, observed, weight).gradient
            for sign in (1, -1)
        ]  # fmt: skip
        true[:, column] = (ends[0] - ends[1]) / (2 * step)
    unit = np.sqrt(np.outer(np.diag(found.hessian), np.diag(found.hessian)))
    plain, bent = np.abs(true - found.hessian) / unit, np.abs(true - found.hessian - found.bend) / unit
    assert plain.max() > 0.2
    assert bent.max() < 0.1 * plain.max()


def test_a_phase_that_only_grows_hands_over_what_it_would_anew() -> None:
    first = model()
    values = values_of(first)
    first.intensity(values)
    for scale in (3.0, 0.0, 1.5):
        values = values.copy()
        values[first.place_of("corundum_scale")] = scale
        found, fresh = first.with_slopes(values), model().with_slopes(values)
        assert found[0] == pytest.approx(fresh[0], rel=1e-12)
        assert found[1] == pytest.approx(fresh[1], rel=1e-12, abs=1e-12 * np.abs(fresh[1]).max())
