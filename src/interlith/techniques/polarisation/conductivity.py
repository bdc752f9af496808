"""How well does what is not blocked conduct, from the steady current at one or several voltages and the geometry?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Citation, Given, Observable, Result, Sample, Series, State, Step
from interlith.model.stepping import in_steps
from interlith.techniques.polarisation import holds
from interlith.techniques.polarisation.options import check_options, of_sample
from interlith.techniques.polarisation.records import number, result

Array = NDArray[np.float64]

#: What flows when the contacts block something: word of the quantities.
CARRIES = {"ions": "electronic", "electrons": "ionic"}
#: A resistance of leads and contacts of this size (ohm) is usual; where it would matter by more than this share it must be declared.
USUAL_LEADS, MATTERS = 0.1, 0.01

HEBB = Citation(
    "hebb1952",
    "Hebb 1952, J. Chem. Phys. 20, 185",
    "@article{hebb1952, author={Hebb, Malcolm H.}, title={Electrical conductivity of silver sulfide}, journal={The Journal of Chemical Physics}, "
    "volume={20}, pages={185--190}, year={1952}, doi={10.1063/1.1700165}}",
)
METHODS = (
    "Steady currents are what the record relaxes to: a level with no, one or two exponential relaxations or a diffusion, averaged over all laws and "
    "times with the weight that each has in the record; a record that does not tell its level gives a bound from its last fifth. The resistance is "
    "the slope of voltage over current where several voltages were held, else their ratio."
)


@dataclass(frozen=True, slots=True)
class _Conductance:
    """Of one specimen (S): value with relative uncertainties by source, or a bound; words that must be said."""

    value: float | None
    relative: dict[str, float]
    bound: float | None
    upper: bool
    flags: tuple[str, ...]


def conductivity(
    series: Series,
    *,
    blocks: str | None = None,
    thickness: str | Mapping[str, str] | None = None,
    diameter: str | Mapping[str, str] | None = None,
    lead_resistance: str | Mapping[str, str] | None = None,
    skip: str | None = None,
) -> Result:
    """Resistance and conductivity of every specimen from holds at a voltage (or current), or the bound that they leave.

    Parameters
    ----------
    series
        Polarisations: tables with time, voltage and current.
    blocks
        ``ions`` or ``electrons``: what the contacts do not let through. It decides what the steady current is, and no file says it.
    thickness
        ``0.50 +- 0.01 mm``; without it only resistances are given. One for each specimen as ``{"S1": "0.5 mm"}``.
    diameter
        ``10 +- 0.05 mm`` of the contacts, instead of the declared area of the specimen.
    lead_resistance
        ``0.10 +- 0.02 ohm``, taken off.
    skip
        Time after each step that is left out.

    Returns
    -------
    Result
        Observables ``electronic_conductivity`` or ``ionic_conductivity`` (S/cm) and ``..._resistance`` (ohm), ``dc_...`` where `blocks` is not declared;
        ``steady_current`` (mA) at the state ``voltage``. A bound has no value, and `low`, `high`. `data`: ``holds``, ``traces``.

    Raises
    ------
    StudyError
        If an option is not understood.

    Notes
    -----
    The assumption that fails first is the contact that blocks: a reaction at it is a current that never ends, and is counted as conduction.
    With one voltage an offset of the cell or the instrument cannot be told from conduction.

    References
    ----------
    Hebb 1952, 10.1063/1.1700165; Yokota 1961, 10.1143/JPSJ.16.2213.
    """
    options = {
        "blocks": blocks, "thickness": thickness, "diameter": diameter, "lead_resistance": lead_resistance, "skip": skip,
    }  # fmt: skip
    check_options(options)
    found = {one.name: one for one in in_steps((holds.STEP, STEP), series, options, technique="polarisation")}
    if "conductivity" in found:
        return found["conductivity"]
    return found.get("holds") or result("conductivity", (), method="", options=options, quality=())


def run(given: Given) -> Result:
    """Conductivity of one specimen."""
    item = given.series[0]
    sample, options = item.sample, given.options
    table = given.result("holds").data["holds"]
    blocks = options.get("blocks")
    kind = CARRIES.get(str(blocks), "dc")
    source = f"sha256:{item.source.sha256}"
    made = [_steady(sample, row, source) for row in table.iter_rows(named=True)]
    found = _conductance(sample, table, of_sample(options, "lead_resistance", sample.name))
    flags = found.flags if blocks else (*found.flags, "what the contacts block is not declared")
    cell = _cell_constant(sample, options)
    made += _numbers(sample, kind, found, cell, "; ".join(flags), source, _method(table))
    good = found.value is not None
    reasons = [row["reason"] for row in table.iter_rows(named=True) if row["reason"]]
    others = f" (and {len(reasons) - 1} more holds)" if len(reasons) > 1 else ""
    reason = "" if good else f"{reasons[0]}{others}" if reasons else "; ".join(found.flags)
    if good and cell is None:
        reason = "thickness or area is not declared: a resistance only"
    data = {"holds": table, "traces": given.result("holds").data["traces"]}
    return result(
        "conductivity", made, method=_method(table), options=options, quality=[(sample.name, "conductivity", good, reason)], data=data,
        words=METHODS, citations=(HEBB,),
    )  # fmt: skip


def _method(table: pl.DataFrame) -> str:
    return "ratio of voltage and current" if table.height == 1 else f"slope over {table.height} holds"


def _steady(sample: Sample, row: Mapping[str, Any], source: str) -> Observable:
    if row["control"] == "current":
        return _steady_voltage(sample, row, source)
    voltage = row["voltage"]
    own = f"{sample.name}/{row['part']}/{row['hold']}"
    state = State("voltage", voltage, voltage - 2 * row["voltage_std"], voltage + 2 * row["voltage_std"], "V")
    parts = {f"fit:{own}/tail": 1e3 * row["current_std"]}
    if sample.current_accuracy is not None:
        parts[f"current:{sample.name}"] = 1e3 * sample.current_accuracy * row["current"]
    told = row["told"]
    end = 1e3 * row["end_current"]
    low, high = (1e3 * row["current_low"], 1e3 * row["current_high"]) if told else (min(0.0, end), max(0.0, end))
    return number(
        sample, "steady_current", 1e3 * row["current"] if told else None, "mA", parts, source=source, state=state,
        method=f"hold {row['hold']} at constant {row['control']}", fit=f"part {row['part']} hold {row['hold']}", low=low, high=high,
        flag="" if told else f"between zero and the last current: {row['reason']}",
    )  # fmt: skip


def _steady_voltage(sample: Sample, row: Mapping[str, Any], source: str) -> Observable:
    """Change of the voltage against the rest before, of a hold at a constant current."""
    current = 1e3 * row["current"]
    parts = {f"fit:{sample.name}/{row['part']}/{row['hold']}/tail": row["voltage_std"]}
    if sample.voltage_accuracy is not None:
        parts[f"voltage:{sample.name}"] = sample.voltage_accuracy
    return number(
        sample, "steady_voltage", row["voltage"] if row["told"] else None, "V", parts, source=source,
        state=State("current", current, current, current, "mA"), method=f"hold {row['hold']} at constant current",
        fit=f"part {row['part']} hold {row['hold']}", flag="" if row["told"] else row["reason"],
    )  # fmt: skip


def _conductance(sample: Sample, table: pl.DataFrame, leads: tuple[float, float] | None) -> _Conductance:
    told = table.filter(pl.col("told"))
    if told.is_empty():
        return _bounded(table)
    u, i = (told.get_column(name).to_numpy() for name in ("voltage", "current"))
    u_std, i_std = (told.get_column(name).to_numpy() for name in ("voltage_std", "current_std"))
    if np.any(np.abs(i) <= 3 * i_std) and len(i) == 1:
        return _Conductance(
            None, {}, float((abs(i[0]) + 2 * i_std[0]) / abs(u[0])), True, ("the steady current does not stand out of its noise: an upper bound",)
        )  # fmt: skip
    value, std, flags = _slope(u, i, np.hypot(i_std, u_std * np.abs(i / u)))
    if told.height != table.height:
        flags.append(f"{table.height - told.height} holds that are not steady are left out")
    relative = {f"fit:{sample.name}/conductance": std / abs(value)}
    if sample.current_accuracy is not None:
        relative[f"current:{sample.name}"] = sample.current_accuracy
    if sample.voltage_accuracy is not None:
        relative[f"voltage:{sample.name}"] = -sample.voltage_accuracy / float(np.abs(u).max())
    resistance = 1 / value
    if leads is not None:
        rest = resistance - leads[0]
        if rest <= 0:
            return _Conductance(
                None,
                {},
                1 / resistance,
                False,
                ("the declared leads are as large as what was measured: a lower bound",),
            )
        relative = {name: size * resistance / rest for name, size in relative.items()}
        relative[f"calibration:{sample.name}/leads"] = leads[1] / rest
        value = 1 / rest
    elif MATTERS * resistance < USUAL_LEADS:
        flags.append(
            f"leads and contacts are not declared: {USUAL_LEADS:g} ohm of them would raise the conductivity by {100 * USUAL_LEADS / max(resistance - USUAL_LEADS, 1e-9):.2g} %"
        )
    return _Conductance(value, relative, None, False, tuple(flags))


def _slope(u: Array, i: Array, std: Array) -> tuple[float, float, list[str]]:
    """Conductance (S), its standard uncertainty, and what the line says of offset and curvature."""
    std = np.maximum(std, 1e-4 * np.abs(i))
    if len(u) == 1:
        return float(i[0] / u[0]), float(std[0] / abs(u[0])), ["one voltage: an offset cannot be told from conduction"]
    through = float((u * i / std**2).sum() / (u * u / std**2).sum())
    through_std = 1 / math.sqrt(float((u * u / std**2).sum()))
    chi = float((((i - through * u) / std) ** 2).sum())
    free = len(u) - 1
    scale = math.sqrt(max(chi / free, 1.0))
    if len(u) == 2 or np.ptp(u) < 0.2 * float(np.abs(u).max()):
        flags = [] if chi <= 6.6 * free else ["the currents are not proportional to the voltage"]
        return through, through_std * scale, flags
    columns = np.stack([np.ones(len(u)), u], axis=1) / std[:, None]
    solution, _, _, _ = np.linalg.lstsq(columns, i / std, rcond=None)
    residual = i / std - columns @ solution
    free = len(u) - 2
    spread = max(float(residual @ residual) / free, 1.0)
    covariance = np.linalg.inv(columns.T @ columns) * spread
    flags = []
    if spread > 10 and float(np.abs(residual * std).max()) > 0.02 * float(np.abs(i).max()):
        flags.append("current over voltage is no straight line: not ohmic, the slope is an average")
    if abs(solution[0]) > 2.6 * math.sqrt(covariance[0, 0]) and abs(solution[0]) > 0.01 * float(np.abs(i).max()):
        flags.append(f"an offset of {1e3 * solution[0]:.2g} mA at no voltage is taken off by the slope")
        return float(solution[1]), math.sqrt(covariance[1, 1]), flags
    return through, through_std * scale if not flags else math.sqrt(covariance[1, 1]), flags


def _bounded(table: pl.DataFrame) -> _Conductance:
    """No hold tells its level: the last currents bound the conductance from the side from which they move."""
    ends = np.abs(table.get_column("end_current").to_numpy() / table.get_column("end_voltage").to_numpy())
    held = table.get_column("control").to_numpy() == "voltage"
    last = np.where(held, table.get_column("end_current").to_numpy(), table.get_column("end_voltage").to_numpy())
    rising = table.get_column("drift").to_numpy() * last > 0
    # A current that still falls, or a voltage that still rises: less conducts in the end.
    falls = rising != held
    if falls.all():
        return _Conductance(None, {}, float(ends.min()), True, ("not steady",))
    if not falls.any():
        return _Conductance(None, {}, float(ends.max()), False, ("not steady, still rising",))
    return _Conductance(None, {}, None, True, ("not steady: some holds fall and some rise, which bounds nothing",))


def _cell_constant(sample: Sample, options: Mapping[str, Any]) -> tuple[float, dict[str, float]] | None:
    """Thickness over area (1/m) with relative uncertainties; `None` where one is not declared."""
    thickness, diameter = (of_sample(options, word, sample.name) for word in ("thickness", "diameter"))
    if diameter is not None:
        area = math.pi * diameter[0] ** 2 / 4
        relative = {f"area:{sample.name}": -2 * diameter[1] / diameter[0]}
    elif sample.area is not None and sample.area.confirmed:
        area = sample.area.value
        owner = "study" if sample.area.source == "study.yaml" else sample.name
        relative = {f"area:{owner}": -sample.area.std / sample.area.value}
    else:
        return None
    if thickness is None:
        return None
    return thickness[0] / area, {f"calibration:{sample.name}/thickness": thickness[1] / thickness[0], **relative}


def _numbers(
    sample: Sample, kind: str, found: _Conductance, cell: tuple[float, dict[str, float]] | None, flag: str, source: str, method: str
) -> list[Observable]:  # fmt: skip
    """Resistance and, where the geometry is declared, conductivity. A table keeps no interval beside a missing value: the flag says the bound."""
    made = []
    sides = ("no less than", "no more than") if found.upper else ("no more than", "no less than")
    value = None if found.value is None else abs(1 / found.value)
    parts = {} if value is None else {name: -size * value for name, size in found.relative.items()}
    bound = "" if not found.bound else f"{sides[0]} {1 / found.bound:.3g} ohm; "
    low, high = (
        (None, None) if not found.bound else (1 / found.bound, math.inf) if found.upper else (0.0, 1 / found.bound)
    )
    made.append(
        number(
            sample,
            f"{kind}_resistance",
            value,
            "ohm",
            parts,
            source=source,
            method=method,
            flag=bound + flag,
            low=low,
            high=high,
        )
    )
    if cell is None:
        return made
    shown = None if found.value is None else 0.01 * abs(found.value) * cell[0]
    parts = {} if shown is None else {name: size * shown for name, size in {**found.relative, **cell[1]}.items()}
    edge = 0.01 * (found.bound or 0.0) * cell[0]
    bound = "" if not found.bound else f"{sides[1]} {edge:.3g} S/cm; "
    low, high = (None, None) if not found.bound else (0.0, edge) if found.upper else (edge, math.inf)
    made.append(
        number(
            sample,
            f"{kind}_conductivity",
            shown,
            "S/cm",
            parts,
            source=source,
            method=method,
            flag=bound + flag,
            low=low,
            high=high,
        )
    )
    return made


STEP = Step(
    "conductivity", run, after=("holds",), words=("blocks", "thickness", "diameter", "lead_resistance"), reads=True
)  # fmt: skip
