"""Is a texture seen where there is one, and only there?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.techniques.diffraction.quantity_texture import expected_gains, texture_axes


def test_axes_follow_the_crystal_system() -> None:
    assert texture_axes(phase("NiO")) == ()
    assert texture_axes(phase("LaOH3")) == ((0, 0, 1),)
    assert texture_axes(phase("corundum")) == ((0, 0, 1),)
    assert (1, 0, 4) in texture_axes(phase("rhodochrosite"))
    assert set(texture_axes(phase("V2O5"))) == {(0, 0, 1), (0, 1, 0), (1, 0, 0)}


def test_the_gain_is_what_a_fit_with_it_finds() -> None:
    draw = np.random.default_rng(8)
    old, new = draw.standard_normal((4, 300)), draw.standard_normal((2, 300))
    new[1] = 2.0 * old[0] - old[3]  # nothing new
    seen = 0.5 * new[0] + old.sum(axis=0) + draw.standard_normal(300)
    start, *_ = np.linalg.lstsq(old.T, seen, rcond=None)
    full = np.vstack([old, new[:1]])
    end, *_ = np.linalg.lstsq(full.T, seen, rcond=None)
    before, after = ((seen - start @ old) ** 2).sum(), ((seen - end @ full) ** 2).sum()
    found = expected_gains(new, 1e6 * old, seen - start @ old)
    assert found[0] == pytest.approx(before - after, rel=1e-9)
    assert found[1] == 0.0
