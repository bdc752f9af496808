"""Distributions of relaxation times: from impedance spectra to processes with resistance, time constant and what is known of them."""

from interlith.numerics.relaxation.bands import Bands
from interlith.numerics.relaxation.distributions import Distributions, distributions
from interlith.numerics.relaxation.kernel import CAPACITY, INDUCTANCE, OHMIC, TERMS, WARBURG, Grid, window
from interlith.numerics.relaxation.peaks import peaks
from interlith.numerics.relaxation.processes import Peaks
from interlith.numerics.relaxation.tracking import track

__all__ = [
    "CAPACITY",
    "INDUCTANCE",
    "OHMIC",
    "TERMS",
    "WARBURG",
    "Bands",
    "Distributions",
    "Grid",
    "Peaks",
    "distributions",
    "peaks",
    "track",
    "window",
]
