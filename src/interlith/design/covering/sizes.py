"""How are particles distributed in size, and which single size has their surface to volume?

The atoms of a surface over those of a volume go with <l^2> / <l^3>, averaged over the number of particles. So particles act
like particles of the one size <l^3> / <l^2>, the mean over volume being 1 / <1 / l>.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.shapes import SIZES
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

Kind = Literal["one", "log-normal", "normal", "listed"]
Weight = Literal["number", "volume"]
WEIGHTS = ("number", "volume")
#: Input that is the width of a distribution, and that of a list as a sample of particles.
WIDTH = "width of the sizes"
SAMPLED = "sampled sizes"
#: A normal distribution wider than this reaches below zero in 1 of 740 particles.
WIDEST = 1.0 / 3.0


@dataclass(frozen=True)
class Sizes:
    """A distribution of sizes about a declared one.

    Parameters
    ----------
    kind
        ``one`` size; ``log-normal`` (the declared size is its median, its width the standard deviation of the natural
        logarithm); ``normal`` (declared: mean, width: standard deviation over mean); ``listed``.
    weight
        Whether particles or their volume are distributed so.
    lengths, shares
        Of a list, relative to the declared size (its mean), shape (n,).
    """

    kind: Kind = "one"
    weight: Weight = "number"
    lengths: Array = field(default_factory=lambda: np.ones(1))
    shares: Array = field(default_factory=lambda: np.ones(1))

    def moment(self, power: int, width: ArrayLike = 0.0) -> Array:
        """Mean over the number of particles of (l / declared size)^power, relative to the same of power 0.

        Parameters
        ----------
        power
            Of the size, 0 to 3.
        width
            Of the distribution, shape (n,) or a number.
        """
        s = np.asarray(width, dtype=float)
        if self.kind == "log-normal":
            middle = -3.0 * s**2 if self.weight == "volume" else np.zeros_like(s)
            return np.asarray(np.exp(power * middle + power**2 * s**2 / 2.0))
        if self.kind == "normal":
            return np.asarray({0: 1.0 + 0 * s, 1: 1.0 + 0 * s, 2: 1.0 + s**2, 3: 1.0 + 3.0 * s**2}[power])
        if self.weight == "volume":
            share = self.shares / self.lengths**3
            return np.asarray((share @ self.lengths**power) / share.sum() + 0.0 * s)
        return np.asarray(self.shares @ self.lengths**power / self.shares.sum() + 0.0 * s)

    def effective(self, width: ArrayLike = 0.0) -> Array:
        """<l^3> / <l^2> over the declared size: the one size with the same surface to volume."""
        return self.moment(3, width) / self.moment(2, width)

    def quantile(self, share: float, width: ArrayLike = 0.0) -> Array:
        """Size over declared size below which this share of the volume lies."""
        s = np.asarray(width, dtype=float)
        if self.kind == "log-normal":
            from scipy.special import ndtri

            middle = 0.0 if self.weight == "volume" else 3.0 * s**2
            return np.asarray(np.exp(middle + s * ndtri(share)))
        if self.kind == "normal":
            # Of a normal distribution with weight l^3: from its running sum, 0 to 6 standard deviations above the mean.
            steps = np.linspace(-1.0 / WIDEST, 6.0, 721)
            lengths = np.maximum(1.0 + np.multiply.outer(s, steps), 0.0)
            sums = np.cumsum(lengths**3 * np.exp(-0.5 * steps**2), axis=-1)
            place = (sums < share * sums[..., -1:]).sum(axis=-1, keepdims=True)
            return np.asarray(np.take_along_axis(lengths, np.minimum(place, 720), axis=-1)[..., 0])
        order = np.argsort(self.lengths)
        sums = np.cumsum((self.shares * (1.0 if self.weight == "volume" else self.lengths**3))[order])
        return np.asarray(self.lengths[order][np.searchsorted(sums, share * sums[-1])] + 0.0 * s)

    def density(self, length: Array, width: float, weight: Weight) -> Array:
        """Share per logarithm of the size at `length` (of the declared size), by number or volume; not for lists.

        Raises
        ------
        StudyError
            If the sizes are one or a list.
        """
        if self.kind == "log-normal":
            shift = {("number", "volume"): 3.0, ("volume", "number"): -3.0}.get((self.weight, weight), 0.0) * width**2
            found = np.exp(-0.5 * ((np.log(length) - shift) / width) ** 2) / (width * math.sqrt(2 * math.pi))
            return np.asarray(found)
        if self.kind == "normal":
            number = length * np.exp(-0.5 * ((length - 1) / width) ** 2) / (width * math.sqrt(2 * math.pi))
            return np.asarray(number if weight == "number" else number * length**3 / self.moment(3, width))
        raise StudyError("One size or a list has no density; draw it as bars.")

    def words(self, width: float) -> str:
        """``log-normal of width 0.3 (by number, the size declared is the median)``."""
        if self.kind == "one":
            return "all of one size"
        if self.kind == "listed":
            return f"{len(self.lengths)} listed sizes (by {self.weight})"
        centre = "median" if self.kind == "log-normal" else "mean"
        return f"{self.kind}, relative width {width:.3g} (by {self.weight}, the size declared is the {centre})"


@dataclass(frozen=True)
class DeclaredSizes:
    """Sizes as declared: the distribution, inputs that it brings, and for a list which size it is with its mean (nm)."""

    sizes: Sizes
    inputs: Mapping[str, Uncertain] = field(default_factory=dict)
    size_is: str = ""
    mean: float = math.nan


def declared_sizes(given: Mapping[str, Any] | None, centre: float) -> DeclaredSizes:
    """Read a distribution.

    Parameters
    ----------
    given
        ``{"kind": "log-normal", "sigma": "0.30 +- 0.03", "weight": "number"}``;
        ``{"kind": "normal", "std": "20 +- 2 nm", "weight": "number"}``;
        ``{"diameter": ["8 um", "11 um"], "shares": [0.4, 0.6], "weight": "volume"}``, a list under the name of its size;
        without ``shares`` each entry is one measured particle, and ``particles`` says how many were measured where there are.
    centre
        The declared size (nm); nan where none is.

    Raises
    ------
    StudyError, UnitError
        If the distribution or its weight is not named, or its numbers cannot be.
    """
    if given is None:
        return DeclaredSizes(Sizes())
    weight = given.get("weight")
    if weight not in WEIGHTS:
        raise StudyError(
            "sizes must say whether it is particles or volume that is distributed so: add weight: number (counted in images) "
            "or weight: volume (laser diffraction)."
        )
    listed = [str(name) for name in SIZES if name in given]
    if listed:
        return _listed(given, listed, weight, centre)
    kind = given.get("kind")
    if kind not in ("log-normal", "normal"):
        raise StudyError(
            f"sizes has the kind '{kind}'; {nearest(str(kind), ('log-normal', 'normal'))}, or list the sizes under edge, radius or diameter."
        )
    width_name = "sigma" if kind == "log-normal" else "std"
    _only(given, ("kind", "weight", width_name))
    if math.isnan(centre):
        raise StudyError(
            f"A {kind} distribution needs the size that it is about; give an edge, a radius or a diameter."
        )
    if width_name not in given:
        raise StudyError(f"A {kind} distribution needs {width_name}.")
    if kind == "log-normal":
        return DeclaredSizes(
            Sizes("log-normal", weight), {WIDTH: uncertain(given["sigma"], "1", "the width of the sizes")}
        )
    if weight == "volume":
        raise StudyError(
            "A volume-weighted normal distribution has no mean of 1 / l: it asks for infinitely many small particles. Declare "
            "log-normal, or list the sizes."
        )
    width = uncertain(given["std"], "nm", "the width of the sizes").times(1.0 / centre, "1")
    if width.value > WIDEST:
        raise StudyError(
            f"A normal distribution with a standard deviation of {100 * width.value:.0f} % of its mean holds negative sizes; "
            "declare log-normal."
        )
    return DeclaredSizes(Sizes("normal", weight), {WIDTH: width})


def _only(given: Mapping[str, Any], allowed: Sequence[str]) -> None:
    for name in given:
        if name not in allowed:
            raise StudyError(f"sizes has '{name}'; {nearest(str(name), allowed)}.")


def _listed(given: Mapping[str, Any], listed: list[str], weight: Weight, centre: float) -> DeclaredSizes:
    _only(given, (*SIZES, "shares", "weight", "particles"))
    if len(listed) > 1 or not math.isnan(centre):
        raise StudyError("Give one size: a list under edge, radius or diameter of sizes, or the one number beside it.")
    texts = given[listed[0]]
    if not isinstance(texts, Sequence) or isinstance(texts, str) or not texts:
        raise StudyError(f"sizes: {listed[0]} must be a list such as ['8 um', '11 um'].")
    lengths = np.array([uncertain(text, "nm", "a size").value for text in texts])
    shares = np.asarray(given.get("shares", np.ones(len(lengths))), dtype=float)
    if shares.shape != lengths.shape or not bool((shares >= 0).all()) or not shares.sum() > 0:
        raise StudyError(
            f"sizes has {len(lengths)} sizes and the shares {shares.tolist()}; give one share from 0 up for each."
        )
    mean = float(shares @ lengths / shares.sum())
    made = Sizes("listed", weight, lengths / mean, shares / shares.sum())
    count = float(given.get("particles", len(lengths) if "shares" not in given else math.nan))
    relative = sampling(made, count)
    normal = Uncertain(1.0, relative, "1", 1 - relative, 1 + relative, "normal" if relative > 0 else "exact")
    return DeclaredSizes(made, {SAMPLED: normal}, listed[0], mean)


def sampling(sizes: Sizes, count: float) -> float:
    """Relative standard uncertainty of the effective size of a list of `count` measured particles; nan if not known.

    Notes
    -----
    Linear propagation of the ratio of two means. Particles of a volume-weighted list were not counted one by one: nan.
    """
    if not count > 1 or sizes.weight == "volume":
        return math.nan
    ratio = float(sizes.effective())
    rest = sizes.lengths**3 - ratio * sizes.lengths**2
    variance = float(sizes.shares @ rest**2) / float(sizes.shares @ sizes.lengths**2) ** 2 / (count - 1)
    return math.sqrt(variance) / ratio
