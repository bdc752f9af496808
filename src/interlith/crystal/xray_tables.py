"""What do the tables of X-ray form factors, dispersion and attenuation hold for an element?

They are read from the database that xraydb ships, without xraydb itself: it takes most of a second to load, more than a pattern
takes to be refined.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Array = NDArray[np.float64]

#: Tabulated energies on either side that a spline of f' goes through.
_BESIDE = 3
#: Range of the tables of Elam (eV).
ELAM_RANGE = (100.0, 8e5)


def _rows(question: str, *given: str) -> list[tuple[str | float, ...]]:
    import sqlite3
    from importlib.util import find_spec

    found = find_spec("xraydb")
    if found is None or found.origin is None:
        raise ReadError("The tables of X-ray scattering are missing; install xraydb.")
    path = Path(found.origin).with_name("xraydb.sqlite")
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as base:
        rows = base.execute(question, given).fetchall()
    base.close()
    return rows


def _numbers(text: str | float) -> Array:
    return np.array(json.loads(str(text)), dtype=float)


@cache
def form_factors() -> dict[str, tuple[tuple[float, ...], tuple[float, ...], float]]:
    """Ion -> heights (electrons), widths (angstrom^2) and offset (electrons) of five Gaussians.

    References
    ----------
    D. Waasmaier and A. Kirfel, Acta Cryst. A51 (1995) 416, 10.1107/S0108767394013292; as held by xraydb.
    """
    rows = _rows("select ion, scale, exponents, offset from Waasmaier order by id")
    return {
        str(ion): (tuple(_numbers(scale).tolist()), tuple(_numbers(exponents).tolist()), float(offset))
        for ion, scale, exponents, offset in rows
    }


@cache
def _chantler(symbol: str) -> tuple[Array, Array, Array]:
    energy, real, imaginary = _rows("select energy, f1, f2 from Chantler where element = ?", symbol)[0]
    return _numbers(energy), _numbers(real), _numbers(imaginary)


def dispersion_range(symbol: str) -> tuple[float, float]:
    """Lowest and highest energy (eV) at which dispersion corrections are tabulated."""
    energy, _, _ = _chantler(symbol)
    return float(energy.min()), float(energy.max())


def dispersion(symbol: str, energy: float) -> tuple[float, float]:
    """Dispersion corrections f' and f'' (electrons) at a photon energy (eV) within the range of the table.

    Notes
    -----
    f' by a cubic spline without a knot behind its first and before its last interval, f'' by powers of the energy between
    neighbours: as xraydb does.

    References
    ----------
    C. T. Chantler, J. Phys. Chem. Ref. Data 29 (2000) 597, 10.1063/1.1321055; as held by xraydb.
    """
    table, real, imaginary = _chantler(symbol)
    place = int(np.flatnonzero(table <= energy).max())
    near = slice(max(0, place - _BESIDE), min(len(table), place + _BESIDE) + 1)
    positive = np.maximum(np.abs(imaginary), 1e-99)
    below = np.exp(np.interp(np.log(energy), np.log(table), np.log(positive)))
    return _spline(table[near], real[near], energy), float(below)


def _spline(x: Array, y: Array, at: float) -> float:
    """Cubic spline through some points, knots at all but the two outermost on either side."""
    middle, half = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    unit, knots, place = (x - middle) / half, (x[2:-2] - middle) / half, (at - middle) / half
    columns = np.column_stack([unit[:, None] ** np.arange(4), np.maximum(unit[:, None] - knots, 0.0) ** 3])
    row = np.concatenate([place ** np.arange(4), np.maximum(place - knots, 0.0) ** 3])
    return float(row @ np.linalg.solve(columns, y))


@cache
def mass_attenuation(symbol: str, energy: float) -> float:
    """Attenuation of an element at a photon energy (cm^2/g): absorption and scattering of both kinds.

    Parameters
    ----------
    symbol
        Of the element, up to Cf.
    energy
        (eV); values beyond 100 eV to 800 keV are those at the end.

    References
    ----------
    W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat. Phys. Chem. 63 (2002) 121-128, 10.1016/S0969-806X(01)00227-4; as held by xraydb.
    """
    at = float(np.log(np.clip(energy, *ELAM_RANGE)))
    absorbed = _rows(
        "select log_energy, log_photoabsorption, log_photoabsorption_spline from photoabsorption where element = ?", symbol
    )  # fmt: skip
    scattered = _rows(
        "select log_energy, log_coherent_scatter, log_coherent_scatter_spline, log_incoherent_scatter, log_incoherent_scatter_spline "
        "from scattering where element = ?",
        symbol,
    )
    x, photo, bent = map(_numbers, absorbed[0])
    where, coherent, coherent_bent, incoherent, incoherent_bent = map(_numbers, scattered[0])
    logs = (
        _bent(x, photo, bent, at),
        _bent(where, coherent, coherent_bent, at),
        _bent(where, incoherent, incoherent_bent, at),
    )
    return float(np.exp(logs).sum())


@cache
def atomic_mass(symbol: str) -> float:
    """Molar mass that attenuations are counted with (g/mol)."""
    return float(_rows("select molar_mass from elements where element = ?", symbol)[0][0])


def _bent(x: Array, y: Array, second: Array, at: float) -> float:
    """A table between two neighbours by its values and second derivatives."""
    high = int(np.clip(np.searchsorted(x, at, side="left"), 1, len(x) - 1))
    low = high - 1
    width = x[high] - x[low]
    upper, lower = (at - x[low]) / width, (x[high] - at) / width
    curved = ((lower**3 - lower) * second[low] + (upper**3 - upper) * second[high]) * width**2 / 6
    return float(lower * y[low] + upper * y[high] + curved)
