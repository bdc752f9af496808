"""How many atoms lie on the surface of particles, for each metal inside, for many draws at once?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.design.covering.asking import ROUGHNESS, SURFACE, Asked
from interlith.design.covering.densities import occupancy_name
from interlith.design.covering.sizes import SAMPLED, WIDTH

Array = NDArray[np.float64]
Values = Mapping[str, Array]

#: m^2/g times g/cm^3 in 1/nm.
PER_NM = 1e-3


@dataclass(frozen=True)
class Surfaces:
    """Numbers as functions of the inputs; every method takes arrays of one shape by input and returns such an array."""

    asked: Asked

    def scaled(self, key: str, values: Values) -> Array:
        """Factor by which a quantity differs from its value at the declared inputs."""
        found: Array = np.ones(())
        for name, power in self.asked.powers.get(key, {}).items():
            found = found * (values[name] / self.asked.inputs[name].value) ** power
        return found

    def metals(self, values: Values) -> Array:
        """Metals in the cell."""
        asked, host = self.asked, self.asked.host
        more: Array = np.zeros(())
        for site in host.sites:
            name = occupancy_name(host, site.label)
            if name in asked.inputs:
                more = more + site.multiplicity * (values[name] - site.occupancy)
        return asked.metal_count + more

    def volumetric(self, values: Values) -> Array:
        """Metals for each volume (1/nm^3)."""
        return self.metals(values) / (self.asked.host.cell.volume / 1000.0 * self.scaled("volume", values))

    def facet_density(self, values: Values) -> Array:
        """Counted atoms for each area of the facet asked for (1/nm^2)."""
        return np.asarray(100.0 * self.asked.counted.every / self.asked.counted.area / self.scaled("area", values))

    def areal(self, values: Values, *, element: bool = False) -> Array:
        """Counted atoms, or those of the element, for each area of the whole surface (1/nm^2)."""
        surface = self.asked.surface
        whole = surface.element if element else surface.density
        spread = self.scaled("density", values)
        return np.asarray(whole * spread if surface.rule == "own" else whole * spread / self.scaled("area", values))

    def host_density(self, values: Values) -> Array:
        """Density of the host (g/cm^3)."""
        return np.asarray(self.asked.host.density / self.scaled("volume", values))

    def width(self, values: Values) -> Array:
        """Relative width of the sizes, 0 where there is none."""
        return values.get(WIDTH, np.zeros(()))

    def effective(self, values: Values) -> Array:
        """The one size, of the sort declared, with the surface to volume of all particles (nm)."""
        asked = self.asked
        spread = asked.sizes.effective(self.width(values)) * values.get(SAMPLED, np.ones(()))
        return np.asarray(values[asked.size_is] * spread)

    def shape_factor(self, values: Values, size_is: str) -> Array:
        """Smooth surface over volume times a size."""
        return np.asarray(self.asked.shape.surface_to_volume(size_is) * self.scaled(size_is, values))

    def smooth(self, values: Values) -> Array:
        """Surface over volume of the smooth shape (1/nm)."""
        return self.shape_factor(values, self.asked.size_is) / self.effective(values)

    def geometric(self, values: Values) -> Array:
        """The same times the roughness factor (1/nm)."""
        return self.smooth(values) * values.get(ROUGHNESS, np.ones(()))

    def surface(self, values: Values) -> Array:
        """Surface over volume that atoms lie on (1/nm): from the specific surface where declared, else from the shape."""
        if SURFACE in self.asked.inputs:
            return values[SURFACE] * self.host_density(values) * PER_NM
        return self.geometric(values)

    def specific(self, values: Values) -> Array:
        """Specific surface of the shape with its roughness (m^2/g)."""
        return self.geometric(values) / (self.host_density(values) * PER_NM)

    def prefactor(self, values: Values, size_is: str, *, element: bool = False) -> Array:
        """Counted atoms over metals times a size (nm)."""
        rough = values.get(ROUGHNESS, np.ones(()))
        return (
            self.shape_factor(values, size_is) * rough * self.areal(values, element=element) / self.volumetric(values)
        )

    def monolayer(self, values: Values, *, element: bool = True) -> Array:
        """Atoms of the element, or all counted, for each metal in one monolayer (1)."""
        return self.surface(values) * self.areal(values, element=element) / self.volumetric(values)

    def monolayer_at(self, values: Values, share: float) -> Array:
        """Atoms of the element for each metal in one monolayer on particles at a quantile of the volume (1)."""
        asked = self.asked
        size = (
            values[asked.size_is] * asked.sizes.quantile(share, self.width(values)) * values.get(SAMPLED, np.ones(()))
        )
        return self.prefactor(values, asked.size_is, element=True) / size
