"""Which step lowers a damped quadratic model most without leaving the bounds, for many small problems at once?

Active sets are guessed and mended by the signs of steps and multipliers (primal-dual), all members together: a bound that
a step would cross becomes active, an active one whose multiplier has the wrong sign is released. A step therefore runs
*along* a bound instead of being cut off at it.

References
----------
Hintermüller, Ito and Kunisch 2002, 10.1137/S1052623401383558.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Rounds of mending after which a member is solved by itself.
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Box:
    """How far each independent parameter may move, shape (b, q), and each tied one, shape (b, k).

    `held` marks parameters that do not move at all; `rows`, shape (b, k, q), make the tied ones out of the independent.
    """

    low: Array
    high: Array
    held: Mask
    rows: Array
    row_low: Array
    row_high: Array

    def of(self, chosen: NDArray[np.intp] | Mask) -> Box:
        """The box of some members."""
        return Box(
            self.low[chosen],
            self.high[chosen],
            self.held[chosen],
            self.rows[chosen],
            self.row_low[chosen],
            self.row_high[chosen],
        )

    def scaled(self, unit: Array) -> Box:
        """The box for steps counted in `unit`, shape (b, q)."""
        return Box(
            self.low / unit, self.high / unit, self.held, self.rows * unit[:, None, :], self.row_low, self.row_high
        )

    def shortened(self, share: Array) -> Box:
        """The box with a share (b,) of the way to each bound; a tied parameter that is outside may still come in."""
        part = share[:, None]
        row_low = np.where(self.row_low <= 0, self.row_low * part, self.row_low)
        row_high = np.where(self.row_high >= 0, self.row_high * part, self.row_high)
        return Box(self.low * part, self.high * part, self.held, self.rows, row_low, row_high)

    def holds(self, step: Array) -> Mask:
        """Whether a step stays inside, shape (b,)."""
        slack = 1e-12 * (1.0 + np.abs(step))
        inside = ((step >= self.low - slack) & (step <= self.high + slack)).all(axis=1)
        reached = self.reached(step)
        margin = 1e-12 * (1.0 + np.abs(reached))
        return np.asarray(
            inside & ((reached >= self.row_low - margin) & (reached <= self.row_high + margin)).all(axis=1)
        )

    def reached(self, step: Array) -> Array:
        """Change of the tied parameters, shape (b, k)."""
        return np.asarray(np.einsum("bki,bi->bk", self.rows, step))


def solved(matrix: Array, right: Array) -> Array:
    """Solutions of (b, k, k) systems for (b, k); a singular one gets the smallest least-squares solution."""
    try:
        return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        return np.stack([np.linalg.lstsq(one, two, rcond=None)[0] for one, two in zip(matrix, right, strict=True)])


def bounded_step(hessian: Array, gradient: Array, box: Box) -> Array:
    """Minimiser of ``g p + p H p / 2`` in the box, shape (b, q).

    Parameters
    ----------
    hessian, gradient
        Shapes (b, q, q), damping included, and (b, q).
    box
        Of the same members.
    """
    state = np.where(box.held, 1, 0).astype(np.int8)  # 0 free, 1 held, 2 at the lower end, 3 at the upper end
    state[(state == 0) & (box.low >= 0) & (gradient > 0)] = 2
    state[(state == 0) & (box.high <= 0) & (gradient < 0)] = 3
    row_state = np.zeros(box.row_low.shape, dtype=np.int8)
    step = np.zeros_like(gradient)
    # Most members of most rounds have no bound in the way: one solution, and no look at their neighbours' active sets.
    easy = np.flatnonzero(~state.any(axis=1))
    every = easy.size == len(gradient)
    step[easy] = solved(hessian, -gradient) if every else solved(hessian[easy], -gradient[easy])
    done = np.zeros(len(gradient), dtype=np.bool_)
    done[easy] = (box if every else box.of(easy)).holds(step[easy])
    left = np.flatnonzero(~done)
    for _ in range(_ROUNDS if left.size else 0):
        part = box.of(left)
        found, multipliers = _equality(hessian[left], gradient[left], part, state[left], row_state[left])
        step[left] = found
        new, new_rows = _mended(hessian[left], gradient[left], found, multipliers, part, state[left], row_state[left])
        moved = (new != state[left]).any(axis=1) | (new_rows != row_state[left]).any(axis=1)
        state[left], row_state[left] = new, new_rows
        left = left[moved]
        if not left.size:
            break
    # What still changes, or leaves a bound that no active set could keep, is solved one by one.
    rest = np.union1d(left, np.flatnonzero(~box.holds(step)))
    for member in rest:
        step[member] = _alone(hessian[member], gradient[member], step[member], box.of(np.array([member])))
    inside = np.clip(step, box.low, box.high)
    inside[box.held] = 0.0
    return inside if not box.rows.size else _shortened(inside, box)


def _alone(hessian: Array, gradient: Array, step: Array, box: Box) -> Array:
    """Minimiser of one member by least distance programming; the given step where its matrix is too near to singular.

    References
    ----------
    Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    from scipy.optimize import nnls  # half of the start-up time, and needed at corners only

    free = ~box.held[0]
    size = int(free.sum())
    sides = np.vstack([np.eye(size), box.rows[0][:, free]])
    low = np.concatenate([box.low[0][free], box.row_low[0]])
    high = np.concatenate([box.high[0][free], box.row_high[0]])
    least, most = np.isfinite(low), np.isfinite(high)
    matrix = np.vstack([sides[least], -sides[most]])
    bound = np.concatenate([low[least], -high[most]])
    try:
        root = np.linalg.cholesky(hessian[np.ix_(free, free)])
        pushed = np.linalg.solve(root, gradient[free])
        turned = np.linalg.solve(root, matrix.T).T
        distance = bound + turned @ pushed
        table = np.vstack([turned.T, distance])
        multipliers, _ = nnls(table, np.append(np.zeros(size), 1.0))
        left = table @ multipliers - np.append(np.zeros(size), 1.0)
    except (np.linalg.LinAlgError, RuntimeError):
        return step
    if not left[-1] < 0:
        return step
    found = step.copy()
    found[free] = np.linalg.solve(root.T, -left[:-1] / left[-1] - pushed)
    return found if np.isfinite(found).all() else step


def _equality(
    hessian: Array, gradient: Array, box: Box, state: NDArray[np.int8], row_state: NDArray[np.int8]
) -> tuple[Array, Array]:
    """Step with the active bounds as equations, and the multipliers of the active rows."""
    active = state > 0
    fixed = np.where(state == 2, box.low, np.where(state == 3, box.high, 0.0))
    if not active.any():
        matrix, right = hessian, -gradient
    else:
        free = ~active
        pair = free[:, :, None] & free[:, None, :]
        matrix = np.where(pair, hessian, 0.0)
        diagonal = np.einsum("bii->bi", matrix)
        scale = np.maximum(np.einsum("bii->bi", hessian), 1e-300)
        diagonal[active] = scale[active]
        right = np.where(active, fixed * scale, -gradient - np.einsum("bij,bj->bi", hessian, fixed))
    count = box.rows.shape[1]
    if not count or not (row_state > 0).any():
        return solved(matrix, right), np.zeros(row_state.shape)
    size = gradient.shape[1]
    on = row_state > 0
    rows = np.where(on[:, :, None], box.rows, 0.0)
    target = np.where(row_state == 2, box.row_low, np.where(row_state == 3, box.row_high, 0.0))
    target = target - np.einsum("bki,bi->bk", rows, np.where(active, fixed, 0.0))
    rows = np.where(active[:, None, :], 0.0, rows)
    # A row all of whose parameters are held cannot be an equation any more.
    empty = ~(rows != 0).any(axis=2)
    on = on & ~empty
    whole = np.zeros((len(gradient), size + count, size + count))
    whole[:, :size, :size] = matrix
    whole[:, size:, :size] = np.where(on[:, :, None], rows, 0.0)
    whole[:, :size, size:] = np.where(on[:, :, None], rows, 0.0).transpose(0, 2, 1)
    corner = np.arange(size, size + count)
    whole[:, corner, corner] = np.where(on, 0.0, 1.0)
    answer = solved(whole, np.hstack([right, np.where(on, target, 0.0)]))
    return answer[:, :size], answer[:, size:]


def _mended(
    hessian: Array, gradient: Array, step: Array, multipliers: Array, box: Box, state: NDArray[np.int8],
    row_state: NDArray[np.int8],
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:  # fmt: skip
    """Active sets for the next round: what is crossed becomes active; what pulls inwards is released."""
    slack = 1e-12 * (1.0 + np.abs(step))
    new, new_rows = state.copy(), row_state.copy()
    new[(state == 0) & (step < box.low - slack)] = 2
    new[(state == 0) & (step > box.high + slack)] = 3
    pull = np.einsum("bij,bj->bi", hessian, step) + gradient
    if box.rows.size:
        pull = pull + np.einsum("bk,bki->bi", multipliers, box.rows)
        reached = box.reached(step)
        margin = 1e-12 * (1.0 + np.abs(reached))
        new_rows[(row_state == 0) & (reached < box.row_low - margin)] = 2
        new_rows[(row_state == 0) & (reached > box.row_high + margin)] = 3
        # L = q + m (row p - bound): at a lower end m is negative where the bound pushes back.
        new_rows[((row_state == 2) & (multipliers > 0)) | ((row_state == 3) & (multipliers < 0))] = 0
    same = np.abs(box.high - box.low) == 0
    new[(state == 2) & (pull < 0) & ~same] = 0
    new[(state == 3) & (pull > 0) & ~same] = 0
    return new, new_rows


def _shortened(step: Array, box: Box) -> Array:
    """A step cut so far that no tied parameter leaves its bounds; a tied one at its bound stays there."""
    reached = box.reached(step)
    slack = 1e-12 * (1.0 + np.abs(reached))
    over, under = reached > box.row_high + slack, reached < box.row_low - slack
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(over, box.row_high / reached, np.where(under, box.row_low / reached, 1.0))
    share: Array = np.clip(shares, 0.0, 1.0).min(axis=1, initial=1.0)
    return step * share[:, None]
