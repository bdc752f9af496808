"""Which neutral words stand for the names of a study, and how are they put in place of them everywhere?"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from interlith.model import StudyOutcome

WITHHELD = "[withheld]"
#: Keys of vendor metadata whose values may point at people, devices or projects.
_POINTING = re.compile(
    r"user|operator|author|creator|owner|name|barcode|serial|device|channel|equip|host|computer|path|file|folder|dir|comment"
    r"|remark|note|descr|project|batch|sample|cell|test|id$|procedure|schedule|lab|group",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[ T]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
#: Words of vendor metadata shorter than this are codes of the instrument, not names.
SHORTEST_WORD = 4


@dataclass(slots=True)
class Names:
    """Original -> neutral, by sort; made by `names_of`.

    `words` holds everything that must not be left in any text.
    """

    salt: bytes
    samples: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    replicates: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    _pattern: re.Pattern[str] | None = None

    def hash(self, digest: str) -> str:
        """A digest of public bytes would name them; with the salt of the user it names nothing."""
        return hmac.new(self.salt, digest.encode(), hashlib.sha256).hexdigest() if digest else ""

    def person(self, who: str) -> str:
        """``automatic`` stays, everybody else gets a number."""
        if who in ("", "automatic"):
            return who
        return self.people.setdefault(who, f"person-{len(self.people) + 1}")

    def text(self, words: str) -> str:
        """Free text with every name, date and address replaced."""
        if not words:
            return words
        if self._pattern is None:
            every = sorted(self.words, key=lambda word: (-len(word), word))
            joined = "|".join(re.escape(word) for word in every)
            self._pattern = (
                re.compile(rf"(?<![A-Za-z0-9])(?:{joined})(?![A-Za-z0-9])") if every else re.compile(r"(?!)")
            )
        named = self._pattern.sub(lambda found: self.words[found[0]], words)
        return _ADDRESS.sub(WITHHELD, _DATES.sub("[date]", named))

    def target(self, text: str) -> str:
        """A target of a choice or decision: file, salted digest and part."""
        path, mark, rest = text.partition("#sha256:")
        if not mark:
            return self.text(text)
        short, slash, part = rest.partition("/")
        return f"{self.file(path)}{mark}{self.short(short)}{slash}{self.text(part)}"

    def short(self, digest: str) -> str:
        """First twelve digits of the salted digest that begins, unsalted, with some digits."""
        return self._shorts.get(digest[:12], self.hash(digest)[:12])

    def file(self, path: str) -> str:
        """Neutral name of a file."""
        return self.files.setdefault(path, f"file-{len(self.files) + 1:04d}{_suffix(path)}")

    def source(self, text: str) -> str:
        """The column ``source``: every digest salted, everything else as text."""
        return re.sub(r"sha256:([0-9a-f]{64})", lambda found: f"sha256:{self.hash(found[1])}", self.text(text))

    def anything(self, words: Any) -> Any:
        """Texts within lists and mappings; keys are words of ours."""
        if isinstance(words, str):
            return self.text(words)
        if isinstance(words, Mapping):
            return {name: self.anything(value) for name, value in words.items()}
        if isinstance(words, (list, tuple)):
            return [self.anything(one) for one in words]
        return words

    _shorts: dict[str, str] = field(default_factory=dict)


def names_of(outcome: StudyOutcome, salt: bytes) -> Names:
    """Neutral names for everything in a study that could tell whose it is."""
    study = outcome.study
    made = Names(salt)
    samples = [item.name for item in study.samples]
    table = outcome.observables
    samples += [
        name for name in table.get_column("sample").drop_nulls().unique(maintain_order=True) if name not in samples
    ]
    variants = [*study.variants, *(item.variant for item in study.samples)]
    items = [*study.measurements, *(item for item, _ in study.excluded)]
    paths = [item.source.path for item in items] + [item.path for item in study.unread]
    paths += [one.path for record in outcome.records for one in record.files]
    taken = {*samples, *variants, *(item.batch for item in study.samples), *(item.replicate for item in study.samples)}
    made.samples = _numbered(samples, "S", taken)
    made.variants = _numbered(variants, "V", taken)
    made.batches = _numbered((item.batch for item in study.samples), "B", taken)
    made.replicates = _numbered((item.replicate for item in study.samples), "R", taken)
    for path in dict.fromkeys(paths):
        made.file(path)
    made.words = _words(made, outcome)
    for item in items:
        made._shorts[item.source.sha256[:12]] = made.hash(item.source.sha256)[:12]
    for record in outcome.records:
        for one in record.files:
            made._shorts[one.sha256[:12]] = made.hash(one.sha256)[:12]
    return made


def _numbered(names: Iterable[str], letter: str, taken: set[str]) -> dict[str, str]:
    """S1, S2 ...; with more letters where a name of the study looks like that."""
    every = [name for name in dict.fromkeys(names) if name]
    prefix = letter
    while any(re.fullmatch(rf"{re.escape(prefix)}\d+", name) for name in taken):
        prefix += letter
    return {name: f"{prefix}{number}" for number, name in enumerate(every, start=1)}


def _words(made: Names, outcome: StudyOutcome) -> dict[str, str]:
    """Everything that must not stand in any text; plain numbers cannot be told from other numbers and are left."""
    study = outcome.study
    found: dict[str, str] = {}
    for item in study.measurements:
        found |= dict.fromkeys(_vendor_words(item.original_metadata), WITHHELD)
        # One plain word points at nobody, and taking ``simulated`` out of every sentence would hide what must be said.
        if item.sample.note and not re.fullmatch(r"[a-z]+", item.sample.note):
            found[item.sample.note] = WITHHELD
    for one in outcome.choices:
        if one.who not in ("", "automatic"):
            found[one.who] = made.person(one.who)
    for decision in study.decisions:
        if decision.who:
            found[decision.who] = made.person(decision.who)
    for record in outcome.records:
        for words in record.decisions:
            if words.get("who"):
                found[str(words["who"])] = made.person(str(words["who"]))
    folder = study.folder.resolve()
    found |= {str(folder): "study", folder.as_posix(): "study"}
    if not re.fullmatch(r"[a-z]*", folder.name):
        found[folder.name] = "study"
    found[study.name] = "Study"
    for path, neutral in made.files.items():
        parts = PurePosixPath(path.replace("\\", "/"))
        found |= {path: neutral, parts.name: neutral, parts.stem: Path(neutral).stem}
    for names in (made.replicates, made.batches, made.variants, made.samples):
        found |= names
    return {word: neutral for word, neutral in found.items() if word and not re.fullmatch(r"[\d.,+\-\s]*", word)}


def _vendor_words(metadata: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in metadata.items():
        if isinstance(value, Mapping):
            found += _vendor_words(value)
        elif isinstance(value, (list, tuple)):
            found += _vendor_words({f"{name}": one for one in value if isinstance(one, str)})
        elif isinstance(value, (str, int)) and _POINTING.search(str(name)):
            text = str(value).strip()
            if len(text) >= SHORTEST_WORD and not re.fullmatch(r"[\d.]{1,5}|[a-z]+", text):
                found.append(text)
    return found


def _suffix(path: str) -> str:
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""
