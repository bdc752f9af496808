"""The one fitter: Levenberg-Marquardt for one model or thousands at once, alone or coupled to a series."""

from interlith.numerics.fitting.confidence import Intervals, intervals
from interlith.numerics.fitting.fitting import fit
from interlith.numerics.fitting.losses import Linear, Loss, Poisson, SoftL1, StudentT
from interlith.numerics.fitting.parameters import Parameter, Parameters, Sum, Tie
from interlith.numerics.fitting.problem import Curves, Normal, Problem, numerical
from interlith.numerics.fitting.result import Fit
from interlith.numerics.fitting.solver import Settings, Status

__all__ = [
    "Curves",
    "Fit",
    "Intervals",
    "Linear",
    "Loss",
    "Normal",
    "Parameter",
    "Parameters",
    "Poisson",
    "Problem",
    "Settings",
    "SoftL1",
    "Status",
    "StudentT",
    "Sum",
    "Tie",
    "fit",
    "intervals",
    "numerical",
]
