"""Samples of Arbin: a Jet database, a text export and a workbook of one test with known truth."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import xlsxwriter

from interlith.formats import arbin_csv
from tests.formats.samples.common import Sample, table
from tests.formats.samples.jet import BYTE, DOUBLE, INTEGER, LONG, SINGLE, TEXT, JetTable, write_database

START = datetime(2026, 1, 2, 3, 4, 5)
RECORD_COLUMNS = {
    "Test_ID": LONG, "Data_Point": LONG, "Test_Time": DOUBLE, "Step_Time": DOUBLE, "DateTime": DOUBLE,
    "Step_Index": INTEGER, "Cycle_Index": INTEGER, "Is_FC_Data": BYTE, "Current": SINGLE, "Voltage": SINGLE,
    "Charge_Capacity": DOUBLE, "Discharge_Capacity": DOUBLE, "Charge_Energy": DOUBLE, "Discharge_Energy": DOUBLE,
    "dV/dt": SINGLE, "Internal_Resistance": SINGLE,
}  # fmt: skip
TEST_COLUMNS = {
    "Test_ID": LONG, "Test_Name": TEXT, "Channel_Index": INTEGER, "Start_DateTime": DOUBLE, "Comments": TEXT,
    "Schedule_File_Name": TEXT, "MASS": SINGLE, "Specific_Capacity": SINGLE, "Capacity": SINGLE, "Item_ID": TEXT,
}  # fmt: skip
HEADER = [
    "Data_Point", "Test_Time(s)", "Date_Time", "Step_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)",
    "Charge_Capacity(Ah)", "Discharge_Capacity(Ah)", "Charge_Energy(Wh)", "Discharge_Energy(Wh)", "dV/dt(V/s)",
    "Internal_Resistance(Ohm)",
]  # fmt: skip


def days(seconds: float = 0.0) -> float:
    """Days since 1899-12-30 at some seconds of the test."""
    return (START + timedelta(seconds=seconds) - datetime(1899, 12, 30)) / timedelta(days=1)


def stepped() -> pl.DataFrame:
    """The common table with a step time."""
    return table().with_columns(
        (pl.col("test_time") - pl.col("test_time").first().over("vendor_step")).alias("step_time")
    )


def records(test: int = 1) -> list[tuple[Any, ...]]:
    """Rows of Channel_Normal_Table in the order of the test."""
    return [
        (
            test, number, row["test_time"], row["step_time"], days(row["test_time"]), row["vendor_step"],
            row["vendor_cycle"], 0, row["current"], row["voltage"], row["charge_counter"], row["discharge_counter"],
            row["charge_energy_counter"], row["discharge_energy_counter"], 0.0, None,
        )
        for number, row in enumerate(stepped().iter_rows(named=True), start=1)
    ]  # fmt: skip


def header(test: int = 1, **changed: Any) -> tuple[Any, ...]:
    """A row of Global_Table."""
    row = {
        "Test_ID": test, "Test_Name": "a cell_1-01-007", "Channel_Index": 7, "Start_DateTime": days(), "Comments": None,
        "Schedule_File_Name": "C20 \N{GREEK SMALL LETTER MU}.sdu", "MASS": 0.00125, "Specific_Capacity": 0.16,
        "Capacity": 0.0, "Item_ID": "LNMO-3",
    }  # fmt: skip
    return tuple((row | changed).values())


def database(**tables: JetTable) -> dict[str, JetTable]:
    """Tables of a .res; the later half of the records lies before the first."""
    rows = records()
    found = {
        "Channel_Normal_Table": JetTable(RECORD_COLUMNS, rows[len(rows) // 2 :] + rows[: len(rows) // 2]),
        "Global_Table": JetTable(TEST_COLUMNS, [header()]),
        "Version_Table": JetTable({"Version_Schema_Field": TEXT}, [("Results File 5.26",)], compressed=True),
    }
    return found | tables


def cells() -> list[list[Any]]:
    """Rows of a record sheet."""
    return [
        [
            number, row["test_time"], START + timedelta(seconds=row["test_time"]), row["step_time"], row["vendor_step"],
            row["vendor_cycle"], row["current"], row["voltage"], row["charge_counter"], row["discharge_counter"],
            row["charge_energy_counter"], row["discharge_energy_counter"], 0.0, 0.02,
        ]
        for number, row in enumerate(stepped().iter_rows(named=True), start=1)
    ]  # fmt: skip


def workbook(path: Path, sheets: dict[str, list[list[Any]]], names: list[str] | None = None) -> None:
    """A workbook of MITS Pro with an information sheet, record sheets and statistics."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss"})
    info = book.add_worksheet("Global_Info")
    info.write_row(0, 3, ["TEST REPORT"])
    info.write_row(1, 2, ["Test Name", "a cell"])
    info.write_row(
        3, 0, ["Channel", "Start DateTime", "Schedule File Name", "MASS(g)", "Specific Capacity(Ah/g)", "BarCode"]
    )
    info.write_row(4, 0, ["7", "01/02/2026 03:04:05", "C20.sdu", 0.00125, 0.16, "LNMO-3"])
    for sheet, rows in sheets.items():
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, names or HEADER)
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, row)
    statistics = book.add_worksheet("Statistics_1-007")
    statistics.write_row(0, 0, HEADER)
    statistics.write_row(1, 0, cells()[-1])
    book.close()


def columns() -> dict[str, np.ndarray[Any, Any]]:
    """Columns of a database export, in Arbin's names and units."""
    frame = stepped()
    names = {
        "Test_Time": "test_time", "Step_Time": "step_time", "Step_Index": "vendor_step", "Cycle_Index": "vendor_cycle",
        "Current": "current", "Voltage": "voltage", "Charge_Capacity": "charge_counter",
        "Discharge_Capacity": "discharge_counter", "Charge_Energy": "charge_energy_counter",
        "Discharge_Energy": "discharge_energy_counter",
    }  # fmt: skip
    ticks = [
        int((START + timedelta(seconds=time) - datetime(1970, 1, 1)).total_seconds() * 1e7)
        for time in frame["test_time"]
    ]
    return {
        "Test_ID": np.full(frame.height, 153),
        "Data_Point": np.arange(1, frame.height + 1),
        "Date_Time": np.array(ticks),
    } | {name: frame[quantity].to_numpy() for name, quantity in names.items()}


def fielded(found: dict[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Columns as one array of named fields."""
    out = np.zeros(len(next(iter(found.values()))), dtype=[(name, values.dtype) for name, values in found.items()])
    for name, values in found.items():
        out[name] = values
    return out


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["Test/records"] = fielded(columns())


SAMPLES: dict[str, Sample] = {
    "arbin_h5": Sample("arbin.h5", _hdf5),
    "arbin_res": Sample("arbin.res", lambda path: write_database(path, database()) and None),
    "arbin_csv": Sample(
        "arbin_Channel_7_Wb_1.CSV", lambda path: arbin_csv.write(table(), path, {"start": START.isoformat()})
    ),
    "arbin_xlsx": Sample("arbin.xlsx", lambda path: workbook(path, {"Channel_1-007": cells()})),
}
