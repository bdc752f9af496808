"""Surface signals: closed forms, the contrast of a surface layer, and whether intervals of layers hold the truth.

Everything here is simulated. Coverage: each repeat draws the attenuation lengths, the depth scale and the mixed zone from their
declared uncertainties, the ratios with their noise, and asks the public function for its 95 % interval.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from interlith.design.inputs import Uncertain, uncertain
from interlith.design.signals import electron_yield
from interlith.design.signals.asking import Asked, escape_depth, placed
from interlith.design.signals.estimating import Free, Series, estimate_series
from interlith.design.signals.etching import DEPTH_SCALE, Profile
from interlith.design.signals.line_ratios import Sample, read_sample
from interlith.design.signals.propagating import drawn as draws_of
from interlith.design.signals.propagating import propagate
from interlith.design.signals.yield_findings import located
from interlith.physics.attenuation import Lengths, flat, flat_thickness, shard_thickness, sphere
from interlith.physics.electron_yield import Profile as Place
from interlith.physics.electron_yield import body, escaping_share, sphere_share
from interlith.physics.straight_escape import straight_polyhedron, straight_share, straight_whole
from shares import shown

MATERIALS = {"layer": "LaMnO3, 6.6 g/cm^3", "substrate": "LiNi0.5Mn1.5O4, 4.4 g/cm^3"}
LINES = {"line": "La 3d5/2", "substrate_line": "Ni 2p3/2 at 855 eV"}


def closed_forms() -> None:
    """Largest relative deviation from closed forms."""
    whole = layer = straight = 0.0
    for ratio in np.geomspace(0.02, 10.0, 40):
        for part in (1e-3, 0.01, 0.1, 0.5, 1.0):
            sizes = (80.0, 80.0 * ratio)
            particle = body("sphere", radius=80.0)
            whole = max(whole, abs(float(escaping_share(particle, sizes[1])) / sphere_share(*sizes) - 1))
            found = float(escaping_share(particle, sizes[1], Place("layer", 80.0 * part)))
            layer = max(layer, abs(found / sphere_share(*sizes, 80.0 * part) - 1))
        straight = max(straight, abs(float(straight_share(80.0, sizes[1])) / straight_whole(*sizes) - 1))
    one = Lengths(1.0, 1.0, 1.0, 1.0)
    x = 2 * 81.0
    ball = 1 - 2 * (1 - (1 + x) * math.exp(-x)) / x**2
    core = abs(float(sum(sphere(80.0, 1.0, 1.0, one))) / ball - 1)
    above, below = flat(1.3, 1.0, Lengths(1.0, 2.0, 1.0, 1.0), 40.0)
    back = abs(flat_thickness(float(above / below), 1.0, 2.0, 40.0) / 1.3 - 1)
    print("| against the closed form | largest relative deviation |\n|---|---|")
    for name, value in (
        ("sphere, homogeneous, nearest surface, L/R 0.02-10", whole), ("sphere, layer of 0.1-100 % of R", layer),
        ("sphere, homogeneous, straight ways", straight), ("XPS core + shell of one material", core),
        ("XPS flat layer back from its ratio", back),
    ):  # fmt: skip
        print(f"| {name} | {value:.1e} |")


def contrasts() -> None:
    """The contrast of a surface layer against the same dose inside."""
    print("\n| shape, size | layer | ratio (95 %) | over host | straight ways, same depth |\n|---|---|---|---|---|")
    for shape, size, layer in (
        ("sphere", "80 +- 8 nm", "0.2-0.4 nm"), ("sphere", "80 +- 8 nm", "0.4-0.8 nm"), ("sphere", "80 +- 8 nm", "1.5-2.5 nm"),
        ("octahedron", "80 +- 8 nm", "0.4-0.8 nm"), ("cube", "80 +- 8 nm", "0.4-0.8 nm"), ("sphere", "450 +- 50 nm", "0.4-0.8 nm"),
    ):  # fmt: skip
        told = electron_yield(shape=shape, radius=size, depth="15-25 nm", layer=layer, dose="0.5 +- 0.02 at%")
        ratio, host = told.number("yield_contrast"), told.number("yield_contrast_to_host")
        particle = body(shape, radius=float(size.split()[0]))
        where = Place("layer", np.mean([float(word) for word in layer.removesuffix(" nm").split("-")]))
        if shape == "sphere":
            other = float(
                straight_share(float(size.split()[0]), 20.0, where) / straight_share(float(size.split()[0]), 20.0)
            )
        else:
            other = straight_polyhedron(particle, 20.0, where) / straight_polyhedron(particle, 20.0)
        low, high = ratio.interval()
        print(
            f"| {shape}, {size} | {layer} | {ratio.value:.2f} ({low:.2f}-{high:.2f}) | {host.value:.2f} | {other:.2f} |"
        )


def shard() -> None:
    """The empirical formula against direct integration."""
    print("\n| B, C | radius / L | Shard over truth, t/L 0.2 / 0.5 / 1 / 2 |\n|---|---|---|")
    for b, c in ((1.0, 1.0), (0.7, 0.8), (1.4, 1.2), (2.0, 0.5)):
        for radius in (3.0, 30.0, 300.0):
            lengths = Lengths(1.0, 1.0 / b, 1.0 / c, 1.0)
            found = []
            for thick in (0.2, 0.5, 1.0, 2.0):
                shell, core = sphere(radius, thick, 1.0, lengths)
                found.append(shard_thickness(float(shell / core), lengths, radius) / thick)
            print(f"| {b}, {c} | {radius:g} | {' / '.join(f'{value:.3f}' for value in found)} |")


def _sample(angles: tuple[float, ...], geometry: str, coverage: str | None) -> Sample:
    rows = [{"ratio": "1 +- 0.05", "angle": f"{angle} deg"} for angle in angles]
    return read_sample(
        **MATERIALS, **LINES, measured=rows, photon="Al Ka", geometry=geometry, radius="80 +- 8 nm" if geometry == "sphere" else None,
        thickness=None, coverage=coverage, angle="0 deg", ratio_is="atomic", formula="S3", length_uncertainty="10 %",
        layer_gap=None, substrate_gap=None,
    )  # fmt: skip


def overlayers(repeats: int) -> None:
    """Intervals of thickness and coverage from ratios with 5 % noise and attenuation lengths uncertain by 10 %."""
    print(
        "\n| case | truth | thickness held | coverage held | median width of thickness (nm) | CPU s |\n|---|---|---|---|---|---|"
    )
    for name, angles, geometry, cover, truth in (
        ("flat, one ratio", (0.0,), "flat", None, (0.4, 1.0)), ("flat, one ratio", (0.0,), "flat", None, (2.0, 1.0)),
        ("shell, one ratio", (0.0,), "sphere", None, (0.4, 1.0)),
        ("islands, 0 and 60 deg", (0.0, 60.0), "islands", "free", (0.9, 0.5)),
        ("islands, 0, 30, 60 deg", (0.0, 30.0, 60.0), "islands", "free", (0.5, 0.8)),
        ("closed, looked for as islands", (0.0, 60.0), "islands", "free", (0.5, 1.0)),
    ):  # fmt: skip
        began = time.process_time()
        sample = _sample(angles, geometry, cover)
        random = np.random.default_rng(7)
        drawn = {key: item.sample(random, repeats)[:, None] for key, item in sample.declared.items()}
        drawn |= {"thickness": np.full((repeats, 1), truth[0]), "coverage": np.full((repeats, 1), truth[1])}
        clean = np.concatenate([sample.ratio(place, drawn) for place in range(len(angles))], axis=1)
        seen = clean * (1 + 0.05 * random.standard_normal(clean.shape))
        free = [
            item
            for item in (Free("thickness", 1e-3, sample.deepest), Free("coverage", 1e-3, 1.0))
            if item.name in sample.free
        ]
        found = estimate_series(
            lambda values, one=sample: np.concatenate(
                [np.log(np.maximum(one.ratio(place, values), 1e-300)) for place in range(len(one.pairs))], axis=1
            ),
            np.log(seen), np.full(seen.shape, 0.05), free, sample.declared,
        )  # fmt: skip
        cells, wide = _held(found, dict(zip(("thickness", "coverage"), truth, strict=True)))
        spent = time.process_time() - began
        print(f"| {name} | {truth[0]} nm, {truth[1]} | {cells} | {wide:.3f} | {spent:.0f} |", flush=True)


def _held(found: Series, truth: dict[str, float]) -> tuple[str, float]:
    """Cells of coverage for both parameters, and the median width of the thickness."""
    cells = []
    for key, value in truth.items():
        if key not in found.names:
            cells.append("-")
            continue
        place = found.names.index(key)
        inside = (found.low[:, place] <= value) & (value <= found.high[:, place])
        cells.append(shown(int(inside.sum()), len(inside)))
    place = found.names.index("thickness")
    return " | ".join(cells), float(np.median(found.high[:, place] - found.low[:, place]))


def profiles(repeats: int) -> None:
    """Intervals from sputter profiles: five depths, depth scale 10 %, mixed zone 1-3 nm."""
    print(
        "\n| profile | truth | thickness held | coverage held | median width of thickness (nm) | CPU s |\n|---|---|---|---|---|---|"
    )
    depths = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    for name, truth in (("thin", (0.5, 0.8)), ("thick", (3.0, 0.8))):
        began = time.process_time()
        base = _sample((0.0,), "islands", "free")
        declared = base.declared | {
            "mixing": Uncertain(2.0, 1.0 / math.sqrt(3.0), "nm", 1.0, 3.0, "uniform"),
            DEPTH_SCALE: Uncertain(1.0, 0.1, "1", 0.9, 1.1, "normal"),
        }  # fmt: skip
        sample = Sample(**{**{key: getattr(base, key) for key in base.__dataclass_fields__}, "declared": declared})
        random = np.random.default_rng(8)
        drawn = {key: item.sample(random, repeats)[:, None] for key, item in declared.items()}
        drawn |= {"thickness": np.full((repeats, 1), truth[0]), "coverage": np.full((repeats, 1), truth[1])}
        profile = Profile(sample, depths, (), 0.0, 45.0)
        clean = profile.ratio(depths[None, :], drawn)
        sizes = 0.05 * clean + 0.01
        seen = clean + sizes * random.standard_normal(clean.shape)
        free = [Free("thickness", 1e-3, max(sample.deepest, 16.0)), Free("coverage", 1e-3, 1.0)]
        found = estimate_series(
            lambda values, one=profile: one.ratio(depths[None, :], values), seen, sizes, free, declared
        )
        cells, wide = _held(found, dict(zip(("thickness", "coverage"), truth, strict=True)))
        print(
            f"| {name} | {truth[0]} nm, {truth[1]} | {cells} | {wide:.3f} | {time.process_time() - began:.0f} |",
            flush=True,
        )


def places(repeats: int) -> None:
    """Intervals of the share at the surface from a measured ratio of electron yields."""
    print("\n| share at the surface | held | median width | CPU s |\n|---|---|---|---|")
    surface, widths = placed("0.4-0.8 nm", "layer thickness")
    dose = uncertain("0.5 +- 0.02 at%", "1", "dose")
    inputs = {
        "radius": uncertain("80 +- 8 nm", "nm", "radius"),
        "escape depth": escape_depth("15-25 nm", "escape depth"),
    }
    inputs |= widths | {"dose": dose, "other dose": dose}
    asked = Asked("sphere", "radius", 1 / 3, "nearest", surface, placed("homogeneous", "")[0], inputs)
    contrast = propagate(asked.contrast, inputs, draws_of(inputs))
    for share in (0.0, 0.3, 0.7, 1.0):
        began, random, held, wide = time.process_time(), np.random.default_rng(9), 0, []
        truth = asked.contrast({name: item.sample(random, repeats) for name, item in inputs.items()})
        clean = 1 + share * (truth - 1)
        for ratio, size in zip(clean * (1 + 0.1 * random.standard_normal(repeats)), 0.1 * clean, strict=True):
            number = located(asked, contrast, f"{ratio} +- {size}", "La")[1]
            if number.low is not None and number.high is not None:
                held += number.low <= share <= number.high
                wide.append(number.high - number.low)
        print(
            f"| {share} | {shown(held, repeats)} | {np.median(wide):.2f} | {time.process_time() - began:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("forms", "overlayers", "profiles", "places"), default=None)
    parser.add_argument("--repeats", type=int, default=1000)
    asked = parser.parse_args()
    if asked.only in (None, "forms"):
        closed_forms()
        contrasts()
        shard()
    if asked.only in (None, "overlayers"):
        overlayers(asked.repeats)
    if asked.only in (None, "profiles"):
        profiles(asked.repeats)
    if asked.only in (None, "places"):
        places(asked.repeats)


if __name__ == "__main__":
    main()
