"""Which routes to one quantity can be judged, with which errors of their own and which in common, and which only bound it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.evidence.wording import named
from interlith.model import Observable
from interlith.numerics.sums.sums import t_degrees, t_quantile
from interlith.units import convert
from interlith.units import factor as unit_factor

Array = NDArray[np.float64]
Routes = Mapping[str, Observable] | Sequence[Observable]

#: Steps in which the mean decides which side of an asymmetric interval counts.
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Route:
    """One route in the unit asked for; `lower` and `upper` are its standard uncertainties to either side."""

    name: str
    value: float
    std: float
    lower: float
    upper: float
    degrees: float
    sizes: Mapping[str, float]
    observable: Observable


@dataclass(frozen=True, slots=True)
class Bound:
    """A route that says only ``below`` or ``above`` a limit."""

    name: str
    limit: float
    upper: bool
    observable: Observable


@dataclass(frozen=True, slots=True)
class Read:
    """Routes with value and uncertainty, one-sided ones, and those of unknown uncertainty with the reason."""

    routes: tuple[Route, ...]
    bounds: tuple[Bound, ...]
    unjudged: tuple[tuple[str, float | None, str], ...]

    @property
    def values(self) -> Array:
        """(unit asked for), shape (k,)."""
        return np.array([route.value for route in self.routes])

    @property
    def degrees(self) -> Array:
        """(1), shape (k,)."""
        return np.array([route.degrees for route in self.routes])

    @property
    def common(self) -> tuple[str, ...]:
        """Sources that several routes have."""
        seen: dict[str, int] = {}
        for route in self.routes:
            for source in route.sizes:
                seen[source] = seen.get(source, 0) + 1
        return tuple(source for source, count in seen.items() if count > 1)

    def shared(self) -> Array:
        """(unit asked for), shape (s, k): signed sizes of the common sources."""
        rows = [[route.sizes.get(source, 0.0) for route in self.routes] for source in self.common]
        return np.array(rows, dtype=float).reshape(len(rows), len(self.routes))

    def own(self, mean: float | None = None) -> Array:
        """(unit asked for), shape (k,): uncertainty that a route has alone, that of the side on which `mean` lies."""
        common = set(self.common)
        sizes = []
        for route in self.routes:
            alone = math.sqrt(sum(size**2 for source, size in route.sizes.items() if source not in common))
            sizes.append(alone * _side(route, mean))
        return np.array(sizes)

    def settled(self, level: float) -> Array:
        """Own uncertainties at the mean that they lead to."""
        from interlith.numerics.sums.routes import stated_mean

        own = self.own()
        if all(route.lower == route.upper for route in self.routes):
            return own
        for _ in range(ROUNDS):
            own = self.own(float(stated_mean(self.values, own, self.shared(), level=level).value))
        return own


def _side(route: Route, mean: float | None) -> float:
    """Size of the error towards the mean over the symmetric one: linear between the sides, and never beyond them."""
    if mean is None or route.lower == route.upper:
        return 1.0
    middle = 2 * route.lower * route.upper / (route.lower + route.upper)
    slope = (route.upper - route.lower) / (route.upper + route.lower)
    size = middle + slope * (mean - route.value)
    low, high = sorted((route.lower, route.upper))
    return min(high, max(low, size)) / route.std


def read_routes(items: Routes, unit: str) -> Read:
    """Sort the routes; every number is turned into `unit`."""
    named_items = dict(items) if isinstance(items, Mapping) else _names(items)
    if len(named_items) < 2:
        raise StudyError(f"Convergence needs at least two routes to the quantity; found {len(named_items)}.")
    routes: list[Route] = []
    bounds: list[Bound] = []
    unjudged: list[tuple[str, float | None, str]] = []
    for name, item in named_items.items():
        if not isinstance(item, Observable):
            raise StudyError(f"The route '{name}' is no observable; give one observable a route.")
        found = _bound(name, item, unit)
        if found is not None:
            bounds.append(found)
            continue
        if item.value is None:
            unjudged.append((name, None, item.flag or "it has no value"))
            continue
        value = item.value if item.unit == unit else convert(item.value, item.unit, unit)
        scale = 1.0 if item.unit == unit else unit_factor(item.unit, unit)
        lost = [source for source, size in item.components.items() if math.isinf(size)]
        if not math.isfinite(item.std) or item.std == 0:
            reason = f"the size of {', '.join(lost)} is unknown" if lost else "it states no uncertainty"
            unjudged.append((name, value, reason))
            continue
        routes.append(_route(name, item, value, scale))
    return Read(tuple(routes), tuple(bounds), tuple(unjudged))


def _names(items: Sequence[Observable]) -> dict[str, Observable]:
    found: dict[str, Observable] = {}
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Observable):
            raise StudyError(
                f"Route {number} is no observable; give one observable a route, or a mapping from its name."
            )
        name = next(
            (text for text in (item.technique, item.method, named(item.quantity)) if text and text not in found), ""
        )
        found[name or f"route {number}"] = item
    return found


def _bound(name: str, item: Observable, unit: str) -> Bound | None:
    low = -math.inf if item.low is None else item.low
    high = math.inf if item.high is None else item.high
    if math.isfinite(low) == math.isfinite(high) or math.isnan(low) or math.isnan(high):
        return None
    upper = math.isfinite(high)
    limit = high if upper else low
    return Bound(name, limit if item.unit == unit else convert(limit, item.unit, unit), upper, item)


def _route(name: str, item: Observable, value: float, scale: float) -> Route:
    std = item.std * scale
    lower = upper = std
    degrees = math.inf
    if item.low is not None and item.high is not None and item.value is not None:
        below, above = (item.value - item.low) * scale, (item.high - item.value) * scale
        if min(below, above) > 0:
            if abs(above - below) > 0.02 * (above + below):
                normal = float(t_quantile(item.level, math.inf))
                lower, upper = below / normal, above / normal
            else:
                degrees = t_degrees((below + above) / 2 / std, item.level)
    sizes = {source: size * scale for source, size in item.components.items()}
    return Route(name, value, std, lower, upper, degrees, sizes, item)
