"""Sample of a Digatron export with a line of units, in the layout of Battery Manager."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.formats.samples.common import Sample, table

HEADER = "Time Stamp,Step,Status,Prog Time,Step Time,Cycle,Cycle Level,Procedure,Voltage,Current,AhAccu,WhAccu,"
UNITS = ",,,,,,,,[V],[A],[Ah],[Wh],"
_WORDS = {"Rest": "PAU", "CC Chg": "CHA", "CC DChg": "DCH"}
_COUNTERS = (
    ("charge_counter", "charge", 1.0),
    ("discharge_counter", "charge", -1.0),
    ("charge_energy_counter", "energy", 1.0),
    ("discharge_energy_counter", "energy", -1.0),
)
_START = datetime(2026, 1, 20, 13, 4, 5)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{round(seconds % 1 * 1000):03d}"


def rows() -> list[str]:
    """Records of the common table; charge and energy as a balance."""
    lines, began, step = [], 0.0, None
    balance, before = {"charge": 0.0, "energy": 0.0}, {name: 0.0 for name, _, _ in _COUNTERS}
    for row in table().iter_rows(named=True):
        if row["vendor_step"] != step:
            step, began = row["vendor_step"], row["test_time"]
        for name, what, sign in _COUNTERS:
            # The counters of the table begin anew in each step.
            balance[what] += sign * (row[name] - before[name] if row[name] >= before[name] else row[name])
            before[name] = row[name]
        moment = (_START + timedelta(seconds=row["test_time"])).strftime("%m/%d/%Y %I:%M:%S %p")
        lines.append(
            f"{moment},{step},{_WORDS[row['vendor_step_type']]},{_clock(row['test_time'])},{_clock(row['test_time'] - began)},"
            f"{row['vendor_cycle']},0,made,{row['voltage']:.5f},{row['current']:.5f},{balance['charge']:.9f},{balance['energy']:.9f},"
        )
    return lines


def write(path: Path) -> None:
    """Write the sample."""
    lines = ["Measurement ID,7", "Battery Name,own made", HEADER, UNITS, *rows()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


SAMPLES: dict[str, Sample] = {"digatron": Sample("p.csv", write)}
