"""Which cell and widths has a phase in the patterns that do not show it, if others of the series do?

How much of a phase there may be in a pattern that hardly shows it hangs on where its lines are taken to be and how wide. A structure as it came, or
sizes of other grains, put the bound in the wrong place; a pattern of the same series that shows the phase knows better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from interlith.errors import FitError
from interlith.techniques.diffraction.refinement.attempt import PLACED
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.one import Fitted, refine_again
from interlith.techniques.diffraction.refinement.setup import Setup

#: Scale over its standard uncertainty from which on a phase shows its cell and widths well.
_WELL = 4 * PLACED
#: Change of a name, relative, that is none.
_SAME = 1e-9
#: Chi squared over that before beyond which the new values are not taken.
_WORSE = 1.5


def with_seen_shapes(setup: Setup, series: Sequence[Refined]) -> list[Refined]:
    """The series with phases that are held in some patterns as the nearest pattern has them that shows them well.

    Parameters
    ----------
    setup, series
        Of the series; its patterns as refined, in order.

    Notes
    -----
    Without a pattern that shows a phase well the one that shows it best is taken; without any the phase stays as it came. The assumption
    that fails first: that a phase looks alike where it is hardly seen, grains just born among them.
    """
    seen = {name: _seen(series, name) for name in setup.pattern.names}
    out = list(series)
    for place, one in enumerate(series):
        if not one.good or one.fitted is None:
            continue
        shapes: dict[str, float] = {}
        for name in one.fitted.held:
            donor = _donor(seen[name], place)
            if donor is not None:
                shapes |= _shape(series[donor].fitted, name)
        named = one.fitted.named
        if all(abs(value - named[name]) <= _SAME * abs(value) for name, value in shapes.items()):
            continue
        try:
            made = refine_again(setup, one.fitted, shapes)
        except FitError:
            continue
        if made.converged and made.reduced_cost < _WORSE * one.fitted.reduced_cost:
            out[place] = replace(one, fitted=made)
    return out


def _seen(series: Sequence[Refined], name: str) -> dict[int, float]:
    """Place in the series -> scale over its standard uncertainty, where a phase is free."""
    found = {}
    for place, one in enumerate(series):
        if one.good and one.fitted is not None and name not in one.fitted.held:
            scale = one.fitted.model.place_of(f"{name}_scale")
            size = float(one.fitted.fit.std[0, scale])
            found[place] = float(one.fitted.values[scale]) / size if np.isfinite(size) and size > 0 else 0.0
    return found


def _donor(seen: Mapping[int, float], place: int) -> int | None:
    well = [other for other, size in seen.items() if size >= _WELL]
    if well:
        return min(well, key=lambda other: abs(other - place))
    return max(seen, key=seen.__getitem__, default=None)


def _shape(fitted: Fitted | None, name: str) -> dict[str, float]:
    """Values of a phase but its scale."""
    if fitted is None:
        return {}
    model = fitted.model
    part = model.slice_of([one.name for one in model.phases].index(name))
    found = dict(zip(model.names[part], fitted.values[part].tolist(), strict=True))
    found.pop(f"{name}_scale")
    return found
