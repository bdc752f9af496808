"""What does the text of DRTtools or pyDRTtools say: inductance, resistance, and gamma against time constant with its band?"""

from __future__ import annotations

import re

import numpy as np

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Distribution, Evaluation
from interlith.workbench.external.impedance.lines import folded, number, rows_of

#: Header of the table -> column with the curve, with the lower and with the upper end of the band.
_HEADERS: dict[tuple[str, ...], tuple[int, int | None, int | None]] = {
    ("tau", "gamma(tau)"): (1, None, None), ("tau", "gamma"): (1, None, None),
    ("tau", "map", "mean", "upperbound", "lowerbound"): (1, 4, 3), ("tau", "gamma_re", "gamma_im"): (1, None, None),
}  # fmt: skip


def is_drttools(text: str) -> bool:
    """Whether a text begins with L and R and goes on with a table of tau."""
    head = text[:2_000]
    if not re.match(r"\ufeff?\s*L\s*,", head):
        return False
    return any(folded(cells) in _HEADERS for _, cells in rows_of(head, ","))


def read_drttools(text: str, file: str) -> tuple[Evaluation, ...]:
    """The distribution in a text of DRTtools.

    Raises
    ------
    StudyError
        If a row is no row of numbers, or fewer than three are there.
    """
    rows = list(rows_of(text, ","))
    at = next(k for k, (_, cells) in enumerate(rows) if folded(cells) in _HEADERS)
    said = {
        cells[0].casefold(): number(cells[1], where=f"{file}, line {place}")[0]
        for place, cells in rows[:at]
        if len(cells) > 1
    }
    header = folded(rows[at][1])
    table = []
    for place, cells in rows[at + 1 :]:
        if len(cells) < len(header):
            raise StudyError(f"{file}, line {place}: {len(cells)} numbers where {len(header)} belong; export it again.")
        table.append([number(cell, where=f"{file}, line {place}")[0] for cell in cells[: len(header)]])
    columns = np.array(table, dtype=np.float64)
    if len(columns) < 3 or not (columns[:, 0] > 0).all() or not np.isfinite(columns).all():
        raise StudyError(f"{file}: fewer than three rows of positive time constants and numbers; export it again.")
    order = np.argsort(columns[:, 0])
    curve, low, high = _HEADERS[header]
    notes: tuple[str, ...] = ()
    if "gamma_im" in header:
        notes = ("It holds one curve from the real and one from the imaginary part; the first is compared.",)
    distribution = Distribution(
        columns[order, 0], columns[order, curve], None if low is None else columns[order, low],
        None if high is None else columns[order, high], said.get("r"), said.get("l"), notes=notes,
    )  # fmt: skip
    return (Evaluation("DRTtools", "", "drttools", distribution=distribution),)
