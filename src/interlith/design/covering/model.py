"""How do doses, shares of mass, sizes and thickness follow from what was declared, for many draws at once?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interlith.design.covering.asking import DOSE, ROUGHNESS, SURFACE, THICKNESS, THRESHOLD
from interlith.design.covering.doses import Basis, Dose, What
from interlith.design.covering.sizes import SAMPLED
from interlith.design.covering.surfaces import PER_NM, Array, Surfaces, Values


@dataclass(frozen=True)
class Model(Surfaces):
    """What lies on the surfaces: doses, thresholds and coatings; methods as those of `Surfaces`."""

    def atoms(self, dose: Dose, number: Array, values: Values) -> Array:
        """Atoms of the element for each metal of a declared dose (1)."""
        monolayer = (lambda: self.monolayer(values)) if self.asked.has_surface else None
        return dose.atoms(number, self.asked.masses, monolayer)

    def dosed(self, values: Values) -> Array:
        """The declared dose as atoms for each metal (1)."""
        assert self.asked.dose is not None
        return self.atoms(self.asked.dose, values[DOSE], values)

    def share(self, atoms: Array, what: What, basis: Basis) -> Array:
        """Share of mass of so many atoms for each metal (1)."""
        return self.asked.masses.share(atoms, what, basis)

    def threshold_size(self, values: Values, size_is: str, *, effective: bool = True) -> Array:
        """Size of particles (nm) whose monolayer is the threshold; `effective` or the declared centre of their distribution."""
        assert self.asked.threshold is not None
        dose = self.atoms(self.asked.threshold, values[THRESHOLD], values)
        found = self.prefactor(values, size_is, element=True) / dose
        return (
            found if effective else found / (self.asked.sizes.effective(self.width(values)) * values.get(SAMPLED, 1.0))
        )

    def volume_ratio(self, atoms: Array, values: Values) -> Array:
        """Volume of coating over volume of host for so many atoms of the element for each metal."""
        coating = self.asked.coating
        assert coating is not None
        return atoms * self.volumetric(values) * coating.volume * self.scaled("coating volume", values)

    def thin(self, ratio: Array, values: Values) -> Array:
        """Thickness of a film on a surface that is flat compared with it (nm)."""
        return ratio / (self.surface(values) * self.asked.surface.share)

    @property
    def exact_shell(self) -> bool:
        """Whether the shell is that of a smooth closed shape, for which thickness is exact at any size."""
        asked = self.asked
        return (
            asked.shell is not None and asked.has_size and SURFACE not in asked.inputs and ROUGHNESS not in asked.inputs
            and asked.surface.share > 1 - 1e-12
        )  # fmt: skip

    def thickness(self, ratio: Array, values: Values, *, smooth: bool = False) -> Array:
        """Thickness of a closed coating (nm) of a volume over that of the host; `smooth`: on the bare shape in any case."""
        if not (self.exact_shell or smooth):
            return self.thin(ratio, values)
        assert self.asked.shell is not None
        return self.asked.shell.thickness(ratio, self._scale(values), self._moments(values))

    def ratio_of_thickness(self, values: Values) -> Array:
        """Volume of coating over volume of host at the declared thickness."""
        if not self.exact_shell:
            return values[THICKNESS] * self.surface(values) * self.asked.surface.share
        assert self.asked.shell is not None
        return self.asked.shell.ratio(values[THICKNESS], self._scale(values), self._moments(values))

    def needed_surface(self, values: Values) -> Array:
        """Specific surface (m^2/g) that the declared dose covers with the declared thickness."""
        ratio = self.volume_ratio(self.dosed(values), values)
        return ratio / values[THICKNESS] / (self.host_density(values) * PER_NM)

    def needed_over_declared(self, values: Values) -> Array:
        """The same over the declared surface that is covered (1)."""
        surface = self.surface(values) * self.asked.surface.share
        return self.needed_surface(values) * self.host_density(values) * PER_NM / surface

    def _scale(self, values: Values) -> Array:
        """Nanometres for each unit of the shape."""
        return np.asarray(
            values[self.asked.size_is] * values.get(SAMPLED, 1.0) / self.asked.shape.length(self.asked.size_is)
        )

    def _moments(self, values: Values) -> tuple[Array, Array, Array]:
        first, second, third = (self.asked.sizes.moment(power, self.width(values)) for power in (1, 2, 3))
        return first, second, third
