"""Which columns of an unknown table are probably time, current and voltage, so that a mapping can be proposed?

Proposals are shown to a person and never used by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlith.layouts.column_names import split

_LIKELY = {
    "test_time": ("testtime", "totaltime", "time", "times", "runtime", "elapsedtime", "t", "zeit", "test"),
    "current": ("current", "i", "amps", "cur", "strom", "courant", "currenta", "icell"),
    "voltage": (
        "voltage",
        "volts",
        "u",
        "v",
        "e",
        "ewe",
        "<ewe>",
        "ecell",
        "potential",
        "spannung",
        "tension",
        "vol",
        "voltagev",
    ),
    "vendor_cycle": ("cycle", "cycleindex", "cyclenumber", "cyc", "cyclec"),
    "vendor_step": ("step", "stepindex", "stepnumber", "ns"),
    "vendor_step_type": ("steptype", "state", "status", "mode"),
    "charge_counter": ("chargecapacity", "qcharge", "chgcap"),
    "discharge_counter": ("dischargecapacity", "qdischarge", "dchgcap"),
    "capacity_counter": ("capacity", "cap", "amphr", "qdisc"),
}
NEEDED = ("test_time", "current", "voltage")


def propose(names: Sequence[str]) -> dict[str, str]:
    """Quantity -> column name, for the columns whose name is a usual one; the most usual name wins."""
    found: dict[str, str] = {}
    parts = [(split(name).stem, name) for name in names]
    for quantity, usual in _LIKELY.items():
        for word in usual:
            name = next((name for stem, name in parts if stem == word and name not in found.values()), None)
            if name is not None:
                found[quantity] = name
                break
    return found


def without_unit(proposal: dict[str, str]) -> dict[str, str]:
    """Usual units for the proposed columns whose names carry none; the person must check them."""
    usual = {"test_time": "s", "current": "A", "voltage": "V"} | dict.fromkeys(
        ("charge_counter", "discharge_counter", "capacity_counter"), "Ah"
    )
    return {name: unit for name, unit in usual.items() if name in proposal and split(proposal[name]).unit is None}
