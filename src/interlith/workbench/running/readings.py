"""What need be remembered of a read file, so that it is not read again until somebody wants its rows?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.errors import ReadError, StudyError
from interlith.model import Flag, Measurement, Payload, Reading, Sample, Source, State, Table
from interlith.workbench.reading import digest, read_file
from interlith.workbench.running.jobs import FileWords
from interlith.workbench.store.digests import SMALL
from interlith.workbench.told_states import settled

if TYPE_CHECKING:
    import polars as pl

#: Longest text of the vendor's header that is remembered.
LONGEST_WORD = 2000

Words = dict[str, Any]


def words_of(reading: Reading) -> Words:
    """All of a reading but its rows, as words and numbers."""
    return {
        **_shape(reading.payload),
        "metadata": {str(name): _plain(value) for name, value in reading.metadata.items()},
        "flags": [asdict(flag) for flag in reading.flags],
        "proposals": dict(reading.proposals),
        "test": dict(reading.test),
        "state": {name: _state_words(state) for name, state in reading.state.items()},
        "within": [
            {
                "technique": one.technique,
                "where": one.where,
                "state": {name: _state_words(state) for name, state in one.state.items()},
                **_shape(one.payload),
            }
            for one in reading.within
        ],
    }


def _shape(payload: Payload) -> Words:
    if not isinstance(payload, Table):
        raise ReadError(f"A {type(payload).__name__} cannot be remembered yet.")
    return {"columns": list(payload.columns), "types": _types(payload.frame)}


def refusal_words(reason: str) -> Words:
    """What is remembered of a file that its reader refused."""
    return {"refused": reason}


def measurement_of(
    words: Mapping[str, Any], file: FileWords, sample: Sample, *, key: str, version: str, technique: str
) -> Measurement:
    """A measurement as it was when its file was read; its rows are read when somebody collects them."""
    source = Source(file.name, file.sha256, file.size, file.format, version, Path(file.path), key, file.modified)
    declared, told = (
        {name: State(name, *values) for name, values in given.items()} for given in (file.state, words.get("state", {}))
    )
    state, flags = settled(declared, told)
    return Measurement(
        sample=sample,
        technique=technique,
        source=source,
        payload=Table(_later(words, file), tuple(words["columns"])),
        state=state,
        original_metadata=words["metadata"],
        flags=(*(Flag(**flag) for flag in words["flags"]), *flags),
        part=file.part,
        inner=file.inner,
    )


def within_of(words: Mapping[str, Any], file: FileWords, sample: Sample, *, version: str) -> tuple[Measurement, ...]:
    """The measurements of other techniques inside a file; what the file says of their state goes before the table's."""
    return tuple(
        measurement_of(
            {**one, "metadata": {"where": one["where"]}, "flags": ()},
            replace(file, inner=number, state={**file.state, **one["state"]}),
            sample,
            key=file.key,
            version=version,
            technique=one["technique"],
        )
        for number, one in enumerate(words.get("within", ()), start=1)
    )


def file_words(item: Measurement, options: Mapping[str, Any]) -> FileWords:
    """The file of a measurement as a job carries it; `options` are those of its reader.

    Raises
    ------
    StudyError
        If the measurement was not read from a file of a study: nobody else could read it again.
    """
    source, payload = item.source, item.payload
    if not source.key or source.absolute is None or not isinstance(payload, Table):
        raise StudyError(
            f"{source.path} was not read by open_study, so that no other process can read it; hand its folder over."
        )
    state = {name: _state_words(one) for name, one in item.state.items()}
    reading = {
        "columns": list(payload.columns), "types": _types(payload.frame), "metadata": dict(item.original_metadata),
        "flags": [asdict(flag) for flag in item.flags],
    }  # fmt: skip
    return FileWords(
        source.path, str(source.absolute), source.sha256, source.size, item.part, source.reader, dict(options), state,
        source.key, reading, source.modified, item.inner,
    )  # fmt: skip


def _state_words(state: State) -> tuple[float, float, float, str]:
    return state.value, state.low, state.high, state.unit


def changed(file: FileWords) -> bool:
    """Whether a file no longer holds the bytes that it was hashed with: what was read since belongs to other bytes.

    A large one is hashed again only where its time of change is another one, or unknown.
    """
    path = Path(file.path)
    try:
        about = path.stat()
        if about.st_size != file.size:
            return True
        if about.st_size > SMALL and about.st_mtime_ns == file.modified:
            return False
        return digest(path) != file.sha256
    except OSError:
        return True


def _types(frame: pl.LazyFrame) -> dict[str, str]:
    return {name: _type_name(kind) for name, kind in frame.collect_schema().items()}


def _later(words: Mapping[str, Any], file: FileWords) -> pl.LazyFrame:
    """Rows that are read when they are collected, batch by batch, as far as they are asked for."""
    import polars as pl
    from polars.io.plugins import register_io_source

    def rows(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        payload = (
            _inner(file)
            if file.inner
            else read_file(Path(file.path), format_name=file.format, options=file.options)[1].payload
        )
        assert isinstance(payload, Table)  # it was one when the words were written
        frame = payload.frame if predicate is None else payload.frame.filter(predicate)
        frame = frame if with_columns is None else frame.select(with_columns)
        frame = frame if n_rows is None else frame.head(n_rows)
        yield from frame.collect_batches(chunk_size=batch_size, maintain_order=True)

    schema = pl.Schema({name: _type_of(text) for name, text in words["types"].items()})
    return register_io_source(rows, schema=schema)


#: The last reading of a file that holds several measurements, so that a thousand spectra do not read it a thousand times.
_LAST: dict[tuple[str, str, str, str], Reading] = {}


def _inner(file: FileWords) -> Payload:
    """One of the measurements inside a file."""
    name = (file.path, file.sha256, file.format, repr(sorted(file.options.items(), key=str)))
    reading = _LAST.get(name)
    if reading is None:
        reading = read_file(Path(file.path), format_name=file.format, options=file.options)[1]
        _LAST.clear()
        _LAST[name] = reading
    return reading.within[file.inner - 1].payload


#: Types of columns that readers give, by name.
_SIMPLE = (
    "Float64",
    "Float32",
    "Int64",
    "Int32",
    "Int16",
    "Int8",
    "UInt64",
    "UInt32",
    "UInt16",
    "UInt8",
    "String",
    "Boolean",
)


def _type_name(kind: pl.DataType) -> str:
    import polars as pl

    if isinstance(kind, pl.Datetime):
        return f"Datetime {kind.time_unit} {kind.time_zone or ''}".strip()
    if str(kind) not in _SIMPLE:
        raise ReadError(
            f"A column of type {kind} is none that a reader may give; allowed: Datetime, {', '.join(_SIMPLE)}."
        )
    return str(kind)


def _type_of(text: str) -> pl.DataType:
    import polars as pl

    if text.startswith("Datetime"):
        _, unit, *zone = text.split(" ")
        return pl.Datetime(unit, zone[0] if zone else None)  # type: ignore[arg-type]
    return getattr(pl, text)()  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """The vendor's words as JSON can hold them, cut where a header holds a whole protocol."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value[:200]]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)[:LONGEST_WORD]
