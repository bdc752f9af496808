"""From which state on does a quantity change, and how well is that place known?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from interlith.errors import StudyError, nearest
from interlith.evidence.curves import By, curves
from interlith.evidence.onset_curve import AUTO, SIGNS, Options, analyse
from interlith.evidence.onset_figure import onset_figure
from interlith.evidence.onset_variant import variant_findings
from interlith.evidence.onset_words import finding_of, observables_of_changes
from interlith.evidence.selection import Source
from interlith.model import Statement
from interlith.numerics.change_forms import FORMS
from interlith.numerics.change_models import MOST

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "form": ("auto", *FORMS),
    "direction": tuple(SIGNS),
    "null": ("constant", "line", "parabola"),
    "errors": ("scaled", "stated"),
    "states": ("own", "common"),
    "outliers": ("keep", "name"),
}


def onset(
    source: Source,
    quantity: str,
    *,
    against: str,
    by: By = None,
    form: Literal["auto", "kink", "step", "jump", "plateau_end", "plateau_start"] = "auto",
    number: int | Literal["auto"] = 1,
    direction: Literal["any", "rise", "fall"] = "any",
    null: Literal["constant", "line", "parabola"] = "line",
    errors: Literal["scaled", "stated"] = "scaled",
    states: Literal["own", "common"] = "own",
    outliers: Literal["keep", "name"] = "keep",
    relevant: float | None = None,
    exclude: Mapping[str, str] | None = None,
    level: float = 0.95,
    simulated: bool = False,
) -> Statement:
    """Onset of a quantity along a state axis: one finding a change and curve, and one a variant of several specimens.

    Parameters
    ----------
    source, quantity, against, by, exclude
        Which observables make which curves, see `interlith.evidence.curves.curves`.
    form
        ``kink``: a line that goes on with another slope; ``plateau_end``: constant, then a line; ``plateau_start``: a line,
        then constant; ``step``: two levels; ``jump``: two lines that do not meet; ``auto``: the first four compared by
        information criterion, with the runner-up told.
    number
        Of changes, up to three kinks or steps, or two with ``plateau_end`` (constant, ramp, constant); ``auto``: one more as
        long as it can be told from none.
    direction
        ``rise`` or ``fall``: sign of the change of slope, or of the step; the slope of a plateau's line.
    null
        What counts as no onset: a constant, any straight line, or any parabola.
    errors
        ``scaled``: own uncertainties weight the points and their scatter gives the scale; ``stated``: at their word.
    states
        Whether the errors of the states (their intervals) are this curve's ``own`` (exposure), or one cause that is
        ``common`` to all quantities of a specimen on this axis (a clock, a thermocouple) and cancels in their order.
    outliers
        ``name``: points far off the best curve with a change (probability below 1 % over all) are left out and named.
    relevant
        (unit of the quantity): departure from a straight line that would matter; decides whether "no onset" is supported.
    level
        Confidence of the intervals; an onset is claimed where its absence has a probability below 1 - `level`.
    simulated
        Whether the data are simulated; said in the findings and figures.

    Returns
    -------
    Statement
        Observables ``onset_of_<quantity>`` (``first_onset_of_...`` where there are several), without a value where no onset
        is found; their state is then the axis that was looked at.

    Raises
    ------
    StudyError
        If an option is unknown, a curve cannot be made, or so many changes are not searched for.

    Notes
    -----
    Assumption that fails first: the form. A gradual bend has no onset; a caveat, or the verdict, says where a parabola does
    as well. Positions are tested one by one against the exact null distribution of their likelihood ratio, and the search
    over positions and forms is in the test of presence (`interlith.numerics.change_points.locate`,
    `interlith.numerics.change_tests.presence`). Measured over 1,000 simulated curves a row
    (``benchmarks/onset_coverage.py``): 95 % intervals of kinks and plateaus cover 0.94-0.96 from 6 points on, of steps at
    least 0.95 (they come in whole gaps); false onsets on constants and lines 3-6 %. Autocorrelated scatter (slow drift) is
    not allowed for and makes false onsets.

    References
    ----------
    Knowles, Siegmund and Zhang 1991, 10.1093/biomet/78.1.15. Cunen, Hermansen and Hjort 2018, 10.1016/j.jspi.2017.09.009.
    """
    given = {
        "form": form,
        "direction": direction,
        "null": null,
        "errors": errors,
        "states": states,
        "outliers": outliers,
    }
    for name, value in given.items():
        if value not in _CHOICES[name]:
            raise StudyError(f"{name} is '{value}'; {nearest(str(value), _CHOICES[name])}.")
    _check_numbers(number, form, level)
    if form == "jump" and direction != "any":
        raise StudyError("A jump between two lines has no single direction; leave out direction, or take form='step'.")
    wanted = None if number == "auto" else int(number)
    forms = AUTO if form == "auto" else (form,)
    if wanted is not None and wanted > 1 and form == "auto":
        forms = ("kink", "step", "plateau_end") if wanted == 2 else ("kink", "step")
    degree = {"constant": 0, "line": 1, "parabola": 2}[null]
    options = Options(forms, wanted, direction, degree, errors, states, outliers, level)
    made = [analyse(curve, options) for curve in curves(source, quantity, against=against, by=by, exclude=exclude)]
    observables = {id(item): observables_of_changes(item, options) for item in made}
    findings = [
        finding for item in made for finding in finding_of(item, observables[id(item)], options, relevant, simulated)
    ]
    findings += variant_findings(made, observables, level, simulated)
    figures = tuple(onset_figure(item, observables[id(item)], level, simulated) for item in made)
    return Statement(tuple(findings), tuple(one for item in made for one in observables[id(item)]), figures)


def _check_numbers(number: int | str, form: str, level: float) -> None:
    if not 0 < level < 1:
        raise StudyError(f"level is {level:g}; write a confidence between 0 and 1, for instance 0.95.")
    if number == "auto":
        return
    most = 2 if form == "plateau_end" else 1 if form in ("jump", "plateau_start") else MOST
    if not isinstance(number, int) or not 1 <= number <= most:
        raise StudyError(f"number is {number!r}; with form '{form}' it is a whole number from 1 to {most}, or 'auto'.")
