"""Are the patterns of one file what they should be: none of them twice, none of them cut?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interlith.layouts.lazy_text import Remark
from interlith.layouts.powder_scans import Scan

#: Fewest points that two patterns of a counter do not share by chance.
_FEWEST = 8


def repeats(scans: Sequence[Scan]) -> list[Remark]:
    """What to say of patterns whose points stand in an earlier one, and of patterns that differ in their number of points."""
    kept = [(order, scan) for order, scan in enumerate(scans, start=1) if scan.position.size]
    found: list[Remark] = []
    if len(kept) < 2:
        return found
    rows: dict[tuple[float, float], int] = {}
    for order, scan in kept:
        mine = list(zip(scan.position.tolist(), scan.intensity.tolist(), strict=True))
        earlier = {rows.get(row) for row in mine}
        if len(earlier) == 1 and None not in earlier and len(mine) >= _FEWEST and np.ptp(scan.intensity) > 0:
            text = f"Pattern {order} holds the points of pattern {earlier.pop()} again: the file may have been written or joined twice."
            found.append(Remark("pattern_repeated", text))
        for row in mine:
            rows.setdefault(row, order)
    sizes = sorted({scan.position.size for _, scan in kept})
    if len(sizes) > 1:
        text = f"The patterns of this file have from {sizes[0]} to {sizes[-1]} points; one may be cut short."
        found.append(Remark("patterns_differ_in_points", text))
    return found
