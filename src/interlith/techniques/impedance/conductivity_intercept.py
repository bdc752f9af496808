"""Which resistance stands in front of the capacitive tail of a spectrum between blocking electrodes?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.physics.circuits import CircuitFit, fit_circuit
from interlith.techniques.impedance.spectra import Array, Complex, Spectrum

#: A resistance and the tail of the electrodes, with one or two arcs more. The first resistance of a pellet lies beyond the
#: window where there is an arc: it is part of the sum.
CIRCUITS = ("R0-Q1", "R0-(R1|Q1)-Q2", "R0-(R1|Q1)-(R2|Q2)-Q3")
#: Below this exponent of the imaginary part at the lowest frequencies it is diffusion or another arc, and no blocking electrode.
_BLOCKING = 0.6
#: Exponent that an arc of grains or grain boundaries has at least, and share of the capacitance of the electrodes that it has
#: at most: grain boundaries have nanofarads, electrodes microfarads (10.1002/adma.19900020304, Table 1).
_ARC, _SMALL = 0.7, 0.1
#: The tail is fitted up to so many times the resistance, since electrodes are no element of constant phase over decades; and,
#: to see what that costs, up to the second.
_NEAR, _FAR = 5.0, 20.0


@dataclass(frozen=True, slots=True)
class Intercept:
    """What the spectrum says, by which circuit; `other` by the second best.

    `components` hold the fit and, as ``model:``, how far circuits of comparable weight differ. Without a value, `flag` says why.
    """

    value: float | None
    components: dict[str, float] = field(default_factory=dict)
    circuit: str = ""
    runner_up: str = ""
    other: float | None = None
    margin: float = 0.0
    scatter: float = math.nan
    flag: str = ""

    def row(self) -> dict[str, object]:
        """For the table of intercepts."""
        return {
            "value": self.value, "circuit": self.circuit, "runner_up": self.runner_up, "other": self.other,
            "scatter": 100 * self.scatter, "flag": self.flag,
        }  # fmt: skip


def intercept(spectrum: Spectrum) -> Intercept:
    """Total resistance in front of the tail, by the circuit of the lowest corrected Akaike criterion.

    Notes
    -----
    The sum of the first resistance and of the arcs at frequencies at which the tail is still smaller than they; its uncertainty
    follows from their covariance. An arc whose capacitance is not far below that of the electrodes may be theirs: that doubt is
    a model error. What changes when the tail is followed four times farther down enters as a model error, and so does the
    spread of circuits over their weights. The assumption that fails first: that the electrodes block; a tail with an exponent
    below 0.6 is refused.

    References
    ----------
    K. P. Burnham and D. R. Anderson, Sociol. Methods Res. 33 (2004) 261, 10.1177/0049124104268644 (weights of models).
    J. T. S. Irvine, D. C. Sinclair, A. R. West, Adv. Mater. 2 (1990) 132, 10.1002/adma.19900020304 (capacitances).
    """
    frequency, impedance = spectrum.kept
    exponent = _exponent(frequency, impedance)
    if exponent < _BLOCKING:
        return Intercept(
            None,
            flag=f"towards low frequency the imaginary part grows with an exponent of {exponent:.2f} only: these electrodes do not block",
        )
    source = f"{spectrum.name}/intercept"
    first = _fitted(frequency, impedance, CIRCUITS[0])
    if first is None:
        return Intercept(None, flag="no circuit with a blocking tail could be fitted")
    near, far = (_within(impedance, times * first.value("R0")) for times in (_NEAR, _FAR))
    sums = _sums(frequency[near], impedance[near])
    if not sums:
        return Intercept(None, flag="no circuit with a blocking tail could be fitted")
    _, total, best, (names, doubtful) = sums[0]
    weights = np.exp(-0.5 * (np.array([one[0] for one in sums]) - sums[0][0]))
    weights /= weights.sum()
    totals = np.array([one[1] for one in sums])
    spread = float(np.sqrt(weights @ np.square(totals - weights @ totals)))
    wider = _fitted(frequency[far], impedance[far], best.circuit.text)
    # Arcs have no order: another fit may hold the one in front of the tail under another name.
    farther = abs(total - sum(wider.value(name) for name in _in_front(wider)[0])) if wider is not None else 0.0
    sizes = best.components(dict.fromkeys(names, 1.0), f"fit:{source}")
    # Anything from none of the doubtful arcs to all of them, evenly.
    model = math.hypot(spread, farther, doubtful / math.sqrt(12))
    second = sums[1] if len(sums) > 1 else None
    return Intercept(
        total, sizes | {f"model:{source}": model}, best.circuit.text,
        second[2].circuit.text if second else "", second[1] if second else None, float(np.clip(2 * weights[0] - 1, 0, 1)),
        float(best.scatter[0]), _words(doubtful) if doubtful else "",
    )  # fmt: skip


def _words(doubtful: float) -> str:
    return f"of it {doubtful:.3g} ohm are an arc with a capacitance like that of the electrodes, which may be theirs"


def _fitted(frequency: Array, impedance: Complex, circuit: str) -> CircuitFit | None:
    arcs = circuit.count("|")
    bounds = {f"Q{number}_exponent": {"low": _ARC} for number in range(1, arcs + 2)}
    try:
        fit = fit_circuit(frequency, impedance, circuit, parameters=bounds)
    except FitError:
        return None
    return fit if bool(fit.converged[0]) else None


def _within(impedance: Complex, most: float) -> NDArray[np.bool_]:
    """Points whose imaginary part is below a size; all where too few are."""
    near = np.abs(impedance.imag) <= most
    return near if near.sum() >= 10 else np.ones(impedance.size, dtype=bool)


def _sums(frequency: Array, impedance: Complex) -> list[tuple[float, float, CircuitFit, tuple[list[str], float]]]:
    """Criterion, total, fit and names of the resistances of every circuit that the points fix, the best first."""
    found = []
    for text in CIRCUITS:
        fit = _fitted(frequency, impedance, text)
        if fit is None:
            continue
        names, doubtful = _in_front(fit)
        if math.isfinite(_spread(fit, names)):
            total = sum(fit.value(name) for name in names)
            found.append((float(fit.information()[0][0]), total, fit, (names, doubtful)))
    return sorted(found, key=lambda one: one[0])


def _in_front(fit: CircuitFit) -> tuple[list[str], float]:
    """Names of the resistances in front of the tail, and the sum (ohm) of those that may as well be the electrodes'."""
    lowest = int(np.argmin(fit.frequency[0]))
    electrodes = 1 / (2 * np.pi * fit.frequency[0][lowest] * abs(fit.fitted[0].imag[lowest]))
    names, doubtful = ["R0"], 0.0
    arcs = sum(name.startswith("R") for name in fit.names) - 1
    tail, power = fit.value(f"Q{arcs + 1}"), fit.value(f"Q{arcs + 1}_exponent")
    for number in range(1, arcs + 1):
        resistance, exponent = fit.value(f"R{number}"), fit.value(f"Q{number}_exponent")
        time = (resistance * fit.value(f"Q{number}")) ** (1 / exponent)
        if time**power / tail > fit.value("R0") + resistance:
            continue  # the tail is already larger than the resistances there
        names.append(f"R{number}")
        # Capacitance at the top of the arc: its time constant over its resistance.
        doubtful += resistance if time / resistance > _SMALL * electrodes else 0.0
    return names, doubtful


def _exponent(frequency: Array, impedance: Complex) -> float:
    """Slope of the imaginary part at the lowest frequencies (half a decade, four points at least), double logarithmic, negative."""
    order = np.argsort(frequency)
    places, size = frequency[order], -impedance.imag[order]
    low = (places <= max(places[0] * 10**0.5, places[3])) & (size > 0)
    if low.sum() < 3:
        return 0.0
    return -float(np.polyfit(np.log(places[low]), np.log(size[low]), 1)[0])


def _spread(fit: CircuitFit, names: list[str]) -> float:
    sizes = fit.components(dict.fromkeys(names, 1.0), "fit:sum")
    return math.sqrt(sum(size * size for size in sizes.values())) if sizes else math.inf
