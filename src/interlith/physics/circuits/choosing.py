"""Which circuit of a list do spectra speak for, which others do as well, and what can they never tell apart?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from interlith.errors import FitError
from interlith.physics.circuits.blocks import arc, blocks_of
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.determined import LOOSE
from interlith.physics.circuits.fitted import CircuitFit
from interlith.physics.circuits.fitting import fit_circuit
from interlith.physics.circuits.noise import relative_std
from interlith.physics.circuits.spectra import Spectra, spectra_of

_ARCS = ("", "(R1|Q1)", "(R1|Q1)-(R2|Q2)", "(R1|Q1)-(R2|Q2)-(R3|Q3)")
#: Circuits that are tried where nobody names any: up to three arcs, with or without a tail.
LADDER: tuple[str, ...] = tuple(
    "-".join(part for part in ("R0", arcs, tail) if part)
    for number, arcs in enumerate(_ARCS)
    for tail in ("", "W1", f"Q{number + 1}")
    if arcs or tail.startswith("Q")
)
#: Said beside every choice.
CAVEAT = (
    "A spectrum does not show which circuit is behind it: other circuits draw the same curve, and the criteria count parameters, "
    "not physics. Take what you know of the cell, and whether the parameters change with state as they must, for the proof."
)
#: Difference of the Bayesian criterion (for all spectra together) below which two circuits are as good as each other.
_AS_GOOD = 6.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One circuit: number of parameters, criteria summed over the spectra, how many spectra it fixes all parameters of."""

    circuit: Circuit
    fit: CircuitFit
    parameters: int
    akaike: float
    bayes: float
    fixed: float

    @property
    def sound(self) -> bool:
        """Whether at least half of the spectra fix all its parameters."""
        return self.fixed >= 0.5


@dataclass(frozen=True, slots=True)
class Chosen:
    """Circuits from the best to the worst by the Bayesian criterion, those whose parameters the spectra do not fix behind all others.

    `margin` is 0 for a coin toss and near 1 where no doubt is left between the first two; `as_good` names circuits that the spectra do
    not tell from the best; `words` is the choice in a sentence, with the caveat.
    """

    candidates: tuple[Candidate, ...]
    margin: float
    as_good: tuple[str, ...]
    words: str

    @property
    def best(self) -> Candidate:
        """The circuit that was chosen."""
        return self.candidates[0]

    @property
    def runner_up(self) -> Candidate | None:
        """The next best."""
        return self.candidates[1] if len(self.candidates) > 1 else None


def choose_circuit(
    frequency: ArrayLike, impedance: ArrayLike, circuits: Sequence[str] | None = None, *, weights: str = "modulus"
) -> Chosen:
    """Choose one circuit for all spectra by the Bayesian information criterion, Akaike's beside it.

    Parameters
    ----------
    frequency, impedance
        As `interlith.physics.circuits.fitting.fit_circuit` takes them.
    circuits
        To choose from; by default `LADDER`, with an inductor in series where a spectrum is inductive at its highest frequencies.
    weights
        ``modulus`` or ``unit``; the same for all circuits, from the data.

    Raises
    ------
    FitError
        If no circuit can be fitted, or the weights are ``noise``: those follow the residuals, and criteria would not compare.

    Notes
    -----
    Errors are taken for independent and Gaussian. Drift and misfit are neither; both speak for more parameters than there are processes.

    References
    ----------
    Schwarz 1978, 10.1214/aos/1176344136. Hurvich and Tsai 1989, 10.1093/biomet/76.2.297. Fletcher 1994, 10.1149/1.2055011
    (circuits that cannot be told apart).
    """
    if weights == "noise":
        raise FitError(
            "weights is 'noise'; a choice between circuits needs weights that do not follow them: unit or modulus."
        )
    spectra = spectra_of(frequency, impedance)
    sizes = relative_std(weights, spectra.impedance, None, spectra.used)
    wanted = tuple(circuits) if circuits is not None else default_ladder(spectra)
    found, refused = [], []
    for text in wanted:
        try:
            found.append(_candidate(spectra, frequency, impedance, text, sizes, weights))
        except FitError as error:
            refused.append(f"{text}: {error}")
    if not found:
        raise FitError(f"No circuit could be fitted. {' '.join(refused)}")
    found.sort(key=lambda one: (not one.sound, one.bayes))
    best, rest = found[0], found[1:]
    as_good = tuple(one.circuit.text for one in rest if one.sound and one.bayes - best.bayes < _AS_GOOD)
    gap = max(rest[0].bayes - best.bayes, 0.0) if rest else math.inf
    margin = 1.0 if rest and not rest[0].sound else 1.0 - math.exp(-min(gap, 100.0) / 2.0)
    return Chosen(tuple(found), margin, as_good, _words(best, rest, as_good))


def default_ladder(spectra: Spectra) -> tuple[str, ...]:
    """The ladder, with an inductor where half of the spectra have a positive imaginary part at their highest frequency."""
    highest = np.where(spectra.used, spectra.frequency, 0.0).argmax(axis=1)
    end = np.take_along_axis(spectra.impedance.imag, highest[:, None], axis=1)[:, 0]
    return tuple(f"L1-{text}" for text in LADDER) if (end > 0).mean() >= 0.5 else LADDER


def _candidate(
    spectra: Spectra, frequency: ArrayLike, impedance: ArrayLike, text: str, sizes: np.ndarray, weights: str
) -> Candidate:  # fmt: skip
    made = fit_circuit(frequency, impedance, text, weights=weights)
    squares = np.square(np.abs(made.observed - made.fitted) / sizes)
    cost = np.where(spectra.used, squares, 0.0).sum(axis=1)
    points = 2.0 * spectra.used.sum(axis=1)
    free = float(len(made.names) + 1)
    base = points * np.log(np.maximum(cost, 1e-300) / points)
    room = points - free - 1.0
    if (room <= 0).any():
        raise FitError(f"the spectra have too few points for {len(made.names)} parameters.")
    akaike = float((base + 2.0 * free + 2.0 * free * (free + 1.0) / room).sum())
    bayes = float((base + free * np.log(points)).sum())
    fixed = made.converged & (made.relative_std < LOOSE).all(axis=1)
    return Candidate(made.circuit, made, len(made.names), akaike, bayes, float(fixed.mean()))


def _words(best: Candidate, rest: Sequence[Candidate], as_good: tuple[str, ...]) -> str:
    said = [f"{best.circuit.text} has the lowest Bayesian criterion of {1 + len(rest)} circuits"]
    if rest:
        gap = rest[0].bayes - best.bayes
        next_ = f"next is {rest[0].circuit.text}"
        said[0] += f"; {next_}, {gap:.1f} higher" if rest[0].sound else f"; {next_}, which the spectra do not fix"
    lowest = min((best, *rest), key=lambda one: one.akaike)
    if lowest is not best:
        said.append(f"Akaike's criterion prefers {lowest.circuit.text} by {best.akaike - lowest.akaike:.1f}")
    if as_good:
        said.append(f"As good: {', '.join(as_good)}")
    alike = nested(best.circuit)
    if alike:
        said.append(f"{alike} can draw nearly or exactly the same curve with other values")
    return f"{'. '.join(said)}. {CAVEAT}"


def nested(circuit: Circuit) -> str:
    """The ladder of a circuit with two arcs or more, its first arc lying around the others; empty where there are fewer."""
    blocks = blocks_of(circuit)
    arcs = [block for block in blocks if arc(block)]
    if len(arcs) < 2:
        return ""
    inner = arcs[-1].circuit.text
    for block in reversed(arcs[:-1]):
        store = next(part for part in block.circuit.text.split("|") if not part.startswith("R"))
        resistor = next(part for part in block.circuit.text.split("|") if part.startswith("R"))
        inner = f"{store}|{resistor}-({inner})"
    before = [block.circuit.text for block in blocks if not arc(block) and block.form in ("R", "L")]
    after = [
        f"({block.circuit.text})" if "|" in block.form else block.circuit.text
        for block in blocks
        if not arc(block) and block.form not in ("R", "L")
    ]
    return Circuit("-".join([*before, f"({inner})", *after])).text
