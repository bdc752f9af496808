"""Which equivalent circuit do the spectra of all specimens speak for?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError
from interlith.model import Agreement, Choice, Citation, Decision, Given, Result, Series, Step
from interlith.physics.circuits import CAVEAT, Circuit, choose_circuit
from interlith.techniques.impedance.records import how, result
from interlith.techniques.impedance.spectra import Spectrum, by_specimen, spectra_of, with_points

CIRCUIT = "the equivalent circuit of all spectra, for instance R0-(R1|Q1)-W1"
MOVES = ("R0", "R1", "R2", "polarisation_resistance")
SCHWARZ = Citation(
    "schwarz1978", "Schwarz 1978, Ann. Statist. 6, 461",
    "@article{schwarz1978, author={Schwarz, G.}, title={Estimating the dimension of a model}, journal={The Annals of Statistics}, "
    "volume={6}, pages={461--464}, year={1978}, doi={10.1214/aos/1176344136}}",
)  # fmt: skip
METHODS = "Circuits were compared by the Bayesian information criterion, Akaike's beside it."
#: So many spectra of a specimen, spread over its series, are enough to choose by.
_ENOUGH = 12
_SCHEMA = {
    "sample": pl.String, "circuit": pl.String, "parameters": pl.Int64, "spectra": pl.Int64, "akaike": pl.Float64,
    "bayes": pl.Float64, "fixed": pl.Float64,
}  # fmt: skip


def choose(
    series: Series,
    circuits: Sequence[str] | None = None,
    *,
    weights: str = "modulus",
    window: Any = None,
    against: str | None = None,
    validity: Result | None = None,
) -> Result:
    """Compare equivalent circuits on all spectra.

    Parameters
    ----------
    series
        Spectra; of more than twelve of one specimen, twelve spread over its series are used.
    circuits
        To choose from; by default up to three arcs, with and without a Warburg or constant-phase tail.
    weights
        ``modulus`` or ``unit``.
    window
        Lowest and highest frequency that is used.
    against
        State that orders the spectra.
    validity
        Result of `validate`: points that it left out are not used.

    Returns
    -------
    Result
        ``circuit_choice``: data ``candidates`` (criteria of every circuit and specimen), and the choice with its runner-up and margin.

    Raises
    ------
    FitError
        If no circuit can be fitted.

    Notes
    -----
    The structure of a circuit is not identified by the quality of a fit; the choice says so, and names circuits that do as well.
    """
    spectra = spectra_of(series, against=against, window=window)
    if validity is not None:
        spectra = with_points(spectra, validity.data["residuals"])
    table = _candidates(spectra, circuits, weights)
    return _result(table, (_choice(table),), circuits, weights)


def choose_for(spectra: Sequence[Spectrum], circuits: Sequence[str] | None, weights: str) -> tuple[str, Choice]:
    """The circuit of all spectra and how it was chosen."""
    choice = _choice(_candidates(spectra, circuits, weights))
    return choice.value, choice


def _candidates(spectra: Sequence[Spectrum], circuits: Sequence[str] | None, weights: str) -> pl.DataFrame:
    """Criteria of every circuit, a row a circuit and specimen."""
    rows = []
    for sample, own in by_specimen(spectra).items():
        places = np.unique(np.linspace(0, len(own) - 1, min(len(own), _ENOUGH)).round().astype(int))
        some = [own[k] for k in places]
        most = max(one.frequency.size for one in some)
        frequency, impedance = np.full((len(some), most), np.nan), np.full((len(some), most), np.nan + 0j)
        for row, one in enumerate(some):
            frequency[row, : one.frequency.size] = one.frequency
            impedance[row, : one.frequency.size] = np.where(one.used, one.impedance, np.nan)
        # A noise model follows the residuals of each circuit, so that its criteria would not compare.
        found = choose_circuit(frequency, impedance, circuits, weights="modulus" if weights == "noise" else weights)
        rows += [
            (sample, one.circuit.text, one.parameters, len(some), one.akaike, one.bayes, one.fixed) for one in found.candidates
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _choice(candidates: pl.DataFrame) -> Choice:
    """One circuit for all specimens: the lowest sum of the Bayesian criterion among those that the spectra fix."""
    specimens = candidates.get_column("sample").n_unique()
    share = (pl.col("fixed") * pl.col("spectra")).sum() / pl.col("spectra").sum()
    sums = (
        candidates.group_by("circuit")
        .agg(
            pl.len().alias("specimens"),
            pl.col("bayes", "akaike").sum(),
            share.alias("fixed"),
            pl.col("parameters").first(),
        )
        .filter(pl.col("specimens") == specimens)
        .with_columns((pl.col("fixed") >= 0.5).alias("sound"))
        .sort("sound", "bayes", "parameters", descending=[True, False, False])
    )
    if sums.is_empty():
        raise FitError("No circuit can be fitted to the spectra of all specimens; name one: circuit: R0-(R1|Q1)-W1.")
    best = sums.row(0, named=True)
    runner = sums.row(1, named=True) if sums.height > 1 else None
    gap = math.inf if runner is None else max(runner["bayes"] - best["bayes"], 0.0)
    margin = 1.0 if runner is None or not runner["sound"] else 1.0 - math.exp(-min(gap, 100.0) / 2.0)
    akaike = sums.sort("akaike").row(0, named=True)
    words = [f"{best['circuit']} has the lowest Bayesian criterion of the circuits that the spectra fix"]
    if runner is not None:
        words[0] += f", {runner['circuit']} is next" + (
            f" ({gap:.1f} higher)" if runner["sound"] else " (not fixed by the spectra)"
        )
    if akaike["circuit"] != best["circuit"]:
        words.append(f"Akaike's criterion prefers {akaike['circuit']}")
    return Choice(
        "impedance", "circuit", best["circuit"], "none" if runner is None else runner["circuit"], margin, MOVES,
        f"{'. '.join(words)}. {CAVEAT}",
    )  # fmt: skip


def _result(table: pl.DataFrame, choices: Sequence[Choice], circuits: Sequence[str] | None, weights: str) -> Result:
    options = {"circuits": None if circuits is None else list(circuits), "weights": weights}
    return result(
        "circuit_choice", (), data={"candidates": table}, quality=[(name, "circuit choice", True, "") for name in table.get_column("sample").unique(maintain_order=True)],
        record=how("Bayesian information criterion", options, METHODS, (SCHWARZ,)), choices=choices,
    )  # fmt: skip


def _step(given: Given) -> Result:
    spectra = spectra_of(given.series, against=given.options.get("against"), window=given.options.get("window"))
    if "validity" in given.results:
        spectra = with_points(spectra, given.result("validity").data["residuals"])
    weights = str(given.options.get("weights", "modulus"))
    # A declared circuit is compared with nothing; the step stays, since the fit comes after it.
    table = _candidates(spectra, None, weights) if given.options["circuit"] == "auto" else pl.DataFrame(schema=_SCHEMA)
    return _result(table, (), None, weights)


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """The one circuit of all specimens: a person's, the declared one, or the best of the ladder.

    Raises
    ------
    FitError
        If a decided circuit is none.
    """
    decided = [one for one in decisions if one.field == "circuit"]
    tables = [table for one in results.get("circuit_choice", ()) if (table := one.data["candidates"]).height]
    automatic = _choice(pl.concat(tables)) if tables else None
    if decided:
        last, declared = decided[-1], str(options.get("circuit", "auto"))
        text = Circuit(str(last.value)).text
        was = automatic.value if automatic is not None else declared
        reason = last.reason or "decided by a person"
        return Agreement(
            {"circuit": text}, (Choice("impedance", "circuit", text, was, 1.0, MOVES, reason, last.who or "a person"),)
        )
    if automatic is not None:
        return Agreement({"circuit": automatic.value}, (automatic,))
    return Agreement({"circuit": Circuit(str(options["circuit"])).text})


def wanted_circuit(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for a circuit."""
    return bool(options.get("circuit"))


STEP = Step(
    "circuit_choice",
    _step,
    after=("validity",),
    words=("circuit", "weights", "window", "against"),
    reads=True,
    wanted=wanted_circuit,
    asked=wanted_circuit,
    shown=False,
)
