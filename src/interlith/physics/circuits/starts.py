"""From which values does a fit of a circuit begin when nobody says so?

Every part in series gets a library of shapes; a spectrum is approximated by one shape of each part with positive sizes. The choice
is improved part by part, each exchanged for the shape that serves best beside the others (all sizes solved for anew), from several
beginnings. What comes out best starts the fit, the next best as well: the lowest end is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.physics.circuits.blocks import Block, rescaled, shapes
from interlith.physics.circuits.element import Array, Complex, Grid

#: Beginnings of the exchange and its most rounds.
_BEGINNINGS, _ROUNDS = 16, 6
#: Cost of a negative size, and the ridge that keeps like shapes apart, columns and data being of length one.
_PENALTY, _RIDGE = 10.0, 1e-7
#: Size that a part gets that is not seen, relative to the spectrum.
_UNSEEN = 1e-3
#: Numbers of all Gram matrices that are held at once.
_HELD = 2_000_000


@dataclass(frozen=True, slots=True)
class _Library:
    """Shapes of all parts: values by part, impedance (s, n) over all forms, and which rows belong to each part."""

    blocks: tuple[Block, ...]
    values: dict[str, Array]
    impedance: Complex
    rows: tuple[NDArray[np.intp], ...]


def starts_of(
    blocks: tuple[Block, ...], frequency: Array, impedance: Complex, weight: Array, count: int, fixed: dict[str, float]
) -> Array:
    """Values to start from, best first, shape (m, count, p); fewer different ones are repeated.

    Parameters
    ----------
    blocks
        Of the circuit.
    frequency
        (Hz), shape (n,).
    impedance
        (ohm), shape (m, n); anything where the weight is zero.
    weight
        (1/ohm) inverse standard uncertainty, shape (m, n), zero where there is no point.
    count
        Starts of every member.
    fixed
        Name -> value of parameters that are held.
    """
    used = (weight > 0).any(axis=0)
    library = _library(blocks, frequency[used], fixed)
    data, weight = impedance[:, used], weight[:, used]
    size = len(library.impedance)
    step = max(1, _HELD // (size * (size + 2 * data.shape[1])))
    parts = [_some(library, data[at : at + step], weight[at : at + step], count) for at in range(0, len(data), step)]
    return np.concatenate(parts)


def _library(blocks: tuple[Block, ...], frequency: Array, fixed: dict[str, float]) -> _Library:
    window = (float(frequency.min()), float(frequency.max()))
    grid = Grid(frequency)
    values: dict[str, Array] = {}
    rows, found, at = [], [], 0
    place: dict[str, NDArray[np.intp]] = {}
    for block in blocks:
        own = {name: value for name, value in fixed.items() if name in block.circuit.names}
        # Parts of one form share their shapes unless something of them is held.
        key = block.form if not own else block.circuit.text
        if key not in place:
            values[key] = shapes(block, window, own)
            found.append(block.circuit.with_slopes(values[key], grid)[0])
            place[key] = np.arange(at, at + len(values[key]))
            at += len(values[key])
        values[block.circuit.text] = values[key]
        rows.append(place[key])
    return _Library(blocks, values, np.concatenate(found), tuple(rows))


def _some(library: _Library, data: Complex, weight: Array, count: int) -> Array:
    """Starts of a few members at once."""
    columns = np.concatenate([library.impedance.real, library.impedance.imag], axis=1)
    both = np.concatenate([weight, weight], axis=1)
    columns = columns[None] * both[:, None, :]
    target = np.concatenate([data.real, data.imag], axis=1) * both
    target = np.where(both > 0, target, 0.0)
    power = np.sqrt(np.square(target).sum(axis=1))
    lengths = np.sqrt(np.square(columns).sum(axis=2))
    columns /= lengths[:, :, None]
    gram = columns @ columns.transpose(0, 2, 1)
    right = np.einsum("msn,mn->ms", columns, target) / power[:, None]
    chosen, score = _exchanged(gram, right, library.rows)
    chosen = _best(chosen, score, library, count)
    return _values(library, chosen, gram, right, power[:, None] / lengths)


def _exchanged(gram: Array, right: Array, rows: tuple[NDArray[np.intp], ...]) -> tuple[NDArray[np.intp], Array]:
    """Row of every part (m, t, k) after the exchange, and how much of the data it explains (m, t)."""
    random = np.random.default_rng(20261127)
    begun = np.stack([random.choice(row, _BEGINNINGS) for row in rows], axis=1)
    chosen = np.tile(begun, (len(gram), 1, 1))
    score = np.zeros(chosen.shape[:2])
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for k in range(len(rows)):
            worth = _worth(gram, right, chosen, rows[k], k)
            best = worth.argmax(axis=2)
            score = np.take_along_axis(worth, best[..., None], axis=2)[..., 0]
            chosen[:, :, k] = rows[k][best]
        if (chosen == before).all():
            break
    return _with_seconds(gram, right, chosen, score, rows)


def _worth(gram: Array, right: Array, chosen: NDArray[np.intp], row: NDArray[np.intp], k: int) -> Array:
    """Share of the data explained with each shape of part k beside the chosen others, less the penalty, shape (m, t, s)."""
    who = np.arange(len(gram))[:, None, None]
    others = np.delete(chosen, k, axis=2)
    matrix = gram[who[..., None], others[..., :, None], others[..., None, :]] + _RIDGE * np.eye(others.shape[2])
    inverse = np.linalg.inv(matrix)
    seen = right[who, others]
    alone = np.einsum("mtij,mtj->mti", inverse, seen)
    beside = gram[who[..., None], others[..., :, None], row]
    turned = inverse @ beside
    left = np.maximum(1.0 + _RIDGE - (beside * turned).sum(axis=2), _RIDGE)
    own = (right[:, None, row] - np.einsum("mti,mtis->mts", alone, beside)) / left
    sizes = alone[..., None] - turned * own[:, :, None, :]
    gain = np.square(own) * left + np.einsum("mti,mti->mt", alone, seen)[..., None]
    wrong = np.square(np.minimum(own, 0.0)) + np.square(np.minimum(sizes, 0.0)).sum(axis=2)
    return np.asarray(gain - _PENALTY * wrong)


def _with_seconds(
    gram: Array, right: Array, chosen: NDArray[np.intp], score: Array, rows: tuple[NDArray[np.intp], ...]
) -> tuple[NDArray[np.intp], Array]:
    """The ends of the exchange, and behind them the best end with its hardest part in other good shapes.

    Where one part alone has shapes to choose from, all beginnings end alike: the second best are then what there is to try.
    """
    best = np.take_along_axis(chosen, score.argmax(axis=1)[:, None, None], axis=1)
    hardest = max(range(len(rows)), key=lambda k: len(rows[k]))
    worth = _worth(gram, right, best, rows[hardest], hardest)[:, 0]
    ranks = [rank for t in range(_BEGINNINGS) if (rank := t * (t + 1) // 2) < len(rows[hardest])]
    places = np.argsort(-worth, axis=1, kind="stable")[:, ranks]
    seconds = np.repeat(best, len(ranks), axis=1)
    seconds[:, :, hardest] = rows[hardest][places]
    below = np.take_along_axis(worth, places, axis=1) - 2.0  # behind every end of the exchange
    return np.concatenate([chosen, seconds], axis=1), np.concatenate([score, below], axis=1)


def _best(chosen: NDArray[np.intp], score: Array, library: _Library, count: int) -> NDArray[np.intp]:
    """The `count` best different choices of every member, shape (m, count, k)."""
    forms = [block.form for block in library.blocks]
    alike = [[k for k, one in enumerate(forms) if one == form] for form in dict.fromkeys(forms)]
    kept = np.empty((len(chosen), count, chosen.shape[2]), dtype=np.intp)
    for member, (rows, worth) in enumerate(zip(chosen, score, strict=True)):
        found: dict[tuple[tuple[int, ...], ...], int] = {}
        for t in np.argsort(-worth, kind="stable"):
            found.setdefault(tuple(tuple(sorted(rows[t, places])) for places in alike), int(t))
        best = list(found.values())[:count]
        kept[member] = rows[(best * count)[:count]]
    return kept


def _values(library: _Library, chosen: NDArray[np.intp], gram: Array, right: Array, unit: Array) -> Array:
    """Values (m, count, p) of chosen shapes with their best sizes; a part of no or negative size gets a small one."""
    who = np.arange(len(gram))[:, None, None]
    matrix = gram[who[..., None], chosen[..., :, None], chosen[..., None, :]]
    matrix = matrix + _RIDGE * np.eye(chosen.shape[2])
    sizes = np.linalg.solve(matrix, right[who, chosen][..., None])[..., 0]
    sizes = np.maximum(sizes, _UNSEEN) * unit[who, chosen]
    made = []
    for k, block in enumerate(library.blocks):
        shape = library.values[block.circuit.text][chosen[:, :, k] - library.rows[k][0]]
        flat = rescaled(block, shape.reshape(-1, shape.shape[2]), sizes[:, :, k].ravel())
        made.append(flat.reshape(shape.shape))
    return np.concatenate(made, axis=2)
