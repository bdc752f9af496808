"""Every shared file of impedance: read, flagged or refused, and what impedance.py and pyimpspec make of the same file.

Run ``python benchmarks/impedance_formats.py [FOLDER] [--peers PYTHON]``; the folder holds ``impedance/`` and ``realsets/`` and
defaults to ``INTERLITH_DATA`` or ``../shared/data``. `PYTHON` is an interpreter that has the peers installed (they pull in packages
of other versions than ours, so give them an environment of their own); each file is read there by the function of its own maker where
impedance.py has one, and by `parse_data` of pyimpspec, with what the ending says. Their numbers are compared point by point with ours.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.workbench.reading import read_file

REPOSITORY = Path(__file__).resolve().parents[1]
#: What a user declares, by the start of the file's name, after the refusal that asks for it.
DECLARED: dict[str, dict[str, Any]] = {
    "EISdata": {"cell": "all"},
    "madap": {"cell": "all"},
    "EIS_data": {"frequencies": {"from": "20 kHz", "to": "0.02 Hz", "points": 60}},
    "Z1s": {"frequencies": {"file": "freq_10a.txt"}},
    "Z2s": {"frequencies": {"file": "freq_10a.txt"}},
}
#: Function of impedance.py by a part of the file's name.
INSTRUMENTS = {
    "Gamry": "gamry", ".DTA": "gamry", "Autolab": "autolab", "Parstat": "parstat", ".z": "zplot", "Powersuite": "powersuite",
    "BioLogic.mpt": "biologic", "CHInstruments": "chinstruments", "PDAC": "gamry", "-25C.txt": "biologic",
}  # fmt: skip
#: Spectra are equal where no point differs by more than this share of its modulus.
EQUAL = 1e-6
PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from impedance import preprocessing
import impedance, pyimpspec
out = {}
for path, instrument in json.load(sys.stdin):
    row = {}
    for name in ("impedance.py", "pyimpspec"):
        began = time.process_time()
        try:
            if name == "impedance.py":
                f, z = preprocessing.readFile(path, instrument=instrument or None)
                sets = [(list(map(float, f)), [complex(one) for one in z])]
            else:
                sets = [(list(map(float, s.get_frequencies())), [complex(one) for one in s.get_impedances()]) for s in pyimpspec.parse_data(path)]
            row[name] = {"sets": [[f, [one.real for one in z], [one.imag for one in z]] for f, z in sets], "ms": 1e3 * (time.process_time() - began)}
        except BaseException as error:
            row[name] = {"error": f"{type(error).__name__}: {str(error)[:60]}"}
    out[path] = row
print("JSON" + json.dumps(out))
"""


@dataclass(frozen=True)
class Row:
    """What we make of one file."""

    path: Path
    format: str
    frame: pl.DataFrame | None
    said: str
    spent: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(default))
    parser.add_argument("--peers", default="", help="interpreter with impedance.py and pyimpspec")
    words = parser.parse_args()
    paths = [path for path in sorted((words.folder / "impedance").iterdir()) if path.is_file()]
    paths += sorted((words.folder / "realsets").glob("eis_*/*"))
    rows = [_read(path) for path in paths]
    peers = _peers(words.peers, paths) if words.peers else {}
    lines = ["| file | format | spectra | points | flags, or why refused | CPU (ms) | impedance.py | pyimpspec |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for row in rows:
        theirs = peers.get(str(row.path), {})
        cells = [row.path.name, row.format, *_size(row), row.said, f"{1e3 * row.spent:.0f}"]
        cells += [_beside(row, theirs.get(name)) for name in ("impedance.py", "pyimpspec")]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    sys.stdout.write("\n".join(lines) + "\n")
    read = sum(row.frame is not None for row in rows)
    sys.stdout.write(f"\n{len(rows)} files: {read} read, {len(rows) - read} refused.\n")


def _read(path: Path) -> Row:
    options = next((words for start, words in DECLARED.items() if path.name.startswith(start)), {})
    asked = ""
    if options:
        try:
            read_file(path)
            asked = "not asked for: "
        except ReadError:
            asked = "after the declaration it asked for: "
    began = time.process_time()
    try:
        found, reading = read_file(path, options=options)
    except ReadError as error:
        text = str(error).partition(": ")[2]
        return Row(path, "-", None, f"refused: {text[:90].rsplit(' ', 1)[0]} ...", time.process_time() - began)
    frame = reading.payload.frame.collect()  # type: ignore[union-attr]
    spent = time.process_time() - began
    if "frequency" not in frame.columns:
        return Row(path, found.name, None, "no spectrum: a test over time, read as cycling", spent)
    codes = ", ".join(f"{flag.code}{'' if flag.severity == 'note' else '!'}" for flag in reading.flags)
    return Row(path, found.name, frame, asked + (codes or "none"), spent)


def _size(row: Row) -> tuple[str, str]:
    if row.frame is None:
        return "-", "-"
    return str(row.frame["vendor_cycle"].n_unique()), str(row.frame.height)


def _peers(python: str, paths: list[Path]) -> dict[str, Any]:
    wanted = [
        (str(path), next((word for part, word in INSTRUMENTS.items() if part in path.name), "")) for path in paths
    ]
    done = subprocess.run([python, "-c", PEER], input=json.dumps(wanted), capture_output=True, text=True, check=False)
    text = done.stdout.partition("JSON")[2]
    if not text:
        raise SystemExit(f"{python} has not both peers: {done.stderr[-300:]}")
    found: dict[str, Any] = json.loads(text)
    return found


def _beside(row: Row, theirs: dict[str, Any] | None) -> str:
    """What a peer made of the file, beside ours."""
    if theirs is None:
        return "not run"
    if "error" in theirs:
        return f"cannot ({theirs['error'].partition(':')[0]})"
    count = sum(len(one[0]) for one in theirs["sets"])
    if row.frame is None:
        return f"takes it for {len(theirs['sets'])} spectra of {count} points"
    ours = _sorted(row.frame["frequency"], row.frame["impedance_real"], row.frame["impedance_imaginary"])
    their = _sorted(*(np.concatenate([np.array(one[at]) for one in theirs["sets"]]) for at in range(3)))
    if ours.shape != their.shape:
        return f"{len(theirs['sets'])} spectra, {count} points: {_why(ours, their)}"
    off = np.abs(ours[:, 1] + 1j * ours[:, 2] - their[:, 1] - 1j * their[:, 2]) / np.abs(ours[:, 1] + 1j * ours[:, 2])
    if off.max() < EQUAL:
        return "equal"
    conjugate = np.abs(ours[:, 1] + 1j * ours[:, 2] - their[:, 1] + 1j * their[:, 2]) / np.abs(
        ours[:, 1] + 1j * ours[:, 2]
    )
    if conjugate.max() < EQUAL:
        return "the conjugate: the sign of the imaginary part is turned"
    return f"differs by up to {off.max():.2g}"


def _why(ours: np.ndarray[Any, Any], their: np.ndarray[Any, Any]) -> str:
    if len(their) > len(ours) and (their[:, 0] <= 0).any():
        return "rows without a sine among them"
    if len(their) < len(ours):
        return f"{len(ours) - len(their)} points are missing"
    return f"{len(their) - len(ours)} points too many"


def _sorted(*columns: Any) -> np.ndarray[Any, Any]:
    made = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    return made[np.lexsort((made[:, 2], made[:, 1], made[:, 0]))]


if __name__ == "__main__":
    main()
