"""Lines that lean change smoothly: neither their ends nor the number of their rays makes a step."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.physics.powder.profile import Lines, profile_sum


@pytest.mark.parametrize("ratio", [0.01, 0.02, 0.04])
@pytest.mark.parametrize("gauss", [0.0, 0.08])
def test_a_line_that_widens_slowly_makes_no_step(ratio: float, gauss: float) -> None:
    x = np.arange(10.0, 30.0, 0.03)
    changes = []
    for lorentz in np.linspace(0.05, 0.08, 301):
        line = Lines(
            np.array([18.9]), np.array([1.0]), np.array([gauss + 0.2 * (lorentz - 0.05)]), np.array([lorentz]), ratio, ratio
        )  # fmt: skip
        changes.append(profile_sum(x, line))
    curves = np.array(changes)
    bend = np.abs(np.diff(curves, 2, axis=0)).max()
    # 3e-4 of the height is where a line ends: a step there, or of a ray more, would be some 1e-4 of the height.
    assert bend < 2e-5 * curves.max()
