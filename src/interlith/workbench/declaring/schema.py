"""Which words may stand in `study.yaml`, and what does each mean?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from interlith.errors import UnitError, nearest
from interlith.units import factor, inside, parse

#: Words that `analyses:` and the column `technique` accept; those without a folder yet are reported as not available.
TECHNIQUE_WORDS = (
    "cycling", "impedance", "voltammetry", "polarisation", "diffraction", "atom_columns", "images", "fourd", "xps", "xas", "eels", "eds",
    "raman", "profiles", "electronic",
)  # fmt: skip

#: Words under ``analyses: <technique>:`` that go to the reader of a file, not to the analysis.
READER_WORDS = {
    "mapping": "columns of a text file without a vendor's layout: {test_time: 'Time [h]', current: I/mA, voltage: U/V}; by number where it has no header: {test_time: 1, voltage: 2, current: 3}",
    "units": "units of mapped columns whose names do not hold them: {current: mA}",
    "decimal": "decimal mark of a text file, where both readings are possible: '.' or ','",
    "positive_current": "what positive current means in a mapped file: charge or discharge; both where a log without header prints it without sign",
    "mass": "mass that the current of a log without header was divided by: 2.08 mg",
    "cell": "which cell of a file that holds several (PEC): its number, its ID or test/cell",
    "time_scale": "factor on a time column that the self-check finds wrong",
    "imaginary": "sign of an imaginary part whose name does not tell it: as printed or negated",
    "area": "area that a printed ohm cm^2 was multiplied by: 1.13 cm^2",
    "frequencies": "frequencies of spectra stored without them: {from: 20 kHz, to: 0.02 Hz, points: 60} or {file: freq.txt}",
    "arrangement": "how rows of spectra are arranged: blocks or in turn",
    "files": "the same words for some files only: {'old_*.txt': {imaginary: negated}}",
}


#: Largest relative uncertainty (%) that is taken for a statement.
MOST_UNCERTAIN = 50


def _with_unit(quantity: str) -> BeforeValidator:
    def check(text: Any) -> Any:
        try:
            inside(text, quantity)
        except UnitError as error:
            raise ValueError(str(error)) from error
        return str(text)

    return BeforeValidator(check)


def _one_c(text: Any) -> Any:
    try:
        value = parse(text, what="one_C")
        if value.value <= 0:
            raise UnitError(f"one_C is '{text}'; it must be positive")
        for unit in ("A/kg", "A", "A/m^2"):
            try:
                factor(value.unit, unit)
            except UnitError:
                continue
            return str(text)
    except UnitError as error:
        raise ValueError(str(error)) from error
    raise ValueError(f"one_C is '{text}'; write a specific current such as '140 mA/g' or a current such as '2.1 mA'")


def _relative_or_absolute(text: Any) -> Any:
    try:
        value = parse(text, what="the uncertainty")
    except UnitError as error:
        raise ValueError(str(error)) from error
    if value.unit in ("", "1"):
        raise ValueError(
            f"'{text}' has no unit; write for instance '{text} %', or the uncertainty in the unit of the value"
        )
    if value.value < 0:
        raise ValueError(f"'{text}' is negative; a standard uncertainty is not")
    if value.unit == "%" and value.value > MOST_UNCERTAIN:
        raise ValueError(f"'{text}' is more than {MOST_UNCERTAIN} %; such a number says nothing and is better left out")
    return str(text)


Uncertainty = Annotated[str, BeforeValidator(_relative_or_absolute)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class SpreadWords(_Strict):
    """A between-unit standard deviation taken from elsewhere; without a source it is not accepted."""

    relative: Uncertainty
    source: str = Field(min_length=3)


class ReplicationWords(_Strict):
    """The independent unit, the group that correlates units, and declared spreads by quantity."""

    unit: Literal["cell", "electrode", "batch"] = "cell"
    group: Literal["batch"] | None = None
    spread: dict[str, SpreadWords] = Field(default_factory=dict)


CellKind = Literal["half_cathode", "half_anode", "full"]


class VariantWords(_Strict):
    """One recipe; `kind` only where its cells are of another kind than the rest."""

    kind: CellKind | None = None
    parent: str | None = None
    composition: str | None = None
    structure: str | None = None
    steps: list[dict[str, Any]] = Field(default_factory=list)
    note: str = ""


class CellWords(_Strict):
    """What holds for all cells unless `measurements.csv` says otherwise; nothing here has a default."""

    kind: CellKind | None = None
    one_C: Annotated[str, BeforeValidator(_one_c)] | None = None
    one_C_uncertainty: Uncertainty | None = None
    area: Annotated[str, _with_unit("area")] | None = None
    area_uncertainty: Uncertainty | None = None
    active_mass: Annotated[str, _with_unit("active_mass")] | None = None
    active_mass_uncertainty: Uncertainty | None = None
    loading: Annotated[str, _with_unit("loading")] | None = None
    loading_uncertainty: Uncertainty | None = None
    current_accuracy: Uncertainty | None = None
    voltage_accuracy: Annotated[str, _with_unit("voltage")] | None = None


def _time_or_auto(text: Any) -> Any:
    if str(text).strip() == "auto":
        return "auto"
    try:
        value = parse(str(text), what="the time")
        if value.value != 0 or value.unit:
            factor(value.unit, "s")
    except UnitError as error:
        raise ValueError(f"{error} Write auto, or a time with its unit such as '10 min' or '10 +- 0.2 min'") from error
    return str(text)


def _time(text: Any) -> Any:
    if str(text).strip() == "auto":
        raise ValueError("'auto' is no time; write for instance '19 min'")
    return _time_or_auto(text)


def _drift(text: Any) -> Any:
    if str(text).strip() == "auto":
        return "auto"
    try:
        value = parse(str(text), what="the drift")
        if value.value != 0 or value.unit:
            factor(value.unit or "m", "1")
    except UnitError as error:
        raise ValueError(f"{error} Write auto, 0, or a drift such as '50 ppm' or '50 +- 5 ppm'") from error
    return str(text)


def _near(text: Any) -> Any:
    return text if str(text).strip() == "wall clock" else _time(text)


class JoinWords(_Strict):
    """States of a technique's measurements that stand in another log.

    Log clock minus the technique's clock is `offset` at the start of the measurements, and gains by `drift`; ``auto``
    fits it from events that the `log` shows and so does `events`, a log kept by the technique's own clock, or ``patterns``
    where the technique's own measurements bend when the cell is switched. `near` tells
    roughly where the offset lies (within `tolerance`), `marker` the column in which the events show, in both logs or
    ``[own, log]``. `time` names the state or header entry with the start of each measurement; `every` says instead that each
    starts so long after the one before.
    """

    log: str = Field(min_length=1)
    offset: Annotated[str, BeforeValidator(_time_or_auto)] = "auto"
    drift: Annotated[str, BeforeValidator(_drift)] = "auto"
    exposure: Annotated[str, BeforeValidator(_time)] | None = None
    every: Annotated[str, BeforeValidator(_time)] | None = None
    quantities: list[str] | None = None
    time: str | None = None
    near: Annotated[str, BeforeValidator(_near)] | None = None
    tolerance: Annotated[str, BeforeValidator(_time)] | None = None
    events: str | None = None
    marker: str | list[str] | None = None


if TYPE_CHECKING:
    JoinEntry = Mapping[str, Any]
else:
    # Checked as `JoinWords`, handed on as the plain words that the study wrote.
    JoinEntry = Annotated[JoinWords, AfterValidator(lambda words: words.model_dump(exclude_unset=True))]


#: Statements of `interlith.evidence` that a study may ask for.
STATEMENT_WORDS = (
    "onset", "order", "threshold", "crossover", "optimum", "mixture", "convergence", "balance", "attribution", "trend",
)  # fmt: skip


#: Designs of `interlith.design` that a study may ask for.
DESIGN_WORDS = (
    "coverage", "concentration", "registry", "channels", "growth", "electron_yield", "overlayer", "sputter_profile",
    "miscibility", "satellite",
)  # fmt: skip


#: Design -> its option that the declared structure of the reference fills where an entry leaves it out.
HOST_WORDS = {
    **dict.fromkeys(("coverage", "concentration", "channels"), "structure"),
    **dict.fromkeys(("registry", "growth", "miscibility", "satellite"), "host"),
}


def _one_statement(entry: dict[str, Any]) -> dict[str, Any]:
    return _one_of(entry, STATEMENT_WORDS, "statement", "onset: {quantity: ..., against: ...}")


def _one_design(entry: dict[str, Any]) -> dict[str, Any]:
    return _one_of(entry, DESIGN_WORDS, "design", "registry: {host: LNMO.cif, film: LaTMO3.cif}")


def _one_of(entry: dict[str, Any], words: tuple[str, ...], kind: str, example: str) -> dict[str, Any]:
    if len(entry) != 1:
        raise ValueError(f"an entry is one {kind} with its options, such as '{example}'")
    (name,) = entry
    if name not in words:
        raise ValueError(f"there is no {kind} '{name}'; {nearest(name, words)}")
    return entry


class StudyWords(_Strict):
    """The whole of `study.yaml`."""

    study: str
    reference: str | None = None
    simulated: bool = False
    replication: ReplicationWords = ReplicationWords()
    primary: dict[str, dict[str, Any]] | None = None
    samples: dict[str, VariantWords] = Field(default_factory=dict)
    cells: CellWords = CellWords()
    analyses: dict[str, dict[str, Any]] = Field(default_factory=dict)
    join: dict[str, JoinEntry] = Field(default_factory=dict)
    external: list[str] = Field(default_factory=list)
    evidence: list[Annotated[dict[str, dict[str, Any] | None], AfterValidator(_one_statement)]] = Field(
        default_factory=list
    )
    design: list[Annotated[dict[str, dict[str, Any] | None], AfterValidator(_one_design)]] = Field(default_factory=list)
