"""What does an Arbin workbook (.xlsx, .xls of MITS Pro or Data Watcher) hold?

One channel a workbook: a sheet ``Info`` or ``Global_Info``, then ``Channel_1-008`` with the records; where a sheet is full the
next goes on (``Channel_1-008_1``, ``Channel_1-008_2`` ...). Sheets ``Statistics_...`` have one row a cycle and are no records.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import arbin_checks, arbin_words, number_dates, sheets
from interlith.layouts.column_names import split, stems
from interlith.layouts.dates import iso
from interlith.layouts.lazy_text import Remark
from interlith.layouts.text_table import names_cycling
from interlith.model import Flag, Format, Reading, Table

_CHANNEL = re.compile(r"Channel[ _-]?(?P<channel>\d+(?:-\d+)?)(?:_(?P<part>\d+))?", re.IGNORECASE)
_WORDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"test[ _]time ?[(<]", r"current ?[(<]", r"voltage ?[(<]", r"(step|cycle)[ _]index\b")
)
_SURE = re.compile(r"\bdata[ _]point\b|\bchannel_\d|\bglobal_info\b", re.IGNORECASE)
#: Words of other makers' workbooks beside the same names.
_OTHERS = re.compile(r"h:min:s\.ms|step[ _]?type|record[ _]?tab|status", re.IGNORECASE)
#: A clock that falls back by more than this (s) from one sheet to the next did not go on.
_BACK = 1.0


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words in a workbook: Arbin's names of time, current, voltage and step or cycle."""
    if not sheets.is_workbook(head, path):
        return 0.0
    text = sheets.words(path, head)
    if not all(pattern.search(text) for pattern in _WORDS):
        return 0.0
    sure = _SURE.search(text) is not None
    return 0.97 if sure and not _OTHERS.search(text) else 0.9 if sure else 0.6


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the record sheets of the one channel in an Arbin workbook.

    Raises
    ------
    ReadError
        If the workbook is damaged, holds no record table, several channels, or unprinted units that contradict the counters.
    """
    del options
    chosen: list[str] = []

    def select(names: Sequence[str]) -> list[str]:
        chosen.extend(_record_sheets(path, names))
        return chosen

    table = sheets.read_sheets(
        path,
        arbin_words.VOCABULARY,
        lambda row: names_cycling(row, arbin_words.VOCABULARY) and arbin_words.confidence(row) > 0,
        title="Arbin",
        select=select,
        units=arbin_words.UNITS,
    )
    _refuse_strangers(path, [name for name in chosen if name not in table.other])
    frame = table.frame.collect()
    remarks = [*table.remarks, *arbin_words.several_temperatures(table.names), *_units(table, frame, path)]
    remarks += _going_on(frame, path)
    frame, signs = arbin_checks.signed(frame)
    lazy, dead = arbin_words.without_dead_sensor(
        frame.lazy(), table.understood, lambda place: [row[place] for row in table.rows if place < len(row)]
    )
    header = _header(table.other)
    proposals, doubts = arbin_words.proposals(
        *(arbin_words.named(header, *names) for names in (("MASS(g)", "MASS"), _PER_GRAM, ("Capacity(Ah)", "Capacity")))
    )
    remarks += [*_numbered(table), *signs, *dead, *doubts]
    return Reading(
        payload=Table(lazy, tuple(lazy.collect_schema().names())),
        metadata=header | {"columns": table.names, "sheets": tuple(table.other)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=proposals,
        test=_test(header),
    )


_PER_GRAM = ("Specific Capacity(Ah/g)", "Specific Capacity", "Specific_Capacity")


def _record_sheets(path: Path, names: Sequence[str]) -> list[str]:
    """The sheets of the one channel, by the number of their part; without such names all that are no statistics.

    Raises
    ------
    ReadError
        If there are several channels.
    """
    found = [(match, name) for name in names if (match := _CHANNEL.fullmatch(name.strip()))]
    if not found:
        return [name for name in names if "statistic" not in name.casefold()]
    channels = dict.fromkeys(match["channel"] for match, _ in found)
    if len(channels) > 1:
        raise ReadError(
            f"{path}: the workbook holds the channels {', '.join(channels)}, which are never mixed; export each channel to a "
            "workbook of its own."
        )
    return [name for _, name in sorted(found, key=lambda item: int(item[0]["part"] or 0))]


def _units(table: sheets.SheetTable, frame: pl.DataFrame, path: Path) -> list[Remark]:
    """What the counters say of units that are not printed; a header that prints only some of them is refused."""
    if not arbin_words.without_units(table.understood):
        return []
    if len(arbin_words.units_of(table.names)) < len(arbin_words.UNITS):
        raise ReadError(f"{path}: some columns have units and the current has none; export it with units.")
    return [arbin_checks.judge_units(arbin_checks.frame_ratio(frame), str(path))]


def _refuse_strangers(path: Path, used: Sequence[str]) -> None:
    """Refuse several record sheets whose names do not say that one goes on where the other ends."""
    if len(used) > 1 and not all(_CHANNEL.fullmatch(name.strip()) for name in used):
        raise ReadError(
            f"{path}: the sheets {', '.join(used)} all hold records, and their names do not say how they follow each other; "
            "save each test as a workbook of its own."
        )


def _going_on(frame: pl.DataFrame, path: Path) -> list[Remark]:
    """A remark where the device time falls back, as it does where sheets of several tests stand one after the other."""
    back = frame.get_column("test_time").drop_nulls().diff() < -_BACK
    if not back.any():
        return []
    row = int(back.arg_max() or 0)
    text = f"The test time falls back at record {row + 1}: another test or a resumed one begins there."
    return [Remark("time_falls_back", text, f"{path.name}, record {row + 1}")]


def _numbered(table: sheets.SheetTable) -> list[Remark]:
    """A remark where the numbers of the records looked at do not rise one by one."""
    place = next((spot for spot, name in enumerate(table.names) if split(name).stem == "datapoint"), None)
    if place is None:
        return []
    numbers = [int(row[place]) for row in table.rows[:2000] if place < len(row) and row[place].isdigit()]
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    if any(step == 0 for step in steps):
        return [Remark("repeated_records", "Numbers of records stand twice in the rows looked at.")]
    if any(step > 1 for step in steps):
        return [
            Remark("records_missing", f"{sum(step - 1 for step in steps if step > 1)} records are missing by number.")
        ]
    return []


def _header(other: Mapping[str, tuple[sheets.Row, ...]]) -> dict[str, str]:
    """Names and values of the information sheet: a row of names that begins with Channel, and the row of values below."""
    rows = next((rows for name, rows in other.items() if "info" in name.casefold()), ())
    texts = [[_text(cell) for cell in row] for row in rows]
    for row, below in itertools.pairwise(texts):
        if {"channel", "startdatetime"} <= stems(row):
            return {name: value for name, value in zip(row, below, strict=False) if name and value} | _title(texts)
    return {}


def _title(texts: Sequence[Sequence[str]]) -> dict[str, str]:
    """The name of the test, which stands beside its label above the table."""
    for row in texts:
        filled = [cell for cell in row if cell]
        for label, value in itertools.pairwise(filled):
            if label.rstrip(":").strip().casefold() == "test name":
                return {"Test Name": value}
    return {}


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _test(header: Mapping[str, str]) -> dict[str, str]:
    start = arbin_words.named(header, "Start DateTime", "Start_DateTime")
    try:
        day = number_dates.from_days(pl.Series([float(start)]))[0]
        start = day.isoformat(timespec="seconds") if day is not None else ""
    except ValueError:
        start = iso(start)
    found = {
        "channel": arbin_words.named(header, "Channel"),
        "test_id": arbin_words.named(header, "Test Name"),
        "start": start,
        "barcode": arbin_words.named(header, "BarCode", "Item ID", "Item_ID"),
    }
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="arbin_xlsx",
    title="Arbin workbook (.xlsx, .xls)",
    patterns=("*.xlsx", "*.xls"),
    sniff=sniff,
    read=read,
    source="descriptions of public workbooks (CALCE data sets, public readers of MITS Pro exports)",
    versions_seen=("MITS Pro (Channel_1-008, Test_Time(s))", "MITS Pro 8 (Channel_1_1, Test Time (s))"),
    reads="the channel sheets of one channel, in order of their parts",
    limits="several channels in one workbook; sheets of unknown order; statistics",
)
