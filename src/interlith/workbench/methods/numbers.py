"""Are two numbers that two programs made of one and the same measurement the same, and how far are they apart?

Both numbers rest on the same noise, so their errors are not independent: two programs that do the same thing differ by nothing
but rounding, and a difference of one standard error is already a sign that they do not. The verdicts are

- ``same``: the difference is below a tenth of our standard error, or below what the printed digits tell;
- ``within the stated error``: not the same, but not beyond the larger of the two errors at the level asked for;
- ``different``: beyond it. Of different measurements, or where the raw file is another, beyond both errors added in squares;
- ``no error stated``: neither the same nor judged, because one of the two errors is unknown;
- ``held fixed``: the other program did not fit it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from interlith.errors import UnitError
from interlith.evidence.kernel import quantile
from interlith.model import Observable
from interlith.model.finding import Verdict
from interlith.model.observable import kind_of
from interlith.units import convert

Word = Literal["same", "within the stated error", "different", "no error stated", "held fixed"]
VERDICTS: dict[Word, Verdict] = {
    "same": "supported", "within the stated error": "supported", "different": "contradicted", "no error stated": "undecided",
    "held fixed": "descriptive",
}  # fmt: skip
#: Difference in units of our standard error below which two numbers are the same for any purpose.
SAME = 0.1


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of ours beside one of another program, in our unit.

    Parameters
    ----------
    ours, theirs
        The numbers as they were handed over.
    value, std
        Theirs in our unit; `std` is ``inf`` where they state none.
    own
        Our standard error without calibration, which is the same for both.
    resolution
        One unit of the last digit that they print, in our unit; 0 where they store all.
    verdict
        See the module.
    """

    ours: Observable
    theirs: Observable
    value: float
    std: float
    own: float
    resolution: float
    verdict: Word

    @property
    def difference(self) -> float:
        """Theirs minus ours."""
        return self.value - (self.ours.value or 0.0)

    @property
    def over_own(self) -> float | None:
        """Size of the difference over our standard error; `None` where that is unknown."""
        return abs(self.difference) / self.own if 0 < self.own < math.inf else None

    @property
    def error_ratio(self) -> float | None:
        """Their standard error over ours; `None` where one is unknown."""
        return self.std / self.own if 0 < self.own < math.inf and math.isfinite(self.std) else None


def compared(
    ours: Observable,
    theirs: Observable,
    *,
    resolution: float = 0.0,
    held: bool = False,
    same_data: bool = True,
    level: float = 0.95,
) -> Compared | None:
    """Compare two numbers; `None` where one of them has no value or the units cannot be turned into each other.

    Parameters
    ----------
    ours, theirs
        The two numbers.
    resolution
        One unit of the last digit that they print, in their unit.
    held
        Whether they held it instead of fitting it.
    same_data
        Whether both evaluated the same measurement.
    level
        Of the bound on the difference.

    Notes
    -----
    For the same data the bound is quantile times the larger error: enough whenever the correlation of the two errors is at least
    half the ratio of the smaller to the larger one. An efficient evaluation beside any other has that ratio itself (Hausman).

    References
    ----------
    Hausman, Econometrica 46 (1978) 1251, 10.2307/1913827, lemma 2.1.
    """
    if ours.value is None or theirs.value is None:
        return None
    try:
        value = convert(theirs.value, theirs.unit, ours.unit)
        scale = abs(convert(1.0, theirs.unit, ours.unit) - convert(0.0, theirs.unit, ours.unit))
    except UnitError:
        if theirs.unit != ours.unit:
            return None
        value, scale = theirs.value, 1.0
    own = _evaluation(ours, same_data)
    std = scale * theirs.std
    verdict = _verdict(
        abs(value - ours.value), own, std, scale * resolution, held, same_data, quantile(level, math.inf)
    )
    return Compared(ours, theirs, value, std, own, scale * resolution, verdict)


def _verdict(size: float, own: float, std: float, resolution: float, held: bool, same_data: bool, bound: float) -> Word:
    if held:
        return "held fixed"
    if size <= max(SAME * own if math.isfinite(own) else 0.0, resolution / 2 * (1 + 1e-9)):
        return "same"
    if not math.isfinite(own) or not math.isfinite(std):
        return "no error stated"
    return (
        "within the stated error"
        if size <= bound * (max(own, std) if same_data else math.hypot(own, std))
        else "different"
    )


def _evaluation(item: Observable, same_data: bool) -> float:
    """Standard error of evaluating given bytes: calibration and replicates are the same for both."""
    if not same_data:
        return item.std
    kinds = {kind_of(source) for source in item.components} - {"calibration", "replicate"}
    return item.part(kinds) if kinds else math.inf


def pairs(ours: Sequence[Observable], theirs: Sequence[Observable]) -> list[tuple[Observable, Observable]]:
    """Numbers of one quantity, sample and state; a number of theirs without a state meets the only one that we have.

    Parameters
    ----------
    ours, theirs
        All numbers of both sides.
    """
    pool: dict[tuple[str, str], list[Observable]] = {}
    for item in ours:
        pool.setdefault((item.sample, item.quantity), []).append(item)
    found = []
    for item in theirs:
        mine = pool.get((item.sample, item.quantity), [])
        there = [one for one in mine if _same_state(one, item)]
        if not there and item.state is None and item.cycle is None and len(mine) == 1:
            there = mine
        if len(there) == 1:
            found.append((there[0], item))
    return found


def _same_state(one: Observable, two: Observable) -> bool:
    if one.cycle is not None and two.cycle is not None and one.cycle != two.cycle:
        return False
    first, second = one.state, two.state
    if first is None or second is None:
        return first is second and one.cycle == two.cycle
    if first.name != second.name:
        return False
    try:
        value, low, high = (
            convert(x, second.unit or "1", first.unit or "1") for x in (second.value, second.low, second.high)
        )
    except UnitError:
        return False
    slack = 1e-9 * max(1.0, abs(value))
    return first.low - slack <= value <= first.high + slack or low - slack <= first.value <= high + slack
