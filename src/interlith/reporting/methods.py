"""What belongs into the Methods section, and whom does a user of these results cite?"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import interlith
from interlith.model import Citation, How, Result, Statement, StudyOutcome


@dataclass(frozen=True, slots=True)
class Methods:
    """Paragraphs of the Methods section, software with versions, and the entries of a bibliography."""

    paragraphs: tuple[str, ...]
    software: tuple[tuple[str, str], ...]
    citations: tuple[Citation, ...]

    @property
    def bibtex(self) -> str:
        """All entries, each once, ready to paste."""
        return "\n\n".join(item.bibtex.strip() for item in self.citations)

    @property
    def text(self) -> str:
        """The paragraphs as plain text."""
        return "\n\n".join(self.paragraphs)


def own_citation() -> Citation:
    """How to cite this software."""
    version = interlith.__version__
    bibtex = (
        "@software{interlith,\n"
        "  title   = {{Interlith}: from raw instrument files of battery cathodes to numbers with uncertainties},\n"
        "  author  = {{The Interlith developers}},\n"
        f"  version = {{{version}}},\n"
        "}"
    )
    return Citation("interlith", f"Interlith {version}", bibtex)


def methods(results: Iterable[Result | Statement], *, outcome: StudyOutcome | None = None) -> Methods:
    """Methods paragraph and bibliography of the analyses that ran, from their `how` alone.

    Parameters
    ----------
    results
        Analyses that ran, and designs; two with the same technique, method and options are told once.
    outcome
        The study they come from: adds replication, exclusions and how many files were read.
    """
    hows = tuple(result.how for result in results if result.how is not None)
    told = dict.fromkeys(map(_paragraph, hows))
    paragraphs = [text for text in told if text]
    if outcome is not None:
        paragraphs = [_files(outcome), *paragraphs, _inference(outcome)]
    return Methods(tuple(text for text in paragraphs if text), _software(hows), _citations(hows))


def _paragraph(how: How) -> str:
    text = how.methods_text.strip()
    if not text:
        text = f"{how.technique.capitalize()} data were analysed by {how.method or 'Interlith'}."
    options = options_text(how.options)
    return f"{text} Options: {options}." if options else text


def options_text(options: Mapping[str, object]) -> str:
    """Options as ``name = value`` in a fixed order."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(options.items()) if value not in (None, ""))


def _files(outcome: StudyOutcome) -> str:
    study = outcome.study
    if not study.measurements:
        return ""
    readers = sorted({f"{item.source.reader} {item.source.reader_version}".strip() for item in study.measurements})
    text = (
        f"{len(study.measurements)} raw file{'s' if len(study.measurements) != 1 else ''} of {len(study.samples)} "
        f"specimen{'s' if len(study.samples) != 1 else ''} were read with Interlith {interlith.__version__} "
        f"(readers: {', '.join(readers)}); each file was checked against itself."
    )
    if study.excluded:
        reasons = "; ".join(f"{item.source.path}: {reason}" for item, reason in study.excluded)
        text += f" Excluded with reasons: {reasons}."
    return text


def _inference(outcome: StudyOutcome) -> str:
    study = outcome.study
    if not outcome.findings:
        return ""
    text = f"The unit of replication is the {study.replication.unit}"
    text += f", units of one {study.replication.group} being correlated. " if study.replication.group else ". "
    text += "Uncertainties are standard uncertainties by component; shared components (such as the mass of one cell) "
    text += "cancel in ratios. Intervals hold at the level given with them. With fewer than two units a contrast is "
    text += "descriptive: its interval covers the measurement only."
    if study.primary is not None:
        text += " One primary endpoint was declared; all other contrasts are adjusted for multiplicity."
    return text


def _software(hows: tuple[How, ...]) -> tuple[tuple[str, str], ...]:
    versions: dict[str, str] = {"interlith": interlith.__version__, "python": platform.python_version()}
    for how in hows:
        versions |= {name: str(version) for name, version in how.versions.items()}
    return tuple(versions.items())


def _citations(hows: tuple[How, ...]) -> tuple[Citation, ...]:
    found = {"interlith": own_citation()}
    for how in hows:
        for item in how.citations:
            found.setdefault(item.key, item)
    return tuple(found.values())
