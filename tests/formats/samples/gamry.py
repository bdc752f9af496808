"""Sample of Gamry: settings, an open circuit and a curve, each with a clock of its own, as public files have them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.formats.samples.common import Sample, table

HEAD = (
    "EXPLAIN\r\nTAG\t{tag}\r\nTITLE\tLABEL\tA test\tTest Identifier\r\nDATE\tLABEL\t1/22/2026\tDate\r\n"
    "TIME\tLABEL\t09:08:07\tTime\r\nNOTES\tNOTES\t1\tNotes...\r\n\t-50mV for 3 h\r\nPSTAT\tPSTAT\tIFC0-1\tPotentiostat\r\n"
    "CONVENTION\tIQUANT\t{convention}\tCurrent Convention\r\n"
)


def curve(name: str, names: list[str], units: list[str], rows: list[tuple[object, ...]], *, count: bool = True) -> str:
    """One table as the instrument writes it."""
    lines = [f"{name}\tTABLE" + (f"\t{len(rows)}" if count else ""), "\t" + "\t".join(names), "\t" + "\t".join(units)]
    lines += ["\t" + "\t".join(map(str, row)) for row in rows]
    return "\r\n".join(lines) + "\r\n"


def text(tag: str = "CHRONOP", *, convention: int = 1, decimal: str = ".") -> str:
    """A whole file: the rest of the common table as open circuit, charge and discharge as one curve from zero time."""
    frame = table()
    rest = frame.filter(pl.col("vendor_step") == 1)
    moved = frame.filter(pl.col("vendor_step") > 1)
    start = moved["test_time"][0]
    names = ["Pt", "T", "Vf", "Im", "Vu", "Sig", "Temp", "IERange", "Over"]
    units = ["#", "s", "V vs. Ref.", "A", "V", "A", "deg C", "#", "bits"]
    rows = [
        (at, f"{time - start:.6g}", f"{voltage:.5E}", f"{current:.5E}", "0.0", "1.0", "-3.2E+002", 9, "...........")
        for at, (time, voltage, current) in enumerate(moved.select("test_time", "voltage", "current").iter_rows())
    ]
    ocv = [(at, f"{time:.6g}", f"{voltage:.5E}", "......a") for at, (time, voltage) in enumerate(
        rest.select("test_time", "voltage").iter_rows()
    )]  # fmt: skip
    body = HEAD.format(tag=tag, convention=convention)
    body += curve("OCVCURVE", ["Pt", "T", "Vf", "Over"], ["#", "s", "V vs. Ref.", "bits"], ocv)
    body += "EOC\tQUANT\t3.2\tOpen Circuit (V)\r\n" + curve("CURVE", names, units, rows)
    body += "EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\r\n"
    return body if decimal == "." else "\r\n".join(
        line.replace(".", ",").replace("V vs, Ref,", "V vs. Ref.").replace(",,,", "...") if line.startswith("\t") else line
        for line in body.split("\r\n")
    )  # fmt: skip


def _write(path: Path) -> None:
    path.write_bytes(text().encode("cp1252"))


SAMPLES = {"gamry_dta": Sample("chronop.dta", _write)}
