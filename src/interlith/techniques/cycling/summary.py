"""What did every cycle of every specimen give: capacity, energy, voltage, efficiency?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.model import Result, Series, Step, to_frame
from interlith.model.stepping import in_steps
from interlith.techniques.cycling import conditions, counted, decided
from interlith.techniques.cycling.components import NORMALISATIONS
from interlith.techniques.cycling.records import how, quality_table
from interlith.techniques.cycling.specimen import METHODS, TABLES, run

STEP = Step(
    "summary",
    run,
    after=("count",),
    words=("normalise",),
    decides={
        "step_type": decided.STEP_TYPE,
        "cycle_join": decided.CYCLE_JOIN,
        "charge_method": decided.CHARGE_METHOD,
        "part_order": decided.PART_ORDER,
    },
    reads=True,
)


def summarise(series: Series, *, normalise: str = "active_mass") -> Result:
    """Steps, half-cycles, cycles and their observables for every specimen of a series.

    Parameters
    ----------
    series
        Measurements with the quantities time, current and voltage. Parts of a restarted test (`Measurement.part`) are
        joined on device time, never on the wall clock.
    normalise
        Basis of the capacities and energies: ``active_mass`` (mAh/g), ``area`` (mAh/cm^2) or ``none`` (mAh). Where the
        mass or area is not declared or not confirmed, numbers stay in mAh and the flag says so.

    Returns
    -------
    Result with `data` ``steps``, ``half_cycles``, ``cycles``, ``vendor_cycles``, ``curves`` and
    ``conditions``.

    Raises
    ------
    StudyError
        If `normalise` is unknown.

    Notes
    -----
    Without a declared accuracy of the current there is no ``current:`` component: the standard uncertainty then leaves
    the gain error of the channel out, which ``includes`` shows. The assumption that fails first: that a half-cycle after
    which the program of the cycler went on was finished.
    """
    if normalise not in NORMALISATIONS:
        raise StudyError(f"normalise is '{normalise}'; {nearest(normalise, NORMALISATIONS)}.")
    taken = (counted.STEP, STEP, conditions.STEP)
    found = in_steps(taken, series, {"normalise": normalise}, technique="cycling")
    return whole(found[0] if found else None, normalise)


def whole(summary: Result | None, normalise: str) -> Result:
    """The summary of a series, with its tables also where no specimen could be summarised.

    Parameters
    ----------
    summary
        Of all specimens; `None` of none.
    normalise
        The basis asked for.
    """
    if summary is None:
        summary = Result("cycling", "summary", to_frame(()), {}, quality_table(()), how("", {}, ""))
    if not summary.table.height:
        record = how("own half-cycles", {"normalise": normalise}, METHODS)
        return replace(summary, data={name: pl.DataFrame() for name in TABLES}, how=record)
    # Put together now, so that the tables of single specimens need not be kept beside those of all.
    return replace(summary, data={name: summary.data[name] for name in summary.data})
