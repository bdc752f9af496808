"""From which state on does a quantity change, and how well is that place known?

Positions are tested one by one against the exact null distribution of their likelihood ratio
(`interlith.numerics.changes.change_points.locate`); the search over positions and forms is in the test of presence
(`interlith.numerics.changes.change_tests.presence`). Measured over 1,000 simulated curves a row
(``benchmarks/onset_coverage.py``): 95 % intervals of kinks and plateaus cover 0.941-0.966 from 6 to 200 states, those
of steps 0.949-1.000 (they come in whole gaps), and 0.934 where the form is chosen by the data; false onsets on
constants and lines in 0.041-0.063. With 8 % of the points off by 8 sigma the interval covers 0.955 if they are kept
and 0.925, at half the width, if they are named.

References: Knowles, Siegmund and Zhang 1991, 10.1093/biomet/78.1.15; Cunen, Hermansen and Hjort 2018,
10.1016/j.jspi.2017.09.009.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from interlith.errors import StudyError, nearest
from interlith.evidence.curves import By, curves
from interlith.evidence.onsets.onset_curve import AUTO, SIGNS, Options, analyse
from interlith.evidence.onsets.onset_figure import onset_figure
from interlith.evidence.onsets.onset_variant import variant_findings
from interlith.evidence.onsets.onset_words import finding_of, observables_of_changes
from interlith.evidence.selection import Source
from interlith.model import Statement
from interlith.numerics.changes.change_forms import FORMS
from interlith.numerics.changes.change_models import MOST

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
        See `interlith.numerics.changes.change_forms.Form`; ``auto`` compares all but ``jump`` by information criterion.
    number
        Of changes: up to three kinks or steps, two with ``plateau_end`` (a ramp); ``auto``: as many as can be told.
    direction
        Sign of the change of slope, of the step, or of the slope beside the plateau.
    null
        What counts as no onset: a constant, any straight line, any parabola.
    errors
        ``scaled``: own uncertainties are weights and the scatter gives the scale; ``stated``: at their word.
    states
        Whether errors of the states are this curve's ``own`` (exposure), or ``common`` to all quantities of a specimen on this
        axis (one clock), so that they cancel in an order.
    outliers
        ``name``: points far off the best curve (probability below 1 % over all) are left out and named.
    relevant
        (unit of the quantity): departure from a straight line that would matter where no onset is found.
    level, simulated
        Of intervals, an onset being claimed below a probability of 1 - `level` without one; simulated data are called so.

    Returns
    -------
    Statement
        Observables ``onset_of_<quantity>``; without a value and with the axis as state where none is found.

    Raises
    ------
    StudyError
        If an option is unknown, a curve cannot be made, or so many changes are not searched for.

    Notes
    -----
    Assumption that fails first: the form; a gradual bend has no onset, and a caveat or the verdict says where a parabola does as
    well. Next: independent scatter. Measured coverage and false onsets: see the module and ``benchmarks/onset_coverage.py``.
    """
    options = _options(form, number, direction, null, errors, states, outliers, level)
    made = [analyse(curve, options) for curve in curves(source, quantity, against=against, by=by, exclude=exclude)]
    observables = {id(item): observables_of_changes(item, options) for item in made}
    findings = [
        finding for item in made for finding in finding_of(item, observables[id(item)], options, relevant, simulated)
    ]
    findings += variant_findings(made, observables, level, simulated)
    figures = tuple(onset_figure(item, observables[id(item)], level, simulated) for item in made)
    return Statement(tuple(findings), tuple(one for item in made for one in observables[id(item)]), figures)


def _options(
    form: str, number: int | str, direction: str, null: str, errors: str, states: str, outliers: str, level: float
) -> Options:  # fmt: skip
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
    if not 0 < level < 1:
        raise StudyError(f"level is {level:g}; write a confidence between 0 and 1, for instance 0.95.")
    if form == "jump" and direction != "any":
        raise StudyError("A jump between two lines has no single direction; leave out direction, or take form='step'.")
    most = 2 if form == "plateau_end" else 1 if form in ("jump", "plateau_start") else MOST
    if number != "auto" and (not isinstance(number, int) or not 1 <= number <= most):
        raise StudyError(f"number is {number!r}; with form '{form}' it is a whole number from 1 to {most}, or 'auto'.")
    wanted = number if isinstance(number, int) else None
    forms = tuple(each for each in FORMS if each == form) or AUTO
    if wanted is not None and wanted > 1 and form == "auto":
        forms = ("kink", "step", "plateau_end") if wanted == 2 else ("kink", "step")
    degree = {"constant": 0, "line": 1, "parabola": 2}[null]
    return Options(forms, wanted, direction, degree, errors, states, outliers, level)
