"""The fullest circle on periodic points: against fine grids of centres."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.numerics.coincidence import Circles, gauss_reduced


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(0.2, 0.9))
@settings(max_examples=30, deadline=None)
def test_no_centre_of_a_fine_grid_holds_more(seed: int, count: int, radius: float) -> None:
    random = np.random.default_rng(seed)
    bases = gauss_reduced(
        [[[a, 0.0], [b, c]] for a, b, c in random.uniform([0.9, -0.4, 0.9], [2.0, 0.4, 2.0], (2, 3))]
    )[0]
    gaps = random.uniform(-2, 2, (2, count, 2))
    weights = random.uniform(0.2, 1.0, count)
    best, where = Circles(gaps, weights, bases, radius).fullest()
    steps = np.arange(0, 1, 0.04)
    span = np.arange(-9, 10)
    cells = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    for place in (0, 1):
        every = (gaps[place][:, None] + cells[None] @ bases[place]).reshape(-1, 2)
        owner = np.repeat(weights, len(cells))
        centres = np.array([(x, y) for x in steps for y in steps]) @ bases[place]
        near = np.linalg.norm(every[None] - centres[:, None], axis=-1) <= radius
        assert best[place] >= (near @ owner).max() - 1e-9
        home = where[place] @ np.linalg.inv(bases[place])
        at = (home - np.floor(home)) @ bases[place]
        held = owner[np.linalg.norm(every - at, axis=-1) <= radius * (1 + 1e-7)].sum()
        assert np.isclose(held, best[place])
