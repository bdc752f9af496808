"""What does a project of DearEIS hold: spectra with their masks, and fits, distributions and tests of each?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Array, Complex, Distribution, Evaluation, Stated
from interlith.workbench.external.impedance.lines import raw_name
from interlith.workbench.external.impedance.pyimpspec import band_of

#: Number of a weighting in a project -> its name.
_WEIGHTS = {1: "auto", 2: "unity", 3: "proportional", 4: "modulus", 5: "boukamp"}


def is_deareis(document: Any) -> bool:
    """Whether a JSON document is a project."""
    return isinstance(document, Mapping) and {"data_sets", "fits", "simulations", "version"} <= set(document)


def read_deareis(document: Mapping[str, Any], file: str) -> tuple[Evaluation, ...]:
    """Every fit, distribution and Kramers-Kronig test of a project, with the spectrum that it carries.

    Raises
    ------
    StudyError
        If a spectrum or a result is not as projects hold them, or nothing was evaluated.
    """
    found: list[Evaluation] = []
    for number, data in enumerate(document["data_sets"], start=1):
        try:
            found += _of_data_set(document, data, number)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StudyError(
                f"{file}: data set {number} is not as DearEIS 3 to 5 write it ({type(error).__name__}: {error}); save the "
                "project again with a current version."
            ) from error
    if not found:
        raise StudyError(
            f"{file}: the project holds no fit, distribution or test; evaluate a spectrum and save it again."
        )
    return tuple(found)


def _of_data_set(document: Mapping[str, Any], data: Mapping[str, Any], number: int) -> list[Evaluation]:
    label = str(data.get("label") or f"data set {number}")
    raw, spectrum_number = raw_name(str(data.get("path") or ""))
    if not raw:
        raw, spectrum_number = raw_name(label)
    known = str(data["uuid"])
    made = []
    for kind, reader in (("fits", _fit), ("drts", _drt), ("tests", _test)):
        results: Sequence[Mapping[str, Any]] = dict(document.get(kind) or {}).get(known, ())
        for place, result in enumerate(results, start=1):
            own = f"{label}, {kind[:-1]} {place}"
            one = reader(result, own, raw, spectrum_number, _spectrum(data, result.get("mask")))
            if one is not None:
                made.append(one)
    return made


def _spectrum(data: Mapping[str, Any], mask: Any) -> tuple[Array, Complex]:
    """The points that were used: neither masked in the data nor in the result."""
    frequency = np.array(data["frequencies"], dtype=np.float64)
    impedance = np.array(data["real_impedances"], dtype=np.float64) + 1j * np.array(
        data["imaginary_impedances"], dtype=np.float64
    )
    masked = mask if mask is not None else data.get("mask") or {}
    used = np.array([not bool(masked.get(str(k), False)) for k in range(len(frequency))], dtype=np.bool_)
    return frequency[used], impedance[used]


def _fit(
    fit: Mapping[str, Any], place: str, raw: str, number: int | None, spectrum: tuple[Array, Complex]
) -> Evaluation | None:
    parameters: dict[str, dict[str, Stated]] = {}
    for element, rows in fit["parameters"].items():
        for name, row in rows.items():
            error = _number(row.get("stderr"))
            fixed = bool(row.get("fixed"))
            parameters.setdefault(element, {})[name] = Stated(
                float(row["value"]), error if error > 0 and not fixed else math.inf, str(row.get("unit") or ""), fixed,
                place=place,
            )  # fmt: skip
    checks = {
        name: (value, "1")
        for name, key in (("pseudo_chi_squared", "pseudo_chisqr"), ("chi_squared", "chisqr"))
        if math.isfinite(value := _number(fit.get(key)))
    }
    return Evaluation(
        "DearEIS", "", "pyimpspec", parameters, str(fit["circuit"]), raw, number, spectrum, _weight(fit),
        len(spectrum[0]), None, checks, place,
    )  # fmt: skip


def _weight(fit: Mapping[str, Any]) -> str:
    """The weighting that the fit ended with; `auto` alone says nothing."""
    for value in (fit.get("weight"), dict(fit.get("settings") or {}).get("weight")):
        name = _WEIGHTS.get(value, "") if isinstance(value, int) else str(value or "")
        if name and name != "auto":
            return name
    return ""


def _drt(
    drt: Mapping[str, Any], place: str, raw: str, number: int | None, spectrum: tuple[Array, Complex]
) -> Evaluation | None:
    time_constant = np.array(drt["time_constants"], dtype=np.float64)
    gamma = np.array(drt["real_gammas"], dtype=np.float64)
    if not time_constant.size or not (time_constant > 0).all():
        return None
    order = np.argsort(time_constant)
    low: Array | None = None
    high: Array | None = None
    notes: tuple[str, ...] = ()
    lower, upper = (np.array(drt.get(name) or [], dtype=np.float64) for name in ("lower_bounds", "upper_bounds"))
    if len(lower) == len(upper) == len(order):
        low, high, notes = band_of(lower[order], upper[order])
    return Evaluation(
        "DearEIS", "", "pyimpspec", {}, "", raw, number, spectrum, points=len(spectrum[0]),
        distribution=Distribution(time_constant[order], gamma[order], low, high, notes=notes), place=place,
        checks={"regularisation": (value, "1")} if (value := _number(drt.get("lambda_value"))) > 0 else {},
    )  # fmt: skip


def _test(
    test: Mapping[str, Any], place: str, raw: str, number: int | None, spectrum: tuple[Array, Complex]
) -> Evaluation | None:
    residuals = [np.array(test[name], dtype=np.float64) for name in ("real_residuals", "imaginary_residuals")]
    if not residuals[0].size:
        return None
    # Residuals are kept as shares of the modulus.
    checks = {"kramers_kronig_residual": (100 * float(np.sqrt(np.mean(np.square(residuals)))), "%")}
    return Evaluation(
        "DearEIS", "", "pyimpspec", {}, "", raw, number, spectrum, points=len(spectrum[0]), checks=checks, place=place
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
