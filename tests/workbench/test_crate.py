"""Is the package complete and the same each time, does it ask no network, and does an anonymised one hold no name?"""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.model import (
    Choice,
    Figure,
    Finding,
    Flag,
    Gap,
    Line,
    Measurement,
    Result,
    Sample,
    Source,
    StepRecord,
    Study,
    StudyOutcome,
    Unread,
)
from interlith.workbench.provenance.activities import activities
from interlith.workbench.provenance.anonymise import anonymised, rounded
from interlith.workbench.provenance.crate import METADATA, PROFILE, PROV
from interlith.workbench.provenance.recorded import read_provenance
from tests.workbench.recorded_study import finished


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("packed")


@pytest.fixture(scope="module")
def outcome(place, tmp_path_factory):
    return finished(place, tmp_path_factory.mktemp("store_of_it"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _graph(package: Path) -> dict[str, dict]:
    document = json.loads((package / METADATA).read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_the_package_holds_everything_and_says_how_it_was_made(outcome, place, tmp_path: Path) -> None:
    package = il.export(place, tmp_path / "package", license="https://creativecommons.org/licenses/by/4.0/")
    graph = _graph(package)
    parts = [entity["@id"] for entity in graph["./"]["hasPart"]]
    lying = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    assert set(parts) == lying - {METADATA}
    assert {"study.yaml", "measurements.csv", "results/observables.parquet", "results/catalogue.sqlite"} <= set(parts)
    assert graph["./"]["conformsTo"] == [{"@id": PROFILE}]
    assert graph["./"]["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    actions = [entity for entity in graph.values() if entity["@type"] == "CreateAction"]
    assert len(actions) == len(outcome.records) + 1
    for action in actions:
        assert graph[action["instrument"]["@id"]]["softwareVersion"] == il.__version__
        for entity in (*action["object"], *action["result"]):
            assert entity["@id"] in graph
    for item in outcome.study.measurements:
        assert graph[item.source.path]["sha256"] == item.source.sha256
        assert (package / item.source.path).read_bytes() == (place / item.source.path).read_bytes()
    assert il.explain(outcome.observables["id"][0], package, verify=True).files[0].state == "same"


def test_prov_says_the_same_as_the_crate(outcome, place, tmp_path: Path) -> None:
    package = il.export(place, tmp_path / "package", raw=False)
    document = json.loads((package / PROV).read_text(encoding="utf-8"))
    assert len(document["activity"]) == len(outcome.records) + 1
    for relation, names in (
        ("used", ("activity", "entity")), ("wasGeneratedBy", ("activity", "entity")),
        ("wasDerivedFrom", ("activity", "entity")), ("wasAssociatedWith", ("activity", "agent")),
    ):  # fmt: skip
        for one in document[relation].values():
            assert one["prov:activity"] in document["activity"]
            assert all(
                one[name] in document[names[1]]
                for name in one
                if name.endswith(("ntity", "agent")) and name != "prov:activity"
            )
    record = next(one for one in outcome.records if one.step == "retention")
    sources = {
        one["prov:usedEntity"]
        for one in document["wasDerivedFrom"].values()
        if one["prov:generatedEntity"] == f"il:result/{record.key}"
    }
    assert sources == {f"il:result/{key}" for keys in record.inputs.values() for key in keys}


def test_the_same_input_gives_the_same_bytes(place, outcome, tmp_path: Path) -> None:
    packages = [il.export(place, tmp_path / f"{number}.zip", raw=False).read_bytes() for number in range(2)]
    assert packages[0] == packages[1]
    with zipfile.ZipFile(io.BytesIO(packages[0])) as package:
        assert package.testzip() is None
        raw = outcome.study.measurements[0].source
        assert raw.path not in package.namelist()
        assert raw.sha256 in package.read(METADATA).decode()


def test_what_would_be_lost_or_wrong_is_refused(place, outcome, tmp_path: Path) -> None:
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.tex").write_text("x")
    with pytest.raises(StudyError, match="something else"):
        il.export(place, other)
    assert (other / "chapter.tex").exists()
    with pytest.raises(StudyError, match="within the results"):
        il.export(place, place / "results" / "package.zip")
    copy = tmp_path / "copy"
    shutil.copytree(place, copy)
    path = copy / outcome.study.measurements[0].source.path
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(StudyError, match="has changed since the run"):
        il.export(copy, tmp_path / "package")
    assert not (tmp_path / "package").exists()
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []
    il.export(copy, tmp_path / "package", raw=False)
    path.unlink()
    with pytest.raises(StudyError, match="is not there"):
        il.export(copy, tmp_path / "package")
    il.export(copy, tmp_path / "package", raw=False)


def test_a_large_study_is_told_by_specimen(outcome) -> None:
    single, grouped = activities(outcome.records), activities(outcome.records, most=3)
    assert len(single) == len(outcome.records)
    assert {one.label.rpartition(" of ")[2] for one in grouped} == {item.name for item in outcome.study.samples}
    assert {sha for one in grouped for sha in one.raw} == {item.source.sha256 for item in outcome.study.measurements}


PERSON, COMMENT, BARCODE = "Käthe Müller-Lüdenscheidt", "for the Osaka project", "8827-XK-401"


def _telling(outcome: StudyOutcome) -> StudyOutcome:
    """The outcome with everything in it that a person or an instrument may have written."""
    study = outcome.study
    first, *rest = study.measurements
    metadata = {"Operator": PERSON, "remark": COMMENT, "head": {"Barcode": BARCODE, "Channel": 4}}
    flag = Flag("odd", f"{PERSON} stopped channel 4 on 2024-04-30 14:05 in {first.source.path}", f"{BARCODE}, row 3")
    first = replace(first, original_metadata=metadata, flags=(flag,))
    noted = replace(study.samples[0], note=COMMENT)
    short = first.source.sha256[:12]
    target = f"{first.source.path}#sha256:{short}/half_cycle/7"
    choice = Choice(
        target, "step_type", "pause", "charge", 0.2, ("discharge_capacity",), f"{PERSON} saw it", who=PERSON
    )
    decision = {"target": target, "field": "step_type", "value": "pause", "was": "charge", "reason": COMMENT, "who": PERSON,
                "date": "2024-05-01"}  # fmt: skip
    sample, variant = study.samples[0].name, study.samples[0].variant
    finding = Finding(
        "ratio", f"{variant} beats all, says {sample}.", "undecided", "capacity_retention", 1.0, 0.5, 1.5, units={variant: 2},
        supporting=(outcome.observables["id"][0],), caveats=(f"{sample}: {COMMENT} by {PERSON}",),
        details={"variant": variant, "note": PERSON},
    )  # fmt: skip
    audit = Finding("audit", f"{COMMENT} contradicts {PERSON}", "contradicted")
    figure = replace(
        outcome.figures[0],
        title=f"{sample} of {PERSON}",
        caption=f"{first.source.path}, {BARCODE}",
        name=f"fig {sample}",
    )
    return replace(
        outcome,
        study=replace(
            study, measurements=(first, *rest), samples=(noted, *study.samples[1:]),
            excluded=((rest[0], f"{PERSON} dropped it"),), unread=(Unread(f"{PERSON}/x.mpr", COMMENT, "none"),),
            gaps=(Gap(f"measurements.csv, {sample}", f"mass of {sample}", COMMENT),),
        ),
        findings=(finding, audit, *outcome.findings), figures=(figure, *outcome.figures[1:]),
        choices=(choice, *outcome.choices), failures=((f"cycling, {sample}", f"{study.folder}/{first.source.path} is odd"),),
        records=tuple(replace(one, decisions=(decision,)) for one in outcome.records),
    )  # fmt: skip


def _everything(name: str, raw: bytes) -> Iterator[bytes]:
    """A file, and what is packed inside of it."""
    yield raw
    if name.endswith(".pdf"):
        for found in re.finditer(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL):
            try:
                yield zlib.decompress(found[1])
            except zlib.error:
                continue
    elif name.endswith((".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(raw)) as inner:
            for entry in inner.namelist():
                yield from _everything(entry, inner.read(entry))
    elif name.endswith(".parquet"):
        yield pl.read_parquet(io.BytesIO(raw)).write_ndjson().encode()


def test_an_anonymised_package_holds_no_name_in_any_byte(outcome, place, tmp_path: Path) -> None:
    telling = _telling(outcome)
    package = il.export(telling, tmp_path / "neutral.zip", anonymise=True)
    study = outcome.study
    forbidden = {
        PERSON,
        "Lüdenscheidt",
        COMMENT,
        "Osaka",
        BARCODE,
        study.name,
        "Miller",
        "2024-04-30",
        "2024-05-01",
        "14:05",
    }
    forbidden |= {item.name for item in study.samples} | set(study.variants) | {str(place), place.name}
    for item in study.measurements:
        path = Path(item.source.path)
        forbidden |= {item.source.path, path.name, path.stem, item.source.sha256[:12], str(item.source.size)}
    forbidden |= {one.key[:16] for one in outcome.records} | set(outcome.observables["id"].sample(200, seed=1))
    words = sorted(word for word in forbidden if word)
    pattern = re.compile("|".join(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])" for word in words))
    found = []
    seen = 0
    with zipfile.ZipFile(package) as inside:
        for entry in inside.namelist():
            for raw in _everything(entry, inside.read(entry)):
                seen += 1
                found += [
                    (entry, hit[0]) for hit in pattern.finditer(entry + "\n" + raw.decode("utf-8", errors="ignore"))
                ]
        assert "The data are simulated." in inside.read("results/report.html").decode("utf-8")
    assert found == []
    assert seen > 30
    key = json.loads((tmp_path / "neutral.zip.key.json").read_text(encoding="utf-8"))
    assert key["samples"][study.samples[0].name] == "S1"


def test_the_search_for_names_can_fail(outcome, tmp_path: Path) -> None:
    """A package with names, searched in the same way, is found out in every sort of file."""
    package = il.export(outcome, tmp_path / "named.zip", raw=False)
    name = outcome.study.samples[0].name.encode()
    told = set()
    with zipfile.ZipFile(package) as inside:
        for entry in inside.namelist():
            if any(name in raw for raw in _everything(entry, inside.read(entry))):
                told.add(Path(entry).suffix)
    assert {".csv", ".parquet", ".html", ".xlsx", ".sqlite", ".json"} <= told


def test_an_anonymised_number_still_proves_its_step(outcome, tmp_path: Path) -> None:
    package = il.export(outcome, tmp_path / "neutral", anonymise=True)
    table = pl.read_parquet(package / "results" / "observables.parquet")
    assert table.height == outcome.observables.height
    assert table["value"].equals(outcome.observables["value"])
    assert set(table["id"]) & set(outcome.observables["id"]) == set()
    found = il.explain(table["id"][5], package)
    assert found.chain is not None
    assert found.chain.record.specimen == table["sample"][5]
    assert [one.state for one in found.files] == ["missing"]
    assert found.number["source"].removeprefix("sha256:") == found.files[0].file.sha256
    with read_provenance(package / "results") as known:
        assert known.run["created"] == ""


def test_the_same_key_gives_the_same_hashes_and_another_does_not(outcome, tmp_path: Path) -> None:
    first, _ = anonymised(outcome, b"one")
    again, _ = anonymised(outcome, b"one")
    other, _ = anonymised(outcome, b"two")
    assert first.observables["id"].equals(again.observables["id"])
    assert set(first.observables["id"]) & set(other.observables["id"]) == set()
    assert first.records[0].files[0].sha256 != outcome.records[0].files[0].sha256
    path = tmp_path / "key.json"
    il.export(outcome, tmp_path / "a.zip", anonymise=True, key=path)
    salt = json.loads(path.read_text(encoding="utf-8"))["salt"]
    il.export(outcome, tmp_path / "b.zip", anonymise=True, key=path)
    assert json.loads(path.read_text(encoding="utf-8"))["salt"] == salt
    assert salt.encode() not in (tmp_path / "a.zip").read_bytes()


@pytest.mark.parametrize(("size", "told"), [(0, 0), (7, 7), (4_210_003, 4_000_000), (951, 1000)])
def test_sizes_are_told_to_one_digit(size: int, told: int) -> None:
    assert rounded(size) == told


def test_no_field_was_added_that_nobody_thought_of() -> None:
    """A new field of these is carried over as it is: decide in anonymise.py what becomes of it, then add it here."""
    known = {
        StudyOutcome: "study results observables findings figures choices failures seconds created records designs",
        Study: "name folder reference replication primary variants samples measurements excluded unread gaps analyses "
        "simulated decisions external join evidence design",
        Measurement: "sample technique source payload state original_metadata flags part inner",
        Source: "path sha256 size reader reader_version absolute key modified",
        Sample: "name variant batch replicate cell_kind active_mass area loading one_C current_accuracy voltage_accuracy "
        "note extra",
        Result: "technique name table data quality how choices flags",
        Choice: "target field value runner_up margin moves reason who effects",
        Finding: "kind statement verdict quantity estimate low high level unit probability units supporting opposing caveats "
        "details",
        Figure: "name title caption panels width columns simulated tags heights widths shared",
        Line: "x y label variant sample std style dashed faint observable colour",
        StepRecord: "key technique step specimen files inputs options agreed decisions code modules versions fate reason "
        "seconds cached",
    }  # fmt: skip
    assert {kind.__name__: [one.name for one in fields(kind)] for kind in known} == {
        kind.__name__: words.split() for kind, words in known.items()
    }
