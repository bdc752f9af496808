"""How sure is a share of repeats? The 95 % Clopper-Pearson interval that every coverage table prints."""

from __future__ import annotations

from scipy import special


def clopper(hits: int, of: int) -> tuple[float, float]:
    """Ends of the 95 % interval of a share."""
    low = float(special.betaincinv(hits, of - hits + 1, 0.025)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, of - hits, 0.975)) if hits < of else 1.0
    return low, high


def shown(hits: int, of: int) -> str:
    """``0.950 (0.935-0.963)``; a dash where there was nothing to count."""
    if not of:
        return "-"
    low, high = clopper(hits, of)
    return f"{hits / of:.3f} ({low:.3f}-{high:.3f})"
