"""A file of a potentiostat, read by its content, gives the peaks that were simulated into it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import interlith as il
from tests.techniques.voltammetry.scans import BOUND, scan


def gamry(path: Path) -> None:
    """A simulated cyclic voltammogram as Gamry writes it."""
    time, voltage, current = scan([BOUND], noise=1e-8)
    lines = [
        "EXPLAIN",
        "TAG\tCV",
        "TITLE\tLABEL\tCyclic Voltammetry\tsimulated",
        "SCANRATE\tQUANT\t1.00000E+002\tScan Rate (mV/s)",
        f"CURVE1\tTABLE\t{len(time)}",
        "\tPt\tT\tVf\tIm",
        "\t#\ts\tV vs. Ref.\tA",
    ]
    lines += [
        f"\t{k}\t{t:.4f}\t{u:.6f}\t{i:.6e}" for k, (t, u, i) in enumerate(zip(time, voltage, current, strict=True))
    ]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="latin-1")


def test_a_gamry_scan_is_read_and_its_peaks_found(tmp_path: Path) -> None:
    path = tmp_path / "scan of a couple.DTA"
    gamry(path)
    result = il.voltammetry.peaks(path)
    row = result.table.filter(pl.col("quantity") == "peak_1_separation").row(0, named=True)
    assert abs(row["value"]) < 3 * row["std"]
    assert row["state_value"] == pytest.approx(0.1, rel=1e-3)
    assert "scan_rate_disagrees" not in {flag.code for flag in result.flags.get(path.stem, ())}


def test_a_scan_is_no_polarisation_though_it_is_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "scan.DTA"
    gamry(path)
    found = il.polarisation.conductivity(path)
    assert found.table.height == 0
    assert "no polarisation" in found.quality.item(0, "reason")
