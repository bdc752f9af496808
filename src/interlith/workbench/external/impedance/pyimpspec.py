"""What do tables of pyimpspec and DearEIS say: fitted parameters, a distribution or its peaks, statistics of a test?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Array, Distribution, Evaluation, Stated
from interlith.workbench.external.impedance.lines import Row, cells_of, folded, number, rows_of

_PARAMETERS = ("element", "parameter", "value")
_ERROR = "std.err.(%)"
_TAU = "tau(s)"
#: Label of a statistic, folded -> name of ours, factor into `unit`, unit.
_STATISTICS = {
    "logpseudochi-squared": ("log10_pseudo_chi_squared", "1"), "logchi-squared": ("log10_chi_squared", "1"),
    "numberofrcelements": ("kramers_kronig_elements", "1"),
    "estimatedsdofgaussiannoise(%of|z|)": ("kramers_kronig_noise", "%"),
    "meanofresiduals,real(%of|z|)": ("kramers_kronig_mean_residual_real", "%"),
    "meanofresiduals,imag.(%of|z|)": ("kramers_kronig_mean_residual_imaginary", "%"),
    "sdofresiduals,real(%of|z|)": ("kramers_kronig_residual_real", "%"),
    "sdofresiduals,imag.(%of|z|)": ("kramers_kronig_residual_imaginary", "%"), "lambda": ("regularisation", "1"),
}  # fmt: skip
_POINTS = "numberofdatapoints"


def is_pyimpspec(text: str) -> bool:
    """Whether a text holds a table of pyimpspec: parameters, a distribution, or statistics."""
    return any(_kind(cells) for _, cells in rows_of(text[:20_000]))


def _kind(cells: Sequence[str]) -> str:
    names = [name for name in folded(cells) if name]
    if tuple(names[:3]) == _PARAMETERS and (_ERROR in names or "unit" in names):
        return "parameters"
    if _TAU in names and any(name.startswith("gamma") for name in names):
        return "distribution"
    if names == ["label", "value"]:
        return "statistics"
    return ""


def read_pyimpspec(text: str, file: str) -> tuple[Evaluation, ...]:
    """The tables of a text as one evaluation: parameters, statistics and distribution that stand in it.

    Raises
    ------
    StudyError
        If a number is none, or a kind of table stands there twice: file and line are named.
    """
    tables: dict[str, tuple[Row, list[Row]]] = {}
    current: list[Row] = []
    delimiter = ""
    for place, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or re.fullmatch(r"[\s|:\-]+", line):
            continue
        kind = _kind(cells_of(line))
        if kind:
            if kind in tables:
                raise StudyError(f"{file}, line {place}: a second table of {kind}; export one result a file.")
            delimiter = next(sign for sign in "|\t;," if sign in line)
            current = []
            tables[kind] = ((place, cells_of(line, delimiter)), current)
        elif tables:
            current.append((place, cells_of(line, delimiter)))
    parameters = _parameters(*tables["parameters"], file) if "parameters" in tables else {}
    checks, points, weights = _statistics(tables["statistics"][1], file) if "statistics" in tables else ({}, None, "")
    distribution = _distribution(*tables["distribution"], file) if "distribution" in tables else None
    if not parameters and not checks and distribution is None:
        raise StudyError(
            f"{file}: the tables hold no number that is known; export parameters, distribution or statistics."
        )
    return (Evaluation(
        "pyimpspec", "", "pyimpspec", parameters, weights=weights, points=points, distribution=distribution, checks=checks
    ),)  # fmt: skip


def _parameters(header: Row, rows: Sequence[Row], file: str) -> dict[str, dict[str, Stated]]:
    names = folded(header[1])
    at = {name: names.index(name) for name in (*_PARAMETERS, _ERROR, "unit", "fixed") if name in names}
    found: dict[str, dict[str, Stated]] = {}
    for place, cells in rows:
        if len(cells) < len(names):
            raise StudyError(
                f"{file}, line {place}: {len(cells)} cells under {len(names)} columns; export the table again."
            )
        where = f"{file}, line {place}"
        value, resolution = number(cells[at["value"]], where=where)
        share = number(cells[at[_ERROR]], where=where)[0] if _ERROR in at else math.nan
        fixed = "fixed" in at and cells[at["fixed"]].casefold() in ("yes", "true")
        unit = cells[at["unit"]] if "unit" in at else ""
        error = abs(value * share) / 100 if share > 0 and not fixed else math.inf
        found.setdefault(cells[at["element"]], {})[cells[at["parameter"]]] = Stated(
            value, error, unit, fixed, resolution, f"line {place}"
        )
    return found


def _statistics(rows: Sequence[Row], file: str) -> tuple[dict[str, tuple[float, str]], int | None, str]:
    checks: dict[str, tuple[float, str]] = {}
    points, weights = None, ""
    for place, cells in rows:
        label = folded(cells)[0]
        if label in _STATISTICS:
            name, unit = _STATISTICS[label]
            checks[name] = (number(cells[-1], where=f"{file}, line {place}")[0], unit)
        elif label == _POINTS:
            # Real and imaginary parts count as two there.
            points = round(number(cells[-1], where=f"{file}, line {place}")[0]) // 2
        elif label == "weight":
            weights = cells[-1]
    return checks, points, weights


def _distribution(header: Row, rows: Sequence[Row], file: str) -> Distribution:
    names = folded(header[1])
    curves = [k for k, name in enumerate(names) if re.match(r"gamma(_real)?\(", name)]
    low_at, high_at = (
        next((k for k, name in enumerate(names) if name.startswith(word)), None)
        for word in ("gamma_lower", "gamma_upper")
    )
    if len(curves) != 1:
        raise StudyError(f"{file}, line {header[0]}: {len(curves)} columns of gamma; export one distribution a file.")
    wanted = [names.index(_TAU), curves[0], *(k for k in (low_at, high_at) if k is not None)]
    table = np.array([
        [number(cells[k] if k < len(cells) else "", where=f"{file}, line {place}")[0] for k in wanted] for place, cells in rows
    ], dtype=np.float64)  # fmt: skip
    if not len(table) or not np.isfinite(table[:, :2]).all() or not (table[:, 0] > 0).all():
        raise StudyError(f"{file}: time constants must be positive and gamma a number; export the distribution again.")
    table = table[np.argsort(table[:, 0])]
    band = band_of(table[:, 2], table[:, 3]) if low_at is not None and high_at is not None else (None, None, ())
    return Distribution(table[:, 0], table[:, 1], band[0], band[1], discrete=_discrete(table[:, 0]), notes=band[2])


def band_of(low: Array, high: Array) -> tuple[Array | None, Array | None, tuple[str, ...]]:
    """The band of a distribution; none where both ends are the same column, as some versions of DearEIS write them."""
    if not low.size or not np.isfinite(low).all() or not np.isfinite(high).all():
        return None, None, ()
    if np.array_equal(low, high):
        return None, None, ("Both ends of its band are the same numbers, so the band is not used.",)
    return low, high, ()


def _discrete(time_constant: Array) -> bool:
    """Whether these are peaks: few of them, or at uneven distances."""
    if len(time_constant) < 8:
        return True
    steps = np.diff(np.log(time_constant))
    return bool(steps.max() > 1.5 * np.median(steps))
