"""What weighed mixtures say of shares: errors, pulls, agreement of two counting times, and the peer beside it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

#: Names of powders in file names -> shipped structures that they may be, the usual form first.
FORMS: Mapping[str, tuple[str, ...]] = {
    "TiO2": ("anatase", "rutile", "brookite"),
    "La(OH)3": ("LaOH3",),
    "La2O3": ("La2O3", "LaOH3"),
    "ZnO": ("zincite",),
    "MnCO3": ("rhodochrosite",),
    "CaCO3": ("calcite",),
    "BaCO3": ("witherite",),
    "SrCO3": ("strontianite",),
    "Al2O3": ("corundum",),
    "CaF2": ("fluorite",),
    "Fe2O3": ("hematite",),
    "Fe3O4": ("magnetite",),
    "CuO": ("tenorite",),
    "MnO2": ("pyrolusite",),
    "Mn3O4": ("hausmannite",),
    "SiO2": ("quartz",),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of one pattern: all in the order of the weighed ones (1)."""

    name: str
    weighed: Sequence[float]
    shares: Sequence[float]
    std: Sequence[float] = ()
    #: Parts that two patterns of one specimen do not have in common: counting and misfit.
    own: Sequence[float] = ()
    r_wp: float = float("nan")
    cpu: float = float("nan")
    forms: Sequence[str] = field(default=())
    #: Shipped structures that were refined.
    phases: Sequence[str] = field(default=())

    @property
    def error(self) -> np.ndarray:
        """Share less weighed share."""
        error: np.ndarray = np.asarray(self.shares, dtype=float) - np.asarray(self.weighed, dtype=float)
        return error


def weighed_in(name: str) -> dict[str, float]:
    """Powders and weighed shares of a file name such as ``V2O5_0p4005-NiO_0p6016--8min``; they add up to one."""
    found = {powder: float(share.replace("p", ".")) for powder, share in re.findall(r"([A-Z][\w()]*?)_(\dp\d+)", name)}
    total = sum(found.values())
    return {powder: share / total for powder, share in found.items()}


def forms(powder: str) -> tuple[str, ...]:
    """Shipped structures that a powder may be."""
    return FORMS.get(powder, (powder,))


def summary(found: Sequence[Found]) -> str:
    """Root mean square and worst error (wt %), width of the pulls, CPU seconds: one row."""
    errors = np.concatenate([one.error for one in found])
    line = f"RMS {100 * np.sqrt(np.mean(errors**2)):.2f} wt %, worst {100 * np.abs(errors).max():.2f} wt %"
    told = [one for one in found if len(one.std)]
    if told:
        pulls = np.concatenate([one.error / np.asarray(one.std) for one in told])
        inside = int((np.abs(pulls) < 1.96).sum())
        line += f", pulls RMS {np.sqrt(np.mean(pulls**2)):.2f}, {inside} of {len(pulls)} within 1.96"
    return f"{line}, CPU {np.nanmedian([one.cpu for one in found]):.2f} s (median), {np.nanmax([one.cpu for one in found]):.2f} s (worst)"


def table(found: Sequence[Found]) -> str:
    """One row a pattern."""
    rows = [
        "| pattern | forms | weighed (wt %) | found (wt %) | error (wt %) | R_wp (%) | CPU (s) |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        std = one.std if len(one.std) else [float("nan")] * len(one.shares)
        values = " / ".join(f"{100 * v:.2f} +- {100 * s:.2f}" for v, s in zip(one.shares, std, strict=True))
        rows.append(
            f"| {one.name} | {' '.join(one.forms)} | {' / '.join(f'{100 * v:.2f}' for v in one.weighed)} | {values} | "
            f"{' / '.join(f'{100 * v:+.2f}' for v in one.error)} | {100 * one.r_wp:.2f} | {one.cpu:.2f} |"
        )
    return "\n".join(rows)


def agreement(short: Sequence[Found], long: Sequence[Found]) -> str:
    """Differences of two counting times of one specimen against what is not common to both."""
    pulls = np.concatenate(
        [
            (np.asarray(one.shares) - np.asarray(other.shares)) / np.hypot(one.own, other.own)
            for one, other in zip(short, long, strict=True)
        ]
    )
    apart = np.concatenate(
        [np.abs(np.asarray(a.shares) - np.asarray(b.shares)) for a, b in zip(short, long, strict=True)]
    )
    return (
        f"two counting times: apart by {100 * np.sqrt(np.mean(apart**2)):.2f} wt % RMS, {100 * apart.max():.2f} at worst; pulls RMS "
        f"{np.sqrt(np.mean(pulls**2)):.2f}, {int((np.abs(pulls) < 1.96).sum())} of {len(pulls)} within 1.96"
    )


def peer(python: str, cases: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Shares by rietx with the Python of its own environment; see ``rietx_shares.py``."""
    script = Path(__file__).with_name("rietx_shares.py")
    done = subprocess.run(
        [python, str(script)], input=json.dumps(list(cases)), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout[done.stdout.index("[") :]))
