"""How would a refined pattern follow a parameter that one of its phases does not have yet?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.pattern import UNKNOWN_DISPLACEMENT
from interlith.techniques.diffraction.refinement.setup import Setup

Array = NDArray[np.float64]


def slope_by(
    setup: Setup,
    number: int,
    fitted: Fitted,
    name: str,
    *,
    texture: Sequence[float] | None = None,
    overall: bool = False,
) -> Array:
    """Slope of the pattern by a further parameter of one phase, over the standard uncertainties, shape (n,).

    Parameters
    ----------
    setup, fitted
        Of the series, of the pattern.
    number
        Of the phase.
    name
        Of the parameter, without the name of the phase: ``texture``, ``overall_u``.
    texture
        Plane of a texture that the phase is given.
    overall
        Whether it is given a displacement common to all sites.
    """
    phase = setup.pattern.phases[number]
    alone = phase_lines(
        phase.structure, setup.instrument, setup.two_theta_max, name=phase.name, positions=phase.positions, u_iso=phase.u_iso,
        u_aniso=phase.u_aniso, occupancies=phase.occupancies, overall=overall or "overall" in phase.refine,
        texture=phase.plane if texture is None else texture, unknown_displacement=UNKNOWN_DISPLACEMENT, size=phase.size_shape,
        strain=phase.strain_shape, axis=phase.axis,
    )  # fmt: skip
    model = PatternModel(fitted.model.two_theta, (alone,), setup.instrument, background=0)
    named = fitted.named
    values = np.array([named.get(one, start) for one, start in zip(model.names, model.start, strict=True)])
    moving = np.array([one == f"{phase.name}_{name}" for one in model.names])
    return np.asarray(model.with_slopes(values, moving)[1][moving][0] / fitted.points.std)
