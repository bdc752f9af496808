"""Which quantity does a BioLogic column hold, by its name in a text export or by its number in a .mpr?

The numbers and widths are facts about the files; names are those that EC-Lab and BT-Lab print. A number that is not known
here has no known width, so that nothing behind it in a record could be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from interlith.errors import ReadError, nearest

#: Numbers whose bits share one byte of the record: name and mask.
FLAGS: dict[int, tuple[str, int]] = {
    1: ("mode", 0x03),
    2: ("ox/red", 0x04),
    3: ("error", 0x08),
    21: ("control changes", 0x10),
    31: ("Ns changes", 0x20),
    65: ("counter inc.", 0x80),
}

Entry = tuple[str, str]


def _single(*rows: tuple[int, str]) -> dict[int, Entry]:
    return {number: (name, "<f4") for number, name in rows}


def _double(*rows: tuple[int, str]) -> dict[int, Entry]:
    return {number: (name, "<f8") for number, name in rows}


def _series(first: int, name: str, *, start: int = 1, count: int = 30) -> dict[int, Entry]:
    return {first + index: (name.format(start + index), "<f4") for index in range(count)}


#: Number of a column -> its printed name and the type it is stored in.
COLUMNS: dict[int, Entry] = {
    **_series(241, "|E{}|/V"), **_series(271, "Phase(Z{})/deg"), **_series(301, "|Z{}|/Ohm"),
    **_series(331, "Re(Z{})/Ohm"), **_series(361, "-Im(Z{})/Ohm"), **_series(391, "<E{}>/V"),
    **_double((4, "time/s"), (7, "dq/mA.h"), (11, "<I>/mA"), (13, "(Q-Qo)/mA.h"), (23, "dQ/mA.h"), (24, "cycle number"),
              (74, "|Energy|/W.h"), (123, "Energy charge/W.h"), (124, "Energy discharge/W.h"),
              (125, "Capacitance charge/µF"), (126, "Capacitance discharge/µF"), (438, "step time/s"),
              (467, "Q charge/discharge/mA.h"), (878, "Energy ce/W.h"), (880, "Energy we/W.h"),
              (883, "Energy ce charge/W.h"), (884, "Energy ce discharge/W.h"), (891, "Energy we charge/W.h"),
              (892, "Energy we discharge/W.h")),
    **_single((5, "control/V/mA"), (6, "Ewe/V"), (8, "I/mA"), (9, "Ece/V"), (16, "Analog IN 1/V"),
              (17, "Analog IN 2/V"), (18, "Analog IN 3/V"), (19, "control/V"), (20, "control/mA"), (26, "Rapp/Ohm"),
              (27, "Ewe-Ece/V"), (32, "freq/Hz"), (33, "|Ewe|/V"), (34, "|I|/A"), (35, "Phase(Z)/deg"),
              (36, "|Z|/Ohm"), (37, "Re(Z)/Ohm"), (38, "-Im(Z)/Ohm"), (69, "R/Ohm"), (70, "P/W"),
              (75, "Analog OUT/V"), (76, "<I>/mA"), (77, "<Ewe>/V"), (78, "Cs-2/µF-2"), (96, "|Ece|/V"),
              (98, "Phase(Zce)/deg"), (99, "|Zce|/Ohm"), (100, "Re(Zce)/Ohm"), (101, "-Im(Zce)/Ohm"),
              (163, "|Estack|/V"), (168, "Rcmp/Ohm"), (169, "Cs/µF"), (172, "Cp/µF"), (173, "Cp-2/µF-2"),
              (174, "<Ewe>/V"), (422, "Phase(Zstack)/deg"), (423, "|Zstack|/Ohm"), (424, "Re(Zstack)/Ohm"),
              (425, "-Im(Zstack)/Ohm"), (426, "<Estack>/V"), (430, "Phase(Zwe-ce)/deg"), (431, "|Zwe-ce|/Ohm"),
              (432, "Re(Zwe-ce)/Ohm"), (433, "-Im(Zwe-ce)/Ohm"), (434, "(Q-Qo)/C"), (435, "dQ/C"), (441, "<Ecv>/V"),
              (462, "Temperature/°C"), (471, "<Ece>/V"), (473, "THD Ewe/%"), (474, "THD I/%"), (475, "THD Ece/%"),
              (476, "NSD Ewe/%"), (477, "NSD I/%"), (478, "NSD Ece/%"), (479, "NSR Ewe/%"), (480, "NSR I/%"),
              (481, "NSR Ece/%"), (504, "Rac/Ohm"), (505, "Rdc/Ohm")),
    **_series(486, "|Ewe h{}|/V", start=2, count=6), **_series(492, "|I h{}|/A", start=2, count=6),
    39: ("I Range", "<u2"), 131: ("Ns", "<u2"), 468: ("half cycle", "<u4"), 469: ("z cycle", "<u4"),
    509: ("Acir/Dcir Control", "|u1"),
}  # fmt: skip
#: BT-Lab and EC-Lab gave these numbers to different columns, of different width.
BT_LAB: dict[int, Entry] = _double(
    (498, "Q charge/mA.h"), (499, "Q discharge/mA.h"), (500, "step time/s"), (501, "Efficiency/%"), (502, "Capacity/mA.h")
)  # fmt: skip
EC_LAB: dict[int, Entry] = _series(498, "|Ece h{}|/V", start=2, count=6)
#: Numbers of one byte (old files) are cut from larger ones where they mean nothing by themselves.
ONE_BYTE: dict[int, Entry] = {
    **{number & 0xFF: entry for number, entry in {**COLUMNS, **BT_LAB}.items() if 430 <= number < 511},
    **{number: entry for number, entry in COLUMNS.items() if number < 241},
}

#: Technique numbers (first byte of the settings) and the short names that EC-Lab puts into file names.
TECHNIQUES: dict[int, str] = {
    4: "GCPL", 6: "CV", 11: "OCV", 22: "MP", 24: "CA", 25: "CP", 28: "WAIT", 29: "PEIS", 30: "GEIS", 48: "CV", 50: "ZIR",
    51: "CVA", 108: "LSV", 117: "CoV", 118: "CoC", 119: "GCPL", 127: "MB", 136: "BCD",
}  # fmt: skip
IMPEDANCE = frozenset({"PEIS", "GEIS", "ZIR"})
VOLTAMMETRY = frozenset({"CV", "CVA", "LSV"})

#: What stands before the unit in a printed name -> what it is called from there on.
KEYS: dict[str, str] = {
    "time": "time",
    "Ewe": "ewe", "<Ewe>": "ewe_mean", "<Ewe": "ewe_mean", "Ecell": "ecell", "<Ecell>": "ecell_mean", "Ece": "ece",
    "<Ece>": "ece_mean", "Ewe-Ece": "ewe_ece", "<Ewe-Ece>": "ewe_ece",
    "I": "current", "<I>": "current_mean",
    "dq": "dq", "(Q-Qo)": "charge", "Q charge/discharge": "half_charge", "Q charge": "charge_up",
    "Q discharge": "charge_down",
    "|Energy|": "energy", "Energy charge": "energy_up", "Energy discharge": "energy_down",
    "Energy we charge": "energy_up", "Energy we discharge": "energy_down",
    "Temperature": "temperature",
    "mode": "mode", "error": "error", "Ns": "sequence", "half cycle": "half", "cycle number": "cycle",
    "z cycle": "z_cycle",
    "freq": "frequency", "Re(Z)": "real", "-Im(Z)": "minus_imaginary", "Im(Z)": "imaginary", "|Z|": "modulus",
    "Phase(Z)": "phase",
}  # fmt: skip
COUNTS = frozenset({"mode", "error", "sequence", "half", "cycle", "z_cycle"})
_DIMENSIONS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "ms": 1e-3},
    "voltage": {"V": 1.0, "mV": 1e-3, "V>": 1.0},
    "current": {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9},
    "charge": {"A.h": 1.0, "mA.h": 1e-3, "uA.h": 1e-6, "C": 1 / 3600, "mC": 1e-3 / 3600},
    "energy": {"W.h": 1.0, "mW.h": 1e-3, "uW.h": 1e-6, "J": 1 / 3600},
    "temperature": {"°C": 1.0, "C": 1.0, "degC": 1.0},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "mHz": 1e-3},
    "resistance": {"Ohm": 1.0, "kOhm": 1e3, "mOhm": 1e-3},
    "angle": {"deg": 1.0},
}
_KINDS: dict[str, str] = {
    "time": "time",
    **dict.fromkeys(("ewe", "ewe_mean", "ecell", "ecell_mean", "ece", "ece_mean", "ewe_ece"), "voltage"),
    **dict.fromkeys(("current", "current_mean"), "current"),
    **dict.fromkeys(("dq", "charge", "half_charge", "charge_up", "charge_down"), "charge"),
    **dict.fromkeys(("energy", "energy_up", "energy_down"), "energy"),
    "temperature": "temperature",
    "frequency": "frequency",
    **dict.fromkeys(("real", "minus_imaginary", "imaginary", "modulus"), "resistance"),
    "phase": "angle",
}
#: What the tester was set to: a current (mA) in the records that are galvanostatic.
_CONTROL = ("control/mA", "control/V/mA")
#: Printed names of the voltages that a user may declare.
VOLTAGES = {
    "Ewe/V": "ewe",
    "<Ewe>/V": "ewe_mean",
    "Ecell/V": "ecell",
    "<Ecell>/V": "ecell_mean",
    "Ewe-Ece/V": "ewe_ece",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a printed name means: its key and the factor into inside units (1 for counts)."""

    key: str
    factor: float


def meaning(name: str, *, where: str) -> Meaning | None:
    """What a printed name such as ``(Q-Qo)/mA.h`` means; `None` if it is not needed.

    Raises
    ------
    ReadError
        If a needed quantity is in a unit that is not known.
    """
    plain = name.strip().replace("µ", "u").replace("μ", "u").replace("\ufffdC", "°C")
    if plain in KEYS:
        return Meaning(KEYS[plain], 1.0) if KEYS[plain] in COUNTS else None
    if plain in _CONTROL:
        return Meaning("control", 1e-3)
    stem, slash, unit = (part.strip() for part in plain.rpartition("/"))
    key = KEYS.get(stem)
    if not slash or key is None or key in COUNTS:
        return None
    units = _DIMENSIONS[_KINDS[key]]
    if unit not in units:
        raise ReadError(
            f"{where}: the column '{name}' is in '{unit}', which is no unit of {_KINDS[key]} here; {nearest(unit, units)}. "
            "Export it in one of these."
        )
    # Coulombs are stored in single precision only, and printed with its digits.
    return Meaning("charge_coarse" if (key, unit) == ("charge", "C") else key, units[unit])
