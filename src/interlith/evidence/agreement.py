"""Do the numbers of another program agree with ours, and how large may the difference be if both saw the same bytes?

Two evaluations of one raw file share its noise. With standard uncertainties s1 and s2 and a correlation r of their errors
between 0 and 1, the difference has the variance s1^2 + s2^2 - 2 r s1 s2, and r is known to nobody. Two bounds hold:

- max(s1, s2) is enough for every r from min/(2 max) on. If one of the two evaluations is efficient, r is min/max and the
  variance is |s1^2 - s2^2| (Hausman), so there is a margin of a factor of two.
- sqrt(s1^2 + s2^2) is enough for every r that is not negative.

A difference within the first bound is agreement, one beyond the second is contradiction whatever is shared, and between
them there is no verdict. Different raw files share no noise, so there the second bound serves both ways.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlith.errors import StudyError, UnitError
from interlith.evidence.agreement_summary import Compared, summaries
from interlith.evidence.kernel import quantile
from interlith.evidence.wording import difference_unit, named, number
from interlith.model import Finding, Observable, from_frame
from interlith.model.finding import Verdict
from interlith.model.observable import kind_of
from interlith.units import convert

if TYPE_CHECKING:
    import polars as pl

_RAW = re.compile(r" of sha256:(?P<digest>[0-9a-f]{12,64})")
_DIGEST = re.compile(r"sha256:(?P<digest>[0-9a-f]{12,64})")
#: Relative difference below which two values on a state axis are the same.
_SAME_STATE = 1e-9


def agreement(ours: pl.DataFrame, external: pl.DataFrame, *, level: float = 0.95) -> tuple[Finding, ...]:
    """Compare numbers of other programs with ours, one finding a pair and one summary a program and quantity.

    Parameters
    ----------
    ours, external
        Tables of observables (columns of `interlith.model.SCHEMA` and ``components``). The raw file that the other
        program evaluated stands in the column ``source`` of `external`, behind ``of``.
    level
        Of the intervals.

    Returns
    -------
    For every external number that has a counterpart of ours (sample, quantity and state) a finding ``agreement``:
    supported (they agree), contradicted (they do not) or undecided; then the findings ``agreement_summary``.

    Raises
    ------
    StudyError
        If the level is no probability, or nothing can be compared: the message says which samples and quantities meet.

    Notes
    -----
    Over the same bytes our calibration (mass, area, current) does not count: both numbers carry the same instrument, and
    a difference is then one of evaluation or of the mass that was typed in. Assumption that fails first: that shared
    noise moves both numbers the same way (r is not negative) and that the other program states its uncertainty rightly.

    References
    ----------
    Hausman, Econometrica 46 (1978) 1251, 10.2307/1913827, lemma 2.1.
    """
    if not 0.5 <= level < 1:
        raise StudyError(f"level is {level}; write a probability such as 0.95.")
    counterparts = _Counterparts(from_frame(ours))
    pairs = [(item, counterparts.of(item)) for item in from_frame(external)]
    compared = [_compare(other, theirs, level) for theirs, other in pairs if other is not None]
    if not compared:
        raise StudyError(_nothing(ours, external))
    alone = [theirs for theirs, other in pairs if other is None]
    return (*(item.finding for item in compared), *summaries(compared, alone, level))


class _Counterparts:
    """Our numbers, found by sample, quantity and state."""

    def __init__(self, items: Sequence[Observable]) -> None:
        self._items: dict[tuple[str, str], list[Observable]] = {}
        for item in items:
            self._items.setdefault((item.sample, item.quantity), []).append(item)

    def of(self, theirs: Observable) -> Observable | None:
        """Our number at the same state; for one without a state the only one that there is."""
        pool = self._items.get((theirs.sample, theirs.quantity), [])
        there = pool if theirs.state is None and theirs.cycle is None and len(pool) == 1 else []
        there = there or [item for item in pool if _same_state(item, theirs)]
        usable = [item for item in there if item.value is not None and _comparable(item.unit, theirs.unit)]
        return next(iter(usable or there), None)


def _same_state(one: Observable, two: Observable) -> bool:
    if (one.cycle is None) != (two.cycle is None) or one.cycle != two.cycle:
        return False
    first, second = one.state, two.state
    if first is None or second is None:
        return first is second or one.cycle is not None
    if first.name != second.name or not _comparable(first.unit or "1", second.unit or "1"):
        return False
    value, low, high = (
        convert(x, second.unit or "1", first.unit or "1") for x in (second.value, second.low, second.high)
    )
    slack = _SAME_STATE * max(1.0, abs(value))
    return min(first.high, high) + slack >= max(first.low, low) and abs(first.value - value) <= slack + max(
        first.high - first.low, high - low
    )


def _comparable(one: str, two: str) -> bool:
    try:
        convert(1.0, one, two)
    except UnitError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Standard uncertainties of a difference: `agree` within it is agreement, beyond `differ` is contradiction."""

    agree: float
    differ: float
    raw: str


def _compare(ours: Observable, theirs: Observable, level: float) -> Compared:
    if ours.value is None or theirs.value is None or not _comparable(theirs.unit, ours.unit):
        return _not_compared(ours, theirs)
    value = convert(theirs.value, theirs.unit, ours.unit)
    scale = convert(1.0, theirs.unit, ours.unit) - convert(0.0, theirs.unit, ours.unit)
    same = _same_raw(ours, theirs)
    mine = _evaluation(ours) if same else ours.std
    others = abs(scale) * theirs.std
    bounds = _bounds(mine, others, same)
    difference = value - ours.value
    half = quantile(level, math.inf)
    known = math.isfinite(bounds.differ)
    verdict, reason = _verdict(ours, theirs, difference / half, bounds)
    shown = bounds.agree if same else bounds.differ
    finding = Finding(
        kind="agreement",
        statement=f"{_words(ours, theirs, value, mine, others, difference)}: {reason}.",
        verdict=verdict,
        quantity=ours.quantity,
        estimate=difference,
        low=difference - half * shown,
        high=difference + half * shown,
        level=level,
        unit=difference_unit(ours.unit),
        supporting=_identities(ours, theirs) if verdict == "supported" else (),
        opposing=_identities(ours, theirs) if verdict == "contradicted" else (),
        caveats=_caveats(theirs, same),
        details={
            "sample": ours.sample, **_state_detail(ours), "ours": ours.value, "ours_std": mine, "ours_std_all": ours.std,
            "external": value, "external_std": others, "program": _program(theirs), "raw": bounds.raw,
            "z_within": difference / bounds.agree if known and bounds.agree else None,
            "z_beyond": difference / bounds.differ if known and bounds.differ else None,
        },
    )  # fmt: skip
    z = abs(difference) / shown if known and shown > 0 else None
    ratio = value / ours.value if ours.value else None
    return Compared(finding, _program(theirs), z, ratio)


def _bounds(mine: float, others: float, same: bool | None) -> _Bounds:
    apart = math.hypot(mine, others)
    if same is False:
        return _Bounds(apart, apart, "other raw file")
    return _Bounds(max(mine, others), apart, "same raw file" if same else "raw file not stated")


def _verdict(ours: Observable, theirs: Observable, size: float, bounds: _Bounds) -> tuple[Verdict, str]:
    """Verdict and its words; `size` is the difference over the quantile of the level."""
    missing = [name for name, std in (("ours", _evaluation(ours)), (_program(theirs), theirs.std)) if math.isinf(std)]
    if missing or math.isinf(bounds.differ):
        blank = " and ".join(missing) or "our calibration"
        return "undecided", f"no verdict, because the uncertainty of {blank} is unknown and any interval a lower bound"
    if bounds.differ == 0:
        return "undecided", "no verdict, because no uncertainty of either is known"
    if abs(size) <= bounds.agree:
        return "supported", "they agree within the uncertainty"
    if abs(size) <= bounds.differ:
        return "undecided", "no verdict, because it hangs on how much of the noise both evaluations share"
    lacking = _lacking_calibration(ours, theirs) if bounds.raw != "same raw file" else ""
    if lacking:
        return (
            "undecided",
            f"no verdict, because the uncertainty of {lacking} holds no calibration and is a lower bound",
        )
    return "contradicted", "they disagree by more than the uncertainty"


def _lacking_calibration(ours: Observable, theirs: Observable) -> str:
    """Whose uncertainty leaves out the calibration that two different measurements need not share."""
    stated = bool(theirs.includes) and not all(source.startswith("external:") for source in theirs.components)
    if ours.unit != "%" and "calibration" not in ours.includes:
        return "ours"
    return _program(theirs) if stated and "calibration" not in theirs.includes else ""


def _evaluation(item: Observable) -> float:
    """Standard uncertainty of evaluating given bytes: all but calibration and replicates, ``inf`` if nothing is known."""
    kinds = {kind_of(source) for source in item.components} - {"calibration", "replicate"}
    return item.part(kinds) if kinds else math.inf


def _same_raw(ours: Observable, theirs: Observable) -> bool | None:
    """Whether both evaluated the same bytes; `None` where that is not stated."""
    raw = _RAW.search(theirs.source)
    if raw is None:
        return None
    mine = _DIGEST.findall(ours.source)
    if not mine:
        return None
    return any(one.startswith(raw["digest"]) or raw["digest"].startswith(one) for one in mine)


def _not_compared(ours: Observable, theirs: Observable) -> Compared:
    if ours.value is None or theirs.value is None:
        who, flag = ("ours", ours.flag) if ours.value is None else (_program(theirs), theirs.flag)
        reason = f"there is no value of {who}" + (f" ({flag})" if flag else "")
    else:
        reason = f"{theirs.unit} of {_program(theirs)} cannot be turned into our {ours.unit}"
    finding = Finding(
        kind="agreement",
        statement=f"{_subject(ours)}: nothing to compare, because {reason}.",
        verdict="undecided",
        quantity=ours.quantity,
        details={"sample": ours.sample, **_state_detail(ours), "program": _program(theirs)},
    )
    return Compared(finding, _program(theirs), None, None)


def _words(ours: Observable, theirs: Observable, value: float, mine: float, others: float, difference: float) -> str:
    def stated(size: float, std: float) -> str:
        spread = f" +- {number(std, std)}" if math.isfinite(std) and std > 0 else ""
        return f"{number(size, std if spread else math.inf if size == 0 else abs(size) / 1000)}{spread}"

    digits = min((std for std in (mine, others) if math.isfinite(std) and std > 0), default=abs(difference))
    return (
        f"{_subject(ours)}: {_program(theirs)} gives {stated(value, others)} {ours.unit}, ours is "
        f"{stated(ours.value or 0.0, mine)} {ours.unit}, a difference of {number(difference, digits)} "
        f"{difference_unit(ours.unit)}".rstrip()
    )


def _subject(item: Observable) -> str:
    state = item.state
    where = (
        f" at {named(state.name)} {state.value:g} {'' if state.unit == '1' else state.unit}".rstrip() if state else ""
    )
    return f"{named(item.quantity)} of {item.sample}{where}"


def _state_detail(item: Observable) -> dict[str, float | int | str | None]:
    state = item.state
    return {"state": state.name, "state_value": state.value, "state_unit": state.unit} if state else {}


def _program(item: Observable) -> str:
    return item.method.partition(";")[0].removeprefix("external:").strip() or "the other program"


def _identities(ours: Observable, theirs: Observable) -> tuple[str, ...]:
    return tuple(item.id or f"{item.sample}/{item.quantity}" for item in (ours, theirs))


def _caveats(theirs: Observable, same: bool | None) -> tuple[str, ...]:
    words = []
    if same is None:
        words.append("Whether both evaluated the same raw file is not stated, so noise may be shared.")
    if same:
        words.append(
            "Both evaluated the same bytes: calibration is left out of our uncertainty here, and another mass or area "
            "typed into the other program shows as a difference."
        )
    if theirs.components and all(source.startswith("external:") for source in theirs.components):
        words.append("What the uncertainty of the other program includes is not stated.")
    return tuple(words)


def _nothing(ours: pl.DataFrame, external: pl.DataFrame) -> str:
    said = []
    for column in ("sample", "quantity"):
        mine, theirs = (sorted({str(x) for x in frame.get_column(column)}) for frame in (ours, external))
        both = sorted(set(mine) & set(theirs))
        said.append(
            f"{column} in both: {', '.join(both[:12]) or 'none'} (external: {', '.join(theirs[:12]) or 'none'})"
        )
    return f"No external number has a counterpart of ours at the same sample, quantity and state; {'; '.join(said)}."
