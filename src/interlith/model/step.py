"""Which separate steps does a technique take, so that only what depends on a change is computed again?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from interlith.model.choice import Choice
from interlith.model.decision import Decision
from interlith.model.result import Result
from interlith.model.series import Series


@dataclass(frozen=True, slots=True)
class Given:
    """What a step is handed, and all it may look at: whatever is not in here cannot enter its key.

    Parameters
    ----------
    series
        One measurement (a step over files) or the measurements of one specimen in the order of their parts; empty
        where `Step.reads` is false.
    results
        Results of the earlier steps named in `Step.after`: one of the same specimen, or one a part where that step goes
        over files.
    options
        The words of ``analyses: <technique>:`` named in `Step.words` that have a value.
    agreed
        What `Step.agree` found over all specimens.
    decisions
        Decisions of people in the fields named in `Step.decides` about these files or the whole technique.
    """

    series: Series
    results: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    agreed: Mapping[str, Any] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()

    def result(self, name: str) -> Result:
        """The one result of an earlier step over specimens."""
        return self.results[name][0]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What all specimens have in common for a step: numbers and words only (it enters step keys), and how it was chosen."""

    values: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


def always(_: Mapping[str, Any]) -> bool:
    """For steps that every study takes."""
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a technique, for one file or one specimen at a time.

    Parameters
    ----------
    name
        Name of its result: ``count``, ``summary``, ``retention`` ...
    run
        ``run(given) -> Result``; raises one of our errors where the data do not allow it. A module-level function: the
        module it stands in, with its first-party imports, is the code version of the step.
    over
        ``file`` or ``specimen``.
    after
        Earlier steps whose results it takes.
    words
        Options that it reads; another option does not make it stale.
    decides
        Fields that a person may decide, each with one sentence that names the allowed values.
    reads
        Whether it looks at the measurements themselves (payload, declared masses, states).
    agree
        ``agree(results of the steps in `after` over all specimens, options, decisions) -> Agreement``.
    wanted
        Whether a study with these options takes the step at all.
    asked
        Whether its failure must be told: what nobody asked for and the data do not hold is left out without a word.
    shown
        Whether its result belongs into reports.
    """

    name: str
    run: Callable[[Given], Result]
    over: Literal["file", "specimen"] = "specimen"
    after: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    decides: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False
    agree: Callable[[Mapping[str, Sequence[Result]], Mapping[str, Any], Sequence[Decision]], Agreement] | None = None
    wanted: Callable[[Mapping[str, Any]], bool] = always
    asked: Callable[[Mapping[str, Any]], bool] = always
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that the data do not allow: kept in place of its result, so that nobody tries again until something changes."""

    technique: str
    step: str
    sample: str
    reason: str
