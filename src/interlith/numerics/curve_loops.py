"""Compiled loops along one curve: running medians, and curves that bend little. This file imports the compiler, and is imported only to compile."""

from __future__ import annotations

from typing import Any

from numba import carray, cfunc, float64, intp, types  # type: ignore[attr-defined]

_REALS = types.CPointer(float64)  # type: ignore[no-untyped-call]


@cfunc(types.void(_REALS, intp, intp, _REALS, _REALS), error_model="numpy")
def _running_median(values: Any, n: Any, width: Any, room: Any, out: Any) -> None:
    """Middle of `width` values from each of the first n on; of two middle ones the higher. `values` (n + width - 1,), `room` (width,)."""
    x, window, found = carray(values, (n + width - 1,)), carray(room, (width,)), carray(out, (n,))
    held = 0
    for place in range(n + width - 1):
        if held == width:
            # The value that leaves is in the sorted window.
            low, high, old = 0, held - 1, x[place - width]
            while low < high:
                middle = (low + high) // 2
                if window[middle] < old:
                    low = middle + 1
                else:
                    high = middle
            for number in range(low, held - 1):
                window[number] = window[number + 1]
            held -= 1
        number = held
        while number > 0 and window[number - 1] > x[place]:
            window[number] = window[number - 1]
            number -= 1
        window[number] = x[place]
        held += 1
        if held == width:
            found[place - width + 1] = window[width // 2]


@cfunc(types.void(_REALS, _REALS, intp), error_model="numpy")
def _solved(bands: Any, right: Any, n: Any) -> None:
    """Solve A x = right, A symmetric with its diagonal and the two beside it in `bands` (3, n), by L D L^T.

    `right` becomes x, and the bands D and the two diagonals of L.
    """
    a, x = carray(bands, (3, n)), carray(right, (n,))
    for i in range(n):
        if i > 0:
            a[0, i] -= a[1, i - 1] * a[1, i - 1] * a[0, i - 1]
            a[1, i] -= a[2, i - 1] * a[1, i - 1] * a[0, i - 1]
            x[i] -= a[1, i - 1] * x[i - 1]
        if i > 1:
            a[0, i] -= a[2, i - 2] * a[2, i - 2] * a[0, i - 2]
            x[i] -= a[2, i - 2] * x[i - 2]
        a[1, i] /= a[0, i]
        a[2, i] /= a[0, i]
    for i in range(n - 1, -1, -1):
        x[i] /= a[0, i]
        if i + 1 < n:
            x[i] -= a[1, i] * x[i + 1]
        if i + 2 < n:
            x[i] -= a[2, i] * x[i + 2]


#: Name -> compiled entry.
ENTRIES = {"running_median": _running_median, "solved": _solved}
