"""Lines: derivatives, and uncertainties that mean what they say."""

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.physics.powder.line_groups import Group, drawn, fit_groups
from interlith.physics.powder.line_shape import Radiation, parts, peaks_of

TUBE = Radiation((1.5406, 1.5444), 0.5)
X = np.arange(34.0, 39.0, 0.02)


def _group(y, std, position, width, *, held=None, signed=None):
    count = len(position)
    return Group(
        X, y, std, np.array(position), np.array(width), np.full(count, 0.4), np.zeros((3, count), bool) if held is None else held,
        0.8 * np.array(width), np.zeros(count, bool) if signed is None else signed,
    )  # fmt: skip


def test_the_twin_lies_where_bragg_puts_it():
    place, slope = TUBE.twin(np.array([36.0, 60.0]))
    spacing = TUBE.spacing(np.array([36.0, 60.0]))
    assert 2 * spacing * np.sin(np.radians(place / 2)) == pytest.approx(1.5444)
    assert slope == pytest.approx((TUBE.twin(np.array([36.001, 60.001]))[0] - place) / 0.001, rel=1e-4)


def test_a_radiation_of_three_lines_is_refused():
    with pytest.raises(StudyError, match="doublet"):
        Radiation((1.54, 1.544, 1.39))


def test_the_chain_holds_the_derivatives():
    values = np.array([[36.0, 36.5], [100.0, 50.0], [0.2, 0.3], [0.4, 0.6]])
    chain = peaks_of(TUBE, *(one[None] for one in values))[4][0]
    for line in range(2):
        for number in range(4):
            up, down = values.copy(), values.copy()
            up[number, line] += 1e-6
            down[number, line] -= 1e-6
            high, low = ([one[0] for one in peaks_of(TUBE, *(row[None] for row in table))[:4]] for table in (up, down))
            slopes = np.array([(a - b) / 2e-6 for a, b in zip(high, low, strict=True)])
            assert slopes == pytest.approx(chain[:, :4, 2 * number + line].T, abs=1e-5)


def test_widths_of_the_parts_add_up_to_the_whole():
    gauss, lorentz, _, _ = parts(np.array([0.0, 0.3, 0.6, 0.9]))
    terms = (1.0, 2.69269, 2.42843, 4.47163, 0.07842, 1.0)
    whole = sum(term * gauss ** (5 - power) * lorentz**power for power, term in enumerate(terms)) ** 0.2
    assert whole == pytest.approx(1.0, abs=0.003)


def test_pulls_have_the_width_of_one():
    rng = np.random.default_rng(1)
    truth = (np.array([36.0, 36.45]), np.array([60.0, 30.0]), np.array([0.2, 0.25]), np.array([0.4, 0.4]))
    clean = drawn(X, TUBE, *truth) + 200.0
    groups, held = [], np.zeros((3, 2), bool)
    held[2] = True  # as in a pattern: the shape of weak lines is that of the strong ones
    for _ in range(120):
        y = rng.poisson(clean).astype(float)
        groups.append(_group(y, np.sqrt(np.maximum(clean, 1.0)), [36.02, 36.43], [0.22, 0.22], held=held))
    found = fit_groups(groups, TUBE)
    for number, name in enumerate(("position", "area", "width")):
        pulls = np.array([(getattr(one, name) - truth[number]) / one.std[number] for one in found if one.converged])
        assert len(pulls) > 110
        assert 0.8 < pulls.std() < 1.15
        assert abs(pulls.mean()) < 0.25


def test_a_forced_line_where_nothing_is_has_an_area_about_zero():
    rng = np.random.default_rng(2)
    held, signed = np.ones((3, 1), bool), np.ones(1, bool)
    groups = [
        _group(200 + rng.normal(size=X.size) * 5, np.full(X.size, 5.0), [36.5], [0.2], held=held, signed=signed)
        for _ in range(200)
    ]
    pulls = np.array([one.area[0] / one.std[1, 0] for one in fit_groups(groups, TUBE)])
    assert (pulls < 0).mean() == pytest.approx(0.5, abs=0.12)
    assert pulls.std() == pytest.approx(0.97, abs=0.12)
