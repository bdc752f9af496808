"""In which order are the parameters of a pattern set free?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Stage:
    """Parameters that are set free together with all of the stages before.

    Parameters
    ----------
    frees
        Patterns of names: ``*_scale``, ``background_*``, ``LNMO_cell_*``.
    rounds
        Evaluations at most.
    tolerance
        The stage ends when the step still to go is this share of a standard uncertainty.
    """

    frees: tuple[str, ...]
    rounds: int = 10
    tolerance: float = 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages in order; what no stage names is set free in a last one, which goes to convergence.

    Parameters
    ----------
    stages
        In order.
    rounds, tolerance
        Of the last stage.
    stall
        The last stage also ends when three steps gained less than this in chi squared over its degrees of freedom: a tenth of a standard
        uncertainty.
    """

    stages: tuple[Stage, ...]
    rounds: int = 60
    tolerance: float = 0.03
    stall: float = 0.02

    def free(self, stage: int, names: Sequence[str]) -> list[bool]:
        """Which names are free in a stage; all of them in the one after the last."""
        if stage >= len(self.stages):
            return [True] * len(names)
        words = [word for one in self.stages[: stage + 1] for word in one.frees]
        return [matches(name, words) for name in names]


def matches(name: str, words: Sequence[str]) -> bool:
    """Whether a name is meant by one of some patterns of names."""
    return any(fnmatchcase(name, word) for word in words)


#: Scales and background; places of the lines; their widths; then what intensities hang on.
USUAL = Plan(
    (
        Stage(("background_*", "hump_*_area", "*_scale", "displacement*", "zero")),
        Stage(("*_inverse_size*", "gauss_w", "*_area_*", "hump_*"), rounds=8),
        Stage(("*_cell_*",), rounds=8),
        Stage(("*_microstrain*", "*_s[0-9]*", "gauss_*", "lorentz_*", "sample_ratio", "slit_ratio"), rounds=8),
    )
)
