"""How are the ticks of a logarithmic axis named? As plain words, ``10⁻³``: formulas take most of the time of a drawing."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axis import Axis
from matplotlib.ticker import Formatter

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: An axis of fewer decades also names 2 and 5.
_FEW_DECADES = 1.5


def label_decades(axis: Axis) -> None:
    """Name whole decades, and 2 and 5 between them where there is hardly one."""
    axis.set_major_formatter(_Decades())
    axis.set_minor_formatter(_Between())


def decade(value: float) -> str:
    """``10⁻³`` for a power of ten, ``1``, ``10`` and ``100`` in full; empty for what is none."""
    if not value > 0:
        return ""
    power = round(math.log10(value))
    if abs(math.log10(value) - power) > 1e-6:
        return ""
    return f"{10**power}" if 0 <= power <= 2 else f"10{str(power).translate(_RAISED)}"


class _Decades(Formatter):
    def __call__(self, x: float, pos: Any = None) -> str:
        return decade(x)


class _Between(Formatter):
    def __call__(self, x: float, pos: Any = None) -> str:
        assert self.axis is not None  # set by the axis that asks
        low, high = sorted(self.axis.get_view_interval())
        if not 0 < low < high or math.log10(high / low) >= _FEW_DECADES:
            return ""
        first = x / 10.0 ** math.floor(math.log10(x) + 1e-9)
        return f"{x:.3g}" if round(first) in (2, 5) or math.log10(high / low) < 0.7 else ""
