"""What does one piece of evidence or design say, which numbers does it yield, and how is it drawn?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interlith.errors import StudyError, nearest
from interlith.model.figure import Figure
from interlith.model.finding import Finding
from interlith.model.observable import Observable, to_frame
from interlith.model.result import How

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Statement:
    """What a function of `interlith.evidence` or `interlith.design` answers.

    Parameters
    ----------
    findings
        One sentence each with estimate, interval and verdict; one a curve, pair or rival, as the function says.
    observables
        The numbers behind them with their uncertainty by component (an onset, an intercept, a weight), so that further
        evidence and ratios treat what they share as shared.
    figures
        At least one of evidence: the data as they were used, the model, the number and its interval.
    data
        Tables and objects by name, for whoever goes on with them: the matches of a registry, the layers of a film.
    how
        Method, options, versions and what to cite, where they are not those of a result that it rests on.
    """

    findings: tuple[Finding, ...]
    observables: tuple[Observable, ...]
    figures: tuple[Figure, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    how: How | None = None

    @property
    def table(self) -> pl.DataFrame:
        """The numbers as a table, columns as `interlith.model.SCHEMA`."""
        return to_frame(self.observables)

    def number(self, quantity: str, *, sample: str | None = None) -> Observable:
        """The one number of a quantity.

        Parameters
        ----------
        quantity
            Its name.
        sample
            Whose, where several have one.

        Raises
        ------
        StudyError
            If there is none or more than one.
        """
        found = [item for item in self.observables if item.quantity == quantity and sample in (None, item.sample)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise StudyError(
                f"There is no number '{quantity}' here; {nearest(quantity, {item.quantity for item in self.observables})}."
            )
        raise StudyError(f"'{quantity}' stands here {len(found)} times; name the sample, or look into `observables`.")

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, index: int) -> Finding:
        return self.findings[index]
