"""Which of some dopants dissolves best, and how sure is each place in the order?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.design.mixing.draws import Dopant, Shared
from interlith.design.mixing.strain import solubility

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Dopants in the order of their energy of solution, the lowest first.

    Parameters
    ----------
    dopants
        In that order.
    energies
        Energy of solution (kJ/mol), competing phases included, shape (number of dopants, n).
    above
        Probability that the dopant of the row needs less energy than that of the column, shape (k, k).
    dissolved
        Share of positions filled at most, shape (k, n).
    enough
        Probability that the dose dissolves, shape (k,).
    parts
        For each dopant: source -> signed part of the standard uncertainty of its energy (kJ/mol).
    """

    dopants: tuple[Dopant, ...]
    energies: Array
    above: Array
    dissolved: Array
    enough: Array
    parts: tuple[Mapping[str, float], ...]


def above(energies: Array) -> Array:
    """Probability that each row of draws is lower than each other one, ties shared, shape (k, k)."""
    lower = energies[:, None, :] < energies[None, :, :]
    equal = energies[:, None, :] == energies[None, :, :]
    found: Array = (lower + 0.5 * equal).mean(axis=2)
    return found


def parts_of(energy: Array, inputs: Mapping[str, Array]) -> dict[str, float]:
    """Signed parts of the standard deviation of some draws by input, and what is left over.

    Linear regression on all inputs, which are drawn independently: the squares of the parts add up to the variance.
    """
    varied = {name: values for name, values in inputs.items() if float(np.std(values)) > 0}
    columns = np.stack([(values - values.mean()) / values.std() for values in varied.values()], axis=1)
    centred = energy - energy.mean()
    slopes = np.linalg.lstsq(columns, centred, rcond=None)[0]
    left = float(np.std(centred - columns @ slopes))
    return {
        **{name: float(slope) for name, slope in zip(varied, slopes, strict=True)},
        "model:what is not linear": left,
    }


def rank(
    dopants: Sequence[Dopant], shared: Shared, noise: Mapping[str, Array], *, competing: ArrayLike, temperature: Array,
    dose: Array, random: np.random.Generator,
) -> Ranked:  # fmt: skip
    """Put dopants in order.

    Parameters
    ----------
    dopants, shared, noise
        As worked out.
    competing
        Standard deviation (kJ/mol) of what the dopant's own phases and its chemistry add, drawn for each dopant alone.
    temperature
        In K, shape (n,).
    dose
        Share of the positions that is to dissolve, shape (n,).
    random
        Generator of the draws.
    """
    rows, parts = [], []
    for dopant in dopants:
        other = np.asarray(competing) * random.standard_normal(len(shared.own))
        energy = dopant.energy + other
        rows.append(energy)
        inputs = {
            "declared:elastic modulus": shared.shear, "declared:permittivity": shared.permittivity,
            "model:stiffness of sites and bonds": np.log(shared.stiffness), "model:sphere or shell": shared.shell * 1.0,
            "model:compensation of charge": shared.lonely, "model:size of a mixed site": shared.own,
            f"model:radius {dopant.ion}": dopant.errors["radius"],
            f"model:bond length {dopant.ion}": dopant.errors["bond length"],
            **{f"model:radius {name.split()[0]}": values for name, values in noise.items()},
            f"declared:competing phases {dopant.ion}": other,
        }  # fmt: skip
        parts.append(parts_of(energy, inputs))
    energies = np.stack(rows)
    order = np.argsort(np.median(energies, axis=1), kind="stable")
    energies = energies[order]
    dissolved = solubility(energies, temperature)
    return Ranked(
        tuple(dopants[int(place)] for place in order), energies, above(energies), dissolved,
        (dissolved >= dose).mean(axis=1), tuple(parts[int(place)] for place in order),
    )  # fmt: skip
