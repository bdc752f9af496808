"""How does a person hand a finished study to others, with or without its names?"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

from interlith.errors import StudyError
from interlith.model import StudyOutcome
from interlith.reporting.write import write_report
from interlith.workbench.provenance.anonymise import anonymised, seal
from interlith.workbench.provenance.crate import pack
from interlith.workbench.provenance.naming_anew import Names
from interlith.workbench.provenance.origin import places
from interlith.workbench.provenance.writing import write_provenance

#: Random bytes of a salt.
SALT_BYTES = 32
_README = """# An anonymised study

Names of specimens, variants, batches, files and people were replaced by neutral ones, consistently in every table,
figure and page. Dates, notes, reasons written by people, processing steps, compositions, vendor metadata and audits of
claims were taken out. Hashes of raw files are salted with a secret of the authors, and file sizes are rounded. The raw
files are not included. The numbers are those of the study.
"""


def export(
    study: StudyOutcome | str | Path,
    target: str | Path,
    *,
    raw: bool = True,
    anonymise: bool = False,
    license: str = "",  # noqa: A002
    key: str | Path | None = None,
) -> Path:
    """Write a finished study as one RO-Crate with its provenance: a folder, or a file ending in ``.zip``.

    Parameters
    ----------
    study
        The study folder with its results; for an anonymised package also what `interlith.run` returned.
    target
        What is written. An earlier package there is replaced, anything else is refused.
    raw
        Whether the raw files go in; otherwise they are listed by their hashes. An anonymised package never holds them.
    anonymise
        Replace every name by a neutral one, consistently everywhere, and salt the hashes.
    license
        Licence that you choose for the package: an address or words. Without one nobody else may use it.
    key
        Where the salt and the meaning of the neutral names are kept; by default beside `target`, ending in
        ``.key.json``. One that exists is used again. It must never go with the package.

    Returns
    -------
    pathlib.Path
        The package.

    Raises
    ------
    StudyError
        If there are no results, a raw file is missing or has changed, or something else lies at `target`.
    MissingDependency
        If rocrate is not installed.

    Notes
    -----
    The numbers of an anonymised package are those of the study. The assumption that fails first: that nobody else holds
    the same numbers beside the names.
    """
    goal = Path(target)
    if not anonymise:
        if isinstance(study, StudyOutcome):
            with tempfile.TemporaryDirectory() as place:
                results = Path(place) / "results"
                write_report(study, results)
                write_provenance(study, results)
                return pack(study.study.folder, results, goal, raw=raw, licence=license)
        folder, results = places(study)
        return pack(folder, results, goal, raw=raw, licence=license)
    outcome = study if isinstance(study, StudyOutcome) else _outcome(Path(study))
    if key is not None and Path(key).resolve().is_relative_to(goal.resolve()):
        raise StudyError(
            f"{key} would lie within the package that it must never go with; name a place outside of {goal}."
        )
    place_of_key = goal.with_name(f"{goal.name}.key.json") if key is None else Path(key)
    return _anonymous(outcome, goal, place_of_key, license)


def _outcome(folder: Path) -> StudyOutcome:
    from interlith.workbench.running.run import run

    return run(folder)


def _anonymous(outcome: StudyOutcome, goal: Path, key: Path, licence: str) -> Path:
    salt = _known_salt(key) or secrets.token_bytes(SALT_BYTES)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        made, names = anonymised(outcome, salt, folder=folder)
        # The key is kept before the package exists: a package whose key was lost cannot be made again.
        _keep(names, key)
        write_report(made, folder / "results")
        write_provenance(replace(made, study=replace(made.study, folder=folder)), folder / "results")
        (folder / "README.md").write_text(_README, encoding="utf-8", newline="\n")
        return pack(folder, folder / "results", goal, raw=False, licence=licence, salted=True)


def _known_salt(key: Path) -> bytes | None:
    if not key.is_file():
        return None
    try:
        return bytes.fromhex(json.loads(key.read_text(encoding="utf-8"))["salt"])
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(f"{key} is no key of an anonymised package; name another file.") from error


def _keep(names: Names, key: Path) -> None:
    words = {
        "what": "Secret of an anonymised Interlith package: keep it, never pass it on.", "salt": names.salt.hex(),
        "seal": seal(names), "samples": names.samples, "variants": names.variants, "batches": names.batches,
        "replicates": names.replicates, "files": names.files, "people": names.people,
    }  # fmt: skip
    key.parent.mkdir(parents=True, exist_ok=True)
    draft = key.with_name(f".{key.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(words, indent=2, ensure_ascii=False) + "\n")
    draft.replace(key)
