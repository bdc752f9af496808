"""Which bytes does somebody mean who types a file, a cell or what the report prints?"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from interlith.errors import StudyError
from interlith.model import read_target
from interlith.workbench.declaring.measurements_file import read_rows
from interlith.workbench.declaring.specimens import identity_of, read_specimens
from interlith.workbench.declaring.study_file import read_study_file

Digest = Callable[[Path], str]
#: Hex digits of the SHA-256 that a target carries.
DIGITS = 12
#: Names listed in a message at most.
MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Held:
    """One raw file of a study and the specimen that it belongs to, in the order of the rows."""

    file: str
    sample: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A full target, and what the user should know of how it was found (empty where nothing had to be guessed)."""

    text: str
    note: str = ""


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file.

    Raises
    ------
    StudyError
        If the file cannot be opened.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise StudyError(
            f"{path} cannot be opened ({error.strerror or error}); nothing can be decided of it."
        ) from error


def held(folder: Path) -> tuple[Held, ...]:
    """The raw files of a study, excluded ones included.

    Raises
    ------
    StudyError
        If `study.yaml` or `measurements.csv` is missing or wrong.
    """
    rows = read_rows(folder / "measurements.csv")
    samples = read_specimens(read_study_file(folder / "study.yaml"), rows)
    return tuple(Held(row.file, samples[identity_of(row)].name) for row in rows)


def resolve(
    folder: Path,
    text: str,
    *,
    techniques: Iterable[str] = (),
    known: Iterable[str] = (),
    digest: Digest = digest_of,
) -> Resolved:
    """Complete what a person typed to a target that names the bytes.

    Parameters
    ----------
    folder
        Folder of the study.
    text
        ``cells/B1_02.ndax#sha256:9f2c41d0a7b3/half_cycle/37`` as the report prints it, or with the path, the file name,
        the file name without its ending or the name of the cell alone: ``B1_02/half_cycle/37``; or a technique.
    techniques
        Names of techniques, which are targets by themselves.
    known
        Targets recorded by the last run; they tell which file of a restarted test holds a part.
    digest
        SHA-256 of a file.

    Raises
    ------
    StudyError
        If the text fits no file of the study, or several: the message lists them.
    """
    typed = text.strip().replace("\\", "/")
    if typed in set(techniques):
        return Resolved(typed)
    files = held(folder)
    if "#sha256:" in typed:
        return _with_digest(folder, typed, files, digest)
    chosen, part = _named(typed, files)
    note = ""
    if len(chosen) > 1:
        chosen, note = _of_several(chosen, part, known)
    target = f"{chosen[0].file}#sha256:{digest(folder / chosen[0].file)[:DIGITS]}"
    return Resolved(f"{target}/{part}" if part else target, note)


def _with_digest(folder: Path, typed: str, files: Sequence[Held], digest: Digest) -> Resolved:
    target = read_target(typed)
    end = PurePosixPath(target.path).name
    likely = sorted(files, key=lambda one: (one.file != target.path, PurePosixPath(one.file).name != end))
    for one in likely:
        if (folder / one.file).is_file() and digest(folder / one.file)[:DIGITS] == target.digest:
            tail = f"/{target.part}" if target.part else ""
            return Resolved(f"{one.file}#sha256:{target.digest}{tail}")
    now = next((one for one in files if one.file == target.path and (folder / one.file).is_file()), None)
    changed = f" {now.file} has other bytes now (sha256:{digest(folder / now.file)[:DIGITS]})." if now else ""
    raise StudyError(
        f"No file of the study has the bytes sha256:{target.digest} that '{typed}' names.{changed} "
        "Write the target without its hash to decide about the file as it is now."
    )


def _named(typed: str, files: Sequence[Held]) -> tuple[tuple[Held, ...], str]:
    """Files that the beginning of a text names, and the part that its rest names; the longest name wins."""
    pieces = typed.split("/")
    for count in range(len(pieces), 0, -1):
        name, part = "/".join(pieces[:count]), "/".join(pieces[count:])
        for kind in (_path, _file_name, _sample, _stem):
            found = tuple(one for one in files if kind(one) == name)
            if not found:
                continue
            if len(found) > 1 and len({one.sample for one in found}) > 1:
                tail = f"/{part}" if part else ""
                raise StudyError(
                    f"'{name}' fits several files; write one of: {_listed([f'{one.file}{tail}' for one in found])}."
                )
            return found, part
    raise StudyError(f"'{typed}' names no file and no cell of the study; {_meant(typed, files)}")


def _path(one: Held) -> str:
    return one.file


def _file_name(one: Held) -> str:
    return PurePosixPath(one.file).name


def _stem(one: Held) -> str:
    return PurePosixPath(one.file).stem


def _sample(one: Held) -> str:
    return one.sample


def _meant(typed: str, files: Sequence[Held]) -> str:
    names = {one.sample for one in files} | {_file_name(one) for one in files}
    folded = {name.casefold(): name for name in names}
    word = typed.partition("/")[0].casefold()
    close = difflib.get_close_matches(word, list(folded), n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(repr(folded[name]) for name in close)}?"
    return f"it has: {_listed(sorted({one.sample for one in files}))}."


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _of_several(chosen: tuple[Held, ...], part: str, known: Iterable[str]) -> tuple[tuple[Held, ...], str]:
    """The file of a restarted test that holds a part, as far as the last run tells; the first file otherwise."""
    paths = {target.partition("#")[0] for target in known if part and target.endswith(f"/{part}")}
    holding = tuple(one for one in chosen if one.file in paths)
    if len(holding) == 1:
        return holding, ""
    first, sample = chosen[0], chosen[0].sample
    if not part:
        others = _listed([one.file for one in chosen[1:]])
        return (first,), f"{sample} has {len(chosen)} files; this is about {first.file} only, decide also: {others}."
    return (first,), (
        f"{sample} has {len(chosen)} files and the last run does not tell which one holds {part}; the decision is filed "
        f"under the first, {first.file}."
    )
