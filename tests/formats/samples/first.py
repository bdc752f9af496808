"""Samples of Neware, LANDT, BDF, declared text and workbooks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import xlsxwriter

from interlith.formats import bdf, landt_csv, neware_csv
from tests.formats.samples.common import Sample, table


def _ndax(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("VersionInfo.xml", "data.ndc", "data_runInfo.ndc"):
            archive.writestr(name, b"\x02\x00 not decodable " * 20)


def _generic(path: Path) -> None:
    frame = table()
    lines = ["a cell of mine", "Time [h];I/mA;U/V;note"]
    for time, current, voltage in frame.select("test_time", "current", "voltage").iter_rows():
        lines.append(f"{time / 3600:.8f};{current * 1e3:.4f};{voltage:.4f};x")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _workbook(path: Path, sheet: str, names: list[str], columns: list[pl.Expr]) -> None:
    rows = table().with_columns(
        (pl.col("test_time") - pl.col("test_time").first().over("vendor_step")).alias("step_time")
    )
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Info").write_row(0, 0, ["nothing", "here"])
    page = book.add_worksheet(sheet)
    page.write_row(0, 0, names)
    for number, row in enumerate(rows.select(columns).iter_rows(), start=1):
        page.write_row(number, 0, row)
    book.close()


def _landt_workbook(path: Path) -> None:
    names = [
        "Record",
        "CycleNo",
        "StepNo",
        "StepStatus",
        "TestTime/Sec",
        "StepTime/Sec",
        "Voltage/V",
        "Current/uA",
        "Capacity/uAh",
    ]
    columns = [
        pl.int_range(1, pl.len() + 1).alias("n"),
        pl.col("vendor_cycle"),
        pl.col("vendor_step"),
        pl.col("vendor_step_type").replace({"CC Chg": "CCC", "CC DChg": "CCD"}),
        pl.col("test_time"),
        pl.col("step_time"),
        pl.col("voltage"),
        pl.col("current") * 1e6,
        ((pl.col("charge_counter") + pl.col("discharge_counter")) * 1e6).alias("q"),
    ]
    _workbook(path, "Record-Tab", names, columns)


def _neware_workbook(path: Path) -> None:
    names = [
        "Record Index",
        "Status",
        "JumpTo",
        "Cycle",
        "Step",
        "Cur(mA)",
        "Voltage(V)",
        "CapaCity(mAh)",
        "Relative Time(h:min:s.ms)",
    ]
    seconds = pl.col("step_time")
    text = pl.format(
        "{}:{}:{}.{}",
        (seconds // 3600).cast(pl.Int64),
        (seconds // 60 % 60).cast(pl.Int64).cast(pl.String).str.zfill(2),
        (seconds % 60 // 1).cast(pl.Int64).cast(pl.String).str.zfill(2),
        ((seconds % 1) * 1000).round(0).cast(pl.Int64).cast(pl.String).str.zfill(3),
    )
    columns = [
        pl.int_range(1, pl.len() + 1).alias("n"),
        pl.col("vendor_step_type").str.replace(" ", "_"),
        pl.lit(1).alias("jump"),
        pl.col("vendor_cycle"),
        pl.col("vendor_step"),
        pl.col("current") * 1e3,
        pl.col("voltage"),
        ((pl.col("charge_counter") + pl.col("discharge_counter")) * 1e3).alias("q"),
        text.alias("t"),
    ]
    _workbook(path, "Detail_1_1_1", names, columns)


def _log(path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("cells")
    page.write_row(0, 0, ["Name", "Chemistry", "Nominal Capacity [Ah]"])
    page.write_row(1, 0, ["Cell1", "NMC622", 5.0])
    book.close()


_MAPPING = {"mapping": {"test_time": "Time [h]", "current": "I/mA", "voltage": "U/V"}}
SAMPLES: dict[str, Sample] = {
    "neware_csv": Sample("a.csv", lambda path: neware_csv.write(table(), path, {"start": "2026-01-02T03:04:05"})),
    "landt_csv": Sample("b.csv", lambda path: landt_csv.write(table(), path, {"start": "2026-01-02T03:04:05"})),
    "bdf": Sample("c.bdf.csv", lambda path: bdf.write(table(), path, {})),
    "generic_csv": Sample("d.csv", _generic, options=_MAPPING),
    "landt_xlsx": Sample("e.xlsx", _landt_workbook),
    "neware_xlsx": Sample("f.xlsx", _neware_workbook),
    "other_workbook": Sample("g.xlsx", _log),
    "neware_ndax": Sample("h.ndax", _ndax, real=True),
    "neware_nda": Sample("i.nda", lambda path: path.write_bytes(b"NEWARE" + bytes(range(256)) * 20), real=True),
    "maccor_raw": Sample("l.001", lambda path: path.write_bytes(b"\x00\x01MACCOR" * 30), needs_suffix=True),
    "landt_binary": Sample("m.cex", lambda path: path.write_bytes(b"LAND\x00\x01\x02" * 30), needs_suffix=True),
}
