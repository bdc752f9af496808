"""Which piece of a course belongs to which where peaks cross, or hide under one another for a while?

Where courses come too near, single sightings tell nothing: they are set aside, and what is clear before is assigned to what is clear
behind, all at once, by where courses, sizes and widths lead and how surely. The sightings in between are then given to the courses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.peak_sightings import Sightings, parts_of

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: Courses nearer than so many widths blur each other; for longer than so many members they are neighbours, not a crossing. Members that a
#: link may span.
_BLUR, LONGEST, _SPAN = 1.2, 40, 80
#: Sightings that make a piece, and the last ones that tell where it leads.
_FEWEST, _COURSE = 3, 20
#: A sighting is never surer than this share of the width; spread of ln width and ln size, at once and per member.
_FLOOR, _AT_ONCE, _PER_MEMBER = 0.02, (0.08, 0.12), (0.02, 0.03)
#: Cost (half a chi squared of four) of a link that is just not made, and of giving a blurred sighting to a course.
_DEAREST, _GATE = 14.0, 8.0
#: A course may turn once, by so much (widths per member), at this cost.
_TURN, _DEAR_TURN = 0.15, 5.0
#: A place that is not known to so many widths tells nothing.
_VAGUE = 1.5
#: How far (in widths, ln width, ln size) a blurred sighting may be from its course; members a course leads beyond its end.
_BLURRED, _BEYOND = (0.3, 0.35, 0.6), 12
#: How often pieces and links are found in turn.
_LOOKS = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Ends:
    """Where courses stand at one end, each shape (k,): member, position, slope, their covariance (3 numbers), ln width, ln size, variances of both."""

    member: Array
    state: Array
    covariance: Array
    width: Array
    log: Array
    variance: Array


def untangled(seen: Sightings, chain: Rows) -> Rows:
    """Chains whose pieces before and behind crossings and gaps are assigned to each other, shape (n,).

    Parameters
    ----------
    seen
        Sightings.
    chain
        Number of the chain of each, shape (n,); any numbers.

    Notes
    -----
    A course is a line whose slope wanders as much as those of the series do, or turns once. Links are a linear assignment over all ends and beginnings.
    The assumption that fails first: that a peak does not turn while it is hidden.
    """
    for _ in range(_LOOKS):
        new = _look(seen, chain)
        if _same(new, chain):
            return new
        chain = new
    return chain


def _look(seen: Sightings, chain: Rows) -> Rows:
    blurred = _blurred(seen, chain)
    pieces = _pieces(seen, chain, ~blurred)
    if len(pieces) < 2:
        return chain
    own, count = _named(seen, chain, pieces)
    # What no course leads through is no crossing: it links as a piece of its own.
    left = _pieces(seen, chain, own < 0)
    if left:
        own, count = _named(seen, chain, _ordered(seen, [*pieces, *left]))
    lost = np.flatnonzero(own < 0)
    own[lost] = count + np.arange(lost.size)
    return own


def _named(seen: Sightings, chain: Rows, pieces: list[Rows]) -> tuple[Rows, int]:
    """Course of each sighting, -1 where none, and their number."""
    tracks = _assigned(seen, pieces)
    own = np.full(chain.size, -1, dtype=np.intp)
    for number, rows in enumerate(tracks):
        own[rows] = number
    _give(seen, own, tracks, np.flatnonzero(own < 0))
    return own, len(tracks)


def _same(first: Rows, second: Rows) -> bool:
    """Whether two numberings mean the same chains."""
    pairs = np.unique(np.stack([first, second]), axis=1).shape[1]
    return bool(pairs == np.unique(first).size == np.unique(second).size)


def _blurred(seen: Sightings, chain: Rows) -> Mask:
    """Sightings that lie too near the course of another chain, shape (n,)."""
    members = np.arange(int(seen.member.max()) + 1)
    rows = [part for part in parts_of(seen, chain) if part.size >= _FEWEST]
    found = np.zeros(chain.size, dtype=np.bool_)
    if len(rows) < 2:
        return found
    place = np.array(
        [np.interp(members, seen.member[part], seen.position[part], left=math.nan, right=math.nan) for part in rows]
    )
    width = np.array([np.median(seen.width[part]) for part in rows])
    for one, part in enumerate(rows):
        with np.errstate(invalid="ignore"):
            near = np.abs(place - place[one]) < _BLUR * np.maximum(width, width[one])[:, None]
        near[one] = False
        for other in np.flatnonzero(near.any(axis=1)):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], near[other].astype(np.int8), [0]])))
            for low, high in edges.reshape(-1, 2):
                if high - low <= LONGEST:
                    found[part[(seen.member[part] >= low) & (seen.member[part] < high)]] = True
    return found


def _pieces(seen: Sightings, chain: Rows, wanted: Mask) -> list[Rows]:
    """Stretches of chains that hold wanted sightings only, in the order of their beginnings."""
    pieces = []
    for part in parts_of(seen, chain):
        clear = wanted[part]
        # A sighting that is not wanted ends a piece; a gap does not.
        number = np.cumsum(~clear)
        pieces += [one for k in np.unique(number[clear]) if (one := part[clear & (number == k)]).size >= _FEWEST]
    return _ordered(seen, pieces)


def _ordered(seen: Sightings, pieces: list[Rows]) -> list[Rows]:
    return sorted(pieces, key=lambda rows: (int(seen.member[rows[0]]), float(seen.position[rows[0]])))


def _assigned(seen: Sightings, pieces: list[Rows]) -> list[Rows]:
    """Pieces linked to whole courses."""
    from scipy.optimize import linear_sum_assignment

    wander = _wander(seen, pieces)
    ends, starts = _ends(seen, pieces, wander, last=True), _ends(seen, pieces, wander, last=False)
    cost = _cost(ends, starts, wander)
    count = len(pieces)
    table = np.hstack([cost, np.full(cost.shape, 1e6)])
    table[np.arange(count), count + np.arange(count)] = _DEAREST
    _, to = linear_sum_assignment(table)
    tracks: list[list[Rows]] = []
    place: dict[int, int] = {}
    for number in range(count):
        mine = place.pop(number, -1)
        if mine < 0:
            mine = len(tracks)
            tracks.append([])
        tracks[mine].append(pieces[number])
        if to[number] < count:
            place[int(to[number])] = mine
    return [np.concatenate(track) for track in tracks]


def _cost(ends: _Ends, starts: _Ends, wander: float) -> Array:
    """Half the squared distances of all beginnings from where all ends lead, infinite (1e6) where none can follow, shape (k, k)."""
    gap = starts.member[None] - ends.member[:, None]
    span = np.maximum(gap, 1.0)
    miss = starts.state[0][None] - ends.state[0][:, None] - ends.state[1][:, None] * span
    turn = starts.state[1][None] - ends.state[1][:, None]
    level, mixed, slope = (ends.covariance[k][:, None] for k in range(3))
    scale = np.square(np.minimum(ends.width[:, None], starts.width[None]))
    first = level + 2 * span * mixed + span**2 * slope + starts.covariance[0][None]
    both = mixed + span * slope - starts.covariance[1][None]
    second = slope + starts.covariance[2][None]
    steady = _distance(
        miss,
        turn,
        first + scale * wander * span**3 / 3,
        both + scale * wander * span**2 / 2,
        second + scale * wander * span,
    )
    # One turn anywhere in between: of an unknown size, where a reaction turns round or a phase begins to change.
    bend = scale * _TURN**2
    turned = _DEAR_TURN + _distance(miss, turn, first + bend * span**2 / 3, both + bend * span / 2, second + bend)
    # Where hardly anything is known, anything would fit: such ends lead nowhere.
    steady = np.where(first + scale * wander * span**3 / 3 <= _VAGUE**2 * scale, steady, math.inf)
    turned = np.where(first + bend * span**2 / 3 <= _VAGUE**2 * scale, turned, math.inf)
    cost = np.minimum(steady, turned)
    for k in range(2):
        spread = ends.variance[k][:, None] + starts.variance[k][None] + _AT_ONCE[k] ** 2 + _PER_MEMBER[k] ** 2 * span
        cost += 0.5 * (starts.log[k][None] - ends.log[k][:, None]) ** 2 / spread
    return np.where((gap >= 1) & (gap <= _SPAN) & (cost < _DEAREST), cost, 1e6)


def _distance(miss: Array, turn: Array, first: Array, both: Array, second: Array) -> Array:
    """Half the squared distance of position and slope for their covariance."""
    determinant = np.maximum(first * second - both**2, 1e-12 * first * second)
    return np.asarray(0.5 * (miss**2 * second - 2 * miss * turn * both + turn**2 * first) / determinant)


def _wander(seen: Sightings, pieces: list[Rows]) -> float:
    """Variance per member of the slope (widths per member) of the courses of a series, in the middle of them."""
    half, found = 6, []
    for rows in pieces:
        if rows.size < 2 * half:
            continue
        time, place = seen.member[rows].astype(np.float64), seen.position[rows]
        noise = seen.spread[rows] ** 2 + (_FLOOR * seen.width[rows]) ** 2
        width = float(np.median(seen.width[rows]))
        squares: list[float] = []
        for first in range(0, rows.size - 2 * half + 1, half):
            slope, variance = zip(
                *(_slope(time[k], place[k], noise[k]) for k in (slice(first, first + half), slice(first + half, first + 2 * half))),
                strict=True,
            )  # fmt: skip
            apart = float(time[first + half : first + 2 * half].mean() - time[first : first + half].mean())
            squares.append(((slope[1] - slope[0]) ** 2 - sum(variance)) / (apart * width**2))
        found.append(float(np.mean(squares)))
    # Slopes that seem not to wander at all still might, by a width over the longest gap.
    middle = float(np.median(found)) if found else 0.0
    return max(middle, 0.75 / float(LONGEST) ** 3)


def _slope(time: Array, place: Array, noise: Array) -> tuple[float, float]:
    weight = 1.0 / noise
    u = time - float(weight @ time) / float(weight.sum())
    norm = float(weight @ u**2)
    return float((weight * u) @ place / norm), 1.0 / norm


def _ends(seen: Sightings, pieces: list[Rows], wander: float, *, last: bool) -> _Ends:
    """Filtered course at the last, or from behind at the first, sighting of each piece."""
    count = len(pieces)
    part = [rows[-_COURSE:] if last else rows[:_COURSE][::-1] for rows in pieces]
    width = np.array([float(np.median(seen.width[rows])) for rows in part])
    state, covariance = np.zeros((2, count)), np.zeros((3, count))
    for number, rows in enumerate(part):
        state[:, number], covariance[:, number] = _filtered(
            seen.member[rows].astype(np.float64), seen.position[rows],
            seen.spread[rows] ** 2 + (_FLOOR * width[number]) ** 2, wander * width[number] ** 2, width[number],
        )  # fmt: skip
    logs, variance = np.zeros((2, count)), np.zeros((2, count))
    for k, values in enumerate((seen.width, seen.size)):
        for number, rows in enumerate(part):
            near = np.log(np.maximum(values[rows[-_COURSE // 2 :]], 1e-300))
            logs[k, number] = np.median(near)
            variance[k, number] = 1.6 * near.var(ddof=1) / near.size
    member = np.array([float(seen.member[rows[-1]]) for rows in part])
    return _Ends(member, state, covariance, width, logs, variance)


def _filtered(time: Array, place: Array, noise: Array, wander: float, width: float) -> tuple[Array, Array]:
    """Position and slope at the last of some sightings, and their covariance (level, mixed, slope), by a Kalman filter."""
    at, slope = float(place[0]), 0.0
    level, mixed, steep = float(noise[0]), 0.0, (0.5 * width) ** 2
    for number in range(1, time.size):
        step = float(time[number] - time[number - 1])
        size = abs(step)
        at += slope * step
        level += 2 * step * mixed + step**2 * steep + wander * size**3 / 3
        mixed += step * steep + math.copysign(wander * size**2 / 2, step)
        steep += wander * size
        whole = level + float(noise[number])
        miss = float(place[number]) - at
        gain, turn = level / whole, mixed / whole
        at, slope = at + gain * miss, slope + turn * miss
        level, mixed, steep = (1 - gain) * level, (1 - gain) * mixed, steep - turn * mixed
    return np.array([at, slope]), np.array([level, mixed, steep])


def _give(seen: Sightings, own: Rows, tracks: list[Rows], rows: Rows) -> None:
    """Give blurred sightings to the courses that lead through them, pattern by pattern."""
    from scipy.optimize import linear_sum_assignment

    if not rows.size or not tracks:
        return
    members = np.arange(int(seen.member.max()) + 1)
    course = np.full((3, len(tracks), members.size), math.nan)
    for number, track in enumerate(tracks):
        time = seen.member[track]
        reach = (members >= time[0] - _BEYOND) & (members <= time[-1] + _BEYOND)
        for k, values in enumerate((seen.position, np.log(seen.width), np.log(seen.size))):
            course[k, number, reach] = _along(
                members[reach].astype(float), time.astype(float), values[track], line=k == 0
            )
    taken = np.zeros((len(tracks), members.size), dtype=np.bool_)
    for number, track in enumerate(tracks):
        taken[number, seen.member[track]] = True
    for member in np.unique(seen.member[rows]):
        here = rows[seen.member[rows] == member]
        free = np.flatnonzero(np.isfinite(course[0, :, member]) & ~taken[:, member])
        if not free.size:
            continue
        width = np.exp(course[1, free, member])
        spread = seen.spread[here][:, None] ** 2 + (_BLURRED[0] * width[None]) ** 2
        cost = (seen.position[here][:, None] - course[0, free, member][None]) ** 2 / spread
        for k, values in ((1, seen.width), (2, seen.size)):
            cost += ((np.log(values[here])[:, None] - course[k, free, member][None]) / _BLURRED[k]) ** 2
        table = np.hstack([0.5 * cost, np.full((here.size, here.size), _GATE)])
        for row, column in zip(*linear_sum_assignment(table), strict=True):
            if column < free.size:
                own[here[row]] = free[column]


def _along(at: Array, time: Array, values: Array, *, line: bool) -> Array:
    """A course between its sightings and beyond: positions on along the slope, the others level."""
    found = np.interp(at, time, values)
    if not line or time.size < _FEWEST:
        return found
    for outside, part in ((at < time[0], slice(None, _COURSE // 2)), (at > time[-1], slice(-_COURSE // 2, None))):
        if outside.any():
            slope, level = np.polyfit(time[part], values[part], 1)
            found[outside] = level + slope * at[outside]
    return np.asarray(found)
