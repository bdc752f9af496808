"""Samples of the tables that NREL and the Battery Archive publish."""

from __future__ import annotations

from pathlib import Path

from tests.formats.samples.common import ROWS, Sample, table

NREL = (
    "Cycle_Index,Step,Time_s,Amphr,Watthr,Current_A,Voltage_V,Cell_Temperature_C,Datenum_d,Charge_Capacity_Ah,"
    "Discharge_Capacity_Ah,Frequency_Hz,Z_Imag_Ohm,Z_Mag_Ohm,Z_Phase_Degree,Z_Real_Ohm,Cycle_Label,Segment_Label"
)
#: Frequency (Hz), real and imaginary part (ohm) and phase (degree) of the sweep in the sample.
SWEEP = [(1e4, 0.2, 0.05, 14.0), (10.0, 0.4, -0.1, -14.0), (0.01, 1.2, -0.7, -30.0)]
ARCHIVE = (
    "Date_Time,Test_Time (s),Cycle_Index,Current (A),Voltage (V),Charge_Capacity (Ah),Discharge_Capacity (Ah),"
    "Charge_Energy (Wh),Discharge_Energy (Wh),Environment_Temperature (C),Cell_Temperature (C)"
)


def nrel_lines(sweep_after: int = ROWS // 3) -> list[str]:
    """Records of the common table with a sweep between two of them, whose own voltage has the other sign."""
    lines = []
    for number, row in enumerate(table().iter_rows(named=True)):
        if number == sweep_after:
            lines += [
                f"1,301,{row['test_time']:.3f},NaN,NaN,0,-3.7,25,737792.5,0,0,{f:g},{im:g},{abs(complex(re, im)):g},{phase:g},{re:g},EIS,"
                for f, re, im, phase in SWEEP
            ]
        charge = row["charge_counter"] + row["discharge_counter"]
        lines.append(
            f"{row['vendor_cycle']},{row['vendor_step']},{row['test_time']:.3f},{charge:.9f},{charge * 3.8:.9f},"
            f"{row['current']:.6f},{row['voltage']:.6f},25.5,737792.5,{row['charge_counter']:.9f},"
            f"{row['discharge_counter']:.9f},NaN,NaN,NaN,NaN,NaN,,"
        )
    return lines


def _nrel(path: Path) -> None:
    path.write_text("\n".join([NREL, *nrel_lines()]) + "\n", encoding="utf-8")


def _archive(path: Path) -> None:
    rows = [
        f"2026-01-02 03:04:05.000000,{row['test_time']:.3f},{row['vendor_cycle']},{row['current']:.6f},"
        f"{row['voltage']:.4f},{row['charge_counter']:.9f},{row['discharge_counter']:.9f},"
        f"{row['charge_energy_counter']:.9f},{row['discharge_energy_counter']:.9f},24.9,25.3"
        for row in table().iter_rows(named=True)
    ]
    path.write_text("\n".join([ARCHIVE, *rows]) + "\n", encoding="utf-8")


SAMPLES: dict[str, Sample] = {
    "nrel_csv": Sample("q.csv", _nrel),
    "battery_archive": Sample("r.csv", _archive),
}
