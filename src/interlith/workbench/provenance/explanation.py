"""What is known of one number, from its value down to the raw bytes, and how does a program get it?"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from interlith.model import Choice, Citation, FileRecord, How, StepRecord
from interlith.workbench.provenance.stretches import Stretch

if TYPE_CHECKING:
    import polars as pl

#: Name and version of the JSON: fields may be added, none is renamed or removed without a new number.
SCHEMA = "interlith-explanation/1"


@dataclass(frozen=True, slots=True)
class Part:
    """One component of the uncertainty: `size` is signed, in the unit of the number; `words` say where it comes from."""

    source: str
    kind: str
    size: float
    words: str


@dataclass(frozen=True, slots=True)
class Bytes:
    """A raw file: what the run read, and what lies there now.

    `state` is ``same``, ``changed``, ``missing`` or ``not checked``; `found` is the digest of today's bytes.
    """

    file: FileRecord
    state: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the chain with the steps whose results it took."""

    record: StepRecord
    inputs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a number comes from.

    Parameters
    ----------
    id
        Its identifier.
    number
        Its row of the observables.
    run
        The run: study, created, interlith, simulated.
    parts
        Uncertainty by component, the largest first.
    chain
        The step that made it, proved by the identifier, with all steps before it; `None` where no step of the run fits.
    how
        Method, text and citations of that step.
    stretches
        Half-cycles of the raw data that it rests on.
    fit
        What its fit recorded, by table.
    choices, decisions
        Automatic choices that touched it, and corrections of people.
    files
        The raw bytes.
    findings
        Numbers and statements of the findings that rest on it.
    notes
        What the reader must know first: results older than the study files, data cleaned from the store.
    """

    id: str
    number: Mapping[str, Any]
    run: Mapping[str, Any]
    parts: tuple[Part, ...] = ()
    chain: Link | None = None
    how: How | None = None
    stretches: tuple[Stretch, ...] = ()
    fit: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    decisions: tuple[Mapping[str, Any], ...] = ()
    files: tuple[Bytes, ...] = ()
    findings: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    _points: Callable[[], pl.DataFrame | None] | None = field(default=None, repr=False, compare=False)

    @property
    def value(self) -> float | None:
        """The value, in `unit`."""
        return None if self.number["value"] is None else float(self.number["value"])

    @property
    def unit(self) -> str:
        """Unit of the value."""
        return str(self.number["unit"] or "")

    @property
    def curve(self) -> pl.DataFrame | None:
        """Curve points of the half-cycles, read from the store now; `None` where there are none or it no longer has them.

        Columns: sample, half_cycle, charge (Ah), voltage (V), current (A), time (s), cc.
        """
        return self._points() if self._points is not None else None

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """All steps of the chain, the one that made the number first, each once."""
        found: dict[str, StepRecord] = {}
        waiting = [self.chain] if self.chain is not None else []
        while waiting:
            link = waiting.pop(0)
            found.setdefault(link.record.key, link.record)
            waiting += link.inputs
        return tuple(found.values())

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Works to cite for the method."""
        return self.how.citations if self.how is not None else ()

    def text(self, *, width: int = 100) -> str:
        """The explanation for people, at most 60 lines.

        Parameters
        ----------
        width
            Letters a line.
        """
        from interlith.workbench.provenance.explained_text import as_text

        return as_text(self, width)

    def json(self) -> str:
        """The explanation for programs; the fields stand in the documentation. Unknown and infinite numbers are null."""
        return json.dumps(_plain(self._words()), ensure_ascii=False, indent=2)

    def _repr_html_(self) -> str:
        from interlith.workbench.provenance.explained_text import as_html

        return as_html(self)

    def _words(self) -> dict[str, Any]:
        keys = [record.key for record in self.steps]
        return {
            "schema": SCHEMA,
            "id": self.id,
            "run": dict(self.run),
            "number": {name: value for name, value in self.number.items() if name not in ("id", "components")},
            "components": [asdict(part) for part in self.parts],
            "step": keys[0] if keys else None,
            "method": {"name": self.how.method, "words": self.how.methods_text} if self.how is not None else None,
            "steps": [_step_words(record) for record in self.steps],
            "curve": [asdict(one) for one in self.stretches],
            "fit": {name: list(rows) for name, rows in self.fit.items()},
            "choices": [asdict(choice) for choice in self.choices],
            "decisions": [dict(one) for one in self.decisions],
            "files": [asdict(one.file) | {"state": one.state, "found": one.found} for one in self.files],
            "findings": [{"number": number, "statement": words} for number, words in self.findings],
            "citations": [asdict(one) for one in self.citations],
            "notes": list(self.notes),
        }


def _step_words(record: StepRecord) -> dict[str, Any]:
    words = asdict(record)
    words["files"] = [{"path": one.path, "sha256": one.sha256} for one in record.files]
    return words


def _plain(words: Any) -> Any:
    """Words and numbers that every JSON reader takes."""
    if isinstance(words, float):
        return words if math.isfinite(words) else None
    if isinstance(words, Mapping):
        return {str(name): _plain(value) for name, value in words.items()}
    if isinstance(words, (list, tuple)):
        return [_plain(one) for one in words]
    return words if words is None or isinstance(words, (str, int, bool)) else str(words)
