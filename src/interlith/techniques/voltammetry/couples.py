"""Which anodic peak belongs to which cathodic one, and which couple is which over cycles, scan rates and specimens?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

#: Midpoints further apart (V) belong to different couples.
GATE = 0.05
#: Anodic and cathodic peak of one couple lie at most this share of the scanned range apart, or not further than this the wrong way (V).
MOST_APART, WRONG_WAY = 0.6, 0.03


def pair(anodic: Sequence[float], cathodic: Sequence[float], span: float) -> list[tuple[int, int]]:
    """Pairs (anodic, cathodic) of one cycle, in order of the voltage; peaks without a partner stay out.

    Parameters
    ----------
    anodic, cathodic
        Peak potentials (V), rising.
    span
        Range of the scan (V).

    Notes
    -----
    As many pairs as possible with the least sum of distances among the pairings that keep the order. The assumption that fails first:
    couples whose separations exceed the distance between them.
    """
    rows, columns = len(anodic), len(cathodic)
    best: dict[tuple[int, int], tuple[int, float, tuple[tuple[int, int], ...]]] = {}
    for i in range(rows + 1):
        for j in range(columns + 1):
            options: list[tuple[int, float, tuple[tuple[int, int], ...]]] = [(0, 0.0, ())] if i == 0 or j == 0 else []
            if i and j:
                options += [best[i - 1, j], best[i, j - 1]]
                apart = anodic[i - 1] - cathodic[j - 1]
                if -WRONG_WAY <= apart <= MOST_APART * span:
                    count, cost, taken = best[i - 1, j - 1]
                    options.append((count + 1, cost + abs(apart), (*taken, (i - 1, j - 1))))
            best[i, j] = min(options, key=lambda one: (-one[0], one[1]))
    return list(best[rows, columns][2])


def paired(peaks: pl.DataFrame, sweeps: pl.DataFrame) -> pl.DataFrame:
    """Pairs of one specimen: part, cycle, row numbers of both peaks in `peaks`, midpoint (V) and separation (V)."""
    schema = {
        "part": pl.Int64, "cycle": pl.Int64, "anodic": pl.Int64, "cathodic": pl.Int64, "midpoint": pl.Float64, "separation": pl.Float64,
    }  # fmt: skip
    if peaks.is_empty():
        return pl.DataFrame(schema=schema)
    span = float(np.asarray(sweeps.select((pl.col("high") - pl.col("low")).max()).item(), dtype=float))
    numbered = peaks.with_row_index("row").filter(~pl.col("shoulder")).sort("potential")
    rows = []
    for (part, cycle), own in sorted(numbered.partition_by("part", "cycle", as_dict=True).items()):
        ways = [own.filter(pl.col("direction") == way) for way in ("anodic", "cathodic")]
        places = [way.get_column("potential").to_list() for way in ways]
        for one, other in pair(places[0], places[1], span):
            first, second = places[0][one], places[1][other]
            rows.append(
                (part, cycle, ways[0]["row"][one], ways[1]["row"][other], 0.5 * (first + second), first - second)
            )
    return pl.DataFrame(rows, schema=schema, orient="row")


def centres(midpoints: Sequence[float], singles: Sequence[float]) -> dict[str, float]:
    """Couples by number from the lowest voltage on: ``{"1": 3.94, "2": 4.71}`` (V).

    Parameters
    ----------
    midpoints
        Of all pairs of all specimens (V).
    singles
        Potentials of peaks without a partner (V); they make a couple of their own only where no midpoint is near.
    """
    groups = _groups(midpoints)
    middles = [float(np.median(group)) for group in groups]
    alone = [one for one in singles if all(abs(one - middle) > 2 * GATE for middle in middles)]
    middles += [float(np.median(group)) for group in _groups(alone)]
    return {str(number): round(middle, 6) for number, middle in enumerate(sorted(middles), 1)}


def _groups(values: Sequence[float]) -> list[list[float]]:
    ordered = sorted(values)
    groups = [[ordered[0]]] if ordered else []
    for one, other in pairwise(ordered):
        if other - one > GATE:
            groups.append([])
        groups[-1].append(other)
    return groups


def nearest_couple(potential: float, known: Mapping[str, float]) -> int | None:
    """Number of the couple whose midpoint is nearest; `None` where there is none."""
    return int(min(known, key=lambda name: abs(known[name] - potential))) if known else None
