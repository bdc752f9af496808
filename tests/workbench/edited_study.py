"""A study folder that is edited at random, as people edit theirs, and what a run of it says in full."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import StudyError
from interlith.model import Result, StudyOutcome
from interlith.workbench.running.run import run

from .folders import HEADER, rows, write_cell

COLUMNS = HEADER.strip().split(",")
STUDY: dict[str, Any] = {
    "study": "two variants",
    "reference": "bare",
    "replication": {"unit": "cell"},
    "primary": {"capacity_retention": {"cycle": 3, "at_least": "+5 %"}},
    "samples": {"bare": {"composition": "LiNi0.5Mn1.5O4"}, "coated": {"parent": "bare"}},
    "cells": {"kind": "half_cathode", "one_C": "140 mA/g", "area": "1.131 cm^2", "active_mass_uncertainty": "2 %"},
    "analyses": {"cycling": {}},
}
CELLS = {
    "active_mass": ["", "7.1 mg", "7.3 mg", "7.1 +- 0.2 mg", "0.0071 g", "7.10 mg"],
    "active_mass_source": ["", "balance", "header, unconfirmed"],
    "area": ["", "1.2 cm^2", "1.131 cm^2"],
    "electrolyte": ["", "LP30", "LP57"],
    "cycle": ["", "3"],
    "voltage": ["", "4.1 V"],
    "temperature": ["", "26 degC", "26.0 degC", "45 degC"],
    "note": ["", "leaked", "opened late"],
    "batch": ["b1", "b2", ""],
    "replicate": ["1", "2", "3", ""],
    "sample": ["bare", "coated"],
    "technique": ["cycling", "impedance"],
}
WORDS: dict[str, dict[str, list[Any]]] = {
    "": {
        "study": ["two variants", "another title"],
        "reference": ["bare", "coated", None],
        "replication": [
            {"unit": "cell"}, {"unit": "electrode"}, {"unit": "cell", "group": "batch"},
            {"unit": "cell", "spread": {"capacity_retention": {"relative": "2 %", "source": "ten cells of 2024"}}},
        ],
        "primary": [
            None, {"capacity_retention": {"cycle": 3, "at_least": "+5 %"}}, {"capacity_retention": {"cycle": 2, "at_least": "+5 %"}},
            {"discharge_capacity": {"cycle": 2, "at_least": "+1 %"}}, {"coulombic_efficiency": {"cycle": 2, "at_least": "+0.1 %"}},
        ],
        "simulated": [True, False],
        "external": [[], ["external.csv"], ["external.csv", "missing.csv"]],
    },
    "cells": {
        "kind": ["half_cathode", "half_anode", "full", None],
        "one_C": ["140 mA/g", "150 mA/g", None],
        "one_C_uncertainty": [None, "1 %"],
        "area": ["1.131 cm^2", None, "1.2 cm^2"],
        "area_uncertainty": [None, "1 %"],
        "active_mass": [None, "7 mg"],
        "active_mass_uncertainty": [None, "2 %", "3 %"],
        "loading": [None, "6 mg/cm^2"],
        "loading_uncertainty": [None, "4 %"],
        "current_accuracy": [None, "0.1 %"],
        "voltage_accuracy": [None, "1 mV"],
    },
    "analyses": {
        "reference_cycle": [None, 1, 2, 3, 2.0, "2", 9],
        "exclude_rate": [None, "C/10", "1C"],
        "normalise": [None, "active_mass", "area", "none", "volume"],
        "fade_window": [None, [1, 3], [2, 3], [1, 2]],
        "rate_blocks": [None, [{"cycles": "1-2", "rate": "C/10"}], [{"cycles": "1-2", "rate": "C/10"}, {"cycles": "3-3", "rate": "1C"}]],
        "plateau": [None, {"split": "3.5 V"}, {"split": "3.5 V", "split_std": "0.02 V"}, {}],
        "dqdv": [None, "off", {"resolution": "5 mV"}, {"cycles": [1, 2]}],
        "titration": [None, {"particle_radius": "5 +- 1 um"}],
        "decimal": [None, ".", ","],
        "time_scale": [None, 1.0, 3600],
    },
}  # fmt: skip
#: Decisions about a whole technique: field and values.
FOR_ALL: list[tuple[str, list[Any]]] = [
    ("reference_cycle", [1, 2, 3, "2"]), ("split_voltage", ["3.5 V", "3.6 V"]), ("resolution", ["5 mV", "20 mV"]),
]  # fmt: skip
REASONS = ["seen in the plot", "told by the operator", "checked against the log"]
EXTERNAL = "# software: {software}\nsample,quantity,value,unit,std,cycle,raw\nbare_1,porosity,{value},%,1,,{raw}\n"
CLAIMS = "source: a paper\nvalues:\n  a: {{value: {value} nm, statement: a length}}\n  b: {{value: 2.0 nm, statement: another}}\nclaims:\n  - claim: a = 2 * b\n    expect: holds\n"


@cache
def raw_files() -> tuple[bytes, ...]:
    """Contents of raw files: cells that fade at different rates, one cut short, one longer, one without end."""
    import tempfile

    made = []
    with tempfile.TemporaryDirectory() as folder:
        for k, (cycles, fade) in enumerate(
            [(3, 0.05), (3, 0.01), (3, 0.051), (3, 0.012), (3, 0.2), (2, 0.05), (4, 0.03)]
        ):
            made.append(write_cell(Path(folder) / f"{k}.csv", rows(cycles, fade=fade)).read_bytes())
        whole = rows(4, fade=0.04)
        half = whole.height // 2
        for name, part in (("a", whole.head(half)), ("b", whole.tail(whole.height - half))):
            made.append(write_cell(Path(folder) / f"{name}.csv", part).read_bytes())
        odd = whole.with_columns(pl.when(pl.int_range(pl.len()) == 200).then(9.0).otherwise("voltage").alias("voltage"))
        made.append(write_cell(Path(folder) / "odd.csv", odd).read_bytes())
    return tuple(made)


class Edited:
    """A folder, what its files say, and the edits that it has seen.

    Parameters
    ----------
    folder
        Where it lies.
    random
        What decides which edits.
    """

    def __init__(self, folder: Path, random: random.Random) -> None:
        self.folder, self.random = folder, random
        self.study: dict[str, Any] = json.loads(json.dumps(STUDY))
        self.rows: list[dict[str, str]] = []
        self.decisions: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.seen: list[tuple[str, str]] = []
        self.outcome: StudyOutcome | None = None
        self.told: list[str] = []
        for number, (variant, replicate) in enumerate([("bare", 1), ("bare", 2), ("coated", 1), ("coated", 2)]):
            self._add(variant, replicate, raw_files()[number], "" if number == 3 else "7.1 mg")
        self.write()

    def _add(self, variant: str, replicate: int, raw: bytes, mass: str) -> None:
        name = f"cells/{variant}_{replicate}.csv"
        self.files[name] = raw
        row = dict.fromkeys(COLUMNS, "")
        row |= {"include": "yes", "file": name, "technique": "cycling", "sample": variant, "batch": "b1",
                "replicate": str(replicate), "active_mass": mass, "active_mass_source": "balance" if mass else "",
                "temperature": "26 degC"}  # fmt: skip
        self.rows.append(row)

    def write(self) -> None:
        """Bring the folder to what its files shall say; what is as it shall be is not touched."""
        self.folder.mkdir(parents=True, exist_ok=True)
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        wanted = {
            "measurements.csv": table.getvalue().encode(),
            "study.yaml": json.dumps(self.study, indent=1).encode(),
            **self.files,
        }
        if self.decisions:
            wanted["decisions.yaml"] = json.dumps(self.decisions, indent=1).encode()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.relative_to(self.folder).as_posix() not in wanted:
                path.unlink()
        for name, raw in wanted.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != raw:
                times = path.stat() if path.is_file() else None
                path.write_bytes(raw)
                if times is not None and self.random.random() < 0.3:
                    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def state(self) -> str:
        """All of it, as text."""
        files = {name: hashlib.sha256(raw).hexdigest() for name, raw in self.files.items()}
        return json.dumps([self.study, self.rows, self.decisions, files], sort_keys=True)

    def edit(self) -> str:
        """Change one thing, or a few at once."""
        self.seen.append(self._snapshot())
        edits: list[Callable[[], str]] = [
            self._cell, self._cell, self._include, self._rows, self._raw, self._raw, self._word, self._word, self._word,
            self._decide, self._decide, self._decision, self._outside, self._undo,
        ]  # fmt: skip
        said = "; ".join(self.random.choice(edits)() for _ in range(self.random.choice([1, 1, 1, 2, 3])))
        self.told.append(said)
        self.write()
        return said

    def _snapshot(self) -> tuple[str, str]:
        files = {name: raw.decode("latin-1") for name, raw in self.files.items()}
        return json.dumps([self.study, self.rows, self.decisions]), json.dumps(files)

    def _undo(self) -> str:
        number = self.random.randrange(len(self.seen))
        words, files = self.seen[number]
        self.study, self.rows, self.decisions = json.loads(words)
        self.files = {name: text.encode("latin-1") for name, text in json.loads(files).items()}
        return f"back to state {number}"

    def _cell(self) -> str:
        if not self.rows:
            return "nothing"
        row, column = self.random.choice(self.rows), self.random.choice(list(CELLS))
        row[column] = self.random.choice(CELLS[column])
        return f"{row['file']}: {column} = {row[column]!r}"

    def _include(self) -> str:
        if not self.rows:
            return "nothing"
        row = self.random.choice(self.rows)
        row["include"] = "no" if row["include"] == "yes" else "yes"
        row["note"] = row["note"] or "leaked"
        return f"{row['file']}: include {row['include']}"

    def _rows(self) -> str:
        what = self.random.choice(["shuffle", "remove", "add", "copy", "part"])
        if what == "shuffle":
            self.random.shuffle(self.rows)
        elif what == "remove" and len(self.rows) > 2:
            self.rows.remove(self.random.choice(self.rows))
        elif what == "add":
            number = self.random.choice([3, 4, 5])
            variant = self.random.choice(["bare", "coated"])
            if f"cells/{variant}_{number}.csv" not in self.files:
                self._add(variant, number, self.random.choice(raw_files()), self.random.choice(["7.1 mg", ""]))
        elif what == "copy" and self.rows:
            row = dict(self.random.choice(self.rows))
            name = row["file"].replace(".csv", "_copy.csv")
            if name not in self.files and row["file"] in self.files:
                self.files[name] = self.files[row["file"]]
                self.rows.insert(self.random.randrange(len(self.rows) + 1), row | {"file": name})
        elif what == "part" and self.rows:
            row = self.random.choice(self.rows)
            name = row["file"].replace(".csv", "_part2.csv")
            if name not in self.files and row["file"] in self.files:
                self.files[row["file"]], self.files[name] = raw_files()[7], raw_files()[8]
                self.rows.append(dict(row, file=name))
                if self.random.random() < 0.5:
                    self.rows.reverse()
        return f"rows: {what}"

    def _raw(self) -> str:
        what = self.random.choice(
            ["rename", "swap", "replace", "cut", "digit", "remove", "empty", "garbage", "unlisted", "line"]
        )
        names = [row["file"] for row in self.rows if row["file"] in self.files]
        if len(names) < 2:
            return "nothing"
        one, two = self.random.sample(names, 2)
        raw = self.files[one]
        if what == "rename":
            new = f"cells/moved_{self.random.randrange(3)}.csv"
            if new not in self.files:
                self.files[new] = self.files.pop(one)
                for row in self.rows:
                    row["file"] = new if row["file"] == one else row["file"]
        elif what == "swap":
            self.files[one], self.files[two] = self.files[two], self.files[one]
        elif what == "replace":
            self.files[one] = self.random.choice(raw_files())
        elif what == "cut":
            self.files[one] = raw[: self.random.randrange(len(raw))]
        elif what == "digit":
            places = [k for k, byte in enumerate(raw) if chr(byte).isdigit()]
            place = self.random.choice(places) if places else 0
            self.files[one] = raw[:place] + str(self.random.randrange(10)).encode() + raw[place + 1 :]
        elif what == "remove":
            del self.files[one]
        elif what == "empty":
            self.files[one] = b""
        elif what == "garbage":
            self.files[one] = b"a,b\n1,2\n" + bytes(self.random.randrange(256) for _ in range(40))
        elif what == "unlisted":
            self.files["cells/unlisted.csv"] = self.random.choice(raw_files())
        else:
            lines = raw.splitlines(keepends=True)
            del lines[self.random.randrange(len(lines)) :][:1]
            self.files[one] = b"".join(lines)
        return f"{one}: {what}"

    def _word(self) -> str:
        block = self.random.choice(["", "cells", "analyses", "analyses"])
        word = self.random.choice(list(WORDS[block]))
        value = self.random.choice(WORDS[block][word])
        place = (
            self.study if not block else self.study["cells"] if block == "cells" else self.study["analyses"]["cycling"]
        )
        if value is None and self.random.random() < 0.8:
            place.pop(word, None)
        else:
            place[word] = value
        return f"{block} {word} = {value!r}"

    def _decide(self) -> str:
        names = [name for name, raw in self.files.items() if name.startswith("cells/") and raw]
        kind = self.random.choice(["all", "choice", "choice", "file", "include"])
        choices = (
            []
            if self.outcome is None
            else [one for one in self.outcome.choices if "#sha256:" in one.target and one.runner_up]
        )
        if kind == "choice" and choices:
            one = self.random.choice(choices)
            entry = {"target": one.target, "field": one.field, "value": one.runner_up}
        elif kind == "all" or not names:
            field, values = self.random.choice(FOR_ALL)
            entry = {"target": "cycling", "field": field, "value": self.random.choice(values)}
        else:
            name = self.random.choice(names)
            target = f"{name}#sha256:{hashlib.sha256(self.files[name]).hexdigest()[:12]}"
            part, field, value = self.random.choice([
                ("/half_cycle/2", "step_type", "pause"), ("/half_cycle/3", "step_type", "charge"), ("/step/2", "step_type", "rest"),
                ("/half_cycle/2", "cycle_join", "joined"), ("/step/1", "charge_method", "integral"), ("/retention", "reference_cycle", 2),
                ("/fade", "reference_cycle", 2), ("/plateau_share", "split_voltage", "3.4 V"), ("/part/0", "part_order", "declared order"),
                ("/rate_table", "blocks", "1-2"), ("/half_cycle/99", "step_type", "pause"),
            ])  # fmt: skip
            if kind == "include":
                part, field, value = "", "include", self.random.choice(["yes", "no"])
            entry = {"target": target + part, "field": field, "value": value}
        same = [old for old in self.decisions if (old["target"], old["field"]) == (entry["target"], entry["field"])]
        for old in same:
            self.decisions.remove(old)
        self.decisions.append(entry | {"reason": self.random.choice(REASONS), "who": self.random.choice(["XY", "ZW"])})
        return f"decide {entry}"

    def _decision(self) -> str:
        """Change one that stands there."""
        if not self.decisions:
            return self._decide()
        one = self.random.choice(self.decisions)
        what = self.random.choice(["reason", "who", "remove", "order", "path"])
        if what == "reason":
            one["reason"] = self.random.choice(REASONS)
        elif what == "who":
            one["who"] = self.random.choice(["XY", "ZW", ""])
        elif what == "remove":
            self.decisions.remove(one)
        elif what == "order":
            self.random.shuffle(self.decisions)
        else:
            one["target"] = one["target"].replace("cells/", "elsewhere/")
        return f"decision {what}: {one['target']} {one['field']}"

    def _outside(self) -> str:
        if self.random.random() < 0.5:
            name = self.random.choice([*self.files, "cells/bare_1.csv"])
            text = EXTERNAL.format(
                software=self.random.choice(["A 1", "B 2"]), value=self.random.choice([30, 31]), raw=name
            )
            self.files["external.csv"] = text.encode()
            self.study["external"] = ["external.csv"]
            return "external table"
        self.files["claims.yaml"] = CLAIMS.format(value=self.random.choice(["4.0", "5.0"])).encode()
        return "claims"


def said(
    folder: Path, store: Path | None = None, execute: Any = "inline"
) -> tuple[dict[str, Any], StudyOutcome | None]:
    """All that a run says, in a form that can be compared; times and what was in the store are left out."""
    try:
        outcome = run(folder, store=store, execute=execute)
    except StudyError as error:
        return {"error": str(error)}, None
    return in_full(outcome), outcome


def in_full(outcome: StudyOutcome) -> dict[str, Any]:
    """Every number and word of an outcome."""
    study = outcome.study
    return {
        "observables": outcome.observables,
        **{f"result {number} {one.name}": _result(one) for number, one in enumerate(outcome.results)},
        "choices": list(map(repr, outcome.choices)),
        "findings": list(map(repr, outcome.findings)),
        "figures": [repr(figure) for figure in outcome.figures],
        "failures": list(outcome.failures),
        "unread": list(map(repr, study.unread)),
        "gaps": list(map(repr, study.gaps)),
        "measurements": [_measurement(item) for item in study.measurements],
        "excluded": [(_measurement(item), reason) for item, reason in study.excluded],
        "records": [repr(replace(record, seconds=0.0, cached=False)) for record in outcome.records],
    }


def _measurement(item: Any) -> str:
    return repr(replace(item, payload=None))


def _result(result: Result) -> dict[str, Any]:
    return {
        "table": result.table,
        "quality": result.quality,
        "how": asdict(result.how),
        "flags": {name: list(map(repr, flags)) for name, flags in result.flags.items()},
        **{f"data {name}": result.data[name] for name in result.data},
    }


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two things that runs said differ; empty if nowhere."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [f"{place}: {sorted(one.keys() ^ other.keys())} on one side only"] if one.keys() != other.keys() else []
        return found + [
            line
            for name in one.keys() & other.keys()
            for line in differences(one[name], other[name], f"{place}/{name}")
        ]
    if isinstance(one, pl.DataFrame) and isinstance(other, pl.DataFrame):
        if one.schema == other.schema and one.equals(other, null_equal=True):
            return []
        if one.schema != other.schema or one.height != other.height:
            return [f"{place}: {one.shape} and {other.shape}, {one.schema} and {other.schema}"]
        columns = [name for name in one.columns if not one[name].equals(other[name], null_equal=True)]
        return [
            f"{place}, column {name}: {one[name].to_list()[:6]} and {other[name].to_list()[:6]}" for name in columns
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line for k, (a, b) in enumerate(zip(one, other, strict=True)) for line in differences(a, b, f"{place}[{k}]")
        ]
    return [] if one == other or (one != one and other != other) else [f"{place}:\n  {one}\n  {other}"]


def empty(store: Path) -> Path:
    """A store without anything in it."""
    shutil.rmtree(store, ignore_errors=True)
    return store
