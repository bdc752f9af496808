"""Which current flows while the voltage of an electrode is swept: diffusion, charge transfer, double layer and ohmic drop?

Each couple is a reservoir of reduced and oxidised species in front of (or in) the electrode. Diffusion in it is a sum of decaying
modes, so that a step in time is exact for a flux that changes linearly, and the concentrations at the surface are linear in the
flux of the step. Butler-Volmer kinetics are linear in these concentrations: each step solves one equation for the voltage.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Faraday constant (C/mol) and gas constant (J/(mol K)), exact in the SI of 2019.
FARADAY, GAS = 96485.33212, 8.31446261815324
ZERO_CELSIUS = 273.15
#: First cell of the grid in diffusion lengths of one time step, and growth from cell to cell.
_FIRST_CELL, _GROWTH = 0.04, 1.04
#: Semi-infinite means this many diffusion lengths of the whole scan.
_REACH = 6.0
_MOST_NEWTON = 60


@dataclass(frozen=True, slots=True)
class Couple:
    """One redox couple, reduced before the scan unless `oxidised`.

    Parameters
    ----------
    potential
        Formal potential (V).
    concentration
        Of both forms together (mol/m^3); of a `confined` couple the amount on the surface (mol/m^2).
    diffusivity
        Diffusion coefficient of both forms (m^2/s); not used where `confined`.
    electrons
        Electrons transferred at once.
    rate_constant
        Standard rate constant (m/s; 1/s where `confined`); infinite for Nernst.
    transfer
        Transfer coefficient of the reduction.
    thickness
        Depth (m) at which the reservoir is sealed; infinite for a solution.
    confined
        Whether it is bound to the surface, without diffusion.
    oxidised
        Whether it starts oxidised.
    """

    potential: float
    concentration: float
    diffusivity: float = 1e-9
    electrons: int = 1
    rate_constant: float = math.inf
    transfer: float = 0.5
    thickness: float = math.inf
    confined: bool = False
    oxidised: bool = False


def triangle(start: float, turn: float, end: float, *, step: float, cycles: int = 1) -> Array:
    """Voltages (V) of a scan from `start` to `turn` to `end`, and to and fro between the last two, shape (n,).

    Parameters
    ----------
    start, turn, end
        Voltages (V).
    step
        Distance of two voltages (V), positive.
    cycles
        Pairs of sweeps.
    """
    corners = [start] + [turn, end] * cycles
    legs = [
        np.linspace(one, other, max(round(abs(other - one) / step), 1), endpoint=False)
        for one, other in itertools.pairwise(corners)
    ]
    return np.concatenate([*legs, [corners[-1]]])


def voltammogram(
    voltage: Array,
    couples: Sequence[Couple],
    *,
    scan_rate: float,
    area: float,
    temperature: float = 25.0,
    resistance: float = 0.0,
    capacitance: float = 0.0,
) -> Array:
    """Current of a voltage sweep.

    Parameters
    ----------
    voltage
        Applied voltages (V) at even steps of time, shape (n,), rising or falling by the same amount from one to the next.
    couples
        Independent of each other.
    scan_rate
        (V/s).
    area
        (m^2).
    temperature
        (degC).
    resistance
        Uncompensated (ohm).
    capacitance
        Of the double layer (F).

    Returns
    -------
    NDArray
        Current (A), shape (n,), positive where it oxidises; that of the double layer at the first voltage is zero.

    Raises
    ------
    FitError
        If there are fewer than three voltages, or rate or area are not positive.

    Notes
    -----
    Planar, unstirred, without migration. The assumption that fails first in a battery electrode is the independent couple with
    one diffusion length.

    References
    ----------
    Nicholson and Shain 1964, 10.1021/ac60210a007: the peak current function 0.4463 and the potentials that it is checked against.
    """
    if len(voltage) < 3 or not scan_rate > 0 or not area > 0:
        raise FitError("A voltammogram needs at least three voltages, a positive scan rate and a positive area.")
    dt = float(np.median(np.abs(np.diff(voltage)))) / scan_rate
    thermal = GAS * (temperature + ZERO_CELSIUS) / FARADAY
    reservoirs = [_Reservoir(one, dt, len(voltage), thermal) for one in couples]
    current = np.zeros(len(voltage))
    inner = float(voltage[0])
    for one in reservoirs:
        one.prepare()
    for k in range(1, len(voltage)):
        applied = float(voltage[k])
        if resistance > 0:
            inner_new = _balanced(
                applied, inner, reservoirs, area=area, resistance=resistance, capacity=capacitance / dt
            )
        else:
            inner_new = applied
        current[k] = area * sum(one.flux(inner_new) * one.charge for one in reservoirs)
        current[k] += capacitance / dt * (inner_new - inner)
        for one in reservoirs:
            one.advance(inner_new)
        inner = inner_new
    return current


def _balanced(
    applied: float, before: float, reservoirs: Sequence[_Reservoir], *, area: float, resistance: float, capacity: float
) -> float:
    """Voltage behind the resistance: the current through it is that of the electrode. Every term rises with the voltage."""

    def excess(inner: float) -> float:
        faradaic = area * sum(one.flux(inner) * one.charge for one in reservoirs)
        return faradaic + capacity * (inner - before) - (applied - inner) / resistance

    low, high = before - 0.02, before + 0.02
    while excess(low) > 0:
        low -= 0.1
    while excess(high) < 0:
        high += 0.1
    below, above = excess(low), excess(high)
    side = 0
    for _ in range(_MOST_NEWTON):  # regula falsi with the Illinois halving: never leaves the bracket
        inner = (low * above - high * below) / (above - below)
        value = excess(inner)
        if abs(value) < 1e-12 * (abs(applied - inner) / resistance + 1e-12) or high - low < 1e-13:
            return inner
        if value > 0:
            high, above = inner, value
            below, side = (0.5 * below if side > 0 else below), 1
        else:
            low, below = inner, value
            above, side = (0.5 * above if side < 0 else above), -1
    return inner


class _Reservoir:
    """One couple while it is swept: concentrations at the surface as sums of modes."""

    def __init__(self, couple: Couple, dt: float, steps: int, thermal: float) -> None:
        self.couple = couple
        self.charge = couple.electrons * FARADAY
        self._thermal = thermal / couple.electrons
        rates, weights, direct = _modes(couple, dt, steps)
        fall = np.exp(-rates * dt)
        # Of a flux that runs linearly from the one before to the new one: parts of both that stay in each mode.
        with np.errstate(invalid="ignore", divide="ignore"):
            whole = np.where(rates > 0, -np.expm1(-rates * dt) / rates, dt)
            late = np.where(rates * dt > 1e-6, (1.0 - whole / dt) / rates, dt * (0.5 - rates * dt / 6))
        self._fall, self._late, self._early = fall, weights * late, weights * (whole - late)
        self._answer = float(self._late.sum()) + direct
        self._kept = np.zeros(len(rates))
        self._last = 0.0

    def prepare(self) -> None:
        """Bring the memory to the next step: what earlier fluxes will have left at the surface."""
        self._kept = self._fall * self._kept + self._early * self._last
        self._carried = float(self._kept.sum())

    def flux(self, voltage: float) -> float:
        """Oxidising flux (mol/(m^2 s)) at a voltage, for the step that is being taken."""
        couple = self.couple
        place = (voltage - couple.potential) / self._thermal
        half = min(max(0.5 * place, -300.0), 300.0)
        # Both rates over their sum, so that nothing overflows; 1/k falls out in the Nernst limit.
        forward, backward = 1 / (1 + math.exp(-2 * half)), 1 / (1 + math.exp(2 * half))
        initial = (0.0, couple.concentration) if couple.oxidised else (couple.concentration, 0.0)
        reduced, oxidised = initial[0] - self._carried, initial[1] + self._carried
        slow = 0.0
        if math.isfinite(couple.rate_constant):
            logs = np.logaddexp((1 - couple.transfer) * 2 * half, -couple.transfer * 2 * half)
            slow = math.exp(-float(logs)) / couple.rate_constant
        return (forward * reduced - backward * oxidised) / (slow + self._answer)

    def advance(self, voltage: float) -> None:
        """Take the step."""
        new = self.flux(voltage)
        self._kept = self._kept + self._late * new
        self._last = new
        self.prepare()


def _modes(couple: Couple, dt: float, steps: int) -> tuple[Array, Array, float]:
    """Decay rates (1/s), weights (1/m) and direct resistance (s/m) of the answer of the surface to a flux."""
    if couple.confined:
        return np.zeros(1), np.ones(1), 0.0
    length = math.sqrt(couple.diffusivity * dt)
    reach = min(couple.thickness, _REACH * length * math.sqrt(steps))
    widths = [_FIRST_CELL * length]
    while sum(widths) < reach:
        widths.append(widths[-1] * _GROWTH)
    cells = np.array(widths)
    cells *= reach / cells.sum()
    between = couple.diffusivity / (0.5 * (cells[1:] + cells[:-1]))
    diagonal = np.zeros(len(cells))
    diagonal[:-1] += between
    diagonal[1:] += between
    # Scaled by the roots of the cells the matrix is symmetric, and its modes are orthogonal.
    rates, vectors = linalg.eigh_tridiagonal(diagonal / cells, -between / np.sqrt(cells[1:] * cells[:-1]))
    weights = vectors[0] ** 2 / cells[0]
    return np.maximum(rates, 0.0), weights, float(0.5 * cells[0] / couple.diffusivity)
