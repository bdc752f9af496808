"""In which order were numbered files taken: 1.txt, 2.txt, ... 10.txt?"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIGITS = re.compile(r"\d+")


def numbered_order(names: Sequence[str]) -> tuple[list[int], bool]:
    """Place of each file, from 0, by the one number in which all names differ; the order of the list where there is none.

    Parameters
    ----------
    names
        Paths as the study writes them.

    Returns
    -------
    tuple
        Places, and whether they are another order than that of the list.
    """
    listed = list(range(len(names)))
    skeletons = {_DIGITS.sub("#", name) for name in names}
    if len(skeletons) != 1 or len(names) < 2:
        return listed, False
    columns = list(zip(*(map(int, _DIGITS.findall(name)) for name in names), strict=True))
    changing = [column for column in columns if len(set(column)) > 1]
    if len(changing) != 1 or len(set(changing[0])) != len(names):
        return listed, False
    ranks = {number: rank for rank, number in enumerate(sorted(changing[0]))}
    places = [ranks[number] for number in changing[0]]
    return places, places != listed
