"""How are the separate steps of a technique taken in memory, one specimen after the other?

Nothing here knows a technique. What the results over the specimens come to together is in `interlith.model.merging`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlith.errors import InterlithError
from interlith.model.decision import Decision, touching
from interlith.model.merging import Outcome, assembled, merged, parted, put_together, refused
from interlith.model.result import Result
from interlith.model.series import Series
from interlith.model.step import Agreement, Given, Refusal, Step

__all__ = ["Outcome", "agreed", "assembled", "in_steps", "merged", "parted", "put_together", "refused", "words_of"]


def agreed(
    step: Step,
    results: Mapping[str, Sequence[Result]],
    options: Mapping[str, Any],
    decisions: Iterable[Decision] = (),
) -> Agreement:
    """What all specimens have in common for a step.

    Parameters
    ----------
    step
        The step.
    results
        Results of the earlier steps over all specimens, by step; refusals left out.
    options, decisions
        All of the technique: what the step does not read is taken out here.

    Raises
    ------
    StudyError
        If a decision about the whole technique has a value that is not understood.
    """
    if step.agree is None:
        return Agreement()
    known = {name: results.get(name, ()) for name in step.after}
    mine = [one for one in decisions if one.field in step.decides]
    return step.agree(known, words_of(step, options), mine)


def words_of(step: Step, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a step reads and that have a value."""
    return {word: options[word] for word in step.words if options.get(word) is not None}


def in_steps(
    steps: Sequence[Step],
    series: Series,
    options: Mapping[str, Any],
    decisions: Iterable[Decision] = (),
    *,
    technique: str,
    known: Mapping[str, Mapping[str, Outcome]] | None = None,
) -> tuple[Result, ...]:
    """Take all steps of a technique in memory, one specimen after the other, and put their results together.

    Parameters
    ----------
    steps
        In order; those that the options do not want are left out.
    series
        Measurements; parts of one specimen are taken in their order.
    options
        Words of ``analyses: <technique>:``; those without a value count as absent.
    decisions
        Decisions of people; those about other bytes or another technique are left alone.
    technique
        Its name.
    known
        Outcomes of earlier steps by step and specimen; with them the series may be empty.

    Returns
    -------
    tuple
        One result a step that is shown, see `assembled`.

    Raises
    ------
    StudyError
        If a decision about the whole technique is not understood.
    """
    given = {word: value for word, value in options.items() if value is not None}
    taken = [step for step in steps if step.wanted(given)]
    work = _Work(taken, series, given, tuple(decisions), technique)
    work.outcomes |= {name: dict(outcomes) for name, outcomes in (known or {}).items()}
    for number, step in enumerate(taken):
        if step.over == "specimen":
            work.take(step, taken[number + 1 :])
    mine = [one for one in work.decisions if one.target.technique in ("", technique)]
    return assembled(taken, work.outcomes, given, agreements=work.agreements, decisions=mine)


class _Work:
    """Outcomes so far: of specimens by step and name; of files only as long as a step still needs them."""

    def __init__(
        self, steps: Sequence[Step], series: Series, options: Mapping[str, Any], decisions: tuple[Decision, ...],
        technique: str,
    ) -> None:  # fmt: skip
        self.outcomes: dict[str, dict[str, Outcome]] = {}
        self.agreements: dict[str, Agreement] = {}
        self.decisions = decisions
        self._files = {step.name: step for step in steps if step.over == "file"}
        self._read: dict[tuple[str, str], tuple[Outcome, ...]] = {}
        self._series = series.by_sample()
        self._options = options
        self._technique = technique

    def take(self, step: Step, later: Sequence[Step]) -> None:
        """One step over all specimens."""
        if step.agree is not None:
            known = {name: self._results(name) for name in step.after}
            self.agreements[step.name] = agreed(step, known, self._options, self.decisions)
        found: dict[str, Outcome] = {}
        still = {name for other in later for name in other.after}
        samples = dict.fromkeys((*self._series, *(name for known in self.outcomes.values() for name in known)))
        for sample in samples:
            outcome = self._outcome(step, sample, self._series.get(sample, Series(())))
            if outcome is not None:
                found[sample] = outcome
            for name in self._files.keys() - still:
                self._read.pop((name, sample), None)
        self.outcomes[step.name] = found

    def _results(self, name: str) -> list[Result]:
        if name in self._files:
            every = [one for sample in self._series for one in self._of_files(name, sample)]
        else:
            every = list(self.outcomes.get(name, {}).values())
        return [one for one in every if isinstance(one, Result)]

    def _outcome(self, step: Step, sample: str, series: Series) -> Outcome | None:
        inputs: dict[str, tuple[Result, ...]] = {}
        for name in step.after:
            if name in self._files:
                parts = self._of_files(name, sample)
                away = [
                    f"{item.source.path}: {one.reason}"
                    for item, one in zip(series, parts, strict=True)
                    if isinstance(one, Refusal)
                ]
                if away:
                    return Refusal(self._technique, step.name, sample, away[0])
            else:
                one = self.outcomes.get(name, {}).get(sample)
                parts = () if one is None else (one,)
            inputs[name] = tuple(one for one in parts if isinstance(one, Result))
            if not inputs[name]:
                return None
        return self._run(step, series, inputs, sample)

    def _of_files(self, name: str, sample: str) -> tuple[Outcome, ...]:
        if (name, sample) not in self._read:
            step = self._files[name]
            found: list[Outcome] = []
            for number, item in enumerate(self._series[sample]):
                before = {earlier: self._of_files(earlier, sample)[number] for earlier in step.after}
                away = [one for one in before.values() if isinstance(one, Refusal)]
                inputs = {earlier: (one,) for earlier, one in before.items() if isinstance(one, Result)}
                found.append(away[0] if away else self._run(step, Series((item,)), inputs, ""))
            self._read[name, sample] = tuple(found)
        return self._read[name, sample]

    def _run(self, step: Step, series: Series, inputs: Mapping[str, tuple[Result, ...]], sample: str) -> Outcome:
        digests = [item.source.sha256 for item in series]
        given = Given(
            series if step.reads else Series(()), inputs, words_of(step, self._options),
            self.agreements[step.name].values if step.name in self.agreements else {},
            touching(self.decisions, self._technique, digests, step.decides),
        )  # fmt: skip
        try:
            return step.run(given)
        except InterlithError as error:
            return Refusal(self._technique, step.name, sample, str(error))
