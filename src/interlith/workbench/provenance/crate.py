"""How does a study leave the house as one package that a stranger, and a program, can follow?

The package is an RO-Crate 1.1 after the profile Process Run Crate 0.5, with the same provenance as PROV-JSON beside it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interlith.errors import MissingDependency, StudyError
from interlith.model import FileRecord
from interlith.workbench.declaring.attached import SUFFIXES
from interlith.workbench.provenance.activities import Activity, activities
from interlith.workbench.provenance.explain import digest
from interlith.workbench.provenance.prov import prov_json
from interlith.workbench.provenance.recorded import read_provenance
from interlith.workbench.provenance.writing import STUDY_FILES

METADATA, PROV = "ro-crate-metadata.json", "prov.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
#: Earliest moment that a zip can hold: the same input gives the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_KINDS = {
    ".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".md": "text/markdown", ".pdf": "application/pdf",
    ".svg": "image/svg+xml", ".sqlite": "application/vnd.sqlite3", ".yaml": "application/yaml", ".txt": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the package: its name there, and where its bytes lie now."""

    name: str
    path: Path


def pack(
    study: Path, results: Path, target: Path, *, raw: bool = True, licence: str = "", salted: bool = False
) -> Path:
    """Write the package of a finished run: a folder, or a zip where `target` ends in ``.zip``.

    Parameters
    ----------
    study, results
        The study folder, and its results with ``catalogue.sqlite``.
    target
        What is written; an earlier package there is replaced, anything else is refused.
    raw
        Whether the raw files go in; otherwise they are listed by size and hash.
    licence
        Name or address of the licence that the user chose; empty leaves it out.
    salted
        Whether the hashes of raw files in the catalogue are salted ones.

    Returns
    -------
    pathlib.Path
        The package.

    Raises
    ------
    StudyError
        If there is no catalogue, a raw file is missing or has changed, or something else lies at `target`.
    MissingDependency
        If rocrate is not installed.
    """
    zipped = target.suffix.lower() == ".zip"
    _refuse_foreign(target, results)
    with read_provenance(results) as known:
        files = known.files()
        members = [
            *_study_members(study, known.study_files()),
            *_result_members(results),
            *(_raw_members(study, files) if raw else []),
        ]
        done = activities(known.records())
        document = _metadata(dict(known.run), members, files, done, raw=raw, licence=licence, salted=salted)
        prov = prov_json(dict(known.run), done, [item.name for item in members if item.name.startswith("results/")])
    texts = {METADATA: document, PROV: prov}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as place:
        draft = Path(place) / "package"
        if zipped:
            _write_zip(draft, members, texts)
        else:
            _write_folder(draft, members, texts)
            if target.exists():
                shutil.rmtree(target)
        os.replace(draft, target)
    return target


def _refuse_foreign(target: Path, results: Path) -> None:
    if target.resolve().is_relative_to(results.resolve()):
        raise StudyError(f"{target} lies within the results; name a place outside of {results}.")
    if target.suffix.lower() == ".zip":
        if target.is_dir():
            raise StudyError(f"{target} is a folder; name a file ending in .zip.")
        return
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / METADATA).is_file()):
        raise StudyError(f"{target} holds something else than an earlier package; name a new folder or a .zip file.")


def _study_members(study: Path, known: Iterable[str]) -> list[Member]:
    names = dict.fromkeys((*STUDY_FILES, "README.md", *known))
    return [Member(name, study / name) for name in names if (study / name).is_file()]


def _result_members(results: Path) -> list[Member]:
    found = sorted(path for path in results.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [Member(f"results/{path.relative_to(results).as_posix()}", path) for path in found]


def _raw_members(study: Path, files: Sequence[FileRecord]) -> list[Member]:
    """The raw files, each compared with what the run read."""
    found: dict[str, Member] = {}
    for one in files:
        path = study / one.path
        if not path.is_file():
            raise StudyError(f"{one.path} is not there; bring it back, or leave the raw files out (--no-raw).")
        if path.stat().st_size != one.size or digest(path, lambda _: None) != one.sha256:
            raise StudyError(
                f"{one.path} has changed since the run; run the study again, or leave the raw files out (--no-raw)."
            )
        found.setdefault(raw_name(one), Member(raw_name(one), path))
    return list(found.values())


def raw_name(file: FileRecord) -> str:
    """Name of a raw file in the package: as in the study, unless it lies outside of the study folder."""
    parts = Path(file.path).parts
    outside = ".." in parts or Path(file.path).is_absolute()
    return f"raw/{file.sha256[:12]}-{parts[-1]}" if outside else Path(file.path).as_posix()


def _metadata(
    run: dict[str, Any], members: Sequence[Member], files: Sequence[FileRecord], done: Sequence[Activity], *, raw: bool,
    licence: str, salted: bool,
) -> str:  # fmt: skip
    try:
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise MissingDependency(
            'A package needs rocrate, which is not installed; pip install "interlith[crate]".'
        ) from error
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)

    def add(identifier: str, words: dict[str, Any]) -> dict[str, str]:
        return {"@id": crate.add(ContextEntity(crate, identifier, properties=words)).id}

    root = crate.root_dataset
    root["name"] = f"{run['study']}{' (simulated data)' if run['simulated'] else ''}"
    root["description"] = (
        "A study of battery electrodes: its declarations, raw files, numbers with uncertainties, figures, report and the "
        f"provenance of every number, made by Interlith {run['interlith']}."
    )
    root["datePublished"] = run["created"] or "1970-01-01"
    root["conformsTo"] = [add(PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"})]
    if licence:
        root["license"] = _licence(add, licence)
    for member in members:
        words = {
            "contentSize": str(member.path.stat().st_size),
            "encodingFormat": _KINDS.get(Path(member.name).suffix, ""),
        }
        crate.add_file(
            str(member.path), member.name, properties={name: value for name, value in words.items() if value}
        )
    crate.add_file(
        io.StringIO(),
        PROV,
        properties={"name": "the same provenance as PROV-JSON", "encodingFormat": "application/json"},
    )
    software = _software(add, run, done)
    ids = {one.sha256: _raw_entity(crate, add, one, raw=raw, salted=salted) for one in files}
    mentioned = list(_actions(add, run, done, ids, software, [member.name for member in members]))
    root["mentions"] = mentioned
    return json.dumps(crate.metadata.generate(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _licence(add: Any, licence: str) -> Any:
    return add(licence, {"@type": "CreativeWork", "name": licence}) if licence.startswith("http") else licence


def _software(add: Any, run: dict[str, Any], done: Sequence[Activity]) -> dict[str, str]:
    libraries = dict(sorted({item for one in done for item in one.versions}))
    needs = [
        add(f"#library-{name}", {"@type": "SoftwareApplication", "name": name, "softwareVersion": text})
        for name, text in libraries.items()
    ]
    words = {"@type": "SoftwareApplication", "name": "Interlith", "softwareVersion": run["interlith"]}
    return dict(add("#interlith", words | ({"softwareRequirements": needs} if needs else {})))


def _raw_entity(crate: Any, add: Any, one: FileRecord, *, raw: bool, salted: bool) -> dict[str, str]:
    words = {"identifier": f"hmac-sha256:{one.sha256}"} if salted else {"sha256": one.sha256}
    if raw:
        found = crate.dereference(quote(raw_name(one)))
        if found is not None:
            found["sha256"] = one.sha256
            return {"@id": found.id}
    about = "not in this package, listed by its hash"
    size = {} if salted else {"contentSize": str(one.size)}
    return dict(
        add(f"#raw-{one.sha256[:16]}", {"@type": "File", "name": one.path, "description": about} | words | size)
    )


def _actions(
    add: Any, run: dict[str, Any], done: Sequence[Activity], raw: dict[str, dict[str, str]], software: dict[str, str],
    names: Sequence[str],
) -> Iterator[dict[str, str]]:  # fmt: skip
    made: dict[str, dict[str, str]] = {}
    for one in done:
        made[one.result] = add(
            f"#result-{one.result[:16]}", {"@type": "CreativeWork", "name": f"result of {one.label}"}
        )
    for one in done:
        inputs = [raw[sha] for sha in one.raw if sha in raw] + [made[key] for key in one.inputs if key in made]
        inputs += [
            add(f"#options-{one.result[:16]}-{number}", {"@type": "PropertyValue", "name": name, "value": value})
            for number, (name, value) in enumerate(one.options)
        ]
        words = {
            "@type": "CreateAction", "name": one.label, "instrument": software, "object": inputs,
            "result": [made[one.result]], "description": f"step key {one.result}; code {one.code}",
            "actionStatus": "http://schema.org/CompletedActionStatus" if one.fine else "http://schema.org/FailedActionStatus",
        }  # fmt: skip
        yield add(f"#step-{one.result[:16]}", words | ({"error": one.reason} if one.reason else {}))
    taken = {key for one in done for key in one.inputs}
    declared = [{"@id": quote(name)} for name in names if name in STUDY_FILES or name.endswith(SUFFIXES)]
    words = {
        "@type": "CreateAction", "name": "interlith run", "instrument": software,
        "object": [*declared, *(entity for key, entity in made.items() if key not in taken)],
        "result": [{"@id": quote(name)} for name in names if name.startswith("results/")],
        "description": "Results of all steps gathered, evidence, figures and report.",
    }  # fmt: skip
    yield add("#run", words | ({"endTime": run["created"]} if run["created"] else {}))


def _write_folder(draft: Path, members: Sequence[Member], texts: dict[str, str]) -> None:
    for member in members:
        path = draft / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(member.path, path)
    draft.mkdir(exist_ok=True)
    for name, text in texts.items():
        (draft / name).write_text(text, encoding="utf-8", newline="\n")


def _write_zip(draft: Path, members: Sequence[Member], texts: dict[str, str]) -> None:
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in texts.items():
            package.writestr(_entry(name), text.encode())
        for member in members:
            with member.path.open("rb") as source, package.open(_entry(member.name), "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def _entry(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, _ZIP_TIME)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made
