"""Which words and habits does Maccor have, in its raw text and in the exports of MIMS?

Maccor works in A, V, Ah and Wh, and names them (``Amps``, ``Volts``, ``Amp-hr``, ``Watt-hr``) where it prints no unit. The
state is a letter: C charge, D discharge, R rest, P pause, S suspended, O off. Older software prints the current without sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from interlith.errors import UnitError
from interlith.layouts.column_names import split
from interlith.layouts.date_order import read_date
from interlith.units import inside

_INPUTS = range(1, 17)
VOCABULARY = {
    **dict.fromkeys(("test", "testtime"), "test_time"),
    "steptime": "step_time",
    **dict.fromkeys(("cyc", "cyclec", "cyclep", "cycle"), "vendor_cycle"),
    "step": "vendor_step",
    "rec": "vendor_record",
    **dict.fromkeys(("amphr", "mamphr", "cap", "capacity"), "capacity_counter"),
    **dict.fromkeys(("watthr", "mwatthr", "ener", "energy"), "energy_counter"),
    **dict.fromkeys(("amps", "mamps", "current"), "current"),
    **dict.fromkeys(("volts", "voltage"), "voltage"),
    **dict.fromkeys(("state", "md", "mode"), "vendor_step_type"),
    "dpttime": "wall_clock",
    **dict.fromkeys(("temp", "temperature", "temperaturecell", "temperaturechamber", "evtemp"), "temperature"),
    **{f"temp{place}": "temperature" for place in _INPUTS},
}
#: What the numbers are in where a header prints no unit; Maccor's words name the same.
UNITS = {
    "current": "A",
    "voltage": "V",
    "capacity_counter": "Ah",
    "energy_counter": "Wh",
    "temperature": "C",
}
#: Units that stand in front of the word instead of behind it.
_MILLI = {"mamps": "Amps (mA)", "mamphr": "Amp-hr (mAh)", "mwatthr": "Watt-hr (mWh)"}
#: A number under ``Volts`` beyond this, in a table of milliamperes, is in millivolts.
MOST_VOLTS = 50.0
#: Words that only Maccor has beside its record number.
_OWN = frozenset(
    {"amphr", "mamphr", "watthr", "mwatthr", "es", "md", "cyclec", "cyclep", "cyc", "dpttime", "acimp", "dcir"}
)
#: Temperatures of the surroundings, which are read where the cell's own is not printed.
_CHAMBERS = frozenset({"evtemp", "temperaturechamber"})
_LABEL = re.compile(
    r"(?P<label>Today's Date|Date of Test|Comment/Barcode|Comment|Barcode|Filename|Procedure|Description|Tester Channel|Channel"
    r"|Test Name|Characteristic Mass|Active Mass|Mass|SCap)\s*[:,]?[\t ,]*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\.\d{3}$")
_PLAIN = re.compile(r"[-+]?\d+(?:\.\d*)?$")


def confidence(names: Sequence[str], begins: bool) -> float:
    """Confidence that a header is Maccor's; `begins` says whether the file begins with the words that Maccor prints first."""
    stems = {split(name).stem for name in names}
    quantities = {VOCABULARY.get(stem) for stem in stems}
    if not {"current", "voltage", "test_time"} <= quantities:
        return 0.0
    if begins:
        return 0.97
    if "rec" in stems and "dpttime" in stems:
        return 0.95 if any(name.strip().casefold() in ("dpt time", "dpttime") for name in names) else 0.6
    return 0.9 if len(stems & _OWN) >= 3 else 0.0


def _names_cell_temperature(stems: Sequence[str]) -> bool:
    return any(VOCABULARY.get(stem) == "temperature" and stem not in _CHAMBERS for stem in stems)


def plain_names(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Names under which the vocabulary finds each column once: the step's time apart from its number, auxiliary inputs by unit.

    Parameters
    ----------
    names
        Header.
    rows
        First rows, from which the units of auxiliary inputs are taken: ``Aux #1`` is followed by ``Units``.
    """
    millivolts = says_volts_means_millivolts(names, rows)
    stems = [split(name).stem for name in names]
    out = list(names)
    for place, (name, stem) in enumerate(zip(names, stems, strict=True)):
        if stem == "step" and split(name).unit is not None:
            out[place] = f"StepTime ({split(name).unit})"
        elif stem in _MILLI:
            out[place] = _MILLI[stem]
        elif stem == "volts" and millivolts:
            out[place] = "Volts (mV)"
        elif stem == "cyclep" and "cyclec" in stems:
            out[place] = "procedure cycle"
        elif stem in _CHAMBERS and _names_cell_temperature(stems):
            out[place] = "chamber"
        elif stem.startswith("aux") and place + 1 < len(names) and stems[place + 1] == "units":
            units = {row[place + 1].strip() for row in rows if len(row) > place + 1}
            out[place] = "Temperature (C)" if units == {"C"} else name
    return tuple(out)


def says_volts_means_millivolts(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table in milliamperes goes on in millivolts under ``Volts``: its numbers are beyond what a cell can have."""
    stems = [split(name).stem for name in names]
    if "mamps" not in stems or "volts" not in stems or split(names[stems.index("volts")]).unit is not None:
        return False
    texts = (row[stems.index("volts")].strip() for row in rows if len(row) > stems.index("volts"))
    plain = (text.replace(",", "" if "." in text else ".") for text in texts)
    return any(abs(float(text)) > MOST_VOLTS for text in plain if _PLAIN.match(text))


def preamble(lines: Sequence[str]) -> dict[str, str]:
    """What stands before the table, by Maccor's labels."""
    found: dict[str, str] = {}
    for line in lines:
        text = line.strip().strip("\ufeff")
        labels = [
            match
            for match in _LABEL.finditer(text)
            if match.start() == 0 or (text[match.start() - 1] in "\t ," and ":" in match[0])
        ]
        for match, following in zip(labels, [*labels[1:], None][: len(labels)], strict=True):
            value = text[match.end() : following.start() if following else len(text)].strip("\t ,;")
            if value:
                found.setdefault(match["label"], value)
    return found


def test_of(header: Mapping[str, str], start: datetime | None) -> dict[str, str]:
    """Identity of the test: the file name without its run number is the same in all parts of a restarted test."""
    found: dict[str, str] = {}
    if name := re.split(r"[\\/]", header.get("Filename", ""))[-1].strip():
        found["test_id"] = _SUFFIX.sub("", name)
    if channel := header.get("Tester Channel") or header.get("Channel"):
        found["channel"] = channel
    if barcode := header.get("Comment/Barcode") or header.get("Barcode"):
        found["barcode"] = barcode
    if start is not None:
        found["start"] = start.isoformat(timespec="seconds")
    return found


def proposals(header: Mapping[str, str]) -> dict[str, str]:
    """Active mass, if the header prints one with its unit."""
    for label in ("Active Mass", "Characteristic Mass", "Mass"):
        if text := header.get(label):
            try:
                if inside(text, "active_mass") > 0:
                    return {"active_mass": text}
            except UnitError:
                continue
    return {}


def spelled_date(header: Mapping[str, str]) -> datetime | None:
    """The date of the test, where its order is not in doubt."""
    return read_date(header.get("Date of Test", ""))
