"""What does a Neware workbook (.xls of old BTS, .xlsx of BTS8/BTSDA) hold?

Old exports have the sheets Info, Cycle, Statis and Detail with names such as ``CapaCity(mAh)``, ``Cur(mA)`` and a time that
begins anew in every step; new ones have ``record``, ``step``, ``cycle``, ``test``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from interlith.layouts import neware_words, sheets
from interlith.layouts.text_table import names_cycling
from interlith.model import Flag, Format, Reading, Table

_MASS = re.compile(r"(\d+(?:\.\d+)?)\s*(mg|g|ug|µg)\b")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words in a workbook: bracketed names of voltage and current, and Neware's record column."""
    if not sheets.is_workbook(head, path):
        return 0.0
    text = sheets.words(path, head).casefold().replace(" ", "")
    volts = any(word in text for word in ("voltage(v)", "voltage(mv)", "vol(v)", "电压(v)"))
    amps = any(word in text for word in ("current(", "cur(", "电流("))
    own = any(word in text for word in ("datapoint", "recordid", "recordindex", "h:min:s.ms", "数据序号"))
    steps = any(word in text for word in ("steptype", "stepindex", "jumpto", "stepid", "工步"))
    return 0.95 if volts and amps and own and steps else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the record sheets of a Neware workbook.

    Raises
    ------
    ReadError
        If the workbook is damaged or holds no record table.
    """
    del options
    table = sheets.read_sheets(
        path, neware_words.VOCABULARY, lambda row: names_cycling(row, neware_words.VOCABULARY), title="Neware"
    )
    header = _header(table.other)
    mass = neware_words.mass(table.names, table.rows) or _mass_in_words(header)
    return Reading(
        payload=Table(table.frame, tuple(table.frame.collect_schema().names())),
        metadata=header | {"columns": table.names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in table.remarks),
        proposals={"active_mass": mass} if mass else {},
        test=_test(header),
    )


def _header(other: Mapping[str, tuple[sheets.Row, ...]]) -> dict[str, str]:
    """Names and values of the information sheet: a row of several names followed by a row of values, or pairs."""
    rows = next((rows for name, rows in other.items() if name.casefold() in ("info", "test", "testinfo")), ())
    found: dict[str, str] = {}
    texts = [[_text(cell) for cell in row] for row in rows]
    for row, below in zip(texts, [*texts[1:], []], strict=False):
        filled = [cell for cell in row if cell]
        if len(filled) >= 4 and len([cell for cell in below if cell]) >= 3:
            found |= {name: value for name, value in zip(row, below, strict=False) if name and value}
            break
        if len(filled) == 2:
            found[filled[0].rstrip(":")] = filled[1]
    return found


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _mass_in_words(header: Mapping[str, str]) -> str | None:
    """A mass written into the remark, such as ``1.04497215 mg active``; only where the remark holds just one."""
    found = _MASS.findall(header.get("Remark", "") + " " + header.get("Remarks", ""))
    return f"{found[0][0]} {found[0][1]}" if len(found) == 1 else None


def _test(header: Mapping[str, str]) -> dict[str, str]:
    channel = "-".join(header[name] for name in ("Equipment", "Unit", "Channel") if name in header)
    barcode = header.get("Battery of Number(P/N)") or header.get("Barcode") or header.get("P/N") or ""
    start = header.get("Start time") or header.get("Start Time") or ""
    found = {"channel": channel, "barcode": barcode, "start": start.replace(" ", "T", 1)}
    return {name: text for name, text in found.items() if text}


FORMAT = Format(
    name="neware_xlsx",
    title="Neware workbook (.xls, .xlsx)",
    patterns=("*.xls", "*.xlsx"),
    sniff=sniff,
    read=read,
    source="public exports (jepegit/cellpy, MIT) and public readers of BTSDA workbooks",
    versions_seen=("old BTS .xls (Detail sheet)", "BTS8 .xlsx (record sheet)"),
    reads="the record sheets of old and new workbooks",
    limits="workbooks of cycles and steps only",
)
