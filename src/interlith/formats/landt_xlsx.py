"""What does a LAND/LANDT workbook hold? Its sheet ``Record-Tab`` (or several, when long) holds the records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.layouts import landt_words, sheets
from interlith.layouts.column_names import stems
from interlith.layouts.text_table import names_cycling
from interlith.model import Flag, Format, Reading, Table

_TIMES = ("testtime/", ">testtime<", "test-time", "测试时间")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words in a workbook: slashed names of time, voltage and current."""
    if not sheets.is_workbook(head, path):
        return 0.0
    text = sheets.words(path, head).casefold()
    names = any(word in text for word in _TIMES) and any(word in text for word in ("voltage/v", "电压/v"))
    if not names or not any(word in text for word in ("current/", "电流/")):
        return 0.0
    return 0.95 if "record" in text or "stepstatus" in text or "记录" in text else 0.7


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the record sheets of a LAND/LANDT workbook.

    Raises
    ------
    ReadError
        If the workbook is damaged or holds no record table.
    """
    del options
    table = sheets.read_sheets(
        path, landt_words.VOCABULARY, lambda row: names_cycling(row, landt_words.VOCABULARY), title="LANDT"
    )

    def samples(position: int) -> list[str]:
        return [row[position] for row in table.rows if position < len(row)]

    frame, dropped = landt_words.without_dead_sensor(table.frame, table.understood, samples)
    remarks = [*table.remarks, *landt_words.resolution_remarks(table.understood, samples), *dropped]
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": table.names, "sheets": tuple(table.other), "own": sorted(stems(table.names))},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=landt_words.proposals(table.names, table.rows),
        test=landt_words.test_of(table.understood, samples),
    )


FORMAT = Format(
    name="landt_xlsx",
    title="LAND/LANDT workbook (.xlsx, .xls)",
    patterns=("*.xlsx", "*.xls"),
    sniff=sniff,
    read=read,
    source="public readers of LANDT and LANHE workbooks (sheet Record-Tab, names such as TestTime/Sec and Current/mA)",
    versions_seen=("LANDT Record-Tab",),
    reads="the record sheets, one behind the other",
    limits="workbooks without a record sheet",
)
