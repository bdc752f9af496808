"""Which share of the current do the ions carry that the electrodes exchange, by Bruce and Vincent?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from interlith.model import Citation, Given, Observable, Result, Sample, Series, State, Step
from interlith.model.stepping import in_steps
from interlith.physics.polarisation import bruce_vincent
from interlith.techniques.polarisation import holds
from interlith.techniques.polarisation.options import check_options
from interlith.techniques.polarisation.records import declared, number, result

#: A larger voltage (V) leaves the range in which concentrations answer linearly.
LARGEST_VOLTAGE = 0.025
#: By how much the first record may fall short of the extrapolated start before the number is only a bound.
LATE = 0.03

BRUCE = Citation(
    "evans1987",
    "Evans, Vincent and Bruce 1987, Polymer 28, 2324",
    "@article{evans1987, author={Evans, James and Vincent, Colin A. and Bruce, Peter G.}, title={Electrochemical measurement of transference numbers in "
    "polymer electrolytes}, journal={Polymer}, volume={28}, pages={2324--2328}, year={1987}, doi={10.1016/0032-3861(87)90394-6}}",
)
METHODS = (
    "Transference numbers are those of Bruce and Vincent, t+ = I_s (V - I_0 R_0) / (I_0 (V - I_s R_s)), with the steady current to which the record "
    "relaxes and the initial current as said beside each."
)


def transference(
    series: Series,
    *,
    before: str,
    after: str,
    total: str | None = None,
    skip: str | None = None,
) -> Result:
    """Transference number of the mobile ion from a symmetric cell that is held at a small voltage.

    Parameters
    ----------
    series
        Chronoamperometries.
    before, after
        Resistance of the interfaces before the step and in the steady state, ``50 +- 2 ohm``, from impedance.
    total
        Resistance of the whole cell before the step: the initial current is then voltage over it, and no longer hangs on the first record.
    skip
        Time after each step that is left out of the tail.

    Returns
    -------
    Result
        Observables ``transference_number`` at the state ``voltage``: no value where the first record is too late, the record is not
        steady or an interface takes all of the voltage; the flag says the bound or the reason.

    Raises
    ------
    StudyError
        If an option is not understood.

    Notes
    -----
    The assumption that fails first is the ideal dilute solution: elsewhere the number is the ratio of the steady to the initial
    conductivity, not the transference number. A first record that misses the start makes I_0 too small and the number too large.

    References
    ----------
    Evans, Vincent and Bruce 1987, 10.1016/0032-3861(87)90394-6, equation 12.
    """
    words = {"before": before, "after": after, "total": total}
    options = {"transference": {name: value for name, value in words.items() if value is not None}, "skip": skip}
    check_options(options)
    found = {one.name: one for one in in_steps((holds.STEP, STEP), series, options, technique="polarisation")}
    return (
        found.get("transference")
        or found.get("holds")
        or result("transference", (), method="", options=options, quality=())
    )


def run(given: Given) -> Result:
    """Transference numbers of one specimen, one a hold."""
    item = given.series[0]
    words = given.options["transference"]
    numbers = {name: declared(value, "ohm", name) for name, value in words.items() if value is not None}
    table = given.result("holds").data["holds"].filter(pl.col("control") == "voltage")
    made = [_number(item.sample, row, numbers, f"sha256:{item.source.sha256}") for row in table.iter_rows(named=True)]
    good = sum(one.value is not None for one in made)
    reason = (
        ""
        if made and good == len(made)
        else "no hold at a constant voltage"
        if not made
        else f"{len(made) - good} of {len(made)} holds give no number"
    )
    return result(
        "transference", made, method="Bruce-Vincent", options=given.options, quality=[(item.sample.name, "transference", good > 0, reason)],
        words=METHODS, citations=(BRUCE,),
    )  # fmt: skip


def _number(
    sample: Sample, row: Mapping[str, Any], known: Mapping[str, tuple[float, float]], source: str
) -> Observable:  # fmt: skip
    voltage, steady = row["voltage"], row["current"]
    initial, initial_parts, late, how = _initial(sample, row, known)
    value, slopes = bruce_vincent(voltage, initial, steady, known["before"][0], known["after"][0])
    failed, told = [], []
    if not math.isfinite(value):
        failed.append("an interface takes all of the voltage: its resistance or the currents are wrong")
    if not row["told"]:
        failed.append(f"no more than {value:.2f}: {row['reason']}" if math.isfinite(value) else row["reason"])
    elif late and math.isfinite(value):
        failed.append(f"no more than {value:.2f}: {late}")
    if abs(steady) > abs(initial) * 1.02:
        failed.append("the steady current exceeds the initial one: no polarisation of this kind")
    if abs(voltage) > LARGEST_VOLTAGE:
        told.append(f"{1e3 * abs(voltage):.0f} mV are beyond the linear range of about 10 mV")
    parts: dict[str, float] = {}
    if slopes:
        own = f"{sample.name}/{row['part']}/{row['hold']}"
        parts = {name: slopes["initial"] * size for name, size in initial_parts.items()}
        parts[f"fit:{own}/tail"] = slopes["steady"] * row["current_std"]
        parts[f"calibration:{sample.name}/before"] = slopes["before"] * known["before"][1]
        parts[f"calibration:{sample.name}/after"] = slopes["after"] * known["after"][1]
        if sample.voltage_accuracy is not None:
            parts[f"voltage:{sample.name}"] = (
                parts.get(f"voltage:{sample.name}", 0.0) + slopes["voltage"] * sample.voltage_accuracy
            )
    state = State("voltage", voltage, voltage - 2 * row["voltage_std"], voltage + 2 * row["voltage_std"], "V")
    if not failed and not -2 * math.hypot(*parts.values()) <= value <= 1 + 2 * math.hypot(*parts.values()):
        told.append("outside 0 to 1: one of the resistances belongs to another state of the cell")
    return number(
        sample, "transference_number", None if failed else value, "1", parts, source=source, state=state, method=how,
        fit=f"part {row['part']} hold {row['hold']}", flag="; ".join(failed or told),
    )  # fmt: skip


def _initial(
    sample: Sample, row: Mapping[str, Any], known: Mapping[str, tuple[float, float]]
) -> tuple[float, dict[str, float], str, str]:
    """Initial current (A), its uncertainty by source, why it is only a bound (empty if it is none), and how it was found."""
    own = f"{sample.name}/{row['part']}/{row['hold']}"
    if "total" in known:
        value = row["voltage"] / known["total"][0]
        return (
            value,
            {f"calibration:{sample.name}/total": -value * known["total"][1] / known["total"][0]},
            "",
            "I_0 from the resistance of the cell",
        )
    first, start, std = row["first"], row["initial"], row["initial_std"]
    extra = abs(start) - abs(first)
    # The step was somewhere between the last row before it and the first one: the law may have to go back further.
    unseen = max(extra, 0.0) * max(row["gap"] / max(row["first_time"], 1e-12) - 1.0, 0.0)
    if row["law"] == "diffusion" or extra + unseen > LATE * abs(first) + 2 * std or std > LATE * abs(first):
        why = f"the first record, {max(row['first_time'], row['gap']):.3g} s after the step, misses the start: the initial current is larger than it"
        return first, {}, why, "I_0 from the first record"
    parts = {f"fit:{own}/initial": std, f"model:{own}/initial": (extra + unseen) / math.sqrt(12)}
    return start, parts, "", "I_0 from the laws at the step"


def wanted(options: Mapping[str, Any]) -> bool:
    """Only on request."""
    return options.get("transference") is not None


STEP = Step("transference", run, after=("holds",), words=("transference",), reads=True, wanted=wanted)
