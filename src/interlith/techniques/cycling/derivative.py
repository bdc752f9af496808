"""Which processes show in dQ/dV and dV/dQ of a half-cycle, and how do their peaks move over the cycles?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from interlith.model import Result
from interlith.techniques.cycling.derivative_curves import curves
from interlith.techniques.cycling.peak_names import identities, named
from interlith.techniques.cycling.resolution import needed_by, settings_of, shared, usable


def differential(
    summary: Result,
    *,
    cycles: Sequence[int] | None = None,
    points: int = 400,
    resolution: str | float | None = None,
    charge_share: float = 0.01,
    gate: str | float = "40 mV",
) -> Result:
    """dQ/dV and dV/dQ of the constant-current branches, with peaks tracked over the cycles.

    Parameters
    ----------
    summary
        Result of `summarise`.
    cycles
        Own cycle numbers; `None`: eight spread over the test, first and last included.
    points
        Points of dV/dQ per half-cycle.
    resolution
        Standard deviation of the kernel along the voltage; `None`: one for all half-cycles of a direction, as fine as
        quantum, noise and sampling of the worst of them allow, recorded as a choice.
    charge_share
        Standard deviation of the weights along the charge as a share of the branch; doubled (at most to 0.04) where the
        noise of the slope exceeds a tenth of its median.
    gate
        Largest shift of a peak from one analysed cycle to the next that still is the same peak.

    Returns
    -------
    Result
        Observables ``dqdv_<direction>_P<n>_voltage`` (V), ``_height`` (mAh/g/V or mAh/V) and ``_area`` (mAh/g or mAh)
        per cycle, numbered alike in all cells. `data`: ``dqdv`` (voltage, dqdv, edge), ``dvdq`` (charge, dvdq,
        dvdq_std), ``peaks``, ``areas`` (integral of dQ/dV against the charge of the branch).

    Raises
    ------
    StudyError
        If fewer than ten points are asked for.
    UnitError
        If resolution or gate is no voltage.

    Notes
    -----
    Heights and widths are those at the resolution. Points within two resolutions of an end of the branch are marked
    ``edge``. The uncertainty of a position is that of noise and of a declared voltage accuracy; polarisation moves a
    peak by current times resistance and is no error of the measurement: positions at unlike rates do not compare. This is
    the assumption that fails first.

    References
    ----------
    Geman and Horowitz 1980, 10.1214/aop/1176994824.
    """
    settings = settings_of(cycles=cycles, points=points, resolution=resolution, charge_share=charge_share, gate=gate)
    found = usable(summary, settings)
    chosen = shared(needed_by(found), settings)
    drawn = curves(summary, found, settings, chosen.values)
    sightings = drawn.data["sightings"]
    peaks = named(summary, sightings, identities([sightings], gate=settings.gate), gate=settings.gate)
    return replace(drawn, table=peaks.table, data={**drawn.data, **peaks.data}, choices=chosen.choices)
